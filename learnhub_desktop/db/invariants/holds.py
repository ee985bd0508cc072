"""Seats that are held for a payment that is under way."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Select, func, select
from sqlalchemy.sql.selectable import Subquery

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.invariants.reading import rows
from learnhub_desktop.domain.catalog import count_of
from learnhub_desktop.domain.findings import Finding, Topic, problem, warning
from learnhub_desktop.domain.states import OPEN_PAYMENTS, EnrolmentStatus, PaymentKind

_E: Final = t.enrollments.c


def holds(connection: Connection) -> Iterator[Finding]:
    """A pending enrolment waits for one open charge, and no enrolment for two of them."""
    for row in rows(connection, _holds_rows()):
        if row.waiting > 1:
            yield problem(
                Topic.HOLDS,
                row.enrollment_id,
                f"Enrolment {row.enrollment_id} waits for {row.waiting} payments at once: it may "
                "be paid twice.",
            )
        elif row.charges:
            yield problem(
                Topic.HOLDS,
                row.enrollment_id,
                f"Enrolment {row.enrollment_id} is pending, and holds a seat for nobody: its "
                f"{count_of(row.charges, 'payment is', 'payments are')} settled.",
            )
        else:
            yield warning(
                Topic.HOLDS,
                row.enrollment_id,
                f"Enrolment {row.enrollment_id} is pending without a payment. Another program may "
                "have made it.",
            )


@cache
def _holds_rows() -> Select[Any]:
    under_way, every = _charges(only_open=True), _charges(only_open=False)
    count = func.coalesce(under_way.c.number, 0)
    return (
        select(_E.enrollment_id, count.label("waiting"), every.c.number.label("charges"))
        .outerjoin(under_way, under_way.c.enrollment_id == _E.enrollment_id)
        .outerjoin(every, every.c.enrollment_id == _E.enrollment_id)
        .where((count > 1) | ((_E.status == EnrolmentStatus.PENDING) & (count == 0)))
        .order_by(_E.enrollment_id)
    )


def _charges(*, only_open: bool) -> Subquery:
    """How many charges name each enrolment."""
    c = t.payments.c
    statement = select(c.enrollment_id, func.count().label("number")).where(
        c.kind == PaymentKind.CHARGE, c.enrollment_id.is_not(None)
    )
    if only_open:
        statement = statement.where(c.status.in_(sorted(OPEN_PAYMENTS)))
    return statement.group_by(c.enrollment_id).subquery("open" if only_open else "all_charges")
