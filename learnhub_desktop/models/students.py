"""Columns of the students, and of who is in a course; the tones and words of their states."""

from __future__ import annotations

from typing import Final

from learnhub_desktop.domain.access import AccessState
from learnhub_desktop.domain.progress import QuizResult, status_words
from learnhub_desktop.domain.states import EnrolmentStatus, UserType
from learnhub_desktop.domain.students import EnrolmentRow, StudentRow
from learnhub_desktop.models import formats
from learnhub_desktop.models.columns import Column, Kind, Tone
from learnhub_desktop.models.countries import country_name

ENROLMENT_TONES: Final = {
    EnrolmentStatus.PENDING: Tone.WARN,
    EnrolmentStatus.ACTIVE: Tone.INFO,
    EnrolmentStatus.COMPLETED: Tone.GOOD,
    EnrolmentStatus.REFUNDED: Tone.IDLE,
    EnrolmentStatus.CANCELLED: Tone.IDLE,
}


ACCESS_TONES: Final = {
    AccessState.OPEN: Tone.GOOD,
    AccessState.LIFETIME: Tone.GOOD,
    AccessState.NEVER_ENROLLED: Tone.IDLE,
    AccessState.WAITING_FOR_PAYMENT: Tone.WARN,
    AccessState.WAITING_FOR_VERIFICATION: Tone.WARN,
    AccessState.PAYMENT_UNKNOWN: Tone.WARN,
    AccessState.HOLD_RAN_OUT: Tone.WARN,
    AccessState.PAYMENT_FAILED: Tone.BAD,
    AccessState.REFUNDED: Tone.IDLE,
    AccessState.CANCELLED: Tone.IDLE,
    AccessState.EXPIRED: Tone.IDLE,
    AccessState.SUBSCRIPTION_ENDED: Tone.IDLE,
    AccessState.NOT_GRANTED: Tone.WARN,
    AccessState.ACCOUNT_DELETED: Tone.IDLE,
}
TYPE_WORDS: Final = {
    UserType.STUDENT: "Student",
    UserType.INSTRUCTOR: "Instructor",
    UserType.ADMIN: "Administrator",
}


def standing(status: EnrolmentStatus, lessons_done: int) -> tuple[str, Tone]:
    """``not started``, ``under way``, ``completed`` …, and what it means."""
    is_untouched = status is EnrolmentStatus.ACTIVE and not lessons_done
    tone = Tone.IDLE if is_untouched else ENROLMENT_TONES[status]
    return status_words(status, lessons_done), tone


def quiz_result(quiz: QuizResult) -> tuple[str, Tone]:
    """``85, passed``, ``55 of 60, not passed``, ``not tried``; and what it means."""
    if quiz.best_score is None:
        return "not tried", Tone.IDLE
    if quiz.is_passed:
        return f"{quiz.best_score:,}, passed", Tone.GOOD
    if quiz.is_passed is None:
        return f"{quiz.best_score:,}", Tone.IDLE
    return f"{quiz.best_score:,} of {quiz.passing_score:,}, not passed", Tone.WARN


def _courses_text(row: StudentRow) -> str:
    if row.enrolment_count == 0:
        return "none"
    return f"{row.completed_count} of {row.active_count + row.completed_count} done"


STUDENT_COLUMNS: Final[tuple[Column[StudentRow], ...]] = (
    Column(key="name", title="Name", value=lambda row: row.name, width=160, grow=2),
    Column(key="email", title="E-mail", value=lambda row: row.email, width=210, grow=2),
    Column(
        key="courses",
        title="Courses",
        value=lambda row: row.enrolment_count,
        text=_courses_text,
        tooltip=lambda row: formats.counted(row.enrolment_count, "enrolment", "enrolments"),
        width=110,
    ),
    Column(
        key="progress",
        title="Progress",
        value=lambda row: row.progress_percent,
        kind=Kind.PERCENT_BAR,
        width=150,
    ),
    Column(
        key="last_activity",
        title="Last activity",
        value=lambda row: row.last_activity_at,
        kind=Kind.MOMENT,
        width=116,
    ),
    Column(
        key="country",
        title="Country",
        value=lambda row: row.country,
        text=lambda row: country_name(row.country) if row.country else formats.NOTHING,
        width=120,
        hidden=True,
    ),
    Column(
        key="type",
        title="Account type",
        value=lambda row: row.user_type,
        text=lambda row: TYPE_WORDS[row.user_type],
        width=110,
        hidden=True,
    ),
    Column(
        key="balance",
        title="Balance",
        value=lambda row: row.balance,
        kind=Kind.MONEY,
        currency=lambda row: row.balance_currency,
        hidden=True,
    ),
    Column(
        key="created",
        title="Since",
        value=lambda row: row.created_at,
        kind=Kind.MOMENT,
        hidden=True,
    ),
    Column(
        key="id",
        title="No.",
        value=lambda row: row.user_id,
        kind=Kind.NUMBER,
        text=lambda row: str(row.user_id),
        width=70,
        hidden=True,
    ),
)


def _lessons_text(row: EnrolmentRow) -> str:
    return f"{row.lessons_done} / {row.lessons_total}"


COURSE_STUDENT_COLUMNS: Final[tuple[Column[EnrolmentRow], ...]] = (
    Column(key="student", title="Student", value=lambda row: row.student_name, width=150, grow=2),
    Column(
        key="email",
        title="E-mail",
        value=lambda row: row.student_email,
        width=210,
        grow=2,
        hidden=True,
    ),
    Column(
        key="progress",
        title="Progress",
        value=lambda row: row.progress_percent,
        kind=Kind.PERCENT_BAR,
        width=140,
    ),
    Column(
        key="lessons",
        title="Lessons",
        value=lambda row: row.lessons_done,
        kind=Kind.NUMBER,
        text=_lessons_text,
        sortable=False,
        width=84,
    ),
    Column(
        key="status",
        title="Status",
        value=lambda row: row.status,
        kind=Kind.BADGE,
        text=lambda row: standing(row.status, row.lessons_done)[0],
        tone=lambda row: standing(row.status, row.lessons_done)[1],
        width=150,
    ),
    Column(
        key="last_activity",
        title="Last activity",
        value=lambda row: row.last_activity_at,
        kind=Kind.MOMENT,
        width=116,
    ),
    Column(
        key="enrolled",
        title="Enrolled",
        value=lambda row: row.enrolled_at,
        kind=Kind.MOMENT,
        width=116,
    ),
)
