"""The card that a purchase is charged to: a gateway's token, and never a card's number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtWidgets import QComboBox, QLineEdit, QVBoxLayout, QWidget

from learnhub_desktop.domain.states import GatewayKind, PaymentMethod
from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.gateways import Gateway
from learnhub_desktop.ui.widgets.fields import Field

CARD_TITLES: Final = {
    PaymentMethod.CREDIT_CARD: "Card",
    PaymentMethod.PAYPAL: "PayPal account",
    PaymentMethod.STRIPE: "Stripe payment",
}
_TEST_CARDS: Final = (
    ("tok_visa", "Test card that is approved"),
    ("tok_declined", "Test card that is declined"),
    ("tok_insufficient_funds", "Test card without enough money"),
    ("tok_expired", "Test card that has expired"),
    ("tok_lost_answer", "Test card: charged, but no answer comes"),
    ("tok_late", "Test card: the answer comes late"),
    ("tok_unreachable", "Test card: the gateway cannot be reached"),
    ("tok_refund_pending", "Test card: a refund takes its time"),
    ("tok_refund_declined", "Test card: a refund is declined"),
)
_OTHER: Final = "Another token…"
_HINT: Final = "The token that the gateway gave for it. Never type a card’s number here."
_TEST_HINT: Final = "The simulated gateway moves no money."


class CardField(Field):
    """Takes the gateway's token; the simulated gateway's test cards are there to choose.

    Each student has test cards of their own, as people have: one card that many students
    pay with would be taken for fraud.
    """

    def __init__(
        self, gateway: Gateway, *, name: str = "card", title: str = "Card", hint: str = ""
    ) -> None:
        self.box = QComboBox()
        self.line = QLineEdit()
        self._gateway = gateway
        self._owner = ""
        is_simulated = gateway.name == GatewayKind.SIMULATED
        self._tokens: Sequence[str] = [token for token, _ in _TEST_CARDS] if is_simulated else ()
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.box)
        column.addWidget(self.line)
        super().__init__(name, title, body, hint=hint or (_TEST_HINT if is_simulated else _HINT))
        self.box.addItems([*(words for _, words in _TEST_CARDS), _OTHER])
        self.box.setAccessibleName(title)
        self.line.setAccessibleName(f"{title}: token")
        self.line.setPlaceholderText("tok_…")
        self.box.setVisible(is_simulated)
        self.line.setVisible(not is_simulated)
        body.setFocusProxy(self.box if is_simulated else self.line)
        self.line.installEventFilter(self)
        self.box.currentIndexChanged.connect(self._on_chosen)
        self.line.textChanged.connect(self._on_edited)

    def show_owner(self, student_id: int, country: str | None) -> None:
        """Whose card it is: test cards are from the student's country."""
        self._owner = f"_{country.lower()}_{student_id}" if country else f"_{student_id}"

    def rename(self, title: str) -> None:
        self.label.setText(title)
        self.box.setAccessibleName(title)

    def choose_token(self, token: str) -> None:
        """Present this very token."""
        self.box.setCurrentIndex(self.box.count() - 1)
        self.line.setText(token)

    def value(self) -> str:
        place = self.box.currentIndex()
        if place < len(self._tokens):
            return f"{self._tokens[place]}{self._owner}"
        token = self.line.text().strip()
        if not token:
            raise InvalidInput(self.name, "Enter the token that the gateway gave for the card.")
        # It refuses what looks like a card's number, before anything is sent or kept.
        self._gateway.card_fingerprint(token)
        return token

    def has_input(self) -> bool:
        return bool(self.line.text())

    def _on_chosen(self, place: int) -> None:
        is_other = place >= len(self._tokens)
        self.line.setVisible(is_other)
        if is_other:
            self.line.setFocus()
        self._on_edited()
