"""What pages show of progress: one student's courses, one course's students."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Final

from sqlalchemy import and_, case, func, select

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.repositories.base import Repository
from learnhub_desktop.domain.access import AccessAnswer
from learnhub_desktop.domain.progress import (
    NOTHING_DONE,
    CourseProgress,
    FinishedStudent,
    LessonMark,
    QuizResult,
    StudentCourse,
)
from learnhub_desktop.domain.states import (
    OPEN_ENROLMENTS,
    CourseStatus,
    EnrolmentSource,
    EnrolmentStatus,
)
from learnhub_desktop.errors import NotFound

_E: Final = t.enrollments.c
_L: Final = t.lessons.c
_P: Final = t.lesson_progress.c
_ENDED: Final = (EnrolmentStatus.REFUNDED, EnrolmentStatus.CANCELLED)


class ProgressReads(Repository):
    """The reading half of `ProgressRepository`; nothing here locks."""

    def list_marks(
        self, student_id: int, course_id: int, lesson_ids: Collection[int] | None = None
    ) -> list[LessonMark]:
        """The course's lessons in order, as this student has them."""
        statement = (
            select(
                _L.lesson_id,
                _L.title,
                _L.order_index,
                _L.duration_minutes,
                func.coalesce(_P.completed, False),
                _P.completed_at,
                func.coalesce(_P.time_spent_minutes, 0),
            )
            .outerjoin(
                t.lesson_progress,
                and_(_P.lesson_id == _L.lesson_id, _P.student_id == student_id),
            )
            .where(_L.course_id == course_id)
            .order_by(_L.order_index, _L.lesson_id)
        )
        if lesson_ids is not None:
            statement = statement.where(_L.lesson_id.in_(lesson_ids))
        return [
            LessonMark(*row[:4], bool(row[4]), *row[5:])
            for row in self.connection.execute(statement)
        ]

    def list_courses(
        self, student_id: int, answers: Mapping[int, AccessAnswer]
    ) -> list[StudentCourse]:
        """Every course of ``answers``, which is where access stands by course id; latest first."""
        quizzes = self.list_quizzes(student_id)
        done = (
            select(
                _L.course_id,
                func.count(case((_P.completed, 1))).label("done"),
                func.sum(_P.time_spent_minutes).label("minutes"),
            )
            .join(t.lesson_progress, _P.lesson_id == _L.lesson_id)
            .where(_P.student_id == student_id)
            .group_by(_L.course_id)
            .subquery()
        )
        total = (
            select(func.count())
            .where(_L.course_id == _E.course_id)
            .correlate(t.enrollments)
            .scalar_subquery()
        )
        statement = (
            select(
                _E.enrollment_id,
                _E.course_id,
                t.courses.c.title,
                t.courses.c.status.label("course_status"),
                _E.status,
                _E.source,
                func.coalesce(done.c.done, 0).label("done"),
                total.label("total"),
                func.coalesce(done.c.minutes, 0).label("minutes"),
                _E.enrolled_at,
                _E.completed_at,
                _E.last_activity_at,
            )
            .join(t.courses, t.courses.c.course_id == _E.course_id)
            .outerjoin(done, done.c.course_id == _E.course_id)
            .where(_E.student_id == student_id)
            .order_by(_E.enrolled_at.desc(), _E.enrollment_id.desc())
        )
        return [
            StudentCourse(
                enrolment_id=row.enrollment_id,
                course_id=row.course_id,
                title=row.title,
                course_status=CourseStatus(row.course_status),
                status=EnrolmentStatus(row.status),
                source=EnrolmentSource(row.source),
                lessons_done=int(row.done),
                lessons_total=int(row.total),
                minutes_spent=int(row.minutes),
                enrolled_at=row.enrolled_at,
                completed_at=row.completed_at,
                last_activity_at=row.last_activity_at,
                quizzes=quizzes.get(row.course_id, ()),
                access=answers[row.course_id],
            )
            for row in self.connection.execute(statement)
            if row.course_id in answers
        ]

    def list_quizzes(self, student_id: int) -> dict[int, tuple[QuizResult, ...]]:
        """The quizzes of all the student's courses with the best result of each, by course."""
        q, a = t.quizzes.c, t.quiz_attempts.c
        statement = (
            select(
                _L.course_id,
                q.quiz_id,
                func.coalesce(q.title, ""),
                _L.title,
                func.count(a.attempt_id),
                func.max(a.score),
                q.passing_score,
                func.max(a.attempt_date),
            )
            .select_from(t.enrollments)
            .join(t.lessons, _L.course_id == _E.course_id)
            .join(t.quizzes, q.lesson_id == _L.lesson_id)
            .outerjoin(t.quiz_attempts, and_(a.quiz_id == q.quiz_id, a.student_id == _E.student_id))
            .where(_E.student_id == student_id)
            .group_by(
                _L.course_id,
                _L.order_index,
                _L.lesson_id,
                _L.title,
                q.quiz_id,
                q.title,
                q.passing_score,
            )  # fmt: skip
            .order_by(_L.course_id, _L.order_index, _L.lesson_id, q.quiz_id)
        )
        by_course: dict[int, list[QuizResult]] = defaultdict(list)
        for row in self.connection.execute(statement):
            by_course[row[0]].append(QuizResult(*row[1:]))
        return {course_id: tuple(results) for course_id, results in by_course.items()}

    def summary(self, course_id: int) -> CourseProgress:
        """Count who is where; NotFound where there is no such course."""
        course = self.connection.execute(
            select(
                t.courses.c.title,
                select(func.count()).where(_L.course_id == course_id).scalar_subquery(),
            ).where(t.courses.c.course_id == course_id)
        ).one_or_none()
        if course is None:
            raise NotFound(f"There is no course with the number {course_id}.")
        unstarted = case((_E.progress_percentage == NOTHING_DONE, 1))
        rows = self.connection.execute(
            select(
                _E.status,
                func.count().label("all"),
                func.count(unstarted).label("unstarted"),
                func.sum(_E.progress_percentage).label("percents"),
                func.max(_E.last_activity_at).label("latest"),
                func.count(case((_E.progress_stale, 1))).label("stale"),
            )
            .where(_E.course_id == course_id)
            .group_by(_E.status)
        ).all()
        found = {EnrolmentStatus(row.status): row for row in rows}

        def of(status: EnrolmentStatus, column: str = "all") -> int:
            return int(getattr(found[status], column)) if status in found else 0

        learning = [found[status] for status in OPEN_ENROLMENTS if status in found]
        percents = sum((row.percents for row in learning), Decimal(0))
        count = sum(int(row.all) for row in learning)
        return CourseProgress(
            course_id=course_id,
            title=course[0],
            lessons=course[1],
            waiting=of(EnrolmentStatus.PENDING),
            not_started=of(EnrolmentStatus.ACTIVE, "unstarted"),
            under_way=of(EnrolmentStatus.ACTIVE) - of(EnrolmentStatus.ACTIVE, "unstarted"),
            completed=of(EnrolmentStatus.COMPLETED),
            ended=sum(of(status) for status in _ENDED),
            average_percent=_average(percents, count),
            last_activity_at=max((row.latest for row in rows if row.latest), default=None),
            stale=sum(int(row.stale) for row in rows),
        )

    def list_finished(self, course_id: int, *, after_id: int, limit: int) -> list[FinishedStudent]:
        """Students who did every lesson of the course, whatever their enrolment says, by id."""
        every = select(func.count()).where(_L.course_id == course_id).scalar_subquery()
        # Counted from the index alone; the days of those few who are shown come after.
        finished = (
            select(_P.student_id)
            .join(t.lessons, _L.lesson_id == _P.lesson_id)
            .where(_L.course_id == course_id, _P.completed)
            .group_by(_P.student_id)
            .having(func.count() == every)
            .subquery()
        )
        user_id = t.users.c.user_id
        last_of_them = (
            select(func.max(_P.completed_at))
            .join(t.lessons, _L.lesson_id == _P.lesson_id)
            .where(_L.course_id == course_id, _P.student_id == user_id)
            .correlate(t.users)
            .scalar_subquery()
        )
        statement = (
            select(user_id, t.users.c.name, t.users.c.email, last_of_them)
            .join(finished, finished.c.student_id == user_id)
            .where(user_id > after_id, t.users.c.deleted_at.is_(None))
            .order_by(user_id)
            .limit(limit)
        )
        return [FinishedStudent(*row) for row in self.connection.execute(statement)]


def _average(percents: Decimal, count: int) -> Decimal:
    return (percents / count).quantize(Decimal("0.01")) if count else NOTHING_DONE
