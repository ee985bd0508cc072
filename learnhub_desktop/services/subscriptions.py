"""Subscriptions: sign up, change the plan or the card, cancel, open a course."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from learnhub_desktop.db.repositories.keys import StoredKey
from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain import money
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.changes import Changes, Touched, Undo
from learnhub_desktop.domain.enrolments import StudentFacts
from learnhub_desktop.domain.moments import say_day
from learnhub_desktop.domain.purchases import (
    GATEWAY_METHODS,
    Purchase,
    PurchaseOutcome,
    PurchaseRefusal,
)
from learnhub_desktop.domain.school import Plan
from learnhub_desktop.domain.states import (
    CourseStatus,
    EnrolmentSource,
    EnrolmentStatus,
    PaymentMethod,
    SubscriptionStatus,
    UserType,
)
from learnhub_desktop.domain.subscriptions import (
    SubscriptionFacts,
    SubscriptionRefusal,
    next_period_end,
)
from learnhub_desktop.domain.text import check_text
from learnhub_desktop.errors import InvalidInput, NotFound, RuleRefused
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.services import holds, keys, settling
from learnhub_desktop.services.periods import Started, charge_period, period_end_moment, school_day
from learnhub_desktop.services.purchase_checks import REASON_LENGTH, full_sentence, listed
from learnhub_desktop.services.purchase_words import purchase_of
from learnhub_desktop.services.recording import write_once
from learnhub_desktop.services.refund_effects import end_subscription

OPERATION: Final = "subscription"
TOUCHED: Final = Touched.SUBSCRIPTIONS | Touched.PAYMENTS | Touched.STUDENTS


@dataclass(frozen=True, slots=True)
class SignUp:
    """A new subscription as it stands on the screen. ``card`` is the gateway's token."""

    key: str
    student_id: int
    plan_type: str
    price: Decimal
    currency: str
    card: str
    method: PaymentMethod = PaymentMethod.CREDIT_CARD

    def parameters(self, fingerprint: str | None) -> dict[str, Any]:
        return {
            "student_id": self.student_id,
            "plan_type": self.plan_type,
            "amount": str(self.price),
            "currency": self.currency,
            "card": fingerprint,
        }


def sign_up(
    database: Database,
    order: SignUp,
    *,
    gateways: Gateways,
    wait_s: float = settling.WAIT_S,
) -> Purchase:
    """Start a subscription with its first period paid. The same key never starts two.

    RuleRefused where nothing was done. OutcomeUnknown where it is not known what was: calling
    again with the same key, or "Ask now", settles it.
    """
    keys.check_key(order.key)
    if order.method not in GATEWAY_METHODS or not order.card.strip():
        raise InvalidInput("card", "A subscription needs a card: the gateway's token for it.")
    gateway = gateways.for_method(order.method)
    fingerprint = gateway.card_fingerprint(order.card)
    caller = uuid.uuid4().hex
    held = write_once(
        database, None, order.key, begin, order, fingerprint, gateway.name, caller=caller
    )
    if isinstance(held, settling.Held):
        return settling.charge(database, held, gateways=gateways)
    if held.replayed and settling.is_unsettled(held):
        return settling.wait_for_first(database, held, gateways=gateways, wait_s=wait_s)
    return held


def begin(
    uow: UnitOfWork,
    order: SignUp,
    fingerprint: str | None,
    gateway_name: str,
    *,
    caller: str = "",
) -> settling.Held | Purchase:
    """Write the subscription, not running yet, with its first bill and pending charge."""
    uow.actor.require(Right.TAKE_PAYMENT)
    student = uow.enrolments.lock_student(order.student_id)
    if fingerprint is not None:
        uow.payments.see_card(fingerprint, uow.now())
    parameters = order.parameters(fingerprint)
    stored = keys.find_first(
        uow, order.key, OPERATION, parameters, refusal=SubscriptionRefusal.KEY_REUSED
    )
    if stored is not None:
        return _again(uow, stored, order.card, caller)
    plan = _check(uow, order, student)
    today = school_day(uow)
    subscription_id = uow.billing.add(
        user_id=student.user_id,
        plan_type=plan.plan_type,
        # It runs from the first payment on; until then nothing is due and nothing is open.
        status=SubscriptionStatus.EXPIRED,
        start_date=today,
        current_period_end=today,
        next_billing_date=None,
        payment_method=order.method,
        payment_token=order.card,
        card_fingerprint=fingerprint,
        created_at=uow.now(),
    )
    subscription = uow.billing.get(subscription_id)
    period = (today, next_period_end(today, today, plan.period_months))
    started = charge_period(
        uow, subscription, plan, period, key=order.key, gateway_name=gateway_name
    )
    return keep(uow, started, order.key, parameters, card=order.card, caller=caller)


def _again(
    uow: UnitOfWork, stored: StoredKey, card: str | None, caller: str
) -> settling.Held | Purchase:
    """The key was used before: what became of it, or our own charge whose COMMIT went unanswered."""
    payment = None if stored.payment_id is None else uow.payments.find(stored.payment_id)
    if payment is None:
        # A payment of a closed year: only the key tells the result.
        outcome = PurchaseOutcome(stored.result.get("outcome", PurchaseOutcome.COMPLETED))
        return purchase_of(uow, outcome, stored.key, replayed=True)
    if stored.is_by(caller):
        return settling.resume(uow, payment, card=card)
    return settling.told(uow, payment)


def keep(
    uow: UnitOfWork,
    started: Started,
    key: str,
    parameters: dict[str, Any],
    *,
    card: str | None,
    caller: str,
) -> settling.Held:
    """Store the charge's key, last in its transaction; return what only this call may send."""
    uow.keys.add(
        key,
        OPERATION,
        parameters,
        account=uow.actor.account,
        now=uow.now(),
        payment_id=started.payment_id,
        caller=caller,
    )
    return settling.held_of(uow, started.payment_id, card=card, expires_at=started.expires_at)


def _check(uow: UnitOfWork, order: SignUp, student: StudentFacts) -> Plan:
    if student.deleted_at is not None:
        raise NotFound("This account was deleted.")
    if student.user_type is not UserType.STUDENT:
        raise RuleRefused(
            PurchaseRefusal.NO_STUDENT, f"{student.name} is not a student, but {student.user_type}."
        )
    if uow.billing.find_running(student.user_id) is not None:
        raise RuleRefused(
            SubscriptionRefusal.HAS_ONE_ALREADY, f"{student.name} has a subscription already."
        )
    if uow.billing.find_open_charge(user_id=student.user_id) is not None:
        raise RuleRefused(
            SubscriptionRefusal.OPEN_CHARGE,
            f"{student.name} has a subscription whose charge is not settled yet. Ask about that "
            "payment first.",
        )
    plan = uow.billing.find_plan(order.plan_type)
    if plan is None or not plan.offered:
        raise RuleRefused(SubscriptionRefusal.NOT_OFFERED, "This plan is not offered any more.")
    if (plan.price, plan.currency) != (order.price, order.currency):
        raise RuleRefused(
            SubscriptionRefusal.PRICE_CHANGED,
            f"The plan “{plan.title}” now costs {money.text(plan.price, plan.currency)}. "
            "Nothing was charged; look at the new price first.",
        )
    return plan


def change_plan(uow: UnitOfWork, subscription_id: int, plan_type: str) -> Changes:
    """Bill another plan from the next period on; what is paid stays as it is."""
    student, subscription = _lock_running(uow, subscription_id)
    plan = uow.billing.find_plan(plan_type)
    if plan is None or not plan.offered:
        raise RuleRefused(SubscriptionRefusal.NOT_OFFERED, "This plan is not offered any more.")
    following = None if plan.plan_type == subscription.plan_type else plan.plan_type
    uow.billing.update(subscription_id, next_plan_type=following)
    return Changes(
        TOUCHED,
        f"{student.name} is billed for “{plan.title}” from {_day(uow, subscription)} on: "
        f"{money.text(plan.price, plan.currency)} a period.",
        subject_id=subscription_id,
        undo=Undo(
            "change_plan",
            {
                "subscription_id": subscription_id,
                "plan_type": subscription.next_plan_type or subscription.plan_type,
            },
        ),
    )


def change_card(
    uow: UnitOfWork, subscription_id: int, *, card: str, fingerprint: str | None
) -> Changes:
    """Charge another card from now on; what is past due is tried with it at once.

    ``card`` is the gateway's token, ``fingerprint`` what the gateway knows it by.
    """
    student, subscription = _lock_running(uow, subscription_id)
    if not card.strip():
        raise InvalidInput("card", "Name the card: the gateway's token for it.")
    if fingerprint is not None:
        uow.payments.see_card(fingerprint, uow.now())
    values = {"payment_token": card.strip(), "card_fingerprint": fingerprint}
    waits = subscription.next_retry_at is not None
    if waits:
        uow.billing.update(subscription_id, next_retry_at=uow.now(), **values)
    else:
        uow.billing.update(subscription_id, **values)
    when = "within minutes" if waits else f"on {_day(uow, subscription)}"
    return Changes(
        TOUCHED, f"{student.name}'s new card is charged {when}.", subject_id=subscription_id
    )


def cancel(uow: UnitOfWork, subscription_id: int, *, now: bool, reason: str) -> Changes:
    """End a subscription at its period's end, or now. No money goes back by itself."""
    reason = check_text(reason, field="reason", label="The reason", longest=500)
    student, subscription = _lock_running(uow, subscription_id)
    uow.billing.update(subscription_id, cancel_reason=reason)
    if now:
        end_subscription(uow, subscription_id)
        return Changes(
            TOUCHED | Touched.ENROLMENTS | Touched.CATALOG,
            f"{student.name}'s subscription has ended, with the access that it opened.",
            subject_id=subscription_id,
        )
    uow.billing.update(subscription_id, cancel_at_period_end=True)
    return Changes(
        TOUCHED,
        f"{student.name}'s subscription ends on {_day(uow, subscription)}. Access stays until then.",
        subject_id=subscription_id,
        undo=Undo("resume_subscription", {"subscription_id": subscription_id}),
    )


def resume(uow: UnitOfWork, subscription_id: int) -> Changes:
    """Take back a cancellation at the period's end."""
    student, subscription = _lock_running(uow, subscription_id)
    uow.billing.update(subscription_id, cancel_at_period_end=False, cancel_reason=None)
    return Changes(
        TOUCHED,
        f"{student.name}'s subscription goes on; the next period begins on {_day(uow, subscription)}.",
        subject_id=subscription_id,
    )


def open_course(
    uow: UnitOfWork, subscription_id: int, course_id: int, *, override_reason: str | None = None
) -> Changes:
    """Open a course with a subscription: a seat, and access until the period's end.

    ``override_reason`` lets the student in without what has to be completed first.
    """
    uow.actor.require(Right.ENROL)
    seen = uow.billing.get(subscription_id)
    student = uow.enrolments.lock_student(seen.user_id)
    subscription = uow.billing.lock(subscription_id)
    if not subscription.is_running:
        raise RuleRefused(SubscriptionRefusal.NOT_RUNNING, "This subscription is not running.")
    until = period_end_moment(uow, subscription.current_period_end)
    if until <= uow.now():
        raise RuleRefused(
            SubscriptionRefusal.ENDED,
            f"What {student.name} has paid for ended on {_day(uow, subscription)}. It can open "
            "courses again once the next period is paid.",
        )
    existing = uow.enrolments.find(student.user_id, course_id)
    if existing is not None and existing.holds_a_seat:
        raise RuleRefused(
            SubscriptionRefusal.OPEN_CHARGE, f"{student.name} is in this course already."
        )
    reason = _let_in(uow, student, course_id, override_reason)
    if not uow.enrolments.claim_seat(course_id):
        course = uow.enrolments.lock_course(course_id)
        if course.status is CourseStatus.ACTIVE:
            raise RuleRefused(SubscriptionRefusal.ENDED, full_sentence(course))
        raise RuleRefused(
            SubscriptionRefusal.ENDED, f"“{course.title}” takes no new enrolments now."
        )
    now = uow.now()
    if existing is None:
        enrollment_id = uow.enrolments.add(
            student_id=student.user_id,
            course_id=course_id,
            status=EnrolmentStatus.ACTIVE,
            source=EnrolmentSource.SUBSCRIPTION,
            subscription_id=subscription_id,
            enrolled_at=now,
            reason=reason,
        )
    else:
        enrollment_id = existing.enrollment_id
        holds.activate(
            uow,
            existing,
            EnrolmentSource.SUBSCRIPTION,
            subscription_id=subscription_id,
            reason=reason,
        )
    uow.enrolments.open_access(student.user_id, course_id, until, now)
    found = uow.enrolments.find_course(course_id)
    title = found.title if found is not None else "the course"
    return Changes(
        TOUCHED | Touched.ENROLMENTS | Touched.CATALOG,
        f"Opened “{title}” for {student.name}, until {_day(uow, subscription)} and each time the "
        "subscription is paid.",
        subject_id=enrollment_id,
    )


def _let_in(
    uow: UnitOfWork, student: StudentFacts, course_id: int, override_reason: str | None
) -> str | None:
    """Why the student is let in without the prerequisites; None where none is missing."""
    missing = uow.enrolments.missing_prerequisites(student.user_id, course_id)
    if not missing:
        return None
    if override_reason is None:
        raise RuleRefused(
            PurchaseRefusal.PREREQUISITES,
            f"{student.name} has to complete {listed(missing)} first, or be let in with a reason.",
        )
    uow.actor.require(Right.OVERRIDE_PREREQUISITES)
    return check_text(override_reason, field="override", label="The reason", longest=REASON_LENGTH)


def _lock_running(uow: UnitOfWork, subscription_id: int) -> tuple[StudentFacts, SubscriptionFacts]:
    uow.actor.require(Right.TAKE_PAYMENT)
    seen = uow.billing.get(subscription_id)
    student = uow.enrolments.lock_student(seen.user_id)
    uow.subscriptions.lock_with_courses(subscription_id)
    subscription = uow.billing.lock(subscription_id)
    if not subscription.is_running:
        raise RuleRefused(SubscriptionRefusal.NOT_RUNNING, "This subscription is not running.")
    return student, subscription


def _day(uow: UnitOfWork, subscription: SubscriptionFacts) -> str:
    ends_at = period_end_moment(uow, subscription.current_period_end)
    return say_day(ends_at, uow.settings.get().zone)
