"""Subscriptions and the courses that they open."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.repositories.base import Repository
from learnhub_desktop.domain.states import (
    OPEN_ENROLMENTS,
    RUNNING_SUBSCRIPTIONS,
    BillingStatus,
    EnrolmentStatus,
    PaymentStatus,
    SubscriptionStatus,
)
from learnhub_desktop.domain.subscriptions import BillRow, OpenedCourse
from learnhub_desktop.errors import NotFound


class SubscriptionRepository(Repository):
    """Subscriptions and the courses that they open."""

    def lock_with_courses(self, subscription_id: int) -> None:
        """Lock the subscription, then the courses that it opened, in ascending order."""
        s, e, c = t.subscriptions.c, t.enrollments.c, t.courses.c
        found = self.connection.scalar(
            select(s.subscription_id).where(s.subscription_id == subscription_id).with_for_update()
        )
        if found is None:
            raise NotFound(f"There is no subscription with the number {subscription_id}.")
        opened = select(e.course_id).where(
            e.subscription_id == subscription_id, e.status.in_(OPEN_ENROLMENTS)
        )
        courses = sorted(set(self.connection.scalars(opened)))
        for course_id in courses:
            self.connection.execute(
                select(c.course_id).where(c.course_id == course_id).with_for_update()
            )

    def open_enrolments(self, subscription_id: int) -> list[int]:
        """The enrolments that it opened and that are still open, by ascending course."""
        e = t.enrollments.c
        return list(
            self.connection.scalars(
                select(e.enrollment_id)
                .where(e.subscription_id == subscription_id, e.status.in_(OPEN_ENROLMENTS))
                .order_by(e.course_id)
            )
        )

    def end(self, subscription_id: int, now: datetime) -> None:
        """Cancel it: nothing is billed any more."""
        s = t.subscriptions.c
        self.connection.execute(
            update(t.subscriptions)
            .where(
                s.subscription_id == subscription_id,
                s.status.in_(RUNNING_SUBSCRIPTIONS),
            )
            .values(
                status=SubscriptionStatus.CANCELLED,
                next_billing_date=None,
                next_retry_at=None,
                cancelled_at=now,
            )
        )

    def story(self, subscription_id: int) -> dict[str, Any]:
        """When and why it fell behind or ended, beside what the list tells."""
        s = t.subscriptions.c
        row = self.connection.execute(
            select(s.past_due_since, s.cancelled_at, s.cancel_reason).where(
                s.subscription_id == subscription_id
            )
        ).one()
        return dict(row._mapping)

    def list_bills(self, subscription_id: int, *, limit: int) -> tuple[BillRow, ...]:
        """The latest period first, each with the charge that was last tried for it."""
        b, p = t.subscription_payments.c, t.payments.c
        rows = self.connection.execute(
            select(
                b.payment_id,
                b.billing_period_start,
                b.billing_period_end,
                b.amount,
                b.currency,
                b.status,
                b.retry_count,
                b.charge_payment_id,
                p.status.label("charge_status"),
                p.refund_due,
            )
            .select_from(
                t.subscription_payments.join(
                    t.payments, p.payment_id == b.charge_payment_id, isouter=True
                )
            )
            .where(b.subscription_id == subscription_id)
            .order_by(b.billing_period_start.desc(), b.payment_id.desc())
            .limit(limit)
        )
        return tuple(
            BillRow(
                billing_id=row.payment_id,
                period_start=row.billing_period_start,
                period_end=row.billing_period_end,
                amount=row.amount,
                currency=row.currency,
                # Other programs may leave it out.
                status=BillingStatus(row.status or BillingStatus.PENDING),
                tries=row.retry_count,
                payment_id=row.charge_payment_id,
                payment_status=(
                    None if row.charge_status is None else PaymentStatus(row.charge_status)
                ),
                refund_due=bool(row.refund_due),
            )
            for row in rows
        )

    def list_courses(self, subscription_id: int, *, limit: int) -> tuple[OpenedCourse, ...]:
        """What it opened, those that are open first, the latest of them at the top."""
        e, c = t.enrollments.c, t.courses.c
        rows = self.connection.execute(
            select(e.course_id, c.title, e.status, e.progress_percentage)
            .join(t.courses, c.course_id == e.course_id)
            .where(e.subscription_id == subscription_id)
            .order_by(e.enrolled_at.desc(), e.enrollment_id.desc())
            .limit(limit)
        )
        found = [OpenedCourse(row[0], row[1], EnrolmentStatus(row[2]), row[3]) for row in rows]
        return tuple(sorted(found, key=lambda course: not course.is_open))
