"""A school with rows of every sort, and what a person would compare of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    delete,
    func,
    insert,
    inspect,
    make_url,
    select,
    update,
)

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.invariants import invariants
from learnhub_desktop.db.school import ensure_database
from learnhub_desktop.db.transactions import Database
from tests.databases import opened
from tests.factories import (
    NOW,
    make_course,
    make_enrolment,
    make_lesson,
    make_payment,
    make_student,
)

STRANGE = "Zoë “O’Brien” \\ %s 日本語 🦓\t\u202e"


def fill(connection: Connection) -> None:
    """Rows of every sort: odd text, NULLs, JSON, cents, microseconds, a gap in the numbers."""
    student_id = make_student(
        connection, name=STRANGE, email="zoe@example.org", account_balance=Decimal("0.10")
    )
    course_id = make_course(connection, title=STRANGE, description=None, max_students=None)
    lesson_id = make_lesson(connection, course_id, title="", content="Line\nline")
    enrolment_id = make_enrolment(
        connection,
        student_id,
        course_id,
        enrolled_at=datetime(2026, 3, 10, 12, 0, 0, 123456, tzinfo=UTC),
    )
    charge_id = make_payment(
        connection,
        student_id,
        enrollment_id=enrolment_id,
        amount=Decimal("9999999999.99"),
        idempotency_key="key-1",
    )
    make_payment(
        connection,
        student_id,
        kind="refund",
        refunds_payment_id=charge_id,
        amount=Decimal("0.01"),
        status="pending",
    )
    for table, values in (
        (t.lesson_progress, {"student_id": student_id, "lesson_id": lesson_id, "completed": True}),
        (t.reviews, {"student_id": student_id, "course_id": course_id, "rating": 5}),
        (t.course_tags, {"course_id": course_id, "tag": "SQL"}),
        (
            t.payment_events,
            {
                "payment_id": charge_id,
                "event_type": "initiated",
                "event_data": {"amount": 49.5, "b": [None, True, {"ü": "🦓"}], "a": 10**15},
            },
        ),
        (t.fraud_alerts, {"user_id": student_id, "alert_level": "high", "alert_data": None}),
        (
            t.subscriptions,
            {
                "user_id": student_id,
                "plan_type": "monthly",
                "start_date": NOW.date(),
                "current_period_end": NOW.date(),
            },
        ),
        (
            t.balance_movements,
            {
                "user_id": student_id,
                "kind": "adjustment",
                "amount": Decimal("-0.90"),
                "currency": "USD",
                "balance_after": Decimal("0.10"),
            },
        ),
    ):
        connection.execute(insert(table).values(**values))
    # The highest number is free again, and must never be given to another.
    gone_id = make_student(connection, email="gone@example.org")
    connection.execute(delete(t.users).where(t.users.c.user_id == gone_id))
    connection.execute(
        update(t.courses).where(t.courses.c.course_id == course_id).values(level="beginner")
    )


def everything(database: Database) -> dict[str, Any]:
    """What a person would compare: rows, counters, numbers to come."""
    with database.engines.reader.connect() as connection:
        counts = {
            name: connection.scalar(select(func.count()).select_from(table))
            for name, table in t.metadata.tables.items()
            if name not in ("changes", "people")
        }
        users = connection.execute(
            select(t.users.c.name, t.users.c.account_balance, t.users.c.created_at).order_by(
                t.users.c.user_id
            )
        ).all()
        courses = connection.execute(
            select(
                t.courses.c.title,
                t.courses.c.description,
                t.courses.c.total_enrollments,
                t.courses.c.last_enrollment_date,
                t.courses.c.avg_rating,
            )
        ).all()
        payments = connection.execute(
            select(
                t.payments.c.amount,
                t.payments.c.kind,
                t.payments.c.refunds_payment_id,
                t.payments.c.processed_at,
            ).order_by(t.payments.c.payment_id)
        ).all()
        events = connection.scalars(select(t.payment_events.c.event_data)).all()
        alerts = connection.execute(
            select(t.fraud_alerts.c.alert_data, t.fraud_alerts.c.severity)
        ).all()
        findings = invariants(connection)
    counts.pop("audit_log")
    counts.pop("schema_objects")
    return {
        "counts": counts,
        "users": [tuple(row) for row in users],
        "courses": [tuple(row) for row in courses],
        "payments": [tuple(row) for row in payments],
        "events": list(events),
        "alerts": [tuple(row) for row in alerts],
        "findings": findings,
    }


def cancel_at(count: int) -> Callable[[], bool]:
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked >= count

    return cancelled


def tables_in(url: str) -> list[str]:
    if url.startswith("sqlite"):
        folder = Path(url.removeprefix("sqlite:///")).parent
        return [path.name for path in folder.iterdir()]
    ensure_database(make_url(url), tls=None)
    with opened(url, "any") as database, database.engines.reader.connect() as connection:
        return list(inspect(connection).get_table_names())
