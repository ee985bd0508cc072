"""Days as sentences name them, and as the school's time zone counts them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, tzinfo
from typing import Final

_MONTHS: Final = (
    "January February March April May June July August September October November December"
).split()


def say_day(moment: datetime, zone: tzinfo) -> str:
    """``3 March 2026``. Not strftime's %B, which follows the process's locale."""
    return say_date(moment.astimezone(zone))


def say_date(on: date) -> str:
    """``3 March 2026``, of a day that is one of the school's already."""
    return f"{on.day} {_MONTHS[on.month - 1]} {on.year}"


def say_last_day(ends_at: datetime, zone: tzinfo) -> str:
    """The last day on which what ends then is open: the day before, where it ends at midnight."""
    return say_day(ends_at - datetime.resolution, zone)


def say_moment(moment: datetime, zone: tzinfo) -> str:
    """``3 March 2026 at 14:05``."""
    return f"{say_day(moment, zone)} at {moment.astimezone(zone):%H:%M}"


def end_of_day(day: date, zone: tzinfo) -> datetime:
    """The last second of that day in ``zone``, as aware UTC: the day counts whole."""
    return datetime.combine(day, time(23, 59, 59), tzinfo=zone).astimezone(UTC)
