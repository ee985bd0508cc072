from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.access import AccessState
from learnhub_desktop.domain.states import EnrolmentStatus
from learnhub_desktop.errors import NotFound
from learnhub_desktop.services import progress
from tests.factories import NOW, make_course, make_enrolment, make_lesson, make_student
from tests.services.course_rows import (
    Class,
    any_uow,
    make_access,
    make_progress,
    make_quiz,
)

__all__ = ["any_uow"]


def test_a_students_courses_show_lessons_activity_and_access(any_uow: UnitOfWork) -> None:
    connection = any_uow.connection
    ada = Class(connection, lessons=4)
    empty = make_course(connection, title="Empty", status="archived")
    make_enrolment(
        connection,
        ada.student_id,
        empty,
        enrolled_at=NOW - timedelta(days=3),
        source="staff",
        last_activity_at=NOW - timedelta(days=2),
    )
    make_access(connection, ada.student_id, empty)
    make_quiz(connection, ada.lessons[1], title="Loops", passing_score=70)
    progress.record_minutes(any_uow, ada.student_id, ada.course_id, ada.lessons[3], minutes=25)
    progress.mark_lessons(any_uow, ada.student_id, ada.course_id, ada.lessons[:1], done=True)

    python, other = progress.student_courses(any_uow, ada.student_id)

    assert (python.title, python.lessons_done, python.lessons_total) == ("Python Basics", 1, 4)
    assert python.progress_percent == Decimal("25.00")
    assert python.status_words == "under way"
    assert python.minutes_spent == 25
    assert python.last_activity_at == NOW
    assert [quiz.best_score for quiz in python.quizzes] == [None]
    assert python.access.state is AccessState.NOT_GRANTED
    assert (other.lessons_total, other.progress_percent) == (0, Decimal("0.00"))
    assert other.source == "staff"
    assert other.status is EnrolmentStatus.ACTIVE
    assert other.status_words == "not started"
    assert other.access.state is AccessState.LIFETIME


def test_a_student_without_enrolments_has_no_courses(uow: UnitOfWork) -> None:
    assert progress.student_courses(uow, make_student(uow.connection)) == []


def test_a_students_courses_take_the_same_number_of_queries_however_many_there_are(
    uow: UnitOfWork,
) -> None:
    student = make_student(uow.connection)

    def add_course() -> None:
        course = make_course(uow.connection)
        lessons = [make_lesson(uow.connection, course) for _ in range(3)]
        make_enrolment(uow.connection, student, course)
        make_quiz(uow.connection, lessons[0])

    def count_queries() -> int:
        statements = []

        def note(*arguments: Any) -> None:
            statements.append(arguments[2])

        event.listen(uow.connection, "before_cursor_execute", note)
        progress.student_courses(uow, student)
        event.remove(uow.connection, "before_cursor_execute", note)
        return len(statements)

    add_course()
    for_one = count_queries()
    for _ in range(10):
        add_course()

    assert count_queries() == for_one <= 6


def test_who_is_where_in_a_course(any_uow: UnitOfWork) -> None:
    connection = any_uow.connection
    ada = Class(connection, lessons=4)
    for status in ("pending", "refunded", "cancelled", "active"):
        make_enrolment(connection, make_student(connection), ada.course_id, status=status)
    finished = make_student(connection)
    make_enrolment(connection, finished, ada.course_id)
    progress.mark_lessons(any_uow, finished, ada.course_id, ada.lessons, done=True)
    progress.mark_lessons(any_uow, ada.student_id, ada.course_id, ada.lessons[:2], done=True)

    seen = progress.course_progress_summary(any_uow, ada.course_id)

    assert (seen.title, seen.lessons) == ("Python Basics", 4)
    assert (seen.waiting, seen.not_started, seen.under_way) == (1, 1, 1)
    assert (seen.completed, seen.ended, seen.enrolled) == (1, 2, 4)
    assert seen.average_percent == Decimal("50.00")  # of 0, 50 and 100
    assert seen.last_activity_at == NOW
    assert seen.stale == 0


def test_a_course_nobody_is_in_has_a_summary_too(any_uow: UnitOfWork) -> None:
    seen = progress.course_progress_summary(any_uow, make_course(any_uow.connection))

    assert (seen.enrolled, seen.average_percent) == (0, Decimal("0.00"))
    assert seen.last_activity_at is None


def test_a_course_that_does_not_exist_has_none(uow: UnitOfWork) -> None:
    with pytest.raises(NotFound):
        progress.course_progress_summary(uow, 4711)


def test_students_who_did_every_lesson_are_found_in_one_query(any_uow: UnitOfWork) -> None:
    connection = any_uow.connection
    ada = Class(connection, lessons=2)
    elsewhere = make_lesson(connection, make_course(connection))
    grace = make_student(connection, name="Grace", email="grace.any@example.org")
    nearly = make_student(connection)
    gone = make_student(connection, deleted_at=NOW)
    for student in (grace, nearly, gone):
        make_enrolment(connection, student, ada.course_id)
        make_progress(connection, student, ada.lessons[0])
    for student in (grace, gone):
        make_progress(connection, student, ada.lessons[1])
    make_progress(connection, nearly, ada.lessons[1], done=False)
    make_progress(connection, nearly, elsewhere)

    found = progress.students_who_finished(any_uow, ada.course_id)

    assert [(f.user_id, f.name, f.email, f.finished_at) for f in found] == [
        (grace, "Grace", "grace.any@example.org", NOW)
    ]
    assert progress.students_who_finished(any_uow, ada.course_id, after_id=grace) == []


def test_nobody_has_finished_a_course_without_lessons(any_uow: UnitOfWork) -> None:
    ada = Class(any_uow.connection, lessons=0)

    assert progress.students_who_finished(any_uow, ada.course_id) == []
