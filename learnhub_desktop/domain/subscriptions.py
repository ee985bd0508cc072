"""Subscriptions: exact periods, and when an unpaid one is tried again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from learnhub_desktop.domain.billing import add_months
from learnhub_desktop.domain.changes import Changes
from learnhub_desktop.domain.states import BillingStatus, PaymentMethod, SubscriptionStatus


class SubscriptionRefusal(StrEnum):
    HAS_ONE_ALREADY = "has_one_already"
    NOT_OFFERED = "not_offered"
    NOT_RUNNING = "not_running"
    ENDED = "ended"
    METHOD = "method"
    OPEN_CHARGE = "open_charge"
    PRICE_CHANGED = "price_changed"
    KEY_REUSED = "key_reused"


# What a charge fails for although no bank has refused it: nobody's fault, so nobody is past due.
NOT_DECLINED: Final = frozenset(
    {
        "gateway_unreachable",
        "hold_expired",
        "not_found",
        "not_accepted",
        "key_reused",
        "cancelled",
    }
)


class BillingOutcome(StrEnum):
    PAID = "paid"
    DECLINED = "declined"
    NOT_SENT = "not_sent"  # it never reached the gateway
    UNKNOWN = "unknown"
    NOT_DUE = "not_due"
    ENDED = "ended"


def next_period_end(anchor: date, current_end: date, months: int) -> date:
    """The end of the period that begins at ``current_end``, counted from the anchor.

    A subscription of 31 January: 28 February, 31 March, 30 April. ``current_end`` is such
    an end itself (or the anchor), so its month tells how many months have passed.
    """
    passed = (current_end.year - anchor.year) * 12 + current_end.month - anchor.month
    return add_months(anchor, passed + months)


def period_to_bill(anchor: date, current_end: date, months: int, today: date) -> tuple[date, date]:
    """The period that is due: the one that begins at ``current_end``, or, where that is over
    already, the one that ``today`` lies in.

    While a period went unpaid its courses were closed, so nobody owes it.
    """
    start, end = current_end, next_period_end(anchor, current_end, months)
    while end <= today:
        start, end = end, next_period_end(anchor, end, months)
    return start, end


def parse_schedule(text: str) -> tuple[int, ...]:
    """``3,5,7`` as numbers; what cannot be read is left out."""
    return tuple(int(part) for part in text.split(",") if part.strip().isdigit())


def retry_at(
    now: datetime, tries_so_far: int, schedule: tuple[int, ...], unit: timedelta
) -> datetime | None:
    """When the next try is due after ``tries_so_far`` failed ones; None: given up."""
    if tries_so_far > len(schedule):
        return None
    return now + schedule[tries_so_far - 1] * unit


@dataclass(frozen=True, slots=True)
class SubscriptionFacts:
    """A subscription as a service locks it. Dates are days in the school's time zone."""

    subscription_id: int
    user_id: int
    plan_type: str
    next_plan_type: str | None
    status: SubscriptionStatus
    start_date: date
    current_period_end: date
    next_billing_date: date | None
    cancel_at_period_end: bool
    method: PaymentMethod | None
    payment_token: str | None
    card_fingerprint: str | None
    retry_count: int
    next_retry_at: datetime | None
    row_version: int

    @property
    def is_running(self) -> bool:
        return self.status in (SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE)

    @property
    def never_started(self) -> bool:
        return self.current_period_end == self.start_date

    def is_due(self, today: date, now: datetime) -> bool:
        """Whether its next period is to be billed now."""
        if not self.is_running or self.next_billing_date is None or self.next_billing_date > today:
            return False
        return self.next_retry_at is None or self.next_retry_at <= now


@dataclass(frozen=True, slots=True)
class BillingFacts:
    """One period's bill. ``charge_payment_id`` is the last charge that was tried for it."""

    billing_id: int
    subscription_id: int
    charge_payment_id: int | None
    amount: Decimal
    currency: str
    period_start: date
    period_end: date
    status: BillingStatus
    retry_count: int


@dataclass(frozen=True, slots=True)
class Billed:
    """What became of one period. ``changes.message`` is the sentence for people."""

    outcome: BillingOutcome
    changes: Changes
    subscription_id: int
    payment_id: int | None = None


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    """One line of the list of subscriptions."""

    subscription_id: int
    student_id: int
    student_name: str
    student_email: str
    plan_type: str
    plan_title: str
    next_plan_type: str | None
    price: Decimal
    currency: str
    status: SubscriptionStatus
    start_date: date
    current_period_end: date
    next_billing_date: date | None
    cancel_at_period_end: bool
    retry_count: int
    next_retry_at: datetime | None
    open_courses: int
    created_at: datetime
