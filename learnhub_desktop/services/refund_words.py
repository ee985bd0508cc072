"""What became of a refund, in whole sentences."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain import money
from learnhub_desktop.domain.changes import Changes, Touched
from learnhub_desktop.domain.states import (
    EnrolmentStatus,
    EventType,
    PaymentMethod,
    PaymentStatus,
)
from learnhub_desktop.gateways.port import reason_text


class RefundOutcome(StrEnum):
    COMPLETED = "completed"
    PENDING = "pending"  # the gateway, or a person, has not paid it out yet
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Refund:
    """What became of a refund order. ``changes.message`` is the sentence for people."""

    outcome: RefundOutcome
    changes: Changes
    refund_id: int
    payment_id: int  # the refunded charge
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class RefundPreview:
    """``refusal`` is why it is refused, empty where it is not; ``is_policy``: a person with the
    right may grant it all the same. ``by_hand``: someone pays it out."""

    payment_id: int
    student_name: str
    what: str
    amount: Decimal
    refunded: Decimal
    left: Decimal
    currency: str
    method: PaymentMethod | None
    by_hand: bool
    may_go_to_balance: bool
    holds_seat: bool
    refusal: str
    is_policy: bool
    may_override: bool


_OUTCOMES = {
    PaymentStatus.COMPLETED: RefundOutcome.COMPLETED,
    PaymentStatus.FAILED: RefundOutcome.FAILED,
    PaymentStatus.UNKNOWN: RefundOutcome.UNKNOWN,
}


def refund_of(uow: UnitOfWork, refund_id: int, *, replayed: bool = False) -> Refund:
    """The refund as it stands in the database now, with its sentence."""
    row = uow.payments.get(refund_id)
    assert row.refunds_payment_id is not None
    charge = uow.payments.get(row.refunds_payment_id)
    student = uow.enrolments.find_student(row.user_id)
    course = None if row.course_id is None else uow.enrolments.find_course(row.course_id)
    who = student.name if student is not None else "the student"
    what = f"“{course.title}”" if course is not None else "the subscription"
    amount = money.text(row.amount, row.currency)
    outcome = _OUTCOMES.get(row.status, RefundOutcome.PENDING)
    warning = outcome is not RefundOutcome.COMPLETED
    match outcome:
        case RefundOutcome.COMPLETED:
            where = "the balance of " if row.gateway == "balance" else ""
            message = f"Refunded {amount} to {where}{who}. {_effect(uow, charge.payment_id, what)}"
        case RefundOutcome.FAILED:
            reason = reason_text(row.reason_code) or "The gateway declined it."
            if row.reason_code == "gateway_unreachable":
                reason = "The gateway could not be reached."
            message = f"{reason} Nothing went back to {who}, and access to {what} stays."
        case RefundOutcome.UNKNOWN:
            message = (
                f"The gateway did not answer: it is not known whether {amount} went back to "
                f"{who}. It is asked again; nothing goes back twice."
            )
        case _:
            hand = row.gateway == "manual"
            message = (
                f"{amount} for {who} is to be paid out by hand. Record it when it is done."
                if hand
                else f"The gateway has taken the refund of {amount} to {who} and will report "
                f"when it is paid out. Access to {what} stays until then."
            )
    if replayed:
        message = f"This was done already. {message}"
    touched = Touched.PAYMENTS | Touched.ENROLMENTS | Touched.CATALOG | Touched.STUDENTS
    changes = Changes(touched, message, subject_id=charge.payment_id, warning=warning)
    return Refund(outcome, changes, refund_id, charge.payment_id, replayed)


def _effect(uow: UnitOfWork, charge_id: int, what: str) -> str:
    charge = uow.payments.get(charge_id)
    if charge.status is not PaymentStatus.REFUNDED:
        left = money.text(charge.left, charge.currency)
        return f"{left} of the payment is left; access to {what} stays."
    if charge.enrollment_id is None:
        return f"Access to {what} has ended."
    enrolment = uow.enrolments.get(charge.enrollment_id)
    if enrolment.status is EnrolmentStatus.REFUNDED:
        return f"Access to {what} has ended, and the seat is free."
    if uow.payments.has_event(charge_id, EventType.ACCESS_EXTENDED):
        return f"Access to {what} is shorter by what this payment had added."
    return f"Access to {what} stays as it is."
