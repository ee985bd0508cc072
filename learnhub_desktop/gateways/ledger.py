"""What stands in the simulated gateway's book, and the rules for what may be added."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from sqlite3 import Connection, Row
from typing import Final

from learnhub_desktop.domain.money import CENT
from learnhub_desktop.gateways.cards import CardBehaviour
from learnhub_desktop.gateways.port import (
    Answer,
    Entry,
    EntryKind,
    EntryState,
    KeyReused,
    Outcome,
    Reason,
    reason_text,
)

SELECT_ENTRIES: Final = """
    SELECT e.*, coalesce((SELECT sum(r.cents) FROM standing AS r
        WHERE r.charge_key = e.key AND r.state_now <> 'declined'), 0) AS refunded
    FROM standing AS e
"""


@dataclass(frozen=True, slots=True)
class Terms:
    """All that a call with this key must name again to be the same call.

    ``card`` is the fingerprint: "" for a refund, which goes to its charge's card.
    """

    key: str
    kind: EntryKind
    payment_id: int
    amount: Decimal
    currency: str
    card: str = ""
    charge_key: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    state: EntryState
    reason: Reason | None = None
    behaviour: CardBehaviour = CardBehaviour.PLAIN


def find(book: Connection, key: str) -> Row | None:
    row: Row | None = book.execute(f"{SELECT_ENTRIES} WHERE e.key = ?", (key,)).fetchone()
    return row


def voided_at(book: Connection, key: str) -> datetime | None:
    row = book.execute("SELECT at FROM voids WHERE key = ?", (key,)).fetchone()
    return None if row is None else datetime.fromisoformat(row["at"])


def entry(row: Row) -> Entry:
    return Entry(
        key=row["key"],
        kind=EntryKind(row["kind"]),
        payment_id=row["payment_id"],
        amount=row["cents"] * CENT,
        currency=row["currency"],
        state=EntryState(row["state_now"]),
        reference=row["reference"],
        at=datetime.fromisoformat(row["at"]),
        charge_key=row["charge_key"],
        refunded=row["refunded"] * CENT,
        reason_code=row["reason_now"],
    )


def replay(row: Row, terms: Terms) -> Answer | KeyReused:
    """The first answer again, word for word; what has happened since is for `lookup`."""
    before = {
        "operation": row["kind"],
        "charge": row["charge_key"],
        "payment": row["payment_id"],
        "amount": row["cents"] * CENT,
        "currency": row["currency"],
        "card": row["card_fingerprint"],
    }
    now = {
        "operation": terms.kind.value,
        "charge": terms.charge_key,
        "payment": terms.payment_id,
        "amount": terms.amount,
        "currency": terms.currency,
        "card": terms.card,
    }
    if before["operation"] != now["operation"]:
        return KeyReused(terms.key, ("operation",))
    differs = tuple(name for name, value in now.items() if before[name] != value)
    if differs:
        return KeyReused(terms.key, differs)
    return Answer(
        key=terms.key,
        outcome=Outcome(row["state"]),
        amount=terms.amount,
        currency=terms.currency,
        reference=row["reference"],
        reason_code=row["reason_code"],
        at=datetime.fromisoformat(row["at"]),
        message=reason_text(row["reason_code"]),
        replayed=True,
    )


def refused_as_voided(terms: Terms, at: datetime) -> Answer:
    return Answer(
        key=terms.key,
        outcome=Outcome.DECLINED,
        amount=terms.amount,
        currency=terms.currency,
        reason_code=Reason.VOIDED,
        at=at,
        message=reason_text(Reason.VOIDED),
    )


def refund_refusal(charge: Row | None, terms: Terms) -> Reason | None:
    """Why this refund of ``charge`` cannot be; None where it can."""
    if charge is None or charge["kind"] != EntryKind.CHARGE:
        return Reason.NO_SUCH_CHARGE
    if charge["state_now"] != EntryState.APPROVED:
        return Reason.CHARGE_NOT_APPROVED
    if charge["currency"] != terms.currency:
        return Reason.OTHER_CURRENCY
    left = (charge["cents"] - charge["refunded"]) * CENT
    if left == 0:
        return Reason.ALREADY_REFUNDED
    return Reason.ABOVE_WHAT_IS_LEFT if terms.amount > left else None


def add(book: Connection, terms: Terms, verdict: Verdict, at: datetime) -> Answer:
    reference = f"sim_{terms.kind.value[:2]}_{uuid.uuid4().hex}"
    book.execute(
        "INSERT INTO entries (key, kind, charge_key, payment_id, cents, currency, card,"
        " card_fingerprint, state, reason_code, reference, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            terms.key,
            terms.kind.value,
            terms.charge_key,
            terms.payment_id,
            int(terms.amount / CENT),
            terms.currency,
            verdict.behaviour.value,
            terms.card,
            verdict.state.value,
            verdict.reason.value if verdict.reason else None,
            reference,
            at.isoformat(),
        ),
    )
    return Answer(
        key=terms.key,
        outcome=Outcome(verdict.state.value),
        amount=terms.amount,
        currency=terms.currency,
        reference=reference,
        reason_code=verdict.reason.value if verdict.reason else None,
        at=at,
        message=reason_text(verdict.reason),
    )
