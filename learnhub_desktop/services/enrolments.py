"""Enrolling by hand, from a list, and cancelling without a refund."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
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
from learnhub_desktop.domain.purchases import PurchasePreview, PurchaseRefusal
from learnhub_desktop.domain.states import (
    CourseStatus,
    EnrolmentSource,
    EnrolmentStatus,
    UserType,
    move_enrolment,
)
from learnhub_desktop.domain.text import check_email, check_text
from learnhub_desktop.errors import DatabaseUnavailable, LearnHubError, NotFound, RuleRefused
from learnhub_desktop.services import holds
from learnhub_desktop.services.holds import AccessEnd
from learnhub_desktop.services.purchase_checks import full_sentence
from learnhub_desktop.services.purchase_words import access_sentence

REASON_LENGTH: Final = 500
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
    if student.deleted_at is not None or student.user_type is not UserType.STUDENT:
        raise RuleRefused(PurchaseRefusal.NO_STUDENT, f"{student.name} is not a student here.")
    course = uow.enrolments.find_course(course_id)
    if course is None:
        raise NotFound(f"There is no course with the number {course_id}.")
    existing = uow.enrolments.find(student_id, course_id)
    _check_free(student, course, existing)
    missing = uow.enrolments.missing_prerequisites(student_id, course_id)
    if missing and not override_prerequisites:
        titles = ", ".join(f"“{title}”" for title in missing)
        raise RuleRefused(
            PurchaseRefusal.PREREQUISITES, f"{student.name} has to complete {titles} first."
        )
    if missing:
        uow.actor.require(Right.OVERRIDE_PREREQUISITES)
    if not uow.enrolments.claim_seat(course_id):
        raise _no_seat(uow.enrolments.lock_course(course_id))
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
    until = holds.grant_access(uow, student_id, course_id, course.access_months)
    return Changes(
        _TOUCHED,
        f"Enrolled {student.name} in “{course.title}” without a payment. "
        f"{access_sentence(until, uow)}",
        subject_id=enrollment_id,
    )


def _check_free(
    student: StudentFacts, course: CourseFacts, existing: EnrolmentFacts | None
) -> None:
    if existing is None or not existing.holds_a_seat:
        return
    if existing.status is EnrolmentStatus.PENDING:
        raise RuleRefused(
            PurchaseRefusal.HELD_ALREADY,
            f"A purchase of “{course.title}” by {student.name} is waiting. Settle it first.",
        )
    raise RuleRefused(
        EnrolRefusal.ENROLLED_ALREADY, f"{student.name} is enrolled in “{course.title}” already."
    )


def _no_seat(course: CourseFacts) -> RuleRefused:
    if course.status is CourseStatus.ACTIVE:
        return RuleRefused(PurchaseRefusal.COURSE_FULL, full_sentence(course))
    state = "archived" if course.status is CourseStatus.ARCHIVED else "a draft"
    return RuleRefused(
        PurchaseRefusal.COURSE_NOT_LIVE,
        f"“{course.title}” is {state} and takes no new enrolments.",
    )


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
        if stopped:
            lines.append(EnrolLine(student.line, student.email, False, stopped))
            continue
        try:
            changes = database.write(
                _enrol_listed,
                student.email,
                course_id=course_id,
                reason=reason,
                override_prerequisites=override_prerequisites,
            )
            lines.append(EnrolLine(student.line, student.email, True, changes.message))
        except DatabaseUnavailable as error:
            stopped = str(error)
            lines.append(EnrolLine(student.line, student.email, False, stopped))
        except LearnHubError as error:
            lines.append(EnrolLine(student.line, student.email, False, str(error)))
        progress(len(lines))
    done = sum(line.done for line in lines)
    changes = Changes(
        _TOUCHED,
        f"Enrolled {done:,} of {len(lines):,} students.",
        subject_id=course_id,
        warning=done < len(lines),
    )
    return EnrolManyReport(tuple(lines), changes)


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
    if enrolment.status is EnrolmentStatus.PENDING:
        raise RuleRefused(
            PurchaseRefusal.HELD_ALREADY,
            f"The purchase of “{course.title}” by {student.name} is not settled yet. "
            "Settle or cancel the payment instead.",
        )
    if not enrolment.is_open:
        raise RuleRefused(
            EnrolRefusal.NOT_ENROLLED, f"{student.name} is not in “{course.title}” any more."
        )
    now = uow.now()
    uow.enrolments.update(
        enrollment_id,
        status=move_enrolment(enrolment.status, EnrolmentStatus.CANCELLED),
        cancelled_at=now,
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
    now = uow.now()
    sale = None if extends else uow.enrolments.find_live_sale(course_id, now)
    access = uow.enrolments.find_access(student_id, course_id)
    is_open = access is not None and access.is_open(now)
    until = billing.access_until(
        now=now,
        current=access.expires_at if access is not None else None,
        months=course.access_months,
        is_open=is_open,
    )
    lifetime = extends and access is not None and is_open and access.expires_at is None
    percent = existing.progress_percent if existing is not None else money.ZERO
    limit = uow.settings.get().refund_progress_percent
    note = ""
    if percent > limit:
        note = (
            f"{student.name} has done {percent:.0f} % of this course. Progress stays, so a refund "
            f"(up to {limit} %) will not be granted."
        )
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
        missing_prerequisites=uow.enrolments.missing_prerequisites(student_id, course_id),
        access_until=until,
        extends=extends,
        refusal=_preview_refusal(uow, student, course, existing, lifetime=lifetime),
        refund_note=note,
        sale_id=sale.sale_id if sale is not None else None,
    )


def _preview_refusal(
    uow: UnitOfWork,
    student: StudentFacts,
    course: CourseFacts,
    existing: EnrolmentFacts | None,
    *,
    lifetime: bool,
) -> str:
    if student.deleted_at is not None:
        return "This account was deleted."
    if course.status is not CourseStatus.ACTIVE:
        return str(_no_seat(course))
    if lifetime:
        return f"{student.name} has lifetime access to “{course.title}” already."
    if existing is not None and existing.status is EnrolmentStatus.PENDING:
        payment = uow.payments.find_open(existing.enrollment_id)
        number = f" (payment {payment.payment_id})" if payment is not None else ""
        return f"A purchase of this course is waiting already{number}. Settle it first."
    if course.seats_left == 0 and not (existing is not None and existing.is_open):
        return full_sentence(course)
    return ""
