"""Subscriptions as they are billed, period by period."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Select, or_, select, update

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.repositories.base import Repository
from learnhub_desktop.domain.school import Plan
from learnhub_desktop.domain.states import (
    OPEN_PAYMENTS,
    RUNNING_SUBSCRIPTIONS,
    BillingStatus,
    PaymentKind,
    PaymentMethod,
    SubscriptionStatus,
)
from learnhub_desktop.domain.subscriptions import BillingFacts, SubscriptionFacts
from learnhub_desktop.errors import NotFound

_S: Final = t.subscriptions.c
_B: Final = t.subscription_payments.c
_FACTS: Final = select(
    _S.subscription_id,
    _S.user_id,
    _S.plan_type,
    _S.next_plan_type,
    _S.status,
    _S.start_date,
    _S.current_period_end,
    _S.next_billing_date,
    _S.cancel_at_period_end,
    _S.payment_method,
    _S.payment_token,
    _S.card_fingerprint,
    _S.retry_count,
    _S.next_retry_at,
    _S.row_version,
)
_BILL: Final = select(
    _B.payment_id,
    _B.subscription_id,
    _B.charge_payment_id,
    _B.amount,
    _B.currency,
    _B.billing_period_start,
    _B.billing_period_end,
    _B.status,
    _B.retry_count,
)


class BillingRepository(Repository):
    """Subscriptions as they are billed, period by period."""

    def get(self, subscription_id: int) -> SubscriptionFacts:
        return self._one(_FACTS.where(_S.subscription_id == subscription_id), subscription_id)

    def lock(self, subscription_id: int) -> SubscriptionFacts:
        statement = _FACTS.where(_S.subscription_id == subscription_id).with_for_update()
        return self._one(statement, subscription_id)

    def find_running(self, user_id: int) -> SubscriptionFacts | None:
        """The student's subscription that is paid or past due."""
        return self._facts(
            _FACTS.where(_S.user_id == user_id, _S.status.in_(RUNNING_SUBSCRIPTIONS)).limit(1)
        )

    def add(self, **values: Any) -> int:
        return self.insert(t.subscriptions, **values)

    def update(self, subscription_id: int, **values: Any) -> None:
        self.connection.execute(
            update(t.subscriptions).where(_S.subscription_id == subscription_id).values(**values)
        )

    def due(self, today: date, now: datetime, *, limit: int, after: int = 0) -> list[int]:
        """Subscriptions whose next period is to be billed or ended, by ascending id."""
        return list(
            self.connection.scalars(
                select(_S.subscription_id)
                .where(
                    _S.status.in_(RUNNING_SUBSCRIPTIONS),
                    _S.next_billing_date <= today,
                    or_(_S.next_retry_at.is_(None), _S.next_retry_at <= now),
                    _S.subscription_id > after,
                )
                .order_by(_S.subscription_id)
                .limit(limit)
            )
        )

    def due_again(self, now: datetime, *, limit: int, after: int = 0) -> list[int]:
        """Those of them whose last charge did not succeed and whose next try has come."""
        return list(
            self.connection.scalars(
                select(_S.subscription_id)
                .where(
                    _S.status.in_(RUNNING_SUBSCRIPTIONS),
                    _S.next_retry_at <= now,
                    _S.subscription_id > after,
                )
                .order_by(_S.subscription_id)
                .limit(limit)
            )
        )

    def find_plan(self, plan_type: str) -> Plan | None:
        c = t.subscription_plans.c
        row = self.connection.execute(
            select(*(c[name] for name in Plan.__dataclass_fields__)).where(c.plan_type == plan_type)
        ).one_or_none()
        return None if row is None else Plan(**{**row._mapping, "offered": bool(row.offered)})

    def find_bill(self, subscription_id: int, period_start: date) -> BillingFacts | None:
        return self._bill(
            _BILL.where(
                _B.subscription_id == subscription_id, _B.billing_period_start == period_start
            )
        )

    def find_bill_of(self, charge_payment_id: int) -> BillingFacts | None:
        return self._bill(_BILL.where(_B.charge_payment_id == charge_payment_id))

    def find_open_charge(
        self, *, user_id: int | None = None, subscription_id: int | None = None
    ) -> int | None:
        """A charge of the subscription, or of any of the student's, that is not settled."""
        c = t.payments.c
        whose = (
            c.user_id == user_id if user_id is not None else c.subscription_id == subscription_id
        )
        found: int | None = self.connection.scalar(
            select(c.payment_id)
            .where(
                whose,
                c.subscription_id.is_not(None),
                c.kind == PaymentKind.CHARGE,
                c.status.in_(sorted(OPEN_PAYMENTS)),
            )
            .limit(1)
        )
        return found

    def gateway_of(self, subscription_id: int) -> str:
        """The gateway that its last charge went through, which knows the payment token."""
        c = t.payments.c
        found = self.connection.scalar(
            select(c.payment_gateway)
            .where(c.subscription_id == subscription_id, c.payment_gateway.is_not(None))
            .order_by(c.payment_id.desc())
            .limit(1)
        )
        return str(found or "")

    def add_bill(self, **values: Any) -> int:
        return self.insert(t.subscription_payments, **values)

    def update_bill(self, billing_id: int, **values: Any) -> None:
        self.connection.execute(
            update(t.subscription_payments).where(_B.payment_id == billing_id).values(**values)
        )

    def extend_open_access(self, subscription_id: int, until: datetime, now: datetime) -> int:
        """Carry the access of every course that it opened to the new period's end."""
        e, a = t.enrollments.c, t.course_access.c
        opened = self.connection.execute(
            select(e.student_id, e.course_id).where(
                e.subscription_id == subscription_id, e.status.in_(["active", "completed"])
            )
        ).all()
        for student_id, course_id in opened:
            self.connection.execute(
                update(t.course_access)
                .where(
                    a.student_id == student_id,
                    a.course_id == course_id,
                    a.ended_at.is_(None),
                    a.access_expires_at < until,
                )
                .values(access_expires_at=until)
            )
        return len(opened)

    def _one(self, statement: Select[Any], subscription_id: int) -> SubscriptionFacts:
        found = self._facts(statement)
        if found is None:
            raise NotFound(f"There is no subscription with the number {subscription_id}.")
        return found

    def _facts(self, statement: Select[Any]) -> SubscriptionFacts | None:
        row = self.connection.execute(statement).one_or_none()
        if row is None:
            return None
        values = dict(row._mapping)
        method = values.pop("payment_method")
        return SubscriptionFacts(
            **{
                **values,
                "status": SubscriptionStatus(values["status"]),
                "cancel_at_period_end": bool(values["cancel_at_period_end"]),
                "method": None if method is None else PaymentMethod(method),
            }
        )

    def _bill(self, statement: Select[Any]) -> BillingFacts | None:
        row = self.connection.execute(statement).one_or_none()
        if row is None:
            return None
        return BillingFacts(
            billing_id=row.payment_id,
            subscription_id=row.subscription_id,
            charge_payment_id=row.charge_payment_id,
            amount=row.amount,
            currency=row.currency,
            period_start=row.billing_period_start,
            period_end=row.billing_period_end,
            status=BillingStatus(row.status or BillingStatus.PENDING),
            retry_count=row.retry_count,
        )
