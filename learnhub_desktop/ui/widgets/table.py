"""The table view: whole rows, thin lines, widths that fit, and a place that can be kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QItemSelectionRange,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from learnhub_desktop.models.window_model import WindowModel
from learnhub_desktop.ui import theme
from learnhub_desktop.ui.widgets.cells import CellDelegate, equal_digits
from learnhub_desktop.ui.widgets.heads import HeaderView

# More ids than this are not looked up again after a reload; the selection is then let go.
MOST_KEPT: Final = 500
_MEASURED: Final = 60  # rows whose texts the columns' first widths are taken from
_Flag = QItemSelectionModel.SelectionFlag


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person is in a list, by ids, so that it can be found again after a reload."""

    selected: tuple[int, ...]
    current: int | None
    visible: tuple[tuple[int, int], ...]  # row number and id, from the top
    is_at_top: bool

    @property
    def ids(self) -> tuple[int, ...]:
        """All ids whose new row numbers are needed."""
        current = () if self.current is None else (self.current,)
        return tuple(dict.fromkeys((*current, *self.selected, *(i for _, i in self.visible))))

    def shift(self, positions: Mapping[int, int]) -> int:
        """By how many rows the first row in view that is still there has moved."""
        for number, row_id in self.visible:
            if row_id in positions:
                return positions[row_id] - number
        return 0


class TableView(QTableView):
    """Shows a ``WindowModel``.

    Signals:
        opened: Row number, by Enter or a double click.
        selection_moved: The selected rows changed, by a person or a reload.
        copy_asked, panel_asked: Ctrl+C, Space.
    """

    opened = Signal(int)
    selection_moved = Signal()
    copy_asked = Signal()
    panel_asked = Signal()

    def __init__(self, model: WindowModel[Any], name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = model
        self._is_restoring = False
        self._is_measured = False
        self.setAccessibleName(name)
        self.setFont(equal_digits(self.font()))
        self.head = HeaderView(model, self)
        self.setHorizontalHeader(self.head)
        self._cells = CellDelegate(model, self)
        self.setItemDelegate(self._cells)
        self._set_up()
        self.setModel(model)
        # A head that shares the selection asks it about every row of every column: 10 s at
        # a million selected rows. One of its own is always empty.
        self.head.setSelectionModel(QItemSelectionModel(model, self.head))
        self.head.hide_and_fit()
        self.fit_density()

        self.doubleClicked.connect(lambda index: self.opened.emit(index.row()))
        self.head.sort_asked.connect(self._sort_short)
        model.modelReset.connect(self._measure_once)
        model.headerDataChanged.connect(self._measure)
        self.verticalScrollBar().valueChanged.connect(self._tell_visible)
        self.verticalScrollBar().rangeChanged.connect(self._tell_visible)

    def _set_up(self) -> None:
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        self.setTabKeyNavigation(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.viewport().setMouseTracking(True)
        self.verticalHeader().hide()
        # A least height above that of the rows there are would grow them one by one, each
        # time moving all the rows below: minutes at a million rows.
        self.verticalHeader().setMinimumSectionSize(theme.Density.COMPACT.value)
        # Sizing rows by their contents takes 21 s at 100,000 rows.
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)

    # Selection and place

    @property
    def all_matching(self) -> bool:
        """Whether "all that match" is selected, which no selection of rows could hold."""
        return self._cells.all_rows_selected

    def selectAll(self) -> None:
        if self.rows.total == 0:
            return
        self._is_restoring = True
        self.clearSelection()
        self._is_restoring = False
        self._set_all_matching(True)
        self.selection_moved.emit()

    def drop_all_matching(self) -> None:
        self._set_all_matching(False)

    def selected_count(self) -> int:
        if self.all_matching:
            return self.rows.total
        return sum(last - first + 1 for first, last in self._ranges())

    def selected_numbers(self, most: int) -> list[int]:
        """The selected row numbers in their order, ``most`` of them at the highest."""
        if self.all_matching:
            return list(range(min(most, self.rows.total)))
        numbers = (n for first, last in self._ranges() for n in range(first, last + 1))
        return list(islice(numbers, most))

    def selected_ids(self) -> tuple[int, ...]:
        """Ids of the selected rows that are loaded."""
        ids = (self.rows.id_at(number) for number in self.selected_numbers(MOST_KEPT))
        return tuple(row_id for row_id in ids if row_id is not None)

    def current_number(self) -> int | None:
        """The row that the keyboard stands on, if it is selected."""
        index = self.currentIndex()
        if not index.isValid() or not self.selectionModel().isSelected(index):
            return None
        return index.row()

    def visible_numbers(self) -> tuple[int, int]:
        """First and last row in view; the last is before the first where there is none."""
        height = self.viewport().height()
        if self.rows.total == 0 or height <= 0:
            return 0, -1
        last = self.rowAt(height - 1)
        return max(0, self.rowAt(0)), last if last >= 0 else self.rows.total - 1

    def place(self) -> Place:
        first, last = self.visible_numbers()
        current = self.current_number()
        held = ((number, self.rows.id_at(number)) for number in range(first, last + 1))
        return Place(
            selected=() if self.all_matching else self.selected_ids(),
            current=None if current is None else self.rows.id_at(current),
            visible=tuple((number, row_id) for number, row_id in held if row_id is not None),
            is_at_top=self.verticalScrollBar().value() == 0,
        )

    def restore(self, place: Place, positions: Mapping[int, int], shift: int, value: int) -> None:
        """Select the same rows again, and scroll so that the rows in view stay where they were.

        ``shift`` is by how many rows the view's first row moved, ``value`` the scroll
        position before.
        """
        with self.restoring():
            self.select_numbers(
                [positions[row_id] for row_id in place.selected if row_id in positions],
                None if place.current is None else positions.get(place.current),
            )
            top = 0 if place.is_at_top else value + shift * self._row_height()
            self.verticalScrollBar().setValue(top)
        self._tell_visible()

    def select_numbers(self, numbers: list[int], current: int | None) -> None:
        last = len(self.rows.columns) - 1
        selection = QItemSelection()
        for first, end in _runs(numbers):
            selection.append(
                QItemSelectionRange(self.rows.index(first, 0), self.rows.index(end, last))
            )
        model = self.selectionModel()
        if current is not None and 0 <= current < self.rows.total:
            model.setCurrentIndex(self.rows.index(current, self._first_column()), _Flag.NoUpdate)
        model.select(selection, _Flag.ClearAndSelect | _Flag.Rows)

    def go_to(self, number: int) -> None:
        """Select one row and bring it into view."""
        self.select_numbers([number], number)
        self.scrollTo(self.currentIndex())

    @contextmanager
    def restoring(self) -> Iterator[None]:
        """Keep ``selection_moved`` quiet while rows are exchanged."""
        self._is_restoring = True
        try:
            yield
        finally:
            self._is_restoring = False

    def set_short_rows(self, rows: Iterable[Any]) -> None:
        """Show a short list as a whole and stay at the same rows."""
        self._exchange(lambda: self.rows.set_all_rows(rows))

    def _sort_short(self, key: str, descending: bool) -> None:
        """A short list is sorted here; a long one by who reads it."""
        if not self.rows.is_short:
            return
        order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        section = [column.key for column in self.rows.columns].index(key)
        self._exchange(lambda: self.rows.sort(section, order))
        self.head.show_sort(key, descending=descending)

    def _exchange(self, change: Callable[[], object]) -> None:
        place, value = self.place(), self.verticalScrollBar().value()
        with self.restoring():
            change()
        numbers = {row_id: self.rows.number_of(row_id) for row_id in place.ids}
        found = {row_id: number for row_id, number in numbers.items() if number is not None}
        self.restore(place, found, 0, value)
        self.selection_moved.emit()

    def fit_density(self) -> None:
        height, rows = theme.row_height(), self.verticalHeader()
        if height != rows.defaultSectionSize():
            # Qt would tell of a million rows' new height one by one.
            rows.blockSignals(True)
            rows.setDefaultSectionSize(height)
            rows.blockSignals(False)
            self.updateGeometries()
            self.viewport().update()
        self.verticalScrollBar().setSingleStep(height)
        self.head.fit_density()

    # Events

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_asked.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current_number() is not None:
            self.opened.emit(self.currentIndex().row())
        elif key == Qt.Key.Key_Space and not event.modifiers():
            self.panel_asked.emit()
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End) and not event.modifiers():
            if self.rows.total:
                self.go_to(0 if key == Qt.Key.Key_Home else self.rows.total - 1)
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Do nothing: Qt would compare the typed letters with every row of the list."""

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        super().selectionChanged(selected, deselected)
        if not self._is_restoring:
            self._set_all_matching(False)
            self.selection_moved.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        # A click on the row that is selected already changes no selection, yet means that row.
        if self.all_matching:
            self._set_all_matching(False)
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._set_hover(self.rowAt(int(event.position().y())))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._set_hover(-1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.head.fit()
        self._tell_visible()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self.fit_density()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and self.rows.total:
            # The first press of an arrow key should start from a place that one can see.
            self.selectionModel().setCurrentIndex(
                self.rows.index(0, self._first_column()), _Flag.NoUpdate
            )
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        index = self.currentIndex()
        if not self.hasFocus() or not index.isValid():
            return
        top = self.rowViewportPosition(index.row())
        painter = QPainter(self.viewport())
        painter.setPen(QPen(theme.colour("accent"), 2))
        width = min(self.viewport().width(), self.head.length())
        painter.drawRect(QRect(1, top, width - 2, self._row_height() - 2).adjusted(0, 1, 0, 0))

    # Inside

    def _measure_once(self) -> None:
        if not self._is_measured:
            self._measure()

    def _measure(self) -> None:
        """Fit the columns to the first rows, once there are any."""
        lines = [self.rows.line(number) for number in range(min(_MEASURED, self.rows.total))]
        known = [line for line in lines if line is not None]
        if known:
            self._is_measured = True
            self.head.measure(known)

    def _ranges(self) -> list[tuple[int, int]]:
        """First and last row of each selected stretch; no row stands in two of them."""
        selection = self.selectionModel().selection()
        found = sorted(
            (chosen.top(), chosen.bottom())
            for chosen in (selection.at(place) for place in range(selection.count()))
        )
        merged: list[tuple[int, int]] = []
        for first, last in found:
            # A hidden column makes Qt keep the same rows twice, left and right of it.
            if merged and first <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
            else:
                merged.append((first, last))
        return merged

    def _row_height(self) -> int:
        return self.verticalHeader().defaultSectionSize()

    def _first_column(self) -> int:
        return next(iter(self.head.shown_sections()), 0)

    def _set_all_matching(self, is_all: bool) -> None:
        if self._cells.all_rows_selected != is_all:
            self._cells.all_rows_selected = is_all
            self.viewport().update()

    def _set_hover(self, row: int) -> None:
        for changed in {self._cells.hover_row, row} if row != self._cells.hover_row else ():
            if changed >= 0:
                top = self.rowViewportPosition(changed)
                self.viewport().update(0, top, self.viewport().width(), self._row_height())
        self._cells.hover_row = row

    def _tell_visible(self) -> None:
        self.rows.look_at(*self.visible_numbers())


def _runs(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """First and last of each unbroken run of the numbers."""
    ordered = sorted(numbers)
    start = 0
    for place in range(1, len(ordered) + 1):
        if place == len(ordered) or ordered[place] != ordered[place - 1] + 1:
            yield ordered[start], ordered[place - 1]
            start = place
