"""What a subscription's charge pays for: one period, counted exactly, and never twice.

Every function runs inside a transaction that holds the locks: student, subscription, the
courses that it opened, payment.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, Final

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.settlement import PaymentFacts
from learnhub_desktop.domain.states import (
    BillingStatus,
    EventType,
    PaymentStatus,
    SubscriptionStatus,
    move_payment,
)
from learnhub_desktop.domain.subscriptions import parse_schedule, retry_at
from learnhub_desktop.services.refund_effects import end_subscription

NOT_SENT: Final = "gateway_unreachable"

Events = list[tuple[EventType, dict[str, Any]]]


def period_end_moment(uow: UnitOfWork, day: date) -> datetime:
    """The moment a period ends: the first of that day in the school's time zone."""
    zone = uow.settings.get().zone
    return datetime.combine(day, time(), tzinfo=zone)


def complete_period(
    uow: UnitOfWork, payment: PaymentFacts, *, reference: str | None, events: Events
) -> None:
    """The period is paid: the plan runs to its end, and so does the access it opened."""
    now = uow.now()
    assert payment.subscription_id is not None
    bill = uow.billing.find_bill_of(payment.payment_id)
    assert bill is not None
    subscription = uow.billing.lock(payment.subscription_id)
    uow.billing.update_bill(bill.billing_id, status=BillingStatus.COMPLETED)
    uow.payments.update(
        payment.payment_id,
        status=move_payment(payment.status, PaymentStatus.COMPLETED),
        processed_at=now,
        gateway_reference=reference,
        transaction_id=reference,
        hold_expires_at=None,
        next_check_at=None,
        # The subscription was ended while the gateway was at it: the money must go back.
        refund_due=subscription.status is SubscriptionStatus.CANCELLED,
    )
    if subscription.status is SubscriptionStatus.CANCELLED:
        events.append((EventType.REFUND_DUE, {"reason": "subscription_ended"}))
    else:
        uow.billing.update(
            subscription.subscription_id,
            status=SubscriptionStatus.ACTIVE,
            plan_type=subscription.next_plan_type or subscription.plan_type,
            next_plan_type=None,
            current_period_end=bill.period_end,
            next_billing_date=bill.period_end,
            retry_count=0,
            next_retry_at=None,
            past_due_since=None,
        )
        until = period_end_moment(uow, bill.period_end)
        opened = uow.billing.extend_open_access(subscription.subscription_id, until, now)
        events.append((EventType.ACCESS_EXTENDED, {"until": until.isoformat(), "courses": opened}))
        events.append((EventType.COMPLETION_CONFIRMED, {"payment_id": payment.payment_id}))
    uow.payments.note(payment.payment_id, events, now)


def fail_period(
    uow: UnitOfWork, payment: PaymentFacts, *, reason_code: str, events: Events
) -> None:
    """The charge failed. Only a declined one makes the subscription past due.

    It is tried again by the school's schedule, one for declined charges and one for a
    gateway that was not reachable; a declined one that is given up ends the subscription.
    """
    now = uow.now()
    assert payment.subscription_id is not None
    subscription = uow.billing.lock(payment.subscription_id)
    bill = uow.billing.find_bill_of(payment.payment_id)
    assert bill is not None
    uow.payments.update(
        payment.payment_id,
        status=move_payment(payment.status, PaymentStatus.FAILED),
        reason_code=reason_code[:32],
        processed_at=now,
        hold_expires_at=None,
        next_check_at=None,
    )
    events.append((EventType.FAILED, {"reason": reason_code}))
    uow.payments.note(payment.payment_id, events, now)
    uow.billing.update_bill(
        bill.billing_id, status=BillingStatus.FAILED, retry_count=bill.retry_count + 1
    )
    if not subscription.is_running:
        return
    tries = subscription.retry_count + 1
    settings = uow.settings.get()
    if reason_code == NOT_SENT:
        schedule = parse_schedule(settings.retry_unreachable_minutes)
        # A gateway that is down is nobody's fault: the last step is repeated for ever.
        step = min(tries, len(schedule)) if schedule else 0
        again = now + timedelta(minutes=schedule[step - 1] if schedule else 60)
        uow.billing.update(subscription.subscription_id, retry_count=tries, next_retry_at=again)
        return
    declined_so_far = tries if subscription.status is SubscriptionStatus.PAST_DUE else 1
    schedule = parse_schedule(settings.retry_declined_days)
    next_try = retry_at(now, declined_so_far, schedule, timedelta(days=1))
    if next_try is None:
        end_subscription(uow, subscription.subscription_id)
        uow.billing.update(subscription.subscription_id, status=SubscriptionStatus.EXPIRED)
        return
    values: dict[str, Any] = {"retry_count": declined_so_far, "next_retry_at": next_try}
    if subscription.status is not SubscriptionStatus.PAST_DUE:
        values |= {"status": SubscriptionStatus.PAST_DUE, "past_due_since": now}
    uow.billing.update(subscription.subscription_id, **values)
