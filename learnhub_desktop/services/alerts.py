"""The reviewer's work: decide on an alert, release a blocked purchase, settle a verification."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
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
    GATEWAY_METHODS,
    Purchase,
    PurchaseOutcome,
    PurchaseRefusal,
)
from learnhub_desktop.domain.settlement import PaymentFacts, Place
from learnhub_desktop.domain.states import (
    AlertStatus,
    EventType,
    PaymentMethod,
    PaymentStatus,
    RuleAction,
)
from learnhub_desktop.domain.text import NOTE_LENGTH, check_text
from learnhub_desktop.errors import InvalidInput, RuleRefused
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.services import holds, settling
from learnhub_desktop.services.purchase_words import purchase_of

_RECENT: Final = 20
_SAID: Final = {
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
    waits = (
        payment is not None
        and payment.status is PaymentStatus.PENDING
        and facts.action is RuleAction.REQUIRE_VERIFICATION
    )
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
        may_verify=waits,
        why_not=why_not,
    )


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
            f"Another reviewer has decided meanwhile: {alert.status.replace('_', ' ')}. "
            "Look again, then decide.",
        )
    _decide(uow, alert, decision, comment)
    return Changes(
        Touched.ALERTS,
        f"Alert {alert_id} is closed as {_SAID[decision]}.",
        subject_id=alert_id,
    )


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
        f"Released the purchase of alert {alert_id}: it may be made once more, for the same "
        "student, course and amount.",
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
    """Let a held purchase go on: the card is presented again and charged under the same key."""
    uow.actor.require(Right.RELEASE_PAYMENT)
    locked = holds.lock_all(uow, waiting.place)
    alert = uow.fraud.lock_alert(waiting.alert_id)
    _check_waiting(uow, locked, alert)
    _decide(uow, alert, AlertStatus.FALSE_POSITIVE, comment)
    payment = locked.payment
    uow.payments.note(payment.payment_id, [(EventType.VERIFICATION_APPROVED, {})], uow.now())
    if payment.method is PaymentMethod.ACCOUNT_BALANCE or payment.method in GATEWAY_METHODS:
        what_next = "Charge it now with the student's card or balance."
    else:
        what_next = "Record the receipt when the money comes."
    return Changes(
        Touched.ALERTS | Touched.PAYMENTS,
        f"Approved the purchase of {locked.student.name}. {what_next}",
        subject_id=waiting.alert_id,
    )


def decline_verification(uow: UnitOfWork, waiting: Verification, *, comment: str = "") -> Changes:
    """Refuse a held purchase: nothing was charged, and the seat is free again."""
    uow.actor.require(Right.RELEASE_PAYMENT)
    locked = holds.lock_all(uow, waiting.place)
    alert = uow.fraud.lock_alert(waiting.alert_id)
    _check_waiting(uow, locked, alert)
    holds.give_back(
        uow,
        locked,
        reason_code="verification_declined",
        events=[(EventType.VERIFICATION_DECLINED, {})],
    )
    settling.finish_key(uow, locked.payment, PurchaseOutcome.DECLINED)
    _decide(uow, alert, AlertStatus.CONFIRMED_FRAUD, comment)
    return Changes(
        Touched.ALERTS | Touched.PAYMENTS | Touched.ENROLMENTS | Touched.CATALOG,
        f"Declined the purchase of {locked.student.name}. Nothing was charged; the seat is free.",
        subject_id=waiting.alert_id,
    )


def _check_waiting(uow: UnitOfWork, locked: holds.Locked, alert: AlertFacts) -> None:
    payment = locked.payment
    done = uow.payments.has_event(
        payment.payment_id, EventType.VERIFICATION_APPROVED, EventType.VERIFICATION_DECLINED
    )
    if payment.status is not PaymentStatus.PENDING or done:
        raise RuleRefused(AlertRefusal.NOT_WAITING, "This purchase does not wait any more.")


def charge_verified(
    database: Database, alert_id: int, *, card: str | None, gateways: Gateways
) -> Purchase:
    """Charge a purchase that a reviewer approved, under its first key."""
    waiting = database.read(find_verification, alert_id)
    payment = database.read(_payment, waiting.place.payment_id)
    fingerprint = None
    if card and payment.method in GATEWAY_METHODS:
        fingerprint = gateways.named(payment.gateway or "").card_fingerprint(card)
    begun = database.write(begin_verified, waiting.place, card, fingerprint)
    if isinstance(begun, settling.Held):
        return settling.charge(database, begun, gateways=gateways)
    return begun


def begin_verified(
    uow: UnitOfWork, place: Place, card: str | None, fingerprint: str | None
) -> settling.Held | Purchase:
    """Note that the gateway is about to be called; from now on only it can say what happened."""
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
        return settling.told(uow, payment)
    if payment.hold_expires_at is not None and payment.hold_expires_at <= now:
        raise RuleRefused(
            PurchaseRefusal.HOLD_EXPIRED, "The hold has run out. Start the purchase again."
        )
    if payment.method is PaymentMethod.ACCOUNT_BALANCE:
        return settling.pay_from_balance(uow, locked)
    if payment.method not in GATEWAY_METHODS:
        return purchase_of(
            uow, PurchaseOutcome.WAITING, payment.idempotency_key or "", payment.payment_id
        )
    if card is None or not card.strip():
        raise InvalidInput("card", "Present the card again: the token that the gateway gave.")
    if fingerprint != payment.card_fingerprint:
        raise InvalidInput("card", "This is another card than the one that was verified.")
    expires_at = now + timedelta(minutes=uow.settings.get().hold_minutes_card)
    uow.payments.update(payment.payment_id, hold_expires_at=expires_at, next_check_at=expires_at)
    if locked.enrolment is not None and not locked.enrolment.is_open:
        uow.enrolments.update(locked.enrolment.enrollment_id, hold_expires_at=expires_at)
    uow.payments.note(
        payment.payment_id,
        [(EventType.PAYMENT_GATEWAY_CALLED, {"gateway": payment.gateway})],
        now,
    )
    return settling.held_of(uow, payment.payment_id, card=card, expires_at=expires_at)


def _payment(uow: UnitOfWork, payment_id: int) -> PaymentFacts:
    return uow.payments.get(payment_id)
