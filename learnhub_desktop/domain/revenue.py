"""What came in on a day, and what went back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class RevenueDay:
    """One day in one currency, by the time of settlement; refunds stand on their own day."""

    day: date
    currency: str
    revenue: Decimal
    transactions: int
    enrolments: int
    subscriptions: int
    refunded: Decimal
    refunds: int

    @property
    def net(self) -> Decimal:
        return self.revenue - self.refunded


def bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The day's first moment and the next day's, as aware UTC; a day may have 23 or 25 hours."""
    start = datetime.combine(day, time(), tzinfo=zone)
    end = datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)
    return start.astimezone(UTC), end.astimezone(UTC)


def days(first: date, last: date) -> Iterator[date]:
    """Each day from ``first`` to ``last``, both inside."""
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)
