"""What becomes of a refund: each outcome in one transaction.

Each locks the charge with all that hangs on it, then the refund, looks at its state again
and does nothing a second time.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.payments import BALANCE
from learnhub_desktop.domain.refunds import Refusal
from learnhub_desktop.domain.settlement import PaymentFacts, Place, next_check
from learnhub_desktop.domain.states import (
    EventType,
    GatewayKind,
    PaymentKind,
    PaymentStatus,
    move_payment,
)
from learnhub_desktop.domain.text import NOTE_LENGTH, check_text
from learnhub_desktop.errors import RuleRefused
from learnhub_desktop.services import holds
from learnhub_desktop.services.holds import REFERENCE_LENGTH
from learnhub_desktop.services.refund_effects import end_what_was_bought
from learnhub_desktop.services.refund_words import Refund, refund_of


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
        gateway_reference=holds.known_as(reference),
        next_check_at=None,
    )
    events: holds.Events = []
    if refund_row.gateway not in (BALANCE, GatewayKind.MANUAL):
        events.append((EventType.REFUND_GATEWAY_SUCCESS, {"reference": reference}))
    completed: dict[str, Any] = {"amount": str(refund_row.amount)}
    if refund_row.gateway == GatewayKind.MANUAL:
        completed["reference"] = reference
    events.append((EventType.REFUND_COMPLETED, completed))
    uow.payments.note(refund_row.payment_id, events, now)
    back = uow.payments.refunded_for_good(charge.payment_id)
    is_full = back == charge.amount
    target = PaymentStatus.REFUNDED if is_full else PaymentStatus.PARTIALLY_REFUNDED
    if charge.status is not target:
        due = {"refund_due": False} if is_full else {}
        uow.payments.update(charge.payment_id, status=move_payment(charge.status, target), **due)
    if is_full:
        end_what_was_bought(uow, locked)
    _finish_key(uow, refund_row)
    return refund_of(uow, refund_row.payment_id)


def fail(uow: UnitOfWork, place: Place, reason_code: str) -> Refund:
    """Nothing went back: what was reserved is free again, and nothing else changed."""
    locked, refund_row = _lock_refund(uow, place)
    if not refund_row.is_open:
        return refund_of(uow, refund_row.payment_id, replayed=True)
    return _failed(uow, locked, refund_row, reason_code)


def _failed(
    uow: UnitOfWork, locked: holds.Locked, refund_row: PaymentFacts, reason_code: str
) -> Refund:
    now, said = uow.now(), {"reason": reason_code}
    uow.payments.update(
        refund_row.payment_id,
        status=move_payment(refund_row.status, PaymentStatus.FAILED),
        reason_code=reason_code[:32],
        processed_at=now,
        next_check_at=None,
    )
    uow.payments.unreserve(locked.payment.payment_id, refund_row.amount)
    by_gateway = (
        []
        if refund_row.gateway == GatewayKind.MANUAL
        else [(EventType.REFUND_GATEWAY_FAILED, said)]
    )
    uow.payments.note(refund_row.payment_id, [*by_gateway, (EventType.REFUND_FAILED, said)], now)
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


def note_money_back(uow: UnitOfWork, place: Place, reference: str | None) -> Refund:
    """The money is back, yet writing down what that ends did not work: it is tried again."""
    refund_row = uow.payments.lock(place.payment_id)
    if refund_row.is_open:
        uow.payments.update(refund_row.payment_id, next_check_at=next_check(uow.now(), 0))
        uow.payments.note(
            refund_row.payment_id,
            [(EventType.REFUND_GATEWAY_SUCCESS, {"reference": reference})],
            uow.now(),
        )
    return refund_of(uow, refund_row.payment_id)


def record_payout(uow: UnitOfWork, place: Place, *, reference: str) -> Refund:
    """A refund that people pay out by hand was paid out."""
    uow.actor.require(Right.RECORD_RECEIPT)
    reference = check_text(
        reference, field="reference", label="The reference", longest=REFERENCE_LENGTH
    )
    _require_by_hand(uow, place)
    return settle(uow, place, reference)


def cancel_payout(uow: UnitOfWork, place: Place, *, comment: str) -> Refund:
    """A refund by hand that will not be paid out: its amount is free again, access stays."""
    uow.actor.require(Right.RECORD_RECEIPT)
    comment = check_text(comment, field="comment", label="The reason", longest=NOTE_LENGTH)
    locked, refund_row = _require_by_hand(uow, place)
    if not refund_row.is_open:
        return refund_of(uow, refund_row.payment_id, replayed=True)
    uow.payments.update(refund_row.payment_id, comment=comment)
    return _failed(uow, locked, refund_row, "cancelled")


def _require_by_hand(uow: UnitOfWork, place: Place) -> tuple[holds.Locked, PaymentFacts]:
    by_hand = place.charge_id is not None
    if by_hand:
        locked, refund_row = _lock_refund(uow, place)
        if refund_row.kind is PaymentKind.REFUND and refund_row.gateway == GatewayKind.MANUAL:
            return locked, refund_row
    raise RuleRefused(
        Refusal.NOT_A_CHARGE, "Only refunds that are paid out by hand are recorded here."
    )


def _lock_refund(uow: UnitOfWork, place: Place) -> tuple[holds.Locked, PaymentFacts]:
    """The charge with all that hangs on it, then its refund: ascending payment ids."""
    assert place.charge_id is not None
    locked = holds.lock_all(uow, replace(place, payment_id=place.charge_id))
    return locked, uow.payments.lock(place.payment_id)


def _finish_key(uow: UnitOfWork, refund_row: PaymentFacts) -> None:
    key = refund_row.idempotency_key or ""
    uow.keys.finish(key, {"payment_id": refund_row.payment_id}, uow.now())
