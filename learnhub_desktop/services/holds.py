"""Seats and access behind a payment: held, turned into an enrolment, or given back.

Every function here runs inside the transaction of a service that holds the locks: student,
then course, then enrolment, then payment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain import billing
from learnhub_desktop.domain.enrolments import CourseFacts, EnrolmentFacts, StudentFacts
from learnhub_desktop.domain.settlement import PaymentFacts, Place
from learnhub_desktop.domain.states import (
    EnrolmentSource,
    EnrolmentStatus,
    EventType,
    PaymentStatus,
    move_enrolment,
    move_payment,
)


class AccessEnd(StrEnum):
    """Why access ended, as `course_access.end_reason` keeps it."""

    REFUNDED = "refunded"
    CANCELLED = "cancelled"
    SUBSCRIPTION = "subscription_ended"


@dataclass(frozen=True, slots=True)
class Locked:
    """The rows of one payment, locked in order. A course or enrolment may be missing."""

    student: StudentFacts
    course: CourseFacts | None
    enrolment: EnrolmentFacts | None
    payment: PaymentFacts


def lock_all(uow: UnitOfWork, place: Place) -> Locked:
    """Lock what ``place`` names, in the one order, and read it again under the locks."""
    student = uow.enrolments.lock_student(place.user_id)
    if place.subscription_id is not None:
        uow.subscriptions.lock_with_courses(place.subscription_id)
    if place.flash_sale_id is not None:
        uow.enrolments.lock_sale(place.flash_sale_id)
    course = None if place.course_id is None else uow.enrolments.lock_course(place.course_id)
    enrolment = None
    if place.enrollment_id is not None:
        enrolment = uow.enrolments.lock(place.enrollment_id)
    return Locked(student, course, enrolment, uow.payments.lock(place.payment_id))


def hold_enrolment(
    uow: UnitOfWork,
    *,
    student_id: int,
    course_id: int,
    existing: EnrolmentFacts | None,
    expires_at: datetime,
    reason: str | None = None,
) -> int:
    """Write the pending enrolment whose seat was just claimed, and what it would restore."""
    if existing is None:
        return uow.enrolments.add(
            student_id=student_id,
            course_id=course_id,
            status=EnrolmentStatus.PENDING,
            enrolled_at=uow.now(),
            hold_expires_at=expires_at,
            reason=reason,
        )
    uow.enrolments.update(
        existing.enrollment_id,
        status=move_enrolment(existing.status, EnrolmentStatus.PENDING),
        previous_status=existing.status,
        previous_enrolled_at=existing.enrolled_at,
        hold_expires_at=expires_at,
        reason=reason,
    )
    return existing.enrollment_id


def activate(
    uow: UnitOfWork, enrolment: EnrolmentFacts, source: EnrolmentSource, **values: Any
) -> None:
    """Make a pending, refunded or cancelled enrolment active from now on."""
    uow.enrolments.update(
        enrolment.enrollment_id,
        status=move_enrolment(enrolment.status, EnrolmentStatus.ACTIVE),
        source=source,
        enrolled_at=uow.now(),
        completed_at=None,
        refunded_at=None,
        cancelled_at=None,
        hold_expires_at=None,
        previous_status=None,
        previous_enrolled_at=None,
        **values,
    )


def grant_access(
    uow: UnitOfWork, student_id: int, course_id: int, months: int | None
) -> datetime | None:
    """Open access for ``months`` more (None: lifetime); return its end."""
    now = uow.now()
    access = uow.enrolments.find_access(student_id, course_id)
    is_open = access is not None and access.is_open(now)
    until = billing.access_until(
        now=now,
        current=access.expires_at if access is not None else None,
        months=months,
        is_open=is_open,
    )
    uow.enrolments.open_access(student_id, course_id, until, now)
    return until


def complete(uow: UnitOfWork, locked: Locked, *, reference: str | None, success: EventType) -> bool:
    """Turn the held purchase into a paid one; False where its seat is gone for good.

    The hold of a course that was archived meanwhile still settles. An enrolment that
    became active by another way is extended; one whose hold has ended claims a seat again.
    Without a seat the payment is completed all the same, with a refund due: the money came.
    """
    now, payment, enrolment = uow.now(), locked.payment, locked.enrolment
    events: list[tuple[EventType, dict[str, Any]]] = [
        (success, {"reference": reference} if reference else {})
    ]
    assert locked.course is not None and enrolment is not None
    course_id, student_id = locked.course.course_id, locked.student.user_id
    extends = enrolment.is_open
    kept = extends or enrolment.status is EnrolmentStatus.PENDING
    if not kept:
        kept = uow.enrolments.claim_seat(course_id, live_only=False)
    if kept:
        if not extends:
            activate(uow, enrolment, EnrolmentSource.PURCHASE)
            events.append(
                (EventType.ENROLLMENT_CREATED, {"enrollment_id": enrolment.enrollment_id})
            )
        until = grant_access(uow, student_id, course_id, payment.access_months)
        access = EventType.ACCESS_EXTENDED if extends else EventType.ACCESS_GRANTED
        events.append((access, {"until": until.isoformat() if until else None}))
        events.append(
            (
                EventType.COMPLETION_CONFIRMED,
                {"enrollment_id": enrolment.enrollment_id, "payment_id": payment.payment_id},
            )
        )
    else:
        events.append((EventType.REFUND_DUE, {"reason": "seat_gone"}))
    uow.payments.update(
        payment.payment_id,
        status=move_payment(payment.status, PaymentStatus.COMPLETED),
        processed_at=now,
        gateway_reference=reference,
        # Other programs know a payment by its transaction id; a bank's reference may repeat.
        **({"transaction_id": reference} if success is EventType.PAYMENT_GATEWAY_SUCCESS else {}),
        hold_expires_at=None,
        next_check_at=None,
        refund_due=not kept,
    )
    uow.payments.note(payment.payment_id, events, now)
    return kept


def give_back(
    uow: UnitOfWork,
    locked: Locked,
    *,
    reason_code: str,
    events: list[tuple[EventType, dict[str, Any]]],
) -> None:
    """Fail the payment, free its seat and leave the enrolment as it was before the hold."""
    now, payment, enrolment = uow.now(), locked.payment, locked.enrolment
    if enrolment is not None and enrolment.status is EnrolmentStatus.PENDING:
        back = enrolment.previous_status or EnrolmentStatus.CANCELLED
        uow.enrolments.free_seat(enrolment.course_id)
        if payment.flash_sale_id is not None:
            uow.enrolments.free_sale_seat(payment.flash_sale_id)
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
