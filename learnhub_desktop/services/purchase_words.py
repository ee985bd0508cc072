"""What became of a purchase, in whole sentences: the first time and each time it is asked."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain import money
from learnhub_desktop.domain.changes import Changes, Touched
from learnhub_desktop.domain.purchases import Purchase, PurchaseOutcome
from learnhub_desktop.domain.settlement import PaymentFacts
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.gateways.port import reason_text

METHOD_WORDS: Final = {
    PaymentMethod.CREDIT_CARD: "by card",
    PaymentMethod.PAYPAL: "by PayPal",
    PaymentMethod.STRIPE: "by Stripe",
    PaymentMethod.BANK_TRANSFER: "by bank transfer",
    PaymentMethod.ACCOUNT_BALANCE: "from the balance",
    PaymentMethod.CASH: "in cash",
}
_TOUCHED: Final = Touched.CATALOG | Touched.STUDENTS | Touched.ENROLMENTS | Touched.PAYMENTS


def purchase_of(
    uow: UnitOfWork,
    outcome: PurchaseOutcome,
    key: str,
    payment_id: int | None = None,
    *,
    enrollment_id: int | None = None,
    alert_id: int | None = None,
    replayed: bool = False,
) -> Purchase:
    """The result as it stands in the database now, with its sentence."""
    payment = None if payment_id is None else uow.payments.find(payment_id)
    if enrollment_id is None and payment is not None:
        enrollment_id = payment.enrollment_id
    message, warning = _sentence(uow, outcome, payment, enrollment_id)
    touched = _TOUCHED | (Touched.ALERTS if alert_id is not None else Touched.NOTHING)
    if replayed and outcome is not PurchaseOutcome.IN_PROGRESS:
        message = f"This was done already. {message}"
    subject = payment_id if payment_id is not None else enrollment_id
    changes = Changes(touched, message, subject_id=subject, warning=warning)
    return Purchase(outcome, changes, key, payment_id, enrollment_id, alert_id, replayed)


def _sentence(
    uow: UnitOfWork,
    outcome: PurchaseOutcome,
    payment: PaymentFacts | None,
    enrollment_id: int | None,
) -> tuple[str, bool]:
    who, what, until = _names(uow, payment, enrollment_id)
    paid = "" if payment is None else f" {money.text(payment.amount, payment.currency)}"
    how = ""
    if payment is not None and payment.method is not None:
        how = f" {METHOD_WORDS[payment.method]}"
    match outcome:
        case PurchaseOutcome.COMPLETED if payment is not None and payment.refund_due:
            return (
                f"{paid.strip()} of {who} came in, but “{what}” has no seat left. "
                "The money must go back: refund it.",
                True,
            )
        case PurchaseOutcome.COMPLETED:
            price = f"{paid} paid{how}." if payment is not None else " Nothing to pay."
            return f"Enrolled {who} in “{what}”.{price} {until}", False
        case PurchaseOutcome.WAITING:
            return (
                f"A seat in “{what}” is held for {who} until {_moment(payment)}.{paid} is "
                "expected; record the receipt when it comes.",
                False,
            )
        case PurchaseOutcome.VERIFICATION:
            return (
                f"The purchase of “{what}” by {who} waits for a reviewer. A seat is held until "
                f"{_moment(payment)}, and nothing was charged.",
                True,
            )
        case PurchaseOutcome.DECLINED:
            reason = reason_text(payment.reason_code) if payment is not None else ""
            reason = _OWN_REASONS.get(payment.reason_code or "", reason) if payment else reason
            return f"{reason} {who} is not enrolled in “{what}”; nothing was charged.", True
        case PurchaseOutcome.BLOCKED:
            return (
                f"The purchase of “{what}” by {who} was blocked: it looks like fraud. Nothing was "
                "charged; a reviewer can release it.",
                True,
            )
        case PurchaseOutcome.UNKNOWN:
            return (
                f"The gateway did not answer. {who}'s seat in “{what}” stays held, and nothing "
                "is charged twice. It is asked again soon, or now with “Ask now”.",
                True,
            )
    return (
        f"The purchase of “{what}” by {who} is still being made by the first call. "
        "Nothing is charged twice.",
        True,
    )


_OWN_REASONS: Final = {
    "gateway_unreachable": "The gateway could not be reached.",
    "hold_expired": "The seat's hold ran out before it was paid.",
    "verification_declined": "A reviewer declined the purchase.",
    "cancelled": "The hold was cancelled.",
    "not_found": "The gateway knows of no such charge, so it was given up.",
    "voided": "The payment was voided.",
}


def _names(
    uow: UnitOfWork, payment: PaymentFacts | None, enrollment_id: int | None
) -> tuple[str, str, str]:
    student_id = payment.user_id if payment is not None else None
    course_id = payment.course_id if payment is not None else None
    if enrollment_id is not None and (student_id is None or course_id is None):
        enrolment = uow.enrolments.get(enrollment_id)
        student_id, course_id = enrolment.student_id, enrolment.course_id
    student = None if student_id is None else uow.enrolments.find_student(student_id)
    course = None if course_id is None else uow.enrolments.find_course(course_id)
    until = ""
    if student_id is not None and course_id is not None:
        access = uow.enrolments.find_access(student_id, course_id)
        if access is not None and access.ended_at is None:
            until = access_sentence(access.expires_at, uow)
    return (
        student.name if student is not None else "The student",
        course.title if course is not None else "the course",
        until,
    )


def access_sentence(expires_at: datetime | None, uow: UnitOfWork) -> str:
    """``Access until 10 March 2027.``, in the school's time zone."""
    if expires_at is None:
        return "Access for life."
    local = expires_at.astimezone(uow.settings.get().zone)
    return f"Access until {local.day} {local:%B %Y}."


def _moment(payment: PaymentFacts | None) -> str:
    if payment is None or payment.hold_expires_at is None:
        return "it expires"
    when = payment.hold_expires_at
    return f"{when.day} {when:%B %Y, %H:%M} UTC"
