"""One payment with its refunds, its timeline, and what can be done with it now."""

from __future__ import annotations

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.payments import BALANCE, PaymentRow
from learnhub_desktop.domain.purchases import BY_HAND_METHODS
from learnhub_desktop.domain.refunds import REFUNDABLE
from learnhub_desktop.domain.settlement import Place
from learnhub_desktop.domain.states import EventType, GatewayKind, PaymentKind, PaymentStatus
from learnhub_desktop.domain.timeline import PaymentDetail, entry, sentence
from learnhub_desktop.errors import NotFound
from learnhub_desktop.services import lists, refund_rules


def get_payment(uow: UnitOfWork, payment_id: int) -> PaymentDetail:
    """The payment as the side panel shows it; a refund is shown as a row of its own."""
    uow.actor.require(Right.VIEW_PAYMENTS)
    row = _row(uow, payment_id)
    refund_ids = uow.payments.refund_ids(payment_id)
    events = uow.payments.events_of((payment_id, *refund_ids))
    kinds = {event_type for event_id, event_type, _facts, _at in events if event_id == payment_id}
    sent = EventType.PAYMENT_GATEWAY_CALLED in kinds
    review = EventType.VERIFICATION_REQUESTED in kinds and not kinds & {
        EventType.VERIFICATION_APPROVED,
        EventType.VERIFICATION_DECLINED,
    }
    refunds = tuple(_row(uow, refund_id) for refund_id in refund_ids)
    stuck = next((each.payment_id for each in (row, *refunds) if each.access_kept), None)
    alert = uow.fraud.find_alert_of_payment(payment_id)
    is_charge = row.kind is PaymentKind.CHARGE
    is_open = row.status in (PaymentStatus.PENDING, PaymentStatus.UNKNOWN)
    by_hand = row.gateway == GatewayKind.MANUAL
    expired = row.hold_expires_at is not None and row.hold_expires_at <= uow.now()
    may_charge = (
        EventType.VERIFICATION_APPROVED in kinds
        and row.status is PaymentStatus.PENDING
        and row.method not in BY_HAND_METHODS
        and not (sent or expired)
    )
    payment = uow.payments.get(payment_id)
    return PaymentDetail(
        row=row,
        refunds=refunds,
        timeline=tuple(entry(event_type, facts, at) for _id, event_type, facts, at in events),
        next_check_at=uow.payments.next_check_at(payment_id) if is_open else None,
        says=sentence(
            row,
            money_back_access_kept=stuck is not None,
            waits_for_review=review and is_open,
            waits_for_charge=may_charge,
        ),
        may_refund=is_charge and row.status in REFUNDABLE and payment.left > 0,
        may_ask=_may_ask(row, is_open=is_open, expired=expired),
        may_record_receipt=is_charge
        and row.method in BY_HAND_METHODS
        and row.status in (PaymentStatus.PENDING, PaymentStatus.FAILED)
        and not review,
        may_record_payout=not is_charge and by_hand and row.status is PaymentStatus.PENDING,
        may_cancel_hold=is_charge and row.status is PaymentStatus.PENDING and not sent,
        why_no_refund=refund_rules.preview(uow, payment_id).refusal
        if uow.actor.may(Right.REFUND)
        else "Your account may not refund payments.",
        alert_id=None if alert is None else alert.alert_id,
        may_charge=may_charge,
        stuck_refund_id=stuck,
    )


def _may_ask(row: PaymentRow, *, is_open: bool, expired: bool) -> bool:
    """Whether asking can tell anything: never while the first call may still be at it."""
    if not is_open or row.gateway == BALANCE:
        return False
    if row.kind is PaymentKind.REFUND:
        return row.gateway != GatewayKind.MANUAL
    return row.status is PaymentStatus.UNKNOWN or expired


def find_place(uow: UnitOfWork, payment_id: int) -> Place:
    """What an act on the payment locks: read it first, then hand it to the act."""
    uow.actor.require(Right.VIEW_PAYMENTS)
    return uow.payments.place(payment_id)


def _row(uow: UnitOfWork, payment_id: int) -> PaymentRow:
    rows = lists.rows(uow, "payments", (payment_id,))
    if not rows:
        raise NotFound(f"There is no payment with the number {payment_id}.")
    row: PaymentRow = rows[0]
    return row
