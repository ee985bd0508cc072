"""What follows a hold: the charge at the gateway, its answer, silence, and asking again.

No transaction is open while a gateway answers. What an answer changes in the database
stands in `outcomes`, one transaction each.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.purchases import Purchase, PurchaseOutcome, PurchaseRefusal
from learnhub_desktop.domain.settlement import PaymentFacts, Place, place_of
from learnhub_desktop.domain.states import EventType, PaymentStatus
from learnhub_desktop.errors import InvalidInput, RuleRefused
from learnhub_desktop.gateways import (
    Answer,
    ChargeRequest,
    Entry,
    EntryKind,
    EntryState,
    Gateway,
    Gateways,
    GatewayUnreachable,
    KeyReused,
    Outcome,
    VoidAnswer,
    VoidOutcome,
)
from learnhub_desktop.services import outcomes
from learnhub_desktop.services.outcomes import (
    cancel_hold,
    decline,
    expire,
    finish_key,
    mark_unknown,
    pay_from_balance,
    record_receipt,
    settle,
    told,
)
from learnhub_desktop.services.recording import record

__all__ = [
    "WAIT_S",
    "Held",
    "cancel_hold",
    "charge",
    "deadline",
    "decline",
    "expire",
    "finish_key",
    "held_for",
    "held_of",
    "is_due",
    "is_unsettled",
    "mark_unknown",
    "pay_from_balance",
    "record_receipt",
    "resolve",
    "resume",
    "settle",
    "told",
    "wait_for_first",
]

WAIT_S: Final = 10.0
_LOOK_AGAIN_S: Final = 0.1
# A charge is not begun so late that its answer would come after the hold's end.
_MARGIN_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Held:
    """A charge that may be sent until ``deadline``, on the clock of `_steady_s`.

    Only the call that wrote the hold is given one, so nobody else sends this charge.
    """

    place: Place
    key: str
    amount: Decimal
    currency: str
    card: str
    gateway: str
    deadline: float

    @property
    def payment_id(self) -> int:
        return self.place.payment_id


def held_of(uow: UnitOfWork, payment_id: int, *, card: str | None, expires_at: datetime) -> Held:
    """What the caller, who has just written this hold, may send to the gateway."""
    return held_for(uow, uow.payments.get(payment_id), card=card, expires_at=expires_at)


def held_for(
    uow: UnitOfWork, payment: PaymentFacts, *, card: str | None, expires_at: datetime
) -> Held:
    assert payment.idempotency_key is not None and card is not None
    return Held(
        place_of(payment),
        payment.idempotency_key,
        payment.amount,
        payment.currency,
        card,
        payment.gateway or "",
        deadline(uow, expires_at),
    )


def deadline(uow: UnitOfWork, expires_at: datetime) -> float:
    """Until when the charge of a hold may be sent, on this computer's steady clock."""
    return _steady_s() + (expires_at - uow.now()).total_seconds() - _MARGIN_S


def resume(uow: UnitOfWork, payment: PaymentFacts, *, card: str | None) -> Held | Purchase:
    """Go on after a COMMIT whose answer was lost: the hold was kept, and nothing was sent."""
    expires_at = payment.hold_expires_at
    waits = payment.status is PaymentStatus.PENDING and expires_at is not None
    if waits and card is not None and outcomes.was_sent(uow, payment):
        assert expires_at is not None
        return held_for(uow, payment, card=card, expires_at=expires_at)
    return told(uow, payment, replayed=False)


def charge(
    database: Database, held: Held, *, gateways: Gateways, isolation: str | None = None
) -> Purchase:
    """Send the charge and write down what came of it.

    A workstation that slept past the hold sends nothing: the seat may be given away by now,
    and the key voided.
    """

    def write(call: Any, *args: Any) -> Purchase:
        result: Purchase = record(database, isolation, held.key, call, held.place, *args)
        return result

    if _steady_s() > held.deadline:
        return write(decline, outcomes.HOLD_EXPIRED)
    request = ChargeRequest(
        key=held.key,
        payment_id=held.payment_id,
        amount=held.amount,
        currency=held.currency,
        card=held.card,
    )
    try:
        answer = gateways.named(held.gateway).charge(request)
    except GatewayUnreachable:
        # Certainly not sent, and this call alone sends it: nothing was charged.
        return write(decline, outcomes.NOT_REACHED)
    except KeyReused:
        return write(decline, "key_reused")
    except (InvalidInput, RuleRefused):
        # The gateway cannot take it, or the school has no such gateway any more.
        write(decline, "not_accepted")
        raise
    return _answered(write, answer)


def _answered(write: Any, answer: Answer) -> Purchase:
    result: Purchase
    match answer.outcome:
        case Outcome.APPROVED:
            result = write(settle, answer.reference)
        case Outcome.DECLINED:
            result = write(decline, answer.reason_code or "declined")
        case _:
            result = write(mark_unknown)
    return result


@dataclass(frozen=True, slots=True)
class _Look:
    """A payment that is asked about. ``is_due``: its first call cannot be at it any more."""

    place: Place
    payment: PaymentFacts
    was_sent: bool
    is_due: bool


def resolve(
    database: Database, payment_id: int, *, gateways: Gateways, isolation: str | None = None
) -> Purchase:
    """Find out what became of one unsettled charge, and write it down. Never sends it again.

    `pending` is only looked at past its hold: before, its first call may still be at it.
    Not found at the gateway: the key is voided there first, so that a workstation that
    wakes up later cannot charge it, and only then does the payment fail.
    """
    look = database.read(_look, payment_id)
    key = look.payment.idempotency_key
    if not look.payment.is_open or not look.is_due:
        return database.read(_told_of, payment_id)

    def write(call: Any, *args: Any) -> Purchase:
        result: Purchase = record(database, isolation, key or "", call, look.place, *args)
        return result

    if not look.was_sent and look.payment.status is PaymentStatus.PENDING:
        return write(expire)
    if key is None:
        raise RuleRefused(
            PurchaseRefusal.WRONG_STATE,
            "This payment was made by another program, and only that program can say what "
            "became of it.",
        )
    gateway = gateways.named(look.payment.gateway or "")
    try:
        lookup = gateway.lookup(key)
    except GatewayUnreachable:
        return write(outcomes.still_unknown, EventType.GATEWAY_UNREACHABLE)
    entry = lookup.entry
    if entry is None and not lookup.voided:
        voided = _void(gateway, key)
        if voided is None or voided.outcome is VoidOutcome.UNKNOWN:
            return write(outcomes.still_unknown, EventType.VOID_FAILED)
        # Where nothing could be voided it had arrived between the look-up and the void.
        entry = voided.entry
        if entry is None and voided.outcome is VoidOutcome.ALREADY_DONE:
            return write(outcomes.still_unknown, EventType.GATEWAY_PENDING)
    return _found(write, look.payment, entry)


def _void(gateway: Gateway, key: str) -> VoidAnswer | None:
    try:
        return gateway.void(key)
    except GatewayUnreachable:
        return None


def _found(write: Any, payment: PaymentFacts, entry: Entry | None) -> Purchase:
    """Write what the gateway holds under the payment's key; None: nothing, and never will."""
    result: Purchase
    if entry is None:
        result = write(outcomes.give_up)
    elif not _is_ours(entry, payment):
        # The key served another act there, so this charge was never taken.
        result = write(decline, "key_reused")
    elif entry.state is EntryState.APPROVED:
        result = write(settle, entry.reference)
    elif entry.state is EntryState.DECLINED:
        result = write(decline, entry.reason_code or "declined")
    else:
        result = write(outcomes.still_unknown, EventType.GATEWAY_PENDING)
    return result


def _is_ours(entry: Entry, payment: PaymentFacts) -> bool:
    """Whether the gateway's entry is this very charge, and not another one under its key."""
    found = (entry.kind, entry.payment_id, entry.amount, entry.currency)
    return found == (EntryKind.CHARGE, payment.payment_id, payment.amount, payment.currency)


def wait_for_first(
    database: Database, first: Purchase, *, gateways: Gateways, wait_s: float
) -> Purchase:
    """Another call with this key is at it: wait for its result, then say "in progress".

    Past the hold nobody is at it any more, and the gateway is asked. Nobody is at a payment
    that waits for money or for a reviewer either.
    """
    assert first.payment_id is not None
    until = time.monotonic() + wait_s
    while True:
        look = database.read(_look, first.payment_id)
        if look.payment.is_open and look.is_due:
            return resolve(database, first.payment_id, gateways=gateways)
        is_at_it = look.payment.is_open and look.was_sent
        if not is_at_it or time.monotonic() >= until:
            return database.read(_told_of, first.payment_id)
        time.sleep(_LOOK_AGAIN_S)


def is_unsettled(purchase: Purchase) -> bool:
    """Whether asking or waiting may tell more."""
    return purchase.payment_id is not None and purchase.outcome in (
        PurchaseOutcome.IN_PROGRESS,
        PurchaseOutcome.UNKNOWN,
        PurchaseOutcome.WAITING,
        PurchaseOutcome.VERIFICATION,
    )


def _look(uow: UnitOfWork, payment_id: int) -> _Look:
    payment = uow.payments.get(payment_id)
    return _Look(
        place_of(payment),
        payment,
        was_sent=outcomes.was_sent(uow, payment),
        is_due=is_due(uow, payment),
    )


def is_due(uow: UnitOfWork, payment: PaymentFacts) -> bool:
    """Whether an open charge may be looked into: unknown, or pending past its hold."""
    expired = payment.hold_expires_at is not None and payment.hold_expires_at <= uow.now()
    return payment.status is PaymentStatus.UNKNOWN or expired


def _told_of(uow: UnitOfWork, payment_id: int) -> Purchase:
    return told(uow, uow.payments.get(payment_id))


def _steady_s() -> float:
    """Seconds on a clock that nobody sets and that runs while the computer sleeps."""
    if sys.platform == "darwin":
        return time.clock_gettime(time.CLOCK_MONOTONIC)
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()
