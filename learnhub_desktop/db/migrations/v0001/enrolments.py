"""Who is in which course, how far, and until when."""

from __future__ import annotations

import sqlalchemy as sa

from learnhub_desktop.db.migrations.steps import ensure_indexes, ensure_table
from learnhub_desktop.db.migrations.v0001.words import (
    BIG,
    MOMENT,
    PERCENT,
    check,
    code,
    key,
    primary_key,
    reference,
    unique,
    utc_now,
    words,
)


def create() -> None:
    _enrollments()
    _lesson_progress()
    _course_access()


def _enrollments() -> None:
    ensure_table(
        "enrollments",
        key("enrollment_id"),
        sa.Column("student_id", BIG, nullable=False),
        sa.Column("course_id", BIG, nullable=False),
        sa.Column("status", code(32), server_default="active", nullable=False),
        sa.Column("source", code(32), server_default="purchase", nullable=False),
        sa.Column("subscription_id", BIG),
        sa.Column("enrolled_at", MOMENT, server_default=utc_now(), nullable=False),
        sa.Column("activated_at", MOMENT),
        sa.Column("completed_at", MOMENT),
        sa.Column("refunded_at", MOMENT),
        sa.Column("cancelled_at", MOMENT),
        sa.Column("hold_expires_at", MOMENT),
        sa.Column("progress_percentage", PERCENT, server_default="0", nullable=False),
        sa.Column("progress_stale", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_activity_at", MOMENT),
        sa.Column("previous_status", code(32)),
        sa.Column("previous_enrolled_at", MOMENT),
        sa.Column("reason", sa.String(500)),
        sa.Column("updated_at", MOMENT, server_default=utc_now(), nullable=False),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        primary_key("enrollments", "enrollment_id"),
        unique("enrollments", "student_id", "course_id"),
        reference("enrollments", "student_id", "users.user_id"),
        reference("enrollments", "course_id", "courses.course_id"),
        words("enrollments", "status", "pending", "active", "completed", "refunded", "cancelled"),
        words("enrollments", "source", "purchase", "staff", "subscription", "free"),
        check(
            "ck_enrollments_progress_percentage",
            "progress_percentage BETWEEN 0 AND 100",
            only="mysql",
        ),
        check(
            "ck_enrollments_progress_percentage",
            "progress_percentage BETWEEN 0 AND 10000",
            only="sqlite",
        ),
        check(
            "ck_enrollments_progress_percentage_whole",
            "progress_percentage IS NULL OR typeof(progress_percentage) = 'integer'",
            only="sqlite",
        ),
        check("ck_enrollments_progress_stale", "progress_stale IN (0, 1)"),
        words(
            "enrollments",
            "previous_status",
            "pending",
            "active",
            "completed",
            "refunded",
            "cancelled",
        ),
    )
    ensure_indexes(
        "enrollments",
        ("student_id", "status"),
        ("course_id", "status", "student_id"),
        ("course_id", "progress_percentage"),
        ("course_id", "last_activity_at"),
        ("status", "hold_expires_at"),
        ("subscription_id",),
        ("enrolled_at",),
    )


def _lesson_progress() -> None:
    ensure_table(
        "lesson_progress",
        key("progress_id"),
        sa.Column("student_id", BIG, nullable=False),
        sa.Column("lesson_id", BIG, nullable=False),
        sa.Column("completed", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("completed_at", MOMENT),
        sa.Column("time_spent_minutes", sa.Integer(), server_default=sa.text("0"), nullable=False),
        primary_key("lesson_progress", "progress_id"),
        unique("lesson_progress", "student_id", "lesson_id"),
        reference("lesson_progress", "student_id", "users.user_id"),
        reference("lesson_progress", "lesson_id", "lessons.lesson_id"),
        check("ck_lesson_progress_completed", "completed IN (0, 1)"),
        check("ck_lesson_progress_time_spent_minutes", "time_spent_minutes >= 0"),
    )
    ensure_indexes(
        "lesson_progress",
        ("lesson_id", "completed", "student_id"),
        ("completed", "completed_at"),
    )


def _course_access() -> None:
    ensure_table(
        "course_access",
        sa.Column("student_id", BIG, nullable=False, autoincrement=False),
        sa.Column("course_id", BIG, nullable=False, autoincrement=False),
        sa.Column("access_expires_at", MOMENT),
        sa.Column("granted_at", MOMENT, server_default=utc_now(), nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("end_reason", code(32)),
        sa.Column("reason", sa.String(500)),
        sa.Column("updated_at", MOMENT, server_default=utc_now(), nullable=False),
        primary_key("course_access", "student_id", "course_id"),
        reference("course_access", "student_id", "users.user_id"),
        reference("course_access", "course_id", "courses.course_id"),
    )
    ensure_indexes(
        "course_access",
        ("course_id",),
        ("access_expires_at",),
    )
