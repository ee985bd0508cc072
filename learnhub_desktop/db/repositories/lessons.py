"""Lessons in their order, and the quizzes that hang on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Select, case, delete, func, select, update

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.repositories.base import Repository
from learnhub_desktop.domain.catalog import Lesson, Quiz
from learnhub_desktop.domain.progress import ALL_DONE
from learnhub_desktop.domain.states import EnrolmentStatus
from learnhub_desktop.errors import NotFound

_L: Final = t.lessons.c
_Q: Final = t.quizzes.c
_E: Final = t.enrollments.c
# Other programs may leave the order out, or give two lessons the same place.
_IN_ORDER: Final = (_L.order_index.is_(None), _L.order_index, _L.lesson_id)


class LessonRepository(Repository):
    """Lessons in their order, and the quizzes that hang on them."""

    def list_of(self, course_id: int) -> tuple[Lesson, ...]:
        """The course's lessons in order, each with its quizzes and how many have done it."""
        rows = self.connection.execute(
            select(t.lessons).where(_L.course_id == course_id).order_by(*_IN_ORDER)
        ).all()
        done = self._done_counts([row.lesson_id for row in rows])
        quizzes: dict[int | None, list[Quiz]] = {}
        for quiz in self._quizzes(_QUIZ.where(_L.course_id == course_id)):
            quizzes.setdefault(quiz.lesson_id, []).append(quiz)
        return tuple(
            _lesson(row, place, done.get(row.lesson_id, 0), tuple(quizzes.get(row.lesson_id, ())))
            for place, row in enumerate(rows, start=1)
        )

    def get(self, lesson_id: int) -> Lesson:
        row = self.connection.execute(
            select(t.lessons).where(_L.lesson_id == lesson_id)
        ).one_or_none()
        if row is None:
            raise _no_lesson(lesson_id)
        place = self.order(row.course_id).index(lesson_id) + 1
        done = self._done_counts([lesson_id]).get(lesson_id, 0)
        quizzes = self._quizzes(_QUIZ.where(_Q.lesson_id == lesson_id))
        return _lesson(row, place, done, quizzes)

    def course_of(self, lesson_id: int) -> int:
        """Read without a lock, to know which course is to be locked first."""
        found = self.connection.scalar(select(_L.course_id).where(_L.lesson_id == lesson_id))
        if found is None:
            raise _no_lesson(lesson_id)
        return int(found)

    def order(self, course_id: int) -> list[int]:
        """The ids of the course's lessons in their order."""
        statement = select(_L.lesson_id).where(_L.course_id == course_id).order_by(*_IN_ORDER)
        return list(self.connection.scalars(statement))

    def set_order(self, lesson_ids: Sequence[int]) -> None:
        """Number the lessons from 1 in this order, and write only those that change."""
        wanted = {lesson_id: place for place, lesson_id in enumerate(lesson_ids, start=1)}
        stored = self.connection.execute(
            select(_L.lesson_id, _L.order_index).where(_L.lesson_id.in_(lesson_ids))
        )
        moved = {row.lesson_id for row in stored if row.order_index != wanted[row.lesson_id]}
        if moved:
            places = {lesson_id: wanted[lesson_id] for lesson_id in moved}
            self.connection.execute(
                update(t.lessons)
                .where(_L.lesson_id.in_(moved))
                .values(order_index=case(places, value=_L.lesson_id))
            )

    def add(self, **values: Any) -> int:
        return self.insert(t.lessons, **values)

    def update(self, lesson_id: int, **values: Any) -> None:
        self.connection.execute(update(t.lessons).where(_L.lesson_id == lesson_id).values(**values))

    def remove(self, lesson_id: int) -> None:
        """Delete the lesson, the marks on it and its quizzes, which nobody may have tried."""
        self.connection.execute(
            delete(t.lesson_progress).where(t.lesson_progress.c.lesson_id == lesson_id)
        )
        self.connection.execute(delete(t.quizzes).where(_Q.lesson_id == lesson_id))
        self.connection.execute(delete(t.lessons).where(_L.lesson_id == lesson_id))

    def reopen(self, course_id: int) -> int:
        """Completed enrolments that lack a lesson become active again; return how many."""
        reopened = self.connection.execute(
            update(t.enrollments)
            .where(
                _E.course_id == course_id,
                _E.status == EnrolmentStatus.COMPLETED,
                _E.progress_percentage < ALL_DONE,
            )
            .values(status=EnrolmentStatus.ACTIVE, completed_at=None)
        )
        return reopened.rowcount

    def count_overtaken(self, course_id: int) -> int:
        """Students who had completed the course before a lesson was added."""
        statement = select(func.count()).where(
            _E.course_id == course_id,
            _E.status == EnrolmentStatus.COMPLETED,
            _E.progress_percentage < ALL_DONE,
        )
        return int(self.connection.scalar(statement) or 0)

    # Quizzes

    def get_quiz(self, quiz_id: int) -> Quiz:
        found = self._quizzes(_QUIZ.where(_Q.quiz_id == quiz_id))
        if not found:
            raise NotFound(f"There is no quiz with the number {quiz_id}.")
        return found[0]

    def add_quiz(self, **values: Any) -> int:
        return self.insert(t.quizzes, **values)

    def update_quiz(self, quiz_id: int, **values: Any) -> None:
        self.connection.execute(update(t.quizzes).where(_Q.quiz_id == quiz_id).values(**values))

    def remove_quiz(self, quiz_id: int) -> None:
        self.connection.execute(delete(t.quizzes).where(_Q.quiz_id == quiz_id))

    def _quizzes(self, statement: Select[Any]) -> tuple[Quiz, ...]:
        return tuple(
            Quiz(row.quiz_id, row.lesson_id, row.title or "", row.passing_score, row.attempts)
            for row in self.connection.execute(statement.order_by(_Q.quiz_id))
        )

    def _done_counts(self, lesson_ids: Sequence[int]) -> Mapping[int, int]:
        p = t.lesson_progress.c
        found = self.connection.execute(
            select(p.lesson_id, func.count())
            .where(p.lesson_id.in_(lesson_ids), p.completed)
            .group_by(p.lesson_id)
        )
        return {row[0]: row[1] for row in found}


_ATTEMPTS: Final = (
    select(func.count())
    .where(t.quiz_attempts.c.quiz_id == _Q.quiz_id)
    .correlate(t.quizzes)
    .scalar_subquery()
)
_QUIZ: Final = select(
    _Q.quiz_id, _Q.lesson_id, _Q.title, _Q.passing_score, _ATTEMPTS.label("attempts")
).outerjoin(t.lessons, _L.lesson_id == _Q.lesson_id)


def _no_lesson(lesson_id: int) -> NotFound:
    return NotFound(f"There is no lesson with the number {lesson_id}.")


def _lesson(row: Any, place: int, done: int, quizzes: tuple[Quiz, ...]) -> Lesson:
    return Lesson(
        lesson_id=row.lesson_id,
        course_id=row.course_id,
        position=place,
        title=row.title,
        content=row.content or "",
        video_url=row.video_url or "",
        duration_minutes=row.duration_minutes,
        done_count=done,
        quizzes=quizzes,
    )
