"""What the database holds, asked behind the window's back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import select

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.money import ZERO


def course(database: Database, title: str) -> dict[str, Any]:
    """The course's row."""
    return _one(database, select(t.courses).where(t.courses.c.title == title))


def student(database: Database, email: str) -> dict[str, Any]:
    return _one(database, select(t.users).where(t.users.c.email == email))


def enrolment(database: Database, student_id: int, course_id: int) -> dict[str, Any]:
    e = t.enrollments.c
    return _one(
        database,
        select(t.enrollments).where(e.student_id == student_id, e.course_id == course_id),
    )


def last_payment(database: Database, student_id: int) -> dict[str, Any]:
    p = t.payments.c
    return _one(
        database,
        select(t.payments).where(p.user_id == student_id).order_by(p.payment_id.desc()).limit(1),
    )


def payment(database: Database, payment_id: int) -> dict[str, Any]:
    return _one(database, select(t.payments).where(t.payments.c.payment_id == payment_id))


def refundable(database: Database, but_not: str) -> dict[str, Any]:
    """A recent card payment that the policy still refunds, of another than that student."""
    p, e = t.payments.c, t.enrollments.c
    return _one(
        database,
        select(t.payments, t.users.c.email, t.users.c.name, t.courses.c.title)
        .join(t.users, t.users.c.user_id == p.user_id)
        .join(t.courses, t.courses.c.course_id == p.course_id)
        .join(t.enrollments, e.enrollment_id == p.enrollment_id)
        .where(
            p.kind == "charge",
            p.status == "completed",
            p.payment_method == "credit_card",
            p.refunded_amount == ZERO,
            e.status == "active",
            e.progress_percentage < Decimal(10),
            t.users.c.email != but_not,
        )
        .order_by(p.created_at.desc())
        .limit(1),
    )


def too_late(database: Database) -> dict[str, Any]:
    """A payment whose days for a refund are over."""
    p, e = t.payments.c, t.enrollments.c
    return _one(
        database,
        select(t.payments)
        .join(t.enrollments, e.enrollment_id == p.enrollment_id)
        .where(
            p.kind == "charge",
            p.status == "completed",
            p.payment_method == "credit_card",
            e.status.in_(["active", "completed"]),
        )
        .order_by(p.created_at)
        .limit(1),
    )


def unknown_payment(database: Database) -> dict[str, Any]:
    p = t.payments.c
    return _one(
        database,
        select(t.payments)
        .where(p.status == "unknown", p.kind == "charge")
        .order_by(p.payment_id.desc())
        .limit(1),
    )


def subscription(database: Database, student_id: int) -> dict[str, Any]:
    """The student's latest subscription."""
    s = t.subscriptions.c
    return _one(
        database,
        select(t.subscriptions)
        .where(s.user_id == student_id)
        .order_by(s.subscription_id.desc())
        .limit(1),
    )


def last_run(database: Database, job: str) -> dict[str, Any]:
    """The job's latest run."""
    r = t.job_runs.c
    return _one(
        database,
        select(t.job_runs).where(r.job == job).order_by(r.run_id.desc()).limit(1),
    )


def alert(database: Database, alert_id: int) -> dict[str, Any]:
    return _one(database, select(t.fraud_alerts).where(t.fraud_alerts.c.alert_id == alert_id))


def _one(database: Database, statement: Any) -> dict[str, Any]:
    def ask(uow: UnitOfWork) -> dict[str, Any]:
        return dict(uow.connection.execute(statement).mappings().one())

    return database.read(ask)
