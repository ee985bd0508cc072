"""Refunds in three steps: reserve, send, settle.

A refund is a payment row of its own that names its charge. Reserving raises the charge's
``refunded_amount`` by a conditional UPDATE, so two desks can never give back more than is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.refunds import (
    RefundTo,
    Refusal,
)
from learnhub_desktop.domain.settlement import PaymentFacts, Place, next_check
from learnhub_desktop.domain.states import (
    EventType,
    KeyState,
    MovementKind,
    PaymentKind,
    PaymentMethod,
    PaymentStatus,
    move_payment,
)
from learnhub_desktop.domain.text import NOTE_LENGTH, check_text
from learnhub_desktop.errors import (
    DatabaseUnavailable,
    InvalidInput,
    OutcomeUnknown,
    RuleRefused,
)
from learnhub_desktop.gateways import (
    Answer,
    EntryState,
    Gateway,
    Gateways,
    GatewayUnreachable,
    Outcome,
    RefundRequest,
    VoidOutcome,
)
from learnhub_desktop.services import holds, keys
from learnhub_desktop.services import refund_rules as rules
from learnhub_desktop.services.refund_effects import end_what_was_bought
from learnhub_desktop.services.refund_rules import RefundOrder
from learnhub_desktop.services.refund_words import Refund, RefundOutcome, refund_of

OPERATION: Final = "refund"
BALANCE: Final = "balance"


@dataclass(frozen=True, slots=True)
class Reserved:
    """A refund row that waits for its gateway."""

    refund_id: int
    place: Place
    request: RefundRequest


def refund(database: Database, order: RefundOrder, *, gateways: Gateways) -> Refund:
    """Give one payment back, in part or in full. The same key never refunds twice.

    RuleRefused where nothing was done; OutcomeUnknown where the answer was lost on the way
    back: the same key, or "Ask now" on the refund, settles it.
    """
    keys.check_key(order.key)
    place, charge = database.read(_find, order.payment_id)
    gateway = _gateway_of(order, charge, gateways)
    try:
        reserved = database.write(reserve, place, order, gateway)
    except OutcomeUnknown:
        reserved = database.write(reserve, place, order, gateway)
        if isinstance(reserved, Refund) and reserved.outcome is RefundOutcome.PENDING:
            return resolve(database, reserved.refund_id, gateways=gateways)
    if isinstance(reserved, Refund):
        return reserved
    assert gateway is not None
    return _send(database, reserved, gateway)


def _gateway_of(order: RefundOrder, charge: PaymentFacts, gateways: Gateways) -> Gateway | None:
    """The gateway that took the money; None where it goes to the balance.

    A charge that another program made without one of ours is paid back by hand.
    """
    if order.to is RefundTo.BALANCE or charge.method is PaymentMethod.ACCOUNT_BALANCE:
        return None
    if charge.gateway is None or charge.idempotency_key is None:
        return gateways.manual
    return gateways.named(charge.gateway)


def _send(database: Database, reserved: Reserved, gateway: Gateway) -> Refund:
    place = reserved.place
    try:
        answer = gateway.refund(reserved.request)
    except GatewayUnreachable:
        return _write(database, reserved.request.key, fail, place, "gateway_unreachable")
    return _answered(database, place, answer)


def _answered(database: Database, place: Place, answer: Answer) -> Refund:
    match answer.outcome:
        case Outcome.APPROVED:
            return _write(database, answer.key, settle, place, answer.reference)
        case Outcome.DECLINED:
            return _write(database, answer.key, fail, place, answer.reason_code or "declined")
        case Outcome.PENDING:
            return _write(database, answer.key, still_open, place, EventType.REFUND_GATEWAY_PENDING)
    return _write(database, answer.key, still_open, place, EventType.OUTCOME_UNKNOWN)


def _write(database: Database, key: str, call: Any, *args: Any) -> Refund:
    try:
        try:
            result: Refund = database.write(call, *args)
        except OutcomeUnknown:
            result = database.write(call, *args)
    except (DatabaseUnavailable, OutcomeUnknown) as error:
        raise OutcomeUnknown(
            f"The refund was sent, but {database.label} cannot be reached to record it. Nothing "
            "goes back twice: use the same key again, or press “Ask now” on the refund.",
            key=key,
        ) from error
    return result


def reserve(
    uow: UnitOfWork, place: Place, order: RefundOrder, gateway: Gateway | None
) -> Reserved | Refund:
    """Decide under the locks, reserve the amount, and write the pending refund."""
    uow.actor.require(Right.REFUND)
    locked = holds.lock_all(uow, place)
    charge = locked.payment
    stored = keys.find_first(
        uow, order.key, OPERATION, order.parameters(), refusal=Refusal.KEY_REUSED
    )
    if stored is not None:
        assert stored.payment_id is not None
        return refund_of(uow, stored.payment_id, replayed=True)
    comment = check_text(
        order.comment, field="comment", label="The comment", longest=NOTE_LENGTH, required=False
    )
    facts, decision = rules.judge_locked(uow, locked)
    rules.allow(uow, order, decision)
    amount = rules.amount_of(uow, order, charge, facts)
    if not uow.payments.reserve(charge.payment_id, amount, seen=order.seen_refunded):
        raise RuleRefused(Refusal.STALE_SCREEN, "Another desk is refunding this payment now.")
    now = uow.now()
    refund_id = uow.payments.add(
        user_id=charge.user_id,
        enrollment_id=charge.enrollment_id,
        subscription_id=charge.subscription_id,
        course_id=charge.course_id,
        kind=PaymentKind.REFUND,
        refunds_payment_id=charge.payment_id,
        amount=amount,
        currency=charge.currency,
        payment_method=PaymentMethod.ACCOUNT_BALANCE if gateway is None else charge.method,
        status=PaymentStatus.PENDING,
        idempotency_key=order.key,
        payment_gateway=BALANCE if gateway is None else gateway.name,
        reason_code=order.reason,
        comment=rules.comment_of(comment, order.override),
        next_check_at=next_check(now, 0),
        created_at=now,
    )
    uow.payments.note(
        refund_id,
        [
            (
                EventType.REFUND_REQUESTED,
                {
                    "amount": str(amount),
                    "currency": charge.currency,
                    "reason": str(order.reason),
                    "past_policy": decision.is_policy,
                },
            )
        ],
        now,
    )
    uow.keys.add(
        order.key,
        OPERATION,
        order.parameters(),
        account=uow.actor.account,
        now=now,
        payment_id=refund_id,
    )
    own_place = uow.payments.place(refund_id)
    if gateway is None:
        return _to_balance(uow, own_place, charge, refund_id, amount)
    if gateway.by_hand:
        return refund_of(uow, refund_id)
    uow.payments.note(
        refund_id, [(EventType.REFUND_GATEWAY_CALLED, {"gateway": gateway.name})], now
    )
    assert charge.idempotency_key is not None
    request = RefundRequest(
        key=order.key,
        charge_key=charge.idempotency_key,
        payment_id=refund_id,
        amount=amount,
        currency=charge.currency,
    )
    return Reserved(refund_id, own_place, request)


def _to_balance(
    uow: UnitOfWork, place: Place, charge: PaymentFacts, refund_id: int, amount: Decimal
) -> Refund:
    """To the balance everything is one transaction: no gateway is asked."""
    moved = uow.balances.move(
        charge.user_id,
        amount,
        charge.currency,
        kind=MovementKind.REFUND,
        payment_id=refund_id,
        now=uow.now(),
    )
    if not moved:
        raise RuleRefused(
            Refusal.NOT_COMPLETED,
            f"The student's balance is not kept in {charge.currency}; refund to the original "
            "method instead.",
        )
    return settle(uow, place, None)


def settle(uow: UnitOfWork, place: Place, reference: str | None) -> Refund:
    """The money is back: the charge says so, and a full refund ends what it had opened."""
    locked, refund_row = _lock_refund(uow, place)
    if not refund_row.is_open:
        return refund_of(uow, refund_row.payment_id, replayed=True)
    now, charge = uow.now(), locked.payment
    uow.payments.update(
        refund_row.payment_id,
        status=move_payment(refund_row.status, PaymentStatus.COMPLETED),
        processed_at=now,
        gateway_reference=reference,
        next_check_at=None,
    )
    events: list[tuple[EventType, dict[str, Any]]] = []
    if refund_row.gateway != BALANCE:
        events.append((EventType.REFUND_GATEWAY_SUCCESS, {"reference": reference}))
    events.append((EventType.REFUND_COMPLETED, {"amount": str(refund_row.amount)}))
    uow.payments.note(refund_row.payment_id, events, now)
    back = uow.payments.refunded_for_good(charge.payment_id)
    is_full = back == charge.amount
    target = PaymentStatus.REFUNDED if is_full else PaymentStatus.PARTIALLY_REFUNDED
    if charge.status is not target:
        uow.payments.update(
            charge.payment_id,
            status=move_payment(charge.status, target),
            refund_due=False,
        )
    if is_full:
        end_what_was_bought(uow, locked)
    _finish_key(uow, refund_row)
    return refund_of(uow, refund_row.payment_id)


def fail(uow: UnitOfWork, place: Place, reason_code: str) -> Refund:
    """The gateway refused it: what was reserved is free again, and nothing else changed."""
    locked, refund_row = _lock_refund(uow, place)
    if not refund_row.is_open:
        return refund_of(uow, refund_row.payment_id, replayed=True)
    now = uow.now()
    uow.payments.update(
        refund_row.payment_id,
        status=move_payment(refund_row.status, PaymentStatus.FAILED),
        reason_code=reason_code[:32],
        processed_at=now,
        next_check_at=None,
    )
    uow.payments.unreserve(locked.payment.payment_id, refund_row.amount)
    uow.payments.note(
        refund_row.payment_id,
        [
            (EventType.REFUND_GATEWAY_FAILED, {"reason": reason_code}),
            (EventType.REFUND_FAILED, {"reason": reason_code}),
        ],
        now,
    )
    _finish_key(uow, refund_row)
    return refund_of(uow, refund_row.payment_id)


def still_open(uow: UnitOfWork, place: Place, event: EventType) -> Refund:
    """No final word yet: the amount stays reserved, and the gateway is asked later."""
    refund_row = uow.payments.lock(place.payment_id)
    if not refund_row.is_open:
        return refund_of(uow, refund_row.payment_id, replayed=True)
    now = uow.now()
    waits = event is EventType.REFUND_GATEWAY_PENDING and refund_row.status is PaymentStatus.PENDING
    uow.payments.update(
        refund_row.payment_id,
        status=refund_row.status if waits else PaymentStatus.UNKNOWN,
        check_count=refund_row.check_count + 1,
        next_check_at=next_check(now, refund_row.check_count),
    )
    uow.payments.note(refund_row.payment_id, [(event, {})], now)
    return refund_of(uow, refund_row.payment_id)


def record_payout(uow: UnitOfWork, place: Place, *, reference: str) -> Refund:
    """A refund that people pay out by hand was paid out."""
    uow.actor.require(Right.RECORD_RECEIPT)
    refund_row = uow.payments.get(place.payment_id)
    if refund_row.kind is not PaymentKind.REFUND or refund_row.gateway != "manual":
        raise RuleRefused(
            Refusal.NOT_A_CHARGE, "Only refunds that are paid out by hand are recorded here."
        )
    if not reference.strip():
        raise InvalidInput("reference", "Give the bank's reference, or the receipt's number.")
    return settle(uow, place, reference.strip())


def resolve(database: Database, refund_id: int, *, gateways: Gateways) -> Refund:
    """Find out what became of one unsettled refund, and write it down. Never sends it again."""
    place, row = database.read(_find, refund_id)
    if not row.is_open or row.gateway in (None, BALANCE):
        return database.read(refund_of, refund_id)
    gateway = gateways.named(row.gateway or "")
    if gateway.by_hand:
        return database.read(refund_of, refund_id)
    key = row.idempotency_key or ""
    try:
        lookup = gateway.lookup(key)
    except GatewayUnreachable:
        return _write(database, key, still_open, place, EventType.GATEWAY_UNREACHABLE)
    if lookup.entry is None:
        if not lookup.voided and _void(gateway, key) is not VoidOutcome.VOIDED:
            return _write(database, key, still_open, place, EventType.VOID_FAILED)
        return _write(database, key, fail, place, "not_found")
    match lookup.entry.state:
        case EntryState.APPROVED:
            return _write(database, key, settle, place, lookup.entry.reference)
        case EntryState.DECLINED:
            return _write(database, key, fail, place, lookup.entry.reason_code or "declined")
    return _write(database, key, still_open, place, EventType.REFUND_GATEWAY_PENDING)


def _void(gateway: Gateway, key: str) -> VoidOutcome:
    try:
        return gateway.void(key).outcome
    except GatewayUnreachable:
        return VoidOutcome.UNKNOWN


def _lock_refund(uow: UnitOfWork, place: Place) -> tuple[holds.Locked, PaymentFacts]:
    """The charge with all that hangs on it, then its refund: ascending payment ids."""
    assert place.charge_id is not None
    locked = holds.lock_all(uow, uow.payments.place(place.charge_id))
    return locked, uow.payments.lock(place.payment_id)


def _finish_key(uow: UnitOfWork, refund_row: PaymentFacts) -> None:
    key = refund_row.idempotency_key or ""
    stored = uow.keys.find(key)
    if stored is not None and stored.state is KeyState.IN_PROGRESS:
        uow.keys.finish(key, {"payment_id": refund_row.payment_id}, uow.now())


def _find(uow: UnitOfWork, payment_id: int) -> tuple[Place, PaymentFacts]:
    """What an act on the payment locks, and the payment as it was before."""
    return uow.payments.place(payment_id), uow.payments.get(payment_id)
