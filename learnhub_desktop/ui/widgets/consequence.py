"""The box above a dialog's buttons that says what they will do."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from learnhub_desktop.ui import theme


class ConsequenceBox(QFrame):
    """What will happen if the button is pressed, above it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 10, 12, 10)
        row.addWidget(self._text)
        self.tell("")

    def tell(self, text: str, *, tone: str = "info") -> None:
        """Show a sentence or two; nothing hides the box. ``tone``: info, good, warn or bad."""
        self._text.setText(text)
        self.setVisible(bool(text))
        theme.set_role(self, box=tone)
        theme.set_role(self._text, tone=tone if tone in ("warn", "bad") else "")

    def text(self) -> str:
        return self._text.text()
