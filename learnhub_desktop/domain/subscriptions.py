"""Subscriptions: exact periods, and when an unpaid one is tried again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from learnhub_desktop.domain.billing import add_months
from learnhub_desktop.domain.changes import Changes
from learnhub_desktop.domain.school import Plan
from learnhub_desktop.domain.states import (
    OPEN_ENROLMENTS,
    RUNNING_SUBSCRIPTIONS,
    BillingStatus,
    EnrolmentStatus,
    PaymentMethod,
    PaymentStatus,
    SubscriptionStatus,
)
from learnhub_desktop.domain.text import read_whole


class SubscriptionRefusal(StrEnum):
    HAS_ONE_ALREADY = "has_one_already"
    NOT_OFFERED = "not_offered"
    NOT_RUNNING = "not_running"
    ENDED = "ended"
    METHOD = "method"
    OPEN_CHARGE = "open_charge"
    PRICE_CHANGED = "price_changed"
    KEY_REUSED = "key_reused"


LONGEST_STEP: Final = 100_000  # days or minutes between two tries
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
    steps = (read_whole(part.strip(), most=LONGEST_STEP) for part in text.split(","))
    return tuple(step for step in steps if step is not None)


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
        return self.status in RUNNING_SUBSCRIPTIONS

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


class Standing(StrEnum):
    """How a subscription stands, as a person sees it: its state, and what is about to happen."""

    ACTIVE = "active"
    ENDING = "ending"  # paid, and not billed again
    UNSETTLED = "unsettled"  # nobody knows yet whether its last charge was paid
    PAST_DUE = "past_due"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    NEVER_PAID = "never_paid"  # its first charge did not succeed


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    """One line of the list of subscriptions.

    ``current_period_end`` is the first day that is not paid any more. ``open_charge_id`` is
    a charge whose outcome is not known yet.
    """

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
    open_charge_id: int | None = None

    @property
    def is_running(self) -> bool:
        return self.status in RUNNING_SUBSCRIPTIONS

    @property
    def standing(self) -> Standing:
        if self.open_charge_id is not None:
            return Standing.UNSETTLED
        if not self.is_running and self.current_period_end == self.start_date:
            return Standing.NEVER_PAID
        if self.status is SubscriptionStatus.ACTIVE and self.cancel_at_period_end:
            return Standing.ENDING
        return Standing(self.status)

    @property
    def bills_on(self) -> date | None:
        """The day of the next charge; None where there will be none."""
        return None if self.cancel_at_period_end else self.next_billing_date


@dataclass(frozen=True, slots=True)
class BillRow:
    """One period's bill, with the charge that was last tried for it.

    ``payment_status`` is None where that payment left with its closed year. ``tries`` counts
    the charges that did not succeed.
    """

    billing_id: int
    period_start: date | None
    period_end: date | None
    amount: Decimal
    currency: str
    status: BillingStatus
    tries: int
    payment_id: int | None
    payment_status: PaymentStatus | None
    refund_due: bool = False


@dataclass(frozen=True, slots=True)
class OpenedCourse:
    """A course that a subscription opened. ``is_open``: the student is in it now."""

    course_id: int
    title: str
    status: EnrolmentStatus
    progress_percent: Decimal

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_ENROLMENTS


@dataclass(frozen=True, slots=True)
class SubscriptionDetail:
    """A subscription with its bills and courses, the latest first.

    ``says`` is its state in one plain sentence. ``next_plan`` is what the next period is
    billed with, ``next_period`` that period; None where none follows. ``is_due``: the next
    period is to be billed now. ``gateway`` and ``method`` are those of its card.
    """

    row: SubscriptionRow
    bills: tuple[BillRow, ...]
    courses: tuple[OpenedCourse, ...]
    says: str
    next_plan: Plan | None
    next_period: tuple[date, date] | None
    is_due: bool
    is_over: bool
    has_card: bool
    gateway: str
    method: PaymentMethod | None
    country: str | None
    past_due_since: datetime | None
    cancelled_at: datetime | None
    cancel_reason: str | None


@dataclass(frozen=True, slots=True)
class PlanOffer:
    """A plan as a new subscriber is offered it: its price, and the first period it pays for."""

    plan: Plan
    first_period: tuple[date, date]


@dataclass(frozen=True, slots=True)
class SignUpPreview:
    """What one student may sign up for today; ``refusal`` says why for nothing."""

    student_id: int
    student_name: str
    country: str | None
    offers: tuple[PlanOffer, ...]
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class OpeningPreview:
    """What opening a course would do; ``refusal`` says why it cannot be opened.

    ``seats_left`` None: no limit. ``missing`` are prerequisites that are not completed.
    """

    course_id: int
    course_title: str
    seats_left: int | None
    until: date
    missing: tuple[str, ...]
    refusal: str = ""
