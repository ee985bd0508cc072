"""Rows around a purchase, written as an administrator or another program would."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, insert, select, update

from learnhub_desktop.db import tables as t
from tests.factories import NOW, add, make_enrolment, make_lesson
from tests.services.course_rows import make_access, make_progress, make_subscription


def change_course(connection: Connection, course_id: int, **values: Any) -> None:
    connection.execute(update(t.courses).where(t.courses.c.course_id == course_id).values(**values))


def change_user(connection: Connection, user_id: int, **values: Any) -> None:
    connection.execute(update(t.users).where(t.users.c.user_id == user_id).values(**values))


def explain_balance(connection: Connection, user_id: int) -> None:
    """The movement that a balance came from."""
    row = connection.execute(select(t.users).where(t.users.c.user_id == user_id)).one()
    connection.execute(
        insert(t.balance_movements).values(
            user_id=user_id,
            kind="adjustment",
            amount=row.account_balance,
            currency=row.balance_currency,
            balance_after=row.account_balance,
            created_at=NOW,
        )
    )


def change_payment(connection: Connection, payment_id: int, **values: Any) -> None:
    connection.execute(
        update(t.payments).where(t.payments.c.payment_id == payment_id).values(**values)
    )


def change_settings(connection: Connection, **values: Any) -> None:
    connection.execute(update(t.school_settings).values(**values))


def change_rule(connection: Connection, measure: str, **values: Any) -> None:
    """Change the rule that measures this; the first school has one for each measure."""
    c = t.fraud_detection_rules.c
    rows = connection.execute(t.fraud_detection_rules.select()).all()
    [rule_id] = [
        row.rule_id for row in rows if (row.rule_condition or {}).get("measure") == measure
    ]
    connection.execute(update(t.fraud_detection_rules).where(c.rule_id == rule_id).values(**values))


def make_rule(connection: Connection, condition: dict[str, Any], **values: Any) -> int:
    chosen: dict[str, Any] = {
        "rule_name": "A rule",
        "rule_type": "velocity",
        "action": "flag",
        "score": 10,
        **values,
    }
    return add(connection, t.fraud_detection_rules, rule_condition=condition, **chosen)


def make_sale(connection: Connection, course_id: int, **values: Any) -> int:
    chosen: dict[str, Any] = {
        "max_seats": 100,
        "discount_price": Decimal("4.90"),
        "currency": "USD",
        "start_time": NOW - timedelta(hours=1),
        "end_time": NOW + timedelta(hours=23),
        **values,
    }
    return add(connection, t.flash_sales, course_id=course_id, **chosen)


def require_course(connection: Connection, course_id: int, needed_course_id: int) -> None:
    connection.execute(
        insert(t.course_prerequisites).values(
            course_id=course_id, prerequisite_course_id=needed_course_id
        )
    )


def do_lessons(
    connection: Connection, student_id: int, course_id: int, *, done: int, of: int
) -> None:
    """Give the course lessons, and mark the first of them done as another program would."""
    for number in range(of):
        lesson = make_lesson(connection, course_id)
        if number < done:
            make_progress(connection, student_id, lesson)


def set_progress(connection: Connection, student_id: int, course_id: int, percent: str) -> None:
    c = t.enrollments.c
    connection.execute(
        update(t.enrollments)
        .where(c.student_id == student_id, c.course_id == course_id)
        .values(progress_percentage=Decimal(percent), progress_stale=False)
    )


def open_by_subscription(connection: Connection, student_id: int, course_id: int) -> int:
    """A running subscription that has opened the course until the month's end."""
    subscription_id = make_subscription(connection, student_id, status="active")
    make_enrolment(
        connection, student_id, course_id, source="subscription", subscription_id=subscription_id
    )
    make_access(
        connection, student_id, course_id, access_expires_at=NOW.replace(month=4, day=1, hour=0)
    )
    connection.execute(
        update(t.courses)
        .where(t.courses.c.course_id == course_id)
        .values(enrolled_students=t.courses.c.enrolled_students + 1)
    )
    return subscription_id
