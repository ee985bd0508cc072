"""Which charges may leave for the archive: everything of them is over, and nothing open names them.

An enrolment that is open does not hold its payment back: access stands in a table of its own,
and with access for life no payment would ever leave.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, func, not_, or_, select

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.states import (
    OPEN_PAYMENTS,
    RUNNING_SUBSCRIPTIONS,
    AlertStatus,
    BillingStatus,
    KeyState,
    PaymentKind,
    PaymentStatus,
)
from learnhub_desktop.domain.years import Kept

CHARGE: Final = t.payments.alias("charge")
_C: Final = CHARGE.c
_OPEN: Final = sorted(OPEN_PAYMENTS)


def charges(before: datetime) -> Select[Any]:
    """The charges that were made before the end of the year, whatever stands against them."""
    return select(_C.payment_id).where(_C.kind == PaymentKind.CHARGE, _C.created_at < before)


def movable(before: datetime, settled_before: datetime) -> Select[Any]:
    """Those that may leave. ``settled_before``: later ones may still be refunded."""
    held_back = or_(*_reasons(before, settled_before).values())
    return charges(before).where(not_(held_back))


def kept(before: datetime, settled_before: datetime) -> Select[Any]:
    """(why, how many) of those that stay, each counted for the first reason that there is."""
    reasons = _reasons(before, settled_before)
    why = case(*((condition, str(name)) for name, condition in reasons.items()), else_=None)
    found = charges(before).with_only_columns(why.label("why")).subquery("kept")
    return (
        select(found.c.why, func.count().label("number"))
        .where(found.c.why.is_not(None))
        .group_by(found.c.why)
    )


def _reasons(before: datetime, settled_before: datetime) -> dict[Kept, ColumnElement[bool]]:
    settled_at = func.coalesce(_C.processed_at, _C.created_at)
    return {
        Kept.OPEN: _C.status.in_(_OPEN),
        Kept.DISPUTED: _C.status == PaymentStatus.DISPUTED,
        Kept.REFUND_DUE: _C.refund_due.is_(True),
        Kept.REFUND_OPEN: _has_refund(t.payments.c.status.in_(_OPEN)),
        Kept.LATER: or_(
            settled_at >= before,
            _has_refund(
                or_(t.payments.c.created_at >= before, t.payments.c.processed_at >= before)
            ),
            _has_event(before),
        ),
        Kept.RECENT: settled_at >= settled_before,
        Kept.ALERT: _has_open_alert(),
        Kept.SUBSCRIPTION: _pays_for_what_runs(),
        Kept.KEY: _is_worked_at(),
    }


def _has_refund(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    p = t.payments.c
    return select(p.payment_id).where(p.refunds_payment_id == _C.payment_id, condition).exists()


def _has_event(since: datetime) -> ColumnElement[bool]:
    e = t.payment_events.c
    return select(e.event_id).where(e.payment_id == _C.payment_id, e.created_at >= since).exists()


def _has_open_alert() -> ColumnElement[bool]:
    """One that nobody has reviewed, or whose release nobody has used."""
    f = t.fraud_alerts.c
    unused: ColumnElement[bool] = f.released_at.is_not(None)
    for payments in (t.payments.alias("used"), t.payments_archive.alias("used_before")):
        # By student first: the archive has no index on the alert.
        used = select(payments.c.payment_id).where(
            payments.c.user_id == f.user_id, payments.c.released_alert_id == f.alert_id
        )
        unused = and_(unused, not_(used.exists()))
    return (
        select(f.alert_id)
        .where(
            f.payment_id == _C.payment_id,
            or_(f.status == AlertStatus.PENDING, unused),
        )
        .exists()
    )


def _pays_for_what_runs() -> ColumnElement[bool]:
    """The bill is open, or the period that a running subscription is in was paid with it.

    The next renewal goes through the gateway that this charge names.
    """
    b, s = t.subscription_payments.c, t.subscriptions.c
    runs = (
        select(s.subscription_id)
        .where(
            s.subscription_id == b.subscription_id,
            s.status.in_(RUNNING_SUBSCRIPTIONS),
            b.billing_period_end >= s.current_period_end,
        )
        .exists()
    )
    return (
        select(b.payment_id)
        .where(
            b.charge_payment_id == _C.payment_id,
            or_(b.status == BillingStatus.PENDING, runs),
        )
        .exists()
    )


def _is_worked_at() -> ColumnElement[bool]:
    k = t.idempotency.c
    return (
        select(k.idempotency_key)
        .where(k.payment_id == _C.payment_id, k.state == KeyState.IN_PROGRESS)
        .exists()
    )
