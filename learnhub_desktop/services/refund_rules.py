"""Whether a refund is granted, of how much, and what its dialog shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain import money
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.enrolments import EnrolmentFacts, StudentFacts
from learnhub_desktop.domain.progress import percentage
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
from learnhub_desktop.domain.school import SchoolSettings
from learnhub_desktop.domain.settlement import PaymentFacts
from learnhub_desktop.domain.states import GatewayKind, PaymentMethod
from learnhub_desktop.domain.text import NOTE_LENGTH, check_text
from learnhub_desktop.errors import RuleRefused
from learnhub_desktop.services import holds, keys, progress
from learnhub_desktop.services.refund_effects import (
    EffectKind,
    belongs_to,
    effect_of,
    is_extension,
    say_effect,
)
from learnhub_desktop.services.refund_words import RefundPreview, name_of, title_of

_SAME_AGAIN: Final = timedelta(hours=24)
_REASON_LENGTH: Final = 500


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
            "amount": None if self.amount is None else f"{self.amount:.2f}",
            "reason_code": str(self.reason),
            "to": str(self.to),
        }


def clean(order: RefundOrder) -> RefundOrder:
    """The order as it is stored and compared; InvalidInput names what cannot be."""
    override = order.override
    if override is not None:
        override = check_text(
            override, field="override", label="The reason", longest=_REASON_LENGTH
        )
    return replace(
        order,
        key=keys.check_key(order.key),
        amount=None if order.amount is None else money.check_amount(order.amount),
        comment=check_text(
            order.comment, field="comment", label="The comment", longest=NOTE_LENGTH, required=False
        ),
        override=override,
    )


def judge(
    uow: UnitOfWork, charge: PaymentFacts, enrolment: EnrolmentFacts | None, percent: Decimal | None
) -> tuple[ChargeFacts, Decision]:
    """The policy's word on a charge; ``percent`` None where progress does not count."""
    settings = uow.settings.get()
    facts = ChargeFacts(
        kind=charge.kind,
        status=charge.status,
        amount=charge.amount,
        currency=charge.currency,
        refunded=charge.refunded_amount,
        counted_from=_counted_from(uow, charge, enrolment, settings),
        progress_percent=percent if charge.subscription_id is None else None,
        refund_due=charge.refund_due,
    )
    policy = Policy(settings.refund_days, settings.refund_progress_percent, settings.zone)
    return facts, decide(facts, policy, now=uow.now())


def _counted_from(
    uow: UnitOfWork,
    charge: PaymentFacts,
    enrolment: EnrolmentFacts | None,
    settings: SchoolSettings,
) -> datetime:
    """When the days for a refund began: with the enrolment, or the period, that was paid.

    A charge that extended access, or paid for an enrolment that was opened anew since, has
    its own day.
    """
    if charge.subscription_id is not None:
        bill = uow.billing.find_bill_of(charge.payment_id)
        if bill is not None:
            return datetime.combine(bill.period_start, time(), tzinfo=settings.zone)
    elif enrolment is not None and belongs_to(charge, enrolment) and not is_extension(uow, charge):
        return enrolment.enrolled_at
    return charge.processed_at or charge.created_at


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


def amount_of(
    uow: UnitOfWork, order: RefundOrder, charge: PaymentFacts, facts: ChargeFacts
) -> Decimal:
    if order.seen_refunded != charge.refunded_amount:
        raise RuleRefused(
            Refusal.STALE_SCREEN,
            f"Meanwhile {money.text(charge.refunded_amount, charge.currency)} of this payment is "
            "refunded or on its way back. Reload, look again, then decide.",
        )
    amount = facts.left if order.amount is None else order.amount
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
    """What the refund's row keeps; InvalidInput where both together are too long for it."""
    parts = [comment, f"Past the policy: {override}" if override else ""]
    text = " ".join(part for part in parts if part)
    label = "The comment, with the reason beside it,"
    return check_text(text, field="comment", label=label, longest=NOTE_LENGTH) if text else None


def is_paid_out_by_hand(charge: PaymentFacts) -> bool:
    """Also what another program took without one of our gateways."""
    if charge.method is PaymentMethod.ACCOUNT_BALANCE:
        return False
    return charge.gateway in (None, GatewayKind.MANUAL) or charge.idempotency_key is None


def why_not_to_balance(student: StudentFacts, charge: PaymentFacts) -> str:
    """Why this money cannot go to the student's balance; empty where it can."""
    if student.deleted_at is not None:
        return "This account was deleted, so nobody could use its balance."
    if student.balance_currency != charge.currency:
        return (
            f"The balance of {student.name} is kept in {student.balance_currency}, and this "
            f"payment was made in {charge.currency}."
        )
    return ""


def preview(uow: UnitOfWork, payment_id: int) -> RefundPreview:
    """What the refund dialog shows: what is left, and why it is refused where it is."""
    uow.actor.require(Right.REFUND)
    place = uow.payments.place(payment_id)
    payment = uow.payments.get(payment_id)
    student = uow.enrolments.find_student(place.user_id)
    enrolment = None if place.enrollment_id is None else uow.enrolments.get(place.enrollment_id)
    assert student is not None
    facts, decision = judge(uow, payment, enrolment, _percent(uow, enrolment))
    effect = effect_of(uow, payment, enrolment)
    title = title_of(uow, payment)
    what = name_of(payment, title)
    return RefundPreview(
        payment_id=payment_id,
        student_name=student.name,
        what=what if title is None else title,
        amount=payment.amount,
        refunded=payment.refunded_amount,
        left=facts.left,
        currency=payment.currency,
        method=payment.method,
        by_hand=is_paid_out_by_hand(payment),
        may_go_to_balance=not why_not_to_balance(student, payment),
        holds_seat=effect.kind is EffectKind.ENDED,
        refusal=decision.message,
        is_policy=decision.is_policy,
        may_override=uow.actor.may(Right.OVERRIDE_REFUND),
        effect=say_effect(uow, effect, what, done=False),
    )


def _percent(uow: UnitOfWork, enrolment: EnrolmentFacts | None) -> Decimal | None:
    """The progress that the refund itself would count."""
    if enrolment is None or not enrolment.progress_stale:
        return None if enrolment is None else enrolment.progress_percent
    count = uow.progress.count(enrolment.enrollment_id)
    return percentage(count.done, count.total)
