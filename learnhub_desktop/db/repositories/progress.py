"""Lessons done, quiz results, and how far that is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    case,
    func,
    literal,
    select,
    true,
    update,
)
from sqlalchemy.dialects import mysql, sqlite

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.repositories.base import KEY, one_by
from learnhub_desktop.db.repositories.progress_reads import ProgressReads
from learnhub_desktop.domain.progress import ALL_DONE, ProgressPlace
from learnhub_desktop.domain.states import EnrolmentStatus
from learnhub_desktop.errors import NotFound

_E: Final = t.enrollments.c
_L: Final = t.lessons.c
_P: Final = t.lesson_progress.c
_EVERYTHING: Final = int(ALL_DONE * 100)


@dataclass(frozen=True, slots=True)
class Count:
    """One enrolment's lessons, done and all, and the state that they may change."""

    status: EnrolmentStatus
    done: int
    total: int


# Made once: every sitting of every student runs them.
_SHARE_STUDENT: Final = one_by(select(t.users.c.name, t.users.c.deleted_at), t.users.c.user_id)[
    0
].with_for_update(read=True)
_SHARE_COURSE: Final = one_by(select(t.courses.c.title), t.courses.c.course_id)[0].with_for_update(
    read=True
)
_, _LOCK_ENROLMENT = one_by(
    select(_E.enrollment_id, _E.status, _E.progress_percentage).where(
        _E.student_id == bindparam("student_id")
    ),
    _E.course_id,
)
_ANY_ENROLMENT, _ = one_by(select(_E.enrollment_id).limit(1), _E.course_id)
_COUNT, _ = one_by(
    select(_E.status, func.count(_L.lesson_id), func.count(case((_P.completed, 1))))
    .select_from(t.enrollments)
    .outerjoin(t.lessons, _L.course_id == _E.course_id)
    .outerjoin(
        t.lesson_progress, and_(_P.lesson_id == _L.lesson_id, _P.student_id == _E.student_id)
    )
    .group_by(_E.enrollment_id, _E.status),
    _E.enrollment_id,
)


class ProgressRepository(ProgressReads):
    """Lessons done, quiz results, and how far that is."""

    def lock_place(self, student_id: int, course_id: int) -> ProgressPlace | None:
        """Lock what a change of progress needs, in the one order; None without an enrolment.

        Student and course are only held as they are: new progress locks the student's row
        and the lesson's by its foreign keys, and whoever deletes a lesson locks its course.
        """
        user = self.connection.execute(_SHARE_STUDENT, {KEY: student_id}).one_or_none()
        if user is None:
            raise NotFound(f"There is no student with the number {student_id}.")
        title = self.connection.execute(_SHARE_COURSE, {KEY: course_id}).scalar_one_or_none()
        if title is None:
            raise NotFound(f"There is no course with the number {course_id}.")
        found = {KEY: course_id, "student_id": student_id}
        row = self.connection.execute(_LOCK_ENROLMENT, found).one_or_none()
        if row is None:
            return None
        return ProgressPlace(
            enrolment_id=row.enrollment_id,
            student_id=student_id,
            student_name=user.name,
            student_deleted=user.deleted_at is not None,
            course_id=course_id,
            course_title=title,
            status=EnrolmentStatus(row.status),
            progress_percent=row.progress_percentage,
        )

    def count(self, enrolment_id: int) -> Count:
        """Count the lessons that the course has now; what was done of others counts nothing."""
        row = self.connection.execute(_COUNT, {KEY: enrolment_id}).one_or_none()
        if row is None:
            raise NotFound(f"There is no enrolment with the number {enrolment_id}.")
        return Count(EnrolmentStatus(row[0]), done=row[2], total=row[1])

    def write(self, enrolment_id: int, percent: Decimal, **values: Any) -> None:
        """Write a fresh count to an enrolment that the caller has locked."""
        self.connection.execute(
            update(t.enrollments)
            .where(_E.enrollment_id == enrolment_id)
            .values(progress_percentage=percent, progress_stale=False, **values)
        )

    def recompute_course(self, course_id: int, now: datetime) -> int:
        """Count all enrolments of a course again, whose lessons changed; return how many.

        One statement. It completes active enrolments that now have every lesson done, and
        moves no other: nobody's completion is taken away by a new lesson. The course must
        be locked. Its row is not named: the triggers of `enrollments` may write it.
        """
        if self.connection.scalar(_ANY_ENROLMENT, {KEY: course_id}) is None:
            return 0
        share = _share_in_hundredths(course_id)
        finished = and_(_E.status == EnrolmentStatus.ACTIVE, share == _EVERYTHING)
        is_sqlite = self.connection.dialect.name == "sqlite"
        written = self.connection.execute(
            update(t.enrollments)
            .where(_E.course_id == course_id)
            # On the servers an assignment sees those before it: the status comes last.
            .ordered_values(
                (_E.progress_percentage, share if is_sqlite else share / literal(100)),
                (_E.progress_stale, False),
                (
                    _E.completed_at,
                    case((finished, literal(now, _E.completed_at.type)), else_=_E.completed_at),
                ),
                (
                    _E.status,
                    case((finished, literal(str(EnrolmentStatus.COMPLETED))), else_=_E.status),
                ),
            )  # fmt: skip
        )
        return written.rowcount

    def mark(
        self, student_id: int, lesson_ids: Collection[int], *, done: bool, now: datetime
    ) -> None:
        """Write these lessons as done or not done; the enrolment must be locked."""
        if done:
            self._upsert(student_id, lesson_ids, {"completed": True, "completed_at": now})
            return
        self.connection.execute(
            update(t.lesson_progress)
            .where(_P.student_id == student_id, _P.lesson_id.in_(lesson_ids))
            .values(completed=False, completed_at=None)
        )

    def spend(self, student_id: int, lesson_id: int, minutes: int) -> None:
        self._upsert(student_id, [lesson_id], {"time_spent_minutes": minutes})

    def _upsert(
        self, student_id: int, lesson_ids: Collection[int], values: dict[str, object]
    ) -> None:
        """One statement, since another program may write the same lesson meanwhile."""
        rows = [
            {"student_id": student_id, "lesson_id": lesson_id, **values} for lesson_id in lesson_ids
        ]
        if self.connection.dialect.name == "sqlite":
            self.connection.execute(
                sqlite.insert(t.lesson_progress)
                .values(rows)
                .on_conflict_do_update(index_elements=["student_id", "lesson_id"], set_=values)
            )
        else:
            self.connection.execute(
                mysql.insert(t.lesson_progress).values(rows).on_duplicate_key_update(**values)
            )

    def find_quiz(self, quiz_id: int) -> tuple[str, int | None, int | None]:
        """The quiz's title, pass mark and course (None: it belongs to no lesson)."""
        row = self.connection.execute(
            select(t.quizzes.c.title, t.quizzes.c.passing_score, _L.course_id)
            .outerjoin(t.lessons, _L.lesson_id == t.quizzes.c.lesson_id)
            .where(t.quizzes.c.quiz_id == quiz_id)
        ).one_or_none()
        if row is None:
            raise NotFound(f"There is no quiz with the number {quiz_id}.")
        return row[0] or "", row[1], row[2]

    def add_attempt(self, student_id: int, quiz_id: int, score: int, now: datetime) -> int:
        return self.insert(
            t.quiz_attempts, student_id=student_id, quiz_id=quiz_id, score=score, attempt_date=now
        )

    def best_score(self, student_id: int, quiz_id: int) -> int | None:
        a = t.quiz_attempts.c
        best: int | None = self.connection.scalar(
            select(func.max(a.score)).where(a.student_id == student_id, a.quiz_id == quiz_id)
        )
        return best

    def touch(self, enrolment_id: int, now: datetime) -> None:
        """Note that the student was at work just now."""
        self.connection.execute(
            update(t.enrollments)
            .where(_E.enrollment_id == enrolment_id)
            .values(last_activity_at=now)
        )


def _share_in_hundredths(course_id: int) -> ColumnElement[int]:
    """`domain.progress.percentage` in SQL, of the enrolment that is updated, times 100.

    The course's students are counted once, in a derived table. Whole numbers throughout,
    and divided only where nothing remains: a quotient of four decimals, as MySQL keeps it,
    would be rounded twice.
    """
    counted = (
        select(_P.student_id, func.count().label("done"))
        .join(t.lessons, _L.lesson_id == _P.lesson_id)
        .where(_L.course_id == course_id, _P.completed)
        .group_by(_P.student_id)
        .subquery("counted")
    )
    lessons = select(func.count().label("total")).where(_L.course_id == course_id).subquery("every")
    done, total = counted.c.done, lessons.c.total
    half_up, divisor = done * 20_000 + total, func.nullif(total, 0) * 2
    rounded = (half_up - half_up % divisor) // divisor
    share = case(
        (done >= total, _EVERYTHING), (rounded >= _EVERYTHING, _EVERYTHING - 1), else_=rounded
    )
    return func.coalesce(
        select(share)
        .select_from(counted.join(lessons, true()))
        .where(counted.c.student_id == _E.student_id)
        .correlate(t.enrollments)
        .scalar_subquery(),
        0,
    )
