"""What a purchase looks at, in as few round trips as can be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    Integer,
    String,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.prepared import Prepared
from learnhub_desktop.db.repositories.base import Repository
from learnhub_desktop.db.repositories.settings import SETTINGS, no_school, settings_of
from learnhub_desktop.db.types import Moment, Money, UtcNow
from learnhub_desktop.domain.enrolments import CourseFacts
from learnhub_desktop.domain.school import SchoolSettings
from learnhub_desktop.domain.states import CourseStatus, EnrolmentStatus

_C: Final = t.courses.c
_E: Final = t.enrollments.c
_S: Final = t.flash_sales.c
_K: Final = t.idempotency.c
_P: Final = t.course_prerequisites.c
_A: Final = t.payments_archive.c


class Glance(StrEnum):
    """What one look without a lock says of an order."""

    CLEAR = "clear"
    SALE_OVER = "sale_over"
    FULL = "full"
    LOOK_CLOSER = "look_closer"


@dataclass(frozen=True, slots=True)
class Glimpse:
    """The answer to a glance, with what a refusal names."""

    glance: Glance
    title: str
    max_students: int | None


@dataclass(frozen=True, slots=True)
class Scene:
    """What a hold decides on, read under the student's lock.

    ``key_is_used``: here or in a closed year. ``is_known``: the student has an enrolment in
    the course, whatever its status. ``sale_is_open`` looks at the seats alone.
    """

    key_is_used: bool
    course: CourseFacts | None
    is_known: bool
    misses_prerequisites: bool
    sale_is_open: bool
    settings: SchoolSettings


def _given(name: str, kind: Any) -> Any:
    return bindparam(name, type_=kind)


_COURSE_ID: Final = _given("course_id", Integer())
_STUDENT_ID: Final = _given("student_id", Integer())
_SALE_ID: Final = _given("sale_id", Integer())
_KEY: Final = _given("key", String())
_PRICE: Final = _given("price", Money())
_CURRENCY: Final = _given("currency", String())
# Tests set a clock; else the database's own comes without a question.
_NOW: Final = func.coalesce(_given("now", Moment()), UtcNow())

_FULL: Final = and_(_C.max_students.is_not(None), _C.enrolled_students >= _C.max_students)
_ODD: Final = or_(
    _K.idempotency_key.is_not(None),
    _E.enrollment_id.is_not(None),
    _C.status != CourseStatus.ACTIVE,
)
_AROUND: Final = t.courses.outerjoin(
    t.enrollments, and_(_E.course_id == _C.course_id, _E.student_id == _STUDENT_ID)
).outerjoin(t.idempotency, _K.idempotency_key == _KEY)


def _glance(*cases: Any) -> Any:
    return case(*cases, (_FULL, literal(Glance.FULL)), else_=literal(Glance.CLEAR))


_CLOSER: Final = literal(Glance.LOOK_CLOSER)
_GLANCE: Final = Prepared(
    select(
        _glance(
            (_ODD, _CLOSER),
            (or_(_C.price != _PRICE, _C.currency != _CURRENCY), _CLOSER),
        ),
        _C.title,
        _C.max_students,
    )
    .select_from(_AROUND)
    .where(_C.course_id == _COURSE_ID)
)
_GLANCE_AT_SALE: Final = Prepared(
    select(
        _glance(
            (_ODD, _CLOSER),
            (
                or_(_S.seats_taken >= _S.max_seats, ~_NOW.between(_S.start_time, _S.end_time)),
                literal(Glance.SALE_OVER),
            ),
            (or_(_S.discount_price != _PRICE, _S.currency != _CURRENCY), _CLOSER),
        ),
        _C.title,
        _C.max_students,
    )
    .select_from(_AROUND.join(t.flash_sales, _S.course_id == _C.course_id))
    .where(_C.course_id == _COURSE_ID, _S.sale_id == _SALE_ID)
)

_DONE: Final = t.enrollments.alias("done")
_MISSES: Final = exists().where(
    _P.course_id == _C.course_id,
    ~exists().where(
        _DONE.c.student_id == _STUDENT_ID,
        _DONE.c.course_id == _P.prerequisite_course_id,
        _DONE.c.status == EnrolmentStatus.COMPLETED,
    ),
)
_SCENE: Final = Prepared(
    select(
        or_(
            _K.idempotency_key.is_not(None),
            exists().where(_A.idempotency_key == _KEY),
        ),
        _E.enrollment_id,
        _MISSES,
        _S.seats_taken < _S.max_seats,
        _C.course_id,
        _C.title,
        _C.status,
        _C.price,
        _C.currency,
        _C.access_months,
        _C.max_students,
        _C.enrolled_students,
        *SETTINGS,
    )
    .select_from(
        t.school_settings.outerjoin(t.courses, _C.course_id == _COURSE_ID)
        .outerjoin(t.enrollments, and_(_E.course_id == _C.course_id, _E.student_id == _STUDENT_ID))
        .outerjoin(t.idempotency, _K.idempotency_key == _KEY)
        .outerjoin(t.flash_sales, and_(_S.course_id == _C.course_id, _S.sale_id == _SALE_ID))
    )
    .where(t.school_settings.c.settings_id == 1)
)
_BEFORE_SETTINGS: Final = 12

_A_SEAT: Final = or_(_C.max_students.is_(None), _C.enrolled_students < _C.max_students)
_CLAIM_SEAT: Final = Prepared(
    update(t.courses)
    .where(
        _C.course_id == _COURSE_ID,
        _C.status == CourseStatus.ACTIVE,
        _A_SEAT,
        _C.price == _PRICE,
        _C.currency == _CURRENCY,
    )
    .values(enrolled_students=_C.enrolled_students + 1)
)
# Both tables in one statement, the sale's first: a round trip less while all wait for it.
_CLAIM_BOTH: Final = Prepared(
    update(t.flash_sales)
    .where(
        _S.sale_id == _SALE_ID,
        _S.course_id == _COURSE_ID,
        _C.course_id == _COURSE_ID,
        _given("moment", Moment()).between(_S.start_time, _S.end_time),
        _S.discount_price == _PRICE,
        _S.currency == _CURRENCY,
        _S.seats_taken < _S.max_seats,
        _C.status == CourseStatus.ACTIVE,
        _A_SEAT,
    )
    .values({_S.seats_taken: _S.seats_taken + 1, _C.enrolled_students: _C.enrolled_students + 1})
)


class PurchaseRepository(Repository):
    """What a purchase looks at, in as few round trips as can be."""

    def glance(
        self,
        *,
        key: str,
        student_id: int,
        course_id: int,
        sale_id: int | None,
        price: Decimal,
        currency: str,
        now: datetime | None,
    ) -> Glimpse | None:
        """One look without a lock or a snapshot; None where there is no such course or sale.

        ``now`` None is the database's own time.
        """
        asked: dict[str, Any] = {
            "key": key,
            "student_id": student_id,
            "course_id": course_id,
            "price": price,
            "currency": currency,
        }
        if sale_id is None:
            row = _GLANCE.alone(self.connection, **asked)
        else:
            row = _GLANCE_AT_SALE.alone(self.connection, **asked, sale_id=sale_id, now=now)
        return None if row is None else Glimpse(Glance(row[0]), row[1], row[2])

    def see(self, *, key: str, student_id: int, course_id: int, sale_id: int | None) -> Scene:
        """What is so now; SchemaMismatch where the database holds no school."""
        row = _SCENE.row(
            self.connection, key=key, student_id=student_id, course_id=course_id, sale_id=sale_id
        )
        if row is None:
            raise no_school()
        course = None
        if row[4] is not None:
            course = CourseFacts(row[4], row[5], CourseStatus(row[6]), *row[7:_BEFORE_SETTINGS])
        return Scene(
            key_is_used=bool(row[0]),
            is_known=row[1] is not None,
            misses_prerequisites=bool(row[2]),
            sale_is_open=bool(row[3]),
            course=course,
            settings=settings_of(row[_BEFORE_SETTINGS:]),
        )

    def claim_seat(self, course_id: int, *, price: tuple[Decimal, str]) -> bool:
        """Take a seat of a live course that still costs that: one conditional UPDATE decides."""
        claimed = _CLAIM_SEAT.run(
            self.connection, course_id=course_id, price=price[0], currency=price[1]
        )
        return claimed.matched == 1

    def claim_both(
        self, sale_id: int, course_id: int, now: datetime, *, price: tuple[Decimal, str]
    ) -> bool:
        """Take a seat of a running sale and of its live course, or neither.

        A refund never gives the sale's back. False tells nothing on SQLite, which updates one
        table at a time and is never far away.
        """
        if self.connection.dialect.name == "sqlite":
            return False
        claimed = _CLAIM_BOTH.run(
            self.connection,
            sale_id=sale_id,
            course_id=course_id,
            moment=now,
            price=price[0],
            currency=price[1],
        )
        return claimed.matched == 2
