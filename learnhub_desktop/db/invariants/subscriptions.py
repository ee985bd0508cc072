"""Subscriptions: each period is paid once, and what a plan opens stands with it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Select, Subquery, func, or_, select

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.invariants.reading import rows
from learnhub_desktop.domain.findings import Finding, Topic, problem
from learnhub_desktop.domain.states import (
    OPEN_ENROLMENTS,
    OPEN_PAYMENTS,
    RUNNING_SUBSCRIPTIONS,
    SETTLED_PAYMENTS,
    BillingStatus,
    PaymentKind,
    PaymentStatus,
    say,
)

_S: Final = t.subscriptions.c
_B: Final = t.subscription_payments.c


def subscriptions(connection: Connection) -> Iterator[Finding]:
    """Bills agree with their charges, and a plan runs to the end of its last paid period."""
    yield from _bills(connection)
    yield from _charges_without_bill(connection)
    yield from _charged_at_once(connection)
    yield from _periods(connection)
    yield from _opened(connection)


def _bills(connection: Connection) -> Iterator[Finding]:
    """A bill is paid when its charge is. (A late charge of a failed one is due back.)"""
    for row in rows(connection, _bills_rows()):
        yield problem(
            Topic.SUBSCRIPTIONS,
            row.payment_id,
            f"Billed period {row.payment_id} is {say(row.status)}, and its charge {row.charge_id} "
            f"is {say(row.charge)}.",
        )


@cache
def _bills_rows() -> Select[Any]:
    charges = _charges()
    c = charges.c
    is_open, is_paid = c.status.in_(sorted(OPEN_PAYMENTS)), c.status.in_(SETTLED_PAYMENTS)
    return (
        select(_B.payment_id, _B.status, c.payment_id.label("charge_id"), c.status.label("charge"))
        .join(charges, c.payment_id == _B.charge_payment_id)
        .where(
            c.idempotency_key.is_not(None),
            or_(
                (_B.status == BillingStatus.COMPLETED) & ~is_paid,
                (_B.status == BillingStatus.PENDING) & ~is_open,
                (_B.status == BillingStatus.FAILED) & is_open,
                (_B.status == BillingStatus.FAILED) & is_paid & ~_goes_back(c),
            ),
        )
        .order_by(_B.payment_id)
    )


def _charges_without_bill(connection: Connection) -> Iterator[Finding]:
    """Money for a period that no bill names, or that another charge has paid too."""
    for row in rows(connection, _charges_without_bill_rows()):
        yield problem(
            Topic.SUBSCRIPTIONS,
            row.payment_id,
            f"Payment {row.payment_id} was paid for a subscription, and pays for no period.",
        )


@cache
def _charges_without_bill_rows() -> Select[Any]:
    charges = _charges()
    c = charges.c
    return (
        select(c.payment_id)
        .outerjoin(t.subscription_payments, _B.charge_payment_id == c.payment_id)
        .where(
            c.idempotency_key.is_not(None),
            c.status.in_(SETTLED_PAYMENTS),
            ~_goes_back(c),
            _B.payment_id.is_(None),
        )
        .order_by(c.payment_id)
    )


def _goes_back(c: Any) -> Any:
    return c.refund_due | (c.status == PaymentStatus.REFUNDED)


def _charges() -> Subquery:
    parts: list[Select[Any]] = [
        select(
            table.c.payment_id,
            table.c.subscription_id,
            table.c.status,
            table.c.refund_due,
            table.c.idempotency_key,
        ).where(table.c.kind == PaymentKind.CHARGE, table.c.subscription_id.is_not(None))
        for table in (t.payments, t.payments_archive)
    ]
    return parts[0].union_all(parts[1]).subquery("charges")


def _charged_at_once(connection: Connection) -> Iterator[Finding]:
    for row in rows(connection, _charged_at_once_rows()):
        yield problem(
            Topic.SUBSCRIPTIONS,
            row.subscription_id,
            f"Subscription {row.subscription_id} waits for {row.number} charges at once: it may "
            "be paid twice.",
        )


@cache
def _charged_at_once_rows() -> Select[Any]:
    c = t.payments.c
    return (
        select(c.subscription_id, func.count().label("number"))
        .where(
            c.subscription_id.is_not(None),
            c.kind == PaymentKind.CHARGE,
            c.status.in_(sorted(OPEN_PAYMENTS)),
        )
        .group_by(c.subscription_id)
        .having(func.count() > 1)
        .order_by(c.subscription_id)
    )


def _periods(connection: Connection) -> Iterator[Finding]:
    """A running plan ends where its last paid period does. Other programs write no charge."""
    for row in rows(connection, _periods_rows()):
        yield problem(
            Topic.SUBSCRIPTIONS,
            row.subscription_id,
            f"Subscription {row.subscription_id} runs until {row.current_period_end}, and is paid "
            f"until {row.until}.",
        )


@cache
def _periods_rows() -> Select[Any]:
    paid = (
        select(_B.subscription_id, func.max(_B.billing_period_end).label("until"))
        .where(_B.status == BillingStatus.COMPLETED, _B.charge_payment_id.is_not(None))
        .group_by(_B.subscription_id)
        .subquery("paid")
    )
    return (
        select(_S.subscription_id, _S.current_period_end, paid.c.until)
        .join(paid, paid.c.subscription_id == _S.subscription_id)
        .where(_S.status.in_(RUNNING_SUBSCRIPTIONS), _S.current_period_end != paid.c.until)
        .order_by(_S.subscription_id)
    )


def _opened(connection: Connection) -> Iterator[Finding]:
    for row in rows(connection, _opened_rows()):
        yield problem(
            Topic.SUBSCRIPTIONS,
            row.enrollment_id,
            f"Enrolment {row.enrollment_id} is open by subscription {row.subscription_id}, which "
            f"is {say(row.status)}.",
        )


@cache
def _opened_rows() -> Select[Any]:
    e = t.enrollments.c
    return (
        select(e.enrollment_id, _S.subscription_id, _S.status)
        .join(t.subscriptions, _S.subscription_id == e.subscription_id)
        .where(
            e.status.in_(OPEN_ENROLMENTS),
            _S.status.not_in(RUNNING_SUBSCRIPTIONS),
        )
        .order_by(e.enrollment_id)
    )
