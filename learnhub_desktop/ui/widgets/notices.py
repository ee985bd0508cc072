"""What stands in a list's place when there are no rows: one sentence and what to do next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFrame, QStackedLayout, QVBoxLayout, QWidget

from learnhub_desktop.ui.widgets.parts import Picture, button, label


@dataclass(frozen=True, slots=True)
class Words:
    """``action`` is the word on the button; empty where nothing can be done from here."""

    sentence: str
    action: str = ""
    icon: str = "tray"


class Notice(QWidget):
    """A sentence in the middle of an empty area, with at most one button."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run: Callable[[], None] | None = None
        # It holds the keyboard while there is no table to hold it; else no key would work.
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._picture = Picture("tray", size=36)
        self.sentence = label(wrap=True)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.sentence.setMaximumWidth(420)
        self.action = button("", kind="primary")
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addStretch(2)
        layout.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(self.sentence, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(self.action, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)
        self.action.clicked.connect(self._on_clicked)

    def say(self, words: Words, run: Callable[[], None] | None = None) -> None:
        self._picture.set_icon(words.icon)
        self.sentence.setText(words.sentence)
        # A wrapped label alone would ask for a width of a few words.
        width = self.sentence.fontMetrics().horizontalAdvance(words.sentence) + 8
        self.sentence.setMinimumWidth(min(width, self.sentence.maximumWidth()))
        self._run = run
        self.action.setText(words.action)
        self.action.setVisible(bool(words.action) and run is not None)

    def _on_clicked(self) -> None:
        if self._run is not None:
            self._run()


class ListCard(QFrame):
    """A card that shows a table or, in its place, a notice."""

    def __init__(self, table: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", "true")
        self.notice = Notice()
        self._table = table
        self._layers = QStackedLayout(self)
        # Room for the card's line and, below, for its round corners.
        self._layers.setContentsMargins(1, 1, 1, 6)
        self._layers.addWidget(table)
        self._layers.addWidget(self.notice)

    def show_rows(self) -> None:
        focused = QApplication.focusWidget()
        had_focus = focused is not None and self.notice.isAncestorOf(focused)
        had_focus = had_focus or self.notice.hasFocus()
        self._layers.setCurrentWidget(self._table)
        if had_focus:
            self._table.setFocus()

    def show_notice(self, words: Words, run: Callable[[], None] | None = None) -> None:
        had_focus = self._table.hasFocus()
        self.notice.say(words, run)
        self._layers.setCurrentWidget(self.notice)
        if had_focus:
            (self.notice if run is None else self.notice.action).setFocus()

    @property
    def shows_rows(self) -> bool:
        return self._layers.currentWidget() is self._table
