"""A student's balance, changed by a person: with a reason from a list, kept by its movement."""

from __future__ import annotations

from decimal import Decimal

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain import balances as rules
from learnhub_desktop.domain import money
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.balances import AdjustmentReason
from learnhub_desktop.domain.changes import Changes, Touched
from learnhub_desktop.domain.states import MovementKind


def adjust_balance(
    uow: UnitOfWork,
    student_id: int,
    amount: Decimal,
    *,
    reason: AdjustmentReason,
    seen: Decimal,
) -> Changes:
    """Add to the balance, or take from it where ``amount`` is below zero; no gateway is asked.

    ``seen`` is the balance that the screen showed.
    """
    uow.actor.require(Right.ADJUST_BALANCE)
    student = uow.enrolments.lock_student(student_id)
    exact = rules.check_adjustment(student, amount, reason, seen=seen)
    moved = uow.balances.move(
        student_id,
        exact,
        student.balance_currency,
        kind=MovementKind.ADJUSTMENT,
        payment_id=None,
        now=uow.now(),
        reason=str(reason),
    )
    assert moved  # it was looked at under the lock
    shown = money.text(abs(exact), student.balance_currency)
    after = money.text(student.balance + exact, student.balance_currency)
    did = f"{shown} was added to" if exact > 0 else f"{shown} was taken from"
    return Changes(
        Touched.STUDENTS,
        f"{did} the balance of {student.name}, which is {after} now.",
        subject_id=student_id,
    )
