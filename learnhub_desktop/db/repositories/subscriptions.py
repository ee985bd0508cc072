"""Subscriptions and the courses that they open."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.repositories.base import Repository
from learnhub_desktop.domain.states import EnrolmentStatus, SubscriptionStatus
from learnhub_desktop.errors import NotFound

_OPEN = (EnrolmentStatus.ACTIVE, EnrolmentStatus.COMPLETED)


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
            e.subscription_id == subscription_id, e.status.in_(_OPEN)
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
                .where(e.subscription_id == subscription_id, e.status.in_(_OPEN))
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
                s.status.in_([SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE]),
            )
            .values(
                status=SubscriptionStatus.CANCELLED,
                next_billing_date=None,
                next_retry_at=None,
                cancelled_at=now,
            )
        )
