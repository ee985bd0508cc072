"""The schema, as SQLAlchemy tables. Names of tables and columns are shared with other programs."""

from learnhub_desktop.db.tables.base import metadata
from learnhub_desktop.db.tables.catalog import (
    archived_courses,
    course_prerequisites,
    course_tags,
    courses,
    flash_sales,
    lessons,
    quiz_attempts,
    quizzes,
    reviews,
)
from learnhub_desktop.db.tables.enrolments import course_access, enrollments, lesson_progress
from learnhub_desktop.db.tables.fraud import fraud_alerts, fraud_detection_rules
from learnhub_desktop.db.tables.operation import (
    audit_log,
    changes,
    job_runs,
    schema_info,
    schema_objects,
    school_settings,
)
from learnhub_desktop.db.tables.payments import (
    cards,
    daily_revenue_summary,
    idempotency,
    payment_events,
    payment_events_archive,
    payments,
    payments_archive,
    subscription_payments,
    subscription_plans,
    subscriptions,
)
from learnhub_desktop.db.tables.people import balance_movements, people, users

__all__ = [
    "archived_courses",
    "audit_log",
    "balance_movements",
    "cards",
    "changes",
    "course_access",
    "course_prerequisites",
    "course_tags",
    "courses",
    "daily_revenue_summary",
    "enrollments",
    "flash_sales",
    "fraud_alerts",
    "fraud_detection_rules",
    "idempotency",
    "job_runs",
    "lesson_progress",
    "lessons",
    "metadata",
    "payment_events",
    "payment_events_archive",
    "payments",
    "payments_archive",
    "people",
    "quiz_attempts",
    "quizzes",
    "reviews",
    "schema_info",
    "schema_objects",
    "school_settings",
    "subscription_payments",
    "subscription_plans",
    "subscriptions",
    "users",
]
