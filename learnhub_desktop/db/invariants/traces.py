"""What payments leave behind them: ids that name each other, events, keys."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, Select, Table, or_, select

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.invariants.reading import rows
from learnhub_desktop.domain.event_paths import doubtful, impossible
from learnhub_desktop.domain.findings import Finding, Topic, problem, warning
from learnhub_desktop.domain.states import (
    OPEN_PAYMENTS,
    EventType,
    KeyState,
    PaymentKind,
    PaymentStatus,
    say,
)

_E: Final = t.enrollments.c


def references(connection: Connection) -> Iterator[Finding]:
    """Ids that no foreign key holds, so that closed years can leave."""
    for table, key, name, noun in (
        (t.subscription_payments, "payment_id", "charge_payment_id", "Billed period"),
        (t.fraud_alerts, "alert_id", "payment_id", "Alert"),
        (t.idempotency, None, "payment_id", "A key"),
        (t.balance_movements, "movement_id", "payment_id", "Balance movement"),
    ):
        for row in rows(connection, _lost_payments(table, key, name)):
            who = noun if key is None else f"{noun} {row.row_id}"
            yield warning(
                Topic.REFERENCES,
                row.row_id,
                f"{who} names payment {row.named}, which is neither here nor in the archive.",
            )
    for statement, noun, what in (
        (_lost_subscriptions(), "Enrolment", "subscription"),
        (_lost_alerts(), "Payment", "alert"),
    ):
        for row in rows(connection, statement):
            yield problem(
                Topic.REFERENCES,
                row.row_id,
                f"{noun} {row.row_id} names {what} {row.named}, which does not exist.",
            )


@cache
def _lost_payments(table: Table, key: str | None, name: str) -> Select[Any]:
    live, archived = t.payments.c, t.payments_archive.c
    named = table.c[name]
    row_id = table.c[key] if key is not None else named
    return (
        select(row_id.label("row_id"), named.label("named"))
        .outerjoin(t.payments, live.payment_id == named)
        .outerjoin(t.payments_archive, archived.payment_id == named)
        .where(named.is_not(None), live.payment_id.is_(None), archived.payment_id.is_(None))
        .order_by(row_id)
    )


@cache
def _lost_subscriptions() -> Select[Any]:
    return (
        select(_E.enrollment_id.label("row_id"), _E.subscription_id.label("named"))
        .outerjoin(t.subscriptions, t.subscriptions.c.subscription_id == _E.subscription_id)
        .where(_E.subscription_id.is_not(None), t.subscriptions.c.subscription_id.is_(None))
    )


@cache
def _lost_alerts() -> Select[Any]:
    p = t.payments.c
    return (
        select(p.payment_id.label("row_id"), p.released_alert_id.label("named"))
        .outerjoin(t.fraud_alerts, t.fraud_alerts.c.alert_id == p.released_alert_id)
        .where(p.released_alert_id.is_not(None), t.fraud_alerts.c.alert_id.is_(None))
    )


def events(connection: Connection) -> Iterator[Finding]:
    """Each payment's events form a path that can have happened."""
    for payments, payment_events in (
        (t.payments, t.payment_events),
        (t.payments_archive, t.payment_events_archive),
    ):
        statement = _told(payments, payment_events)
        for payment_id, group in groupby(
            rows(connection, statement), key=lambda row: row.payment_id
        ):
            told = list(group)
            # Other programs write no key, and only some of the events or none.
            judge = doubtful if told[0].idempotency_key is None else impossible
            wrong = judge(
                PaymentKind(told[0].kind),
                PaymentStatus(told[0].status),
                [EventType(row.event_type) for row in told if row.event_type is not None],
            )
            if wrong is not None:
                yield problem(Topic.EVENTS, payment_id, f"Payment {payment_id} {wrong}.")


@cache
def _told(payments: Table, payment_events: Table) -> Select[Any]:
    p, e = payments.c, payment_events.c
    return (
        select(p.payment_id, p.kind, p.status, p.idempotency_key, e.event_type)
        .outerjoin(payment_events, e.payment_id == p.payment_id)
        .where(or_(p.idempotency_key.is_not(None), e.event_id.is_not(None)))
        .order_by(p.payment_id, e.event_id)
    )


def keys(connection: Connection) -> Iterator[Finding]:
    """A key is done when its payment is settled, and names the payment that has it."""
    for row in rows(connection, _keys()):
        if row.idempotency_key != row.named:
            said = f"Key {row.named} names payment {row.payment_id}, which has another key."
        else:
            done = "done" if row.state == KeyState.DONE else "not done"
            said = f"Payment {row.payment_id} is {say(row.status)}, and its key is {done}."
        yield problem(Topic.KEYS, row.payment_id, said)


@cache
def _keys() -> Select[Any]:
    k, p = t.idempotency.c, t.payments.c
    is_open = p.status.in_(sorted(OPEN_PAYMENTS))
    return (
        select(p.payment_id, p.status, k.state, p.idempotency_key, k.idempotency_key.label("named"))
        .join(t.idempotency, k.payment_id == p.payment_id)
        .where(
            or_(
                is_open & (k.state == KeyState.DONE),
                ~is_open & (k.state == KeyState.IN_PROGRESS),
                p.idempotency_key.is_distinct_from(k.idempotency_key),
            )
        )
        .order_by(p.payment_id)
    )
