"""Archiving and restoring: what is kept, what ends, what stays."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert, select

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.actors import Role, actor_of
from learnhub_desktop.domain.archiving import ArchiveRefusal
from learnhub_desktop.domain.changes import Undo
from learnhub_desktop.domain.states import CourseStatus
from learnhub_desktop.errors import InvalidInput, NotAllowed, NotFound, RuleRefused
from learnhub_desktop.services import archiving, catalog
from tests.factories import (
    NOW,
    make_course,
    make_enrolment,
    make_instructor,
    make_lesson,
    make_student,
)


def make_sale(uow: UnitOfWork, course_id: int, start: datetime, end: datetime) -> int:
    return uow.courses.insert(
        t.flash_sales,
        course_id=course_id,
        max_seats=5,
        discount_price=Decimal("9.00"),
        currency="USD",
        start_time=start,
        end_time=end,
    )


def enrol(uow: UnitOfWork, course_id: int, *, until: datetime | None, **changed: Any) -> int:
    student_id = make_student(uow.connection)
    make_enrolment(uow.connection, student_id, course_id, **changed)
    uow.connection.execute(
        insert(t.course_access).values(
            student_id=student_id, course_id=course_id, access_expires_at=until
        )
    )
    return student_id


def kept(uow: UnitOfWork, course_id: int) -> Any:
    a = t.archived_courses.c
    return uow.connection.execute(
        select(t.archived_courses).where(a.course_id == course_id).order_by(a.archive_id.desc())
    ).first()


def test_archiving_keeps_all_that_the_course_was_and_no_person(uow: UnitOfWork) -> None:
    instructor_id = make_instructor(uow.connection, name="Ada Lovelace", email="ada@example.org")
    course_id = make_course(
        uow.connection, title="SQL Mastery", instructor_id=instructor_id, level="beginner"
    )
    basics = make_course(uow.connection, title="Basics")
    uow.courses.set_tags(course_id, ["sql"])
    uow.courses.set_prerequisites(course_id, gone=set(), new={basics})
    second = make_lesson(uow.connection, course_id, title="Joins", order_index=2)
    first = make_lesson(uow.connection, course_id, title="SELECT", order_index=1)
    quiz_id = uow.lessons.add_quiz(lesson_id=second, title="Quiz", passing_score=70)

    archiving.archive_course(uow, course_id, reason="  A newer edition. ")

    row = kept(uow, course_id)
    assert row.course_data == {
        "format_version": 1,
        "course": {
            "course_id": course_id,
            "title": "SQL Mastery",
            "description": "",
            "instructor_id": instructor_id,
            "price": "49.00",
            "currency": "USD",
            "level": "beginner",
            "status": "active",
            "access_months": 12,
            "max_students": None,
            "seats_taken": 0,
            "total_enrolments": 0,
            "thumbnail_url": "",
            "external_id": None,
        },
        "tags": ["sql"],
        "lessons": [
            {"lesson_id": first, "position": 1, "title": "SELECT", "content": "",
             "video_url": "", "duration_minutes": None, "quizzes": []},
            {"lesson_id": second, "position": 2, "title": "Joins", "content": "",
             "video_url": "", "duration_minutes": None,
             "quizzes": [{"quiz_id": quiz_id, "title": "Quiz", "passing_score": 70}]},
        ],
        "prerequisites": [{"course_id": basics, "title": "Basics"}],
    }  # fmt: skip
    assert "Ada" not in json.dumps(row.course_data)
    assert (row.reason, row.archived_by_account, row.archived_at, row.format_version) == (
        "A newer edition.",
        "tester",
        NOW,
        1,
    )


def test_students_keep_their_access_and_sales_end(uow: UnitOfWork) -> None:
    course_id = make_course(uow.connection, title="SQL Mastery", enrolled_students=4)
    enrol(uow, course_id, until=None)
    enrol(uow, course_id, until=NOW + timedelta(days=1), status="completed")
    enrol(uow, course_id, until=NOW - timedelta(days=1))
    enrol(uow, course_id, until=None, status="refunded")
    make_enrolment(uow.connection, make_student(uow.connection), course_id, status="pending")
    running = make_sale(uow, course_id, NOW - timedelta(hours=1), NOW + timedelta(hours=1))
    coming = make_sale(uow, course_id, NOW + timedelta(days=1), NOW + timedelta(days=2))
    over = make_sale(uow, course_id, NOW - timedelta(days=2), NOW - timedelta(days=1))
    preview = archiving.preview_archive(uow, course_id)

    changes = archiving.archive_course(uow, course_id, reason="Old.")

    assert changes.message == (
        "Archived “SQL Mastery”. 2 students keep their access; no new enrolments. "
        "1 enrolment waiting for payment can still be paid. 2 flash sales end now."
    )
    assert preview.consequences == (
        "2 students keep their access; no new enrolments.",
        "1 enrolment waiting for payment can still be paid.",
        "2 flash sales end now.",
    )
    assert preview.refusal is None
    course = catalog.get_course(uow, course_id).course
    assert course.status is CourseStatus.ARCHIVED
    assert course.seats_taken == 4
    ends = {sale.sale_id: sale.end_time for sale in uow.courses.sales(course_id)}
    assert ends == {
        running: NOW,
        coming: NOW + timedelta(days=1),
        over: NOW - timedelta(days=1),
    }
    access = uow.connection.scalars(select(t.course_access.c.access_expires_at)).all()
    assert sorted(access, key=str) == sorted(
        [None, NOW + timedelta(days=1), NOW - timedelta(days=1), None], key=str
    )


@pytest.mark.parametrize(
    "students, said",
    [
        (0, "No student has access; no new enrolments."),
        (1, "1 student keeps access; no new enrolments."),
        (3, "3 students keep their access; no new enrolments."),
    ],
)
def test_the_message_counts_the_students(uow: UnitOfWork, students: int, said: str) -> None:
    course_id = make_course(uow.connection, title="SQL Mastery")
    for _ in range(students):
        make_enrolment(uow.connection, make_student(uow.connection), course_id)

    changes = archiving.archive_course(uow, course_id, reason="Old.")

    assert changes.message == f"Archived “SQL Mastery”. {said}"


def test_a_second_archive_is_refused_and_leaves_one_snapshot(uow: UnitOfWork) -> None:
    course_id = make_course(uow.connection, title="SQL Mastery")
    archiving.archive_course(uow, course_id, reason="Old.")

    with pytest.raises(RuleRefused) as refused:
        archiving.archive_course(uow, course_id, reason="Again.")

    assert refused.value.reason is ArchiveRefusal.ALREADY_ARCHIVED
    assert str(refused.value) == "“SQL Mastery” is archived already."
    assert archiving.preview_archive(uow, course_id).refusal == str(refused.value)
    assert len(catalog.get_course(uow, course_id).archives) == 1


@pytest.mark.parametrize(
    "before, message",
    [
        ("active", "Restored “SQL Mastery”. Students can enrol now."),
        ("draft", "Restored “SQL Mastery” as a draft. Publish it to open it for enrolment."),
    ],
)
def test_restoring_puts_the_status_back(uow: UnitOfWork, before: str, message: str) -> None:
    course_id = make_course(uow.connection, title="SQL Mastery", status=before)
    archived = archiving.archive_course(uow, course_id, reason="Old.")
    assert archived.undo == Undo("restore_course", {"course_id": course_id})

    changes = archiving.restore_course(uow, course_id)

    assert changes.message == message
    assert changes.undo == Undo("archive_course", {"course_id": course_id, "reason": "Old."})
    detail = catalog.get_course(uow, course_id)
    assert detail.course.status is CourseStatus(before)
    (row,) = detail.archives
    assert (row.restored_at, row.restored_by) == (NOW, "tester")


def test_archive_and_restore_can_be_done_again_and_again(uow: UnitOfWork) -> None:
    course_id = make_course(uow.connection)
    for _ in range(2):
        archiving.archive_course(uow, course_id, reason="Old.")
        archiving.restore_course(uow, course_id)

    detail = catalog.get_course(uow, course_id)
    assert detail.course.status is CourseStatus.ACTIVE
    assert [row.restored_at for row in detail.archives] == [NOW, NOW]


def test_what_another_program_archived_comes_back_as_a_draft(uow: UnitOfWork) -> None:
    course_id = make_course(uow.connection, status="archived")

    archiving.restore_course(uow, course_id)

    assert catalog.get_course(uow, course_id).course.status is CourseStatus.DRAFT


def test_only_an_archived_course_is_restored(uow: UnitOfWork) -> None:
    course_id = make_course(uow.connection, title="SQL Mastery")

    with pytest.raises(RuleRefused, match="“SQL Mastery” is not archived."):
        archiving.restore_course(uow, course_id)


def test_a_course_whose_instructor_left_needs_another_one(uow: UnitOfWork) -> None:
    gone = make_instructor(uow.connection)
    course_id = make_course(uow.connection, instructor_id=gone)
    archiving.archive_course(uow, course_id, reason="Old.")
    uow.users.update(gone, deleted_at=NOW)

    with pytest.raises(RuleRefused) as refused:
        archiving.restore_course(uow, course_id)
    assert refused.value.reason is ArchiveRefusal.NO_INSTRUCTOR
    assert str(refused.value) == (
        "The instructor of this course has left. Name another one to restore it."
    )

    new = make_instructor(uow.connection, name="Grace Hopper")
    archiving.restore_course(uow, course_id, instructor_id=new)
    assert catalog.get_course(uow, course_id).course.instructor_name == "Grace Hopper"


@pytest.mark.parametrize(
    "reason, sentence",
    [
        ("  ", "The reason cannot be empty."),
        ("x" * 10_000, "The reason can have at most 2,000 characters; this has 10,000."),
    ],
)
def test_archiving_needs_a_reason(uow: UnitOfWork, reason: str, sentence: str) -> None:
    course_id = make_course(uow.connection)

    with pytest.raises(InvalidInput) as refused:
        archiving.archive_course(uow, course_id, reason=reason)

    assert (refused.value.field, str(refused.value)) == ("reason", sentence)


def test_a_course_that_is_not_there(uow: UnitOfWork) -> None:
    for attempt in (
        lambda: archiving.archive_course(uow, 999, reason="Old."),
        lambda: archiving.restore_course(uow, 999),
        lambda: archiving.preview_archive(uow, 999),
    ):
        with pytest.raises(NotFound, match="There is no course with the number 999."):
            attempt()


def test_finance_does_not_archive(uow: UnitOfWork) -> None:
    course_id = make_course(uow.connection)
    uow.actor = actor_of("fin", Role.FINANCE)

    with pytest.raises(NotAllowed, match="may not archive courses"):
        archiving.archive_course(uow, course_id, reason="Old.")
