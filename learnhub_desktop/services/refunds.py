"""Refunds in three steps: reserve, send, settle.

A refund is a payment row of its own that names its charge. Reserving raises the charge's
``refunded_amount`` by a conditional UPDATE, so two desks can never give back more than is left.
What an answer changes in the database stands in `refund_outcomes`.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.payments import BALANCE
from learnhub_desktop.domain.refunds import Decision, RefundTo, Refusal
from learnhub_desktop.domain.settlement import PaymentFacts, Place, next_check
from learnhub_desktop.domain.states import (
    EventType,
    GatewayKind,
    MovementKind,
    PaymentKind,
    PaymentMethod,
    PaymentStatus,
)
from learnhub_desktop.errors import (
    DatabaseUnavailable,
    InvalidInput,
    OutcomeUnknown,
    RuleRefused,
)
from learnhub_desktop.gateways import (
    Entry,
    EntryKind,
    EntryState,
    Gateway,
    Gateways,
    GatewayUnreachable,
    KeyReused,
    Outcome,
    RefundRequest,
    VoidAnswer,
    VoidOutcome,
)
from learnhub_desktop.services import holds, keys, refund_outcomes
from learnhub_desktop.services import refund_rules as rules
from learnhub_desktop.services.recording import record, write_once
from learnhub_desktop.services.refund_outcomes import (
    cancel_payout,
    fail,
    record_payout,
    settle,
    still_open,
)
from learnhub_desktop.services.refund_rules import RefundOrder
from learnhub_desktop.services.refund_words import Refund, RefundOutcome, refund_of
from learnhub_desktop.services.settling import WAIT_S

__all__ = [
    "OPERATION",
    "RefundOrder",
    "Reserved",
    "cancel_payout",
    "fail",
    "record_payout",
    "refund",
    "reserve",
    "resolve",
    "settle",
    "still_open",
]

OPERATION: Final = "refund"
_LOOK_AGAIN_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Reserved:
    """A refund row that waits for its gateway. Only the call that wrote it is given one."""

    refund_id: int
    place: Place
    request: RefundRequest


def refund(
    database: Database,
    order: RefundOrder,
    *,
    gateways: Gateways,
    wait_s: float = WAIT_S,
    isolation: str | None = None,
) -> Refund:
    """Give one payment back, in part or in full. The same key never refunds twice.

    RuleRefused where nothing was done; OutcomeUnknown where it is not known what was: the
    same key, or "Ask now" on the refund, settles it. ``isolation`` as for a purchase.
    """
    order = rules.clean(order)
    place, charge = database.read(_find, order.payment_id)
    gateway = _gateway_of(order, charge, gateways)
    caller = uuid.uuid4().hex
    reserved = write_once(
        database, isolation, order.key, reserve, place, order, gateway, caller=caller
    )
    if isinstance(reserved, Reserved):
        assert gateway is not None
        return _send(database, reserved, gateway, isolation)
    if reserved.replayed:
        return _wait_for_first(database, reserved, gateways=gateways, wait_s=wait_s)
    return reserved


def _gateway_of(order: RefundOrder, charge: PaymentFacts, gateways: Gateways) -> Gateway | None:
    """The gateway that took the money; None where it goes to the balance."""
    if order.to is RefundTo.BALANCE or charge.method is PaymentMethod.ACCOUNT_BALANCE:
        return None
    if rules.is_paid_out_by_hand(charge):
        return gateways.manual
    return gateways.named(charge.gateway or "")


def _send(
    database: Database, reserved: Reserved, gateway: Gateway, isolation: str | None
) -> Refund:
    place, key = reserved.place, reserved.request.key

    def write(call: Any, *args: Any) -> Refund:
        result: Refund = record(database, isolation, key, call, place, *args)
        return result

    try:
        answer = gateway.refund(reserved.request)
    except GatewayUnreachable:
        # Certainly not sent, and this call alone sends it: nothing went back.
        return write(fail, "gateway_unreachable")
    except KeyReused:
        return write(fail, "key_reused")
    except InvalidInput:
        write(fail, "not_accepted")
        raise
    match answer.outcome:
        case Outcome.APPROVED:
            return _settle(database, isolation, place, key, answer.reference)
        case Outcome.DECLINED:
            return write(fail, answer.reason_code or "declined")
        case Outcome.PENDING:
            return write(still_open, EventType.REFUND_GATEWAY_PENDING)
    return write(still_open, EventType.OUTCOME_UNKNOWN)


def _settle(
    database: Database, isolation: str | None, place: Place, key: str, reference: str | None
) -> Refund:
    """Write down that the money is back; where only what that ends cannot be, say so."""
    try:
        return record(database, isolation, key, settle, place, reference)
    except OutcomeUnknown as error:
        if isinstance(error.__cause__, DatabaseUnavailable | OutcomeUnknown):
            raise
    return record(database, None, key, refund_outcomes.note_money_back, place, reference)


def reserve(
    uow: UnitOfWork,
    place: Place,
    order: RefundOrder,
    gateway: Gateway | None,
    *,
    caller: str = "",
) -> Reserved | Refund:
    """Decide under the locks, reserve the amount, and write the pending refund.

    ``caller`` is this call's own mark on the key: only who finds it there may send it.
    """
    uow.actor.require(Right.REFUND)
    locked = holds.lock_all(uow, place)
    charge = locked.payment
    stored = keys.find_first(
        uow, order.key, OPERATION, order.parameters(), refusal=Refusal.KEY_REUSED
    )
    if stored is not None:
        assert stored.payment_id is not None
        if gateway is not None and not gateway.by_hand and stored.is_by(caller):
            # Our own COMMIT was kept, and only its answer was lost: nothing was sent.
            return _reserved(uow, uow.payments.get(stored.payment_id), charge)
        return refund_of(uow, stored.payment_id, replayed=not stored.is_by(caller))
    facts, decision = rules.judge_locked(uow, locked)
    rules.allow(uow, order, decision)
    amount = rules.amount_of(uow, order, charge, facts)
    if gateway is None:
        _require_balance(locked)
    if not uow.payments.reserve(charge.payment_id, amount, seen=order.seen_refunded):
        raise RuleRefused(Refusal.STALE_SCREEN, "Another desk is refunding this payment now.")
    refund_id = _write_refund(uow, order, charge, amount, gateway)
    _note_requested(uow, refund_id, order, charge, amount, decision)
    uow.keys.add(
        order.key,
        OPERATION,
        order.parameters(),
        account=uow.actor.account,
        now=uow.now(),
        payment_id=refund_id,
        caller=caller,
    )
    if gateway is None:
        return _to_balance(uow, charge, refund_id, amount)
    if gateway.by_hand:
        return refund_of(uow, refund_id)
    uow.payments.note(
        refund_id, [(EventType.REFUND_GATEWAY_CALLED, {"gateway": gateway.name})], uow.now()
    )
    return _reserved(uow, uow.payments.get(refund_id), charge)


def _write_refund(
    uow: UnitOfWork,
    order: RefundOrder,
    charge: PaymentFacts,
    amount: Decimal,
    gateway: Gateway | None,
) -> int:
    now = uow.now()
    return uow.payments.add(
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
        comment=rules.comment_of(order.comment, order.override),
        next_check_at=next_check(now, 0),
        created_at=now,
    )


def _note_requested(
    uow: UnitOfWork,
    refund_id: int,
    order: RefundOrder,
    charge: PaymentFacts,
    amount: Decimal,
    decision: Decision,
) -> None:
    facts = {
        "amount": str(amount),
        "currency": charge.currency,
        "reason": str(order.reason),
        "past_policy": decision.is_policy,
    }
    uow.payments.note(refund_id, [(EventType.REFUND_REQUESTED, facts)], uow.now())


def _reserved(uow: UnitOfWork, row: PaymentFacts, charge: PaymentFacts) -> Reserved:
    assert charge.idempotency_key is not None and row.idempotency_key is not None
    request = RefundRequest(
        key=row.idempotency_key,
        charge_key=charge.idempotency_key,
        payment_id=row.payment_id,
        amount=row.amount,
        currency=row.currency,
    )
    return Reserved(row.payment_id, uow.payments.place(row.payment_id), request)


def _require_balance(locked: holds.Locked) -> None:
    refused = rules.why_not_to_balance(locked.student, locked.payment)
    if refused:
        raise RuleRefused(
            Refusal.NOT_TO_BALANCE, f"{refused} Refund to the original method instead."
        )


def _to_balance(uow: UnitOfWork, charge: PaymentFacts, refund_id: int, amount: Decimal) -> Refund:
    """To the balance everything is one transaction: no gateway is asked."""
    moved = uow.balances.move(
        charge.user_id,
        amount,
        charge.currency,
        kind=MovementKind.REFUND,
        payment_id=refund_id,
        now=uow.now(),
    )
    assert moved  # its currency was looked at under the lock, and nothing is taken away
    return settle(uow, uow.payments.place(refund_id), None)


def resolve(
    database: Database, refund_id: int, *, gateways: Gateways, isolation: str | None = None
) -> Refund:
    """Find out what became of one unsettled refund, and write it down. Never sends it again."""
    place, row = database.read(_find, refund_id)
    if not database.read(_may_be_asked, refund_id):
        return database.read(refund_of, refund_id)
    gateway = gateways.named(row.gateway or "")
    key = row.idempotency_key or ""

    def write(call: Any, *args: Any) -> Refund:
        result: Refund = record(database, isolation, key, call, place, *args)
        return result

    try:
        lookup = gateway.lookup(key)
    except GatewayUnreachable:
        return write(still_open, EventType.GATEWAY_UNREACHABLE)
    entry = lookup.entry
    if entry is None and not lookup.voided:
        voided = _void(gateway, key)
        if voided is None or voided.outcome is VoidOutcome.UNKNOWN:
            return write(still_open, EventType.VOID_FAILED)
        # Where nothing could be voided it had arrived between the look-up and the void.
        entry = voided.entry
        if entry is None and voided.outcome is VoidOutcome.ALREADY_DONE:
            return write(still_open, EventType.REFUND_GATEWAY_PENDING)
    if entry is None:
        return write(fail, "not_found")
    if not _is_ours(entry, row):
        return write(fail, "key_reused")
    match entry.state:
        case EntryState.APPROVED:
            return _settle(database, isolation, place, key, entry.reference)
        case EntryState.DECLINED:
            return write(fail, entry.reason_code or "declined")
    return write(still_open, EventType.REFUND_GATEWAY_PENDING)


def _may_be_asked(uow: UnitOfWork, refund_id: int) -> bool:
    """Whether a gateway can say anything of it, and its first call cannot be at it any more."""
    row = uow.payments.get(refund_id)
    if not row.is_open or row.gateway in (None, BALANCE, GatewayKind.MANUAL):
        return False
    return not _is_first_at_it(uow, refund_id)


def _is_first_at_it(uow: UnitOfWork, refund_id: int) -> bool:
    """Whether the call that reserved it may still wait for the gateway: no answer was noted."""
    row = uow.payments.get(refund_id)
    if row.status is not PaymentStatus.PENDING or row.gateway in (
        None,
        BALANCE,
        GatewayKind.MANUAL,
    ):
        return False
    last = uow.payments.last_event(refund_id, *EventType)
    called = last is not None and last[0] is EventType.REFUND_GATEWAY_CALLED
    return called and uow.now() < next_check(row.created_at, 0)


def _wait_for_first(
    database: Database, first: Refund, *, gateways: Gateways, wait_s: float
) -> Refund:
    """Another call with this key is at it: wait for its result, then say that it still is."""
    until = time.monotonic() + wait_s
    while database.read(_is_first_at_it, first.refund_id):
        if time.monotonic() >= until:
            return database.read(refund_of, first.refund_id, replayed=True)
        time.sleep(_LOOK_AGAIN_S)
    known = database.read(refund_of, first.refund_id, replayed=True)
    if known.outcome in (RefundOutcome.COMPLETED, RefundOutcome.FAILED):
        return known
    return resolve(database, first.refund_id, gateways=gateways)


def _void(gateway: Gateway, key: str) -> VoidAnswer | None:
    try:
        return gateway.void(key)
    except GatewayUnreachable:
        return None


def _is_ours(entry: Entry, row: PaymentFacts) -> bool:
    """Whether the gateway's entry is this very refund, and not another act under its key."""
    found = (entry.kind, entry.payment_id, entry.amount, entry.currency)
    return found == (EntryKind.REFUND, row.payment_id, row.amount, row.currency)


def _find(uow: UnitOfWork, payment_id: int) -> tuple[Place, PaymentFacts]:
    """What an act on the payment locks, and the payment as it was before."""
    return uow.payments.place(payment_id), uow.payments.get(payment_id)
