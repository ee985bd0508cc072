"""All keys of the window, made of the table of actions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from learnhub_desktop.ui.desk import Desk
from learnhub_desktop.ui.pages.page import Page
from learnhub_desktop.ui.shortcuts import PAGE_SHORTCUTS, SHELL_ACTIONS, Action, allowed
from learnhub_desktop.ui.widgets.parts import button, label

_WIDTH: Final = 720
_AROUND: Final = 150


class ShortcutsDialog(QDialog):
    def __init__(self, pages: Sequence[type[Page]], desk: Desk, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Keyboard shortcuts")
        inside = QWidget()
        inside.setProperty("clear", "true")
        columns = QHBoxLayout(inside)
        columns.setContentsMargins(0, 0, 8, 0)
        columns.setSpacing(32)
        left, right = QVBoxLayout(), QVBoxLayout()
        for side in (left, right):
            side.setSpacing(4)
            columns.addLayout(side, 1)
        _add_group(left, "Everywhere", [(a.shown_shortcut, a.plain) for a in SHELL_ACTIONS])
        named = [page for page in pages if not page.beneath]
        goes = [
            (shortcut, f"Go to {page.title}")
            for page, shortcut in zip(named, PAGE_SHORTCUTS, strict=False)
        ]
        _add_group(right, "Pages", goes)
        for page in pages:
            may: list[Action] = allowed(page.action_table, desk.actor)
            _add_group(right, page.title, [(a.shown_shortcut, a.plain) for a in may])
        for side in (left, right):
            side.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(inside)
        close = button("Close", kind="primary")
        close.clicked.connect(self.accept)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(16)
        column.addWidget(label("Keyboard shortcuts", "name"))
        column.addWidget(scroll, 1)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        # The whole list where the window is tall enough for it, else it scrolls.
        wanted = inside.sizeHint().height() + _AROUND
        self.resize(_WIDTH, min(wanted, parent.height() - 60))
        close.setFocus()


def _add_group(column: QVBoxLayout, title: str, lines: list[tuple[str, str]]) -> None:
    if not lines:
        return
    if column.count():
        column.addSpacing(12)
    column.addWidget(label(title, "heading"))
    grid = QGridLayout()
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(4)
    grid.setColumnStretch(1, 1)
    for row, (shortcut, text) in enumerate(lines):
        grid.addWidget(label(shortcut, "soft"), row, 0)
        grid.addWidget(label(text), row, 1)
    column.addLayout(grid)
