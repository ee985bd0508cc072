"""One look at an order, without a lock: what a crowd asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import and_, bindparam, case, func, literal, null, or_, select

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.prepared import Prepared
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
    SALE_OVER = "sale_over"
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
# Two rows by their keys: a crowd asks this.
_GLANCE_AT_SALE: Final = Prepared(
    select(
        case(
            (_K.idempotency_key.is_not(None), _CLOSER),
            (
                or_(_S.seats_taken >= _S.max_seats, ~_NOW.between(_S.start_time, _S.end_time)),
                literal(Glance.SALE_OVER),
            ),
            (or_(_S.discount_price != given.PRICE, _S.currency != given.CURRENCY), _CLOSER),
            else_=literal(Glance.CLEAR),
        ),
        literal(""),
        null(),
    )
    .select_from(t.flash_sales.outerjoin(t.idempotency, _K.idempotency_key == given.KEY))
    .where(_S.sale_id == given.SALE_ID, _S.course_id == given.COURSE_ID)
)


class PurchaseGlance(Repository):
    """One look at an order, without a lock."""

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

        In a sale it is the sale's seats that are looked at, and not whether the student is in
        the course. ``now`` None is the database's own time.
        """
        asked: dict[str, Any] = {
            "key": key,
            "course_id": course_id,
            "price": price,
            "currency": currency,
        }
        if sale_id is None:
            row = _GLANCE.alone(self.connection, **asked, student_id=student_id)
        else:
            row = _GLANCE_AT_SALE.alone(self.connection, **asked, sale_id=sale_id, now=now)
        return None if row is None else Glimpse(Glance(row[0]), row[1], row[2])
