"""The reviewer's work: decide on an alert, release a blocked purchase, settle a verification."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.alerts import (
    DECISIONS,
    AlertDetail,
    AlertFacts,
    AlertRefusal,
    parts_of,
)
from learnhub_desktop.domain.changes import Changes, Touched
from learnhub_desktop.domain.purchases import (
    BY_HAND_METHODS,
    GATEWAY_METHODS,
    Purchase,
    PurchaseOutcome,
    PurchaseRefusal,
)
from learnhub_desktop.domain.settlement import PaymentFacts, Place
from learnhub_desktop.domain.states import (
    AlertStatus,
    EnrolmentStatus,
    EventType,
    PaymentMethod,
    PaymentStatus,
    RuleAction,
)
from learnhub_desktop.domain.text import NOTE_LENGTH, check_text
from learnhub_desktop.errors import InvalidInput, RuleRefused
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.services import holds, settling
from learnhub_desktop.services.recording import write_once

_RECENT: Final = 20
_SAID: Final = {
    AlertStatus.PENDING: "still open",
    AlertStatus.REVIEWED: "reviewed",
    AlertStatus.FALSE_POSITIVE: "a false positive",
    AlertStatus.CONFIRMED_FRAUD: "confirmed fraud",
}


def get_alert(uow: UnitOfWork, alert_id: int) -> AlertDetail:
    """The alert with each rule's part and the student's recent payments."""
    uow.actor.require(Right.VIEW_ALERTS)
    facts = uow.fraud.get_alert(alert_id)
    extra = uow.fraud.alert_extra(alert_id)
    payment = None if facts.payment_id is None else uow.payments.find(facts.payment_id)
    standing = _standing(uow, facts, payment)
    may_release, why_not = _may_release(uow, facts)
    return AlertDetail(
        facts=facts,
        student_name=extra.student_name,
        student_email=extra.student_email,
        course_title=extra.course_title,
        amount=payment.amount if payment is not None else None,
        currency=payment.currency if payment is not None else None,
        payment_status=payment.status if payment is not None else None,
        parts=parts_of(facts.data),
        recent=uow.fraud.recent_payments(facts.user_id, limit=_RECENT),
        reviewed_at=extra.reviewed_at,
        reviewed_by=extra.reviewed_by,
        review_comment=extra.review_comment,
        may_release=may_release,
        may_verify=standing is _Standing.WAITS,
        why_not=_WHY_NOT_VERIFY.get(standing, why_not),
        may_charge=standing is _Standing.APPROVED
        and payment is not None
        and payment.method not in BY_HAND_METHODS,
        may_buy=facts.released_at is not None and not uow.fraud.release_is_used(alert_id),
    )


class _Standing(Enum):
    """Where a purchase stands that a rule holds for a reviewer."""

    NOT_HELD = auto()  # the alert's rule asked for no verification
    WAITS = auto()
    RAN_OUT = auto()
    APPROVED = auto()
    DECLINED = auto()
    SETTLED = auto()


_WHY_NOT_VERIFY: Final = {
    _Standing.RAN_OUT: "The hold ran out before a reviewer decided. Nothing was charged.",
    _Standing.DECLINED: "A reviewer declined the purchase.",
}


def _standing(uow: UnitOfWork, facts: AlertFacts, payment: PaymentFacts | None) -> _Standing:
    if facts.action is not RuleAction.REQUIRE_VERIFICATION or payment is None:
        return _Standing.NOT_HELD
    has = uow.payments.has_event
    if has(payment.payment_id, EventType.VERIFICATION_DECLINED):
        return _Standing.DECLINED
    approved = has(payment.payment_id, EventType.VERIFICATION_APPROVED)
    if payment.status is PaymentStatus.PENDING and not _is_over(uow, payment):
        if not approved:
            return _Standing.WAITS
        sent = has(payment.payment_id, EventType.PAYMENT_GATEWAY_CALLED)
        return _Standing.SETTLED if sent else _Standing.APPROVED
    return _Standing.SETTLED if approved else _Standing.RAN_OUT


def _is_over(uow: UnitOfWork, payment: PaymentFacts) -> bool:
    return payment.hold_expires_at is not None and payment.hold_expires_at <= uow.now()


def _may_release(uow: UnitOfWork, facts: AlertFacts) -> tuple[bool, str]:
    if facts.action is not RuleAction.BLOCK:
        return False, ""
    if facts.released_at is not None:
        if uow.fraud.release_is_used(facts.alert_id):
            return False, "The purchase was released, and the release was used."
        return False, "The purchase is released: it may be made once more."
    if facts.status is AlertStatus.CONFIRMED_FRAUD:
        return False, "Confirmed fraud is not released."
    return True, ""


def review_alert(
    uow: UnitOfWork,
    alert_id: int,
    *,
    decision: AlertStatus,
    seen_version: int,
    comment: str = "",
) -> Changes:
    """Close an alert as reviewed, a false positive or confirmed fraud; may be changed later.

    ``seen_version`` is the row version on the screen: another reviewer's decision meanwhile
    is not overwritten unseen.
    """
    uow.actor.require(Right.REVIEW_ALERT)
    if decision not in DECISIONS:
        raise InvalidInput("decision", "An alert is reviewed, a false positive or fraud.")
    comment = check_text(
        comment, field="comment", label="The comment", longest=NOTE_LENGTH, required=False
    )
    alert = uow.fraud.lock_alert(alert_id)
    if alert.row_version != seen_version:
        raise RuleRefused(
            AlertRefusal.CHANGED_MEANWHILE,
            f"Another reviewer changed this alert meanwhile; it is {_SAID[alert.status]}. "
            "Look again, then decide.",
        )
    payment = None if alert.payment_id is None else uow.payments.find(alert.payment_id)
    if _standing(uow, alert, payment) is _Standing.WAITS:
        raise RuleRefused(
            AlertRefusal.HOLDS_A_PURCHASE,
            "This alert holds a purchase: approve or decline it, which closes the alert.",
        )
    _decide(uow, alert, decision, comment)
    return Changes(
        Touched.ALERTS,
        f"The alert on {_of(uow, alert_id)} is closed as {_SAID[decision]}.",
        subject_id=alert_id,
    )


def _of(uow: UnitOfWork, alert_id: int) -> str:
    """``the purchase of “SQL” by Ada``."""
    extra = uow.fraud.alert_extra(alert_id)
    what = "a purchase" if extra.course_title is None else f"the purchase of “{extra.course_title}”"
    return what if not extra.student_email else f"{what} by {extra.student_name}"


def _decide(uow: UnitOfWork, alert: AlertFacts, decision: AlertStatus, comment: str) -> None:
    uow.fraud.update_alert(
        alert.alert_id,
        status=decision,
        reviewed_at=uow.now(),
        reviewed_by_account=uow.actor.account,
        review_comment=comment or None,
    )


def release(uow: UnitOfWork, alert_id: int, *, comment: str) -> Changes:
    """Permit a blocked purchase once: a new payment that names this alert passes the rules."""
    uow.actor.require(Right.RELEASE_PAYMENT)
    comment = check_text(comment, field="comment", label="The reason", longest=NOTE_LENGTH)
    alert = uow.fraud.lock_alert(alert_id)
    if alert.action is not RuleAction.BLOCK:
        raise RuleRefused(AlertRefusal.NOT_BLOCKED, "This purchase was not blocked.")
    if alert.released_at is not None:
        raise RuleRefused(AlertRefusal.RELEASED_ALREADY, "This purchase was released already.")
    if alert.status is AlertStatus.CONFIRMED_FRAUD:
        raise RuleRefused(AlertRefusal.CONFIRMED_FRAUD, "Confirmed fraud is not released.")
    now = uow.now()
    uow.fraud.update_alert(
        alert_id,
        status=AlertStatus.FALSE_POSITIVE,
        released_at=now,
        released_by_account=uow.actor.account,
        reviewed_at=now,
        reviewed_by_account=uow.actor.account,
        review_comment=comment,
    )
    return Changes(
        Touched.ALERTS,
        f"Released {_of(uow, alert_id)}: it may be made once more, for the same amount.",
        subject_id=alert_id,
    )


@dataclass(frozen=True, slots=True)
class Verification:
    """An alert that holds a purchase, and the rows that its decision locks."""

    alert_id: int
    place: Place


def find_verification(uow: UnitOfWork, alert_id: int) -> Verification:
    """What an act on a held purchase locks; RuleRefused where the alert holds none."""
    alert = uow.fraud.get_alert(alert_id)
    if alert.action is not RuleAction.REQUIRE_VERIFICATION or alert.payment_id is None:
        raise RuleRefused(AlertRefusal.NOT_WAITING, "This alert holds no purchase.")
    return Verification(alert_id, uow.payments.place(alert.payment_id))


def approve_verification(uow: UnitOfWork, waiting: Verification, *, comment: str = "") -> Changes:
    """Let a held purchase go on: the card is presented again and charged under the same key.

    The hold is long enough from now on for what comes next: a card, or money on its way.
    """
    comment = _begin_decision(uow, comment)
    locked = holds.lock_all(uow, waiting.place)
    alert = uow.fraud.lock_alert(waiting.alert_id)
    _require_waiting(uow, alert, locked.payment)
    _decide(uow, alert, AlertStatus.FALSE_POSITIVE, comment)
    payment, now = locked.payment, uow.now()
    assert payment.method is not None and payment.hold_expires_at is not None
    minutes = uow.settings.get().hold_minutes(payment.method)
    _carry_hold(uow, locked, max(payment.hold_expires_at, now + timedelta(minutes=minutes)))
    uow.payments.note(payment.payment_id, [(EventType.VERIFICATION_APPROVED, {})], now)
    what_next = (
        "Record the receipt when the money comes."
        if payment.method in BY_HAND_METHODS
        else "Charge it now with the student's card or balance."
    )
    return Changes(
        Touched.ALERTS | Touched.PAYMENTS,
        f"Approved {_of(uow, alert.alert_id)}. {what_next}",
        subject_id=waiting.alert_id,
    )


def _carry_hold(uow: UnitOfWork, locked: holds.Locked, until: datetime) -> None:
    uow.payments.update(locked.payment.payment_id, hold_expires_at=until, next_check_at=until)
    if locked.enrolment is not None and locked.enrolment.status is EnrolmentStatus.PENDING:
        uow.enrolments.update(locked.enrolment.enrollment_id, hold_expires_at=until)


def decline_verification(uow: UnitOfWork, waiting: Verification, *, comment: str = "") -> Changes:
    """Refuse a held purchase: nothing was charged, and the seat is free again."""
    comment = _begin_decision(uow, comment)
    locked = holds.lock_all(uow, waiting.place)
    alert = uow.fraud.lock_alert(waiting.alert_id)
    _require_waiting(uow, alert, locked.payment)
    had_seat = locked.enrolment is not None and not locked.enrolment.is_open
    holds.give_back(
        uow,
        locked,
        reason_code="verification_declined",
        events=[(EventType.VERIFICATION_DECLINED, {})],
    )
    settling.finish_key(uow, locked.payment, PurchaseOutcome.DECLINED)
    _decide(uow, alert, AlertStatus.CONFIRMED_FRAUD, comment)
    seat = "the seat is free" if had_seat else "access stays as it was"
    return Changes(
        Touched.ALERTS | Touched.PAYMENTS | Touched.ENROLMENTS | Touched.CATALOG,
        f"Declined {_of(uow, alert.alert_id)}. Nothing was charged; {seat}.",
        subject_id=waiting.alert_id,
    )


def _begin_decision(uow: UnitOfWork, comment: str) -> str:
    uow.actor.require(Right.RELEASE_PAYMENT)
    return check_text(
        comment, field="comment", label="The comment", longest=NOTE_LENGTH, required=False
    )


def _require_waiting(uow: UnitOfWork, alert: AlertFacts, payment: PaymentFacts) -> None:
    standing = _standing(uow, alert, payment)
    if standing is _Standing.WAITS:
        return
    said = _WHY_NOT_VERIFY.get(standing, "This purchase does not wait for a reviewer any more.")
    raise RuleRefused(AlertRefusal.NOT_WAITING, said)


def charge_verified(
    database: Database,
    alert_id: int,
    *,
    card: str | None,
    gateways: Gateways,
    wait_s: float = settling.WAIT_S,
) -> Purchase:
    """Charge a purchase that a reviewer approved, under its first key."""
    waiting = database.read(find_verification, alert_id)
    payment = database.read(_payment, waiting.place.payment_id)
    fingerprint = None
    if card and payment.method in GATEWAY_METHODS:
        fingerprint = gateways.named(payment.gateway or "").card_fingerprint(card)
    caller, key = uuid.uuid4().hex, payment.idempotency_key or ""
    begun = write_once(
        database, None, key, begin_verified, waiting.place, card, fingerprint, caller=caller
    )
    if isinstance(begun, settling.Held):
        return settling.charge(database, begun, gateways=gateways)
    if settling.is_unsettled(begun):
        return settling.wait_for_first(database, begun, gateways=gateways, wait_s=wait_s)
    return begun


def begin_verified(
    uow: UnitOfWork,
    place: Place,
    card: str | None,
    fingerprint: str | None,
    *,
    caller: str = "",
) -> settling.Held | Purchase:
    """Note that the gateway is about to be called; from now on only it can say what happened.

    ``caller`` is this call's own mark on the key: only who finds it there may send the charge.
    """
    uow.actor.require(Right.TAKE_PAYMENT)
    locked = holds.lock_all(uow, place)
    payment, now = locked.payment, uow.now()
    has = uow.payments.has_event
    if not has(payment.payment_id, EventType.VERIFICATION_APPROVED):
        raise RuleRefused(
            AlertRefusal.NOT_WAITING, "A reviewer has to approve this purchase first."
        )
    if payment.status is not PaymentStatus.PENDING or has(
        payment.payment_id, EventType.PAYMENT_GATEWAY_CALLED
    ):
        stored = uow.keys.find(payment.idempotency_key or "")
        if stored is not None and stored.is_by(caller):
            return settling.resume(uow, payment, card=card)
        return settling.told(uow, payment)
    if _is_over(uow, payment):
        raise RuleRefused(
            PurchaseRefusal.HOLD_EXPIRED, "The hold has run out. Start the purchase again."
        )
    if payment.method is PaymentMethod.ACCOUNT_BALANCE:
        return settling.pay_from_balance(uow, locked)
    if payment.method not in GATEWAY_METHODS:
        return settling.told(uow, payment, replayed=False)
    if card is None or not card.strip():
        raise InvalidInput("card", "Present the card again: the token that the gateway gave.")
    if fingerprint != payment.card_fingerprint:
        raise InvalidInput("card", "This is another card than the one that was verified.")
    expires_at = now + timedelta(minutes=uow.settings.get().hold_minutes_card)
    _carry_hold(uow, locked, expires_at)
    uow.payments.note(
        payment.payment_id,
        [(EventType.PAYMENT_GATEWAY_CALLED, {"gateway": payment.gateway})],
        now,
    )
    uow.keys.hand_over(payment.idempotency_key or "", caller)
    return settling.held_for(uow, payment, card=card, expires_at=expires_at)


def _payment(uow: UnitOfWork, payment_id: int) -> PaymentFacts:
    return uow.payments.get(payment_id)
