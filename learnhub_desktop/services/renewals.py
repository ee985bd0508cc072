"""Billing the next period of one subscription, exactly once, whoever asks for it."""

from __future__ import annotations

import uuid

from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.changes import Changes, Touched
from learnhub_desktop.domain.enrolments import StudentFacts
from learnhub_desktop.domain.purchases import GATEWAY_METHODS, Purchase, PurchaseOutcome
from learnhub_desktop.domain.states import BillingStatus
from learnhub_desktop.domain.subscriptions import (
    NOT_DECLINED,
    Billed,
    BillingOutcome,
    SubscriptionFacts,
    SubscriptionRefusal,
    period_to_bill,
)
from learnhub_desktop.errors import RuleRefused
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.services import settling
from learnhub_desktop.services.periods import charge_period, school_day
from learnhub_desktop.services.recording import write_once
from learnhub_desktop.services.refund_effects import end_subscription
from learnhub_desktop.services.subscriptions import TOUCHED, keep


def renew(database: Database, subscription_id: int, *, gateways: Gateways) -> Billed:
    """Bill the next period if it is due. Called twice, or on many desks, it bills once."""
    caller = uuid.uuid4().hex
    begun = write_once(
        database, None, caller, begin_renewal, subscription_id, gateways, caller=caller
    )
    if isinstance(begun, Billed):
        return begun
    purchase = settling.charge(database, begun, gateways=gateways)
    return database.read(_billed, subscription_id, purchase)


def _billed(uow: UnitOfWork, subscription_id: int, purchase: Purchase) -> Billed:
    match purchase.outcome:
        case PurchaseOutcome.COMPLETED:
            outcome = BillingOutcome.PAID
        case PurchaseOutcome.DECLINED:
            assert purchase.payment_id is not None
            reason = uow.payments.get(purchase.payment_id).reason_code
            sent = reason not in NOT_DECLINED
            outcome = BillingOutcome.DECLINED if sent else BillingOutcome.NOT_SENT
        case _:
            outcome = BillingOutcome.UNKNOWN
    return Billed(outcome, purchase.changes, subscription_id, purchase.payment_id)


def begin_renewal(
    uow: UnitOfWork, subscription_id: int, gateways: Gateways, *, caller: str = ""
) -> settling.Held | Billed:
    """Look at the due date again under the lock; write the charge, or end what is over."""
    uow.actor.require(Right.RUN_JOBS)
    seen = uow.billing.get(subscription_id)
    student = uow.enrolments.lock_student(seen.user_id)
    uow.subscriptions.lock_with_courses(subscription_id)
    subscription, now = uow.billing.lock(subscription_id), uow.now()
    if not subscription.is_due(school_day(uow), now):
        return _not_due(subscription_id, f"{student.name}'s next period is not due.")
    if subscription.cancel_at_period_end:
        end_subscription(uow, subscription_id)
        changes = Changes(
            TOUCHED | Touched.ENROLMENTS | Touched.CATALOG,
            f"{student.name}'s subscription has ended, as was asked for.",
            subject_id=subscription_id,
        )
        return Billed(BillingOutcome.ENDED, changes, subscription_id)
    open_charge = uow.billing.find_open_charge(subscription_id=subscription_id)
    if open_charge is not None:
        return _at_it(uow, subscription, open_charge, caller, student)
    return _charge_next(uow, subscription, student, gateways, caller)


def _at_it(
    uow: UnitOfWork,
    subscription: SubscriptionFacts,
    payment_id: int,
    caller: str,
    student: StudentFacts,
) -> settling.Held | Billed:
    """A charge is under way: another call's, or our own whose COMMIT went unanswered."""
    payment = uow.payments.get(payment_id)
    stored = uow.keys.find(payment.idempotency_key or "")
    if stored is not None and stored.is_by(caller):
        resumed = settling.resume(uow, payment, card=subscription.payment_token)
        if isinstance(resumed, settling.Held):
            return resumed
    return _not_due(
        subscription.subscription_id,
        f"{student.name}'s period is being charged (payment {payment_id}).",
    )


def _charge_next(
    uow: UnitOfWork,
    subscription: SubscriptionFacts,
    student: StudentFacts,
    gateways: Gateways,
    caller: str,
) -> settling.Held | Billed:
    method = subscription.method
    if method is None or method not in GATEWAY_METHODS or not subscription.payment_token:
        raise RuleRefused(
            SubscriptionRefusal.METHOD,
            f"{student.name}'s subscription names no card that could be charged. Give it one.",
        )
    # Refused before anything is written where the school has no such gateway any more.
    known = uow.billing.gateway_of(subscription.subscription_id)
    gateway = gateways.named(known) if known else gateways.for_method(method)
    plan = uow.billing.find_plan(subscription.next_plan_type or subscription.plan_type)
    assert plan is not None  # a foreign key holds it
    period = period_to_bill(
        subscription.start_date,
        subscription.current_period_end,
        plan.period_months,
        school_day(uow),
    )
    subscription_id = subscription.subscription_id
    bill = uow.billing.find_bill(subscription_id, period[0])
    if bill is not None and bill.status is BillingStatus.COMPLETED:
        return _not_due(subscription_id, f"{student.name}'s period was charged already.")
    attempt = 0 if bill is None else bill.retry_count
    parameters = {
        "subscription_id": subscription_id,
        "period_start": period[0].isoformat(),
        "attempt": attempt,
    }
    key = f"renew-{subscription_id}-{period[0]:%Y%m%d}-{attempt}"
    started = charge_period(
        uow,
        subscription,
        plan,
        period,
        key=key,
        gateway_name=gateway.name,
    )
    card = subscription.payment_token
    return keep(uow, started, key, parameters, card=card, caller=caller)


def _not_due(subscription_id: int, sentence: str) -> Billed:
    return Billed(BillingOutcome.NOT_DUE, Changes(Touched.NOTHING, sentence), subscription_id)
