"""Courses and what they are made of."""

from __future__ import annotations

import sqlalchemy as sa

from learnhub_desktop.db.migrations.steps import ensure_indexes, ensure_table
from learnhub_desktop.db.migrations.v0001.words import (
    BIG,
    MOMENT,
    MONEY,
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
    _courses()
    _course_tags()
    _lessons()
    _quizzes()
    _quiz_attempts()
    _reviews()
    _course_prerequisites()
    _archived_courses()
    _flash_sales()


def _courses() -> None:
    ensure_table(
        "courses",
        key("course_id"),
        sa.Column("instructor_id", BIG, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("price", MONEY, server_default="0", nullable=False),
        sa.Column("currency", code(3), server_default="", nullable=False),
        sa.Column("thumbnail_url", sa.String(500)),
        sa.Column("level", code(32)),
        sa.Column("status", code(32), server_default="active", nullable=False),
        sa.Column("access_months", sa.Integer(), server_default=sa.text("12")),
        sa.Column("max_students", sa.Integer()),
        sa.Column("enrolled_students", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("total_enrollments", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("rating_sum", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("review_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("avg_rating", PERCENT, server_default="0", nullable=False),
        sa.Column("last_enrollment_date", MOMENT),
        sa.Column("external_id", code(100)),
        sa.Column("search_text", sa.String(480), server_default="", nullable=False),
        sa.Column("created_at", MOMENT, server_default=utc_now(), nullable=False),
        sa.Column("updated_at", MOMENT, server_default=utc_now(), nullable=False),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        primary_key("courses", "course_id"),
        unique("courses", "external_id"),
        reference("courses", "instructor_id", "users.user_id"),
        check("ck_courses_price_not_negative", "price >= 0"),
        check(
            "ck_courses_price_whole", "price IS NULL OR typeof(price) = 'integer'", only="sqlite"
        ),
        check("ck_courses_currency", "LENGTH(currency) = 3"),
        words("courses", "level", "beginner", "intermediate", "advanced"),
        words("courses", "status", "draft", "active", "archived"),
        check("ck_courses_access_months", "access_months IS NULL OR access_months > 0"),
        check("ck_courses_max_students", "max_students IS NULL OR max_students >= 0"),
        check("ck_courses_enrolled_students", "enrolled_students >= 0"),
        check("ck_courses_total_enrollments", "total_enrollments >= 0"),
        check("ck_courses_ratings", "review_count >= 0 AND rating_sum >= 0"),
        check("ck_courses_avg_rating", "avg_rating BETWEEN 0 AND 5", only="mysql"),
        check("ck_courses_avg_rating", "avg_rating BETWEEN 0 AND 500", only="sqlite"),
        check(
            "ck_courses_avg_rating_whole",
            "avg_rating IS NULL OR typeof(avg_rating) = 'integer'",
            only="sqlite",
        ),
    )
    ensure_indexes(
        "courses",
        ("instructor_id", "status"),
        ("title",),
        ("price",),
        ("status", "title"),
        ("status", "total_enrollments"),
        ("enrolled_students",),
        ("avg_rating",),
        ("search_text",),
        ("created_at",),
    )


def _course_tags() -> None:
    ensure_table(
        "course_tags",
        sa.Column("course_id", BIG, nullable=False, autoincrement=False),
        sa.Column("tag", sa.String(50), nullable=False),
        primary_key("course_tags", "course_id", "tag"),
        reference("course_tags", "course_id", "courses.course_id"),
    )
    ensure_indexes(
        "course_tags",
        ("tag", "course_id"),
    )


def _lessons() -> None:
    ensure_table(
        "lessons",
        key("lesson_id"),
        sa.Column("course_id", BIG, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("content", sa.Text()),
        sa.Column("video_url", sa.String(500)),
        sa.Column("duration_minutes", sa.Integer()),
        sa.Column("order_index", sa.Integer()),
        primary_key("lessons", "lesson_id"),
        reference("lessons", "course_id", "courses.course_id"),
        check("ck_lessons_duration_minutes", "duration_minutes IS NULL OR duration_minutes >= 0"),
    )
    ensure_indexes(
        "lessons",
        ("course_id", "order_index"),
    )


def _quizzes() -> None:
    ensure_table(
        "quizzes",
        key("quiz_id"),
        sa.Column("lesson_id", BIG),
        sa.Column("title", sa.String(200)),
        sa.Column("passing_score", sa.Integer()),
        primary_key("quizzes", "quiz_id"),
        reference("quizzes", "lesson_id", "lessons.lesson_id"),
        check("ck_quizzes_passing_score", "passing_score IS NULL OR passing_score >= 0"),
    )
    ensure_indexes(
        "quizzes",
        ("lesson_id",),
    )


def _quiz_attempts() -> None:
    ensure_table(
        "quiz_attempts",
        key("attempt_id"),
        sa.Column("student_id", BIG, nullable=False),
        sa.Column("quiz_id", BIG, nullable=False),
        sa.Column("score", sa.Integer()),
        sa.Column("attempt_date", MOMENT, server_default=utc_now(), nullable=False),
        primary_key("quiz_attempts", "attempt_id"),
        reference("quiz_attempts", "student_id", "users.user_id"),
        reference("quiz_attempts", "quiz_id", "quizzes.quiz_id"),
        check("ck_quiz_attempts_score", "score >= 0"),
    )
    ensure_indexes(
        "quiz_attempts",
        ("student_id", "quiz_id"),
        ("quiz_id",),
    )


def _reviews() -> None:
    ensure_table(
        "reviews",
        key("review_id"),
        sa.Column("student_id", BIG, nullable=False),
        sa.Column("course_id", BIG, nullable=False),
        sa.Column("rating", sa.Integer(), nullable=False),
        sa.Column("comment", sa.Text()),
        sa.Column("created_at", MOMENT, server_default=utc_now(), nullable=False),
        sa.Column("updated_at", MOMENT, server_default=utc_now(), nullable=False),
        primary_key("reviews", "review_id"),
        unique("reviews", "student_id", "course_id"),
        reference("reviews", "student_id", "users.user_id"),
        reference("reviews", "course_id", "courses.course_id"),
        check("ck_reviews_rating", "rating BETWEEN 1 AND 5"),
    )
    ensure_indexes(
        "reviews",
        ("course_id", "rating"),
    )


def _course_prerequisites() -> None:
    ensure_table(
        "course_prerequisites",
        sa.Column("course_id", BIG, nullable=False, autoincrement=False),
        sa.Column("prerequisite_course_id", BIG, nullable=False, autoincrement=False),
        primary_key("course_prerequisites", "course_id", "prerequisite_course_id"),
        reference("course_prerequisites", "course_id", "courses.course_id"),
        reference("course_prerequisites", "prerequisite_course_id", "courses.course_id"),
        check("ck_course_prerequisites_self", "course_id <> prerequisite_course_id"),
    )
    ensure_indexes(
        "course_prerequisites",
        ("prerequisite_course_id",),
    )


def _archived_courses() -> None:
    ensure_table(
        "archived_courses",
        key("archive_id"),
        sa.Column("course_id", BIG),
        sa.Column("course_data", sa.JSON(), nullable=False),
        sa.Column("format_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("archived_at", MOMENT, server_default=utc_now(), nullable=False),
        sa.Column("archived_by", BIG),
        sa.Column("archived_by_account", code(80)),
        sa.Column("reason", sa.Text()),
        sa.Column("restored_at", MOMENT),
        sa.Column("restored_by_account", code(80)),
        primary_key("archived_courses", "archive_id"),
        reference("archived_courses", "course_id", "courses.course_id"),
        reference("archived_courses", "archived_by", "users.user_id"),
    )
    ensure_indexes(
        "archived_courses",
        ("course_id", "archived_at"),
        ("archived_by",),
    )


def _flash_sales() -> None:
    ensure_table(
        "flash_sales",
        key("sale_id"),
        sa.Column("course_id", BIG, nullable=False),
        sa.Column("campaign", sa.String(100)),
        sa.Column("max_seats", sa.Integer(), nullable=False),
        sa.Column("seats_taken", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("discount_price", MONEY, nullable=False),
        sa.Column("currency", code(3), server_default="", nullable=False),
        sa.Column("start_time", MOMENT, nullable=False),
        sa.Column("end_time", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, server_default=utc_now(), nullable=False),
        primary_key("flash_sales", "sale_id"),
        reference("flash_sales", "course_id", "courses.course_id"),
        check("ck_flash_sales_max_seats", "max_seats >= 0"),
        check("ck_flash_sales_seats_taken", "seats_taken BETWEEN 0 AND max_seats"),
        check("ck_flash_sales_discount_price_not_negative", "discount_price >= 0"),
        check(
            "ck_flash_sales_discount_price_whole",
            "discount_price IS NULL OR typeof(discount_price) = 'integer'",
            only="sqlite",
        ),
        check("ck_flash_sales_currency", "LENGTH(currency) = 3"),
        check("ck_flash_sales_times", "end_time >= start_time"),
    )
    ensure_indexes(
        "flash_sales",
        ("course_id", "end_time"),
        ("campaign",),
        ("end_time",),
    )
