"""Courses and what they are made of."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)

from learnhub_desktop.db.tables.base import key, ref, table
from learnhub_desktop.db.types import amount, choice, code, currency, moment, percent
from learnhub_desktop.domain.states import CourseStatus, Level
from learnhub_desktop.domain.text import SEARCH_LENGTH, TAG_LENGTH, TITLE_LENGTH

courses: Final = table(
    "courses",
    key("course_id"),
    ref("instructor_id", "users.user_id"),
    Column("title", String(TITLE_LENGTH), nullable=False),
    Column("description", Text),
    amount("price", default="0"),
    currency(),
    Column("thumbnail_url", String(500)),
    choice("level", Level, nullable=True),
    # Active by default: other programs insert courses without naming a status.
    choice("status", CourseStatus, default=CourseStatus.ACTIVE),
    Column("access_months", Integer, nullable=True, server_default=text("12")),
    Column("max_students", Integer),
    Column("enrolled_students", Integer, nullable=False, server_default=text("0")),
    Column("total_enrollments", Integer, nullable=False, server_default=text("0")),
    Column("rating_sum", Integer, nullable=False, server_default=text("0")),
    Column("review_count", Integer, nullable=False, server_default=text("0")),
    percent("avg_rating", highest=5),
    moment("last_enrollment_date"),
    Column("external_id", code(100), unique=True),
    Column("search_text", String(SEARCH_LENGTH), nullable=False, server_default=""),
    moment("created_at", nullable=False, now=True),
    moment("updated_at", nullable=False, now=True),
    Column("row_version", Integer, nullable=False, server_default=text("1")),
    CheckConstraint("access_months IS NULL OR access_months > 0", "access_months"),
    CheckConstraint("max_students IS NULL OR max_students >= 0", "max_students"),
    CheckConstraint("enrolled_students >= 0", "enrolled_students"),
    CheckConstraint("total_enrollments >= 0", "total_enrollments"),
    CheckConstraint("review_count >= 0 AND rating_sum >= 0", "ratings"),
    Index(None, "instructor_id", "status"),
    Index(None, "status", "title"),
    Index(None, "status", "total_enrollments"),
    Index(None, "title"),
    Index(None, "search_text"),
    Index(None, "price"),
    Index(None, "enrolled_students"),
    Index(None, "avg_rating"),
    Index(None, "created_at"),
)

course_tags: Final = table(
    "course_tags",
    ref("course_id", "courses.course_id", primary_key=True),
    Column("tag", String(TAG_LENGTH), primary_key=True),
    Index(None, "tag", "course_id"),
)

lessons: Final = table(
    "lessons",
    key("lesson_id"),
    ref("course_id", "courses.course_id"),
    Column("title", String(TITLE_LENGTH), nullable=False),
    Column("content", Text),
    Column("video_url", String(500)),
    Column("duration_minutes", Integer),
    Column("order_index", Integer),
    CheckConstraint("duration_minutes IS NULL OR duration_minutes >= 0", "duration_minutes"),
    Index(None, "course_id", "order_index"),
)

quizzes: Final = table(
    "quizzes",
    key("quiz_id"),
    ref("lesson_id", "lessons.lesson_id", nullable=True),
    Column("title", String(TITLE_LENGTH)),
    Column("passing_score", Integer),
    CheckConstraint("passing_score IS NULL OR passing_score >= 0", "passing_score"),
    Index(None, "lesson_id"),
)

quiz_attempts: Final = table(
    "quiz_attempts",
    key("attempt_id"),
    ref("student_id", "users.user_id"),
    ref("quiz_id", "quizzes.quiz_id"),
    Column("score", Integer),
    moment("attempt_date", nullable=False, now=True),
    CheckConstraint("score >= 0", "score"),
    Index(None, "student_id", "quiz_id"),
    Index(None, "quiz_id"),
)

reviews: Final = table(
    "reviews",
    key("review_id"),
    ref("student_id", "users.user_id"),
    ref("course_id", "courses.course_id"),
    Column("rating", Integer, nullable=False),
    Column("comment", Text),
    moment("created_at", nullable=False, now=True),
    moment("updated_at", nullable=False, now=True),
    CheckConstraint("rating BETWEEN 1 AND 5", "rating"),
    UniqueConstraint("student_id", "course_id"),
    Index(None, "course_id", "rating"),
)

course_prerequisites: Final = table(
    "course_prerequisites",
    ref("course_id", "courses.course_id", primary_key=True),
    ref("prerequisite_course_id", "courses.course_id", primary_key=True),
    CheckConstraint("course_id <> prerequisite_course_id", "self"),
    Index(None, "prerequisite_course_id"),
)

archived_courses: Final = table(
    "archived_courses",
    key("archive_id"),
    ref("course_id", "courses.course_id", nullable=True),
    Column("course_data", JSON, nullable=False),
    Column("format_version", Integer, nullable=False, server_default=text("1")),
    moment("archived_at", nullable=False, now=True),
    ref("archived_by", "users.user_id", nullable=True),
    Column("archived_by_account", code(80)),
    Column("reason", Text),
    moment("restored_at"),
    Column("restored_by_account", code(80)),
    Index(None, "course_id", "archived_at"),
    Index(None, "archived_by"),
)

flash_sales: Final = table(
    "flash_sales",
    key("sale_id"),
    ref("course_id", "courses.course_id"),
    # Sales that were opened together ("all courses 50 % off") carry the same campaign.
    Column("campaign", String(100)),
    Column("max_seats", Integer, nullable=False),
    Column("seats_taken", Integer, nullable=False, server_default=text("0")),
    amount("discount_price"),
    currency(),
    moment("start_time", nullable=False),
    moment("end_time", nullable=False),
    moment("created_at", nullable=False, now=True),
    CheckConstraint("max_seats >= 0", "max_seats"),
    CheckConstraint("seats_taken BETWEEN 0 AND max_seats", "seats_taken"),
    CheckConstraint("end_time >= start_time", "times"),
    Index(None, "course_id", "end_time"),
    Index(None, "end_time"),
    Index(None, "campaign"),
)
