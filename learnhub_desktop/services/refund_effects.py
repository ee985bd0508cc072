"""What a full refund ends: the enrolment and its access, an extension, a subscription.

The dialog's preview and the refund itself ask the same function, so that they agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.billing import Grant, access_without
from learnhub_desktop.domain.enrolments import EnrolmentFacts
from learnhub_desktop.domain.moments import say_last_day
from learnhub_desktop.domain.settlement import PaymentFacts
from learnhub_desktop.domain.situations import AccessEnd
from learnhub_desktop.domain.states import (
    EnrolmentSource,
    EnrolmentStatus,
    EventType,
    move_enrolment,
)
from learnhub_desktop.services import holds

# Another program writes the payment and its enrolment one after the other, either first.
_OTHER_PROGRAMS_SLACK: Final = timedelta(days=1)


class EffectKind(StrEnum):
    NOTHING = "nothing"  # what it had bought has ended before, or is not known
    SHORTENED = "shortened"  # another charge, or staff, still stands for the enrolment
    ENDED = "ended"
    PLAN_ENDED = "plan_ended"


@dataclass(frozen=True, slots=True)
class Effect:
    """``until`` is when access ends after it, for a shortened one (None: never)."""

    kind: EffectKind
    until: datetime | None = None


def belongs_to(charge: PaymentFacts, enrolment: EnrolmentFacts) -> bool:
    """Whether the charge paid for the enrolment as it stands, not for an earlier life of it."""
    paid_at = charge.processed_at or charge.created_at
    slack = _OTHER_PROGRAMS_SLACK if charge.idempotency_key is None else timedelta(0)
    return paid_at + slack >= enrolment.enrolled_at


def is_extension(uow: UnitOfWork, charge: PaymentFacts) -> bool:
    return uow.payments.has_event(charge.payment_id, EventType.ACCESS_EXTENDED)


def effect_of(uow: UnitOfWork, charge: PaymentFacts, enrolment: EnrolmentFacts | None) -> Effect:
    """What giving all of this charge back would end, as things stand now.

    The enrolment ends with the last charge that pays for it; as long as another one does,
    or staff had opened it, only the access that this charge had added goes.
    """
    if charge.subscription_id is not None:
        return _effect_on_plan(uow, charge, charge.subscription_id)
    if enrolment is None or not enrolment.is_open or charge.refund_due:
        return Effect(EffectKind.NOTHING)
    if not belongs_to(charge, enrolment):
        return Effect(EffectKind.NOTHING)
    stays = uow.payments.is_paid_by_another(
        enrolment.enrollment_id, charge.payment_id, since=enrolment.enrolled_at
    )
    if enrolment.source is not EnrolmentSource.PURCHASE and is_extension(uow, charge):
        stays = True
    return _shortened(uow, charge, enrolment) if stays else Effect(EffectKind.ENDED)


def _effect_on_plan(uow: UnitOfWork, charge: PaymentFacts, subscription_id: int) -> Effect:
    """A period that is over ends nothing: a later one is paid."""
    bill = uow.billing.find_bill_of(charge.payment_id)
    plan = uow.billing.get(subscription_id)
    ends_on = None if bill is None else bill.period_end
    is_over = ends_on is not None and ends_on < plan.current_period_end
    runs = plan.is_running and not is_over
    return Effect(EffectKind.PLAN_ENDED if runs else EffectKind.NOTHING)


def _shortened(uow: UnitOfWork, charge: PaymentFacts, enrolment: EnrolmentFacts) -> Effect:
    now = uow.now()
    access = uow.enrolments.find_access(enrolment.student_id, enrolment.course_id)
    grant = _grant_of(uow, charge)
    if access is None or grant is None or not access.is_open(now):
        return Effect(EffectKind.NOTHING)
    until = access_without(grant, current=access.expires_at, now=now)
    if until == access.expires_at:
        return Effect(EffectKind.NOTHING)
    return Effect(EffectKind.SHORTENED, until)


def _grant_of(uow: UnitOfWork, charge: PaymentFacts) -> Grant | None:
    """The stretch of access that the charge had added, as its event tells it."""
    granted = uow.payments.last_event(
        charge.payment_id, EventType.ACCESS_GRANTED, EventType.ACCESS_EXTENDED
    )
    if granted is None or "from" not in granted[1]:
        return None
    facts = granted[1]
    until = facts.get("until")
    return Grant(
        datetime.fromisoformat(facts["from"]), datetime.fromisoformat(until) if until else None
    )


def end_what_was_bought(uow: UnitOfWork, locked: holds.Locked) -> Effect:
    """Undo what the fully refunded charge had opened. The rows are locked by the caller."""
    now, charge, enrolment = uow.now(), locked.payment, locked.enrolment
    effect = effect_of(uow, charge, enrolment)
    facts: dict[str, Any] = {"effect": str(effect.kind)}
    if effect.kind is EffectKind.PLAN_ENDED:
        assert charge.subscription_id is not None
        end_subscription(uow, charge.subscription_id)
    if effect.kind is EffectKind.SHORTENED:
        assert enrolment is not None
        uow.enrolments.open_access(enrolment.student_id, enrolment.course_id, effect.until, now)
        facts["until"] = effect.until.isoformat() if effect.until else None
    if effect.kind is EffectKind.ENDED:
        assert enrolment is not None
        _end_enrolment(uow, enrolment, EnrolmentStatus.REFUNDED, AccessEnd.REFUNDED)
        facts["enrollment_id"] = enrolment.enrollment_id
    if effect.kind is not EffectKind.NOTHING:
        uow.payments.note(charge.payment_id, [(EventType.ACCESS_ENDED, facts)], now)
    return effect


def end_subscription(uow: UnitOfWork, subscription_id: int) -> None:
    """End a subscription now, with the access and the seats of every course that it opened."""
    uow.subscriptions.end(subscription_id, uow.now())
    for opened in uow.subscriptions.open_enrolments(subscription_id):
        enrolment = uow.enrolments.lock(opened)
        _end_enrolment(uow, enrolment, EnrolmentStatus.CANCELLED, AccessEnd.SUBSCRIPTION)


def _end_enrolment(
    uow: UnitOfWork, enrolment: EnrolmentFacts, status: EnrolmentStatus, reason: AccessEnd
) -> None:
    now = uow.now()
    moment = "refunded_at" if status is EnrolmentStatus.REFUNDED else "cancelled_at"
    uow.enrolments.update(
        enrolment.enrollment_id,
        status=move_enrolment(enrolment.status, status),
        **{moment: now},
    )
    uow.enrolments.end_access(enrolment.student_id, enrolment.course_id, reason, now)
    uow.enrolments.free_seat(enrolment.course_id)


def say_effect(uow: UnitOfWork, effect: Effect, what: str, *, done: bool) -> str:
    """The effect in a sentence: after it was ``done``, or before, in the dialog."""
    match effect.kind:
        case EffectKind.ENDED:
            return (
                f"Access to {what} has ended, and the seat is free."
                if done
                else f"Access to {what} ends, and the seat becomes free."
            )
        case EffectKind.SHORTENED:
            assert effect.until is not None
            day = say_last_day(effect.until, uow.settings.get().zone)
            return f"Access to {what} {'now ends' if done else 'then ends'} on {day}."
        case EffectKind.PLAN_ENDED:
            return (
                "The subscription and all access that it opened have ended."
                if done
                else "The subscription ends, with all access that it opened."
            )
    return f"Access to {what} {'is' if done else 'stays'} as it was before."
