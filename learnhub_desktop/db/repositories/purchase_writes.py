"""What a purchase writes, each step in one round trip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Integer, String, bindparam, or_, update

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.prepared import Part, Prepared, together
from learnhub_desktop.db.repositories.base import KEY, Repository, insert_into, update_of
from learnhub_desktop.db.repositories.enrolments import ADD_ACCESS, OPEN_ACCESS
from learnhub_desktop.db.repositories.keys import ADD_KEY, FINISH_KEY
from learnhub_desktop.db.repositories.payments import Event, events_part
from learnhub_desktop.db.types import Moment, Money
from learnhub_desktop.domain.states import CourseStatus

Values = Mapping[str, Any]

_C: Final = t.courses.c
_S: Final = t.flash_sales.c
_COURSE_ID: Final = bindparam("course_id", type_=Integer())
_PRICE: Final = bindparam("price", type_=Money())
_CURRENCY: Final = bindparam("currency", type_=String())

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
        _S.sale_id == bindparam("sale_id", type_=Integer()),
        _S.course_id == _COURSE_ID,
        _C.course_id == _COURSE_ID,
        bindparam("moment", type_=Moment()).between(_S.start_time, _S.end_time),
        _S.discount_price == _PRICE,
        _S.currency == _CURRENCY,
        _S.seats_taken < _S.max_seats,
        _C.status == CourseStatus.ACTIVE,
        _A_SEAT,
    )
    .values({_S.seats_taken: _S.seats_taken + 1, _C.enrolled_students: _C.enrolled_students + 1})
)


@dataclass(frozen=True, slots=True)
class Placed:
    enrollment_id: int
    payment_id: int


@dataclass(frozen=True, slots=True)
class Opened:
    """Access that a purchase grants; ``is_first``: the student never had any."""

    student_id: int
    course_id: int
    until: datetime | None
    is_first: bool


class PurchaseWrites(Repository):
    """What a purchase writes, each step in one round trip."""

    def note_purchase(self, student_id: int, now: datetime) -> None:
        """Write the student's row: on several writable members only writes meet each other."""
        together(self.connection, _noted(student_id, now))

    def claim_seat(
        self, student_id: int, course_id: int, now: datetime, *, price: tuple[Decimal, str]
    ) -> bool:
        """Note the purchase, and take a seat of a live course that still costs that.

        One conditional UPDATE decides, on any member.
        """
        values = {"course_id": course_id, "price": price[0], "currency": price[1]}
        _, claimed = together(self.connection, _noted(student_id, now), Part(_CLAIM_SEAT, values))
        return claimed.matched == 1

    def claim_both(
        self,
        student_id: int,
        sale_id: int,
        course_id: int,
        now: datetime,
        *,
        price: tuple[Decimal, str],
    ) -> bool:
        """Note the purchase, and take a seat of a running sale and of its live course, or none.

        A refund never gives the sale's back. False tells nothing on SQLite, which updates one
        table at a time and is never far away.
        """
        if self.connection.dialect.name == "sqlite":
            self.note_purchase(student_id, now)
            return False
        values = {
            "sale_id": sale_id,
            "course_id": course_id,
            "moment": now,
            "price": price[0],
            "currency": price[1],
        }
        _, claimed = together(self.connection, _noted(student_id, now), Part(_CLAIM_BOTH, values))
        return claimed.matched == 2

    def place(
        self,
        *,
        enrollment_id: int | None,
        enrolment: Values,
        payment: Values,
        events: Sequence[Event],
        key: Values | None,
        now: datetime,
    ) -> Placed:
        """Write the enrolment, its payment, the payment's events and the key.

        ``enrollment_id`` is of a row that is there: ``enrolment`` then changes it, if there is
        anything to change. ``key`` None is for who inserts the key later.
        """
        parts = []
        known = {} if enrollment_id is None else {"enrollment_id": enrollment_id}
        if enrollment_id is None:
            parts.append(Part(insert_into(t.enrollments, tuple(enrolment)), enrolment))
        elif enrolment:
            parts.append(_changed(t.enrollments, enrollment_id, enrolment))
        columns = (*payment, "enrollment_id")
        linked = None if known else "enrollment_id"
        paying = len(parts)
        parts.append(Part(insert_into(t.payments, columns), {**payment, **known}, linked))
        if key is not None:
            parts.append(Part(ADD_KEY, key, "payment_id"))
        parts.append(events_part(None, events, now))
        answers = together(self.connection, *parts)
        return Placed(
            answers[0].row_id if enrollment_id is None else enrollment_id,
            answers[paying].row_id,
        )

    def settle(
        self,
        *,
        enrolment: tuple[int, Values] | None,
        access: Opened | None,
        payment: tuple[int, Values],
        events: Sequence[Event],
        key: tuple[str, Values] | None,
        now: datetime,
    ) -> None:
        """Write what the money that came has changed; the key's result last."""
        parts = []
        if enrolment is not None:
            parts.append(_changed(t.enrollments, *enrolment))
        if access is not None:
            parts.append(_opened(access, now))
        parts.append(_changed(t.payments, *payment))
        parts.append(events_part(payment[0], events, now))
        if key is not None:
            values = {"key": key[0], "result": dict(key[1]), "finished_at": now}
            parts.append(Part(FINISH_KEY, values))
        together(self.connection, *parts)


def _noted(student_id: int, now: datetime) -> Part:
    return _changed(t.users, student_id, {"last_purchase_at": now})


def _changed(table: Any, row_id: int, values: Values) -> Part:
    return Part(update_of(table, tuple(values)), {**values, KEY: row_id})


def _opened(access: Opened, now: datetime) -> Part:
    until = {"access_expires_at": access.until}
    if access.is_first:
        whose = {"student_id": access.student_id, "course_id": access.course_id}
        return Part(ADD_ACCESS, {**whose, **until, "granted_at": now})
    whose = {"to_student": access.student_id, "in_course": access.course_id}
    return Part(OPEN_ACCESS, {**whose, **until, "now": now})
