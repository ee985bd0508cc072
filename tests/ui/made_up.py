"""A list of made-up payments in memory, read through the same two calls as the real lists."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from learnhub_desktop.domain.actors import Actor, Role, actor_of
from learnhub_desktop.domain.lists import ANCHOR_STRIDE, Anchor, ListHead, ListPage, ListQuery
from learnhub_desktop.models.columns import Column, Kind, Tone

NOW = datetime(2024, 2, 7, 9, 45, tzinfo=UTC)  # a Wednesday

TONES = {
    "completed": Tone.GOOD,
    "pending": Tone.WARN,
    "unknown": Tone.WARN,
    "failed": Tone.BAD,
    "disputed": Tone.BAD,
    "partially_refunded": Tone.INFO,
    "refunded": Tone.IDLE,
}
_NAMES = (
    *("Amina Yusuf", "Łukasz Zieliński", "陳美玲", "José Álvarez", "Priya Raman", "Ola Nordmann"),
    *("Fatima Zahra", "Dmitri Orlov", "Grace Njeri", "Hannah Schmidt", "Kenji Watanabe"),
    *("Beatriz Costa", "محمد الفارسي", "Maximiliane Freifrau von Wolkenstein-Rodenegg"),
)
_COURSES = ("SQL Mastery", "Python Basics", "Data Modelling", "Statistics I", "Web Design")
_METHODS = ("card", "paypal", "card", "transfer", "card", "balance")
_STATES = (
    *("completed", "pending", "unknown", "completed", "partially_refunded", "refunded"),
    *("failed", "disputed", "completed", "completed"),
)
_AMOUNTS = ("99.99", "49.00", "120.00", "9.99", "75.00", "1250.00")
_HOURS = (0, 0, 0, 1, 1, 88, 90, 91, 93, 700)


@dataclass(frozen=True, slots=True)
class SaleRow:
    sale_id: int
    student: str
    course: str
    amount: Decimal
    currency: str
    method: str
    state: str
    progress_percent: Decimal
    made_at: datetime


SALE_COLUMNS: tuple[Column[SaleRow], ...] = (
    Column(key="id", title="No.", kind=Kind.NUMBER, value=lambda row: row.sale_id, width=76),
    Column(key="student", title="Student", value=lambda row: row.student, width=140, grow=3),
    Column(key="course", title="Course", value=lambda row: row.course, width=130, grow=2),
    Column(
        key="amount",
        title="Amount",
        kind=Kind.MONEY,
        value=lambda row: row.amount,
        currency=lambda row: row.currency,
        width=120,
    ),
    Column(key="method", title="Method", value=lambda row: row.method, width=90),
    Column(
        key="state",
        title="Status",
        kind=Kind.BADGE,
        value=lambda row: row.state,
        tone=lambda row: TONES[row.state],
        width=150,
    ),
    Column(
        key="progress",
        title="Progress",
        kind=Kind.PERCENT_BAR,
        value=lambda row: row.progress_percent,
        width=140,
        sortable=False,
        hidden=True,
    ),
    Column(key="made", title="When", kind=Kind.MOMENT, value=lambda row: row.made_at, width=124),
)


def make_sale(number: int, **changed: Any) -> SaleRow:
    return replace(_sale(number), **changed) if changed else _sale(number)


@cache
def _sale(number: int) -> SaleRow:
    return SaleRow(
        sale_id=number,
        student=_NAMES[number % len(_NAMES)],
        course=_COURSES[number % len(_COURSES)],
        amount=Decimal(_AMOUNTS[number % len(_AMOUNTS)]),
        currency="USD",
        method=_METHODS[number % len(_METHODS)],
        state=_STATES[number % len(_STATES)],
        progress_percent=Decimal(number * 7 % 101),
        made_at=NOW - timedelta(hours=_HOURS[number % len(_HOURS)], minutes=3 + number % 50),
    )


class MadeUpDatabase:
    """Runs every call at once and without a database, for pictures."""

    label = "learnhub@db1"

    def actor(self) -> Actor:
        return actor_of("mlind", Role.FINANCE, "M. Lind")

    def read_job(self, job: object, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return call(None, *args, **kwargs)

    def write(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return call(None, *args, **kwargs)

    def close(self) -> None:
        """There is nothing to close."""


class MadeUpList:
    """Rows that tests change as another desk would; ``gate`` holds reads up when it is cleared."""

    def __init__(self, rows: list[SaleRow]) -> None:
        self.rows = rows
        self.calls: list[str] = []
        self.error: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()
        self.head_gate = threading.Event()
        self.head_gate.set()

    def head(self, uow: object, query: ListQuery, *, ids: tuple[int, ...] = ()) -> ListHead:
        self.calls.append("head")
        self._wait(self.head_gate)
        rows = self._matching(query)
        places = {row.sale_id: place for place, row in enumerate(rows)}
        anchors = tuple(
            Anchor(place, None, rows[place].sale_id) for place in range(0, len(rows), ANCHOR_STRIDE)
        )
        found = {row_id: places[row_id] for row_id in ids if row_id in places}
        return ListHead(len(rows), len(self.rows), anchors, found)

    def page(
        self, uow: object, query: ListQuery, *, first: int, count: int, anchor: Anchor | None
    ) -> ListPage[SaleRow]:
        self.calls.append(f"page {first}")
        assert anchor is None or first - ANCHOR_STRIDE < anchor.position <= first
        self._wait(self.gate)
        rows = self._matching(query)
        return ListPage(first, tuple(rows[first : first + count]))

    def _wait(self, gate: threading.Event) -> None:
        assert gate.wait(5)
        if self.error is not None:
            raise self.error

    def _matching(self, query: ListQuery) -> list[SaleRow]:
        text = query.text.casefold()
        states = query.values("state")
        rows = [
            row
            for row in self.rows
            if (not text or text in row.student.casefold()) and (not states or row.state in states)
        ]
        if query.sort is not None:
            column = next(c for c in SALE_COLUMNS if c.key == query.sort.column)
            rows.sort(key=column.value, reverse=query.sort.descending)
        return rows
