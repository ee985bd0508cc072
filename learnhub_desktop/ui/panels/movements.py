"""What moved a student's balance, the latest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from learnhub_desktop.domain import money
from learnhub_desktop.domain.balances import AdjustmentReason
from learnhub_desktop.domain.states import MovementKind, say
from learnhub_desktop.domain.students import MovementRow
from learnhub_desktop.models import formats
from learnhub_desktop.ui.widgets.parts import clear, label, two_columns

MOVEMENTS: Final = 5
_WORDS: Final = {
    MovementKind.CHARGE: "Paid for payment {number}",
    MovementKind.REFUND: "Refund {number}",
    MovementKind.ADJUSTMENT: "By hand",
}
_TOP_LEFT: Final = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft
_TOP_RIGHT: Final = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight


class MovementList(QWidget):
    """One movement a line: when, why, by how much."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = two_columns()
        self.setLayout(self._grid)

    def show_movements(self, moved: Sequence[MovementRow], *, now: datetime, zone: tzinfo) -> None:
        clear(self._grid)
        for place, row in enumerate(moved):
            amount = label(signed(row))
            amount.setToolTip(f"{money.text(row.balance_after, row.currency)} after it")
            when = label(formats.moment(row.created_at, now=now, zone=zone), "hint")
            when.setToolTip(formats.moment_full(row.created_at, zone=zone))
            self._grid.addWidget(label(words(row), wrap=True), 2 * place, 0, _TOP_LEFT)
            self._grid.addWidget(amount, 2 * place, 1, _TOP_RIGHT)
            self._grid.addWidget(when, 2 * place + 1, 0, 1, 2, _TOP_LEFT)


def words(row: MovementRow) -> str:
    """``Paid for payment 12``, ``By hand: goodwill``, or what a repair said."""
    if row.kind is MovementKind.ADJUSTMENT and row.reason:
        known = row.reason in set(AdjustmentReason)
        return f"By hand: {say(row.reason)}" if known else row.reason
    return _WORDS[row.kind].format(number=row.payment_id or "")


def signed(row: MovementRow) -> str:
    """``+20.00 USD``, ``−49.00 USD``."""
    sign = "−" if row.amount < 0 else "+"
    return f"{sign}{money.text(abs(row.amount), row.currency)}"
