"""The line below a page's head: which filters hold, and how much they let through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QMenu, QToolButton, QWidget

from learnhub_desktop.domain.lists import ListQuery
from learnhub_desktop.ui import icons
from learnhub_desktop.ui.lists import Counts
from learnhub_desktop.ui.widgets.filters import (
    FilterKind,
    FilterPopup,
    FlagFilter,
    NamedFilter,
)
from learnhub_desktop.ui.widgets.parts import ICON, FlowLayout, button, icon_button, label

_HEIGHT: Final = 26


class Chip(QFrame):
    """One filter that holds: its words open the editor, its cross removes it.

    Signals:
        opened, removed
    """

    opened = Signal()
    removed = Signal()

    def __init__(self, text: str, *, may_open: bool) -> None:
        super().__init__()
        self.setProperty("chip", "true")
        self.setFixedHeight(_HEIGHT)
        self.words = QToolButton()
        self.words.setProperty("kind", "chip")
        self.words.setText(text.replace("&", "&&"))
        self.words.setAccessibleName(f"Filter {text}")
        self.words.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.words.setToolTip("Change this filter" if may_open else "")
        self.cross = icon_button("x", f"Remove the filter {text}")
        self.cross.setProperty("kind", "chip")
        self.cross.setIcon(icons.icon("x", "info"))
        self.cross.setIconSize(ICON * 0.75)
        self.cross.setFixedWidth(20)
        line = QHBoxLayout(self)
        line.setContentsMargins(6, 0, 3, 0)
        line.setSpacing(0)
        line.addWidget(self.words)
        line.addWidget(self.cross)
        self.words.clicked.connect(self.opened)
        self.cross.clicked.connect(self.removed)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit()
        else:
            super().keyPressEvent(event)


class ChipsBar(QWidget):
    """Signals:
    query_asked: The ``ListQuery`` with other filters.
    """

    query_asked = Signal(object)

    def __init__(
        self,
        kinds: Sequence[FilterKind],
        noun: tuple[str, str],
        today: Callable[[], date],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.chips: list[Chip] = []
        self._kinds = {kind.name: kind for kind in kinds}
        self._noun = noun
        self._today = today
        self._query = ListQuery("")
        self.add_button = button("Filter", icon="funnel", kind="small")
        self.clear_button = button("Clear filters", kind="link")
        self.counted = label(part="soft")
        self._flow = FlowLayout(self)
        for part in (self.add_button, self.counted, self.clear_button):
            self._flow.addWidget(part)
        self.add_button.setVisible(any(not isinstance(kind, NamedFilter) for kind in kinds))
        self.clear_button.hide()
        self.add_button.clicked.connect(self.open_menu)
        self.clear_button.clicked.connect(self.clear)

    def set_kind(self, kind: FilterKind) -> None:
        """Exchange a filter for one with other choices, as they are read from the database."""
        if self._kinds.get(kind.name) != kind:
            self._kinds[kind.name] = kind
            self.show_query(self._query)

    def show_query(self, query: ListQuery) -> None:
        self._query = query
        focused = QApplication.focusWidget()
        had_focus = focused is not None and any(chip.isAncestorOf(focused) for chip in self.chips)
        for chip in self.chips:
            self._flow.removeWidget(chip)
            chip.deleteLater()
        self.chips = [self._make_chip(wanted.name, wanted.values) for wanted in query.filters]
        # The chips stand between the button that adds one and the count.
        for part in (self.counted, self.clear_button):
            self._flow.removeWidget(part)
        shown: tuple[QWidget, ...] = (*self.chips, self.counted, self.clear_button)
        for widget in shown:
            self._flow.addWidget(widget)
            widget.show()
        self.clear_button.setVisible(len(self.chips) > 1)
        if had_focus:
            self.add_button.setFocus()

    def show_counts(self, counts: Counts) -> None:
        """``318 of 1,104,207 payments``; nothing is guessed while it is being counted."""
        one, many = self._noun
        if counts.total is None or counts.unfiltered is None:
            self.counted.setText(f"Counting {many}…")
        elif counts.total == counts.unfiltered:
            self.counted.setText(f"{counts.total:,} {one if counts.total == 1 else many}")
        else:
            self.counted.setText(f"{counts.total:,} of {counts.unfiltered:,} {many}")

    def clear(self) -> None:
        query = self._query
        for wanted in query.filters:
            query = query.with_filter(wanted.name)
        self.query_asked.emit(query)

    def open_menu(self) -> None:
        """Let a person choose which filter to set; a single one opens at once."""
        kinds = [kind for kind in self._kinds.values() if not isinstance(kind, NamedFilter)]
        if len(kinds) == 1 and not isinstance(kinds[0], FlagFilter):
            self.open_editor(kinds[0].name, self.add_button)
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for kind in kinds:
            is_flag = isinstance(kind, FlagFilter)
            entry = QAction(kind.title.replace("&", "&&") + ("" if is_flag else "…"), menu)
            if is_flag:
                entry.setCheckable(True)
                entry.setChecked(bool(self._query.values(kind.name)))
            entry.triggered.connect(lambda _=False, name=kind.name: self._on_entry(name))
            menu.addAction(entry)
        menu.popup(self.add_button.mapToGlobal(QPoint(0, self.add_button.height() + 4)))

    def open_editor(self, name: str, below: QWidget) -> FilterPopup:
        popup = FilterPopup(self._kinds[name], self._query.values(name), self._today(), self)
        popup.chosen.connect(self._on_chosen)
        popup.open_below(below)
        return popup

    def _on_entry(self, name: str) -> None:
        kind = self._kinds[name]
        if isinstance(kind, FlagFilter):
            is_set = bool(self._query.values(name))
            self._on_chosen(name, () if is_set else (kind.value,))
        else:
            self.open_editor(name, self.add_button)

    def _on_chosen(self, name: str, values: tuple[str, ...]) -> None:
        self.query_asked.emit(self._query.with_filter(name, *values))

    def _make_chip(self, name: str, values: tuple[str, ...]) -> Chip:
        kind = self._kinds.get(name)
        text = kind.describe(values, self._today()) if kind else f"{name}: {', '.join(values)}"
        may_open = kind is not None and not isinstance(kind, FlagFilter | NamedFilter)
        chip = Chip(text, may_open=may_open)
        if may_open:
            # The button stays while chips come and go with each tick.
            chip.opened.connect(lambda: self.open_editor(name, self.add_button))
        chip.removed.connect(lambda: self._on_chosen(name, ()))
        return chip
