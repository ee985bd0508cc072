"""Seats and access behind a payment: held, turned into an enrolment, or given back.

Every function here runs inside the transaction of a service that holds the locks: student,
then course, then enrolment, then payment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from learnhub_desktop.db.repositories.purchase_writes import Opened
from learnhub_desktop.db.repositories.purchases import Beforehand
from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain import billing
from learnhub_desktop.domain.billing import Grant
from learnhub_desktop.domain.enrolments import (
    AccessFacts,
    CourseFacts,
    EnrolmentFacts,
    StudentFacts,
)
from learnhub_desktop.domain.progress import ALL_DONE
from learnhub_desktop.domain.settlement import PaymentFacts, Place
from learnhub_desktop.domain.states import (
    EnrolmentSource,
    EnrolmentStatus,
    EventType,
    PaymentStatus,
    move_enrolment,
    move_payment,
)
from learnhub_desktop.services import progress

REFERENCE_LENGTH: Final = 100

Events = list[tuple[EventType, dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Locked:
    """The rows of one payment, locked in order. A course or enrolment may be missing."""

    student: StudentFacts
    course: CourseFacts | None
    enrolment: EnrolmentFacts | None
    payment: PaymentFacts


def lock_student(uow: UnitOfWork, user_id: int) -> StudentFacts:
    """The student's row, locked; the transaction's time comes along. NotFound for none."""
    student, at = uow.enrolments.lock_student_at(user_id)
    uow.came_at(at)
    return student


def lock_all(uow: UnitOfWork, place: Place) -> Locked:
    """Lock what ``place`` names, in the one order, and read it again under the locks."""
    student = lock_student(uow, place.user_id)
    if place.subscription_id is not None:
        uow.subscriptions.lock_with_courses(place.subscription_id)
    if place.flash_sale_id is not None:
        uow.enrolments.lock_sale(place.flash_sale_id)
    course = None if place.course_id is None else uow.enrolments.lock_course(place.course_id)
    enrolment = None
    if place.enrollment_id is not None:
        enrolment = uow.enrolments.lock(place.enrollment_id)
    return Locked(student, course, enrolment, uow.payments.lock(place.payment_id))


def lock_to_settle(
    uow: UnitOfWork, place: Place, reference: str | None
) -> tuple[Locked, Beforehand | None]:
    """`lock_all` for money that came: the course is locked last, and for a short time.

    What can be looked at before stands in the second part; None where it was not. The sale's
    row is left alone, where all buyers queue, unless its seat was given back.
    """
    course_id, enrollment_id = place.course_id, place.enrollment_id
    if place.subscription_id is not None or course_id is None or enrollment_id is None:
        return lock_all(uow, place), None
    student, at, seen = uow.purchases.open_settling(place, known_as(reference))
    uow.came_at(at)
    if place.flash_sale_id is not None and seen.status is PaymentStatus.FAILED:
        uow.enrolments.lock_sale(place.flash_sale_id)
    found = uow.purchases.lock_three(course_id, enrollment_id, place.payment_id)
    if found is None:
        return lock_all(uow, place), None
    course, enrolment, payment = found
    return Locked(student, course, enrolment, payment), seen


def pending_values(
    uow: UnitOfWork,
    *,
    student_id: int,
    course_id: int,
    existing: EnrolmentFacts | None,
    expires_at: datetime,
    reason: str | None = None,
) -> dict[str, Any]:
    """The pending enrolment whose seat was just claimed: its row, or what changes of it.

    The latter with what it would restore.
    """
    if existing is None:
        return {
            "student_id": student_id,
            "course_id": course_id,
            "status": EnrolmentStatus.PENDING,
            "enrolled_at": uow.now(),
            "hold_expires_at": expires_at,
            "reason": reason,
        }
    # All else stays as it is until the hold is settled, so that giving it back is exact.
    return {
        "status": move_enrolment(existing.status, EnrolmentStatus.PENDING),
        "previous_status": existing.status,
        "previous_enrolled_at": existing.enrolled_at,
        "hold_expires_at": expires_at,
    }


def activate(
    uow: UnitOfWork, enrolment: EnrolmentFacts, source: EnrolmentSource, **values: Any
) -> None:
    """Make a pending, refunded or cancelled enrolment active from now on."""
    changed = _activation(uow, enrolment, source) | values
    uow.enrolments.update(enrolment.enrollment_id, **changed)
    if _has_done_all(enrolment):
        progress.refresh_locked(uow, enrolment.enrollment_id)


def _activation(
    uow: UnitOfWork, enrolment: EnrolmentFacts, source: EnrolmentSource
) -> dict[str, Any]:
    """What belonged to its earlier life goes: the reason it ended, the subscription that had
    opened it.
    """
    return {
        "status": move_enrolment(enrolment.status, EnrolmentStatus.ACTIVE),
        "source": source,
        "subscription_id": None,
        "enrolled_at": uow.now(),
        "completed_at": None,
        "refunded_at": None,
        "cancelled_at": None,
        "hold_expires_at": None,
        "previous_status": None,
        "previous_enrolled_at": None,
        "reason": None,
    }


def _has_done_all(enrolment: EnrolmentFacts) -> bool:
    """Progress stays, so a student who had done every lesson has completed the course."""
    return enrolment.progress_percent >= ALL_DONE


def grant_access(uow: UnitOfWork, student_id: int, course_id: int, months: int | None) -> Grant:
    """Open access for ``months`` more (None: lifetime); return the stretch that was added."""
    grant = _grant(uow.now(), uow.enrolments.find_access(student_id, course_id), months)
    uow.enrolments.open_access(student_id, course_id, grant.until, uow.now())
    return grant


def _grant(now: datetime, access: AccessFacts | None, months: int | None) -> Grant:
    return billing.grant_access(
        now=now,
        current=access.expires_at if access is not None else None,
        months=months,
        is_open=access is not None and access.is_open(now),
    )


@dataclass(frozen=True, slots=True)
class Completed:
    """What a charge's money brought about; ``grant`` is None where its seat is gone for good."""

    payment: PaymentFacts
    grant: Grant | None
    extends: bool
    zone: ZoneInfo


def complete(
    uow: UnitOfWork,
    locked: Locked,
    seen: Beforehand | None = None,
    *,
    reference: str | None,
    success: EventType | None,
    result: Mapping[str, Any],
    last: bool = False,
) -> Completed:
    """Turn the held purchase into a paid one, and store ``result`` under its key.

    The hold of a course that was archived meanwhile still settles. An enrolment that
    became active by another way is extended; one whose hold has ended claims a seat again.
    Without a seat the payment is completed all the same, with a refund due: the money came.
    ``success`` is the event that tells how; None where the balance paid. ``last``: nothing else
    is written in this transaction.
    """
    payment, enrolment, now = locked.payment, locked.enrolment, uow.now()
    assert enrolment is not None
    if seen is None:
        seen = uow.purchases.look_beforehand(payment, enrolment.course_id, known_as(reference))
    events: Events = []
    if success is not None:
        events.append((success, {"reference": reference} if reference else {}))
    grant, changed = None, dict[str, Any]()
    if _take_place(uow, locked):
        grant = _grant(now, seen.access, payment.access_months)
        changed = _opening(uow, enrolment, payment)
        events += _told_opening(enrolment, payment, grant)
    else:
        events.append((EventType.REFUND_DUE, {"reason": "seat_gone"}))
    settled: dict[str, Any] = {
        "status": move_payment(payment.status, PaymentStatus.COMPLETED),
        "processed_at": now,
        # A longer one stands whole in the event; it must not keep the money from being booked.
        "gateway_reference": known_as(reference),
        # What it had failed for, where the money came late.
        "reason_code": None,
        "hold_expires_at": None,
        "next_check_at": None,
        "refund_due": grant is None,
    }
    # Other programs know a payment by its transaction id: the gateway's reference. A bank's
    # may repeat, so a receipt has none, and one that another payment has is left out.
    if success is EventType.PAYMENT_GATEWAY_SUCCESS and reference and not seen.is_reference_taken:
        settled["transaction_id"] = known_as(reference)
    is_done = grant is not None and not enrolment.is_open and _has_done_all(enrolment)
    uow.purchases.settle(
        enrolment=(enrolment.enrollment_id, changed) if changed else None,
        access=None
        if grant is None
        else Opened(
            enrolment.student_id, enrolment.course_id, grant.until, is_first=seen.access is None
        ),
        payment=(payment.payment_id, settled),
        events=events,
        key=None if payment.idempotency_key is None else (payment.idempotency_key, result),
        now=now,
        last=last and not is_done,
    )
    if is_done:
        progress.refresh_locked(uow, enrolment.enrollment_id)
    return Completed(
        replace(payment, status=PaymentStatus.COMPLETED, refund_due=grant is None),
        grant,
        extends=enrolment.is_open,
        zone=seen.zone,
    )


def known_as(reference: str | None) -> str | None:
    """A gateway's or a bank's reference, as long as its column."""
    return reference and reference[:REFERENCE_LENGTH]


def _take_place(uow: UnitOfWork, locked: Locked) -> bool:
    """Whether there is a seat: the one that is held, or one that is claimed again.

    A charge that had failed gave its seats back, the sale's too. A course that takes no new
    enrolments has none, nor has a sale that is sold out.
    """
    payment, enrolment = locked.payment, locked.enrolment
    assert enrolment is not None
    sale_id = payment.flash_sale_id if payment.status is PaymentStatus.FAILED else None
    if sale_id is not None and not uow.enrolments.claim_sale_again(sale_id):
        return False
    if enrolment.holds_a_seat or uow.enrolments.claim_seat(enrolment.course_id):
        return True
    if sale_id is not None:
        uow.enrolments.free_sale_seat(sale_id)
    return False


def _opening(uow: UnitOfWork, enrolment: EnrolmentFacts, payment: PaymentFacts) -> dict[str, Any]:
    """What makes the enrolment active, or carries an active one on."""
    if not enrolment.is_open:
        return _activation(uow, enrolment, EnrolmentSource.PURCHASE) | {"reason": payment.comment}
    if enrolment.source is EnrolmentSource.SUBSCRIPTION:
        # Bought now: the end of the subscription must not end it.
        return {"source": EnrolmentSource.PURCHASE, "subscription_id": None}
    return {}


def _told_opening(enrolment: EnrolmentFacts, payment: PaymentFacts, grant: Grant) -> Events:
    events: Events = []
    if not enrolment.is_open:
        events.append((EventType.ENROLLMENT_CREATED, {"enrollment_id": enrolment.enrollment_id}))
    events.append(
        (
            EventType.ACCESS_EXTENDED if enrolment.is_open else EventType.ACCESS_GRANTED,
            {
                "from": grant.start.isoformat(),
                "until": grant.until.isoformat() if grant.until else None,
            },
        )
    )
    events.append(
        (
            EventType.COMPLETION_CONFIRMED,
            {"enrollment_id": enrolment.enrollment_id, "payment_id": payment.payment_id},
        )
    )
    return events


def give_back(uow: UnitOfWork, locked: Locked, *, reason_code: str, events: Events) -> None:
    """Fail the payment, free its seat and leave the enrolment as it was before the hold.

    A seat that is held for another payment by now is left to that one.
    """
    now, payment, enrolment = uow.now(), locked.payment, locked.enrolment
    if payment.flash_sale_id is not None:
        uow.enrolments.free_sale_seat(payment.flash_sale_id)
    if (
        enrolment is not None
        and enrolment.status is EnrolmentStatus.PENDING
        and uow.payments.holder_of(enrolment.enrollment_id) in (payment.payment_id, None)
    ):
        back = enrolment.previous_status or EnrolmentStatus.CANCELLED
        uow.enrolments.free_seat(enrolment.course_id)
        uow.enrolments.update(
            enrolment.enrollment_id,
            status=move_enrolment(enrolment.status, back),
            enrolled_at=enrolment.previous_enrolled_at or enrolment.enrolled_at,
            hold_expires_at=None,
            previous_status=None,
            previous_enrolled_at=None,
        )
        events.append((EventType.HOLD_RELEASED, {"enrollment_id": enrolment.enrollment_id}))
    uow.payments.update(
        payment.payment_id,
        status=move_payment(payment.status, PaymentStatus.FAILED),
        reason_code=reason_code[:32],
        processed_at=now,
        hold_expires_at=None,
        next_check_at=None,
    )
    events.append((EventType.FAILED, {"reason": reason_code}))
    uow.payments.note(payment.payment_id, events, now)
