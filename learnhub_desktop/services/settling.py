"""What follows a charge: the gateway's answer, silence, and asking again.

No transaction is open while a gateway answers. Each settling transaction locks the rows in
order, looks at the payment's state again and does nothing a second time.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from learnhub_desktop.db.transactions import Database, UnitOfWork
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
    KeyState,
    MovementKind,
    PaymentStatus,
    move_payment,
)
from learnhub_desktop.errors import DatabaseUnavailable, OutcomeUnknown, RuleRefused
from learnhub_desktop.gateways import (
    Answer,
    ChargeRequest,
    EntryState,
    Gateway,
    Gateways,
    GatewayUnreachable,
    Lookup,
    Outcome,
    VoidOutcome,
)
from learnhub_desktop.services import holds
from learnhub_desktop.services.purchase_words import purchase_of

WAIT_S: Final = 10.0
_LOOK_AGAIN_S: Final = 0.1
# A charge is not begun so late that its answer would come after the hold's end.
_MARGIN_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Held:
    """A seat that is held and a charge that may be sent until ``deadline`` (monotonic)."""

    payment_id: int
    key: str
    amount: Decimal
    currency: str
    card: str
    gateway: str
    deadline: float


def held_of(uow: UnitOfWork, payment_id: int, *, card: str | None, expires_at: datetime) -> Held:
    payment = uow.payments.get(payment_id)
    assert payment.idempotency_key is not None and card is not None
    left_s = (expires_at - uow.now()).total_seconds() - _MARGIN_S
    return Held(
        payment_id,
        payment.idempotency_key,
        payment.amount,
        payment.currency,
        card,
        payment.gateway or "",
        time.monotonic() + left_s,
    )


def charge(database: Database, held: Held, *, gateways: Gateways) -> Purchase:
    """Send the charge and write down what came of it.

    A workstation that slept past the hold sends nothing: the janitor may have voided the
    key meanwhile, and would have given the seat away.
    """
    if time.monotonic() > held.deadline:
        return resolve(database, held.payment_id, gateways=gateways)
    request = ChargeRequest(
        key=held.key,
        payment_id=held.payment_id,
        amount=held.amount,
        currency=held.currency,
        card=held.card,
    )
    place = database.read(_place, held.payment_id)
    gateway = gateways.named(held.gateway)
    try:
        answer = gateway.charge(request)
    except GatewayUnreachable:
        # Certainly not sent, and this was the key's first use: nothing was charged.
        return _write(database, held.key, decline, place, "gateway_unreachable")
    return _answered(database, place, held.key, answer)


def _answered(database: Database, place: Place, key: str, answer: Answer) -> Purchase:
    match answer.outcome:
        case Outcome.APPROVED:
            return _write(database, key, settle, place, answer.reference)
        case Outcome.DECLINED:
            return _write(database, key, decline, place, answer.reason_code or "declined")
    return _write(database, key, mark_unknown, place)


def _write(database: Database, key: str, call: Any, *args: Any) -> Purchase:
    """Write an outcome that has happened outside. It may run twice; a lost server is told."""
    try:
        try:
            result: Purchase = database.write(call, *args)
        except OutcomeUnknown:
            result = database.write(call, *args)
    except (DatabaseUnavailable, OutcomeUnknown) as error:
        raise OutcomeUnknown(
            f"The payment was sent, but {database.label} cannot be reached to record it. "
            "Nothing is lost and nothing is charged twice: use the same key again, or press "
            "“Ask now” on the payment.",
            key=key,
        ) from error
    return result


def settle(uow: UnitOfWork, place: Place, reference: str | None) -> Purchase:
    """The gateway took the money: the payment is completed and the enrolment active."""
    locked = holds.lock_all(uow, place)
    if not locked.payment.is_open:
        return told(uow, locked.payment)
    holds.complete(uow, locked, reference=reference, success=EventType.PAYMENT_GATEWAY_SUCCESS)
    return finish_key(uow, locked.payment, PurchaseOutcome.COMPLETED)


def decline(uow: UnitOfWork, place: Place, reason_code: str) -> Purchase:
    """Nothing was charged: the payment fails and the seat is given back."""
    locked = holds.lock_all(uow, place)
    if not locked.payment.is_open:
        return told(uow, locked.payment)
    holds.give_back(
        uow,
        locked,
        reason_code=reason_code,
        events=[(EventType.PAYMENT_GATEWAY_FAILED, {"reason": reason_code})],
    )
    return finish_key(uow, locked.payment, PurchaseOutcome.DECLINED)


def expire(uow: UnitOfWork, place: Place) -> Purchase:
    """A hold that nobody sent to a gateway runs out by itself."""
    locked = holds.lock_all(uow, place)
    payment = locked.payment
    if not payment.is_open:
        return told(uow, payment)
    holds.give_back(uow, locked, reason_code="hold_expired", events=[(EventType.HOLD_EXPIRED, {})])
    return finish_key(uow, payment, PurchaseOutcome.DECLINED)


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


def resolve(database: Database, payment_id: int, *, gateways: Gateways) -> Purchase:
    """Find out what became of one unsettled charge, and write it down. Never sends it again.

    `pending` is only looked at past its hold: before, its first call may still be at it.
    Not found at the gateway: the key is voided there first, so that a workstation that
    wakes up later cannot charge it, and only then does the payment fail.
    """
    place, payment, sent, is_due = database.read(_look, payment_id)
    key = payment.idempotency_key or ""
    if not payment.is_open or not is_due:
        return database.read(_told_of, payment_id)
    if not sent:
        return _write(database, key, expire, place)
    gateway = gateways.named(payment.gateway or "")
    try:
        lookup = gateway.lookup(key)
    except GatewayUnreachable:
        return _write(database, key, _still_unknown, place, EventType.GATEWAY_UNREACHABLE)
    return _looked_up(database, place, key, lookup, gateway)


def _looked_up(
    database: Database, place: Place, key: str, lookup: Lookup, gateway: Gateway
) -> Purchase:
    entry = lookup.entry
    if entry is None:
        if not lookup.voided:
            voided = _void(gateway, key)
            if voided is VoidOutcome.UNKNOWN:
                return _write(database, key, _still_unknown, place, EventType.VOID_FAILED)
            if voided is VoidOutcome.ALREADY_DONE:
                # It arrived between the look-up and the void: the next question finds it.
                return _write(database, key, _still_unknown, place, EventType.GATEWAY_PENDING)
        return _write(database, key, _give_up, place)
    match entry.state:
        case EntryState.APPROVED:
            return _write(database, key, settle, place, entry.reference)
        case EntryState.DECLINED:
            return _write(database, key, decline, place, entry.reason_code or "declined")
    return _write(database, key, _still_unknown, place, EventType.GATEWAY_PENDING)


def _void(gateway: Gateway, key: str) -> VoidOutcome:
    try:
        return gateway.void(key).outcome
    except GatewayUnreachable:
        return VoidOutcome.UNKNOWN


def _give_up(uow: UnitOfWork, place: Place) -> Purchase:
    locked = holds.lock_all(uow, place)
    if not locked.payment.is_open:
        return told(uow, locked.payment)
    holds.give_back(
        uow,
        locked,
        reason_code="not_found",
        events=[(EventType.GATEWAY_NOT_FOUND, {}), (EventType.VOIDED, {})],
    )
    return finish_key(uow, locked.payment, PurchaseOutcome.DECLINED)


def _still_unknown(uow: UnitOfWork, place: Place, event: EventType) -> Purchase:
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


def wait_for_first(
    database: Database, first: Purchase, *, gateways: Gateways, wait_s: float
) -> Purchase:
    """Another call with this key is at it: wait for its result, then say "in progress".

    Past the hold nobody is at it any more, and the gateway is asked.
    """
    assert first.payment_id is not None
    until = time.monotonic() + wait_s
    while True:
        place, payment, _sent, is_due = database.read(_look, first.payment_id)
        if not payment.is_open:
            return database.read(_told_of, place.payment_id)
        if is_due:
            return resolve(database, place.payment_id, gateways=gateways)
        if payment.method in BY_HAND_METHODS or time.monotonic() >= until:
            return database.read(_told_of, place.payment_id)
        time.sleep(_LOOK_AGAIN_S)


def pay_from_balance(uow: UnitOfWork, locked: holds.Locked) -> Purchase:
    """Take the price from the balance and settle, in one transaction."""
    payment = locked.payment
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
            f"The balance does not hold {money.text(payment.amount, payment.currency)}.",
        )
    holds.complete(uow, locked, reference=None, success=EventType.PAYMENT_GATEWAY_SUCCESS)
    return finish_key(uow, payment, PurchaseOutcome.COMPLETED)


def record_receipt(uow: UnitOfWork, place: Place, *, reference: str, amount: Decimal) -> Purchase:
    """Money came by transfer or in cash. It settles the hold, also one that ran out."""
    uow.actor.require(Right.RECORD_RECEIPT)
    locked = holds.lock_all(uow, place)
    payment = locked.payment
    if payment.method not in BY_HAND_METHODS:
        raise RuleRefused(
            PurchaseRefusal.METHOD, "Receipts are recorded for transfers and cash only."
        )
    if payment.status not in (PaymentStatus.PENDING, PaymentStatus.FAILED):
        raise RuleRefused(PurchaseRefusal.WRONG_STATE, "This payment is settled already.")
    if amount != payment.amount:
        raise RuleRefused(
            PurchaseRefusal.PRICE_CHANGED,
            f"The agreed amount is {payment.amount:,.2f} {payment.currency}. Record a receipt "
            "of that amount, or send the money back.",
        )
    if uow.payments.has_event(payment.payment_id, EventType.BLOCKED):
        raise RuleRefused(PurchaseRefusal.WRONG_STATE, "This purchase was blocked.")
    holds.complete(uow, locked, reference=reference, success=EventType.RECEIPT_RECORDED)
    return finish_key(uow, payment, PurchaseOutcome.COMPLETED)


def cancel_hold(uow: UnitOfWork, place: Place) -> Purchase:
    """Give a seat back that waits for a transfer or cash which will not come."""
    uow.actor.require(Right.TAKE_PAYMENT)
    locked = holds.lock_all(uow, place)
    payment = locked.payment
    if payment.status is not PaymentStatus.PENDING or uow.payments.has_event(
        payment.payment_id, EventType.PAYMENT_GATEWAY_CALLED
    ):
        raise RuleRefused(
            PurchaseRefusal.WRONG_STATE,
            "Only a hold that waits for a transfer, for cash or for a reviewer can be cancelled.",
        )
    holds.give_back(uow, locked, reason_code="cancelled", events=[])
    return finish_key(uow, payment, PurchaseOutcome.DECLINED)


def _place(uow: UnitOfWork, payment_id: int) -> Place:
    return uow.payments.place(payment_id)


def _look(uow: UnitOfWork, payment_id: int) -> tuple[Place, PaymentFacts, bool, bool]:
    """The payment, whether it went to a gateway, and whether it may be looked into now."""
    payment = uow.payments.get(payment_id)
    sent = uow.payments.has_event(payment_id, EventType.PAYMENT_GATEWAY_CALLED)
    expired = payment.hold_expires_at is not None and payment.hold_expires_at <= uow.now()
    is_due = payment.status is PaymentStatus.UNKNOWN or expired
    return uow.payments.place(payment_id), payment, sent, is_due


def _told_of(uow: UnitOfWork, payment_id: int) -> Purchase:
    return told(uow, uow.payments.get(payment_id))


def told(uow: UnitOfWork, payment: PaymentFacts, *, replayed: bool = True) -> Purchase:
    """What is known of a payment, from its own state."""
    outcome = {
        PaymentStatus.PENDING: PurchaseOutcome.IN_PROGRESS,
        PaymentStatus.UNKNOWN: PurchaseOutcome.UNKNOWN,
        PaymentStatus.FAILED: PurchaseOutcome.DECLINED,
    }.get(payment.status, PurchaseOutcome.COMPLETED)
    if outcome is PurchaseOutcome.IN_PROGRESS and payment.method in BY_HAND_METHODS:
        outcome = PurchaseOutcome.WAITING
    elif outcome is PurchaseOutcome.IN_PROGRESS and uow.payments.has_event(
        payment.payment_id, EventType.VERIFICATION_REQUESTED
    ):
        outcome = PurchaseOutcome.VERIFICATION
    if uow.payments.has_event(payment.payment_id, EventType.BLOCKED):
        outcome = PurchaseOutcome.BLOCKED
    key = payment.idempotency_key or ""
    return purchase_of(uow, outcome, key, payment.payment_id, replayed=replayed)


def finish_key(uow: UnitOfWork, payment: PaymentFacts, outcome: PurchaseOutcome) -> Purchase:
    """Store the key's result, so that the same key tells the same again."""
    key = payment.idempotency_key or ""
    stored = uow.keys.find(key)
    if stored is not None and stored.state is KeyState.IN_PROGRESS:
        result = {
            "outcome": str(outcome),
            "payment_id": payment.payment_id,
            "enrollment_id": payment.enrollment_id,
        }
        uow.keys.finish(key, result, uow.now())
    return purchase_of(uow, outcome, key, payment.payment_id)
