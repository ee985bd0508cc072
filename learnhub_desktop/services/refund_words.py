"""What became of a refund, in whole sentences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain import money
from learnhub_desktop.domain.changes import Changes, Touched
from learnhub_desktop.domain.payments import BALANCE
from learnhub_desktop.domain.settlement import PaymentFacts
from learnhub_desktop.domain.states import EventType, GatewayKind, PaymentMethod, PaymentStatus
from learnhub_desktop.gateways.port import reason_text
from learnhub_desktop.services.refund_effects import Effect, EffectKind, say_effect


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

    @property
    def is_known(self) -> bool:
        """Whether it is known what became of the money: the first call may still be at it."""
        if self.outcome is RefundOutcome.PENDING:
            return not self.replayed
        return self.outcome is not RefundOutcome.UNKNOWN


@dataclass(frozen=True, slots=True)
class RefundPreview:
    """``refusal`` is why it is refused, empty where it is not; ``is_policy``: a person with the
    right may grant it all the same. ``by_hand``: someone pays it out. ``holds_seat``: a full
    refund frees the seat. ``effect`` is what a full refund ends, in a sentence."""

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
    effect: str = ""


_OUTCOMES = {
    PaymentStatus.COMPLETED: RefundOutcome.COMPLETED,
    PaymentStatus.FAILED: RefundOutcome.FAILED,
    PaymentStatus.UNKNOWN: RefundOutcome.UNKNOWN,
}
_OWN_REASONS = {
    "gateway_unreachable": "The gateway could not be reached.",
    "not_found": "The gateway knows of no such refund, so it was given up.",
    "key_reused": "The gateway knows this refund's key from another act.",
    "not_accepted": "The gateway could not take this refund.",
    "cancelled": "The payout was cancelled.",
}


def refund_of(uow: UnitOfWork, refund_id: int, *, replayed: bool = False) -> Refund:
    """The refund as it stands in the database now, with its sentence."""
    row = uow.payments.get(refund_id)
    assert row.refunds_payment_id is not None
    charge = uow.payments.get(row.refunds_payment_id)
    outcome = _OUTCOMES.get(row.status, RefundOutcome.PENDING)
    message = _sentence(uow, outcome, row, charge)
    if replayed and outcome in (RefundOutcome.COMPLETED, RefundOutcome.FAILED):
        message = f"This was done already. {message}"
    touched = Touched.PAYMENTS | Touched.ENROLMENTS | Touched.CATALOG | Touched.STUDENTS
    if charge.subscription_id is not None:
        touched |= Touched.SUBSCRIPTIONS
    warning = outcome is not RefundOutcome.COMPLETED
    changes = Changes(touched, message, subject_id=charge.payment_id, warning=warning)
    return Refund(outcome, changes, refund_id, charge.payment_id, replayed)


def _sentence(
    uow: UnitOfWork, outcome: RefundOutcome, row: PaymentFacts, charge: PaymentFacts
) -> str:
    student = uow.enrolments.find_student(charge.user_id)
    who = student.name if student is not None else "the student"
    what = name_of(charge, title_of(uow, charge))
    amount = money.text(row.amount, row.currency)
    if outcome is RefundOutcome.COMPLETED:
        where = "the balance of " if row.gateway == BALANCE else ""
        return f"Refunded {amount} to {where}{who}. {_effect(uow, charge, what)}"
    if outcome is RefundOutcome.FAILED:
        reason = _OWN_REASONS.get(row.reason_code or "") or reason_text(row.reason_code)
        return f"{reason or 'The refund failed.'} Nothing went back to {who}; access stays."
    if uow.payments.has_event(row.payment_id, EventType.REFUND_GATEWAY_SUCCESS):
        return (
            f"{amount} went back to {who}, but writing it down did not finish, so access is "
            "kept. Press “Try again” on the refund."
        )
    if outcome is RefundOutcome.UNKNOWN:
        return (
            f"The gateway did not answer: it is not known whether {amount} went back to {who}. "
            "It is asked again; nothing goes back twice."
        )
    if row.gateway == GatewayKind.MANUAL:
        return f"{amount} for {who} is to be paid out by hand. Record it when it is done."
    if uow.payments.has_event(row.payment_id, EventType.REFUND_GATEWAY_PENDING):
        return (
            f"The gateway has taken the refund of {amount} to {who} and will report when it is "
            "paid out. Access stays until then."
        )
    return f"The refund of {amount} to {who} is still being made. Nothing goes back twice."


def title_of(uow: UnitOfWork, charge: PaymentFacts) -> str | None:
    """The title of the course that was paid for, where it was one."""
    if charge.subscription_id is not None or charge.course_id is None:
        return None
    course = uow.enrolments.find_course(charge.course_id)
    return None if course is None else course.title


def name_of(charge: PaymentFacts, title: str | None) -> str:
    """What was paid for, as a sentence says it."""
    if title is not None:
        return f"“{title}”"
    return "the subscription" if charge.subscription_id is not None else "what it paid for"


def _effect(uow: UnitOfWork, charge: PaymentFacts, what: str) -> str:
    if charge.status is not PaymentStatus.REFUNDED:
        left = money.text(charge.left, charge.currency)
        return f"{left} of the payment is left; access to {what} stays."
    return say_effect(uow, _noted(uow, charge), what, done=True)


def _noted(uow: UnitOfWork, charge: PaymentFacts) -> Effect:
    """The effect that the full refund had, as the charge's story tells it."""
    ended = uow.payments.last_event(charge.payment_id, EventType.ACCESS_ENDED)
    if ended is None:
        return Effect(EffectKind.NOTHING)
    facts = ended[1]
    until = facts.get("until")
    return Effect(
        EffectKind(facts.get("effect", EffectKind.ENDED)),
        datetime.fromisoformat(until) if until else None,
    )
