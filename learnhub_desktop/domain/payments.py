"""Payments as the lists show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from learnhub_desktop.domain.states import PaymentKind, PaymentMethod, PaymentStatus

# What `payment_gateway` says where the money came from the balance or went to it.
BALANCE: Final = "balance"


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """One line of the list of payments. ``title`` is the course's, else the plan's, else empty.

    A refund is a line of its own, with ``kind`` refund and the charge in
    ``refunds_payment_id``; its amount is positive. ``access_kept``: its money went back, but
    what that ends could not be written down yet.
    """

    payment_id: int
    student_id: int
    student_name: str
    student_email: str
    kind: PaymentKind
    course_id: int | None
    subscription_id: int | None
    enrollment_id: int | None
    title: str
    amount: Decimal
    currency: str
    refunded_amount: Decimal
    method: PaymentMethod | None
    status: PaymentStatus
    gateway: str | None
    gateway_reference: str | None
    refunds_payment_id: int | None
    reason_code: str | None
    comment: str | None
    refund_due: bool
    hold_expires_at: datetime | None
    created_at: datetime
    processed_at: datetime | None
    access_kept: bool = False

    @property
    def left(self) -> Decimal:
        """What of a charge did not go back yet."""
        return self.amount - self.refunded_amount
