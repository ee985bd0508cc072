"""Why something cannot be done with a student or one of their courses now, in a sentence."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from learnhub_desktop.domain.access import AccessState
from learnhub_desktop.domain.enrolments import AccessFacts
from learnhub_desktop.domain.extensions import Extension, decide_extension
from learnhub_desktop.domain.progress import ProgressPlace, StudentCourse, why_no_progress
from learnhub_desktop.domain.states import HOLDS_A_SEAT, UserType
from learnhub_desktop.domain.students import StudentDetail


class Act(StrEnum):
    """What can be done; the pages' actions end in these names."""

    EDIT = "edit"
    ENROL = "enrol"
    DELETE = "delete"
    PAYMENTS = "payments"
    BALANCE = "balance"
    EXTEND = "extend"
    LESSONS = "lessons"
    QUIZ = "quiz"
    MINUTES = "minutes"
    REVIEW = "review"
    CANCEL = "cancel"
    BY_COURSE = "by_course"


# These are about one course of the student.
COURSE_ACTS: Final = (
    *(Act.LESSONS, Act.EXTEND, Act.QUIZ, Act.MINUTES, Act.REVIEW),
    *(Act.CANCEL, Act.BY_COURSE),
)
_DELETED: Final = "This account was deleted."
_LIFETIME: Final = AccessFacts(expires_at=None, ended_at=None)


def why_not(act: Act, detail: StudentDetail, course: StudentCourse | None) -> str:
    """Empty where it is possible, as far as the screen can know; the service has the last word."""
    if act in COURSE_ACTS:
        return _why_not_course(act, detail, course)
    is_deleted = detail.person.deleted_at is not None
    if is_deleted and act in (Act.EDIT, Act.ENROL, Act.BALANCE, Act.DELETE):
        return _DELETED
    if act is Act.BALANCE and detail.person.user_type is not UserType.STUDENT:
        return "Only students have a balance."
    if act is Act.ENROL and detail.person.user_type is not UserType.STUDENT:
        return "Only students are enrolled; teaching and studying take two accounts."
    return ""


def _why_not_course(act: Act, detail: StudentDetail, course: StudentCourse | None) -> str:
    person = detail.person
    if course is None:
        return "No course of a student is selected."
    if act is Act.CANCEL:
        return _why_not_cancel(course)
    if act is Act.BY_COURSE:
        return ""
    if person.deleted_at is not None:
        return _DELETED
    match act:
        case Act.EXTEND:
            return _why_not_extend(course)
        case Act.LESSONS | Act.MINUTES if not course.lessons_total:
            return "The course has no lessons."
        case Act.QUIZ if not course.quizzes:
            return "The course has no quiz."
        case Act.LESSONS | Act.MINUTES | Act.QUIZ:
            return why_no_progress(_place(detail, course))
    return ""


def _why_not_extend(course: StudentCourse) -> str:
    # For life is longer than everything, so what is refused here is refused for every span.
    return decide_extension(
        Extension(lifetime=True),
        enrolment=course.status,
        access=_LIFETIME if course.access.state is AccessState.LIFETIME else None,
        now=datetime.now(UTC),
        zone=UTC,
    ).message


def _why_not_cancel(course: StudentCourse) -> str:
    if course.status not in HOLDS_A_SEAT:
        return "The student is not in the course any more."
    if course.access.payment_id is not None:
        return (
            f"Payment {course.access.payment_id} is not settled yet. "
            "Settle or cancel the payment first."
        )
    return ""


def _place(detail: StudentDetail, course: StudentCourse) -> ProgressPlace:
    return ProgressPlace(
        enrolment_id=course.enrolment_id,
        student_id=detail.person.user_id,
        student_name=detail.person.name,
        student_deleted=detail.person.deleted_at is not None,
        course_id=course.course_id,
        course_title=course.title,
        status=course.status,
        progress_percent=course.progress_percent,
    )
