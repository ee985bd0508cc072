"""What a purchase writes, each step in one round trip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import bindparam, or_, update

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.prepared import Part, Prepared, together
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
    """``has_seat`` False: the rows are written, and the claim found no seat for them."""

    enrollment_id: int
    payment_id: int
    has_seat: bool


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

    def place(
        self,
        student_id: int,
        claim: Claim | None,
        *,
        enrollment_id: int | None,
        enrolment: Values,
        payment: Values,
        events: Sequence[Event],
        key: Values | None,
        now: datetime,
    ) -> Placed:
        """Note the purchase, claim its seats, and write the enrolment, payment, events and key.

        Conditional UPDATEs claim, so that one decides on any member. The rows are sent along
        with them: the seats are locked for one answer less, and if the claim fails, all is
        rolled back. ``enrollment_id`` is of a row that is there, which ``enrolment`` changes.
        ``key`` None is for who inserts the key later; only the payment's own events follow it.
        """
        claims = [] if claim is None else self._claims(claim, now)
        rows = []
        known = {} if enrollment_id is None else {"enrollment_id": enrollment_id}
        if enrollment_id is None:
            rows.append(Part(insert_into(t.enrollments, tuple(enrolment)), enrolment))
        elif enrolment:
            rows.append(_changed(t.enrollments, enrollment_id, enrolment))
        at = 1 + len(claims)
        paying = at + len(rows)
        columns = (*payment, "enrollment_id")
        linked = None if known else "enrollment_id"
        rows.append(Part(insert_into(t.payments, columns), {**payment, **known}, linked))
        if key is not None:
            rows.append(Part(ADD_KEY, key, "payment_id"))
        rows.append(events_part(None, events, now))
        answers = together(self.connection, _noted(student_id, now), *claims, *rows)
        wanted = 0 if claim is None else 1 if claim.sale_id is None else 2
        return Placed(
            answers[at].row_id if enrollment_id is None else enrollment_id,
            answers[paying].row_id,
            has_seat=sum(answer.matched for answer in answers[1:at]) == wanted,
        )

    def _claims(self, claim: Claim, now: datetime) -> list[Part]:
        values = {
            "course_id": claim.course_id,
            "price": claim.price,
            "currency": claim.currency,
        }
        if claim.sale_id is None:
            return [Part(_CLAIM_SEAT, values)]
        values |= {"sale_id": claim.sale_id, "moment": now}
        if self.connection.dialect.name == "sqlite":
            return [Part(_CLAIM_SALE, values), Part(_CLAIM_AT_ANY_PRICE, values)]
        return [Part(_CLAIM_BOTH, values)]

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
