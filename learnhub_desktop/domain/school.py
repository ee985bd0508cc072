"""The school's settings: one policy for all desks, kept in the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from learnhub_desktop.domain.states import GatewayKind, PaymentMethod, SchoolKind
from learnhub_desktop.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class SchoolSettings:
    """``band_colour`` is "#RRGGBB" or None; minutes are how long a seat is held unpaid."""

    school_name: str
    kind: SchoolKind
    band_colour: str | None
    currency: str
    time_zone: str
    refund_days: int
    refund_progress_percent: int
    hold_minutes_card: int
    hold_minutes_transfer: int
    hold_minutes_cash: int
    hold_minutes_verification: int
    block_score: int
    gateway: GatewayKind
    gateway_book_id: str | None
    retry_declined_days: str
    retry_unreachable_minutes: str
    updated_at: datetime
    row_version: int

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def holding(self) -> HoldPolicy:
        return HoldPolicy(
            self.currency,
            self.hold_minutes_card,
            self.hold_minutes_transfer,
            self.hold_minutes_cash,
            self.hold_minutes_verification,
            self.block_score,
        )

    def hold_minutes(self, method: PaymentMethod) -> int:
        return self.holding.minutes(method)


def check_time_zone(name: str) -> str:
    """Return the zone's name; InvalidInput unless this computer knows it."""
    try:
        return ZoneInfo(name.strip()).key
    except (ZoneInfoNotFoundError, OSError, ValueError):  # the last two: it is no file's name
        raise InvalidInput(
            "time_zone", f"“{name.strip()[:40]}” is not a time zone such as Europe/Berlin."
        ) from None


@dataclass(frozen=True, slots=True)
class HoldPolicy:
    """The settings that a purchase's hold goes by."""

    currency: str
    hold_minutes_card: int
    hold_minutes_transfer: int
    hold_minutes_cash: int
    hold_minutes_verification: int
    block_score: int

    def minutes(self, method: PaymentMethod) -> int:
        match method:
            case PaymentMethod.BANK_TRANSFER:
                return self.hold_minutes_transfer
            case PaymentMethod.CASH:
                return self.hold_minutes_cash
        return self.hold_minutes_card


@dataclass(frozen=True, slots=True)
class Plan:
    """A subscription plan. ``offered``: new subscribers may choose it."""

    plan_type: str
    title: str
    period_months: int
    price: Decimal
    currency: str
    offered: bool
    row_version: int
