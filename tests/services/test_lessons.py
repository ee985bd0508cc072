"""Lessons and quizzes, and what a change of them does to progress."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert, select

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.catalog import (
    CatalogRefusal,
    LessonDraft,
    LessonRemoval,
    QuizDraft,
)
from learnhub_desktop.domain.changes import Touched
from learnhub_desktop.errors import InvalidInput, NotFound, RuleRefused
from learnhub_desktop.services import catalog, lessons
from tests.factories import NOW, make_course, make_enrolment, make_lesson, make_student


def titles(uow: UnitOfWork, course_id: int) -> list[str]:
    return [lesson.title for lesson in catalog.get_course(uow, course_id).lessons]


def make_three(uow: UnitOfWork, **changed: Any) -> tuple[int, list[int]]:
    course_id = make_course(uow.connection, title="SQL", **changed)
    made = [
        make_lesson(uow.connection, course_id, title=title, order_index=place)
        for place, title in enumerate(("One", "Two", "Three"), start=1)
    ]
    return course_id, made


def enrol(uow: UnitOfWork, course_id: int, done: list[int], **changed: Any) -> int:
    """A student with these lessons done, and the enrolment as the program would have left it."""
    student_id = make_student(uow.connection)
    enrolment_id = make_enrolment(uow.connection, student_id, course_id, **changed)
    for lesson_id in done:
        uow.connection.execute(
            insert(t.lesson_progress).values(
                student_id=student_id, lesson_id=lesson_id, completed=True, completed_at=NOW
            )
        )
    return enrolment_id


def standing(uow: UnitOfWork, enrolment_id: int) -> tuple[Any, ...]:
    e = t.enrollments.c
    row = uow.connection.execute(
        select(e.status, e.progress_percentage, e.completed_at, e.progress_stale).where(
            e.enrollment_id == enrolment_id
        )
    ).one()
    return tuple(row)


def test_a_lesson_is_added_at_the_end_or_in_its_place(uow: UnitOfWork) -> None:
    course_id, _ = make_three(uow)

    changes = lessons.add_lesson(uow, course_id, LessonDraft("Four", duration_minutes=12))
    lessons.add_lesson(uow, course_id, LessonDraft("Zero"), position=1)

    assert changes.message == "Added “Four” to “SQL” as lesson 4."
    assert titles(uow, course_id) == ["Zero", "One", "Two", "Three", "Four"]
    detail = catalog.get_course(uow, course_id)
    assert [lesson.position for lesson in detail.lessons] == [1, 2, 3, 4, 5]
    assert detail.duration_minutes == 12


@pytest.mark.parametrize(
    "draft, field",
    [
        (LessonDraft(""), "title"),
        (LessonDraft("x" * 201), "title"),
        (LessonDraft("One", content="x" * 16_001), "content"),
        (LessonDraft("One", video_url="file:///etc/passwd"), "video_url"),
        (LessonDraft("One", duration_minutes=-1), "duration_minutes"),
    ],
)
def test_what_cannot_be_a_lesson_is_refused(
    uow: UnitOfWork, draft: LessonDraft, field: str
) -> None:
    course_id = make_course(uow.connection)

    with pytest.raises(InvalidInput) as refused:
        lessons.add_lesson(uow, course_id, draft)

    assert refused.value.field == field
    assert titles(uow, course_id) == []


@pytest.mark.parametrize("position", [0, 5, -1])
def test_a_position_must_be_in_the_course(uow: UnitOfWork, position: int) -> None:
    course_id, _ = make_three(uow)

    with pytest.raises(InvalidInput, match="The position must be from 1 to 4."):
        lessons.add_lesson(uow, course_id, LessonDraft("New"), position=position)


def test_an_added_lesson_lowers_progress_and_takes_no_completion_away(uow: UnitOfWork) -> None:
    course_id, made = make_three(uow)
    finished = enrol(uow, course_id, made, status="completed", completed_at=NOW)
    under_way = enrol(uow, course_id, made[:1])
    refunded = enrol(uow, course_id, made, status="refunded")

    changes = lessons.add_lesson(uow, course_id, LessonDraft("Four"))

    assert changes.touched == Touched.CATALOG | Touched.ENROLMENTS
    assert changes.message == (
        "Added “Four” to “SQL” as lesson 4. 1 student who completed the course stays completed."
    )
    assert standing(uow, finished) == ("completed", Decimal("75.00"), NOW, False)
    assert standing(uow, under_way) == ("active", Decimal("25.00"), None, False)
    assert standing(uow, refunded) == ("refunded", Decimal("75.00"), None, False)


def test_staff_may_reopen_the_course_with_the_new_lesson(uow: UnitOfWork) -> None:
    course_id, made = make_three(uow)
    finished = enrol(uow, course_id, made, status="completed", completed_at=NOW)

    changes = lessons.add_lesson(uow, course_id, LessonDraft("Four"), reopen=True)

    assert changes.message.endswith("1 student who had completed it can go on now.")
    assert standing(uow, finished) == ("active", Decimal("75.00"), None, False)


def test_a_course_is_reopened_later_for_those_who_lack_a_lesson(uow: UnitOfWork) -> None:
    course_id, made = make_three(uow)
    finished = enrol(uow, course_id, made, status="completed", completed_at=NOW)
    with pytest.raises(RuleRefused) as refused:
        lessons.reopen_course(uow, course_id)
    assert str(refused.value) == "Everybody who completed “SQL” has done all of its lessons."
    lessons.add_lesson(uow, course_id, LessonDraft("Four"))

    changes = lessons.reopen_course(uow, course_id)

    assert changes.message == "Reopened “SQL”. 1 student who had completed it can go on now."
    assert standing(uow, finished)[0] == "active"


def test_removing_the_last_missing_lesson_completes(uow: UnitOfWork) -> None:
    course_id, made = make_three(uow)
    almost = enrol(uow, course_id, made[:2])
    started = enrol(uow, course_id, made[:1])
    waiting = enrol(uow, course_id, made[:2], status="pending")

    changes = lessons.remove_lesson(uow, made[2])

    assert changes.message == "Removed “Three” from “SQL”. 1 student has completed it now."
    assert standing(uow, almost) == ("completed", Decimal("100.00"), NOW, False)
    assert standing(uow, started) == ("active", Decimal("50.00"), None, False)
    assert standing(uow, waiting) == ("pending", Decimal("100.00"), None, False)
    assert titles(uow, course_id) == ["One", "Two"]


def test_removing_the_only_lesson_leaves_nothing_to_divide_by(uow: UnitOfWork) -> None:
    course_id = make_course(uow.connection, title="SQL")
    only = make_lesson(uow.connection, course_id, title="One")
    enrolment_id = enrol(uow, course_id, [])

    lessons.remove_lesson(uow, only)

    assert standing(uow, enrolment_id) == ("active", Decimal("0.00"), None, False)


def test_a_lesson_that_students_have_done_goes_only_when_staff_say_so(uow: UnitOfWork) -> None:
    course_id, made = make_three(uow)
    enrolment_id = enrol(uow, course_id, made[:2])
    enrol(uow, course_id, made[:1])

    with pytest.raises(RuleRefused) as refused:
        lessons.remove_lesson(uow, made[0])

    assert refused.value.reason is CatalogRefusal.LESSON_DONE
    assert str(refused.value) == "2 students have done “One”. Removing it forgets that."
    lessons.remove_lesson(uow, made[0], discard_progress=True)
    assert standing(uow, enrolment_id) == ("active", Decimal("50.00"), None, False)
    assert titles(uow, course_id) == ["Two", "Three"]


def test_a_lesson_goes_with_its_quiz_but_never_with_results(uow: UnitOfWork) -> None:
    course_id, made = make_three(uow)
    quiz_id = lessons.add_quiz(uow, made[0], QuizDraft("Check", 70)).subject_id
    assert quiz_id is not None
    lessons.add_quiz(uow, made[1], QuizDraft("Untried"))
    student_id = make_student(uow.connection)
    uow.connection.execute(
        insert(t.quiz_attempts).values(student_id=student_id, quiz_id=quiz_id, score=80)
    )
    sentence = (
        "The quiz “Check” of “One” has 1 result of students, which are kept. "
        "Move the quiz to another lesson first."
    )

    assert lessons.preview_removal(uow, made[0]) == LessonRemoval(made[0], "One", 0, 1, sentence)
    with pytest.raises(RuleRefused) as refused:
        lessons.remove_lesson(uow, made[0], discard_progress=True)
    assert (refused.value.reason, str(refused.value)) == (CatalogRefusal.QUIZ_ATTEMPTED, sentence)

    lessons.update_quiz(uow, quiz_id, QuizDraft("Check", 70), lesson_id=made[2])
    lessons.remove_lesson(uow, made[0])
    lessons.remove_lesson(uow, made[1])
    assert titles(uow, course_id) == ["Three"]
    (quiz,) = catalog.get_course(uow, course_id).lessons[0].quizzes
    assert (quiz.title, quiz.passing_score, quiz.attempt_count) == ("Check", 70, 1)


@pytest.mark.parametrize(
    "position, order",
    [(1, ["Three", "One", "Two"]), (2, ["One", "Three", "Two"]), (3, ["One", "Two", "Three"])],
)
def test_a_lesson_is_moved(uow: UnitOfWork, position: int, order: list[str]) -> None:
    course_id, made = make_three(uow)

    changes = lessons.move_lesson(uow, made[2], position=position)

    assert changes.message == f"“Three” is lesson {position} of “SQL” now."
    assert titles(uow, course_id) == order


def test_lessons_without_an_order_come_last_and_get_one(uow: UnitOfWork) -> None:
    """Other programs may leave the order out, or give two lessons the same place."""
    course_id = make_course(uow.connection)
    for title, place in (("None", None), ("Twin A", 1), ("Twin B", 1)):
        make_lesson(uow.connection, course_id, title=title, order_index=place)

    lessons.add_lesson(uow, course_id, LessonDraft("Last"))

    assert titles(uow, course_id) == ["Twin A", "Twin B", "None", "Last"]
    stored = uow.connection.scalars(
        select(t.lessons.c.order_index).order_by(t.lessons.c.order_index)
    ).all()
    assert stored == [1, 2, 3, 4]


def test_a_lesson_is_changed_unless_another_desk_was_first(uow: UnitOfWork) -> None:
    _, made = make_three(uow)
    seen = LessonDraft("One")

    changes = lessons.update_lesson(uow, made[0], LessonDraft("Uno", "Hola"), seen=seen)
    assert changes.message == "Saved “Uno” of “SQL”."
    assert lessons.update_lesson(uow, made[0], LessonDraft("Uno", "Hola")).touched == (
        Touched.NOTHING
    )
    with pytest.raises(RuleRefused) as refused:
        lessons.update_lesson(uow, made[0], LessonDraft("Eins"), seen=seen)

    assert refused.value.reason is CatalogRefusal.CHANGED_MEANWHILE


def test_a_quiz_is_changed_and_removed_while_nobody_tried_it(uow: UnitOfWork) -> None:
    course_id, made = make_three(uow)
    quiz_id = lessons.add_quiz(uow, made[0], QuizDraft("Check", 70)).subject_id
    assert quiz_id is not None

    assert lessons.update_quiz(uow, quiz_id, QuizDraft("Test")).message == "Saved the quiz “Test”."
    assert lessons.remove_quiz(uow, quiz_id).message == "Removed the quiz “Test”."
    assert catalog.get_course(uow, course_id).lessons[0].quizzes == ()


def test_a_quiz_with_results_is_not_removed(uow: UnitOfWork) -> None:
    _, made = make_three(uow)
    quiz_id = lessons.add_quiz(uow, made[0], QuizDraft("Check")).subject_id
    assert quiz_id is not None
    for _ in range(2):
        uow.connection.execute(
            insert(t.quiz_attempts).values(
                student_id=make_student(uow.connection), quiz_id=quiz_id, score=1
            )
        )

    with pytest.raises(RuleRefused) as refused:
        lessons.remove_quiz(uow, quiz_id)

    assert str(refused.value) == (
        "The quiz “Check” has 2 results of students, which are kept. It cannot be removed."
    )


def test_a_quiz_stays_in_its_course(uow: UnitOfWork) -> None:
    _, made = make_three(uow)
    other = make_lesson(uow.connection, make_course(uow.connection))
    quiz_id = lessons.add_quiz(uow, made[0], QuizDraft("Check")).subject_id
    assert quiz_id is not None

    with pytest.raises(InvalidInput, match="That lesson is not one of “SQL”."):
        lessons.update_quiz(uow, quiz_id, QuizDraft("Check"), lesson_id=other)


@pytest.mark.parametrize("score", [-1, 10_001])
def test_a_passing_score_is_from_nothing_to_ten_thousand(uow: UnitOfWork, score: int) -> None:
    _, made = make_three(uow)

    with pytest.raises(InvalidInput) as refused:
        lessons.add_quiz(uow, made[0], QuizDraft("Check", score))

    assert refused.value.field == "passing_score"


def test_lessons_of_an_archived_course_stay_as_they_are(uow: UnitOfWork) -> None:
    course_id, made = make_three(uow, status="archived")

    for attempt in (
        lambda: lessons.add_lesson(uow, course_id, LessonDraft("New")),
        lambda: lessons.update_lesson(uow, made[0], LessonDraft("New")),
        lambda: lessons.move_lesson(uow, made[0], position=2),
        lambda: lessons.remove_lesson(uow, made[0]),
        lambda: lessons.add_quiz(uow, made[0], QuizDraft("New")),
        lambda: lessons.reopen_course(uow, course_id),
    ):
        with pytest.raises(RuleRefused, match="“SQL” is archived. Restore it"):
            attempt()


def test_a_lesson_or_quiz_that_is_not_there(uow: UnitOfWork) -> None:
    with pytest.raises(NotFound, match="There is no lesson with the number 999."):
        lessons.remove_lesson(uow, 999)
    with pytest.raises(NotFound, match="There is no quiz with the number 999."):
        lessons.remove_quiz(uow, 999)
