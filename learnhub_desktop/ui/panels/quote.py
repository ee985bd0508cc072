"""What a student would pay for a course and get for it, on a card before the button."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout

from learnhub_desktop.domain import money
from learnhub_desktop.domain.moments import say_day, say_moment
from learnhub_desktop.domain.progress import say_percent
from learnhub_desktop.domain.states import EnrolmentStatus, say
from learnhub_desktop.services.purchase_checks import listed
from learnhub_desktop.services.quotes import Quote
from learnhub_desktop.ui.theme import set_role
from learnhub_desktop.ui.widgets.parts import label

_WAITING: Final = "Price, seats and access stand here as soon as student and course are chosen."
_ROWS: Final = ("Seats", "Now", "Access", "First")


class QuoteCard(QFrame):
    """Shows a ``Quote``, or that it is still waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("card", "true")
        self.setAccessibleName("Quote")
        self.price = label(part="amount")
        self.full_price = label(part="soft")
        struck = self.full_price.font()
        struck.setStrikeOut(True)
        self.full_price.setFont(struck)
        self.sale = label(part="hint", wrap=True)
        self.waiting = label(_WAITING, "soft", wrap=True)
        self.note = label(wrap=True)
        self.refusal = label(wrap=True)
        set_role(self.note, tone="warn")
        set_role(self.refusal, tone="bad")
        self.facts: dict[str, tuple[QLabel, QLabel]] = {}
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        for row, name in enumerate(_ROWS):
            pair = label(name, "soft"), label(wrap=True)
            self.facts[name] = pair
            for place, part in enumerate(pair):
                self._grid.addWidget(part, row, place, Qt.AlignmentFlag.AlignTop)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.price, 0, Qt.AlignmentFlag.AlignBaseline)
        head.addWidget(self.full_price, 0, Qt.AlignmentFlag.AlignBaseline)
        head.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(6)
        column.addWidget(self.waiting)
        column.addLayout(head)
        column.addWidget(self.sale)
        column.addLayout(self._grid)
        column.addWidget(self.note)
        column.addWidget(self.refusal)
        self.show_quote(None)

    def show_quote(self, quote: Quote | None) -> None:
        self.waiting.setVisible(quote is None)
        for part in (self.price, self.full_price, self.sale, self.note, self.refusal):
            part.hide()
        for name in _ROWS:
            self._tell(name, "")
        if quote is not None:
            self._show_price(quote)
            self._show_facts(quote)

    def _show_price(self, quote: Quote) -> None:
        preview = quote.preview
        self.price.setText("Free" if preview.price == 0 else _amount(quote))
        self.price.show()
        sale = quote.sale
        if sale is not None:
            self.full_price.setText(money.text(quote.full_price, preview.currency))
            self.full_price.setAccessibleName(f"instead of {self.full_price.text()}")
            self.full_price.show()
            left = "the last seat" if sale.seats_left == 1 else f"{sale.seats_left:,} seats"
            ends = say_moment(sale.end_time, quote.settings.zone)
            name = f"Sale “{sale.campaign}”" if sale.campaign else "Sale"
            self.sale.setText(f"{name}: {left} at this price, until {ends}.")
            self.sale.show()

    def _show_facts(self, quote: Quote) -> None:
        preview = quote.preview
        self._tell("Seats", _seats(quote))
        self._tell("Now", _standing(quote))
        until = "for life"
        if preview.access_until is not None:
            until = f"until {say_day(preview.access_until, quote.settings.zone)}"
        self._tell("Access", until)
        if preview.missing_prerequisites:
            missing = listed(preview.missing_prerequisites)
            self._tell("First", f"{missing} is not completed", tone="warn")
        self.note.setText(preview.refund_note)
        self.note.setVisible(bool(preview.refund_note))
        self.refusal.setText(preview.refusal)
        self.refusal.setVisible(bool(preview.refusal))

    def _tell(self, name: str, text: str, *, tone: str = "") -> None:
        head, words = self.facts[name]
        words.setText(text)
        set_role(words, tone=tone)
        for part in (head, words):
            part.setVisible(bool(text))


def _amount(quote: Quote) -> str:
    return money.text(quote.preview.price, quote.preview.currency)


def _seats(quote: Quote) -> str:
    """Empty where the student keeps the seat that is taken."""
    preview = quote.preview
    if preview.extends:
        return ""
    if preview.seats_left is None:
        return "no limit"
    if preview.seats_left == 0:
        return "full"
    return f"{preview.seats_left:,} of {quote.seats:,} left"


def _standing(quote: Quote) -> str:
    """What the student is in this course now; empty where nothing."""
    preview = quote.preview
    if preview.enrolment is None:
        return ""
    done = f"{say_percent(preview.progress_percent)} done"
    if preview.extends:
        ends = ", access for life"
        if quote.access_now is not None:
            ends = f", access until {say_day(quote.access_now, quote.settings.zone)}"
        return f"in the course, {done}{ends if quote.has_access else ', access has ended'}"
    if preview.enrolment is EnrolmentStatus.PENDING:
        return "a purchase is waiting"
    return f"{say(preview.enrolment)}, {done}"
