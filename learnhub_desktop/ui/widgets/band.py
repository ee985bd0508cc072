"""The strip above everything that says on which school one works, when that matters."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel, QWidget

from learnhub_desktop.ui import theme


class Band(QLabel):
    """Hidden until it is told what to say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setFixedHeight(24)
        self.setProperty("band", "true")
        self.hide()

    def say(self, text: str, colour: str = "") -> None:
        """Show the text on the colour that the server names; with none, on the look's own."""
        ground = QColor(colour)
        own = ""
        if ground.isValid():
            own = f"background: {ground.name()}; color: {theme.readable_on(ground)};"
        self.setStyleSheet(own)
        self.setText(text)
        self.setVisible(bool(text))
