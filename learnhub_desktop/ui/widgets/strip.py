"""A line across the window that stays until a person has seen to it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from learnhub_desktop.ui.theme import set_role
from learnhub_desktop.ui.widgets.parts import Picture, button, label


class Strip(QFrame):
    """Hidden until it is told what to say.

    Signals:
        asked: Its button was pressed.
    """

    asked = Signal()

    def __init__(self, parent: QWidget | None = None, *, tooltip: str = "") -> None:
        super().__init__(parent)
        self.setProperty("strip", "true")
        self.text = label(wrap=True)
        set_role(self.text, tone="warn")
        self.button = button("", kind="small", tooltip=tooltip)
        line = QHBoxLayout(self)
        line.setContentsMargins(16, 6, 16, 6)
        line.setSpacing(8)
        line.addWidget(Picture("warning", "warn"))
        line.addWidget(self.text, 1)
        line.addWidget(self.button)
        self.button.clicked.connect(self.asked)
        self.hide()

    def say(self, text: str, act: str = "") -> None:
        """Show the sentence beside a button with the words ``act``; no sentence hides it."""
        self.text.setText(text)
        self.setAccessibleName(text)
        self.button.setText(act)
        self.button.setVisible(bool(act))
        self.setVisible(bool(text))
