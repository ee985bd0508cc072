"""Enrolments: seats, states and holds.

Locks are taken in one order everywhere: student, card, subscription, flash sale, course,
enrolment, payment, alert.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    bindparam,
    case,
    exists,
    insert,
    or_,
    select,
    update,
)

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.prepared import Prepared
from learnhub_desktop.db.repositories.base import KEY, Repository, one_by
from learnhub_desktop.db.types import ClockNow
from learnhub_desktop.domain.enrolments import (
    AccessFacts,
    CourseFacts,
    EnrolmentFacts,
    SaleFacts,
    StudentFacts,
)
from learnhub_desktop.domain.states import (
    CourseStatus,
    EnrolmentSource,
    EnrolmentStatus,
    UserType,
)
from learnhub_desktop.errors import NotFound

STUDENT: Final = (
    t.users.c.user_id,
    t.users.c.name,
    t.users.c.email,
    t.users.c.user_type,
    t.users.c.country,
    t.users.c.account_balance,
    t.users.c.balance_currency,
    t.users.c.deleted_at,
)
_STUDENT: Final = select(*STUDENT)
COURSE: Final = (
    t.courses.c.course_id,
    t.courses.c.title,
    t.courses.c.status,
    t.courses.c.price,
    t.courses.c.currency,
    t.courses.c.access_months,
    t.courses.c.max_students,
    t.courses.c.enrolled_students,
)
ENROLMENT: Final = (
    t.enrollments.c.enrollment_id,
    t.enrollments.c.student_id,
    t.enrollments.c.course_id,
    t.enrollments.c.status,
    t.enrollments.c.source,
    t.enrollments.c.subscription_id,
    t.enrollments.c.enrolled_at,
    t.enrollments.c.activated_at,
    t.enrollments.c.hold_expires_at,
    t.enrollments.c.progress_percentage,
    t.enrollments.c.progress_stale,
    t.enrollments.c.previous_status,
    t.enrollments.c.previous_enrolled_at,
)
_ENROLMENT: Final = select(*ENROLMENT)
_SALE: Final = select(
    t.flash_sales.c.sale_id,
    t.flash_sales.c.course_id,
    t.flash_sales.c.discount_price,
    t.flash_sales.c.currency,
    t.flash_sales.c.max_seats - t.flash_sales.c.seats_taken,
    t.flash_sales.c.start_time,
    t.flash_sales.c.end_time,
)
_STUDENT_BY_ID, _LOCK_STUDENT = one_by(_STUDENT, t.users.c.user_id)
LOCK_STUDENT: Final = Prepared(
    one_by(_STUDENT.add_columns(ClockNow().label("at")), t.users.c.user_id)[1]
)
_A: Final = t.course_access.c
ADD_ACCESS: Final = Prepared(
    insert(t.course_access).inline(),
    columns=("student_id", "course_id", "access_expires_at", "granted_at"),
)
OPEN_ACCESS: Final = Prepared(
    update(t.course_access)
    .where(
        _A.student_id == bindparam("to_student", type_=_A.student_id.type),
        _A.course_id == bindparam("in_course", type_=_A.course_id.type),
    )
    .values(
        access_expires_at=bindparam("access_expires_at", type_=_A.access_expires_at.type),
        granted_at=case(
            (_A.ended_at.is_(None), _A.granted_at),
            else_=bindparam("now", type_=_A.granted_at.type),
        ),
        ended_at=None,
        end_reason=None,
    )
)
_COURSE_BY_ID, _LOCK_COURSE = one_by(select(*COURSE), t.courses.c.course_id)
_ENROLMENT_BY_ID, _LOCK_ENROLMENT = one_by(_ENROLMENT, t.enrollments.c.enrollment_id)
_ENROLMENT_BY_COURSE, _LOCK_BY_COURSE = one_by(
    _ENROLMENT.where(t.enrollments.c.student_id == bindparam("student_id")),
    t.enrollments.c.course_id,
)
_ACCESS, _ = one_by(
    select(t.course_access.c.access_expires_at, t.course_access.c.ended_at).where(
        t.course_access.c.student_id == bindparam("student_id")
    ),
    t.course_access.c.course_id,
)
_MISSING_PREREQUISITES, _ = one_by(
    select(t.courses.c.title)
    .join(
        t.course_prerequisites,
        t.course_prerequisites.c.prerequisite_course_id == t.courses.c.course_id,
    )
    .where(
        ~exists().where(
            t.enrollments.c.student_id == bindparam("student_id"),
            t.enrollments.c.course_id == t.course_prerequisites.c.prerequisite_course_id,
            t.enrollments.c.status == EnrolmentStatus.COMPLETED,
        ),
    )
    .order_by(t.courses.c.title),
    t.course_prerequisites.c.course_id,
)


class EnrolmentRepository(Repository):
    """Enrolments: seats, states and holds."""

    def find_student(self, user_id: int) -> StudentFacts | None:
        return self._student(_STUDENT_BY_ID, user_id)

    def lock_student(self, user_id: int) -> StudentFacts:
        """The student's row, locked; NotFound where there is none."""
        found = self._student(_LOCK_STUDENT, user_id)
        if found is None:
            raise no_student(user_id)
        return found

    def lock_student_at(self, user_id: int) -> tuple[StudentFacts, datetime]:
        """`lock_student`, with the database's time when the lock was there."""
        row = LOCK_STUDENT.row(self.connection, **{KEY: user_id})
        if row is None:
            raise no_student(user_id)
        return student_of(row[:-1]), row[-1]

    def find_student_by_email(self, email: str) -> StudentFacts | None:
        return self._student(_STUDENT.where(t.users.c.email == email))

    def find_course(self, course_id: int) -> CourseFacts | None:
        return self._course(_COURSE_BY_ID, course_id)

    def lock_course(self, course_id: int) -> CourseFacts:
        found = self._course(_LOCK_COURSE, course_id)
        if found is None:
            raise NotFound(f"There is no course with the number {course_id}.")
        return found

    def claim_seat(self, course_id: int) -> bool:
        """Take a seat if there is one: one conditional UPDATE decides, on any member."""
        c = t.courses.c
        claimed = self.connection.execute(
            update(t.courses)
            .where(
                c.course_id == course_id,
                or_(c.max_students.is_(None), c.enrolled_students < c.max_students),
                c.status == CourseStatus.ACTIVE,
            )
            .values(enrolled_students=c.enrolled_students + 1)
        )
        return claimed.rowcount == 1

    def free_seat(self, course_id: int) -> None:
        c = t.courses.c
        self.connection.execute(
            update(t.courses)
            .where(c.course_id == course_id, c.enrolled_students > 0)
            .values(enrolled_students=c.enrolled_students - 1)
        )

    def find_sale(self, sale_id: int) -> SaleFacts | None:
        row = self.connection.execute(_SALE.where(t.flash_sales.c.sale_id == sale_id)).one_or_none()
        return None if row is None else SaleFacts(*row)

    def lock_sale(self, sale_id: int) -> None:
        self.connection.execute(
            select(t.flash_sales.c.sale_id)
            .where(t.flash_sales.c.sale_id == sale_id)
            .with_for_update()
        )

    def find_live_sale(self, course_id: int, now: datetime) -> SaleFacts | None:
        """The cheapest sale of the course that runs now and has seats left."""
        c = t.flash_sales.c
        row = self.connection.execute(
            _SALE.where(
                c.course_id == course_id,
                c.start_time <= now,
                c.end_time >= now,
                c.seats_taken < c.max_seats,
            )
            .order_by(c.discount_price, c.sale_id)
            .limit(1)
        ).one_or_none()
        return None if row is None else SaleFacts(*row)

    def claim_sale(
        self, sale_id: int, course_id: int, now: datetime, *, price: tuple[Decimal, str]
    ) -> bool:
        """Take a seat of a flash sale that runs now and still sells at this price.

        A refund never gives it back.
        """
        c = t.flash_sales.c
        return self._claim_sale(
            c.sale_id == sale_id,
            c.course_id == course_id,
            c.start_time <= now,
            c.end_time >= now,
            c.discount_price == price[0],
            c.currency == price[1],
        )

    def claim_sale_again(self, sale_id: int) -> bool:
        """Take the seat of an agreed purchase whose hold ran out, also after the sale's end."""
        return self._claim_sale(t.flash_sales.c.sale_id == sale_id)

    def _claim_sale(self, *conditions: ColumnElement[bool]) -> bool:
        c = t.flash_sales.c
        claimed = self.connection.execute(
            update(t.flash_sales)
            .where(*conditions, c.seats_taken < c.max_seats)
            .values(seats_taken=c.seats_taken + 1)
        )
        return claimed.rowcount == 1

    def free_sale_seat(self, sale_id: int) -> None:
        """A hold that never became a sale gives its seat back."""
        c = t.flash_sales.c
        self.connection.execute(
            update(t.flash_sales)
            .where(c.sale_id == sale_id, c.seats_taken > 0)
            .values(seats_taken=c.seats_taken - 1)
        )

    def find(self, student_id: int, course_id: int, *, lock: bool = False) -> EnrolmentFacts | None:
        statement = _LOCK_BY_COURSE if lock else _ENROLMENT_BY_COURSE
        return self._enrolment(statement, course_id, student_id=student_id)

    def get(self, enrollment_id: int) -> EnrolmentFacts:
        return self._required(_ENROLMENT_BY_ID, enrollment_id)

    def lock(self, enrollment_id: int) -> EnrolmentFacts:
        return self._required(_LOCK_ENROLMENT, enrollment_id)

    def add(self, **values: Any) -> int:
        return self.insert(t.enrollments, **values)

    def update(self, enrollment_id: int, **values: Any) -> None:
        self.change(t.enrollments, enrollment_id, **values)

    def find_access(self, student_id: int, course_id: int) -> AccessFacts | None:
        found = {KEY: course_id, "student_id": student_id}
        row = self.connection.execute(_ACCESS, found).one_or_none()
        return None if row is None else AccessFacts(*row)

    def open_access(
        self, student_id: int, course_id: int, until: datetime | None, now: datetime
    ) -> None:
        """Grant access, or grant it anew; ``until`` None is lifetime."""
        granted = OPEN_ACCESS.run(
            self.connection,
            to_student=student_id,
            in_course=course_id,
            access_expires_at=until,
            now=now,
        )
        if granted.matched == 0:
            ADD_ACCESS.run(
                self.connection,
                student_id=student_id,
                course_id=course_id,
                access_expires_at=until,
                granted_at=now,
            )

    def end_access(self, student_id: int, course_id: int, reason: str, now: datetime) -> None:
        """End access now. Other programs read only the expiry, so that is set too."""
        c = t.course_access.c
        self.connection.execute(
            update(t.course_access)
            .where(c.student_id == student_id, c.course_id == course_id)
            .values(access_expires_at=now, ended_at=now, end_reason=reason)
        )

    def missing_prerequisites(self, student_id: int, course_id: int) -> tuple[str, ...]:
        """Titles of the courses that the student must complete first, in alphabetical order.

        A refunded or cancelled enrolment satisfies nothing, whatever its dates say.
        """
        found = {KEY: course_id, "student_id": student_id}
        return tuple(self.connection.scalars(_MISSING_PREREQUISITES, found))

    def _student(self, statement: Select[Any], user_id: int | None = None) -> StudentFacts | None:
        row = self.connection.execute(statement, {KEY: user_id}).one_or_none()
        return None if row is None else student_of(row)

    def _course(self, statement: Select[Any], course_id: int) -> CourseFacts | None:
        row = self.connection.execute(statement, {KEY: course_id}).one_or_none()
        return None if row is None else course_of(row)

    def _required(self, statement: Select[Any], enrollment_id: int) -> EnrolmentFacts:
        found = self._enrolment(statement, enrollment_id)
        if found is None:
            raise NotFound(f"There is no enrolment with the number {enrollment_id}.")
        return found

    def _enrolment(self, statement: Select[Any], key: int, **more: int) -> EnrolmentFacts | None:
        row = self.connection.execute(statement, {KEY: key, **more}).one_or_none()
        return None if row is None else enrolment_of(row)


def no_student(user_id: int) -> NotFound:
    return NotFound(f"There is no student with the number {user_id}.")


def student_of(row: Sequence[Any]) -> StudentFacts:
    """From the columns `STUDENT`."""
    return StudentFacts(row[0], row[1], row[2], UserType(row[3]), *row[4:])


def course_of(row: Sequence[Any]) -> CourseFacts:
    """From the columns `COURSE`."""
    return CourseFacts(row[0], row[1], CourseStatus(row[2]), *row[3:])


def enrolment_of(row: Sequence[Any]) -> EnrolmentFacts:
    """From the columns `ENROLMENT`."""
    values = list(row)
    values[3], values[4] = EnrolmentStatus(row[3]), EnrolmentSource(row[4])
    values[10] = bool(row[10])
    values[11] = None if row[11] is None else EnrolmentStatus(row[11])
    return EnrolmentFacts(*values)
