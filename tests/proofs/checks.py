"""What must hold at every moment: in the database, and between it and the gateway's book."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import Connection, select

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.invariants import invariants
from learnhub_desktop.domain.findings import Severity
from learnhub_desktop.gateways import Entry, EntryState
from tests.services.desk import Desk

_HAS_MONEY = {
    "charge": {"completed", "partially_refunded", "refunded", "disputed"},
    "refund": {"completed"},
}


def faults(desk: Desk) -> list[str]:
    """All that is wrong with the school, in sentences; settled or not, nothing may be."""
    found = desk.ask(invariants)
    wrong = [each.sentence for each in found if each.severity is Severity.PROBLEM]
    return wrong + desk.ask(lambda connection: against_the_book(connection, desk.sent()))


def against_the_book(connection: Connection, entries: list[Entry]) -> list[str]:
    """Where the school and its gateway's book disagree about money that has moved."""
    p = t.payments.c
    rows = connection.execute(
        select(p.payment_id, p.idempotency_key, p.kind, p.status, p.amount, p.currency).where(
            p.payment_gateway == "simulated"
        )
    ).all()
    ours = {row.idempotency_key: row for row in rows}
    moved = {entry.key: entry for entry in entries if entry.state is EntryState.APPROVED}
    wrong = [
        f"Key {key} has {n} entries." for key, n in Counter(e.key for e in entries).items() if n > 1
    ]
    for key, entry in moved.items():
        row = ours.get(key)
        if row is None:
            wrong.append(f"The gateway moved {entry.amount} under {key}, which no payment has.")
        elif (row.payment_id, row.kind, row.amount, row.currency) != (
            entry.payment_id,
            entry.kind,
            entry.amount,
            entry.currency,
        ):
            wrong.append(
                f"The gateway moved something else under {key} than payment {row.payment_id}."
            )
        elif row.status == "failed":
            wrong.append(f"Payment {row.payment_id} failed, and the gateway moved {entry.amount}.")
    for key, row in ours.items():
        if row.status in _HAS_MONEY[row.kind] and key not in moved:
            wrong.append(
                f"Payment {row.payment_id} is {row.status}, and the gateway knows nothing."
            )
    return wrong


def unsettled(desk: Desk) -> list[int]:
    """Payments that are still open: those whose outcome nobody has looked up yet."""
    rows = desk.rows(t.payments, t.payments.c.status.in_(["pending", "unknown"]))
    return [row.payment_id for row in rows]
