"""What becomes of a charge: each outcome in one transaction.

Each locks the rows in order, looks at the payment's state again and does nothing a second
time. What happens at the gateway, and what is asked there, stands in `settling`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from learnhub_desktop.db.repositories.purchases import Beforehand
from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain import money
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.purchases import (
    BY_HAND_METHODS,
    Purchase,
    PurchaseOutcome,
    PurchaseRefusal,
)
from learnhub_desktop.domain.settlement import PaymentFacts, Place, next_check
from learnhub_desktop.domain.states import (
    EventType,
    MovementKind,
    PaymentKind,
    PaymentStatus,
    move_payment,
)
from learnhub_desktop.domain.text import check_text
from learnhub_desktop.errors import RuleRefused
from learnhub_desktop.services import holds
from learnhub_desktop.services.holds import REFERENCE_LENGTH, Events, Locked
from learnhub_desktop.services.periods import complete_period, fail_period
from learnhub_desktop.services.purchase_words import access_until, paid, purchase_of

NOT_REACHED: Final = "gateway_unreachable"
HOLD_EXPIRED: Final = "hold_expired"
# What a charge fails for without the gateway's saying no, as the payment's story tells it.
_OWN_EVENTS: Final = {
    NOT_REACHED: EventType.GATEWAY_UNREACHABLE,
    HOLD_EXPIRED: EventType.HOLD_EXPIRED,
}


def settle(uow: UnitOfWork, place: Place, reference: str | None) -> Purchase:
    """The gateway took the money: the payment is completed and the enrolment active.

    Also where the payment had failed here meanwhile: the money is there, so it is booked.
    """
    locked, seen = holds.lock_to_settle(uow, place, reference)
    payment = locked.payment
    if not payment.is_open and payment.status is not PaymentStatus.FAILED:
        return told(uow, payment)
    success = EventType.PAYMENT_GATEWAY_SUCCESS
    if payment.subscription_id is None:
        return _complete(uow, locked, seen, reference=reference, success=success, last=True)
    _settle_period(uow, payment, reference, [(success, {"reference": reference})])
    return finish_key(uow, payment, PurchaseOutcome.COMPLETED)


def _complete(
    uow: UnitOfWork,
    locked: Locked,
    seen: Beforehand | None = None,
    *,
    reference: str | None,
    success: EventType | None,
    last: bool = False,
) -> Purchase:
    result = _result(locked.payment, PurchaseOutcome.COMPLETED)
    done = holds.complete(
        uow, locked, seen, reference=reference, success=success, result=result, last=last
    )
    return paid(
        done.payment,
        who=locked.student.name,
        title=None if locked.course is None else locked.course.title,
        access=None if done.grant is None else access_until(done.grant.until, done.zone),
        extends=done.extends,
    )


def _settle_period(
    uow: UnitOfWork, payment: PaymentFacts, reference: str | None, events: Events
) -> None:
    if payment.is_open:
        complete_period(uow, payment, reference=reference, events=events)
        return
    # Given up before, and the period may have been charged anew: this money goes back.
    uow.payments.update(
        payment.payment_id,
        status=move_payment(payment.status, PaymentStatus.COMPLETED),
        processed_at=uow.now(),
        gateway_reference=holds.known_as(reference),
        reason_code=None,
        refund_due=True,
    )
    events.append((EventType.REFUND_DUE, {"reason": "came_late"}))
    uow.payments.note(payment.payment_id, events, uow.now())


def decline(uow: UnitOfWork, place: Place, reason_code: str) -> Purchase:
    """Nothing was charged: the payment fails and the seat is given back."""
    event = _OWN_EVENTS.get(reason_code, EventType.PAYMENT_GATEWAY_FAILED)
    return _fail(uow, place, reason_code, [(event, {"reason": reason_code})])


def give_up(uow: UnitOfWork, place: Place) -> Purchase:
    """The gateway knows of no such charge, and its key is voided there: it will never be one."""
    events: Events = [(EventType.GATEWAY_NOT_FOUND, {}), (EventType.VOIDED, {})]
    return _fail(uow, place, "not_found", events)


def expire(uow: UnitOfWork, place: Place) -> Purchase:
    """A hold that nobody sent to a gateway runs out by itself."""
    locked = holds.lock_all(uow, place)
    payment = locked.payment
    ran_out = payment.hold_expires_at is not None and payment.hold_expires_at <= uow.now()
    # It may have been sent, or carried on, since it was looked at without a lock.
    if not payment.is_open or not ran_out or was_sent(uow, payment):
        return told(uow, payment)
    return _failed(uow, locked, HOLD_EXPIRED, [(EventType.HOLD_EXPIRED, {})])


def _fail(uow: UnitOfWork, place: Place, reason_code: str, events: Events) -> Purchase:
    locked = holds.lock_all(uow, place)
    if not locked.payment.is_open:
        return told(uow, locked.payment)
    return _failed(uow, locked, reason_code, events)


def _failed(uow: UnitOfWork, locked: Locked, reason_code: str, events: Events) -> Purchase:
    if locked.payment.subscription_id is not None:
        fail_period(uow, locked.payment, reason_code=reason_code, events=events)
    else:
        holds.give_back(uow, locked, reason_code=reason_code, events=events)
    return finish_key(uow, locked.payment, PurchaseOutcome.DECLINED)


def mark_unknown(uow: UnitOfWork, place: Place) -> Purchase:
    """No answer: the seat stays held, and the gateway is asked later. Never "failed"."""
    payment = uow.payments.lock(place.payment_id)
    now = uow.now()
    if payment.status is PaymentStatus.PENDING:
        uow.payments.update(
            payment.payment_id,
            status=move_payment(payment.status, PaymentStatus.UNKNOWN),
            next_check_at=next_check(now, 0),
        )
        uow.payments.note(payment.payment_id, [(EventType.OUTCOME_UNKNOWN, {})], now)
    elif not payment.is_open:
        return told(uow, payment)
    return purchase_of(
        uow, PurchaseOutcome.UNKNOWN, payment.idempotency_key or "", place.payment_id
    )


def still_unknown(uow: UnitOfWork, place: Place, event: EventType) -> Purchase:
    """Asked, and no wiser: the seat stays held, and the next question comes later."""
    payment = uow.payments.lock(place.payment_id)
    if not payment.is_open:
        return told(uow, payment)
    now = uow.now()
    uow.payments.update(
        payment.payment_id,
        status=PaymentStatus.UNKNOWN,
        check_count=payment.check_count + 1,
        next_check_at=next_check(now, payment.check_count + 1),
    )
    uow.payments.note(payment.payment_id, [(EventType.GATEWAY_ASKED, {}), (event, {})], now)
    return purchase_of(
        uow, PurchaseOutcome.UNKNOWN, payment.idempotency_key or "", place.payment_id
    )


def pay_from_balance(uow: UnitOfWork, locked: Locked) -> Purchase:
    """Take the price from the balance and settle, in one transaction."""
    payment, student = locked.payment, locked.student
    moved = uow.balances.move(
        payment.user_id,
        -payment.amount,
        payment.currency,
        kind=MovementKind.CHARGE,
        payment_id=payment.payment_id,
        now=uow.now(),
    )
    if not moved:
        raise RuleRefused(
            PurchaseRefusal.BALANCE_TOO_LOW,
            f"The balance of {student.name} holds "
            f"{money.text(student.balance, student.balance_currency)}, and "
            f"{money.text(payment.amount, payment.currency)} is needed. Nothing was charged.",
        )
    return _complete(uow, locked, reference=None, success=None)


def record_receipt(uow: UnitOfWork, place: Place, *, reference: str, amount: Decimal) -> Purchase:
    """Money came by transfer or in cash. It settles the hold, also one that ran out."""
    uow.actor.require(Right.RECORD_RECEIPT)
    reference = check_text(
        reference, field="reference", label="The reference", longest=REFERENCE_LENGTH
    )
    locked = holds.lock_all(uow, place)
    payment = locked.payment
    none = RuleRefused(
        PurchaseRefusal.METHOD,
        "A receipt is recorded for a purchase by transfer or in cash, and this is none.",
    )
    if payment.method not in BY_HAND_METHODS or payment.kind is not PaymentKind.CHARGE:
        raise none
    if payment.status not in (PaymentStatus.PENDING, PaymentStatus.FAILED):
        raise RuleRefused(PurchaseRefusal.WRONG_STATE, "This payment is settled already.")
    refused = _why_no_receipt(uow, payment)
    if refused:
        raise RuleRefused(PurchaseRefusal.WRONG_STATE, refused)
    if locked.enrolment is None:
        raise none
    if amount != payment.amount:
        raise RuleRefused(
            PurchaseRefusal.PRICE_CHANGED,
            f"The agreed amount is {money.text(payment.amount, payment.currency)}. Record a "
            "receipt of that amount, or send the money back.",
        )
    return _complete(uow, locked, reference=reference, success=EventType.RECEIPT_RECORDED)


def _why_no_receipt(uow: UnitOfWork, payment: PaymentFacts) -> str:
    """A purchase that a reviewer has not let through is not paid by the back door."""
    payment_id = payment.payment_id
    if uow.payments.has_event(payment_id, EventType.BLOCKED):
        return "This purchase was blocked. Send the money back."
    if uow.payments.has_event(payment_id, EventType.VERIFICATION_DECLINED):
        return "A reviewer declined this purchase. Send the money back."
    if is_in_review(uow, payment):
        waits = payment.status is PaymentStatus.PENDING
        what = "has to look at this purchase first" if waits else "never approved this purchase"
        return f"A reviewer {what}." + ("" if waits else " Send the money back.")
    return ""


def cancel_hold(uow: UnitOfWork, place: Place) -> Purchase:
    """Give a seat back that waits for a transfer or cash which will not come."""
    uow.actor.require(Right.TAKE_PAYMENT)
    locked = holds.lock_all(uow, place)
    payment = locked.payment
    is_hold = payment.kind is PaymentKind.CHARGE and payment.status is PaymentStatus.PENDING
    if not is_hold or was_sent(uow, payment):
        raise RuleRefused(
            PurchaseRefusal.WRONG_STATE,
            "Only a hold that waits for a transfer, for cash or for a reviewer can be cancelled.",
        )
    return _failed(uow, locked, "cancelled", [])


def was_sent(uow: UnitOfWork, payment: PaymentFacts) -> bool:
    """Whether a gateway was, or is about to be, called: only it can say what happened then."""
    return uow.payments.has_event(payment.payment_id, EventType.PAYMENT_GATEWAY_CALLED)


def is_in_review(uow: UnitOfWork, payment: PaymentFacts) -> bool:
    """Whether a reviewer was asked and has not decided."""
    last = uow.payments.last_event(
        payment.payment_id,
        EventType.VERIFICATION_REQUESTED,
        EventType.VERIFICATION_APPROVED,
        EventType.VERIFICATION_DECLINED,
    )
    return last is not None and last[0] is EventType.VERIFICATION_REQUESTED


def told(uow: UnitOfWork, payment: PaymentFacts, *, replayed: bool = True) -> Purchase:
    """What is known of a payment, from its own state."""
    outcome = _outcome(uow, payment)
    alert_id = None
    if outcome in (PurchaseOutcome.BLOCKED, PurchaseOutcome.VERIFICATION):
        alert = uow.fraud.find_alert_of_payment(payment.payment_id)
        alert_id = None if alert is None else alert.alert_id
    key = payment.idempotency_key or ""
    return purchase_of(uow, outcome, key, payment.payment_id, alert_id=alert_id, replayed=replayed)


def _outcome(uow: UnitOfWork, payment: PaymentFacts) -> PurchaseOutcome:
    match payment.status:
        case PaymentStatus.UNKNOWN:
            return PurchaseOutcome.UNKNOWN
        case PaymentStatus.FAILED:
            blocked = uow.payments.has_event(payment.payment_id, EventType.BLOCKED)
            return PurchaseOutcome.BLOCKED if blocked else PurchaseOutcome.DECLINED
        case PaymentStatus.PENDING if was_sent(uow, payment):
            return PurchaseOutcome.IN_PROGRESS
        case PaymentStatus.PENDING if is_in_review(uow, payment):
            return PurchaseOutcome.VERIFICATION
        case PaymentStatus.PENDING if payment.method in BY_HAND_METHODS:
            return PurchaseOutcome.WAITING
        case PaymentStatus.PENDING:
            # Approved by a reviewer; the card is to be presented again.
            return PurchaseOutcome.VERIFICATION
    return PurchaseOutcome.COMPLETED


def finish_key(uow: UnitOfWork, payment: PaymentFacts, outcome: PurchaseOutcome) -> Purchase:
    """Store the key's result, so that the same key tells the same again.

    A late receipt changes what an earlier answer was, so the last one is kept.
    """
    key = payment.idempotency_key or ""
    uow.keys.finish(key, _result(payment, outcome), uow.now())
    return purchase_of(uow, outcome, key, payment.payment_id)


def _result(payment: PaymentFacts, outcome: PurchaseOutcome) -> dict[str, Any]:
    return {
        "outcome": str(outcome),
        "payment_id": payment.payment_id,
        "enrollment_id": payment.enrollment_id,
    }
