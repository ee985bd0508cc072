"""What holds when several desks work on the same student at the same moment, on real servers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.engine import open_engines
from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.extensions import Extension
from learnhub_desktop.domain.purchases import Order, PurchaseOutcome, new_key
from learnhub_desktop.domain.states import PaymentMethod, UserType
from learnhub_desktop.domain.students import DeletionReason, DeletionRefusal
from learnhub_desktop.errors import LearnHubError, RuleRefused
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.services import access, accounts, progress, purchases, students
from tests.factories import NOW, make_course, make_instructor, make_student
from tests.services.course_rows import Class, make_access

Desks = Callable[[int], list[Database]]


@pytest.fixture
def desks(server_school: Database) -> Iterator[Desks]:
    """Open the shared school once more for each desk, with connections of its own."""
    with ExitStack() as opened:

        def open_desks(count: int) -> list[Database]:
            made = []
            for number in range(count):
                engines = open_engines(server_school.engines.writer.url)
                made.append(Database(engines, label=f"desk {number}"))
                opened.callback(made[-1].close)
            return made

        yield open_desks


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Start all calls at the same moment; what each returned, or the refusal it raised."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        barrier.wait(timeout=30)
        try:
            return call()
        except LearnHubError as refused:
            return refused

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def new_class(school: Database, *, lessons: int) -> Class:
    with school.engines.writer.connect() as connection:
        made = Class(connection, lessons=lessons)
        connection.commit()
    return made


@pytest.mark.parametrize("isolation", [None, "REPEATABLE READ", "SERIALIZABLE"])
def test_desks_that_mark_lessons_of_one_student_at_once_lose_none(
    server_school: Database, desks: Desks, isolation: str | None
) -> None:
    ada = new_class(server_school, lessons=24)

    def mark(desk: Database, lessons: list[int]) -> None:
        for lesson in lessons:
            desk.write_at(
                isolation,
                progress.mark_lessons,
                ada.student_id,
                ada.course_id,
                [lesson],
                done=True,
            )

    four = desks(4)
    outcomes = at_once(
        *(lambda d=desk, n=number: mark(d, ada.lessons[n::4]) for number, desk in enumerate(four))
    )

    assert outcomes == [None] * 4
    with server_school.engines.reader.connect() as connection:
        ada.connection = connection
        row = ada.enrolment()
    assert (row.status, row.progress_percentage) == ("completed", Decimal("100.00"))
    assert not row.progress_stale


def test_a_lesson_deleted_while_others_are_marked_leaves_the_right_share(
    server_school: Database, desks: Desks
) -> None:
    ada = new_class(server_school, lessons=20)
    kept, removed = ada.lessons[:12], ada.lessons[12:]
    first, second, editor = desks(3)

    def mark(desk: Database, lessons: list[int]) -> None:
        for lesson in lessons:
            desk.write(progress.mark_lessons, ada.student_id, ada.course_id, [lesson], done=True)

    def delete_lesson(uow: UnitOfWork, lesson: int) -> None:
        uow.enrolments.lock_course(ada.course_id)
        uow.connection.execute(t.lessons.delete().where(t.lessons.c.lesson_id == lesson))
        uow.progress.recompute_course(ada.course_id, uow.now())

    outcomes = at_once(
        lambda: mark(first, kept[:3]),
        lambda: mark(second, kept[3:6]),
        lambda: [editor.write(delete_lesson, lesson) for lesson in removed] and None,
    )

    assert outcomes == [None] * 3
    with server_school.engines.reader.connect() as connection:
        ada.connection = connection
        row = ada.enrolment()
    assert (row.status, row.progress_percentage) == ("active", Decimal("50.00"))
    assert not row.progress_stale


@pytest.mark.proof
def test_an_account_is_never_deleted_while_a_purchase_holds_a_seat(
    server_school: Database, desks: Desks
) -> None:
    clerk, administrator = desks(2)
    gateways = Gateways(online=None)

    def buy(student: int, course: int) -> Any:
        order = Order(
            key=new_key("buy"),
            student_id=student,
            course_id=course,
            price=Decimal("49.00"),
            currency="USD",
            method=PaymentMethod.BANK_TRANSFER,
        )
        return purchases.buy(clerk, order, gateways=gateways).outcome

    def delete(student: int) -> Any:
        return administrator.write(
            accounts.delete_account, student, reason=DeletionReason.REQUESTED, row_version=1
        )

    for _ in range(12):
        with server_school.engines.writer.connect() as connection:
            student, course = make_student(connection), make_course(connection)
            connection.commit()

        bought, deleted = at_once(partial(buy, student, course), partial(delete, student))

        assert isinstance(bought, RuleRefused) != isinstance(deleted, RuleRefused)
        if isinstance(deleted, RuleRefused):
            assert deleted.reason is DeletionRefusal.OPEN_PAYMENTS
            assert bought is PurchaseOutcome.WAITING
        with server_school.engines.reader.connect() as connection:
            held = connection.scalars(
                select(t.payments.c.payment_id).where(t.payments.c.user_id == student)
            ).all()
            gone = connection.scalar(
                select(t.users.c.deleted_at).where(t.users.c.user_id == student)
            )
        assert bool(held) != (gone is not None)


def test_a_new_course_and_the_deletion_of_its_instructor_never_both_succeed(
    server_school: Database, desks: Desks
) -> None:
    editor, administrator = desks(2)

    def give_course(instructor: int) -> int | None:
        def create(uow: UnitOfWork) -> int | None:
            # As whoever makes or restores a course does: the instructor's row first.
            if uow.users.lock(instructor).deleted_at is not None:
                return None
            return make_course(uow.connection, instructor_id=instructor)

        return editor.write(create)

    def delete(instructor: int) -> Any:
        return administrator.write(
            accounts.delete_account, instructor, reason=DeletionReason.INACTIVE, row_version=1
        )

    for _ in range(8):
        with server_school.engines.writer.connect() as connection:
            instructor = make_instructor(connection)
            connection.commit()

        made, deleted = at_once(partial(give_course, instructor), partial(delete, instructor))

        assert (made is None) != isinstance(deleted, RuleRefused)


def test_two_desks_that_extend_the_same_access_extend_it_once(
    server_school: Database, desks: Desks
) -> None:
    ada = new_class(server_school, lessons=1)
    later = NOW.replace(year=2099)
    with server_school.engines.writer.connect() as connection:
        make_access(connection, ada.student_id, ada.course_id, access_expires_at=later)
        connection.commit()

    def extend(desk: Database) -> Any:
        return desk.write(
            access.extend_access,
            ada.student_id,
            ada.course_id,
            extension=Extension(months=1),
            reason="Ill",
            seen_until=later,
        )

    outcomes = at_once(*(lambda d=desk: extend(d) for desk in desks(3)))

    assert sum(isinstance(outcome, RuleRefused) for outcome in outcomes) == 2
    with server_school.engines.reader.connect() as connection:
        until = connection.scalar(
            select(t.course_access.c.access_expires_at).where(
                t.course_access.c.student_id == ada.student_id
            )
        )
    assert until == later.replace(month=4)


def test_two_desks_that_enter_the_same_address_make_one_person(
    server_school: Database, desks: Desks
) -> None:
    def enter(desk: Database) -> Any:
        return desk.write(
            students.create_person,
            user_type=UserType.STUDENT,
            name="Ada",
            email="ada.twice@example.org",
        )

    outcomes = at_once(*(lambda d=desk: enter(d) for desk in desks(3)))

    refused = [str(outcome) for outcome in outcomes if isinstance(outcome, RuleRefused)]
    assert len(refused) == 2
    for sentence in refused:
        assert sentence.startswith(
            ("ada.twice@example.org is the address of Ada (student ", "There is already an account")
        )
