"""Buying a course: hold the seat, charge outside any transaction, settle.

`buy` is the use case; what it runs in transactions stands in this module (the hold) and in
`settling` (what follows the gateway's answer).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.enrolments import CourseFacts, EnrolmentFacts, StudentFacts
from learnhub_desktop.domain.purchases import (
    GATEWAY_METHODS,
    Order,
    Purchase,
    PurchaseOutcome,
    PurchaseRefusal,
)
from learnhub_desktop.domain.school import SchoolSettings
from learnhub_desktop.domain.scoring import Assessment, Verdict
from learnhub_desktop.domain.states import (
    EnrolmentSource,
    EventType,
    KeyState,
    PaymentKind,
    PaymentMethod,
    PaymentStatus,
)
from learnhub_desktop.errors import InvalidInput, OutcomeUnknown, RuleRefused
from learnhub_desktop.gateways import Gateway, Gateways
from learnhub_desktop.services import holds, keys, scoring, settling
from learnhub_desktop.services import purchase_checks as checks
from learnhub_desktop.services.purchase_words import purchase_of

OPERATION: Final = "purchase"
BALANCE: Final = "balance"


@dataclass(frozen=True, slots=True)
class Card:
    """What is kept of the card that was presented."""

    fingerprint: str | None = None
    country: str | None = None


def buy(
    database: Database, order: Order, *, gateways: Gateways, wait_s: float = settling.WAIT_S
) -> Purchase:
    """Sell one course to one student. Calling it again with the same key never charges twice.

    RuleRefused where nothing was done. OutcomeUnknown where the answer was lost on the way
    back: calling again with the same key, or "Ask now", settles it.
    """
    keys.check_key(order.key)
    gateway = _gateway_of(order, gateways)
    card = _read_card(order, gateway)
    name = BALANCE if gateway is None else gateway.name
    # Most who come too late are sent home here, without a lock.
    database.read(look_before, order)
    try:
        held = database.write(hold, order, card, name)
    except OutcomeUnknown:
        # The COMMIT's answer was lost: the key says whether the hold was kept.
        held = database.write(hold, order, card, name)
        if isinstance(held, Purchase) and held.outcome is PurchaseOutcome.IN_PROGRESS:
            assert held.payment_id is not None
            return settling.resolve(database, held.payment_id, gateways=gateways)
    if isinstance(held, settling.Held):
        return settling.charge(database, held, gateways=gateways)
    if held.outcome is PurchaseOutcome.IN_PROGRESS:
        return settling.wait_for_first(database, held, gateways=gateways, wait_s=wait_s)
    return held


def look_before(uow: UnitOfWork, order: Order) -> None:
    """A plain read that refuses what is hopeless; what it lets through is decided again."""
    uow.actor.require(Right.ENROL)
    if uow.keys.find(order.key) is not None:
        return
    course = uow.enrolments.find_course(order.course_id)
    existing = uow.enrolments.find(order.student_id, order.course_id)
    checks.check_course(course, order, existing)
    assert course is not None
    if order.sale_id is not None:
        checks.check_sale(uow, order)
    extends = existing is not None and existing.is_open
    if course.seats_left == 0 and not extends and not checks.holds_it(existing):
        raise RuleRefused(PurchaseRefusal.COURSE_FULL, checks.full_sentence(course))


def hold(uow: UnitOfWork, order: Order, card: Card, gateway_name: str) -> settling.Held | Purchase:
    """The first transaction of a purchase: everything is decided and the seat is held.

    Returns what is left to charge, or the finished purchase where there is nothing to send:
    free, paid from the balance, waiting for money or a reviewer, blocked, or replayed.
    """
    uow.actor.require(Right.ENROL)
    student = uow.enrolments.lock_student(order.student_id)
    parameters = order.parameters(card.fingerprint)
    stored = keys.find_first(
        uow, order.key, OPERATION, parameters, refusal=PurchaseRefusal.KEY_REUSED
    )
    if stored is not None:
        if stored.state is KeyState.IN_PROGRESS:
            return purchase_of(
                uow, PurchaseOutcome.IN_PROGRESS, order.key, stored.payment_id, replayed=True
            )
        return purchase_of(uow, **_stored(stored.result), key=order.key, replayed=True)
    settings = uow.settings.get()
    if card.fingerprint is not None:
        uow.payments.see_card(card.fingerprint, uow.now())
    draft = _decide(uow, order, student, settings, card)
    if draft.verdict is Verdict.BLOCK:
        return _block(uow, order, draft, card, gateway_name, parameters)
    return _write_hold(uow, order, draft, card, gateway_name, parameters)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A purchase that is decided and not yet written."""

    student: StudentFacts
    course: CourseFacts
    existing: EnrolmentFacts | None
    settings: SchoolSettings
    assessment: Assessment | None  # None where no money moves
    verdict: Verdict
    released: bool

    @property
    def extends(self) -> bool:
        return self.existing is not None and self.existing.is_open


def _decide(
    uow: UnitOfWork,
    order: Order,
    student: StudentFacts,
    settings: SchoolSettings,
    card: Card,
) -> _Draft:
    if student.deleted_at is not None:
        raise RuleRefused(PurchaseRefusal.NO_STUDENT, "This account was deleted.")
    uow.enrolments.note_purchase(student.user_id, uow.now())
    course = uow.enrolments.find_course(order.course_id)
    existing = uow.enrolments.find(order.student_id, order.course_id)
    checks.check_course(course, order, existing)
    assert course is not None
    if checks.holds_it(existing):
        raise RuleRefused(PurchaseRefusal.HELD_ALREADY, checks.held_sentence(uow, existing))
    checks.check_lifetime(uow, student, course, existing)
    checks.check_prerequisites(uow, order, student, course)
    released = checks.check_release(uow, order)
    assessment = None
    verdict = Verdict.PASS
    if order.price > 0:
        uow.actor.require(Right.TAKE_PAYMENT)
        assessment = scoring.score(
            uow, order, settings, card_fingerprint=card.fingerprint, country=card.country
        )
        verdict = Verdict.FLAG if released else assessment.verdict
    return _Draft(student, course, existing, settings, assessment, verdict, released)


def _write_hold(
    uow: UnitOfWork,
    order: Order,
    draft: _Draft,
    card: Card,
    gateway_name: str,
    parameters: dict[str, Any],
) -> settling.Held | Purchase:
    now = uow.now()
    _claim(uow, order, draft, now)
    expires_at = now + timedelta(minutes=_hold_minutes(order, draft))
    if draft.extends:
        assert draft.existing is not None
        enrollment_id = draft.existing.enrollment_id
    else:
        enrollment_id = holds.hold_enrolment(
            uow,
            student_id=order.student_id,
            course_id=order.course_id,
            existing=draft.existing,
            expires_at=expires_at,
            reason=order.override_reason,
        )
    if order.price == 0:
        return _give_free(uow, order, draft, enrollment_id, parameters)
    sent = draft.verdict is not Verdict.VERIFY and order.method in GATEWAY_METHODS
    payment_id = uow.payments.add(
        **_payment_values(order, draft, card, gateway_name, now),
        enrollment_id=enrollment_id,
        hold_expires_at=expires_at,
        idempotency_key=order.key,
        released_alert_id=order.released_alert_id,
        next_check_at=expires_at,
    )
    events: list[tuple[EventType, dict[str, Any]]] = [_initiated(order, draft)]
    if not draft.extends:
        events.append((EventType.HOLD_PLACED, {"until": expires_at.isoformat()}))
    if draft.verdict is Verdict.VERIFY:
        events.append((EventType.VERIFICATION_REQUESTED, {}))
    elif sent:
        events.append((EventType.PAYMENT_GATEWAY_CALLED, {"gateway": gateway_name}))
    uow.payments.note(payment_id, events, now)
    alert_id = None
    if draft.assessment is not None:
        alert_id = scoring.raise_alert(
            uow, order, draft.assessment, payment_id=payment_id, released=draft.released
        )
    if order.method is PaymentMethod.ACCOUNT_BALANCE and draft.verdict is not Verdict.VERIFY:
        return _pay_from_balance(uow, order, payment_id, parameters)
    _keep(uow, order, parameters, payment_id)
    if sent:
        return settling.held_of(uow, payment_id, card=order.card, expires_at=expires_at)
    waiting = (
        PurchaseOutcome.VERIFICATION if draft.verdict is Verdict.VERIFY else PurchaseOutcome.WAITING
    )
    return purchase_of(uow, waiting, order.key, payment_id, alert_id=alert_id)


def _claim(uow: UnitOfWork, order: Order, draft: _Draft, now: datetime) -> None:
    """Take the seats by conditional UPDATEs: what was read before is only an opinion."""
    if order.sale_id is not None:
        checks.check_sale(uow, order)
        if not uow.enrolments.claim_sale(order.sale_id, order.course_id, now):
            raise RuleRefused(PurchaseRefusal.SALE_OVER, "The sale is over or sold out.")
    if draft.extends:
        checks.check_course(uow.enrolments.lock_course(order.course_id), order, draft.existing)
        return
    price = None if order.sale_id is not None else (order.price, order.currency)
    if uow.enrolments.claim_seat(order.course_id, price=price):
        return
    course = uow.enrolments.lock_course(order.course_id)
    checks.check_course(course, order, draft.existing)
    raise RuleRefused(PurchaseRefusal.COURSE_FULL, checks.full_sentence(course))


def _block(
    uow: UnitOfWork,
    order: Order,
    draft: _Draft,
    card: Card,
    gateway_name: str,
    parameters: dict[str, Any],
) -> Purchase:
    """No seat, no charge: a failed payment with its events, the alert and the key."""
    now = uow.now()
    payment_id = uow.payments.add(
        **_payment_values(order, draft, card, gateway_name, now)
        | {"status": PaymentStatus.FAILED, "reason_code": "blocked", "processed_at": now},
        idempotency_key=order.key,
    )
    uow.payments.note(
        payment_id,
        [
            _initiated(order, draft),
            (EventType.BLOCKED, {"score": draft.assessment.score if draft.assessment else 0}),
            (EventType.FAILED, {"reason": "blocked"}),
        ],
        now,
    )
    assert draft.assessment is not None
    alert_id = scoring.raise_alert(
        uow, order, draft.assessment, payment_id=payment_id, released=False
    )
    result = {
        "outcome": str(PurchaseOutcome.BLOCKED),
        "payment_id": payment_id,
        "alert_id": alert_id,
    }
    _keep(uow, order, parameters, payment_id, result)
    return purchase_of(uow, **_stored(result), key=order.key)


def _give_free(
    uow: UnitOfWork,
    order: Order,
    draft: _Draft,
    enrollment_id: int,
    parameters: dict[str, Any],
) -> Purchase:
    """A free course has no payment row; its key is kept all the same."""
    if not draft.extends:
        enrolment = uow.enrolments.lock(enrollment_id)
        holds.activate(uow, enrolment, EnrolmentSource.FREE)
    holds.grant_access(uow, order.student_id, order.course_id, draft.course.access_months)
    result = {"outcome": str(PurchaseOutcome.COMPLETED), "enrollment_id": enrollment_id}
    _keep(uow, order, parameters, None, result)
    return purchase_of(uow, **_stored(result), key=order.key)


def _pay_from_balance(
    uow: UnitOfWork, order: Order, payment_id: int, parameters: dict[str, Any]
) -> Purchase:
    """Hold, balance and settle are one transaction: no gateway is asked."""
    _keep(uow, order, parameters, payment_id)
    locked = holds.lock_all(uow, uow.payments.place(payment_id))
    return settling.pay_from_balance(uow, locked)


def _keep(
    uow: UnitOfWork,
    order: Order,
    parameters: dict[str, Any],
    payment_id: int | None,
    result: dict[str, Any] | None = None,
) -> None:
    uow.keys.add(
        order.key,
        OPERATION,
        parameters,
        account=uow.actor.account,
        now=uow.now(),
        payment_id=payment_id,
        result=result,
    )


def _payment_values(
    order: Order, draft: _Draft, card: Card, gateway_name: str, now: datetime
) -> dict[str, Any]:
    return {
        "user_id": order.student_id,
        "course_id": order.course_id,
        "kind": PaymentKind.CHARGE,
        "amount": order.price,
        "currency": order.currency,
        "payment_method": order.method,
        "status": PaymentStatus.PENDING,
        "payment_gateway": gateway_name,
        "card_fingerprint": card.fingerprint,
        "country": card.country,
        "flash_sale_id": order.sale_id,
        "access_months": draft.course.access_months,
        "created_at": now,
    }


def _initiated(order: Order, draft: _Draft) -> tuple[EventType, dict[str, Any]]:
    return EventType.INITIATED, {
        "user_id": order.student_id,
        "course_id": order.course_id,
        "amount": str(order.price),
        "currency": order.currency,
        "extends": draft.extends,
        "prerequisites_overridden": order.override_reason is not None,
    }


def _hold_minutes(order: Order, draft: _Draft) -> int:
    if draft.verdict is Verdict.VERIFY:
        return draft.settings.hold_minutes_verification
    return draft.settings.hold_minutes(order.method)


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


def _stored(result: Any) -> dict[str, Any]:
    """A key's stored result as the arguments that tell it again."""
    values = {name: value for name, value in dict(result).items() if name != "reason"}
    values["outcome"] = PurchaseOutcome(values["outcome"])
    return values
