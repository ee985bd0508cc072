"""Rows for tests, inserted directly: name only what matters to the case."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, insert

from learnhub_desktop.db import tables as t

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
_numbers = itertools.count(1)


def add(connection: Connection, table: Any, **values: Any) -> int:
    """Insert a row as it is given; its number."""
    key = connection.execute(insert(table).values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def make_student(connection: Connection, **changed: Any) -> int:
    number = next(_numbers)
    return add(
        connection,
        t.users,
        **{
            "name": f"Student {number}",
            "email": f"student{number}@example.org",
            "user_type": "student",
            "balance_currency": "USD",
            "search_text": f"student {number} student{number}@example.org",
            "created_at": NOW,
            **changed,
        },
    )


def make_instructor(connection: Connection, **changed: Any) -> int:
    return make_student(connection, **{"user_type": "instructor", **changed})


def make_course(connection: Connection, **changed: Any) -> int:
    number = next(_numbers)
    if "instructor_id" not in changed:
        changed["instructor_id"] = make_instructor(connection)
    return add(
        connection,
        t.courses,
        **{
            "title": f"Course {number}",
            "search_text": f"course {number}",
            "price": Decimal("49.00"),
            "currency": "USD",
            "status": "active",
            "created_at": NOW,
            **changed,
        },
    )


def make_lesson(connection: Connection, course_id: int, **changed: Any) -> int:
    number = next(_numbers)
    return add(
        connection,
        t.lessons,
        **{"course_id": course_id, "title": f"Lesson {number}", "order_index": number, **changed},
    )


def make_enrolment(connection: Connection, student_id: int, course_id: int, **changed: Any) -> int:
    """An enrolment; unlike a service it claims no seat on the course."""
    return add(
        connection,
        t.enrollments,
        **{"student_id": student_id, "course_id": course_id, "enrolled_at": NOW, **changed},
    )


def make_payment(connection: Connection, user_id: int, **changed: Any) -> int:
    return add(
        connection,
        t.payments,
        **{
            "user_id": user_id,
            "amount": Decimal("49.00"),
            "currency": "USD",
            "payment_method": "credit_card",
            "status": "completed",
            "created_at": NOW,
            **changed,
        },
    )
