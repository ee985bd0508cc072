"""Columns of the students, and of who is in a course."""

from __future__ import annotations

from typing import Final

from learnhub_desktop.domain.states import EnrolmentStatus, say
from learnhub_desktop.domain.students import EnrolmentRow, StudentRow
from learnhub_desktop.models import formats
from learnhub_desktop.models.columns import Column, Kind, Tone

ENROLMENT_TONES: Final = {
    EnrolmentStatus.PENDING: Tone.WARN,
    EnrolmentStatus.ACTIVE: Tone.INFO,
    EnrolmentStatus.COMPLETED: Tone.GOOD,
    EnrolmentStatus.REFUNDED: Tone.IDLE,
    EnrolmentStatus.CANCELLED: Tone.IDLE,
}


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
        width=84,
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
        text=lambda row: say(row.status),
        tone=lambda row: ENROLMENT_TONES[row.status],
        width=110,
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
