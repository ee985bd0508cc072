from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event, select, update

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.access import AccessState
from learnhub_desktop.domain.actors import Role
from learnhub_desktop.domain.progress import ProgressRefusal, QuizResult, percentage
from learnhub_desktop.domain.states import EnrolmentStatus
from learnhub_desktop.errors import InvalidInput, NotAllowed, NotFound, RuleRefused
from learnhub_desktop.services import progress
from tests.databases import SetClock
from tests.factories import NOW, make_course, make_enrolment, make_lesson, make_student
from tests.services.course_rows import (
    Class,
    acting_as,
    any_uow,
    make_access,
    make_progress,
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


def test_lessons_of_another_course_are_never_counted(any_uow: UnitOfWork) -> None:
    ada = Class(any_uow.connection, lessons=2)
    elsewhere = make_lesson(any_uow.connection, make_course(any_uow.connection))
    make_progress(any_uow.connection, ada.student_id, elsewhere)

    progress.mark_lessons(any_uow, ada.student_id, ada.course_id, ada.lessons[:1], done=True)

    assert ada.enrolment().progress_percentage == Decimal("50.00")


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


def test_what_another_program_wrote_is_counted_before_money_is_decided(
    any_uow: UnitOfWork,
) -> None:
    ada = Class(any_uow.connection, lessons=8)
    make_progress(any_uow.connection, ada.student_id, ada.lessons[0])
    assert ada.enrolment().progress_stale
    assert ada.enrolment().progress_percentage == Decimal("0.00")

    percent = progress.refresh_locked(any_uow, ada.enrolment_id)

    assert percent == Decimal("12.50")
    row = ada.enrolment()
    assert (row.progress_percentage, row.progress_stale) == (Decimal("12.50"), False)


def test_counting_again_never_takes_a_completion_away(any_uow: UnitOfWork) -> None:
    ada = Class(any_uow.connection, lessons=2)
    progress.mark_lessons(any_uow, ada.student_id, ada.course_id, ada.lessons, done=True)
    make_lesson(any_uow.connection, ada.course_id)

    assert progress.refresh_locked(any_uow, ada.enrolment_id) == Decimal("66.67")

    row = ada.enrolment()
    assert (row.status, row.completed_at) == ("completed", NOW)


def test_an_enrolment_that_does_not_exist_cannot_be_counted(uow: UnitOfWork) -> None:
    with pytest.raises(NotFound):
        progress.refresh_locked(uow, 4711)


def test_a_lesson_removed_completes_those_who_did_all_the_others(any_uow: UnitOfWork) -> None:
    ada = Class(any_uow.connection, lessons=3)
    bob = make_student(any_uow.connection)
    bobs = make_enrolment(any_uow.connection, bob, ada.course_id)
    for lesson in ada.lessons[:2]:
        make_progress(any_uow.connection, ada.student_id, lesson)
    make_progress(any_uow.connection, bob, ada.lessons[0])
    any_uow.connection.execute(t.lessons.delete().where(t.lessons.c.lesson_id == ada.lessons[2]))

    assert any_uow.progress.recompute_course(ada.course_id, NOW) == 2

    assert ada.enrolment().status == "completed"
    assert ada.enrolment().completed_at == NOW
    assert ada.enrolment().progress_percentage == Decimal("100.00")
    e = t.enrollments.c
    other = any_uow.connection.execute(
        select(e.status, e.progress_percentage, e.progress_stale, e.completed_at).where(
            e.enrollment_id == bobs
        )
    ).one()
    assert other == ("active", Decimal("50.00"), False, None)


def test_a_lesson_added_lowers_everyones_share_and_takes_no_completion(
    any_uow: UnitOfWork,
) -> None:
    ada = Class(any_uow.connection, lessons=2)
    progress.mark_lessons(any_uow, ada.student_id, ada.course_id, ada.lessons, done=True)
    make_lesson(any_uow.connection, ada.course_id)
    assert ada.enrolment().progress_stale

    later = NOW + timedelta(days=1)
    any_uow.progress.recompute_course(ada.course_id, later)

    row = ada.enrolment()
    assert (row.status, row.completed_at) == ("completed", NOW)
    assert (row.progress_percentage, row.progress_stale) == (Decimal("66.67"), False)


@pytest.mark.parametrize("status", ["pending", "refunded", "cancelled"])
def test_a_recount_completes_no_enrolment_that_is_not_active(
    any_uow: UnitOfWork, status: str
) -> None:
    ada = Class(any_uow.connection, lessons=1, status=status)
    make_progress(any_uow.connection, ada.student_id, ada.lessons[0])

    any_uow.progress.recompute_course(ada.course_id, NOW)

    row = ada.enrolment()
    assert (row.status, row.completed_at) == (status, None)
    assert row.progress_percentage == Decimal("100.00")


def test_a_course_that_lost_its_last_lesson_is_at_zero(any_uow: UnitOfWork) -> None:
    ada = Class(any_uow.connection, lessons=0)
    any_uow.connection.execute(
        update(t.enrollments)
        .where(t.enrollments.c.enrollment_id == ada.enrolment_id)
        .values(progress_percentage=Decimal("40.00"))
    )

    any_uow.progress.recompute_course(ada.course_id, NOW)

    assert ada.enrolment().progress_percentage == Decimal("0.00")
    assert ada.enrolment().status == "active"


@pytest.mark.parametrize("total", [3, 7, 8, 16, 32])
def test_one_statement_for_a_course_rounds_as_the_rule_does(
    any_uow: UnitOfWork, total: int
) -> None:
    connection = any_uow.connection
    course = make_course(connection)
    lessons = [make_lesson(connection, course) for _ in range(total)]
    expected = {}
    for done in range(total + 1):
        student = make_student(connection)
        enrolment = make_enrolment(connection, student, course)
        for lesson in lessons[:done]:
            make_progress(connection, student, lesson)
        expected[enrolment] = percentage(done, total)

    any_uow.progress.recompute_course(course, NOW)

    e = t.enrollments.c
    found = connection.execute(
        select(e.enrollment_id, e.progress_percentage).where(e.course_id == course)
    )
    assert {row[0]: row[1] for row in found} == expected


def test_a_whole_course_is_counted_again_by_hand(uow: UnitOfWork) -> None:
    ada = Class(uow.connection, lessons=4)
    make_progress(uow.connection, ada.student_id, ada.lessons[0])

    changes = progress.refresh_course(uow, ada.course_id)

    assert changes.message == "The progress in “Python Basics” was counted again for 1 student."
    assert ada.enrolment().progress_percentage == Decimal("25.00")


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
