from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.actors import Role
from learnhub_desktop.domain.progress import ProgressRefusal, QuizResult
from learnhub_desktop.errors import InvalidInput, NotAllowed, RuleRefused
from learnhub_desktop.services import progress
from tests.databases import SetClock
from tests.factories import NOW, make_course, make_lesson, make_student
from tests.services.course_rows import (
    Class,
    acting_as,
    any_uow,
    make_quiz,
)

__all__ = ["any_uow"]


def test_a_lesson_marked_done_is_counted_at_once(any_uow: UnitOfWork) -> None:
    ada = Class(any_uow.connection, lessons=3)

    changes = progress.mark_lessons(
        any_uow, ada.student_id, ada.course_id, [ada.lessons[0]], done=True
    )

    assert changes.message == (
        "“Lesson 1” is marked done for Ada Lovelace: 1 of 3 lessons of “Python Basics” (33.33 %)."
    )
    row = ada.enrolment()
    assert row.progress_percentage == Decimal("33.33")
    assert row.status == "active"
    assert row.last_activity_at == NOW
    assert not row.progress_stale


def test_the_last_lesson_completes_the_course(any_uow: UnitOfWork) -> None:
    ada = Class(any_uow.connection, lessons=3)

    changes = progress.mark_lessons(any_uow, ada.student_id, ada.course_id, ada.lessons, done=True)

    assert changes.message == (
        "3 lessons are marked done for Ada Lovelace: 3 of 3 lessons of “Python Basics” (100 %). "
        "The course is completed."
    )
    row = ada.enrolment()
    assert (row.status, row.progress_percentage) == ("completed", Decimal("100.00"))
    assert row.completed_at == NOW


def test_marking_done_can_be_undone_by_its_own_inverse(uow: UnitOfWork) -> None:
    ada = Class(uow.connection, lessons=2)
    progress.mark_lessons(uow, ada.student_id, ada.course_id, ada.lessons[:1], done=True)

    changes = progress.mark_lessons(uow, ada.student_id, ada.course_id, ada.lessons, done=True)

    assert changes.undo is not None and changes.undo.action == "mark_lessons"
    # Only what this call changed is taken back.
    arguments: dict[str, Any] = changes.undo.arguments
    assert arguments["lesson_ids"] == (ada.lessons[1],)
    progress.mark_lessons(uow, **arguments)
    row = ada.enrolment()
    assert (row.status, row.progress_percentage) == ("active", Decimal("50.00"))
    assert row.completed_at is None


def test_taking_a_lesson_back_re_opens_a_completed_course_and_says_so(any_uow: UnitOfWork) -> None:
    ada = Class(any_uow.connection, lessons=2)
    progress.mark_lessons(any_uow, ada.student_id, ada.course_id, ada.lessons, done=True)

    changes = progress.mark_lessons(
        any_uow, ada.student_id, ada.course_id, ada.lessons[1:], done=False
    )

    assert changes.message == (
        "“Lesson 2” is no longer marked done for Ada Lovelace: 1 of 2 lessons of "
        "“Python Basics” (50 %). The course was completed and is open again."
    )
    assert changes.undo is None
    row = ada.enrolment()
    assert (row.status, row.progress_percentage) == ("active", Decimal("50.00"))
    assert row.completed_at is None


def test_taking_a_lesson_back_is_no_activity_of_the_student(
    uow: UnitOfWork, clock: SetClock
) -> None:
    ada = Class(uow.connection)
    progress.mark_lessons(uow, ada.student_id, ada.course_id, ada.lessons[:1], done=True)
    later = UnitOfWork(uow.connection, actor=uow.actor, clock=lambda _: NOW + timedelta(days=1))

    progress.mark_lessons(later, ada.student_id, ada.course_id, ada.lessons[:1], done=False)

    assert ada.enrolment().last_activity_at == NOW


def test_marking_what_is_marked_changes_nothing(uow: UnitOfWork) -> None:
    ada = Class(uow.connection)
    progress.mark_lessons(uow, ada.student_id, ada.course_id, ada.lessons[:1], done=True)

    again = progress.mark_lessons(uow, ada.student_id, ada.course_id, ada.lessons[:1], done=True)
    other = progress.mark_lessons(uow, ada.student_id, ada.course_id, ada.lessons[2:], done=False)

    assert again.message == "“Lesson 1” is already done, so nothing was changed."
    assert other.message == "2 lessons are already not done, so nothing was changed."
    assert ada.enrolment().progress_percentage == Decimal("25.00")


def test_a_lesson_of_another_course_is_refused(uow: UnitOfWork) -> None:
    ada = Class(uow.connection)
    elsewhere = make_lesson(uow.connection, make_course(uow.connection))

    with pytest.raises(RuleRefused) as refused:
        progress.mark_lessons(uow, ada.student_id, ada.course_id, [elsewhere], done=True)

    assert refused.value.reason is ProgressRefusal.OTHER_COURSE
    assert str(refused.value) == (
        "The lesson is not part of “Python Basics” any more. Reload and try again."
    )


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("pending",
         "Ada Lovelace has not paid for “Python Basics” yet, so no lesson can be marked."),
        ("refunded",
         "The enrolment of Ada Lovelace in “Python Basics” was refunded, "
         "so no lesson can be marked."),
        ("cancelled",
         "The enrolment of Ada Lovelace in “Python Basics” was cancelled, "
         "so no lesson can be marked."),
    ],
)  # fmt: skip
def test_progress_needs_an_active_enrolment(uow: UnitOfWork, status: str, said: str) -> None:
    ada = Class(uow.connection, status=status)

    with pytest.raises(RuleRefused) as refused:
        progress.mark_lessons(uow, ada.student_id, ada.course_id, ada.lessons, done=True)

    assert (refused.value.reason, str(refused.value)) == (ProgressRefusal.NOT_ACTIVE, said)


def test_progress_of_a_student_who_never_enrolled_is_refused(uow: UnitOfWork) -> None:
    ada = Class(uow.connection)
    stranger = make_student(uow.connection)

    with pytest.raises(RuleRefused) as refused:
        progress.mark_lessons(uow, stranger, ada.course_id, ada.lessons, done=True)

    assert str(refused.value) == (
        "The student is not enrolled in this course, so there is no progress to keep."
    )


def test_marking_nothing_is_refused(uow: UnitOfWork) -> None:
    ada = Class(uow.connection)

    with pytest.raises(InvalidInput, match=r"Choose a lesson first\."):
        progress.mark_lessons(uow, ada.student_id, ada.course_id, [], done=True)


def test_marking_needs_the_right(uow: UnitOfWork) -> None:
    ada = Class(uow.connection)

    with pytest.raises(NotAllowed, match="may not mark lessons done"):
        progress.mark_lessons(
            acting_as(uow, Role.FINANCE), ada.student_id, ada.course_id, ada.lessons, done=True
        )


def test_minutes_spent_do_not_mark_the_lesson_done(any_uow: UnitOfWork) -> None:
    ada = Class(any_uow.connection)

    progress.record_minutes(any_uow, ada.student_id, ada.course_id, ada.lessons[0], minutes=90)
    changes = progress.record_minutes(
        any_uow, ada.student_id, ada.course_id, ada.lessons[0], minutes=1200
    )

    assert changes.message == "Ada Lovelace has spent 1,200 minutes on “Lesson 1”."
    mark = progress.student_lessons(any_uow, ada.student_id, ada.course_id)[0]
    assert (mark.minutes_spent, mark.is_done) == (1200, False)
    assert ada.enrolment().last_activity_at == NOW


def test_minutes_survive_marking_done_and_back(uow: UnitOfWork) -> None:
    ada = Class(uow.connection)
    where = (uow, ada.student_id, ada.course_id)
    progress.record_minutes(*where, ada.lessons[0], minutes=15)

    progress.mark_lessons(*where, ada.lessons[:1], done=True)
    assert progress.student_lessons(*where)[0].done_at == NOW
    progress.mark_lessons(*where, ada.lessons[:1], done=False)

    mark = progress.student_lessons(*where)[0]
    assert (mark.is_done, mark.done_at, mark.minutes_spent) == (False, None, 15)


@pytest.mark.parametrize("minutes", [-1, 100_001])
def test_impossible_minutes_are_refused(uow: UnitOfWork, minutes: int) -> None:
    ada = Class(uow.connection)

    with pytest.raises(InvalidInput, match=r"Enter 0 to 100,000 minutes\."):
        progress.record_minutes(uow, ada.student_id, ada.course_id, ada.lessons[0], minutes=minutes)


def test_the_best_attempt_at_a_quiz_counts(any_uow: UnitOfWork) -> None:
    ada = Class(any_uow.connection)
    quiz = make_quiz(any_uow.connection, ada.lessons[0], title="Loops", passing_score=70)

    first = progress.record_attempt(any_uow, ada.student_id, quiz, score=60)
    second = progress.record_attempt(any_uow, ada.student_id, quiz, score=80)
    third = progress.record_attempt(any_uow, ada.student_id, quiz, score=50)

    assert first.message == (
        "Ada Lovelace scored 60 in “Loops”. The best result is 60; 70 is needed to pass."
    )
    assert second.message == (
        "Ada Lovelace scored 80 in “Loops”. The best result is 80, which passes."
    )
    assert third.message.endswith("The best result is 80, which passes.")
    (course,) = progress.student_courses(any_uow, ada.student_id)
    assert course.quizzes == (QuizResult(quiz, "Loops", "Lesson 1", 3, 80, 70, NOW),)
    assert course.quizzes[0].is_passed is True
    assert course.last_activity_at == NOW


@pytest.mark.parametrize("score", [-1, 10_001])
def test_an_impossible_score_is_refused(uow: UnitOfWork, score: int) -> None:
    ada = Class(uow.connection)
    quiz = make_quiz(uow.connection, ada.lessons[0])

    with pytest.raises(InvalidInput) as refused:
        progress.record_attempt(uow, ada.student_id, quiz, score=score)
    assert str(refused.value) == "A score is a whole number from 0 to 10,000."


def test_a_quiz_without_a_course_takes_no_attempt(uow: UnitOfWork) -> None:
    ada = Class(uow.connection)
    quiz = make_quiz(uow.connection, None, title="Loose")

    with pytest.raises(RuleRefused) as refused:
        progress.record_attempt(uow, ada.student_id, quiz, score=1)
    assert str(refused.value) == "The quiz “Loose” belongs to no lesson of a course."


def test_a_mark_is_committed_with_its_audit(database: Database, clock: SetClock) -> None:
    with database.engines.writer.connect() as connection:
        ada = Class(connection, lessons=2)
        connection.commit()

    database.write(progress.mark_lessons, ada.student_id, ada.course_id, ada.lessons[:1], done=True)

    def audited(uow: UnitOfWork) -> list[Any]:
        a = t.audit_log.c
        return list(
            uow.connection.execute(
                select(a.entity, a.action, a.operation, a.user_id, a.course_id)
                .where(a.operation == "mark_lessons")
                .order_by(a.audit_id)
            )
        )

    assert {tuple(row) for row in database.read(audited)} == {
        ("lesson_progress", "insert", "mark_lessons", ada.student_id, ada.course_id),
        ("enrollments", "update", "mark_lessons", ada.student_id, ada.course_id),
    }


def test_lessons_are_marked_and_taken_back_in_one_count(any_uow: UnitOfWork) -> None:
    ada = Class(any_uow.connection, lessons=3)
    progress.mark_lessons(any_uow, ada.student_id, ada.course_id, ada.lessons, done=True)

    changes = progress.set_lessons(
        any_uow, ada.student_id, ada.course_id, done=ada.lessons[:1], not_done=ada.lessons[1:]
    )

    assert changes.message == (
        "2 lessons are no longer marked done for Ada Lovelace: 1 of 3 lessons of "
        "“Python Basics” (33.33 %). The course was completed and is open again."
    )

    changes = progress.set_lessons(
        any_uow, ada.student_id, ada.course_id, done=ada.lessons[1:2], not_done=ada.lessons[:1]
    )

    assert changes.message == (
        "“Lesson 2” is marked done, and “Lesson 1” is no longer marked done for Ada Lovelace: "
        "1 of 3 lessons of “Python Basics” (33.33 %)."
    )
    # A day that was lost cannot be given back, so the whole has no inverse.
    assert changes.undo is None


def test_lessons_that_stand_as_chosen_are_left_alone(uow: UnitOfWork) -> None:
    ada = Class(uow.connection, lessons=2)
    progress.mark_lessons(uow, ada.student_id, ada.course_id, ada.lessons[:1], done=True)

    changes = progress.set_lessons(
        uow, ada.student_id, ada.course_id, done=ada.lessons[:1], not_done=ada.lessons[1:]
    )

    assert changes.message == "2 lessons are already as they were chosen, so nothing was changed."
