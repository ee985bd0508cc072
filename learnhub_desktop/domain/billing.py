"""Months, counted from an anchor so that 31 January comes back as 31 March."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

DayT = TypeVar("DayT", date, datetime)


def add_months(anchor: DayT, months: int) -> DayT:
    """The same day ``months`` later, or the last day of a month that is too short.

    Counted from the anchor: 31 January plus 1, 2 and 3 months is 28 February, 31 March,
    30 April. Going from 28 February on would stay at the 28th for ever.
    """
    number = anchor.year * 12 + anchor.month - 1 + months
    year, month = divmod(number, 12)
    day = min(anchor.day, calendar.monthrange(year, month + 1)[1])
    return anchor.replace(year=year, month=month + 1, day=day)


@dataclass(frozen=True, slots=True)
class Grant:
    """The stretch of access that one purchase added; ``until`` None is lifetime."""

    start: datetime
    until: datetime | None


def grant_access(
    *, now: datetime, current: datetime | None, months: int | None, is_open: bool
) -> Grant:
    """What a purchase of ``months`` adds (None: lifetime).

    What is left of open access is added to; access that has ended starts again now.
    """
    start = current if is_open and current is not None and current > now else now
    if months is None or (is_open and current is None):
        return Grant(start, None)
    return Grant(start, add_months(start, months))


def access_until(
    *, now: datetime, current: datetime | None, months: int | None, is_open: bool
) -> datetime | None:
    """When access ends after a purchase of ``months`` more; None is lifetime."""
    return grant_access(now=now, current=current, months=months, is_open=is_open).until


def access_without(grant: Grant, *, current: datetime | None, now: datetime) -> datetime | None:
    """When open access ends once ``grant`` is taken away from it; None is lifetime.

    ``current`` is its end now. What others added since stays; nothing ends before ``now``.
    """
    if current is None:
        # Lifetime that this purchase gave goes; lifetime that came later stays.
        return max(now, grant.start) if grant.until is None else None
    if grant.until is None:
        return current
    return max(now, current - (grant.until - grant.start))
