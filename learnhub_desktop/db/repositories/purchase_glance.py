"""One look at an order, without a lock: what a crowd asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from sqlalchemy import and_, bindparam, case, exists, func, literal, or_, select

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.prepared import INTO_NOTHING, Prepared
from learnhub_desktop.db.repositories import purchase_parameters as given
from learnhub_desktop.db.repositories.base import Repository
from learnhub_desktop.db.types import Moment, UtcNow
from learnhub_desktop.domain.states import CourseStatus

_C: Final = t.courses.c
_E: Final = t.enrollments.c
_S: Final = t.flash_sales.c
_K: Final = t.idempotency.c


class Glance(StrEnum):
    """What one look without a lock says of an order."""

    CLEAR = "clear"
    FULL = "full"
    LOOK_CLOSER = "look_closer"


@dataclass(frozen=True, slots=True)
class Glimpse:
    """The answer to a glance, with what a refusal names."""

    glance: Glance
    title: str
    max_students: int | None


# Tests set a clock; else the database's own comes without a question.
_NOW: Final = func.coalesce(bindparam("now", type_=Moment()), UtcNow())

_FULL: Final = and_(_C.max_students.is_not(None), _C.enrolled_students >= _C.max_students)
_CLOSER: Final = literal(Glance.LOOK_CLOSER)
_GLANCE: Final = Prepared(
    select(
        case(
            (
                or_(
                    _K.idempotency_key.is_not(None),
                    _E.enrollment_id.is_not(None),
                    _C.status != CourseStatus.ACTIVE,
                    _C.price != given.PRICE,
                    _C.currency != given.CURRENCY,
                ),
                _CLOSER,
            ),
            (_FULL, literal(Glance.FULL)),
            else_=literal(Glance.CLEAR),
        ),
        _C.title,
        _C.max_students,
    )
    .select_from(
        t.courses.outerjoin(
            t.enrollments, and_(_E.course_id == _C.course_id, _E.student_id == given.STUDENT_ID)
        ).outerjoin(t.idempotency, _K.idempotency_key == given.KEY)
    )
    .where(_C.course_id == given.COURSE_ID)
)
# One or two rows by their keys: a crowd asks this.
_SALE_IS_OVER: Final = Prepared(
    select(literal(1))
    .where(
        _S.sale_id == given.SALE_ID,
        _S.course_id == given.COURSE_ID,
        or_(_S.seats_taken >= _S.max_seats, ~_NOW.between(_S.start_time, _S.end_time)),
        ~exists().where(_K.idempotency_key == given.KEY),
    )
    .suffix_with(INTO_NOTHING, dialect="mysql")
)


class PurchaseGlance(Repository):
    """One look at an order, without a lock."""

    def is_over(self, *, key: str, course_id: int, sale_id: int, now: datetime | None) -> bool:
        """Whether the course's sale is sold out or not open, and the key not used yet.

        ``now`` None is the database's own time.
        """
        return _SALE_IS_OVER.finds(
            self.connection, key=key, course_id=course_id, sale_id=sale_id, now=now
        )

    def glance(
        self, *, key: str, student_id: int, course_id: int, price: Decimal, currency: str
    ) -> Glimpse | None:
        """One look without a lock or a snapshot; None where there is no such course."""
        row = _GLANCE.alone(
            self.connection,
            key=key,
            student_id=student_id,
            course_id=course_id,
            price=price,
            currency=currency,
        )
        return None if row is None else Glimpse(Glance(row[0]), row[1], row[2])
