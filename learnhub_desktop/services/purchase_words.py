"""What became of a purchase, in whole sentences: the first time and each time it is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain import money
from learnhub_desktop.domain.changes import Changes, Touched
from learnhub_desktop.domain.enrolments import EnrolmentFacts
from learnhub_desktop.domain.moments import say_day, say_last_day, say_moment
from learnhub_desktop.domain.purchases import Purchase, PurchaseOutcome
from learnhub_desktop.domain.settlement import PaymentFacts
from learnhub_desktop.domain.states import EventType, PaymentMethod, PaymentStatus
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
_OWN_REASONS: Final = {
    "gateway_unreachable": "The gateway could not be reached.",
    "hold_expired": "The hold ran out before it was paid.",
    "verification_declined": "A reviewer declined the purchase.",
    "cancelled": "The hold was cancelled.",
    "not_found": "The gateway knows of no such charge, so it was given up.",
    "key_reused": "The gateway knows this purchase's key from another payment.",
    "not_accepted": "The gateway could not take this charge.",
    "blocked": "The purchase was blocked.",
}
_ASKED_AGAIN: Final = "It is asked again soon."


def purchase_of(
    uow: UnitOfWork,
    outcome: PurchaseOutcome,
    key: str,
    payment_id: int | None = None,
    *,
    enrollment_id: int | None = None,
    alert_id: int | None = None,
    extended: bool = False,
    replayed: bool = False,
) -> Purchase:
    """The result as it stands in the database now, with its sentence.

    ``extended`` tells of a course without a payment that the student was in already.
    """
    payment = None if payment_id is None else uow.payments.find(payment_id)
    if enrollment_id is None and payment is not None:
        enrollment_id = payment.enrollment_id
    case = _case_of(uow, payment, enrollment_id, extended=extended)
    is_plan = payment is not None and payment.subscription_id is not None
    message, warning = _plan_sentence(outcome, case) if is_plan else _sentence(outcome, case)
    touched = _TOUCHED | (Touched.ALERTS if alert_id is not None else Touched.NOTHING)
    if is_plan:
        touched |= Touched.SUBSCRIPTIONS
    if replayed and outcome is not PurchaseOutcome.IN_PROGRESS:
        message = f"This was done already. {message}{_since(payment)}"
    subject = payment_id if payment_id is not None else enrollment_id
    changes = Changes(touched, message, subject_id=subject, warning=warning)
    return Purchase(outcome, changes, key, payment_id, enrollment_id, alert_id, replayed)


def paid(
    payment: PaymentFacts, *, who: str, title: str | None, access: str | None, extends: bool
) -> Purchase:
    """`purchase_of` a charge that was completed just now, from what its locks showed.

    ``access`` is the sentence about it, None where the seat is gone.
    """
    case = _Case(
        who=who,
        what=_named(title),
        payment=payment,
        enrolment=None,
        extends=extends,
        approved=False,
        by="",
        access=access or "",
    )
    outcome = PurchaseOutcome.COMPLETED
    message, warning = _sentence(outcome, case)
    changes = Changes(_TOUCHED, message, subject_id=payment.payment_id, warning=warning)
    key = payment.idempotency_key or ""
    return Purchase(outcome, changes, key, payment.payment_id, payment.enrollment_id)


@dataclass(frozen=True, slots=True)
class _Case:
    """What the sentences speak of. ``by`` is the hold's end, ``access`` a sentence of its own."""

    who: str
    what: str
    payment: PaymentFacts | None
    enrolment: EnrolmentFacts | None
    extends: bool
    approved: bool
    by: str
    access: str

    @property
    def amount(self) -> str:
        assert self.payment is not None
        return money.text(self.payment.amount, self.payment.currency)

    @property
    def how(self) -> str:
        """`` by card``, with its space; empty where another program did not say."""
        method = None if self.payment is None else self.payment.method
        return "" if method is None else f" {METHOD_WORDS[method]}"

    @property
    def refund_due(self) -> bool:
        return self.payment is not None and self.payment.refund_due

    @property
    def reason(self) -> str:
        """Why it failed: the words of ours, of the gateway, or that nobody said."""
        code = None if self.payment is None else self.payment.reason_code
        return _OWN_REASONS.get(code or "") or reason_text(code) or "The payment failed."


def _case_of(
    uow: UnitOfWork,
    payment: PaymentFacts | None,
    enrollment_id: int | None,
    *,
    extended: bool,
) -> _Case:
    enrolment = None if enrollment_id is None else uow.enrolments.get(enrollment_id)
    student_id = payment.user_id if payment is not None else None
    course_id = payment.course_id if payment is not None else None
    if enrolment is not None:
        student_id, course_id = enrolment.student_id, enrolment.course_id
    student = None if student_id is None else uow.enrolments.find_student(student_id)
    course = None if course_id is None else uow.enrolments.find_course(course_id)
    zone = uow.settings.get().zone
    ends_at = None if payment is None else payment.hold_expires_at
    return _Case(
        who=student.name if student is not None else "The student",
        what=_named(None if course is None else course.title),
        payment=payment,
        enrolment=enrolment,
        extends=extended if payment is None else _extends(uow, payment),
        approved=payment is not None
        and uow.payments.has_event(payment.payment_id, EventType.VERIFICATION_APPROVED),
        by="it runs out" if ends_at is None else say_moment(ends_at, zone),
        access=_access(uow, student_id, course_id, payment),
    )


def _named(title: str | None) -> str:
    return "the course" if title is None else f"“{title}”"


def _extends(uow: UnitOfWork, payment: PaymentFacts) -> bool:
    """Whether it was for a student who is in the course: what happened counts, then the wish."""
    last = uow.payments.last_event(
        payment.payment_id,
        EventType.ACCESS_EXTENDED,
        EventType.ACCESS_GRANTED,
        EventType.INITIATED,
    )
    if last is None:
        return False
    event_type, facts = last
    if event_type is EventType.INITIATED:
        return bool(facts.get("extends"))
    return event_type is EventType.ACCESS_EXTENDED


def _access(
    uow: UnitOfWork, student_id: int | None, course_id: int | None, payment: PaymentFacts | None
) -> str:
    if payment is not None and payment.subscription_id is not None:
        ends_on = uow.billing.get(payment.subscription_id).current_period_end
        midnight = datetime.combine(ends_on, datetime.min.time(), tzinfo=uow.settings.get().zone)
        return f"It runs until {say_day(midnight, uow.settings.get().zone)}."
    if student_id is None or course_id is None:
        return ""
    access = uow.enrolments.find_access(student_id, course_id)
    if access is None or access.ended_at is not None:
        return ""
    return access_sentence(access.expires_at, uow)


def _sentence(outcome: PurchaseOutcome, case: _Case) -> tuple[str, bool]:
    who, what = case.who, case.what
    match outcome:
        case PurchaseOutcome.COMPLETED if case.refund_due:
            return (
                f"{case.amount} of {who} came in, but {what} has no seat for it any more. The "
                "money must go back: refund it.",
                True,
            )
        case PurchaseOutcome.COMPLETED:
            price = "Nothing to pay." if case.payment is None else f"{case.amount} paid{case.how}."
            done = f"Enrolled {who} in {what}."
            if case.extends:
                done = f"Extended {who}'s access to {what}."
            return f"{done} {price} {case.access}".rstrip(), False
        case PurchaseOutcome.WAITING:
            if case.extends:
                return (
                    f"{case.amount}{case.how} is expected by {case.by} to extend {who}'s access to "
                    f"{what}; record the receipt when it comes.",
                    False,
                )
            return (
                f"A seat in {what} is held for {who} until {case.by}. {case.amount}{case.how} is "
                "expected; record the receipt when it comes.",
                False,
            )
        case PurchaseOutcome.VERIFICATION:
            return _verification(case), True
        case PurchaseOutcome.DECLINED:
            is_in = case.enrolment is not None and case.enrolment.is_open
            left = (
                f"{who}'s access to {what} stays as it was"
                if is_in
                else f"{who} is not enrolled in {what}"
            )
            return f"{case.reason} {left}; nothing was charged.", True
        case PurchaseOutcome.BLOCKED:
            return (
                f"The purchase of {what} by {who} was blocked: it looks like fraud. Nothing was "
                "charged; a reviewer can release it.",
                True,
            )
        case PurchaseOutcome.UNKNOWN:
            left = (
                f"It is not known whether {who}'s access to {what} is extended"
                if case.extends
                else f"{who}'s seat in {what} stays held"
            )
            return (
                f"The gateway did not answer. {left}, and nothing is charged twice. {_ASKED_AGAIN}",
                True,
            )
    return (
        f"The purchase of {what} by {who} is still being made by the first call. "
        "Nothing is charged twice.",
        True,
    )


def _verification(case: _Case) -> str:
    if case.approved:
        return (
            f"A reviewer approved the purchase of {case.what} by {case.who}. Charge it until "
            f"{case.by}; nothing was charged yet."
        )
    held = "It can be approved" if case.extends else "A seat is held"
    return (
        f"The purchase of {case.what} by {case.who} waits for a reviewer. {held} until {case.by}, "
        "and nothing was charged."
    )


def _plan_sentence(outcome: PurchaseOutcome, case: _Case) -> tuple[str, bool]:
    """The same for the charge of a subscription's period."""
    who = case.who
    match outcome:
        case PurchaseOutcome.COMPLETED if case.refund_due:
            return (
                f"{case.amount} of {who} came in for a subscription that has ended. The money "
                "must go back: refund it.",
                True,
            )
        case PurchaseOutcome.COMPLETED:
            return (
                f"{who}'s subscription is paid: {case.amount}{case.how}. {case.access}".rstrip(),
                False,
            )
        case PurchaseOutcome.DECLINED:
            return f"{case.reason} {who}'s subscription was not charged.", True
        case PurchaseOutcome.UNKNOWN:
            return (
                f"The gateway did not answer. It is not known whether {who}'s subscription is "
                f"paid, and nothing is charged twice. {_ASKED_AGAIN}",
                True,
            )
    return (
        f"The payment of {who}'s subscription is still being made by the first call. "
        "Nothing is charged twice.",
        True,
    )


def _since(payment: PaymentFacts | None) -> str:
    """What has become of the money since it was paid."""
    if payment is None:
        return ""
    if payment.status is PaymentStatus.REFUNDED:
        return " All of it went back since."
    if payment.status is PaymentStatus.PARTIALLY_REFUNDED:
        return f" {money.text(payment.refunded_amount, payment.currency)} of it went back since."
    return ""


def access_sentence(expires_at: datetime | None, uow: UnitOfWork) -> str:
    """``Access until 10 March 2027.``, in the school's time zone."""
    return access_until(expires_at, uow.settings.get().zone)


def access_until(expires_at: datetime | None, zone: ZoneInfo) -> str:
    if expires_at is None:
        return "Access for life."
    return f"Access until {say_last_day(expires_at, zone)}."
