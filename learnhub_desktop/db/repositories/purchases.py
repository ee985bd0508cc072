"""What a purchase looks at, in as few round trips as can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import (
    Integer,
    String,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    update,
)

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.prepared import Answer, Part, Prepared, together
from learnhub_desktop.db.repositories import purchase_parameters as given
from learnhub_desktop.db.repositories.base import KEY
from learnhub_desktop.db.repositories.enrolments import (
    COURSE,
    ENROLMENT,
    LOCK_STUDENT,
    STUDENT,
    course_of,
    enrolment_of,
    no_student,
    student_of,
)
from learnhub_desktop.db.repositories.fraud import RULES_AS_TEXT, rules_of
from learnhub_desktop.db.repositories.payments import PAYMENT, card_part, payment_of
from learnhub_desktop.db.repositories.purchase_glance import PurchaseGlance
from learnhub_desktop.db.repositories.purchase_writes import PurchaseWrites
from learnhub_desktop.db.repositories.settings import no_school
from learnhub_desktop.db.types import ClockNow, Moment, UtcNow
from learnhub_desktop.domain.enrolments import (
    AccessFacts,
    CourseFacts,
    EnrolmentFacts,
    StudentFacts,
)
from learnhub_desktop.domain.school import HoldPolicy
from learnhub_desktop.domain.scoring import Rule
from learnhub_desktop.domain.settlement import PaymentFacts, Place
from learnhub_desktop.domain.states import PaymentStatus

_C: Final = t.courses.c
_E: Final = t.enrollments.c
_S: Final = t.flash_sales.c
_K: Final = t.idempotency.c
_P: Final = t.course_prerequisites.c
_A: Final = t.payments_archive.c


@dataclass(frozen=True, slots=True)
class Scene:
    """What a hold decides on, read under the student's lock.

    ``key_is_used``: here or in a closed year. ``is_known``: the student has an enrolment in
    the course, whatever its status. ``sale_is_open`` looks at the seats alone.
    ``has_history``: the student has paid or tried to before, or the card was another's too.
    """

    key_is_used: bool
    course: CourseFacts | None
    is_known: bool
    has_prerequisites: bool
    sale_is_open: bool
    has_history: bool
    policy: HoldPolicy


@dataclass(frozen=True, slots=True)
class Opening:
    """The beginning of a hold: the student, locked ``at`` that time, and what was seen then."""

    student: StudentFacts
    at: datetime
    scene: Scene
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Beforehand:
    """What settling a charge needs to know, and can look at before the course is locked.

    ``is_reference_taken``: another payment has this transaction id.
    """

    status: PaymentStatus | None
    access: AccessFacts | None
    is_reference_taken: bool
    zone: ZoneInfo


_EARLIER: Final = t.payments.alias("earlier")
_POLICY: Final = tuple(t.school_settings.c[name] for name in HoldPolicy.__dataclass_fields__)
_SCENE: Final = Prepared(
    select(
        or_(
            _K.idempotency_key.is_not(None),
            exists().where(_A.idempotency_key == given.KEY),
        ),
        _E.enrollment_id,
        exists().where(_P.course_id == _C.course_id),
        _S.seats_taken < _S.max_seats,
        or_(
            exists().where(_EARLIER.c.user_id == given.STUDENT_ID),
            exists().where(
                _EARLIER.c.card_fingerprint == bindparam("card", type_=String()),
                _EARLIER.c.user_id != given.STUDENT_ID,
            ),
        ),
        ClockNow().label("at"),
        RULES_AS_TEXT.label("rules"),
        *STUDENT,
        *COURSE,
        *_POLICY,
    )
    .select_from(
        t.school_settings.outerjoin(t.users, t.users.c.user_id == given.STUDENT_ID)
        .outerjoin(t.courses, _C.course_id == given.COURSE_ID)
        .outerjoin(
            t.enrollments, and_(_E.course_id == _C.course_id, _E.student_id == given.STUDENT_ID)
        )
        .outerjoin(t.idempotency, _K.idempotency_key == given.KEY)
        .outerjoin(t.flash_sales, and_(_S.course_id == _C.course_id, _S.sale_id == given.SALE_ID))
    )
    .where(t.school_settings.c.settings_id == 1)
)
_BEFORE_STUDENT: Final = 7
_BEFORE_COURSE: Final = _BEFORE_STUDENT + len(STUDENT)
_BEFORE_POLICY: Final = _BEFORE_COURSE + len(COURSE)
# On several writable members only writes meet each other, so this is how a student is locked.
_NOTE: Final = Prepared(
    update(t.users)
    .where(t.users.c.user_id == given.STUDENT_ID)
    .values(last_purchase_at=func.coalesce(bindparam("now", type_=Moment()), UtcNow()))
)

_ASKED: Final = t.course_access.c
_PAID: Final = t.payments.c
_OTHER: Final = t.payments.alias("other")
_BEFOREHAND: Final = Prepared(
    select(
        _PAID.status,
        _ASKED.student_id,
        _ASKED.access_expires_at,
        _ASKED.ended_at,
        exists().where(
            _OTHER.c.transaction_id == bindparam("reference", type_=String()),
            _OTHER.c.payment_id != given.PAYMENT_ID,
        ),
        t.school_settings.c.time_zone,
    )
    .select_from(
        t.school_settings.outerjoin(t.payments, _PAID.payment_id == given.PAYMENT_ID).outerjoin(
            t.course_access,
            and_(_ASKED.student_id == given.STUDENT_ID, _ASKED.course_id == given.COURSE_ID),
        )
    )
    .where(t.school_settings.c.settings_id == 1)
)
# In this order whatever the optimizer thinks: it is the order of locks.
_LOCK_THREE: Final = Prepared(
    select(*COURSE, *ENROLMENT, *PAYMENT)
    .prefix_with("STRAIGHT_JOIN", dialect="mysql")
    .select_from(
        t.courses.join(
            t.enrollments, _E.enrollment_id == bindparam("enrollment_id", type_=Integer())
        ).join(t.payments, _PAID.payment_id == given.PAYMENT_ID)
    )
    .where(_C.course_id == given.COURSE_ID)
    .with_for_update()
)
_AFTER_COURSE: Final = len(COURSE)
_AFTER_ENROLMENT: Final = _AFTER_COURSE + len(ENROLMENT)


class PurchaseRepository(PurchaseGlance, PurchaseWrites):
    """What a purchase looks at, in as few round trips as can be."""

    def open_hold(
        self,
        *,
        key: str,
        student_id: int,
        course_id: int,
        sale_id: int | None,
        card: str | None,
        now: datetime | None,
    ) -> Opening:
        """Note the student's purchase, which locks them, then the card, then look.

        All in one round trip. NotFound where there is no such student; SchemaMismatch where
        there is no school.
        """
        asked = {
            "key": key,
            "student_id": student_id,
            "course_id": course_id,
            "sale_id": sale_id,
            "card": card,
        }
        # The card before the first plain read, which at REPEATABLE READ fixes what is seen.
        carded = [] if card is None else [card_part(self.connection, card, now)]
        *_, scenes = together(
            self.connection,
            Part(_NOTE, {"student_id": student_id, "now": now}),
            *carded,
            Part(_SCENE, asked),
        )
        if not scenes.rows:
            raise no_school()
        [row] = scenes.rows
        if row[_BEFORE_STUDENT] is None:
            raise no_student(student_id)
        student = student_of(row[_BEFORE_STUDENT:_BEFORE_COURSE])
        return Opening(student, row[5], _scene(row), rules_of(row[6]))

    def open_settling(
        self, place: Place, reference: str | None
    ) -> tuple[StudentFacts, datetime, Beforehand]:
        """Lock the student, and look at what will not change while it is locked."""
        locked, found = together(
            self.connection,
            Part(LOCK_STUDENT, {KEY: place.user_id}),
            _beforehand(place.payment_id, place.user_id, place.course_id, reference),
        )
        student, at = _locked(locked, place.user_id)
        return student, at, _seen(found)

    def look_beforehand(
        self, payment: PaymentFacts, course_id: int, reference: str | None
    ) -> Beforehand:
        """The same for who holds all locks already."""
        [found] = together(
            self.connection,
            _beforehand(payment.payment_id, payment.user_id, course_id, reference),
        )
        return _seen(found)

    def lock_three(
        self, course_id: int, enrollment_id: int, payment_id: int
    ) -> tuple[CourseFacts, EnrolmentFacts, PaymentFacts] | None:
        """The course, the enrolment and the payment, locked in this order; None if one is not."""
        row = _LOCK_THREE.row(
            self.connection,
            course_id=course_id,
            enrollment_id=enrollment_id,
            payment_id=payment_id,
        )
        if row is None:
            return None
        return (
            course_of(row[:_AFTER_COURSE]),
            enrolment_of(row[_AFTER_COURSE:_AFTER_ENROLMENT]),
            payment_of(row[_AFTER_ENROLMENT:]),
        )


def _locked(answer: Answer, student_id: int) -> tuple[StudentFacts, datetime]:
    if not answer.rows:
        raise no_student(student_id)
    [row] = answer.rows
    return student_of(row[:-1]), row[-1]


def _scene(row: Sequence[Any]) -> Scene:
    return Scene(
        key_is_used=bool(row[0]),
        is_known=row[1] is not None,
        has_prerequisites=bool(row[2]),
        sale_is_open=bool(row[3]),
        has_history=bool(row[4]),
        course=None
        if row[_BEFORE_COURSE] is None
        else course_of(row[_BEFORE_COURSE:_BEFORE_POLICY]),
        policy=HoldPolicy(*row[_BEFORE_POLICY:]),
    )


def _beforehand(
    payment_id: int, student_id: int, course_id: int | None, reference: str | None
) -> Part:
    return Part(
        _BEFOREHAND,
        {
            "payment_id": payment_id,
            "student_id": student_id,
            "course_id": course_id,
            "reference": reference,
        },
    )


def _seen(answer: Answer) -> Beforehand:
    if not answer.rows:
        raise no_school()
    [(status, student_id, expires_at, ended_at, is_taken, zone)] = answer.rows
    return Beforehand(
        status=None if status is None else PaymentStatus(status),
        access=None if student_id is None else AccessFacts(expires_at, ended_at),
        is_reference_taken=bool(is_taken),
        zone=ZoneInfo(zone),
    )
