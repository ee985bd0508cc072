"""Who gets how much back, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from learnhub_desktop.domain import money
from learnhub_desktop.domain.moments import say_day
from learnhub_desktop.domain.progress import say_percent
from learnhub_desktop.domain.states import PaymentKind, PaymentStatus

REFUNDABLE: Final = frozenset({PaymentStatus.COMPLETED, PaymentStatus.PARTIALLY_REFUNDED})


class RefundReason(StrEnum):
    CUSTOMER_REQUEST = "customer_request"
    DUPLICATE = "duplicate"
    TECHNICAL_PROBLEM = "technical_problem"
    COURSE_CANCELLED = "course_cancelled"
    FRAUD = "fraud"
    GOODWILL = "goodwill"
    SEAT_GONE = "seat_gone"
    OTHER = "other"


class RefundTo(StrEnum):
    ORIGINAL = "original"
    BALANCE = "balance"


class Refusal(StrEnum):
    NOT_A_CHARGE = "not_a_charge"
    NOT_COMPLETED = "not_completed"
    NOTHING_LEFT = "nothing_left"
    ABOVE_WHAT_IS_LEFT = "above_what_is_left"
    STALE_SCREEN = "stale_screen"
    TOO_LATE = "too_late"
    TOO_MUCH_DONE = "too_much_done"
    REPEATED = "repeated"
    KEY_REUSED = "key_reused"
    NOT_TO_BALANCE = "not_to_balance"


POLICY: Final = frozenset({Refusal.TOO_LATE, Refusal.TOO_MUCH_DONE})


@dataclass(frozen=True, slots=True)
class Policy:
    """Both limits are inside: day 30 and 20.00 % are still granted."""

    days: int
    progress_percent: int
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class ChargeFacts:
    """What a decision looks at. ``counted_from`` is when the 30 days began (aware UTC).

    ``progress_percent`` is None where progress does not count (a subscription's charge).
    ``refund_due``: it paid for a seat that was not there, so no limit stands in its way.
    """

    kind: PaymentKind
    status: PaymentStatus
    amount: Decimal
    currency: str
    refunded: Decimal
    counted_from: datetime
    progress_percent: Decimal | None
    refund_due: bool = False

    @property
    def left(self) -> Decimal:
        return self.amount - self.refunded


@dataclass(frozen=True, slots=True)
class Decision:
    """``refusal`` None grants it. ``message`` says why not; for a policy refusal, what would help."""

    left: Decimal
    refusal: Refusal | None = None
    message: str = ""

    @property
    def is_policy(self) -> bool:
        """Past the policy, not impossible: a person with the right may grant it."""
        return self.refusal in POLICY


def last_day(counted_from: datetime, policy: Policy) -> datetime:
    """The last moment (aware UTC) of the last day, in the school's zone, for a refund."""
    local = counted_from.astimezone(policy.zone)
    last = local.date() + timedelta(days=policy.days)
    # Where a clock is put back at midnight the day's last hour is the second one of that name.
    return datetime.combine(last, time.max, tzinfo=policy.zone).replace(fold=1).astimezone(UTC)


def decide(charge: ChargeFacts, policy: Policy, *, now: datetime) -> Decision:
    """Decide whether a refund of this charge may be asked for, and how much is left of it.

    The window counts calendar days in the school's time zone from ``counted_from``; the
    last day is inside. ``now`` is aware UTC.
    """
    if charge.kind is not PaymentKind.CHARGE:
        return Decision(money.ZERO, Refusal.NOT_A_CHARGE, "This is a refund itself.")
    if charge.status is PaymentStatus.REFUNDED or (
        charge.status in REFUNDABLE and charge.left <= 0
    ):
        whole = charge.status is PaymentStatus.REFUNDED
        return Decision(
            money.ZERO,
            Refusal.NOTHING_LEFT,
            f"All of this payment {'went back already' if whole else 'is on its way back'}.",
        )
    if charge.status not in REFUNDABLE:
        return Decision(money.ZERO, Refusal.NOT_COMPLETED, _NOT_COMPLETED[charge.status])
    if charge.refund_due:
        return Decision(charge.left)
    last = last_day(charge.counted_from, policy)
    if now > last:
        return Decision(charge.left, Refusal.TOO_LATE, _too_late(last, policy))
    progress = charge.progress_percent
    if progress is not None and progress > policy.progress_percent:
        return Decision(
            charge.left,
            Refusal.TOO_MUCH_DONE,
            f"{say_percent(progress)} of the course is done; refunds are granted up to "
            f"{policy.progress_percent} %.",
        )
    return Decision(charge.left)


def _too_late(last: datetime, policy: Policy) -> str:
    day = say_day(last, policy.zone)
    if policy.days == 0:
        return f"Refunds are granted on the day of purchase only, which was {day}."
    days = "1 day" if policy.days == 1 else f"{policy.days:,} days"
    return f"The {days} for a refund ended on {day}."


_NOT_COMPLETED: Final = {
    PaymentStatus.PENDING: "This payment is not completed yet, so there is nothing to refund.",
    PaymentStatus.UNKNOWN: "It is not known yet whether this payment went through. "
    "Ask the gateway first.",
    PaymentStatus.FAILED: "This payment failed, so there is nothing to refund.",
    PaymentStatus.DISPUTED: "This payment is disputed at the card's bank, which decides where "
    "the money goes.",
}


def check_amount(wanted: Decimal, charge: ChargeFacts) -> Decision:
    """Refuse an amount above what is left, in words that name it."""
    if wanted > charge.left:
        return Decision(
            charge.left,
            Refusal.ABOVE_WHAT_IS_LEFT,
            f"Only {money.text(charge.left, charge.currency)} of this payment is left.",
        )
    return Decision(charge.left)
