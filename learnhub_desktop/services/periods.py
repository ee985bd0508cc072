"""What a subscription's charge pays for: one period, counted exactly, and never twice.

Every function runs inside a transaction that holds the locks: student, subscription, the
courses that it opened, payment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.school import Plan
from learnhub_desktop.domain.settlement import PaymentFacts
from learnhub_desktop.domain.states import (
    BillingStatus,
    EventType,
    PaymentKind,
    PaymentStatus,
    SubscriptionStatus,
    move_payment,
)
from learnhub_desktop.domain.subscriptions import (
    NOT_DECLINED,
    BillingFacts,
    SubscriptionFacts,
    parse_schedule,
    retry_at,
)
from learnhub_desktop.services import holds
from learnhub_desktop.services.refund_effects import end_subscription

# Where the school's settings name no schedule that can be read.
_UNREACHABLE_MINUTES: Final = (60,)

Events = list[tuple[EventType, dict[str, Any]]]


def period_end_moment(uow: UnitOfWork, day: date) -> datetime:
    """The moment a period ends: the first of that day in the school's time zone."""
    zone = uow.settings.get().zone
    return datetime.combine(day, time(), tzinfo=zone)


def school_day(uow: UnitOfWork) -> date:
    """Today in the school's time zone: what is due is counted by its calendar."""
    return uow.now().astimezone(uow.settings.get().zone).date()


@dataclass(frozen=True, slots=True)
class Started:
    """The pending charge of one period; the card may be charged until ``expires_at``."""

    payment_id: int
    expires_at: datetime


def charge_period(
    uow: UnitOfWork,
    subscription: SubscriptionFacts,
    plan: Plan,
    period: tuple[date, date],
    *,
    key: str,
    gateway_name: str,
) -> Started:
    """Write the period's bill and its pending charge. The caller stores the key, last."""
    now = uow.now()
    start, end = period
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
    facts = {
        "subscription_id": subscription.subscription_id,
        "plan_type": plan.plan_type,
        "period_start": start.isoformat(),
        "period_end": end.isoformat(),
        "amount": str(plan.price),
        "currency": plan.currency,
    }
    called = (EventType.PAYMENT_GATEWAY_CALLED, {"gateway": gateway_name})
    uow.payments.note(payment_id, [(EventType.INITIATED, facts), called], now)
    values: dict[str, Any] = {
        "charge_payment_id": payment_id,
        "amount": plan.price,
        "currency": plan.currency,
        "billing_period_end": end,
        "status": BillingStatus.PENDING,
    }
    bill = uow.billing.find_bill(subscription.subscription_id, start)
    if bill is None:
        uow.billing.add_bill(
            subscription_id=subscription.subscription_id,
            billing_period_start=start,
            created_at=now,
            **values,
        )
    else:
        uow.billing.update_bill(bill.billing_id, **values)
    return Started(payment_id, expires_at)


def complete_period(
    uow: UnitOfWork, payment: PaymentFacts, *, reference: str | None, events: Events
) -> None:
    """The period is paid: the plan runs to its end, and so does the access it opened."""
    now = uow.now()
    bill, subscription = _what_it_pays(uow, payment)
    is_over = subscription.status is SubscriptionStatus.CANCELLED
    known_as = holds.known_as(reference)
    is_taken = known_as is None or uow.payments.is_transaction_id_taken(
        known_as, payment.payment_id
    )
    uow.billing.update_bill(bill.billing_id, status=BillingStatus.COMPLETED)
    uow.payments.update(
        payment.payment_id,
        status=move_payment(payment.status, PaymentStatus.COMPLETED),
        processed_at=now,
        gateway_reference=known_as,
        **({} if is_taken else {"transaction_id": known_as}),
        hold_expires_at=None,
        next_check_at=None,
        # The subscription was ended while the gateway was at it: the money must go back.
        refund_due=is_over,
    )
    if is_over:
        events.append((EventType.REFUND_DUE, {"reason": "subscription_ended"}))
    else:
        billed = _plan_of(uow, payment) or subscription.plan_type
        following = subscription.next_plan_type
        uow.billing.update(
            subscription.subscription_id,
            status=SubscriptionStatus.ACTIVE,
            plan_type=billed,
            # Chosen while the gateway was at it, another plan is for the period after this one.
            next_plan_type=None if following == billed else following,
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


def _what_it_pays(uow: UnitOfWork, payment: PaymentFacts) -> tuple[BillingFacts, SubscriptionFacts]:
    assert payment.subscription_id is not None
    subscription = uow.billing.lock(payment.subscription_id)
    bill = uow.billing.find_bill_of(payment.payment_id)
    assert bill is not None  # written with the charge, in one transaction
    return bill, subscription


def _plan_of(uow: UnitOfWork, payment: PaymentFacts) -> str | None:
    started = uow.payments.last_event(payment.payment_id, EventType.INITIATED)
    return None if started is None else started[1].get("plan_type")


def fail_period(
    uow: UnitOfWork, payment: PaymentFacts, *, reason_code: str, events: Events
) -> None:
    """The charge failed. Only a declined one makes the subscription past due.

    It is tried again by the school's schedule, one for declined charges and one for charges
    that never reached the gateway; declined for the last time, the subscription expires and
    what it had opened ends. The bill counts all tries, the subscription the declined ones.
    """
    now = uow.now()
    bill, subscription = _what_it_pays(uow, payment)
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
    settings = uow.settings.get()
    if reason_code in NOT_DECLINED:
        schedule = parse_schedule(settings.retry_unreachable_minutes) or _UNREACHABLE_MINUTES
        # Its own count. It never ends a subscription: the last step is repeated for ever.
        unsent = bill.retry_count + 1 - subscription.retry_count
        minutes = schedule[min(max(unsent, 1), len(schedule)) - 1]
        again = now + timedelta(minutes=minutes)
        uow.billing.update(subscription.subscription_id, next_retry_at=again)
        return
    declined = subscription.retry_count + 1
    again_at = retry_at(
        now, declined, parse_schedule(settings.retry_declined_days), timedelta(days=1)
    )
    if again_at is None:
        end_subscription(uow, subscription.subscription_id)
        uow.billing.update(
            subscription.subscription_id,
            status=SubscriptionStatus.EXPIRED,
            cancelled_at=None,
            retry_count=declined,
        )
        return
    values: dict[str, Any] = {"retry_count": declined, "next_retry_at": again_at}
    if subscription.status is not SubscriptionStatus.PAST_DUE:
        values |= {"status": SubscriptionStatus.PAST_DUE, "past_due_since": now}
    uow.billing.update(subscription.subscription_id, **values)
