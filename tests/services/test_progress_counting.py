from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.progress import percentage
from learnhub_desktop.errors import NotFound
from learnhub_desktop.services import progress
from tests.factories import NOW, make_course, make_enrolment, make_lesson, make_student
from tests.services.course_rows import (
    Class,
    any_uow,
    make_progress,
)

__all__ = ["any_uow"]


def test_lessons_of_another_course_are_never_counted(any_uow: UnitOfWork) -> None:
    ada = Class(any_uow.connection, lessons=2)
    elsewhere = make_lesson(any_uow.connection, make_course(any_uow.connection))
    make_progress(any_uow.connection, ada.student_id, elsewhere)

    progress.mark_lessons(any_uow, ada.student_id, ada.course_id, ada.lessons[:1], done=True)

    assert ada.enrolment().progress_percentage == Decimal("50.00")


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
