"""Whether a refund is granted, of how much, and what its dialog shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain import money
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.enrolments import EnrolmentFacts
from learnhub_desktop.domain.refunds import (
    ChargeFacts,
    Decision,
    Policy,
    RefundReason,
    RefundTo,
    Refusal,
    check_amount,
    decide,
)
from learnhub_desktop.domain.settlement import PaymentFacts
from learnhub_desktop.domain.text import NOTE_LENGTH, check_text
from learnhub_desktop.errors import RuleRefused
from learnhub_desktop.services import holds, progress
from learnhub_desktop.services.refund_words import RefundPreview

_SAME_AGAIN: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """A refund as it stands on the screen when the button is pressed.

    ``amount`` None is all that is left. ``seen_refunded`` is what the screen showed as
    refunded so far: another desk's refund meanwhile is noticed by it. ``override`` is the
    reason for a refund past the policy. ``confirmed_again`` lets the same amount go back
    twice within 24 hours.
    """

    key: str
    payment_id: int
    reason: RefundReason
    seen_refunded: Decimal
    amount: Decimal | None = None
    comment: str = ""
    to: RefundTo = RefundTo.ORIGINAL
    override: str | None = None
    confirmed_again: bool = False

    def parameters(self) -> dict[str, Any]:
        return {
            "payment_id": self.payment_id,
            "amount": None if self.amount is None else str(self.amount),
            "reason_code": str(self.reason),
            "to": str(self.to),
        }


def judge(
    uow: UnitOfWork, charge: PaymentFacts, enrolment: EnrolmentFacts | None, percent: Decimal | None
) -> tuple[ChargeFacts, Decision]:
    """The policy's word on a charge; ``percent`` None where progress does not count."""
    counted_from = charge.processed_at or charge.created_at
    if charge.subscription_id is None and enrolment is not None:
        counted_from = enrolment.enrolled_at
    facts = ChargeFacts(
        kind=charge.kind,
        status=charge.status,
        amount=charge.amount,
        currency=charge.currency,
        refunded=charge.refunded_amount,
        counted_from=counted_from,
        progress_percent=percent if charge.subscription_id is None else None,
    )
    settings = uow.settings.get()
    policy = Policy(settings.refund_days, settings.refund_progress_percent, settings.zone)
    return facts, decide(facts, policy, now=uow.now())


def judge_locked(uow: UnitOfWork, locked: holds.Locked) -> tuple[ChargeFacts, Decision]:
    """As `judge`, with the progress counted again where another program made it stale."""
    enrolment = locked.enrolment
    percent = None if enrolment is None else enrolment.progress_percent
    if enrolment is not None and enrolment.progress_stale:
        percent = progress.refresh_locked(uow, enrolment.enrollment_id)
    return judge(uow, locked.payment, enrolment, percent)


def allow(uow: UnitOfWork, order: RefundOrder, decision: Decision) -> None:
    if decision.refusal is None:
        return
    if not decision.is_policy:
        raise RuleRefused(decision.refusal, decision.message)
    if order.override is None:
        raise RuleRefused(
            decision.refusal,
            f"{decision.message} Finance can grant it all the same, with a reason.",
        )
    uow.actor.require(Right.OVERRIDE_REFUND)
    check_text(order.override, field="override", label="The reason", longest=NOTE_LENGTH)


def amount_of(
    uow: UnitOfWork, order: RefundOrder, charge: PaymentFacts, facts: ChargeFacts
) -> Decimal:
    if order.seen_refunded != charge.refunded_amount:
        raise RuleRefused(
            Refusal.STALE_SCREEN,
            f"Meanwhile {money.text(charge.refunded_amount, charge.currency)} of this payment is "
            "refunded. Reload, look again, then decide.",
        )
    amount = facts.left if order.amount is None else money.check_amount(order.amount)
    decision = check_amount(amount, facts)
    if decision.refusal is not None:
        raise RuleRefused(decision.refusal, decision.message)
    if not order.confirmed_again and uow.payments.same_refund_since(
        charge.payment_id, amount, uow.now() - _SAME_AGAIN
    ):
        raise RuleRefused(
            Refusal.REPEATED,
            f"{money.text(amount, charge.currency)} of this payment went back within the last "
            "24 hours already. Confirm once more if it should go back again.",
        )
    return amount


def comment_of(comment: str, override: str | None) -> str | None:
    parts = [comment, f"Past the policy: {override.strip()}" if override else ""]
    return " ".join(part for part in parts if part) or None


def preview(uow: UnitOfWork, payment_id: int) -> RefundPreview:
    """What the refund dialog shows: what is left, and why it is refused where it is."""
    uow.actor.require(Right.REFUND)
    place = uow.payments.place(payment_id)
    payment = uow.payments.get(payment_id)
    student = uow.enrolments.find_student(place.user_id)
    course = None if place.course_id is None else uow.enrolments.find_course(place.course_id)
    enrolment = None if place.enrollment_id is None else uow.enrolments.get(place.enrollment_id)
    assert student is not None
    percent = None if enrolment is None else enrolment.progress_percent
    facts, decision = judge(uow, payment, enrolment, percent)
    return RefundPreview(
        payment_id=payment_id,
        student_name=student.name,
        what=course.title if course is not None else "the subscription",
        amount=payment.amount,
        refunded=payment.refunded_amount,
        left=facts.left,
        currency=payment.currency,
        method=payment.method,
        by_hand=payment.gateway == "manual",
        may_go_to_balance=student.balance_currency == payment.currency,
        holds_seat=enrolment is not None and enrolment.holds_a_seat,
        refusal=decision.message,
        is_policy=decision.is_policy,
        may_override=uow.actor.may(Right.OVERRIDE_REFUND),
    )
