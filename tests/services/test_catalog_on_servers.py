"""The catalog's services on real servers: their triggers, their locks, two desks at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import insert, select

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.catalog import CourseDraft, LessonDraft, QuizDraft
from learnhub_desktop.domain.states import CourseStatus
from learnhub_desktop.errors import RuleRefused
from learnhub_desktop.services import archiving, catalog, lessons, prerequisites, reviews
from tests.factories import NOW, make_course, make_enrolment, make_instructor, make_student


def test_a_course_lives_through_all_of_it(server_uow: UnitOfWork) -> None:
    uow = server_uow
    instructor_id = make_instructor(uow.connection, name="Ada Lovelace")
    draft = CourseDraft(
        "SQL Mastery", instructor_id, Decimal("49.00"), "USD", tags=("SQL", "sql", "Café")
    )
    course_id = catalog.create_course(uow, draft, status=CourseStatus.ACTIVE).subject_id
    assert course_id is not None
    one, two = (
        lessons.add_lesson(uow, course_id, LessonDraft(title), position=1).subject_id
        for title in ("One", "Two")
    )
    assert one is not None and two is not None
    quiz_id = lessons.add_quiz(uow, one, QuizDraft("Check", 70)).subject_id
    lessons.move_lesson(uow, one, position=1)
    student_id = make_student(uow.connection, name="Ola")
    make_enrolment(uow.connection, student_id, course_id)
    uow.connection.execute(
        insert(t.lesson_progress).values(
            student_id=student_id, lesson_id=one, completed=True, completed_at=NOW
        )
    )
    removed = lessons.remove_lesson(uow, two)
    review = reviews.record_review(uow, student_id, course_id, rating=4)
    version = catalog.get_course(uow, course_id).course.row_version
    with pytest.raises(RuleRefused, match="changed at another desk"):
        catalog.update_course(uow, course_id, draft, seen_version=version + 1)
    tagged = CourseDraft("SQL Mästery", instructor_id, Decimal("0.00"), "USD", tags=("café",))
    saved = catalog.update_course(uow, course_id, tagged, seen_version=version)
    archived = archiving.archive_course(uow, course_id, reason="Old.")
    restored = archiving.restore_course(uow, course_id)
    added = lessons.add_lesson(uow, course_id, LessonDraft("Three"), reopen=True)

    assert removed.message == "Removed “Two” from “SQL Mastery”. 1 student has completed it now."
    assert review.message == "Ola gives “SQL Mastery” 4 of 5. Its rating is 4.00 from 1 review."
    assert saved.message == "Saved “SQL Mästery”. It costs nothing from now on."
    assert archived.message == (
        "Archived “SQL Mästery”. 1 student keeps access; no new enrolments."
    )
    assert restored.message == "Restored “SQL Mästery”. Students can enrol now."
    assert added.message.endswith("1 student who had completed it can go on now.")
    detail = catalog.get_course(uow, course_id)
    assert detail.tags == ("café",)
    assert [lesson.title for lesson in detail.lessons] == ["One", "Three"]
    assert [quiz.quiz_id for quiz in detail.lessons[0].quizzes] == [quiz_id]
    assert detail.course.row_version == version + 3
    snapshot = uow.connection.scalar(
        select(t.archived_courses.c.course_data).where(t.archived_courses.c.course_id == course_id)
    )
    assert snapshot["course"]["title"] == "SQL Mästery"


def both(database: Database, *calls: Callable[[UnitOfWork], Any]) -> list[str]:
    """Write from several desks at the same moment; what each was told."""
    ready = Barrier(len(calls))

    def desk(call: Callable[[UnitOfWork], Any]) -> str:
        ready.wait(timeout=20)
        try:
            return str(database.write(call).message)
        except RuleRefused as refused:
            return str(refused)

    with ThreadPoolExecutor(len(calls)) as pool:
        return sorted(pool.map(desk, calls))


def test_two_desks_cannot_close_a_cycle_together(server_school: Database) -> None:
    def make_two(uow: UnitOfWork) -> list[int]:
        return [make_course(uow.connection, title=title) for title in ("A", "B")]

    for _ in range(5):
        a, b = server_school.write(make_two)

        told = both(
            server_school,
            lambda uow, a=a, b=b: prerequisites.set_prerequisites(uow, a, [b]),
            lambda uow, a=a, b=b: prerequisites.set_prerequisites(uow, b, [a]),
        )

        assert len([said for said in told if said.startswith("These courses would wait")]) == 1


def test_two_desks_archive_a_course_once(server_school: Database) -> None:
    def make_one(uow: UnitOfWork) -> int:
        return make_course(uow.connection, title="SQL")

    course_id = server_school.write(make_one)

    told = both(
        server_school,
        *(
            lambda uow, desk=desk: archiving.archive_course(uow, course_id, reason=desk)
            for desk in ("one", "two")
        ),
    )

    assert told == [
        "Archived “SQL”. No student has access; no new enrolments.",
        "“SQL” is archived already.",
    ]
    detail = server_school.read(catalog.get_course, course_id)
    assert len(detail.archives) == 1
