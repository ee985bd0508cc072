"""Where a student's access stands: until when, why not, and what can be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Final

from learnhub_desktop.domain import money
from learnhub_desktop.domain.enrolments import AccessFacts
from learnhub_desktop.domain.moments import say_day, say_last_day, say_moment
from learnhub_desktop.domain.situations import AccessEnd, FailedPayment, OpenPayment, Situation
from learnhub_desktop.domain.states import (
    CourseStatus,
    EnrolmentSource,
    EnrolmentStatus,
    PaymentMethod,
    PaymentStatus,
    SubscriptionStatus,
)


class AccessState(StrEnum):
    OPEN = "open"
    LIFETIME = "lifetime"
    NEVER_ENROLLED = "never_enrolled"
    WAITING_FOR_PAYMENT = "waiting_for_payment"
    WAITING_FOR_VERIFICATION = "waiting_for_verification"
    PAYMENT_UNKNOWN = "payment_unknown"
    HOLD_RAN_OUT = "hold_ran_out"
    PAYMENT_FAILED = "payment_failed"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    SUBSCRIPTION_ENDED = "subscription_ended"
    NOT_GRANTED = "not_granted"  # enrolled by another program, which gave no access
    ACCOUNT_DELETED = "account_deleted"


class NextStep(StrEnum):
    """What a clerk can do about it; the page offers it as a button."""

    ENROL = "enrol"
    EXTEND = "extend"
    ASK_NOW = "ask_now"
    RECORD_RECEIPT = "record_receipt"
    REVIEW_ALERT = "review_alert"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class AccessAnswer:
    """``until`` is when open access ends or when ended access did; None is lifetime or never.

    ``sentence`` is the whole answer for the person who asks, ``advice`` what can be done.
    """

    state: AccessState
    sentence: str
    advice: str = ""
    until: datetime | None = None
    steps: tuple[NextStep, ...] = ()
    payment_id: int | None = None
    is_open: bool = False


def explain(case: Situation, *, now: datetime, zone: tzinfo) -> AccessAnswer:
    """Answer "where is my access?". Times are aware UTC; days are said in ``zone``."""
    if case.account_deleted_at is not None:
        return AccessAnswer(
            AccessState.ACCOUNT_DELETED,
            f"This account was deleted on {say_day(case.account_deleted_at, zone)}, "
            "so nobody can log in with it.",
        )
    match case.enrolment:
        case None:
            return _not_enrolled(case, now=now, zone=zone)
        case EnrolmentStatus.PENDING:
            return _waiting(case, now=now, zone=zone)
        case EnrolmentStatus.REFUNDED:
            return _refunded(case, now=now, zone=zone)
        case EnrolmentStatus.CANCELLED:
            return _cancelled(case, zone=zone)
    return _enrolled(case, now=now, zone=zone)


def _not_enrolled(case: Situation, *, now: datetime, zone: tzinfo) -> AccessAnswer:
    if case.access is not None and case.access.is_open(now):
        return AccessAnswer(
            AccessState.LIFETIME if case.access.expires_at is None else AccessState.OPEN,
            f"{_open_until(case.access, zone)}, though there is no enrolment: "
            "another program gave this access.",
            "Enrol the student to see the progress here.",
            until=case.access.expires_at,
            steps=_may_enrol(case),
            is_open=True,
        )
    if case.failed_payment is not None:
        return _failed(case, case.failed_payment, zone)
    return AccessAnswer(
        AccessState.NEVER_ENROLLED,
        "Not open: the student was never enrolled in this course.",
        _how_to_enrol(case, "Enrol the student to open it."),
        steps=_may_enrol(case),
    )


def _waiting(case: Situation, *, now: datetime, zone: tzinfo) -> AccessAnswer:
    payment = case.open_payment
    held_until = (payment.hold_expires_at if payment else None) or case.hold_expires_at
    until = f" until {say_moment(held_until, zone)}" if held_until is not None else ""
    if payment is None:
        return AccessAnswer(
            AccessState.WAITING_FOR_PAYMENT,
            f"Not open yet: a seat is held{until}, and the payment is awaited.",
            until=held_until,
        )
    said = money.text(payment.amount, payment.currency)
    if payment.status is PaymentStatus.UNKNOWN:
        return AccessAnswer(
            AccessState.PAYMENT_UNKNOWN,
            f"Not open yet: it is not known whether the payment of {said} went through. "
            "The seat stays held, and nothing is charged twice.",
            "Ask the gateway now, or wait for the next check.",
            steps=(NextStep.ASK_NOW,),
            payment_id=payment.payment_id,
        )
    if held_until is not None and held_until <= now:
        by_hand = payment.method in _BY_HAND
        return AccessAnswer(
            AccessState.HOLD_RAN_OUT,
            f"Not open: {said} did not arrive before the hold ran out on "
            f"{say_moment(held_until, zone)}. The seat is given back at the next check.",
            "Record the receipt if the money has come after all."
            if by_hand
            else "Ask the gateway now, or wait for the next check.",
            until=held_until,
            steps=(NextStep.RECORD_RECEIPT,) if by_hand else (NextStep.ASK_NOW,),
            payment_id=payment.payment_id,
        )
    if payment.is_verified_by_hand:
        return AccessAnswer(
            AccessState.WAITING_FOR_VERIFICATION,
            f"Not open yet: the payment of {said} waits for a reviewer. The seat is held{until}.",
            "Ask a reviewer to decide on the fraud alert.",
            until=held_until,
            steps=(NextStep.REVIEW_ALERT,),
            payment_id=payment.payment_id,
        )
    return _waiting_for_money(payment, said, until, held_until)


_BY_HAND: Final = {
    PaymentMethod.BANK_TRANSFER: (
        " by bank transfer",
        "Record the receipt when the transfer has come.",
    ),
    PaymentMethod.CASH: (" in cash", "Record the receipt when the money is in the till."),
}


def _waiting_for_money(
    payment: OpenPayment, said: str, until: str, held_until: datetime | None
) -> AccessAnswer:
    how, advice = "", "The gateway is being asked; look again in a moment."
    if payment.method in _BY_HAND:
        how, advice = _BY_HAND[payment.method]
    return AccessAnswer(
        AccessState.WAITING_FOR_PAYMENT,
        f"Not open yet: {said}{how} is awaited. The seat is held{until}.",
        advice,
        until=held_until,
        steps=(NextStep.RECORD_RECEIPT if payment.method in _BY_HAND else NextStep.ASK_NOW,),
        payment_id=payment.payment_id,
    )


def _refunded(case: Situation, *, now: datetime, zone: tzinfo) -> AccessAnswer:
    day = f" on {say_day(case.refunded_at, zone)}" if case.refunded_at is not None else ""
    if case.access is not None and case.access.is_open(now):
        # Money and access change together in this program; another one may have missed half.
        return AccessAnswer(
            AccessState.OPEN,
            f"Refunded{day}, yet access was left open{_until_day(case.access.expires_at, zone)}.",
            "Ask finance to look at the payment.",
            until=case.access.expires_at,
            is_open=True,
        )
    how = (
        f". {money.text(case.refund.amount, case.refund.currency)} went back, and access ended."
        if case.refund is not None
        else ", and access ended with it."
    )
    return AccessAnswer(
        AccessState.REFUNDED,
        f"Not open: the course was refunded{day}{how}",
        _how_to_enrol(case, "The student can buy the course again."),
        until=case.refunded_at,
        steps=_may_enrol(case),
    )


def _cancelled(case: Situation, *, zone: tzinfo) -> AccessAnswer:
    if case.end_reason is AccessEnd.SUBSCRIPTION:
        return _subscription_ended(case, case.cancelled_at, zone)
    if case.activated_at is None:
        if case.failed_payment is not None:
            return _failed(case, case.failed_payment, zone)
        return AccessAnswer(
            AccessState.NEVER_ENROLLED,
            "Not open: a seat was held once, but the purchase was not completed.",
            _how_to_enrol(case, "Enrol the student to open it."),
            steps=_may_enrol(case),
        )
    day = f" on {say_day(case.cancelled_at, zone)}" if case.cancelled_at is not None else ""
    return AccessAnswer(
        AccessState.CANCELLED,
        f"Not open: staff cancelled the enrolment{day}, and access ended with it.",
        _how_to_enrol(case, "Enrol the student again to open it."),
        until=case.cancelled_at,
        steps=_may_enrol(case),
    )


def _enrolled(case: Situation, *, now: datetime, zone: tzinfo) -> AccessAnswer:
    access = case.access
    if access is None:
        return AccessAnswer(
            AccessState.NOT_GRANTED,
            "Not open: the student is enrolled, but the program that enrolled them gave no access.",
            "Extend the access to open the course.",
            steps=(NextStep.EXTEND,),
        )
    if access.is_open(now):
        return AccessAnswer(
            AccessState.LIFETIME if access.expires_at is None else AccessState.OPEN,
            " ".join([_opened(case, access, zone), *_remarks(case)]),
            until=access.expires_at,
            steps=() if access.expires_at is None else (NextStep.EXTEND,),
            payment_id=case.open_payment.payment_id if case.open_payment else None,
            is_open=True,
        )
    ended_at = access.ended_at or access.expires_at
    if case.source is EnrolmentSource.SUBSCRIPTION or case.end_reason is AccessEnd.SUBSCRIPTION:
        return _subscription_ended(case, ended_at, zone)
    day = f" on {say_day(ended_at, zone)}" if ended_at is not None else ""
    return AccessAnswer(
        AccessState.EXPIRED,
        " ".join([f"Not open: access ended{day}.", *_remarks(case)]),
        "Extend the access, with a reason."
        if case.course_status is CourseStatus.ARCHIVED
        else "Extend the access, with a reason, or let the student buy the course again.",
        until=ended_at,
        steps=(NextStep.EXTEND, *_may_enrol(case)),
        payment_id=case.open_payment.payment_id if case.open_payment else None,
    )


def _opened(case: Situation, access: AccessFacts, zone: tzinfo) -> str:
    subscription = case.subscription
    if case.source is not EnrolmentSource.SUBSCRIPTION or subscription is None:
        return f"{_open_until(access, zone)}."
    opened = f"{_open_until(access, zone)} through the subscription"
    if subscription.status is SubscriptionStatus.PAST_DUE:
        return f"{opened}, whose last payment was declined."
    if subscription.status is SubscriptionStatus.ACTIVE and not subscription.cancels_at_period_end:
        return f"{opened}, which renews by then."
    return f"{opened}, which is not renewed."


def _remarks(case: Situation) -> list[str]:
    """What else a clerk should know about access that is, or was, there."""
    remarks = []
    if case.course_status is CourseStatus.ARCHIVED:
        remarks.append("The course is archived: students keep their access, nobody new can enrol.")
    if case.course_status is CourseStatus.DRAFT:
        remarks.append("The course is a draft.")
    if case.is_disputed:
        remarks.append("The payment is disputed at the card’s bank; access stays until it decides.")
    payment = case.open_payment
    if payment is not None:
        said = money.text(payment.amount, payment.currency)
        remarks.append(
            f"It is not known yet whether a payment of {said} to extend it went through."
            if payment.status is PaymentStatus.UNKNOWN
            else f"A payment of {said} to extend it is awaited."
        )
    return remarks


def _subscription_ended(case: Situation, ended_at: datetime | None, zone: tzinfo) -> AccessAnswer:
    day = f" on {say_day(ended_at, zone)}" if ended_at is not None else ""
    subscription = case.subscription
    if subscription is not None and subscription.status is SubscriptionStatus.PAST_DUE:
        sentence = (
            f"Not open: the subscription’s last payment was declined, and its access ended{day}."
        )
        advice = "Once the subscription is paid the course can be opened again."
    else:
        sentence = f"Not open: the subscription that opened the course ended{day}."
        advice = "The student can subscribe again or buy the course."
    return AccessAnswer(
        AccessState.SUBSCRIPTION_ENDED,
        sentence,
        _how_to_enrol(case, advice),
        until=ended_at,
        steps=_may_enrol(case),
    )


def _failed(case: Situation, payment: FailedPayment, zone: tzinfo) -> AccessAnswer:
    day = say_day(payment.created_at, zone)
    if payment.is_blocked:
        return AccessAnswer(
            AccessState.PAYMENT_FAILED,
            f"Not open: the fraud check blocked the payment of {day}, and nothing was charged.",
            "A reviewer can release the purchase once.",
            steps=(NextStep.REVIEW_ALERT,),
            payment_id=payment.payment_id,
        )
    return AccessAnswer(
        AccessState.PAYMENT_FAILED,
        f"Not open: the payment of {day} did not go through, and nothing was charged.",
        _how_to_enrol(case, "The student can try again, perhaps with another card."),
        steps=_may_enrol(case),
        payment_id=payment.payment_id,
    )


def _may_enrol(case: Situation) -> tuple[NextStep, ...]:
    return (NextStep.ENROL,) if case.course_status is CourseStatus.ACTIVE else ()


def _how_to_enrol(case: Situation, advice: str) -> str:
    match case.course_status:
        case CourseStatus.ARCHIVED:
            return "The course is archived, so nobody new can enrol; restore it first."
        case CourseStatus.DRAFT:
            return "The course is a draft, so nobody can enrol yet."
    return advice


def _open_until(access: AccessFacts, zone: tzinfo) -> str:
    return f"Open{_until_day(access.expires_at, zone)}"


def _until_day(expires_at: datetime | None, zone: tzinfo) -> str:
    return " for life" if expires_at is None else f" until {say_last_day(expires_at, zone)}"
