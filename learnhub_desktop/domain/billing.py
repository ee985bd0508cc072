"""Months, counted from an anchor so that 31 January comes back as 31 March."""

from __future__ import annotations

import calendar
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


def access_until(
    *, now: datetime, current: datetime | None, months: int | None, is_open: bool
) -> datetime | None:
    """When access ends after a purchase of ``months`` more; None is lifetime.

    What is left of open access is added to; access that has ended starts again now.
    """
    if months is None or (is_open and current is None):
        return None
    start = current if is_open and current is not None and current > now else now
    return add_months(start, months)
