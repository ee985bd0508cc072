"""Subscriptions: sign up, bill the next period, change, cancel, open a course."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain import money
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.changes import Changes, Touched
from learnhub_desktop.domain.enrolments import StudentFacts
from learnhub_desktop.domain.purchases import GATEWAY_METHODS, Purchase, PurchaseOutcome
from learnhub_desktop.domain.school import Plan
from learnhub_desktop.domain.states import (
    BillingStatus,
    CourseStatus,
    EnrolmentSource,
    EnrolmentStatus,
    EventType,
    KeyState,
    PaymentKind,
    PaymentMethod,
    PaymentStatus,
    SubscriptionStatus,
)
from learnhub_desktop.domain.subscriptions import (
    SubscriptionFacts,
    SubscriptionRefusal,
    next_period_end,
)
from learnhub_desktop.domain.text import check_text
from learnhub_desktop.errors import InvalidInput, NotFound, OutcomeUnknown, RuleRefused
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.services import holds, keys, settling
from learnhub_desktop.services.periods import period_end_moment
from learnhub_desktop.services.purchase_checks import full_sentence
from learnhub_desktop.services.purchase_words import purchase_of
from learnhub_desktop.services.refund_effects import end_subscription

OPERATION: Final = "subscription"
_TOUCHED: Final = Touched.SUBSCRIPTIONS | Touched.PAYMENTS | Touched.STUDENTS


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


def sign_up(database: Database, order: SignUp, *, gateways: Gateways) -> Purchase:
    """Start a subscription with its first period paid. The same key never starts two."""
    keys.check_key(order.key)
    if order.method not in GATEWAY_METHODS or not order.card.strip():
        raise InvalidInput("card", "A subscription needs a card: the gateway's token for it.")
    gateway = gateways.for_method(order.method)
    fingerprint = gateway.card_fingerprint(order.card)
    try:
        held = database.write(begin, order, fingerprint, gateway.name)
    except OutcomeUnknown:
        held = database.write(begin, order, fingerprint, gateway.name)
    if isinstance(held, settling.Held):
        return settling.charge(database, held, gateways=gateways)
    if held.outcome is PurchaseOutcome.IN_PROGRESS:
        return settling.wait_for_first(database, held, gateways=gateways, wait_s=settling.WAIT_S)
    return held


def begin(
    uow: UnitOfWork, order: SignUp, fingerprint: str | None, gateway_name: str
) -> settling.Held | Purchase:
    """Write the subscription, not running yet, with its first bill and pending charge."""
    uow.actor.require(Right.TAKE_PAYMENT)
    student = uow.enrolments.lock_student(order.student_id)
    stored = keys.find_first(
        uow,
        order.key,
        OPERATION,
        order.parameters(fingerprint),
        refusal=SubscriptionRefusal.KEY_REUSED,
    )
    if stored is not None:
        outcome = (
            PurchaseOutcome.IN_PROGRESS
            if stored.state is KeyState.IN_PROGRESS
            else PurchaseOutcome(stored.result["outcome"])
        )
        return purchase_of(uow, outcome, order.key, stored.payment_id, replayed=True)
    plan = _check(uow, order, student)
    if fingerprint is not None:
        uow.payments.see_card(fingerprint, uow.now())
    today = uow.now().astimezone(uow.settings.get().zone).date()
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
    return _charge_period(
        uow, uow.billing.get(subscription_id), plan, key=order.key, gateway_name=gateway_name,
        parameters=order.parameters(fingerprint),
    )  # fmt: skip


def _check(uow: UnitOfWork, order: SignUp, student: StudentFacts) -> Plan:
    if student.deleted_at is not None:
        raise NotFound("This account was deleted.")
    if uow.billing.find_running(student.user_id) is not None:
        raise RuleRefused(
            SubscriptionRefusal.HAS_ONE_ALREADY, f"{student.name} has a subscription already."
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


def _charge_period(
    uow: UnitOfWork,
    subscription: SubscriptionFacts,
    plan: Plan,
    *,
    key: str,
    gateway_name: str,
    parameters: dict[str, Any],
) -> settling.Held:
    """Write the pending charge of the next period. The row lock makes desks queue here."""
    now = uow.now()
    start = subscription.current_period_end
    end = next_period_end(subscription.start_date, start, plan.period_months)
    expires_at = now + timedelta(minutes=uow.settings.get().hold_minutes_card)
    payment_id = uow.payments.add(
        user_id=subscription.user_id,
        subscription_id=subscription.subscription_id,
        kind=PaymentKind.CHARGE,
        amount=plan.price,
        currency=plan.currency,
        payment_method=subscription.method,
        status=PaymentStatus.PENDING,
        payment_gateway=gateway_name,
        card_fingerprint=subscription.card_fingerprint,
        idempotency_key=key,
        hold_expires_at=expires_at,
        next_check_at=expires_at,
        created_at=now,
    )
    uow.payments.note(
        payment_id,
        [
            (
                EventType.INITIATED,
                {
                    "subscription_id": subscription.subscription_id,
                    "period_start": start.isoformat(),
                    "period_end": end.isoformat(),
                    "amount": str(plan.price),
                    "currency": plan.currency,
                },
            ),
            (EventType.PAYMENT_GATEWAY_CALLED, {"gateway": gateway_name}),
        ],
        now,
    )
    bill = uow.billing.find_bill(subscription.subscription_id, start)
    values: dict[str, Any] = {
        "charge_payment_id": payment_id,
        "amount": plan.price,
        "currency": plan.currency,
        "billing_period_end": end,
        "status": BillingStatus.PENDING,
    }
    if bill is None:
        uow.billing.add_bill(
            subscription_id=subscription.subscription_id,
            billing_period_start=start,
            created_at=now,
            **values,
        )
    else:
        uow.billing.update_bill(bill.billing_id, **values)
    uow.keys.add(
        key, OPERATION, parameters, account=uow.actor.account, now=now, payment_id=payment_id
    )
    return settling.held_of(uow, payment_id, card=subscription.payment_token, expires_at=expires_at)


def renew(database: Database, subscription_id: int, *, gateways: Gateways) -> Purchase | Changes:
    """Bill the next period if it is due. Called twice, or on many desks, it bills once."""
    begun = database.write(begin_renewal, subscription_id)
    if isinstance(begun, settling.Held):
        return settling.charge(database, begun, gateways=gateways)
    return begun


def begin_renewal(uow: UnitOfWork, subscription_id: int) -> settling.Held | Changes:
    """Look at the due date again under the lock; write the charge, or end what is over."""
    uow.actor.require(Right.RUN_JOBS)
    seen = uow.billing.get(subscription_id)
    student = uow.enrolments.lock_student(seen.user_id)
    uow.subscriptions.lock_with_courses(subscription_id)
    subscription = uow.billing.lock(subscription_id)
    now = uow.now()
    today = now.astimezone(uow.settings.get().zone).date()
    if not subscription.is_due(today, now):
        return Changes(Touched.NOTHING, f"{student.name}'s next period is not due.")
    if subscription.cancel_at_period_end:
        end_subscription(uow, subscription_id)
        return Changes(
            _TOUCHED | Touched.ENROLMENTS | Touched.CATALOG,
            f"{student.name}'s subscription has ended, as was asked for.",
            subject_id=subscription_id,
        )
    bill = uow.billing.find_bill(subscription_id, subscription.current_period_end)
    if bill is not None and bill.status is not BillingStatus.FAILED:
        return Changes(
            Touched.NOTHING, f"{student.name}'s period is being charged, or was charged already."
        )
    plan = uow.billing.find_plan(subscription.next_plan_type or subscription.plan_type)
    assert plan is not None
    attempt = 0 if bill is None else bill.retry_count
    key = f"renew-{subscription_id}-{subscription.current_period_end:%Y%m%d}-{attempt}"
    parameters = {
        "subscription_id": subscription_id,
        "period_start": subscription.current_period_end.isoformat(),
        "attempt": attempt,
    }
    first = uow.billing.gateway_of(subscription_id)
    return _charge_period(
        uow, subscription, plan, key=key, gateway_name=first, parameters=parameters
    )


def change_plan(uow: UnitOfWork, subscription_id: int, plan_type: str) -> Changes:
    """Bill another plan from the next period on; what is paid stays as it is."""
    student, subscription = _lock_running(uow, subscription_id)
    plan = uow.billing.find_plan(plan_type)
    if plan is None or not plan.offered:
        raise RuleRefused(SubscriptionRefusal.NOT_OFFERED, "This plan is not offered any more.")
    following = None if plan.plan_type == subscription.plan_type else plan.plan_type
    uow.billing.update(subscription_id, next_plan_type=following)
    return Changes(
        _TOUCHED,
        f"{student.name} is billed for “{plan.title}” from {_day(subscription)} on: "
        f"{money.text(plan.price, plan.currency)} a period.",
        subject_id=subscription_id,
    )


def cancel(uow: UnitOfWork, subscription_id: int, *, now: bool, reason: str) -> Changes:
    """End a subscription at its period's end, or now. No money goes back by itself."""
    reason = check_text(reason, field="reason", label="The reason", longest=500)
    student, subscription = _lock_running(uow, subscription_id)
    uow.billing.update(subscription_id, cancel_reason=reason)
    if now:
        end_subscription(uow, subscription_id)
        return Changes(
            _TOUCHED | Touched.ENROLMENTS | Touched.CATALOG,
            f"{student.name}'s subscription has ended, with the access that it opened.",
            subject_id=subscription_id,
        )
    uow.billing.update(subscription_id, cancel_at_period_end=True)
    return Changes(
        _TOUCHED,
        f"{student.name}'s subscription ends on {_day(subscription)}. Access stays until then.",
        subject_id=subscription_id,
    )


def resume(uow: UnitOfWork, subscription_id: int) -> Changes:
    """Take back a cancellation at the period's end."""
    student, subscription = _lock_running(uow, subscription_id)
    uow.billing.update(subscription_id, cancel_at_period_end=False, cancel_reason=None)
    return Changes(
        _TOUCHED,
        f"{student.name}'s subscription goes on; the next period begins on {_day(subscription)}.",
        subject_id=subscription_id,
    )


def open_course(uow: UnitOfWork, subscription_id: int, course_id: int) -> Changes:
    """Open a course with a subscription: a seat, and access until the period's end."""
    uow.actor.require(Right.ENROL)
    seen = uow.billing.get(subscription_id)
    student = uow.enrolments.lock_student(seen.user_id)
    subscription = uow.billing.lock(subscription_id)
    if not subscription.is_running:
        raise RuleRefused(SubscriptionRefusal.NOT_RUNNING, "This subscription is not running.")
    existing = uow.enrolments.find(student.user_id, course_id)
    if existing is not None and existing.holds_a_seat:
        raise RuleRefused(
            SubscriptionRefusal.OPEN_CHARGE, f"{student.name} is in this course already."
        )
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
        )
    else:
        enrollment_id = existing.enrollment_id
        holds.activate(uow, existing, EnrolmentSource.SUBSCRIPTION, subscription_id=subscription_id)
    until = period_end_moment(uow, subscription.current_period_end)
    uow.enrolments.open_access(student.user_id, course_id, until, now)
    found = uow.enrolments.find_course(course_id)
    title = found.title if found is not None else "the course"
    return Changes(
        _TOUCHED | Touched.ENROLMENTS | Touched.CATALOG,
        f"Opened “{title}” for {student.name}, until {_day(subscription)} and each time the "
        "subscription is paid.",
        subject_id=enrollment_id,
    )


def _lock_running(uow: UnitOfWork, subscription_id: int) -> tuple[StudentFacts, SubscriptionFacts]:
    uow.actor.require(Right.TAKE_PAYMENT)
    seen = uow.billing.get(subscription_id)
    student = uow.enrolments.lock_student(seen.user_id)
    uow.subscriptions.lock_with_courses(subscription_id)
    subscription = uow.billing.lock(subscription_id)
    if not subscription.is_running:
        raise RuleRefused(SubscriptionRefusal.NOT_RUNNING, "This subscription is not running.")
    return student, subscription


def _day(subscription: SubscriptionFacts) -> str:
    day = subscription.current_period_end
    return f"{day.day} {day:%B %Y}"
