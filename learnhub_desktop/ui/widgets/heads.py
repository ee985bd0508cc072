"""The heads of a table's columns: how they are painted, how wide, in which order, which hidden."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from PySide6.QtCore import QEvent, QRect, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QMouseEvent, QPainter
from PySide6.QtWidgets import QHeaderView, QTableView

from learnhub_desktop.models.columns import Kind
from learnhub_desktop.models.window_model import Line, WindowModel
from learnhub_desktop.ui import icons, theme
from learnhub_desktop.ui.widgets.cells import BADGE_PAD, PAD

_ARROW: Final = 12
_GAP: Final = 4
# The arrow may stand in the room between two columns, which is empty beside a head.
_ARROW_ROOM: Final = _ARROW + _GAP - PAD
_NARROWEST_SHARE: Final = 0.6
_WIDEST_SHARE: Final = 1.5
_HEIGHTS: Final = {theme.Density.COMFORTABLE: 40, theme.Density.COMPACT: 34}


class HeaderView(QHeaderView):
    """Heads aligned like their cells, with the sort arrow beside the word it belongs to.

    Signals:
        sort_asked: Column key and "descending".
    """

    sort_asked = Signal(str, bool)

    def __init__(self, model: WindowModel[Any], view: QTableView) -> None:
        super().__init__(Qt.Orientation.Horizontal, view)
        self._view = view
        self._model = model
        self._hover = -1
        self._sorted: tuple[int, bool] | None = None
        self._is_fitting = False
        self._is_dragged = False
        self._widths: dict[str, int] = {}  # those that a person chose
        self._measured: dict[int, int] = {}
        self.setSectionsClickable(True)
        self.setSectionsMovable(True)
        self.setMouseTracking(True)
        self.setHighlightSections(False)
        self.setMinimumSectionSize(48)
        # The default asks the first 1,000 rows of a column for their width.
        self.setResizeContentsPrecision(0)
        self.sectionClicked.connect(self._on_clicked)
        self.sectionResized.connect(self._on_resized)

    def fit_density(self) -> None:
        self.setFixedHeight(_HEIGHTS[theme.density()])

    # Sorting

    def show_sort(self, key: str, *, descending: bool) -> None:
        for section, column in enumerate(self._model.columns):
            if column.key == key:
                self._sorted = (section, descending)
        self.viewport().update()

    def _on_clicked(self, section: int) -> None:
        column = self._model.columns[section]
        if column.sortable:
            self.sort_asked.emit(column.key, self._sorted == (section, False))

    # Widths and order

    def hide_and_fit(self) -> None:
        """Hide what its column hides at first; once the view has its model."""
        for section, column in enumerate(self._model.columns):
            self.setSectionHidden(section, column.hidden)
        self.fit()

    def set_shown(self, key: str, is_shown: bool) -> None:
        for section, column in enumerate(self._model.columns):
            if column.key == key:
                self.setSectionHidden(section, not is_shown)
        self.fit()

    def shown_sections(self) -> list[int]:
        """Column numbers in the order in which a person sees them."""
        order = (self.logicalIndex(visual) for visual in range(self.count()))
        return [section for section in order if not self.isSectionHidden(section)]

    def fit(self) -> None:
        """Give the room that is left, or take what is missing, from the columns that grow."""
        columns = self._model.columns
        shown = self.shown_sections()
        wanted = {s: self._widths.get(columns[s].key, self._usual_width(s)) for s in shown}
        growing = {s: columns[s].grow for s in shown if columns[s].key not in self._widths}
        shares = sum(growing.values())
        # While the view is being resized, the heads are still as wide as they were.
        room = self._view.viewport().width() - sum(wanted.values())
        self._is_fitting = True
        for section in shown:
            width = wanted[section]
            if grow := growing.get(section):
                # What is left of room and shares is divided anew, so that no pixel is lost.
                part = room * grow // shares
                room, shares = room - part, shares - grow
                width = max(int(width * _NARROWEST_SHARE), width + part)
            self.resizeSection(section, width)
        # Without a growing column the lines would end in the middle of the card.
        self.setStretchLastSection(not any(growing.values()))
        self._is_fitting = False

    def measure(self, lines: Sequence[Line[Any]]) -> None:
        """Take the widths of columns that do not grow from their heads and first rows.

        Done once, so that the columns stand still while one scrolls.
        """
        metrics = QFontMetrics(self._view.font())
        bold = QFontMetrics(self._bold())
        for section, column in enumerate(self._model.columns):
            if column.grow or column.kind is Kind.PERCENT_BAR:
                continue
            texts = {line.texts[section] for line in lines}
            widest = max((metrics.horizontalAdvance(text) for text in texts), default=0)
            if column.kind is Kind.BADGE:
                widest += 2 * BADGE_PAD
            title = str(self._model.headerData(section, Qt.Orientation.Horizontal))
            head = bold.horizontalAdvance(title) + (_ARROW_ROOM if column.sortable else 0)
            self._measured[section] = min(
                max(widest, head) + 2 * PAD + 1, int(column.default_width * _WIDEST_SHARE)
            )
        self.fit()

    def _usual_width(self, section: int) -> int:
        return self._measured.get(section, self._model.columns[section].default_width)

    def _bold(self) -> QFont:
        font = QFont(self._view.font())
        font.setWeight(QFont.Weight.DemiBold)
        return font

    def layout_text(self) -> str:
        """Widths, order and hidden columns, for ``restore_layout`` of a later version too."""
        columns = self._model.columns
        order = [self.logicalIndex(visual) for visual in range(self.count())]
        return json.dumps(
            {
                "order": [columns[section].key for section in order],
                "hidden": [c.key for s, c in enumerate(columns) if self.isSectionHidden(s)],
                "widths": self._widths,
            }
        )

    def restore_layout(self, text: str) -> None:
        """Take up a saved layout; one that cannot be read changes nothing."""
        try:
            saved = json.loads(text)
            order, hidden = list(saved["order"]), set(saved["hidden"])
            widths = {str(key): int(width) for key, width in saved["widths"].items()}
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
            return
        sections = {column.key: section for section, column in enumerate(self._model.columns)}
        self._widths = {key: width for key, width in widths.items() if key in sections}
        known = [key for key in order if key in sections]
        for visual, key in enumerate(known):
            self.moveSection(self.visualIndex(sections[key]), visual)
        for key, section in sections.items():
            # A column that is newer than the layout shows as it was meant to.
            is_hidden = key in hidden if key in known else self._model.columns[section].hidden
            self.setSectionHidden(section, is_hidden)
        self.fit()

    def _on_resized(self, section: int, before: int, now: int) -> None:
        # Only a person drags while a button is held; all other sizes are ours.
        if not self._is_fitting and now > 0 and self._is_dragged:
            self._widths[self._model.columns[section].key] = now

    # Painting and the mouse

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:
        tokens = theme.tokens()
        column = self._model.columns[logicalIndex]
        painter.fillRect(rect, QColor(tokens.surface))
        painter.fillRect(rect.x(), rect.bottom(), rect.width(), 1, QColor(tokens.line))
        is_sorted = self._sorted is not None and self._sorted[0] == logicalIndex
        painter.setFont(self._bold())
        stands_out = is_sorted or (column.sortable and logicalIndex == self._hover)
        painter.setPen(QColor(tokens.text if stands_out else tokens.soft))
        inside = rect.adjusted(PAD, 0, -PAD, -1)
        title = str(self._model.headerData(logicalIndex, Qt.Orientation.Horizontal))
        metrics = painter.fontMetrics()
        room = inside.width() - (_ARROW_ROOM if is_sorted else 0)
        shown = metrics.elidedText(title, Qt.TextElideMode.ElideRight, room)
        painter.drawText(inside, column.alignment, shown)
        if is_sorted:
            is_right = bool(column.alignment & Qt.AlignmentFlag.AlignRight)
            width = metrics.horizontalAdvance(shown)
            left = inside.right() - width - _ARROW - 3 if is_right else inside.x() + width + _GAP
            self._paint_arrow(painter, QRect(left, inside.y(), _ARROW, inside.height()))

    def _paint_arrow(self, painter: QPainter, room: QRect) -> None:
        descending = self._sorted is not None and self._sorted[1]
        arrow = icons.icon("arrow-down" if descending else "arrow-up", "text")
        box = QRect(0, 0, _ARROW, _ARROW)
        box.moveCenter(room.center())
        arrow.paint(painter, box)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._is_dragged = True
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        self._is_dragged = False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._set_hover(self.logicalIndexAt(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._set_hover(-1)

    def _set_hover(self, section: int) -> None:
        if section != self._hover:
            self._hover = section
            self.viewport().update()
