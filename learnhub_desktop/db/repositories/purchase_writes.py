"""What a purchase writes, each step in one round trip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import bindparam, or_, update

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.prepared import NotMatched, Part, Prepared, together
from learnhub_desktop.db.repositories import purchase_parameters as given
from learnhub_desktop.db.repositories.base import KEY, Repository, insert_into, update_of
from learnhub_desktop.db.repositories.enrolments import ADD_ACCESS, OPEN_ACCESS
from learnhub_desktop.db.repositories.keys import ADD_KEY, FINISH_KEY
from learnhub_desktop.db.repositories.payments import Event, events_part
from learnhub_desktop.db.types import Moment
from learnhub_desktop.domain.states import CourseStatus

Values = Mapping[str, Any]

_C: Final = t.courses.c
_S: Final = t.flash_sales.c

_A_SEAT: Final = or_(_C.max_students.is_(None), _C.enrolled_students < _C.max_students)
_CLAIM_SEAT: Final = Prepared(
    update(t.courses)
    .where(
        _C.course_id == given.COURSE_ID,
        _C.status == CourseStatus.ACTIVE,
        _A_SEAT,
        _C.price == given.PRICE,
        _C.currency == given.CURRENCY,
    )
    .values(enrolled_students=_C.enrolled_students + 1)
)
_SALE: Final = (
    _S.sale_id == given.SALE_ID,
    _S.course_id == given.COURSE_ID,
    bindparam("moment", type_=Moment()).between(_S.start_time, _S.end_time),
    _S.discount_price == given.PRICE,
    _S.currency == given.CURRENCY,
    _S.seats_taken < _S.max_seats,
)
_COURSE: Final = (_C.course_id == given.COURSE_ID, _C.status == CourseStatus.ACTIVE, _A_SEAT)
_ONE_MORE: Final = {_S.seats_taken: _S.seats_taken + 1}
# Both tables in one statement, the sale's first, which is the order of locks.
_CLAIM_BOTH: Final = Prepared(
    update(t.flash_sales)
    .where(*_SALE, *_COURSE)
    .values({**_ONE_MORE, _C.enrolled_students: _C.enrolled_students + 1})
)
# SQLite updates one table at a time.
_CLAIM_SALE: Final = Prepared(update(t.flash_sales).where(*_SALE).values(_ONE_MORE))
_CLAIM_AT_ANY_PRICE: Final = Prepared(
    update(t.courses).where(*_COURSE).values(enrolled_students=_C.enrolled_students + 1)
)


@dataclass(frozen=True, slots=True)
class Claim:
    """The seats that a purchase takes: the course's, and the sale's where it is in one."""

    sale_id: int | None
    course_id: int
    price: Decimal
    currency: str


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

    def place(
        self,
        claim: Claim | None,
        *,
        enrollment_id: int | None,
        enrolment: Values,
        payment: Values,
        events: Sequence[Event],
        key: Values | None,
        now: datetime,
        last: bool,
    ) -> Placed | None:
        """Claim the seats, and write the enrolment, payment, events and key.

        Conditional UPDATEs claim, so that one decides on any member. The rows are sent along
        with them: the seats are locked for one answer less. None where the claim found no
        seat, and no row is written then. ``enrollment_id`` is of a row that is there, which
        ``enrolment`` changes. ``key`` None is for who inserts the key later; only the payment's
        own events follow it. ``last`` ends the transaction, as `together` says.
        """
        claims, wanted = ([], None) if claim is None else self._claims(claim, now)
        if enrollment_id is None:
            rows = [
                Part(insert_into(t.enrollments, tuple(enrolment)), enrolment),
                Part(
                    insert_into(t.payments, (*payment, "enrollment_id")), payment, "enrollment_id"
                ),
            ]
        else:
            known = {**payment, "enrollment_id": enrollment_id}
            rows = [Part(insert_into(t.payments, tuple(known)), known)]
            if enrolment:
                rows.append(_changed(t.enrollments, enrollment_id, enrolment))
        rows[0] = replace(rows[0], after=wanted)
        if key is not None:
            rows.append(Part(ADD_KEY, key, "payment_id"))
        rows.append(events_part(None, events, now))
        try:
            answers = together(self.connection, *claims, *rows, last=last)
        except NotMatched:
            return None
        at = len(claims)
        if enrollment_id is not None:
            return Placed(enrollment_id, answers[at].row_id)
        return Placed(answers[at].row_id, answers[at + 1].row_id)

    def _claims(self, claim: Claim, now: datetime) -> tuple[list[Part], int]:
        """The parts that claim, and how many rows the last of them matches if there is a seat."""
        values = {
            "course_id": claim.course_id,
            "price": claim.price,
            "currency": claim.currency,
        }
        if claim.sale_id is None:
            return [Part(_CLAIM_SEAT, values)], 1
        values |= {"sale_id": claim.sale_id, "moment": now}
        if self.connection.dialect.name == "sqlite":
            return [Part(_CLAIM_SALE, values), Part(_CLAIM_AT_ANY_PRICE, values, after=1)], 1
        return [Part(_CLAIM_BOTH, values)], 2

    def settle(
        self,
        *,
        enrolment: tuple[int, Values] | None,
        access: Opened | None,
        payment: tuple[int, Values],
        events: Sequence[Event],
        key: tuple[str, Values] | None,
        now: datetime,
        last: bool,
    ) -> None:
        """Write what the money that came has changed; the key's result last.

        ``last`` ends the transaction, as `together` says.
        """
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
        together(self.connection, *parts, last=last)


def _changed(table: Any, row_id: int, values: Values) -> Part:
    return Part(update_of(table, tuple(values)), {**values, KEY: row_id})


def _opened(access: Opened, now: datetime) -> Part:
    until = {"access_expires_at": access.until}
    if access.is_first:
        whose = {"student_id": access.student_id, "course_id": access.course_id}
        return Part(ADD_ACCESS, {**whose, **until, "granted_at": now})
    whose = {"to_student": access.student_id, "in_course": access.course_id}
    return Part(OPEN_ACCESS, {**whose, **until, "now": now})
