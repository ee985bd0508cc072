"""What people were told while a server died, beside what stands in the school afterwards."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Final

from learnhub_desktop.db import tables as t
from learnhub_desktop.gateways import EntryState
from learnhub_desktop.jobs import asking
from learnhub_desktop.jobs.results import JobResult
from tests.proofs.crowd import Place, open_desk
from tests.proofs.steady_desk import Act
from tests.services.desk import Desk

# What may stand in the end, by what a desk was told last.
_STANDS: Final = {
    "completed": {"completed", "partially_refunded", "refunded"},
    "declined": {"failed"},
    "blocked": {"failed"},
    "failed": {"failed"},
    "waiting": {"failed", "completed", "partially_refunded", "refunded"},
    "pending": {"pending", "completed"},
}


def after_the_janitor(place: Place) -> tuple[Desk, JobResult]:
    """A desk there once every hold has run out and the janitor has come by; what it did."""
    later = open_desk(place, datetime.now(UTC) + timedelta(days=10))
    return later, asking.run(later.database, later.gateways)


def by_hand(desk: Desk) -> list[int]:
    """Refunds that wait for a person, where the crash came before the payout was recorded."""
    c = t.payments.c
    rows = desk.rows(
        t.payments, c.kind == "refund", c.payment_gateway == "manual", c.status == "pending"
    )
    return [row.payment_id for row in rows]


def wrongly_told(desk: Desk, acts: list[Act]) -> list[str]:
    """Where a person was told something that is not so."""
    by_key = {row.idempotency_key: row for row in desk.payments()}
    by_id = {str(row.payment_id): row for row in desk.payments()}
    wrong = []
    for act in acts:
        row = by_id.get(act.key) if act.key.isdigit() else by_key.get(act.key)
        last = act.told[-1]
        status = None if row is None else row.status
        if last in _STANDS and status not in _STANDS[last]:
            wrong.append(f"{act.kind} {act.key} was told {act.told}, and is {status}.")
        was_refused = all(each.startswith("refused") for each in act.told)
        if was_refused and not act.key.isdigit() and row is not None:
            wrong.append(f"{act.kind} {act.key} was told {act.told}, and is there, {status}.")
        if "completed" in act.told and last != "completed":
            wrong.append(f"{act.kind} {act.key} was told {act.told}.")
    return wrong


def figures(desk: Desk, acts: list[Act]) -> list[str]:
    """How often each was told what, and how many charges the gateway's book has."""
    told = Counter(f"{act.kind} {act.told[-1]}" for act in acts)
    charged = [e for e in desk.sent() if e.kind == "charge" and e.state is EntryState.APPROVED]
    return [
        ", ".join(f"{what}: {count}" for what, count in sorted(told.items())),
        f"{len(charged)} charges in the gateway's book, each with its one payment",
    ]
