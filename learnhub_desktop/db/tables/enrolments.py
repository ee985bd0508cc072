"""Who is in which course, how far, and until when."""

from __future__ import annotations

from typing import Final

from sqlalchemy import CheckConstraint, Column, Index, Integer, String, UniqueConstraint, text

from learnhub_desktop.db.tables.base import key, loose, ref, table
from learnhub_desktop.db.types import choice, code, flag, moment, percent
from learnhub_desktop.domain.states import EnrolmentSource, EnrolmentStatus

enrollments: Final = table(
    "enrollments",
    key("enrollment_id"),
    ref("student_id", "users.user_id"),
    ref("course_id", "courses.course_id"),
    choice("status", EnrolmentStatus, default=EnrolmentStatus.ACTIVE),
    choice("source", EnrolmentSource, default=EnrolmentSource.PURCHASE),
    loose("subscription_id"),
    moment("enrolled_at", nullable=False, now=True),
    moment("activated_at"),
    moment("completed_at"),
    moment("refunded_at"),
    moment("cancelled_at"),
    moment("hold_expires_at"),
    percent("progress_percentage", highest=100),
    flag("progress_stale"),
    moment("last_activity_at"),
    # What a declined or expired hold restores; NULL for a student who was never in the course.
    choice("previous_status", EnrolmentStatus, nullable=True),
    moment("previous_enrolled_at"),
    Column("reason", String(500)),
    moment("updated_at", nullable=False, now=True),
    Column("row_version", Integer, nullable=False, server_default=text("1")),
    UniqueConstraint("student_id", "course_id"),
    Index(None, "course_id", "status", "student_id"),
    Index(None, "student_id", "status"),
    Index(None, "status", "hold_expires_at"),
    Index(None, "enrolled_at"),
    Index(None, "course_id", "last_activity_at"),
    Index(None, "course_id", "progress_percentage"),
    Index(None, "subscription_id"),
)

lesson_progress: Final = table(
    "lesson_progress",
    key("progress_id"),
    ref("student_id", "users.user_id"),
    ref("lesson_id", "lessons.lesson_id"),
    flag("completed"),
    moment("completed_at"),
    Column("time_spent_minutes", Integer, nullable=False, server_default=text("0")),
    CheckConstraint("time_spent_minutes >= 0", "time_spent_minutes"),
    UniqueConstraint("student_id", "lesson_id"),
    Index(None, "lesson_id", "completed", "student_id"),
    Index(None, "completed", "completed_at"),
)

course_access: Final = table(
    "course_access",
    ref("student_id", "users.user_id", primary_key=True),
    ref("course_id", "courses.course_id", primary_key=True),
    # NULL is lifetime access; other programs read only this column.
    moment("access_expires_at"),
    moment("granted_at", nullable=False, now=True),
    moment("ended_at"),
    Column("end_reason", code(32)),
    Column("reason", String(500)),
    moment("updated_at", nullable=False, now=True),
    Index(None, "course_id"),
    Index(None, "access_expires_at"),
)
