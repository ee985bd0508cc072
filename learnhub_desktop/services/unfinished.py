"""What became of acts with a key that a program left in the middle, as the database knows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import Enum, auto

from learnhub_desktop.db.repositories.keys import StoredKey
from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain import money
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.moments import say_moment
from learnhub_desktop.domain.purchases import Purchase, PurchaseOutcome
from learnhub_desktop.domain.states import EventType, GatewayKind
from learnhub_desktop.domain.text import LARGEST_ID, read_whole
from learnhub_desktop.errors import NotFound
from learnhub_desktop.journal import Act, Operation
from learnhub_desktop.services import payments, settling
from learnhub_desktop.services.purchase_words import purchase_of
from learnhub_desktop.services.refund_words import (
    Refund,
    RefundOutcome,
    name_of,
    refund_of,
    title_of,
)


class Stage(Enum):
    NOT_BEGUN = auto()  # nothing was done under the key
    OPEN = auto()  # what became of the money is not known yet
    KNOWN = auto()


@dataclass(frozen=True, slots=True)
class Unfinished:
    """``what`` names the act, ``says`` tells what became of it, both in whole sentences.

    ``payment_id`` is its charge or refund, None where there is none (yet). ``may_ask``: the
    gateway can be asked now.
    """

    act: Act
    stage: Stage
    what: str
    says: str
    payment_id: int | None = None
    may_ask: bool = False


def look_up(uow: UnitOfWork, acts: Sequence[Act]) -> tuple[Unfinished, ...]:
    """How each act stands now; a plain read."""
    uow.actor.require(Right.VIEW_PAYMENTS)
    return tuple(_look_up(uow, act) for act in acts)


def _look_up(uow: UnitOfWork, act: Act) -> Unfinished:
    what = _what(uow, act)
    try:
        if act.operation is Operation.CHARGE:
            payment_id = _number(act, "payment_id")
            return _of_payment(
                uow, act, what, settling.told(uow, uow.payments.get(payment_id), replayed=False)
            )
        stored = uow.keys.find(act.key)
        if stored is None:
            return _without_key(uow, act, what)
        return _of_key(uow, act, what, stored)
    except NotFound:
        return Unfinished(act, Stage.KNOWN, what, "Its payment is in the archive of a closed year.")


def _without_key(uow: UnitOfWork, act: Act, what: str) -> Unfinished:
    if uow.keys.was_used_in_the_archive(act.key):
        raise NotFound
    says = "It had not begun: nothing was charged, and no seat is held."
    if act.operation is Operation.REFUND:
        says = "It had not begun: nothing went back."
    return Unfinished(act, Stage.NOT_BEGUN, what, says)


def _of_key(uow: UnitOfWork, act: Act, what: str, stored: StoredKey) -> Unfinished:
    if stored.payment_id is None:
        # A free course: only the key tells the result.
        outcome = PurchaseOutcome(stored.result.get("outcome", PurchaseOutcome.IN_PROGRESS))
        told = purchase_of(uow, outcome, act.key, enrollment_id=stored.result.get("enrollment_id"))
        return Unfinished(act, Stage.KNOWN, what, told.changes.message)
    if act.operation is Operation.REFUND:
        return _of_payment(uow, act, what, refund_of(uow, stored.payment_id))
    return _of_payment(
        uow, act, what, settling.told(uow, uow.payments.get(stored.payment_id), replayed=False)
    )


def _of_payment(uow: UnitOfWork, act: Act, what: str, told: Purchase | Refund) -> Unfinished:
    payment_id = told.refund_id if isinstance(told, Refund) else told.payment_id
    assert payment_id is not None
    if _is_known(uow, told):
        return Unfinished(act, Stage.KNOWN, what, told.changes.message, payment_id)
    detail = payments.get_payment(uow, payment_id)
    says = told.changes.message
    ends_at = detail.row.hold_expires_at
    if not detail.may_ask and ends_at is not None:
        until = say_moment(ends_at, uow.settings.get().zone)
        says = f"{says} Its seat is held until {until}; then the gateway can be asked."
    return Unfinished(act, Stage.OPEN, what, says, payment_id, may_ask=detail.may_ask)


def _is_known(uow: UnitOfWork, told: Purchase | Refund) -> bool:
    if not isinstance(told, Refund) or told.outcome is not RefundOutcome.PENDING:
        return told.is_known
    # A gateway that has taken it reports by itself, and so does who pays it out by hand.
    is_taken = uow.payments.has_event(told.refund_id, EventType.REFUND_GATEWAY_PENDING)
    return is_taken or uow.payments.get(told.refund_id).gateway == GatewayKind.MANUAL


def _what(uow: UnitOfWork, act: Act) -> str:
    """``Ola Nordmann buys “Python Basics” for 49.00 USD.``"""
    amount = _amount(act)
    match act.operation:
        case Operation.PURCHASE:
            course = uow.enrolments.find_course(_number(act, "course_id"))
            title = "a course" if course is None else f"“{course.title}”"
            return f"{_student(uow, act)} buys {title} for {amount}."
        case Operation.SUBSCRIPTION:
            plan = uow.billing.find_plan(act.parameters.get("plan_type", ""))
            title = "a plan" if plan is None else f"the plan “{plan.title}”"
            return f"{_student(uow, act)} signs up for {title}, {amount}."
    found = uow.payments.find(_number(act, "payment_id"))
    if found is None:
        return f"A payment of {amount}."
    student = uow.enrolments.find_student(found.user_id)
    who = "a student" if student is None else student.name
    of_what = name_of(found, title_of(uow, found))
    if act.operation is Operation.REFUND:
        return f"{amount} goes back to {who} for {of_what} (payment {found.payment_id})."
    return f"{amount} of {who} for {of_what} is charged (payment {found.payment_id})."


def _student(uow: UnitOfWork, act: Act) -> str:
    student = uow.enrolments.find_student(_number(act, "student_id"))
    return "A student" if student is None else student.name


def _amount(act: Act) -> str:
    """The amount as it is said; vague where its file was changed by hand."""
    try:
        amount = Decimal(act.parameters.get("amount", ""))
    except InvalidOperation:
        return "an amount"
    return money.text(amount, act.parameters.get("currency", ""))


def _number(act: Act, name: str) -> int:
    """An id of the act; 0, which nothing has, where its file was changed by hand."""
    return read_whole(act.parameters.get(name, ""), most=LARGEST_ID) or 0
