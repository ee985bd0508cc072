"""Made-up rows of a list that no database holds."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from learnhub_desktop.models.columns import Column, Kind, Tone
from learnhub_desktop.models.window_model import WindowModel

NOW = datetime(2024, 2, 7, 12, 0, tzinfo=UTC)  # a Wednesday


@dataclass(frozen=True, slots=True)
class SaleRow:
    sale_id: int
    student: str
    amount: Decimal
    currency: str
    state: str
    made_at: datetime
    progress_percent: Decimal


SALE_COLUMNS: tuple[Column[SaleRow], ...] = (
    Column(key="id", title="No.", kind=Kind.NUMBER, value=lambda row: row.sale_id),
    Column(key="student", title="Student", value=lambda row: row.student),
    Column(
        key="amount",
        title="Amount",
        kind=Kind.MONEY,
        value=lambda row: row.amount,
        currency=lambda row: row.currency,
    ),
    Column(
        key="state",
        title="Status",
        kind=Kind.BADGE,
        value=lambda row: row.state,
        tone=lambda row: Tone.BAD if row.state == "failed" else Tone.GOOD,
    ),
    Column(key="made", title="When", kind=Kind.MOMENT, value=lambda row: row.made_at),
    Column(
        key="progress",
        title="Progress",
        kind=Kind.PERCENT_BAR,
        value=lambda row: row.progress_percent,
    ),
)


def make_sale(sale_id: int, **changed: object) -> SaleRow:
    values: dict[str, object] = {
        "student": f"Student {sale_id}",
        "amount": Decimal("49.00"),
        "currency": "USD",
        "state": "completed",
        "made_at": NOW - timedelta(minutes=sale_id),
        "progress_percent": Decimal(sale_id % 101),
    }
    return SaleRow(sale_id, **{**values, **changed})  # type: ignore[arg-type]  # Named per test.


@pytest.fixture
def make_model(qapp: object) -> Callable[[], WindowModel[SaleRow]]:
    def make() -> WindowModel[SaleRow]:
        return WindowModel(SALE_COLUMNS, lambda row: row.sale_id, clock=lambda: NOW, zone=UTC)

    return make
