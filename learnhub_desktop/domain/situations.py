"""What bears on one student's access to one course."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from learnhub_desktop.domain.enrolments import AccessFacts
from learnhub_desktop.domain.states import (
    CourseStatus,
    EnrolmentSource,
    EnrolmentStatus,
    PaymentMethod,
    PaymentStatus,
    SubscriptionStatus,
)


class AccessEnd(StrEnum):
    """Why access ended before its time: stored in `course_access.end_reason`."""

    REFUNDED = "refunded"
    CANCELLED = "cancelled"
    SUBSCRIPTION = "subscription_ended"


@dataclass(frozen=True, slots=True)
class OpenPayment:
    """A charge whose outcome is not known yet. ``is_verified_by_hand``: a reviewer decides."""

    payment_id: int
    status: PaymentStatus
    method: PaymentMethod | None
    amount: Decimal
    currency: str
    hold_expires_at: datetime | None
    is_verified_by_hand: bool = False


@dataclass(frozen=True, slots=True)
class FailedPayment:
    payment_id: int
    created_at: datetime
    is_blocked: bool = False


@dataclass(frozen=True, slots=True)
class FullRefund:
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class SubscriptionState:
    """``paid_until`` is the last day of the period that was paid."""

    status: SubscriptionStatus
    paid_until: date
    cancels_at_period_end: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """All that bears on one student's access to one course.

    ``open_payment``, ``failed_payment`` and ``refund`` are the latest of their kind; they are
    None, too, where the account that asks may not see payments.
    """

    course_status: CourseStatus = CourseStatus.ACTIVE
    enrolment: EnrolmentStatus | None = None
    source: EnrolmentSource = EnrolmentSource.PURCHASE
    activated_at: datetime | None = None
    refunded_at: datetime | None = None
    cancelled_at: datetime | None = None
    hold_expires_at: datetime | None = None
    access: AccessFacts | None = None
    end_reason: AccessEnd | None = None
    open_payment: OpenPayment | None = None
    failed_payment: FailedPayment | None = None
    refund: FullRefund | None = None
    is_disputed: bool = False
    subscription: SubscriptionState | None = None
    account_deleted_at: datetime | None = None
