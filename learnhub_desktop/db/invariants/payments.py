"""Money and what it bought: payments, refunds, enrolments, access and balances."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Select, Table, case, func, select, text
from sqlalchemy.sql.selectable import Subquery

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.invariants.reading import rows
from learnhub_desktop.domain import money
from learnhub_desktop.domain.catalog import count_of
from learnhub_desktop.domain.findings import Finding, Topic, problem, warning
from learnhub_desktop.domain.payments import BALANCE
from learnhub_desktop.domain.states import (
    OPEN_ENROLMENTS,
    SETTLED_PAYMENTS,
    EnrolmentSource,
    EnrolmentStatus,
    PaymentKind,
    PaymentStatus,
    say,
)

_E: Final = t.enrollments.c
_A: Final = t.course_access.c
_U: Final = t.users.c
# A charge that bought something, whatever became of a part of its money since.
_STANDING: Final = (
    PaymentStatus.COMPLETED,
    PaymentStatus.PARTIALLY_REFUNDED,
    PaymentStatus.DISPUTED,
)
_LEDGER: Final = text("SELECT currency, SUM(signed_amount) FROM ledger GROUP BY currency")


def refunds(connection: Connection) -> Iterator[Finding]:
    """`refunded_amount`: the refunds of a charge that were not declined."""
    for table in (t.payments, t.payments_archive):
        for row in rows(connection, _refunds_rows(table)):
            counted = Decimal(row.reserved or money.ZERO)
            yield problem(
                Topic.REFUNDS,
                row.payment_id,
                f"Payment {row.payment_id} says that "
                f"{money.text(row.refunded_amount, row.currency)} went back or is on its way, "
                f"and its refunds come to {money.text(counted, row.currency)}.",
                can_repair=table is t.payments,
            )


@cache
def _refunds_rows(table: Table) -> Select[Any]:
    given = refunds_of_charges(table)
    reserved = func.coalesce(given.c.reserved, money.ZERO)
    c = table.c
    return (
        select(c.payment_id, c.currency, c.refunded_amount, given.c.reserved)
        .outerjoin(given, given.c.refunds_payment_id == c.payment_id)
        .where(c.kind == PaymentKind.CHARGE, c.refunded_amount != reserved)
        .order_by(c.payment_id)
    )


def refunds_of_charges(table: Table) -> Subquery:
    """What went back of each charge: reserved (not declined) and done (completed)."""
    c = table.c
    is_done = c.status == PaymentStatus.COMPLETED
    return (
        select(
            c.refunds_payment_id,
            func.sum(c.amount).label("reserved"),
            func.sum(case((is_done, c.amount), else_=money.ZERO)).label("done"),
        )
        .where(c.kind == PaymentKind.REFUND, c.status != PaymentStatus.FAILED)
        .group_by(c.refunds_payment_id)
        .subquery("given_back")
    )


def states(connection: Connection) -> Iterator[Finding]:
    """The state of a charge tells how much of it went back; a refund is of its charge's kind."""
    for table in (t.payments, t.payments_archive):
        for row in rows(connection, _states_rows(table)):
            done = Decimal(row.done or money.ZERO)
            if not _fits(PaymentStatus(row.status), row.amount, done):
                yield problem(
                    Topic.PAYMENT_STATES,
                    row.payment_id,
                    f"Payment {row.payment_id} is {say(row.status)}, and "
                    f"{money.text(done, row.currency)} of "
                    f"{money.text(row.amount, row.currency)} went back.",
                )
        yield from _strange_refunds(connection, table)


@cache
def _states_rows(table: Table) -> Select[Any]:
    given = refunds_of_charges(table)
    c = table.c
    return (
        select(c.payment_id, c.status, c.amount, c.currency, given.c.done)
        .outerjoin(given, given.c.refunds_payment_id == c.payment_id)
        .where(
            c.kind == PaymentKind.CHARGE,
            (given.c.done > money.ZERO)
            | c.status.in_([PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED]),
        )
        .order_by(c.payment_id)
    )


def _fits(status: PaymentStatus, amount: Decimal, done: Decimal) -> bool:
    match status:
        case PaymentStatus.REFUNDED:
            return done == amount
        case PaymentStatus.PARTIALLY_REFUNDED:
            return money.ZERO < done < amount
        case PaymentStatus.DISPUTED:
            return done <= amount
    return done == money.ZERO


def _strange_refunds(connection: Connection, table: Table) -> Iterator[Finding]:
    for row in rows(connection, _strange_refunds_rows(table)):
        yield problem(
            Topic.PAYMENT_STATES,
            row.payment_id,
            f"Refund {row.payment_id} is of another student or currency than payment "
            f"{row.charge_id}, which it gives back.",
        )


@cache
def _strange_refunds_rows(table: Table) -> Select[Any]:
    refund, charge = table.alias("refund"), table.alias("charge")
    return (
        select(refund.c.payment_id, charge.c.payment_id.label("charge_id"))
        .join(charge, charge.c.payment_id == refund.c.refunds_payment_id)
        .where(
            (refund.c.user_id != charge.c.user_id)
            | (refund.c.currency != charge.c.currency)
            | (charge.c.kind != PaymentKind.CHARGE)
        )
        .order_by(refund.c.payment_id)
    )


def ledger(connection: Connection) -> Iterator[Finding]:
    """The view `ledger`: settled charges less completed refunds, a currency a line."""
    own = {row.currency: Decimal(row.total) for row in connection.execute(_moved())}
    # As its reader sees it; in SQLite an expression of whole cents.
    cents = 100 if connection.dialect.name == "sqlite" else 1
    view = {
        str(currency): Decimal(total) / cents for currency, total in connection.execute(_LEDGER)
    }
    for currency in sorted(own.keys() | view.keys()):
        kept, counted = view.get(currency, money.ZERO), own.get(currency, money.ZERO)
        if kept != counted:
            yield problem(
                Topic.LEDGER,
                None,
                f"The ledger comes to {money.text(kept, currency)}, and charges less refunds to "
                f"{money.text(counted, currency)}.",
            )


@cache
def _moved() -> Select[Any]:
    c = t.payments.c
    is_refund = c.kind == PaymentKind.REFUND
    counts = (~is_refund & c.status.in_(SETTLED_PAYMENTS)) | (
        is_refund & (c.status == PaymentStatus.COMPLETED)
    )
    signed = case((is_refund, -c.amount), else_=c.amount)
    return select(c.currency, func.sum(signed).label("total")).where(counts).group_by(c.currency)


def paid_enrolments(connection: Connection) -> Iterator[Finding]:
    """An active purchase has a charge that stands; without any it may be another program's."""
    for row in rows(connection, _paid_enrolments_rows()):
        if row.charges:
            yield problem(
                Topic.PAID_ENROLMENTS,
                row.enrollment_id,
                f"Enrolment {row.enrollment_id} is open, and no payment for it stands: "
                f"{count_of(row.charges, 'charge', 'charges')} failed, wait or went back.",
            )
        else:
            yield warning(
                Topic.PAID_ENROLMENTS,
                row.enrollment_id,
                f"Enrolment {row.enrollment_id} is a purchase without any payment. Another "
                "program may have made it.",
            )


@cache
def _paid_enrolments_rows() -> Select[Any]:
    standing = _charges_of_enrolments(_STANDING)
    every = _charges_of_enrolments(tuple(PaymentStatus))
    return (
        select(_E.enrollment_id, every.c.number.label("charges"))
        .join(t.courses, t.courses.c.course_id == _E.course_id)
        .outerjoin(
            standing,
            (standing.c.user_id == _E.student_id) & (standing.c.course_id == _E.course_id),
        )
        .outerjoin(every, (every.c.user_id == _E.student_id) & (every.c.course_id == _E.course_id))
        .where(
            _E.status.in_(OPEN_ENROLMENTS),
            _E.source == EnrolmentSource.PURCHASE,
            standing.c.number.is_(None),
            (every.c.number > 0) | (t.courses.c.price > money.ZERO),
        )
        .order_by(_E.enrollment_id)
    )


def _charges_of_enrolments(statuses: tuple[PaymentStatus, ...]) -> Subquery:
    """How many charges in these states there are, by student and course."""
    parts = [
        select(table.c.user_id, table.c.course_id).where(
            table.c.kind == PaymentKind.CHARGE,
            table.c.course_id.is_not(None),
            table.c.status.in_(statuses),
        )
        for table in (t.payments, t.payments_archive)
    ]
    every = parts[0].union_all(parts[1]).subquery()
    return (
        select(every.c.user_id, every.c.course_id, func.count().label("number"))
        .group_by(every.c.user_id, every.c.course_id)
        .subquery()
    )


def access(connection: Connection) -> Iterator[Finding]:
    """An open enrolment has access, one that ended has none."""
    for row in rows(connection, _without_access()):
        yield problem(
            Topic.ACCESS,
            row.enrollment_id,
            f"Enrolment {row.enrollment_id} is {say(row.status)}, and the student has no access.",
        )
    for row in rows(connection, _with_access_left()):
        yield problem(
            Topic.ACCESS,
            row.enrollment_id,
            f"Enrolment {row.enrollment_id} was {say(row.status)}, and its access is still open.",
        )


@cache
def _without_access() -> Select[Any]:
    closed = _A.student_id.is_(None) | _A.ended_at.is_not(None)
    return _enrolments_and_access().where(_E.status.in_(OPEN_ENROLMENTS), closed)


@cache
def _with_access_left() -> Select[Any]:
    ended = _E.status.in_([EnrolmentStatus.REFUNDED, EnrolmentStatus.CANCELLED])
    still_open = _A.ended_at.is_(None) & (
        _A.access_expires_at.is_(None)
        | (_A.access_expires_at > func.coalesce(_E.refunded_at, _E.cancelled_at))
    )
    return _enrolments_and_access().where(ended, _A.student_id.is_not(None), still_open)


def _enrolments_and_access() -> Select[Any]:
    return (
        select(_E.enrollment_id, _E.status, _A.student_id, _A.ended_at)
        .outerjoin(
            t.course_access, (_A.student_id == _E.student_id) & (_A.course_id == _E.course_id)
        )
        .order_by(_E.enrollment_id)
    )


def balances(connection: Connection) -> Iterator[Finding]:
    """`account_balance`: the movements of the balance. A payment moves it once, or not at all."""
    yield from _sums(connection)
    yield from _payments_and_movements(connection)


def _sums(connection: Connection) -> Iterator[Finding]:
    for row in rows(connection, _sums_rows()):
        yield problem(
            Topic.BALANCES,
            row.user_id,
            f"The balance of user {row.user_id} is "
            f"{money.text(row.account_balance, row.balance_currency)}, and its movements come to "
            f"{money.text(Decimal(row.total or money.ZERO), row.balance_currency)}.",
            can_repair=True,
        )
    for row in rows(connection, _foreign_movements()):
        yield problem(
            Topic.BALANCES,
            row.user_id,
            f"Movement {row.movement_id} of user {row.user_id} is in {row.currency}, and the "
            "balance is not.",
        )


@cache
def _sums_rows() -> Select[Any]:
    moved = movements()
    total = func.coalesce(moved.c.total, money.ZERO)
    return (
        select(_U.user_id, _U.balance_currency, _U.account_balance, moved.c.total)
        .outerjoin(
            moved, (moved.c.user_id == _U.user_id) & (moved.c.currency == _U.balance_currency)
        )
        .where(_U.account_balance != total)
        .order_by(_U.user_id)
    )


@cache
def _foreign_movements() -> Select[Any]:
    m = t.balance_movements.c
    return (
        select(m.movement_id, m.user_id, m.currency)
        .join(t.users, _U.user_id == m.user_id)
        .where(m.currency != _U.balance_currency)
        .order_by(m.movement_id)
    )


def _payments_and_movements(connection: Connection) -> Iterator[Finding]:
    """Paid from the balance, or refunded to it: what each payment moved is its own amount."""
    for table in (t.payments, t.payments_archive):
        for row in rows(connection, _payments_and_movements_rows(table)):
            yield problem(
                Topic.BALANCES,
                row.payment_id,
                f"Payment {row.payment_id} of {money.text(row.amount, row.currency)} is "
                f"{say(row.status)}, and it moved the balance by "
                f"{money.text(Decimal(row.total or money.ZERO), row.currency)}.",
            )


@cache
def _payments_and_movements_rows(table: Table) -> Select[Any]:
    m = t.balance_movements.c
    moved = (
        select(m.payment_id, func.sum(m.amount).label("total"))
        .where(m.payment_id.is_not(None))
        .group_by(m.payment_id)
        .subquery("moved")
    )
    c = table.c
    is_refund = c.kind == PaymentKind.REFUND
    total = func.coalesce(moved.c.total, money.ZERO)
    due = case(
        (is_refund & (c.status == PaymentStatus.COMPLETED), c.amount),
        (~is_refund & c.status.in_(SETTLED_PAYMENTS), -c.amount),
        else_=money.ZERO,
    )
    return (
        select(c.payment_id, c.status, c.amount, c.currency, moved.c.total)
        .outerjoin(moved, moved.c.payment_id == c.payment_id)
        .where(c.payment_gateway == BALANCE, c.idempotency_key.is_not(None), total != due)
        .order_by(c.payment_id)
    )


def movements() -> Subquery:
    """The sum of the movements, by user and currency."""
    m = t.balance_movements.c
    return (
        select(m.user_id, m.currency, func.sum(m.amount).label("total"))
        .group_by(m.user_id, m.currency)
        .subquery("moved")
    )
