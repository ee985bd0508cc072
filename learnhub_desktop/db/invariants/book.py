"""The school against its gateway's own book, which no crash or forgery here can change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Table, select

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.invariants.reading import rows
from learnhub_desktop.domain import money
from learnhub_desktop.domain.book import Book, BookEntry
from learnhub_desktop.domain.findings import Finding, Topic, problem, warning
from learnhub_desktop.domain.states import SETTLED_PAYMENTS, PaymentStatus, say

_APPROVED: Final = "approved"
# What a charge fails for whose key had served another act at the gateway: that act is its entry.
_NOT_OURS: Final = "key_reused"


@dataclass(frozen=True, slots=True)
class _Here:
    """A payment as this school has it."""

    payment_id: int
    kind: str
    status: PaymentStatus
    amount: Decimal
    currency: str
    reason_code: str | None
    charge_key: str | None

    @property
    def is_settled(self) -> bool:
        return self.status in SETTLED_PAYMENTS


def against_book(connection: Connection, gateway: str, book: Book) -> Iterator[Finding]:
    """Where the school and the book of its gateway disagree about money that has moved.

    The book is read before the school and after it: a payment is written here before it is
    sent, and its outcome after it, so what is under way gives no false alarm.
    """
    before = list(book())
    here = _payments(connection, gateway)
    after = {entry.key: entry for entry in book()}
    yield from _twice(before)
    for key, entry in {each.key: each for each in before}.items():
        if key not in here:
            yield _missing_here(connection, entry)
    for key, payment in here.items():
        found = after.get(key)
        wrong = _disagreement(payment, found)
        if wrong:
            yield problem(Topic.BOOK, payment.payment_id, f"Payment {payment.payment_id} {wrong}.")


def _payments(connection: Connection, gateway: str) -> dict[str, _Here]:
    """What went through the gateway, by key."""
    here: dict[str, _Here] = {}
    for table in (t.payments, t.payments_archive):
        for row in rows(connection, _through(table, gateway)):
            here[row.idempotency_key] = _Here(
                row.payment_id,
                row.kind,
                PaymentStatus(row.status),
                row.amount,
                row.currency,
                row.reason_code,
                row.charge_key,
            )
    return here


@cache
def _through(table: Table, gateway: str) -> Any:
    c, charge = table.c, table.alias("charge")
    return (
        select(
            c.payment_id,
            c.idempotency_key,
            c.kind,
            c.status,
            c.amount,
            c.currency,
            c.reason_code,
            charge.c.idempotency_key.label("charge_key"),
        )
        .outerjoin(charge, charge.c.payment_id == c.refunds_payment_id)
        .where(c.payment_gateway == gateway, c.idempotency_key.is_not(None))
        .order_by(c.payment_id)
    )


def _twice(entries: list[BookEntry]) -> Iterator[Finding]:
    for key, count in Counter(entry.key for entry in entries).items():
        if count > 1:
            yield problem(Topic.BOOK, None, f"The gateway has {count} entries under the key {key}.")


def _missing_here(connection: Connection, entry: BookEntry) -> Finding:
    said = (
        f"The gateway has a {entry.kind} of {money.text(entry.amount, entry.currency)}, "
        f"{entry.state}, as payment {entry.payment_id}"
    )
    known = select(t.idempotency.c.payment_id).where(t.idempotency.c.idempotency_key == entry.key)
    if connection.scalar(known) == entry.payment_id:
        return warning(
            Topic.BOOK,
            entry.payment_id,
            f"{said}, which is not here any more. It may be of a closed year that was dropped.",
        )
    return problem(Topic.BOOK, entry.payment_id, f"{said}, and no payment here has its key.")


def _disagreement(payment: _Here, entry: BookEntry | None) -> str:
    """How the two differ, as the end of a sentence; empty where they agree."""
    if entry is None:
        return f"is {say(payment.status)}, and the gateway has none" if payment.is_settled else ""
    if payment.status is PaymentStatus.FAILED and payment.reason_code == _NOT_OURS:
        return ""
    ours = (payment.payment_id, payment.kind, payment.amount, payment.currency, payment.charge_key)
    theirs = (entry.payment_id, entry.kind, entry.amount, entry.currency, entry.charge_key)
    if ours != theirs:
        return (
            f"is a {payment.kind} of {money.text(payment.amount, payment.currency)}, and the "
            f"gateway has a {entry.kind} of {money.text(entry.amount, entry.currency)} "
            f"as payment {entry.payment_id}"
        )
    if entry.state == _APPROVED and payment.status is PaymentStatus.FAILED:
        return "is failed, and the gateway moved the money"
    if entry.state != _APPROVED and payment.is_settled:
        return f"is {say(payment.status)}, and at the gateway it is {entry.state}"
    return ""
