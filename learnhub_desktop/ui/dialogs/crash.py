"""Something in LearnHub itself went wrong: say so once, and where the details are."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from learnhub_desktop.ui.widgets.parts import button, label

_WIDTH: Final = 560
_DETAIL_HEIGHT: Final = 180


class CrashDialog(QDialog):
    """Never blocks: the window goes on, and what was saved is safe."""

    def __init__(self, details: str, log_file: Path, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle("LearnHub")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(_WIDTH)
        self._details = details
        shown = QPlainTextEdit(details)
        shown.setReadOnly(True)
        shown.setFixedHeight(_DETAIL_HEIGHT)
        shown.setAccessibleName("Details of the fault")
        copy = button("Copy the details", icon="copy")
        close = button("Go on working", kind="primary")
        buttons = QHBoxLayout()
        buttons.addWidget(copy)
        buttons.addStretch(1)
        buttons.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        column.addWidget(label("There is a fault in LearnHub", "name"))
        column.addWidget(
            label(
                "What you did last may not have been done; what was saved before is safe. Press F5 "
                "to see how things stand. Please send the details to whoever looks after LearnHub.",
                wrap=True,
            )
        )
        column.addWidget(shown)
        column.addWidget(label(f"They are also kept in {log_file}.", "hint", wrap=True))
        column.addLayout(buttons)
        copy.clicked.connect(self._copy)
        close.clicked.connect(self.accept)
        close.setDefault(True)
        close.setFocus()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._details)
