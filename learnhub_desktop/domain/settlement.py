"""A payment as services lock it, and when an unsettled one is asked about again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from learnhub_desktop.domain.states import (
    OPEN_PAYMENTS,
    PaymentKind,
    PaymentMethod,
    PaymentStatus,
)

# Kill Bill's janitor asks after 5 minutes, 1 hour, then daily.
_DELAYS: Final = (timedelta(minutes=5), timedelta(hours=1))
_LATER: Final = timedelta(days=1)


def next_check(now: datetime, checks_so_far: int) -> datetime:
    """When the gateway is asked again: after 5 minutes, then 1 hour, then daily."""
    delay = _DELAYS[checks_so_far] if checks_so_far < len(_DELAYS) else _LATER
    return now + delay


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    payment_id: int
    user_id: int
    enrollment_id: int | None
    subscription_id: int | None
    course_id: int | None
    kind: PaymentKind
    refunds_payment_id: int | None
    amount: Decimal
    currency: str
    refunded_amount: Decimal
    method: PaymentMethod | None
    status: PaymentStatus
    idempotency_key: str | None
    gateway: str | None
    gateway_reference: str | None
    card_fingerprint: str | None
    country: str | None
    flash_sale_id: int | None
    reason_code: str | None
    comment: str | None
    access_months: int | None
    hold_expires_at: datetime | None
    refund_due: bool
    check_count: int
    created_at: datetime
    processed_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_PAYMENTS

    @property
    def left(self) -> Decimal:
        return self.amount - self.refunded_amount


@dataclass(frozen=True, slots=True)
class Place:
    """Which rows an act on a payment locks, looked up before its transaction begins."""

    payment_id: int
    user_id: int
    course_id: int | None
    enrollment_id: int | None
    subscription_id: int | None
    flash_sale_id: int | None
    charge_id: int | None  # the refunded charge, where the payment is a refund


def place_of(payment: PaymentFacts) -> Place:
    """The rows behind a charge that was read before."""
    return Place(
        payment_id=payment.payment_id,
        user_id=payment.user_id,
        course_id=payment.course_id,
        enrollment_id=payment.enrollment_id,
        subscription_id=payment.subscription_id,
        flash_sale_id=payment.flash_sale_id,
        charge_id=payment.refunds_payment_id,
    )
