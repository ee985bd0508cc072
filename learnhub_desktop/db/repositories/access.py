"""What a student may open until when, and why not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_, insert, select, update

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.repositories.base import Repository
from learnhub_desktop.domain.enrolments import AccessFacts
from learnhub_desktop.domain.situations import (
    AccessEnd,
    FailedPayment,
    FullRefund,
    OpenPayment,
    Situation,
    SubscriptionState,
)
from learnhub_desktop.domain.states import (
    OPEN_PAYMENTS,
    AlertStatus,
    CourseStatus,
    EnrolmentSource,
    EnrolmentStatus,
    PaymentKind,
    PaymentMethod,
    PaymentStatus,
    RuleAction,
    SubscriptionStatus,
)
from learnhub_desktop.errors import NotFound

_A: Final = t.course_access.c


class AccessRepository(Repository):
    """What a student may open until when, and why not."""

    def situation(
        self, student_id: int, course_id: int, *, with_payments: bool
    ) -> tuple[str, Situation]:
        """The course's title and all that bears on access to it; NotFound without the course."""
        found = self._situations(student_id, course_id, with_payments=with_payments)
        if not found:
            raise NotFound(f"There is no course with the number {course_id}.")
        return found[course_id]

    def situations(self, student_id: int, *, with_payments: bool) -> dict[int, Situation]:
        """The same for each course that the student was ever enrolled in, by course id."""
        found = self._situations(student_id, None, with_payments=with_payments)
        return {course_id: case for course_id, (_, case) in found.items()}

    def extend(
        self,
        student_id: int,
        course_id: int,
        expires_at: datetime | None,
        *,
        reason: str,
        now: datetime,
    ) -> None:
        """Write the later end (None: lifetime) and the reason; the enrolment must be locked."""
        values = {
            "access_expires_at": expires_at,
            "ended_at": None,
            "end_reason": None,
            "reason": reason,
        }
        written = self.connection.execute(
            update(t.course_access)
            .where(_A.student_id == student_id, _A.course_id == course_id)
            .values(**values)
        )
        if written.rowcount == 0:
            self.connection.execute(
                insert(t.course_access).values(
                    student_id=student_id, course_id=course_id, granted_at=now, **values
                )
            )

    def _situations(
        self, student_id: int, course_id: int | None, *, with_payments: bool
    ) -> dict[int, tuple[str, Situation]]:
        e, c, s = t.enrollments, t.courses, t.subscriptions
        enrolled = and_(e.c.course_id == c.c.course_id, e.c.student_id == student_id)
        statement = (
            select(
                c.c.course_id,
                c.c.title,
                c.c.status.label("course_status"),
                e.c.status,
                e.c.source,
                e.c.activated_at,
                e.c.refunded_at,
                e.c.cancelled_at,
                e.c.hold_expires_at,
                _A.student_id.label("has_access"),
                _A.access_expires_at,
                _A.ended_at,
                _A.end_reason,
                s.c.status.label("subscription_status"),
                s.c.current_period_end,
                s.c.cancel_at_period_end,
            )
            # Without a course only those the student is in; with one also where there is none.
            .select_from(c.join(e, enrolled, isouter=course_id is not None))
            .outerjoin(
                t.course_access,
                and_(_A.course_id == c.c.course_id, _A.student_id == student_id),
            )
            .outerjoin(s, s.c.subscription_id == e.c.subscription_id)
        )
        if course_id is not None:
            statement = statement.where(c.c.course_id == course_id)
        found = {
            row.course_id: (row.title, _situation(row))
            for row in self.connection.execute(statement)
        }
        if with_payments and found:
            payments = self._payments(student_id, course_id)
            found = {
                number: (title, _with_payments(case, payments[number]))
                for number, (title, case) in found.items()
            }
        return found

    def _payments(self, student_id: int, course_id: int | None) -> dict[int, list[Any]]:
        """The student's payments by course, oldest first, with what the fraud check said."""
        p, f = t.payments.c, t.fraud_alerts.c
        statement = (
            select(
                p.course_id,
                p.payment_id,
                p.kind,
                p.status,
                p.payment_method,
                p.amount,
                p.currency,
                p.hold_expires_at,
                p.created_at,
                f.action,
                f.status.label("alert_status"),
            )
            .outerjoin(t.fraud_alerts, f.payment_id == p.payment_id)
            .where(p.user_id == student_id, p.course_id.is_not(None))
            .order_by(p.payment_id)
        )
        if course_id is not None:
            statement = statement.where(p.course_id == course_id)
        by_course: dict[int, list[Any]] = defaultdict(list)
        for row in self.connection.execute(statement):
            by_course[row.course_id].append(row)
        return by_course


def _situation(row: Any) -> Situation:
    subscription = None
    if row.subscription_status is not None:
        subscription = SubscriptionState(
            SubscriptionStatus(row.subscription_status),
            row.current_period_end,
            bool(row.cancel_at_period_end),
        )
    return Situation(
        course_status=CourseStatus(row.course_status),
        enrolment=None if row.status is None else EnrolmentStatus(row.status),
        source=EnrolmentSource.PURCHASE if row.source is None else EnrolmentSource(row.source),
        activated_at=row.activated_at,
        refunded_at=row.refunded_at,
        cancelled_at=row.cancelled_at,
        hold_expires_at=row.hold_expires_at,
        access=None if row.has_access is None else AccessFacts(row.access_expires_at, row.ended_at),
        # Other programs may write reasons of their own.
        end_reason=AccessEnd(row.end_reason) if row.end_reason in set(AccessEnd) else None,
        subscription=subscription,
    )


def _with_payments(case: Situation, payments: Sequence[Any]) -> Situation:
    """Add the latest payment of each kind; ``payments`` are ordered, the oldest first."""
    charge: Any = None
    refund: FullRefund | None = None
    disputed = False
    for row in payments:
        if row.kind == PaymentKind.CHARGE:
            charge = row
            disputed = disputed or row.status == PaymentStatus.DISPUTED
            if row.status == PaymentStatus.REFUNDED:
                refund = FullRefund(row.amount, row.currency)
    if charge is None:
        return case
    opened = failed = None
    if charge.status in OPEN_PAYMENTS:
        opened = OpenPayment(
            charge.payment_id,
            PaymentStatus(charge.status),
            None if charge.payment_method is None else PaymentMethod(charge.payment_method),
            charge.amount,
            charge.currency,
            charge.hold_expires_at,
            is_verified_by_hand=any(
                row.payment_id == charge.payment_id
                and row.action == RuleAction.REQUIRE_VERIFICATION
                and row.alert_status == AlertStatus.PENDING
                for row in payments
            ),
        )
    if charge.status == PaymentStatus.FAILED:
        failed = FailedPayment(
            charge.payment_id,
            charge.created_at,
            is_blocked=any(
                row.payment_id == charge.payment_id and row.action == RuleAction.BLOCK
                for row in payments
            ),
        )
    return replace(
        case,
        open_payment=opened,
        failed_payment=failed,
        refund=refund,
        is_disputed=disputed,
    )
