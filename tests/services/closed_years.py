"""A school with years behind it: what tests of closed years share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.services import years
from tests.services.desk import Desk
from tests.services.subscribers import at

LIVE = (t.payments, t.payment_events)
ARCHIVE = (t.payments_archive, t.payment_events_archive)


@contextmanager
def on(desk: Desk, text: str) -> Iterator[datetime]:
    """Do something on another day."""
    before = desk.clock.now
    desk.clock.now = at(text)
    yield desk.clock.now
    desk.clock.now = before


@dataclass
class Past:
    """Payments of 2024 by what became of them; the clock stands in March 2026."""

    paid: int
    refunded: int
    partly: int
    declined: int
    waiting: int
    refunded_later: int
    course: int


def make_past(desk: Desk) -> Past:
    course = desk.course()

    def buy(moment: str, **values: Any) -> int:
        with on(desk, moment):
            payment_id = desk.buy(desk.student(), course, **values).payment_id
        assert payment_id is not None
        return payment_id

    def refund(moment: str, payment_id: int, **values: Any) -> None:
        with on(desk, moment):
            desk.refund(payment_id, **values)

    paid = buy("2024-02-01T10:00")
    refunded = buy("2024-03-01T10:00")
    refund("2024-03-10T10:00", refunded)
    partly = buy("2024-04-01T10:00")
    refund("2024-04-02T10:00", partly, amount=Decimal("10.00"))
    refund("2024-04-03T10:00", partly, amount=Decimal("5.00"))
    declined = buy("2024-05-01T10:00", card="tok_declined")
    with on(desk, "2024-12-30T10:00"):
        waiting = desk.buy(
            desk.student(), course, method=PaymentMethod.BANK_TRANSFER, card=None
        ).payment_id
    assert waiting is not None
    refunded_later = buy("2024-12-20T10:00")
    refund("2025-01-10T10:00", refunded_later)
    return Past(paid, refunded, partly, declined, waiting, refunded_later, course)


def archive(desk: Desk, year: int, **values: Any) -> years.Archived:
    return years.archive_year(desk.database, year, **values)


def numbers(desk: Desk, table: Any) -> list[int]:
    """The payments in a table of payments, in order."""
    return sorted(row.payment_id for row in desk.rows(table))


def snapshot(desk: Desk) -> dict[str, list[tuple[Any, ...]]]:
    """Every payment and event, wherever it stands, as a tuple; and what is only in one place."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for name, tables, key in (("payments", 0, "payment_id"), ("events", 1, "event_id")):
        columns = [column.name for column in ARCHIVE[tables].columns]
        rows: list[tuple[Any, ...]] = []
        for table in (LIVE[tables], ARCHIVE[tables]):
            for row in desk.rows(table):
                rows.append(tuple(str(getattr(row, column)) for column in columns))
        position = columns.index(key)
        found[name] = sorted(rows, key=lambda row, at=position: int(row[at]))
        assert len({row[position] for row in rows}) == len(rows), "a row stands in two places"
    return found
