"""The search field of a page."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit

from learnhub_desktop.ui import icons
from learnhub_desktop.ui.widgets.parts import with_shortcut

_NARROWEST: Final = 180
_WIDEST: Final = 380


class SearchLine(QLineEdit):
    """Signals:
    down_asked: Enter or Down: on to what was found.
    """

    down_asked = Signal()

    def __init__(self, hint: str) -> None:
        super().__init__()
        self.setPlaceholderText(hint)
        self.setAccessibleName("Search")
        self.setToolTip(with_shortcut("Search", "Ctrl+F"))
        # Qt's own clear button is drawn for a light ground.
        self._clear = self.addAction(icons.icon("x"), QLineEdit.ActionPosition.TrailingPosition)
        self._clear.setToolTip("Clear the search (Esc)")
        self._clear.setVisible(False)
        self._clear.triggered.connect(self._on_cleared)
        self.textChanged.connect(lambda text: self._clear.setVisible(bool(text)))
        self.setMaximumWidth(_WIDEST)
        self.setMinimumWidth(_NARROWEST)
        glass = self.addAction(
            icons.icon("magnifying-glass"), QLineEdit.ActionPosition.LeadingPosition
        )
        glass.setToolTip(self.toolTip())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down):
            self.down_asked.emit()
        elif event.key() == Qt.Key.Key_Escape and self.text():
            self._on_cleared()
        else:
            super().keyPressEvent(event)

    def _on_cleared(self) -> None:
        self.clear()
        self.textEdited.emit("")
