"""Enrolling by hand, from a list, and cancelling without a refund."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain import billing, money
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.changes import Changes, Touched
from learnhub_desktop.domain.enrolments import (
    CourseFacts,
    EnrolLine,
    EnrolManyReport,
    EnrolmentFacts,
    StudentFacts,
)
from learnhub_desktop.domain.progress import say_percent
from learnhub_desktop.domain.purchases import PurchasePreview, PurchaseRefusal
from learnhub_desktop.domain.situations import AccessEnd
from learnhub_desktop.domain.states import (
    EnrolmentSource,
    EnrolmentStatus,
    move_enrolment,
)
from learnhub_desktop.domain.text import check_email, check_text
from learnhub_desktop.errors import (
    LearnHubError,
    NotFound,
    OutcomeUnknown,
    RuleRefused,
    is_lost,
)
from learnhub_desktop.services import holds
from learnhub_desktop.services import purchase_checks as checks
from learnhub_desktop.services.purchase_checks import REASON_LENGTH
from learnhub_desktop.services.purchase_words import access_sentence

_TOUCHED: Final = Touched.CATALOG | Touched.STUDENTS | Touched.ENROLMENTS


class EnrolRefusal(StrEnum):
    ENROLLED_ALREADY = "enrolled_already"
    NOT_ENROLLED = "not_enrolled"


@dataclass(frozen=True, slots=True)
class ListedStudent:
    """One line of a pasted list."""

    line: int
    email: str


def enrol_by_hand(
    uow: UnitOfWork,
    *,
    student_id: int,
    course_id: int,
    reason: str,
    override_prerequisites: bool = False,
) -> Changes:
    """Enrol without a payment, with a reason. It claims a seat like any other enrolment."""
    uow.actor.require(Right.ENROL)
    reason = check_text(reason, field="reason", label="The reason", longest=REASON_LENGTH)
    student = uow.enrolments.lock_student(student_id)
    course = uow.enrolments.find_course(course_id)
    if course is None:
        raise NotFound(f"There is no course with the number {course_id}.")
    existing = uow.enrolments.find(student_id, course_id)
    refused = (
        checks.not_a_student(student)
        or checks.waiting_already(uow, existing)
        or _enrolled_already(student, course, existing)
        or checks.not_live(course)
    )
    if refused is not None:
        raise refused
    _check_prerequisites(uow, student, course, override=override_prerequisites)
    _claim_seat(uow, course_id)
    now = uow.now()
    if existing is None:
        enrollment_id = uow.enrolments.add(
            student_id=student_id,
            course_id=course_id,
            status=EnrolmentStatus.ACTIVE,
            source=EnrolmentSource.STAFF,
            enrolled_at=now,
            reason=reason,
        )
    else:
        enrollment_id = existing.enrollment_id
        holds.activate(uow, existing, EnrolmentSource.STAFF, reason=reason)
    grant = holds.grant_access(uow, student_id, course_id, course.access_months)
    return Changes(
        _TOUCHED,
        f"Enrolled {student.name} in “{course.title}” without a payment. "
        f"{access_sentence(grant.until, uow)}",
        subject_id=enrollment_id,
    )


def _enrolled_already(
    student: StudentFacts, course: CourseFacts, existing: EnrolmentFacts | None
) -> RuleRefused | None:
    if existing is None or not existing.is_open:
        return None
    return RuleRefused(
        EnrolRefusal.ENROLLED_ALREADY, f"{student.name} is enrolled in “{course.title}” already."
    )


def _check_prerequisites(
    uow: UnitOfWork, student: StudentFacts, course: CourseFacts, *, override: bool
) -> None:
    missing = uow.enrolments.missing_prerequisites(student.user_id, course.course_id)
    if not missing:
        return
    if not override:
        raise RuleRefused(
            PurchaseRefusal.PREREQUISITES,
            f"{student.name} has to complete {checks.listed(missing)} first.",
        )
    uow.actor.require(Right.OVERRIDE_PREREQUISITES)


def _claim_seat(uow: UnitOfWork, course_id: int) -> None:
    if uow.enrolments.claim_seat(course_id):
        return
    course = uow.enrolments.lock_course(course_id)
    refused = checks.not_live(course)
    # Under the lock the answer is final: a seat may have been freed before it.
    if refused is None and not uow.enrolments.claim_seat(course_id):
        refused = checks.full(course)
    if refused is not None:
        raise refused


def enrol_many(
    database: Database,
    students: Iterable[ListedStudent],
    *,
    course_id: int,
    reason: str,
    override_prerequisites: bool = False,
    progress: Callable[[int], None] = lambda done: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> EnrolManyReport:
    """Enrol a list by hand: one transaction and one line of result a student.

    What is refused for one stops no other. ``progress`` is told how many lines are done;
    once ``is_cancelled`` says so, the rest is left out and reported as such.
    """
    lines: list[EnrolLine] = []
    stopped = ""
    for student in students:
        if not stopped and is_cancelled():
            stopped = "Stopped before this line."
        try:
            if stopped:
                raise _LeftOut(stopped)
            changes = _enrol_line(
                database, student.email, course_id, reason, override_prerequisites
            )
            lines.append(EnrolLine(student.line, student.email, True, changes.message))
        except LearnHubError as error:
            lines.append(EnrolLine(student.line, student.email, False, str(error)))
            if is_lost(error):
                stopped = "Left out, because the database could not be reached any more."
        progress(len(lines))
    done = sum(line.done for line in lines)
    changes = Changes(
        _TOUCHED,
        f"Enrolled {done:,} of {len(lines):,} students.",
        subject_id=course_id,
        warning=done < len(lines),
    )
    return EnrolManyReport(tuple(lines), changes)


class _LeftOut(LearnHubError):
    """A line after the last one that was tried."""


def _enrol_line(
    database: Database, email: str, course_id: int, reason: str, override_prerequisites: bool
) -> Changes:
    """Enrol one of a list; where the answer to COMMIT was lost, look whether it was kept."""
    lost = False
    while True:
        try:
            return database.write(
                _enrol_listed,
                email,
                course_id=course_id,
                reason=reason,
                override_prerequisites=override_prerequisites,
            )
        except OutcomeUnknown:
            if lost:
                raise
            lost = True
        except RuleRefused as error:
            if not lost or error.reason is not EnrolRefusal.ENROLLED_ALREADY:
                raise
            return Changes(_TOUCHED, str(error).replace(" already.", "."))


def _enrol_listed(
    uow: UnitOfWork, email: str, *, course_id: int, reason: str, override_prerequisites: bool
) -> Changes:
    student = uow.enrolments.find_student_by_email(check_email(email))
    if student is None:
        raise NotFound(f"There is no student with the address {email.strip()[:80]}.")
    return enrol_by_hand(
        uow,
        student_id=student.user_id,
        course_id=course_id,
        reason=reason,
        override_prerequisites=override_prerequisites,
    )


def cancel_enrolment(uow: UnitOfWork, enrollment_id: int, *, reason: str) -> Changes:
    """End an enrolment without a refund: access ends, the seat is free, the payment stays."""
    uow.actor.require(Right.ENROL)
    reason = check_text(reason, field="reason", label="The reason", longest=REASON_LENGTH)
    seen = uow.enrolments.get(enrollment_id)
    student = uow.enrolments.lock_student(seen.student_id)
    course = uow.enrolments.lock_course(seen.course_id)
    enrolment = uow.enrolments.lock(enrollment_id)
    waiting = uow.payments.find_open(enrollment_id)
    if waiting is not None:
        raise RuleRefused(
            PurchaseRefusal.HELD_ALREADY,
            f"A purchase of “{course.title}” by {student.name} is not settled yet "
            f"(payment {waiting.payment_id}). Settle or cancel the payment first.",
        )
    if not enrolment.holds_a_seat:
        raise RuleRefused(
            EnrolRefusal.NOT_ENROLLED, f"{student.name} is not in “{course.title}” any more."
        )
    now = uow.now()
    uow.enrolments.update(
        enrollment_id,
        status=move_enrolment(enrolment.status, EnrolmentStatus.CANCELLED),
        cancelled_at=now,
        hold_expires_at=None,
        reason=reason,
    )
    uow.enrolments.end_access(student.user_id, course.course_id, AccessEnd.CANCELLED, now)
    uow.enrolments.free_seat(course.course_id)
    return Changes(
        _TOUCHED,
        f"Cancelled {student.name}'s enrolment in “{course.title}”. Access has ended and the "
        "seat is free; no money went back.",
        subject_id=enrollment_id,
    )


def preview(uow: UnitOfWork, student_id: int, course_id: int) -> PurchasePreview:
    """What the enrolment dialog shows before its button, for one student and one course."""
    uow.actor.require(Right.ENROL)
    student = uow.enrolments.find_student(student_id)
    course = uow.enrolments.find_course(course_id)
    if student is None or course is None:
        raise NotFound("This student or course is gone. Reload and try again.")
    existing = uow.enrolments.find(student_id, course_id)
    extends = existing is not None and existing.is_open
    sale = None if extends else uow.enrolments.find_live_sale(course_id, uow.now())
    refused = checks.why_not(uow, student, course, existing)
    if refused is None and course.seats_left == 0 and not extends:
        refused = checks.full(course)
    percent = existing.progress_percent if existing is not None else money.ZERO
    return PurchasePreview(
        student_id=student_id,
        student_name=student.name,
        course_id=course_id,
        course_title=course.title,
        price=sale.price if sale is not None else course.price,
        currency=sale.currency if sale is not None else course.currency,
        balance=student.balance,
        balance_currency=student.balance_currency,
        seats_left=course.seats_left,
        enrolment=existing.status if existing is not None else None,
        progress_percent=percent,
        missing_prerequisites=()
        if extends
        else uow.enrolments.missing_prerequisites(student_id, course_id),
        access_until=_access_until(uow, student_id, course),
        extends=extends,
        refusal="" if refused is None else str(refused),
        refund_note=_refund_note(student, percent, uow.settings.get().refund_progress_percent),
        sale_id=sale.sale_id if sale is not None else None,
    )


def _access_until(uow: UnitOfWork, student_id: int, course: CourseFacts) -> datetime | None:
    now = uow.now()
    access = uow.enrolments.find_access(student_id, course.course_id)
    return billing.access_until(
        now=now,
        current=access.expires_at if access is not None else None,
        months=course.access_months,
        is_open=access is not None and access.is_open(now),
    )


def _refund_note(student: StudentFacts, percent: Decimal, limit: int) -> str:
    """What progress that stays means for a refund; empty where it means nothing."""
    if percent <= limit:
        return ""
    return (
        f"{student.name} has done {say_percent(percent)} of this course. Progress stays, so a "
        f"refund (granted up to {limit} %) will be refused."
    )
