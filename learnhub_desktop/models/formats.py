"""How values are put before people: amounts, moments, counts. No clock: the time is an argument."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Final

NOTHING: Final = "–"
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)


def money(amount: Decimal | None, currency: str = "") -> str:
    """``1,250.00`` or, with a currency, ``1,250.00 USD``."""
    if amount is None:
        return NOTHING
    return f"{amount:,.2f} {currency}" if currency else f"{amount:,.2f}"


def count(number: int | None) -> str:
    return NOTHING if number is None else f"{number:,}"


def counted(number: int, one: str, many: str) -> str:
    """``1 payment``, ``1,104,207 payments``."""
    return f"{number:,} {one if number == 1 else many}"


def percent(value: Decimal | float | None) -> str:
    """``42 %``. Below 100 it never rounds up to 100, which people read as finished."""
    if value is None:
        return NOTHING
    return f"{99 if 99 <= value < 100 else round(value)} %"


def day(on: date | None, *, today: date) -> str:
    """``Today``, ``Sat``, ``3 Feb``, ``3 Feb 2024``: as short as it stays clear."""
    if on is None:
        return NOTHING
    ago = (today - on).days
    if ago == 0:
        return "Today"
    if ago == -1:
        return "Tomorrow"
    if 0 < ago < 7:
        return _DAYS[on.weekday()]
    return long_day(on) if on.year != today.year else f"{on.day} {_MONTHS[on.month - 1]}"


def long_day(on: date) -> str:
    """``3 Feb 2024``."""
    return f"{on.day} {_MONTHS[on.month - 1]} {on.year}"


def days(first: date, last: date) -> str:
    """``1–8 Feb 2024``, ``28 Jan–3 Feb 2024``, ``3 Feb 2024``."""
    if first == last:
        return long_day(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{long_day(last)}"
    if first.year == last.year:
        return f"{first.day} {_MONTHS[first.month - 1]}–{long_day(last)}"
    return f"{long_day(first)} – {long_day(last)}"


def moment(at: datetime | None, *, now: datetime, zone: tzinfo) -> str:
    """``Today 09:42``, ``Sat 17:20``, ``3 Feb 2024``. Both datetimes are aware."""
    if at is None:
        return NOTHING
    local = at.astimezone(zone)
    shown = day(local.date(), today=now.astimezone(zone).date())
    if shown in _DAYS or shown in ("Today", "Tomorrow"):
        return f"{shown} {local:%H:%M}"
    return shown


def inside(shown: str) -> str:
    """A day or a moment in the middle of a sentence: ``today 09:42``, but ``Sat 17:20``."""
    return shown.replace("Today", "today").replace("Tomorrow", "tomorrow")


def moment_full(at: datetime | None, *, zone: tzinfo) -> str:
    """``Saturday 3 February 2024, 17:20:09 CET (UTC+01:00)``, for tool tips."""
    if at is None:
        return ""
    local = at.astimezone(zone)
    # %A and %B follow the C locale, which Python leaves in English unless it is told otherwise.
    return f"{local:%A} {local.day} {local:%B} {local.year}, {local:%H:%M:%S} {_zone(local)}"


def clock(at: datetime, *, zone: tzinfo) -> str:
    """``09:38:02``."""
    return f"{at.astimezone(zone):%H:%M:%S}"


def duration(length: timedelta) -> str:
    """``under a minute``, ``5 min``, ``3 h 20 min``, ``2 days``: rounded down, never below zero."""
    minutes = max(0, int(length.total_seconds()) // 60)
    if minutes < 1:
        return "under a minute"
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    whole = hours // 24
    return "1 day" if whole == 1 else f"{whole:,} days"


def ago(at: datetime, *, now: datetime) -> str:
    """``5 min ago``, ``just now``."""
    waited = now - at
    return "just now" if waited < timedelta(minutes=1) else f"{duration(waited)} ago"


def _zone(local: datetime) -> str:
    offset = local.utcoffset()
    if offset is None or local.tzinfo is UTC:
        return "UTC"
    minutes = int(offset.total_seconds()) // 60
    sign = "-" if minutes < 0 else "+"
    shift = f"UTC{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    name = local.tzname() or ""
    # Zones without letters of their own are named by their shift ("+03").
    return f"{name} ({shift})" if name.isalpha() and name != "UTC" else shift if minutes else "UTC"
