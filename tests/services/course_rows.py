"""Rows around a student's course, inserted directly: name only what matters to the case."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.actors import Role, actor_of
from tests.databases import SetClock
from tests.factories import NOW, add, make_course, make_enrolment, make_lesson, make_student


@pytest.fixture
def any_uow(any_connection: Connection, clock: SetClock) -> Iterator[UnitOfWork]:
    """As ``uow``, on SQLite, MySQL and MariaDB in turn."""
    yield UnitOfWork(any_connection, actor=actor_of("tester", Role.ADMIN), clock=clock)


def acting_as(uow: UnitOfWork, role: Role | None) -> UnitOfWork:
    """The same transaction in the hands of another account."""
    return UnitOfWork(uow.connection, actor=actor_of("somebody", role), clock=lambda _: NOW)


def make_access(connection: Connection, student_id: int, course_id: int, **changed: Any) -> None:
    connection.execute(
        insert(t.course_access).values(
            student_id=student_id, course_id=course_id, granted_at=NOW, **changed
        )
    )


def make_progress(
    connection: Connection, student_id: int, lesson_id: int, *, done: bool = True, **changed: Any
) -> None:
    """As another program would write it: nobody counts it, the enrolment becomes stale."""
    connection.execute(
        insert(t.lesson_progress).values(
            student_id=student_id,
            lesson_id=lesson_id,
            completed=done,
            completed_at=NOW if done else None,
            **changed,
        )
    )


def make_quiz(connection: Connection, lesson_id: int | None, **changed: Any) -> int:
    return add(connection, t.quizzes, lesson_id=lesson_id, **{"title": "Quiz", **changed})


def make_subscription(connection: Connection, user_id: int, **changed: Any) -> int:
    return add(
        connection,
        t.subscriptions,
        user_id=user_id,
        **{
            "plan_type": "monthly",
            "start_date": date(2026, 3, 1),
            "current_period_end": date(2026, 4, 1),
            "next_billing_date": date(2026, 4, 1),
            **changed,
        },
    )


def make_alert(connection: Connection, user_id: int, payment_id: int, **changed: Any) -> None:
    connection.execute(
        insert(t.fraud_alerts).values(
            user_id=user_id, payment_id=payment_id, **{"created_at": NOW, **changed}
        )
    )


class Class:
    """One student in one course of some lessons."""

    def __init__(
        self,
        connection: Connection,
        *,
        lessons: int = 4,
        name: str = "Ada Lovelace",
        **enrolment: Any,
    ) -> None:
        self.connection = connection
        self.student_id = make_student(connection, name=name)
        self.course_id = make_course(connection, title="Python Basics")
        self.lessons = [
            make_lesson(connection, self.course_id, title=f"Lesson {number}", order_index=number)
            for number in range(1, lessons + 1)
        ]
        self.enrolment_id = make_enrolment(connection, self.student_id, self.course_id, **enrolment)

    def enrolment(self) -> Any:
        """The enrolment's row as it stands."""
        statement = select(t.enrollments).where(t.enrollments.c.enrollment_id == self.enrolment_id)
        return self.connection.execute(statement).one()
