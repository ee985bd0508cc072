"""The daily summary of revenue, counted anew from the payments whenever it is asked for."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import FromClause, and_, case, delete, func, insert, select, union_all

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.repositories.base import Repository
from learnhub_desktop.domain.money import ZERO
from learnhub_desktop.domain.revenue import RevenueDay
from learnhub_desktop.domain.states import SETTLED_PAYMENTS, PaymentKind, PaymentStatus

_P: Final = t.payments.c
_S: Final = t.daily_revenue_summary.c
_COUNTED: Final = (
    *("payment_id", "kind", "status", "currency", "amount"),
    *("enrollment_id", "subscription_id"),
)


class RevenueRepository(Repository):
    """The daily summary of revenue, counted anew from the payments whenever it is asked for."""

    def count(
        self, day: date, start: datetime, end: datetime, *, with_archive: bool = False
    ) -> list[RevenueDay]:
        """One line a currency for what was settled from ``start`` on and before ``end``.

        ``with_archive``: also of what has moved to the archive, which no day of this year has.
        """
        settled = _settled(start, end, with_archive=with_archive)
        p = settled.c
        # A charge that took money stays revenue of its day: what went back stands on its own.
        is_charge = and_(p.kind == PaymentKind.CHARGE, p.status.in_(SETTLED_PAYMENTS))
        is_refund = and_(p.kind == PaymentKind.REFUND, p.status == PaymentStatus.COMPLETED)
        bill, first = t.subscription_payments, t.subscriptions
        new_subscription = and_(
            is_charge,
            bill.c.billing_period_start == first.c.start_date,
        )
        rows = self.connection.execute(
            select(
                p.currency,
                func.sum(case((is_charge, p.amount))),
                func.count(case((is_charge, 1))),
                func.count(func.distinct(case((is_charge, p.enrollment_id)))),
                func.count(func.distinct(case((new_subscription, p.subscription_id)))),
                func.sum(case((is_refund, p.amount))),
                func.count(case((is_refund, 1))),
            )
            .select_from(
                settled.outerjoin(bill, bill.c.charge_payment_id == p.payment_id).outerjoin(
                    first, first.c.subscription_id == bill.c.subscription_id
                )
            )
            .group_by(p.currency)
            .order_by(p.currency)
        )
        return [
            RevenueDay(
                day=day,
                currency=row[0],
                revenue=_amount(row[1]),
                transactions=row[2],
                enrolments=row[3],
                subscriptions=row[4],
                refunded=_amount(row[5]),
                refunds=row[6],
            )
            for row in rows
            if row[2] or row[6]
        ]

    def replace(self, day: date, lines: list[RevenueDay], now: datetime) -> None:
        """Write the day's lines in place of those that stood there."""
        self.connection.execute(delete(t.daily_revenue_summary).where(_S.summary_date == day))
        values: list[dict[str, Any]] = [
            {
                "summary_date": day,
                "currency": line.currency,
                "total_revenue": line.revenue,
                "total_transactions": line.transactions,
                "new_enrollments": line.enrolments,
                "new_subscriptions": line.subscriptions,
                "refund_amount": line.refunded,
                "refund_count": line.refunds,
                "updated_at": now,
            }
            for line in lines
        ]
        if values:
            self.connection.execute(insert(t.daily_revenue_summary), values)

    def list_days(self, first: date, last: date) -> list[RevenueDay]:
        """The summary from ``first`` to ``last``, both inside, as it was last counted."""
        rows = self.connection.execute(
            select(
                _S.summary_date,
                _S.currency,
                _S.total_revenue,
                _S.total_transactions,
                _S.new_enrollments,
                _S.new_subscriptions,
                _S.refund_amount,
                _S.refund_count,
            )
            .where(_S.summary_date.between(first, last))
            .order_by(_S.summary_date, _S.currency)
        )
        return [RevenueDay(*row) for row in rows]

    def first_settled(self) -> datetime | None:
        """When the first payment was settled, None where none was."""
        found: datetime | None = self.connection.scalar(select(func.min(_P.processed_at)))
        return found


def _settled(start: datetime, end: datetime, *, with_archive: bool) -> FromClause:
    """The payments that were settled in this time, with what a summary counts of them."""
    tables = [t.payments, *([t.payments_archive] if with_archive else [])]
    parts = [
        select(*(table.c[name] for name in _COUNTED)).where(
            table.c.processed_at >= start,
            table.c.processed_at < end,
            # Leaves the archive's later partitions alone; nothing is settled before it is made.
            *([table.c.created_at < end] if table is t.payments_archive else []),
        )
        for table in tables
    ]
    whole = parts[0] if len(parts) == 1 else union_all(*parts)
    return whole.subquery("settled")


def _amount(value: Any) -> Decimal:
    return ZERO if value is None else Decimal(value)
