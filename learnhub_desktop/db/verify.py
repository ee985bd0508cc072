"""Recounting every number that is kept beside the rows it counts, and setting it right.

A repair locks in the one order, counts again under the lock and only then writes: others may
be at work. Numbers give way to the rows that they count, with one exception: a balance that
moved without a movement stays as it is, and a movement is added that says so. No recount
gives or takes anybody's money.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, Table, func, insert, select, update

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.invariants import QUESTIONS, invariants
from learnhub_desktop.db.invariants.book import against_book
from learnhub_desktop.db.invariants.counters import (
    average,
    ever_activated,
    ratings_kept_and_counted,
    seats_held,
    sold_in_sales,
)
from learnhub_desktop.db.invariants.payments import movements, refunds_of_charges
from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.book import Book
from learnhub_desktop.domain.findings import Finding, Topic
from learnhub_desktop.domain.money import ZERO
from learnhub_desktop.domain.states import MovementKind

Repair = Callable[[UnitOfWork, Sequence[int]], None]

# Rows that one transaction locks: other desks wait no longer than that takes.
_ROWS_AT_ONCE: Final = 200

WITHOUT_MOVEMENT: Final = "The balance had changed without a movement."


@dataclass(frozen=True, slots=True)
class Verified:
    """``findings`` are what is wrong now, ``repaired`` what was wrong before."""

    findings: tuple[Finding, ...]
    repaired: tuple[Finding, ...] = ()


def verify_school(
    database: Database,
    *,
    repair: bool = False,
    told: Callable[[Topic], None] = lambda topic: None,
    books: Mapping[str, Book] | None = None,
) -> Verified:
    """Recount everything; with ``repair`` set right what can be, and recount once more.

    ``books`` are the gateways' own, by the gateway's name: what they tell is compared, and
    never repaired, since a person must decide what is due to whom.

    ``told`` hears each topic before it is looked at. NotAllowed where the account may not
    write what must be repaired.
    """
    found = database.read(recount, told)
    differs: list[Finding] = []
    for name, book in (books or {}).items():
        told(Topic.BOOK)
        # A read of its own: the book is read first, and the school must not be older than it.
        differs += database.read(compare, name, book)
    if not repair:
        return Verified((*found, *differs))
    repairable = [finding for finding in found if finding.can_repair]
    for topic, repairing in _REPAIRS.items():
        about = (each.entity_id for each in repairable if each.topic == topic)
        for some in _portions(sorted({each for each in about if each is not None})):
            database.write(verify, repairing, some)
    left = database.read(recount, lambda topic: None)
    gone = {(each.topic, each.entity_id) for each in left}
    repaired = [each for each in repairable if (each.topic, each.entity_id) not in gone]
    return Verified((*left, *differs), tuple(repaired))


def recount(uow: UnitOfWork, told: Callable[[Topic], None]) -> list[Finding]:
    """Every finding, on one snapshot."""
    found: list[Finding] = []
    for topic, question in QUESTIONS.items():
        told(topic)
        found += question(uow.connection)
    return found


def compare(uow: UnitOfWork, gateway: str, book: Book) -> list[Finding]:
    """Where the school and its gateway's book disagree."""
    return list(against_book(uow.connection, gateway, book))


def verify(uow: UnitOfWork, repairing: Repair, ids: Sequence[int]) -> None:
    """Set these rows right.

    The triggers know this function by its name: it may find more seats taken than a course
    has.
    """
    repairing(uow, ids)


def _portions(ids: list[int]) -> Iterator[list[int]]:
    remaining = iter(ids)
    while some := list(islice(remaining, _ROWS_AT_ONCE)):
        yield some


def _lock(connection: Connection, table: Table, ids: Sequence[int]) -> None:
    """Lock the rows, lowest id first."""
    (key,) = table.primary_key.columns
    connection.execute(select(key).where(key.in_(ids)).order_by(key).with_for_update()).all()


def _seats(uow: UnitOfWork, course_ids: Sequence[int]) -> None:
    _lock(uow.connection, t.courses, course_ids)
    held = seats_held()
    counted = select(held.c.course_id, held.c.held).where(held.c.course_id.in_(course_ids))
    seats = {row.course_id: row.held for row in uow.connection.execute(counted)}
    for course_id in course_ids:
        _write(uow, t.courses, course_id, enrolled_students=seats.get(course_id, 0))


def _enrolment_counters(uow: UnitOfWork, course_ids: Sequence[int]) -> None:
    _lock(uow.connection, t.courses, course_ids)
    counted = ever_activated()
    rows = uow.connection.execute(select(counted).where(counted.c.course_id.in_(course_ids)))
    numbers = {row.course_id: (row.total, row.newest) for row in rows}
    for course_id in course_ids:
        total, newest = numbers.get(course_id, (0, None))
        _write(uow, t.courses, course_id, total_enrollments=total, last_enrollment_date=newest)


def _ratings(uow: UnitOfWork, course_ids: Sequence[int]) -> None:
    _lock(uow.connection, t.courses, course_ids)
    statement = ratings_kept_and_counted().where(t.courses.c.course_id.in_(course_ids))
    for row in uow.connection.execute(statement).all():
        _write(
            uow,
            t.courses,
            row.course_id,
            rating_sum=int(row.total),
            review_count=row.number,
            avg_rating=average(row.total, row.number),
        )


def _progress(uow: UnitOfWork, enrolment_ids: Sequence[int]) -> None:
    e = t.enrollments.c
    named = select(e.course_id).where(e.enrollment_id.in_(enrolment_ids)).distinct()
    course_ids = sorted(uow.connection.scalars(named))
    _lock(uow.connection, t.courses, course_ids)
    for course_id in course_ids:
        uow.progress.recompute_course(course_id, uow.now())


def _sales(uow: UnitOfWork, sale_ids: Sequence[int]) -> None:
    _lock(uow.connection, t.flash_sales, sale_ids)
    sold = sold_in_sales()
    c = t.flash_sales.c
    statement = (
        select(c.sale_id, sold.c.sold)
        .join(sold, sold.c.flash_sale_id == c.sale_id)
        .where(c.sale_id.in_(sale_ids), sold.c.sold > c.seats_taken, sold.c.sold <= c.max_seats)
    )
    for row in uow.connection.execute(statement).all():
        _write(uow, t.flash_sales, row.sale_id, seats_taken=row.sold)


def _refunds(uow: UnitOfWork, payment_ids: Sequence[int]) -> None:
    _lock(uow.connection, t.payments, payment_ids)
    given = refunds_of_charges(t.payments)
    rows = uow.connection.execute(
        select(given.c.refunds_payment_id, given.c.reserved).where(
            given.c.refunds_payment_id.in_(payment_ids)
        )
    )
    reserved = {row.refunds_payment_id: Decimal(row.reserved) for row in rows}
    c = t.payments.c
    charges = uow.connection.execute(
        select(c.payment_id, c.amount).where(c.payment_id.in_(payment_ids))
    ).all()
    for charge in charges:
        amount = reserved.get(charge.payment_id, ZERO)
        # More than was paid cannot be written down; it stays a finding for a person.
        if amount <= charge.amount:
            _write(uow, t.payments, charge.payment_id, refunded_amount=amount)


def _balances(uow: UnitOfWork, user_ids: Sequence[int]) -> None:
    _lock(uow.connection, t.users, user_ids)
    moved = movements()
    u = t.users.c
    statement = (
        select(
            u.user_id,
            u.balance_currency,
            u.account_balance,
            func.coalesce(moved.c.total, ZERO).label("total"),
        )
        .outerjoin(moved, (moved.c.user_id == u.user_id) & (moved.c.currency == u.balance_currency))
        .where(u.user_id.in_(user_ids))
    )
    for row in uow.connection.execute(statement).all():
        difference = row.account_balance - Decimal(row.total)
        if difference:
            uow.connection.execute(
                insert(t.balance_movements).values(
                    user_id=row.user_id,
                    kind=MovementKind.ADJUSTMENT,
                    amount=difference,
                    currency=row.balance_currency,
                    balance_after=row.account_balance,
                    reason=WITHOUT_MOVEMENT,
                    created_at=uow.now(),
                )
            )


def _write(uow: UnitOfWork, table: Table, row_id: int, **values: Any) -> None:
    (key,) = table.primary_key.columns
    uow.connection.execute(update(table).where(key == row_id).values(**values))


_REPAIRS: Final[dict[Topic, Repair]] = {
    Topic.SEATS: _seats,
    Topic.ENROLMENT_COUNTERS: _enrolment_counters,
    Topic.RATINGS: _ratings,
    Topic.PROGRESS: _progress,
    Topic.SALES: _sales,
    Topic.REFUNDS: _refunds,
    Topic.BALANCES: _balances,
}

__all__ = ["Verified", "invariants", "recount", "verify", "verify_school"]
