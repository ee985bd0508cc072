"""Flash sales: a lower price for a time, for a number of seats."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final

from learnhub_desktop.domain.money import CENT
from learnhub_desktop.errors import InvalidInput

MOST_COURSES: Final = 5_000


class SaleRefusal(StrEnum):
    OVERLAPS = "overlaps"
    NOT_LIVE = "not_live"
    OVER = "over"
    NO_COURSES = "no_courses"


class SaleState(StrEnum):
    PLANNED = "planned"
    RUNNING = "running"
    SOLD_OUT = "sold_out"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class SaleRow:
    sale_id: int
    course_id: int
    course_title: str
    campaign: str | None
    price: Decimal
    full_price: Decimal
    currency: str
    max_seats: int
    seats_taken: int
    start_time: datetime
    end_time: datetime

    @property
    def seats_left(self) -> int:
        return max(0, self.max_seats - self.seats_taken)

    def state(self, now: datetime) -> SaleState:
        # One that was called off before it began has no length.
        if now > self.end_time or self.end_time == self.start_time:
            return SaleState.OVER
        if now < self.start_time:
            return SaleState.PLANNED
        return SaleState.RUNNING if self.seats_left else SaleState.SOLD_OUT


def reduced(price: Decimal, percent_off: int) -> Decimal:
    """The price less a percentage, rounded half up to the cent: 49.99 less 50 % is 25.00."""
    return (price * (100 - percent_off) / 100).quantize(CENT, ROUND_HALF_UP)


def check_times(start: datetime, end: datetime, now: datetime) -> None:
    """InvalidInput unless the sale ends after it starts, and after now."""
    if end <= start:
        raise InvalidInput("end_time", "A sale must end after it starts.")
    if end <= now:
        raise InvalidInput("end_time", "A sale must end in the future.")


def check_percent(percent_off: int) -> int:
    if not 1 <= percent_off <= 99:
        raise InvalidInput("percent_off", "The discount must be between 1 and 99 per cent.")
    return percent_off


def check_seats(seats: int) -> int:
    if not 1 <= seats <= 1_000_000:
        raise InvalidInput("max_seats", "A sale has between 1 and 1,000,000 seats.")
    return seats
