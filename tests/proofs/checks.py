"""What must hold at every moment: in the database, and between it and the gateway's book."""

from __future__ import annotations

from sqlalchemy import Connection

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.invariants import invariants
from learnhub_desktop.db.invariants.book import against_book
from learnhub_desktop.domain.findings import Finding
from tests.services.desk import Desk


def faults(desk: Desk) -> list[str]:
    """All that is wrong with the school, in sentences; settled or not, nothing may be.

    No other program writes in a proof, so what one might have done is wrong here too.
    """
    gateway = desk.gateway

    def look(connection: Connection) -> list[Finding]:
        # The book first: the snapshot of the school must not be older than it.
        return [*against_book(connection, gateway.name, gateway.entries), *invariants(connection)]

    return [each.sentence for each in desk.ask(look)]


def unsettled(desk: Desk) -> list[int]:
    """Payments that are still open: those whose outcome nobody has looked up yet."""
    rows = desk.rows(t.payments, t.payments.c.status.in_(["pending", "unknown"]))
    return [row.payment_id for row in rows]
