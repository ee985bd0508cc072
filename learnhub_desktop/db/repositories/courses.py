"""Courses, their tags, prerequisites, sales and reviews."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, and_, case, delete, func, insert, or_, select, update

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.repositories.course_imports import CourseImports
from learnhub_desktop.domain.catalog import (
    Course,
    CourseName,
    MissingPrerequisite,
    Review,
    SaleRow,
)
from learnhub_desktop.domain.money import ZERO
from learnhub_desktop.domain.states import (
    OPEN_ENROLMENTS,
    CourseStatus,
    EnrolmentStatus,
    Level,
    UserType,
)
from learnhub_desktop.errors import NotFound

_C: Final = t.courses.c
_U: Final = t.users.c
_MOST_SALES: Final = 50


class CourseRepository(CourseImports):
    """Courses, their tags, prerequisites, sales and reviews."""

    def get(self, course_id: int) -> Course:
        return self._one(select(t.courses).where(_C.course_id == course_id), course_id)

    def lock(self, course_id: int) -> Course:
        """The course as it is now, locked against every other change of it."""
        statement = select(t.courses).where(_C.course_id == course_id).with_for_update()
        return self._one(statement, course_id)

    def lock_all(self, course_ids: Collection[int]) -> None:
        """Lock several courses in the one order: ascending ids."""
        self.connection.execute(
            select(_C.course_id)
            .where(_C.course_id.in_(sorted(course_ids)))
            .order_by(_C.course_id)
            .with_for_update()
        ).all()

    def add(self, **values: Any) -> int:
        return self.insert(t.courses, **values)

    def update(self, course_id: int, **values: Any) -> None:
        self.connection.execute(update(t.courses).where(_C.course_id == course_id).values(**values))

    def raise_version(self, course_id: int) -> None:
        """Tags and prerequisites are on the course's form, but not in its row."""
        self.update(course_id, row_version=_C.row_version + 1)

    def names(self, course_ids: Iterable[int]) -> dict[int, CourseName]:
        found = self.connection.execute(
            select(_C.course_id, _C.title, _C.status).where(_C.course_id.in_(list(course_ids)))
        )
        return {row.course_id: _name(row) for row in found}

    # Instructors

    def hold_instructor(self, instructor_id: int, now: datetime) -> bool:
        """Write the row of an instructor whose account is live; False where it is not.

        The row is written and not only locked: on several writable members that is what
        meets with the deletion of the account.
        """
        held = self.connection.execute(
            update(t.users)
            .where(
                _U.user_id == instructor_id,
                _U.user_type == UserType.INSTRUCTOR,
                _U.deleted_at.is_(None),
            )
            .values(updated_at=now)
        )
        return held.rowcount == 1

    def instructor_of(self, course_id: int) -> int:
        """Read without a lock, to know which row comes first in the order of locks."""
        found = self.connection.scalar(select(_C.instructor_id).where(_C.course_id == course_id))
        if found is None:
            raise _no_course(course_id)
        return int(found)

    # Tags

    def tags(self, course_id: int) -> tuple[str, ...]:
        c = t.course_tags.c
        return tuple(
            self.connection.scalars(select(c.tag).where(c.course_id == course_id).order_by(c.tag))
        )

    def set_tags(self, course_id: int, tags: Collection[str]) -> bool:
        """Make these the course's tags; False where they were so already."""
        before = set(self.tags(course_id))
        gone, new = before.difference(tags), [tag for tag in tags if tag not in before]
        c = t.course_tags.c
        # First away, then in: "sql" and "SQL" are the same key to the servers.
        if gone:
            self.connection.execute(
                delete(t.course_tags).where(c.course_id == course_id, c.tag.in_(gone))
            )
        if new:
            self.connection.execute(
                insert(t.course_tags), [{"course_id": course_id, "tag": tag} for tag in new]
            )
        return bool(gone or new)

    def list_tags(self, *, limit: int) -> tuple[str, ...]:
        """The school's tags, the most used first."""
        c = t.course_tags.c
        statement = select(c.tag).group_by(c.tag).order_by(func.count().desc(), c.tag).limit(limit)
        return tuple(self.connection.scalars(statement))

    # Prerequisites

    def prerequisites(self, course_id: int) -> tuple[CourseName, ...]:
        p = t.course_prerequisites.c
        return self._names(p.prerequisite_course_id, p.course_id, course_id)

    def required_by(self, course_id: int) -> tuple[CourseName, ...]:
        p = t.course_prerequisites.c
        return self._names(p.course_id, p.prerequisite_course_id, course_id)

    def all_prerequisites(self) -> Mapping[int, list[int]]:
        """Which courses each course asks for first: the whole school's, to look for cycles."""
        p = t.course_prerequisites.c
        required: dict[int, list[int]] = {}
        for course_id, needed in self.connection.execute(
            select(p.course_id, p.prerequisite_course_id)
        ):
            required.setdefault(course_id, []).append(needed)
        return required

    def set_prerequisites(self, course_id: int, *, gone: set[int], new: set[int]) -> None:
        p = t.course_prerequisites.c
        if gone:
            self.connection.execute(
                delete(t.course_prerequisites).where(
                    p.course_id == course_id, p.prerequisite_course_id.in_(gone)
                )
            )
        if new:
            self.connection.execute(
                insert(t.course_prerequisites),
                [
                    {"course_id": course_id, "prerequisite_course_id": needed}
                    for needed in sorted(new)
                ],
            )

    def missing_prerequisites(
        self, student_id: int, course_id: int
    ) -> tuple[MissingPrerequisite, ...]:
        """What the student must complete first. Only a completed enrolment counts: one that
        was refunded or cancelled satisfies nothing, whatever its dates say.
        """
        p, e = t.course_prerequisites.c, t.enrollments.c
        found = self.connection.execute(
            select(_C.course_id, _C.title, e.status, e.progress_percentage)
            .select_from(t.course_prerequisites)
            .join(t.courses, _C.course_id == p.prerequisite_course_id)
            .outerjoin(t.enrollments, and_(e.course_id == _C.course_id, e.student_id == student_id))
            .where(
                p.course_id == course_id,
                or_(e.status.is_(None), e.status != EnrolmentStatus.COMPLETED),
            )
            .order_by(_C.search_text, _C.course_id)
        )
        return tuple(
            MissingPrerequisite(
                row.course_id,
                row.title,
                None if row.status is None else EnrolmentStatus(row.status),
                row.progress_percentage if row.status is not None else ZERO,
            )
            for row in found
        )

    # Sales

    def sales(self, course_id: int) -> tuple[SaleRow, ...]:
        """The latest sales first."""
        s = t.flash_sales.c
        found = self.connection.execute(
            select(
                s.sale_id,
                s.campaign,
                s.discount_price,
                s.currency,
                s.max_seats,
                s.seats_taken,
                s.start_time,
                s.end_time,
            )
            .where(s.course_id == course_id)
            .order_by(s.end_time.desc(), s.sale_id.desc())
            .limit(_MOST_SALES)
        )
        return tuple(SaleRow(*row) for row in found)

    def lock_sales(self, course_id: int) -> None:
        """Lock the course's sales, by ascending id, before the course itself."""
        s = t.flash_sales.c
        self.connection.execute(
            select(s.sale_id).where(s.course_id == course_id).order_by(s.sale_id).with_for_update()
        )

    def end_sales(self, course_id: int, now: datetime) -> int:
        """End the sales that run now or would begin later; return how many."""
        s = t.flash_sales.c
        # A sale cannot end before it starts; one that has not begun is left without length.
        end = case((s.start_time > now, s.start_time), else_=now)
        ended = self.connection.execute(
            update(t.flash_sales)
            .where(s.course_id == course_id, s.end_time > now, s.end_time > s.start_time)
            .values(end_time=end)
        )
        return ended.rowcount

    def count_open_sales(self, course_id: int, now: datetime) -> int:
        s = t.flash_sales.c
        statement = select(func.count()).where(
            s.course_id == course_id, s.end_time > now, s.end_time > s.start_time
        )
        return int(self.connection.scalar(statement) or 0)

    # Students and reviews

    def count_with_access(self, course_id: int, now: datetime) -> int:
        """Students in the course whose access has not run out."""
        e, a = t.enrollments.c, t.course_access.c
        statement = (
            select(func.count())
            .select_from(t.enrollments)
            .outerjoin(
                t.course_access,
                and_(a.student_id == e.student_id, a.course_id == e.course_id),
            )
            .where(
                e.course_id == course_id,
                e.status.in_(OPEN_ENROLMENTS),
                or_(a.access_expires_at.is_(None), a.access_expires_at > now),
            )
        )
        return int(self.connection.scalar(statement) or 0)

    def count_enrolled(self, course_id: int, status: EnrolmentStatus) -> int:
        e = t.enrollments.c
        statement = select(func.count()).where(e.course_id == course_id, e.status == status)
        return int(self.connection.scalar(statement) or 0)

    def find_review(self, student_id: int, course_id: int) -> Review | None:
        r = t.reviews.c
        row = self.connection.execute(
            _REVIEW.where(r.student_id == student_id, r.course_id == course_id)
        ).one_or_none()
        return None if row is None else Review(*row)

    def list_reviews(self, course_id: int, *, limit: int) -> tuple[Review, ...]:
        """The latest reviews first."""
        r = t.reviews.c
        found = self.connection.execute(
            _REVIEW.where(r.course_id == course_id)
            .order_by(r.updated_at.desc(), r.review_id.desc())
            .limit(limit)
        )
        return tuple(Review(*row) for row in found)

    def add_review(self, **values: Any) -> int:
        return self.insert(t.reviews, **values)

    def update_review(self, review_id: int, **values: Any) -> None:
        self.connection.execute(
            update(t.reviews).where(t.reviews.c.review_id == review_id).values(**values)
        )

    def _one(self, statement: Select[Any], course_id: int) -> Course:
        row = self.connection.execute(statement).one_or_none()
        if row is None:
            raise _no_course(course_id)
        name = self.connection.scalar(select(_U.name).where(_U.user_id == row.instructor_id))
        return _course(row, name or "")

    def _names(self, shown: Any, key: Any, course_id: int) -> tuple[CourseName, ...]:
        found = self.connection.execute(
            select(_C.course_id, _C.title, _C.status)
            .join(t.course_prerequisites, shown == _C.course_id)
            .where(key == course_id)
            .order_by(_C.search_text, _C.course_id)
        )
        return tuple(_name(row) for row in found)


_R: Final = t.reviews.c
_REVIEW: Final = select(
    _R.review_id,
    _R.student_id,
    _U.name,
    _R.course_id,
    _R.rating,
    func.coalesce(_R.comment, ""),
    _R.created_at,
    _R.updated_at,
).join(t.users, _U.user_id == _R.student_id)


def _no_course(course_id: int) -> NotFound:
    return NotFound(f"There is no course with the number {course_id}.")


def _name(row: Any) -> CourseName:
    return CourseName(row.course_id, row.title, CourseStatus(row.status))


def _course(row: Any, instructor_name: str) -> Course:
    return Course(
        course_id=row.course_id,
        title=row.title,
        description=row.description or "",
        instructor_id=row.instructor_id,
        instructor_name=instructor_name,
        price=row.price,
        currency=row.currency,
        level=None if row.level is None else Level(row.level),
        status=CourseStatus(row.status),
        access_months=row.access_months,
        max_students=row.max_students,
        seats_taken=row.enrolled_students,
        total_enrolments=row.total_enrollments,
        rating=row.avg_rating if row.review_count else None,
        review_count=row.review_count,
        last_enrolment_at=row.last_enrollment_date,
        thumbnail_url=row.thumbnail_url or "",
        external_id=row.external_id,
        created_at=row.created_at,
        updated_at=row.updated_at,
        row_version=row.row_version,
    )
