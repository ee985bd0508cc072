"""Which tables are audited and announced to other workstations, and by which columns.

Both servers and SQLite make their triggers from this one list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from learnhub_desktop.domain.changes import Touched


@dataclass(frozen=True, slots=True)
class Watched:
    """One table's triggers. ``{row}`` stands for NEW or OLD in an expression.

    ``facts`` are audited with their values, ``hidden`` only by the word "changed": the
    audit never holds a name, an e-mail or free text, so that what is anonymised once stays
    so. ``feed`` names what is announced; ``feed_id`` which one of it.
    """

    table: str
    entity_id: str
    facts: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    user: str = "NULL"
    course: str = "NULL"
    feed: Touched = Touched.NOTHING
    feed_id: str = "NULL"
    audited: bool = True
    updated_at: bool = False
    row_version: bool = False

    @property
    def feed_name(self) -> str:
        return (self.feed.name or "").lower()


_COURSE_OF_LESSON: Final = "(SELECT course_id FROM lessons WHERE lesson_id = {row}.lesson_id)"

WATCHED: Final[tuple[Watched, ...]] = (
    Watched(
        "users",
        "{row}.user_id",
        facts=(
            "user_type",
            "account_balance",
            "balance_currency",
            "country",
            "external_id",
            "deleted_at",
        ),
        hidden=("name", "email", "deletion_reason"),
        user="{row}.user_id",
        feed=Touched.STUDENTS,
        feed_id="{row}.user_id",
        updated_at=True,
        row_version=True,
    ),
    Watched(
        "people",
        "{row}.account",
        facts=("user_id", "role", "disabled"),
        user="{row}.user_id",
        feed=Touched.PEOPLE,
        updated_at=True,
    ),
    Watched(
        "balance_movements",
        "{row}.movement_id",
        facts=("kind", "amount", "currency", "balance_after", "payment_id"),
        user="{row}.user_id",
        feed=Touched.STUDENTS,
        feed_id="{row}.user_id",
    ),
    Watched(
        "courses",
        "{row}.course_id",
        facts=(
            "instructor_id",
            "status",
            "price",
            "currency",
            "level",
            "access_months",
            "max_students",
            "external_id",
        ),
        hidden=("title", "description", "thumbnail_url"),
        course="{row}.course_id",
        feed=Touched.CATALOG,
        feed_id="{row}.course_id",
        updated_at=True,
        row_version=True,
    ),
    Watched(
        "course_tags",
        "{row}.course_id",
        facts=("tag",),
        course="{row}.course_id",
        feed=Touched.CATALOG,
        feed_id="{row}.course_id",
    ),
    Watched(
        "lessons",
        "{row}.lesson_id",
        facts=("order_index", "duration_minutes"),
        hidden=("title", "content", "video_url"),
        course="{row}.course_id",
        feed=Touched.CATALOG,
        feed_id="{row}.course_id",
    ),
    Watched(
        "quizzes",
        "{row}.quiz_id",
        facts=("lesson_id", "passing_score"),
        hidden=("title",),
        course=_COURSE_OF_LESSON,
        feed=Touched.CATALOG,
        feed_id=_COURSE_OF_LESSON,
    ),
    Watched(
        "quiz_attempts",
        "{row}.attempt_id",
        facts=("quiz_id", "score"),
        user="{row}.student_id",
        feed=Touched.ENROLMENTS,
    ),
    Watched(
        "reviews",
        "{row}.review_id",
        facts=("rating",),
        hidden=("comment",),
        user="{row}.student_id",
        course="{row}.course_id",
        feed=Touched.ENROLMENTS,
        updated_at=True,
    ),
    Watched(
        "course_prerequisites",
        "{row}.course_id",
        facts=("prerequisite_course_id",),
        course="{row}.course_id",
        feed=Touched.CATALOG,
        feed_id="{row}.course_id",
    ),
    Watched(
        "archived_courses",
        "{row}.archive_id",
        facts=("format_version", "restored_at"),
        hidden=("reason",),
        course="{row}.course_id",
        feed=Touched.CATALOG,
        feed_id="{row}.course_id",
    ),
    Watched(
        "flash_sales",
        "{row}.sale_id",
        facts=("campaign", "max_seats", "discount_price", "currency", "start_time", "end_time"),
        course="{row}.course_id",
        feed=Touched.CATALOG,
        feed_id="{row}.course_id",
    ),
    Watched(
        "enrollments",
        "{row}.enrollment_id",
        facts=(
            "status",
            "source",
            "subscription_id",
            "enrolled_at",
            "completed_at",
            "refunded_at",
            "cancelled_at",
            "hold_expires_at",
            "progress_percentage",
        ),
        hidden=("reason",),
        user="{row}.student_id",
        course="{row}.course_id",
        feed=Touched.ENROLMENTS,
        feed_id="{row}.enrollment_id",
        updated_at=True,
        row_version=True,
    ),
    Watched(
        "lesson_progress",
        "{row}.progress_id",
        facts=("lesson_id", "completed", "time_spent_minutes"),
        user="{row}.student_id",
        course=_COURSE_OF_LESSON,
        feed=Touched.ENROLMENTS,
    ),
    Watched(
        "course_access",
        "{row}.student_id",
        facts=("access_expires_at", "ended_at", "end_reason"),
        hidden=("reason",),
        user="{row}.student_id",
        course="{row}.course_id",
        feed=Touched.ENROLMENTS,
        updated_at=True,
    ),
    Watched(
        "payments",
        "{row}.payment_id",
        facts=(
            "kind",
            "refunds_payment_id",
            "amount",
            "currency",
            "refunded_amount",
            "payment_method",
            "status",
            "enrollment_id",
            "subscription_id",
            "flash_sale_id",
            "reason_code",
            "refund_due",
            "gateway_reference",
            "released_alert_id",
        ),
        hidden=("comment",),
        user="{row}.user_id",
        course="{row}.course_id",
        feed=Touched.PAYMENTS,
        feed_id="{row}.payment_id",
        updated_at=True,
    ),
    Watched(
        "subscription_plans",
        "{row}.plan_type",
        facts=("period_months", "price", "currency", "offered"),
        hidden=("title",),
        feed=Touched.SETTINGS,
        updated_at=True,
        row_version=True,
    ),
    Watched(
        "subscriptions",
        "{row}.subscription_id",
        facts=(
            "plan_type",
            "next_plan_type",
            "status",
            "current_period_end",
            "next_billing_date",
            "cancel_at_period_end",
            "payment_method",
            "retry_count",
        ),
        hidden=("payment_token", "cancel_reason"),
        user="{row}.user_id",
        feed=Touched.SUBSCRIPTIONS,
        feed_id="{row}.subscription_id",
        updated_at=True,
        row_version=True,
    ),
    Watched(
        "subscription_payments",
        "{row}.payment_id",
        facts=(
            "subscription_id",
            "charge_payment_id",
            "amount",
            "currency",
            "billing_period_start",
            "billing_period_end",
            "status",
            "retry_count",
        ),
        feed=Touched.SUBSCRIPTIONS,
        feed_id="{row}.subscription_id",
        updated_at=True,
    ),
    Watched(
        "fraud_detection_rules",
        "{row}.rule_id",
        facts=("rule_type", "rule_condition", "action", "score", "alert_level", "state"),
        hidden=("rule_name",),
        feed=Touched.SETTINGS,
        updated_at=True,
    ),
    Watched(
        "fraud_alerts",
        "{row}.alert_id",
        facts=(
            "payment_id",
            "rule_id",
            "alert_level",
            "score",
            "action",
            "status",
            "released_at",
        ),
        hidden=("review_comment",),
        user="{row}.user_id",
        course="{row}.course_id",
        feed=Touched.ALERTS,
        feed_id="{row}.alert_id",
        updated_at=True,
        row_version=True,
    ),
    Watched(
        "school_settings",
        "{row}.settings_id",
        facts=(
            "school_name",
            "kind",
            "band_colour",
            "currency",
            "time_zone",
            "refund_days",
            "refund_progress_percent",
            "hold_minutes_card",
            "hold_minutes_transfer",
            "hold_minutes_cash",
            "hold_minutes_verification",
            "block_score",
            "gateway",
            "gateway_book_id",
            "retry_declined_days",
            "retry_unreachable_minutes",
        ),
        feed=Touched.SETTINGS,
        updated_at=True,
        row_version=True,
    ),
    Watched(
        "job_runs",
        "{row}.run_id",
        feed=Touched.JOBS,
        feed_id="{row}.run_id",
        audited=False,
    ),
)
