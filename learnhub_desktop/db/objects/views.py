"""Views that other programs and roles read, in words that all three databases know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from learnhub_desktop.db.tables import payments, users

# Named, since a server would keep the columns that "*" meant when the view was made.
_USER_COLUMNS: Final = ", ".join(column.name for column in users.columns)
_PAYMENT_COLUMNS: Final = ", ".join(
    column.name for column in payments.columns if column.name != "comment"
)


def views(dialect: str) -> Iterator[tuple[str, str]]:
    """Yield (name, statement after ``CREATE ``) of every view of that dialect."""
    yield (
        "active_users",
        f"VIEW active_users AS SELECT {_USER_COLUMNS} FROM users WHERE deleted_at IS NULL",
    )
    # The sign is the kind: a refund's amount is positive in its own row.
    yield (
        "ledger",
        "VIEW ledger AS SELECT payment_id, user_id, course_id, subscription_id, kind,"
        " refunds_payment_id, CASE kind WHEN 'refund' THEN -amount ELSE amount END AS signed_amount,"
        " currency, payment_method, status, created_at, processed_at FROM payments"
        " WHERE (kind = 'charge'"
        " AND status IN ('completed', 'partially_refunded', 'refunded', 'disputed'))"
        " OR (kind = 'refund' AND status = 'completed')",
    )
    yield (
        "all_payments",
        f"VIEW all_payments AS SELECT {_PAYMENT_COLUMNS} FROM payments"
        f" UNION ALL SELECT {_PAYMENT_COLUMNS} FROM payments_archive",
    )
    if dialect == "mysql":
        # Inside a DEFINER view CURRENT_USER() is the definer; USER() is who logged in.
        yield (
            "instructor_enrollments",
            "SQL SECURITY DEFINER VIEW instructor_enrollments AS SELECT e.enrollment_id,"
            " e.student_id, u.name AS student_name, u.email AS student_email, e.status,"
            " e.enrolled_at, e.completed_at, e.last_activity_at, e.progress_percentage,"
            " c.course_id, c.title AS course_title, c.instructor_id"
            " FROM enrollments e JOIN users u ON u.user_id = e.student_id"
            " JOIN courses c ON c.course_id = e.course_id"
            " JOIN people p ON p.user_id = c.instructor_id AND p.disabled = 0"
            " AND p.account = SUBSTRING_INDEX(USER(), '@', 1)",
        )
