"""Buying a course: hold the seat, charge outside any transaction, settle.

`buy` is the use case; its first transaction, the hold, stands here, what is looked at before
in `purchase_look`, the charge and all that follows the gateway's answer in `settling`.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from learnhub_desktop.db.repositories.keys import StoredKey
from learnhub_desktop.db.repositories.purchase_writes import Claim
from learnhub_desktop.db.repositories.purchases import Opening
from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.enrolments import CourseFacts
from learnhub_desktop.domain.payments import BALANCE
from learnhub_desktop.domain.purchases import (
    GATEWAY_METHODS,
    Order,
    Purchase,
    PurchaseOutcome,
    PurchaseRefusal,
)
from learnhub_desktop.domain.scoring import Verdict
from learnhub_desktop.domain.settlement import Place
from learnhub_desktop.domain.states import (
    EnrolmentSource,
    EventType,
    PaymentMethod,
    PaymentStatus,
)
from learnhub_desktop.errors import InvalidInput, RuleRefused
from learnhub_desktop.gateways import Gateway, Gateways
from learnhub_desktop.services import holds, keys, scoring, settling
from learnhub_desktop.services import purchase_checks as checks
from learnhub_desktop.services.purchase_draft import (
    OPERATION,
    Card,
    Draft,
    hold_events,
    hold_minutes,
    initiated,
    keep,
    key_of,
    payment_values,
)
from learnhub_desktop.services.purchase_look import is_over, look_closer, look_first
from learnhub_desktop.services.purchase_words import purchase_of
from learnhub_desktop.services.recording import write_once

__all__ = ["OPERATION", "Card", "buy", "hold", "reserve"]


def buy(
    database: Database,
    order: Order,
    *,
    gateways: Gateways,
    wait_s: float = settling.WAIT_S,
    isolation: str | None = None,
) -> Purchase:
    """Sell one course to one student. Calling it again with the same key never charges twice.

    RuleRefused where nothing was done. OutcomeUnknown where it is not known what was:
    calling again with the same key, or "Ask now", settles it. ``isolation`` is the level of
    its transactions ("REPEATABLE READ", "SERIALIZABLE"), where the server has several.
    """
    held = reserve(database, order, gateways=gateways, isolation=isolation)
    if isinstance(held, settling.Held):
        return settling.charge(database, held, gateways=gateways, isolation=isolation)
    if held.replayed and settling.is_unsettled(held):
        return settling.wait_for_first(database, held, gateways=gateways, wait_s=wait_s)
    return held


def reserve(
    database: Database, order: Order, *, gateways: Gateways, isolation: str | None = None
) -> settling.Held | Purchase:
    """`buy` as far as the charge: look, then hold the seat.

    Returns what is left to charge, or a purchase that has nothing to send to a gateway.
    """
    order = checks.clean(order)
    gateway = _gateway_of(order, gateways)
    card = _read_card(order, gateway)
    name = BALANCE if gateway is None else gateway.name
    has_looked = look_first(database, order, gateways)
    caller = uuid.uuid4().hex

    def hold_once() -> settling.Held | Purchase:
        return write_once(database, isolation, order.key, hold, order, card, name, caller=caller)

    try:
        return hold_once()
    except RuleRefused as refused:
        if has_looked or refused.reason is not PurchaseRefusal.HELD_ALREADY:
            raise
        # An earlier purchase of the course is open, which the first look at a sale leaves out.
        look_closer(database, order, gateways)
    return hold_once()


def hold(
    uow: UnitOfWork, order: Order, card: Card, gateway_name: str, *, caller: str = ""
) -> settling.Held | Purchase:
    """The first transaction of a purchase: everything is decided and the seat is held.

    Returns what is left to charge, or the finished purchase where there is nothing to send:
    free, paid from the balance, waiting for money or a reviewer, blocked, or replayed.
    ``caller`` is this call's own mark on the key: only who finds it there may send the charge.
    """
    uow.actor.require(Right.ENROL)
    opening = uow.purchases.open_hold(
        key=order.key,
        student_id=order.student_id,
        course_id=order.course_id,
        sale_id=order.sale_id,
        card=card.fingerprint,
        now=uow.known_now(),
    )
    uow.came_at(opening.at)
    if opening.scene.key_is_used:
        parameters = order.parameters(card.fingerprint)
        stored = keys.find_first(
            uow, order.key, OPERATION, parameters, refusal=PurchaseRefusal.KEY_REUSED
        )
        if stored is not None:
            uow.keep_nothing()
            return _again(uow, order, stored, caller)
    draft = _decide(uow, order, opening, card, gateway_name, caller)
    if draft.verdict is Verdict.BLOCK:
        return _block(uow, draft)
    return _write_hold(uow, draft)


def _again(
    uow: UnitOfWork, order: Order, stored: StoredKey, caller: str
) -> settling.Held | Purchase:
    """The key was used before: what became of it, or our own hold whose COMMIT went unanswered."""
    payment = None if stored.payment_id is None else uow.payments.find(stored.payment_id)
    if payment is None:
        # A free course, or a payment of a closed year: only the key tells the result.
        return purchase_of(uow, **_stored(stored), key=order.key, replayed=True)
    if stored.is_by(caller):
        return settling.resume(uow, payment, card=order.card)
    return settling.told(uow, payment)


def _decide(
    uow: UnitOfWork,
    order: Order,
    opening: Opening,
    card: Card,
    gateway_name: str,
    caller: str,
) -> Draft:
    student, scene = opening.student, opening.scene
    course, policy = scene.course, scene.policy
    if course is None:
        raise checks.no_course(order.course_id)
    existing = None
    if scene.is_known:
        existing = uow.enrolments.find(order.student_id, order.course_id)
    extends = existing is not None and existing.is_open
    refused = checks.why_not(uow, student, course, existing)
    if refused is not None:
        raise refused
    checks.check_screen(order, student, course, extends=extends)
    checks.check_price(order, course)
    if order.sale_id is not None and not scene.sale_is_open:
        # Seen in time: whoever claims a seat queues on the sale's row.
        checks.check_sale(uow, order)
    overridden = (
        scene.has_prerequisites
        and not extends
        and checks.check_prerequisites(uow, order, student, course)
    )
    released = checks.check_release(uow, order)
    assessment, verdict = None, Verdict.PASS
    if order.price > 0:
        uow.actor.require(Right.TAKE_PAYMENT)
        assessment = scoring.score(
            uow,
            order,
            policy,
            opening.rules,
            card_fingerprint=card.fingerprint,
            country=card.country,
            has_history=scene.has_history,
        )
        verdict = Verdict.FLAG if released else assessment.verdict
    return Draft(
        order, card, gateway_name, caller, student, course, existing, policy, assessment,
        verdict, released, overridden,
    )  # fmt: skip


def _write_hold(uow: UnitOfWork, draft: Draft) -> settling.Held | Purchase:
    order, now = draft.order, uow.now()
    expires_at = now + timedelta(minutes=hold_minutes(draft))
    if order.price == 0:
        return _give_free(uow, draft, expires_at)
    assert draft.assessment is not None
    claim = None
    if draft.extends:
        _require_live(uow, order)
    else:
        claim = Claim(order.sale_id, order.course_id, order.price, order.currency)
    raises_alert = draft.assessment.verdict is not Verdict.PASS
    place = partial(
        uow.purchases.place,
        enrollment_id=None if draft.existing is None else draft.existing.enrollment_id,
        enrolment={} if draft.extends else _pending(uow, draft, expires_at),
        payment={
            **payment_values(draft, now),
            "hold_expires_at": expires_at,
            "next_check_at": expires_at,
            "released_alert_id": order.released_alert_id,
        },
        events=hold_events(draft, expires_at),
        # The key is inserted last.
        key=None if raises_alert else key_of(uow, draft),
        now=now,
        # Whatever follows belongs to the same transaction.
        last=draft.is_sent and not raises_alert,
    )
    placed = place(claim)
    if placed is None:
        _claim(uow, order, now)
        placed = place(None)
    assert placed is not None
    payment_id, enrollment_id = placed.payment_id, placed.enrollment_id
    alert_id = None
    if raises_alert:
        alert_id = scoring.raise_alert(
            uow, order, draft.assessment, payment_id=payment_id, released=draft.released
        )
        keep(uow, draft, payment_id)
    if draft.is_sent:
        assert order.card is not None
        # Put together here: the course's row is locked, and each question costs the others.
        return settling.Held(
            Place(payment_id, order.student_id, order.course_id, enrollment_id, None,
                  order.sale_id, None),
            order.key, order.price, order.currency, order.card, draft.gateway_name,
            settling.deadline(uow, expires_at),
        )  # fmt: skip
    if draft.verdict is Verdict.VERIFY:
        return purchase_of(
            uow, PurchaseOutcome.VERIFICATION, order.key, payment_id, alert_id=alert_id
        )
    if order.method is PaymentMethod.ACCOUNT_BALANCE:
        # Hold, balance and settle are one transaction: no gateway is asked.
        locked = holds.lock_all(uow, uow.payments.place(payment_id))
        return settling.pay_from_balance(uow, locked)
    return purchase_of(uow, PurchaseOutcome.WAITING, order.key, payment_id, alert_id=alert_id)


def _pending(uow: UnitOfWork, draft: Draft, expires_at: datetime) -> dict[str, Any]:
    return holds.pending_values(
        uow,
        student_id=draft.order.student_id,
        course_id=draft.order.course_id,
        existing=draft.existing,
        expires_at=expires_at,
        reason=draft.reason,
    )


def _claim(uow: UnitOfWork, order: Order, now: datetime) -> None:
    """Take the seats one after the other, or refuse and say which is missing."""
    if order.sale_id is not None and is_over(uow, order):
        # All who queued when the last seat went come here, so it takes one look.
        raise checks.sale_over()
    price = (order.price, order.currency)
    if order.sale_id is not None and not uow.enrolments.claim_sale(
        order.sale_id, order.course_id, now, price=price
    ):
        checks.check_sale(uow, order)
        raise checks.sale_over()
    course = _require_live(uow, order)
    # Under the lock the answer is final: a seat may have been freed before it.
    if not uow.enrolments.claim_seat(order.course_id):
        raise checks.full(course)


def _require_live(uow: UnitOfWork, order: Order) -> CourseFacts:
    """The course, locked, which takes enrolments and costs what was shown."""
    course = uow.enrolments.lock_course(order.course_id)
    refused = checks.not_live(course)
    if refused is not None:
        raise refused
    checks.check_price(order, course)
    return course


def _block(uow: UnitOfWork, draft: Draft) -> Purchase:
    """No seat, no charge: a failed payment with its events, the alert and the key."""
    order, assessment, now = draft.order, draft.assessment, uow.now()
    assert assessment is not None
    blocked = {"status": PaymentStatus.FAILED, "reason_code": "blocked", "processed_at": now}
    payment_id = uow.payments.add(**payment_values(draft, now) | blocked)
    uow.payments.note(
        payment_id,
        [
            initiated(draft),
            (EventType.BLOCKED, {"score": assessment.score}),
            (EventType.FAILED, {"reason": "blocked"}),
        ],
        now,
    )
    alert_id = scoring.raise_alert(uow, order, assessment, payment_id=payment_id, released=False)
    outcome = PurchaseOutcome.BLOCKED
    keep(uow, draft, payment_id, {"outcome": str(outcome), "payment_id": payment_id})
    return purchase_of(uow, outcome, order.key, payment_id, alert_id=alert_id)


def _give_free(uow: UnitOfWork, draft: Draft, expires_at: datetime) -> Purchase:
    """A free course has no payment row; its key is kept all the same."""
    order, existing, now = draft.order, draft.existing, uow.now()
    if draft.extends:
        assert existing is not None
        _require_live(uow, order)
        enrollment_id = existing.enrollment_id
    else:
        _claim(uow, order, now)
        pending = _pending(uow, draft, expires_at)
        if existing is None:
            enrollment_id = uow.enrolments.add(**pending)
        else:
            enrollment_id = existing.enrollment_id
            uow.enrolments.update(enrollment_id, **pending)
        enrolment = uow.enrolments.lock(enrollment_id)
        holds.activate(uow, enrolment, EnrolmentSource.FREE, reason=draft.reason)
    holds.grant_access(uow, order.student_id, order.course_id, draft.course.access_months)
    outcome = PurchaseOutcome.COMPLETED
    result = {"outcome": str(outcome), "enrollment_id": enrollment_id, "extended": draft.extends}
    keep(uow, draft, None, result)
    return purchase_of(uow, outcome, order.key, enrollment_id=enrollment_id, extended=draft.extends)


def _gateway_of(order: Order, gateways: Gateways) -> Gateway | None:
    """The gateway that the order's money goes through; None where none is asked."""
    if order.price == 0 or order.method is PaymentMethod.ACCOUNT_BALANCE:
        return None
    return gateways.for_method(order.method)


def _read_card(order: Order, gateway: Gateway | None) -> Card:
    if gateway is None or order.method not in GATEWAY_METHODS:
        return Card()
    if not order.card or not order.card.strip():
        raise InvalidInput("card", "Name the card: the token that the gateway gave for it.")
    return Card(gateway.card_fingerprint(order.card), gateway.country(order.card))


def _stored(stored: StoredKey) -> dict[str, Any]:
    """A key's stored result as the arguments that tell it again."""
    known = ("payment_id", "enrollment_id", "extended")
    return {
        "outcome": PurchaseOutcome(stored.result.get("outcome", PurchaseOutcome.IN_PROGRESS)),
        **{name: stored.result[name] for name in known if name in stored.result},
    }
