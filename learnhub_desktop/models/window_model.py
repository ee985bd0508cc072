"""The one table model: a window on a list that the database sorts, filters and counts."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any, Final, Generic, TypeVar

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
)

from learnhub_desktop.domain.lists import PAGE_ROWS
from learnhub_desktop.models.columns import (
    Column,
    Kind,
    Reading,
    Tone,
    cell_text,
    cell_tooltip,
)

RowT = TypeVar("RowT")
Index = QModelIndex | QPersistentModelIndex

ROW_ROLE: Final = Qt.ItemDataRole.UserRole
KEPT_PAGES: Final = 100
_DEBOUNCE_MS: Final = 15
# Rows beyond both edges of the view that are fetched with it, so that slow scrolling meets
# no placeholder.
_MARGIN_ROWS: Final = 20
_NO_PARENT: Final = QModelIndex()
_FLAGS: Final = (
    Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
)


@dataclass(frozen=True, slots=True)
class Line(Generic[RowT]):
    """One loaded row with all that painting needs, made once when its page arrives."""

    row: RowT
    texts: tuple[str, ...]
    extras: tuple[Tone | float | None, ...]  # a badge's tone, a bar's share from 0 to 1


class WindowModel(QAbstractTableModel, Generic[RowT]):
    """All rows of a list by number, of which only those near the view are held.

    The view tells with ``look_at`` which rows it shows; what is missing of them is asked
    for with ``pages_wanted`` and handed in with ``fill``. ``data()`` never causes a read.

    Signals:
        pages_wanted: A tuple of all page numbers that are missing now, most urgent first;
            a page asked for before that is not among them is no longer wanted.
        sort_asked: Column key and "descending": the database must sort a long list.
    """

    pages_wanted = Signal(object)
    sort_asked = Signal(str, bool)

    def __init__(
        self,
        columns: Sequence[Column[RowT]],
        row_id: Callable[[RowT], int],
        *,
        clock: Callable[[], datetime],
        zone: tzinfo,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self.row_id = row_id
        self._clock = clock
        self._reading = Reading(clock(), zone)
        self._total = 0
        self._pages: OrderedDict[int, list[Line[RowT]]] = OrderedDict()
        self._numbers: dict[int, int] = {}
        self._currencies: set[str] = set()
        self._is_short = False
        self._sorted_by: tuple[Column[RowT], bool] | None = None
        self._seen = (0, -1)
        self._asked: tuple[int, ...] = ()
        self._timer = QTimer(self, singleShot=True, interval=_DEBOUNCE_MS)
        self._timer.timeout.connect(self._ask)

    # What is held

    @property
    def total(self) -> int:
        return self._total

    @property
    def zone(self) -> tzinfo:
        return self._reading.zone

    @property
    def is_short(self) -> bool:
        """Whether all rows were handed in at once, so that the list sorts itself."""
        return self._is_short

    def line(self, number: int) -> Line[RowT] | None:
        """Row ``number`` ready for painting; None while it is not loaded."""
        page = self._pages.get(number // PAGE_ROWS)
        place = number % PAGE_ROWS
        return page[place] if page is not None and place < len(page) else None

    def row(self, number: int) -> RowT | None:
        line = self.line(number)
        return None if line is None else line.row

    def id_at(self, number: int) -> int | None:
        line = self.line(number)
        return None if line is None else self.row_id(line.row)

    def number_of(self, row_id: int) -> int | None:
        """The row number of an id; None where that row is not loaded."""
        return self._numbers.get(row_id)

    def row_with_id(self, row_id: int) -> RowT | None:
        number = self._numbers.get(row_id)
        return None if number is None else self.row(number)

    def held_pages(self) -> int:
        return len(self._pages)

    # What is shown

    def look_at(self, first: int, last: int) -> None:
        """Say which rows the view shows now; both ends count as shown."""
        self._seen = (first, last)
        for page in self._pages_seen():
            if page in self._pages:
                self._pages.move_to_end(page)
        if not self._timer.isActive() and (self._asked or self._missing()):
            self._timer.start()

    def show(self, total: int, pages: Mapping[int, Sequence[RowT]]) -> bool:
        """Show another state of the list, of which the given pages are known.

        True where the rows are the same and only cells changed, so that selection and
        scroll position still hold; False after a reset.
        """
        self._is_short = False
        self._reading = replace(self._reading, now=self._clock())
        currencies = self._currencies_in(row for page in pages.values() for row in page)
        self._asked = ()
        if self._same_rows(total, pages):
            self._learn_currencies(currencies)
            self._change_cells(pages)
            self._timer.start()  # pages that were not read again are missing now
            return True
        self.beginResetModel()
        self._total = total
        self._pages.clear()
        self._numbers.clear()
        self._currencies = set()
        self._learn_currencies(currencies)
        for page, rows in pages.items():
            self._keep(page, rows)
        self.endResetModel()
        self._timer.start()
        return False

    def set_total(self, total: int) -> None:
        """Rows joined or left at the list's end, as when the count arrives after the first page."""
        if total > self._total:
            self.beginInsertRows(_NO_PARENT, self._total, total - 1)
            self._total = total
            self.endInsertRows()
        elif total < self._total:
            self.beginRemoveRows(_NO_PARENT, total, self._total - 1)
            self._total = total
            for page in [page for page in self._pages if page * PAGE_ROWS >= total]:
                self._forget(page)
            self.endRemoveRows()

    def fill(self, page: int, rows: Sequence[RowT]) -> None:
        """Put the rows of a page in place of its placeholders."""
        first = page * PAGE_ROWS
        fitting = rows[: max(0, self._total - first)]
        if not fitting:
            return
        self._learn_currencies(self._currencies_in(fitting))
        self._keep(page, fitting)
        self._asked = tuple(asked for asked in self._asked if asked != page)
        self._drop_oldest()
        self.dataChanged.emit(
            self.index(first, 0), self.index(first + len(fitting) - 1, len(self.columns) - 1)
        )

    def ask_again(self) -> None:
        """Ask once more for what is missing, after a read failed."""
        self._asked = ()
        self._timer.start()

    def set_all_rows(self, rows: Iterable[RowT]) -> bool:
        """Show a short list that is known as a whole; it sorts itself. Returns as ``show`` does."""
        ordered = self._in_order(rows)
        only_cells = self.show(
            len(ordered),
            {
                first // PAGE_ROWS: ordered[first : first + PAGE_ROWS]
                for first in range(0, len(ordered), PAGE_ROWS)
            },
        )
        self._is_short = True
        return only_cells

    def reword(self) -> None:
        """Say the held rows anew once a day has passed: "Today 09:42" is wrong after midnight."""
        before, now = self._reading.now, self._clock()
        if before.astimezone(self.zone).date() != now.astimezone(self.zone).date():
            self._reading = replace(self._reading, now=now)
            self._say_again()

    # Qt's side

    def rowCount(self, parent: Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else self._total

    def columnCount(self, parent: Index = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            line = self.line(index.row())
            return "" if line is None else line.texts[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self.columns[index.column()].alignment
        if role == Qt.ItemDataRole.ToolTipRole:
            line = self.line(index.row())
            if line is None:
                return None
            return cell_tooltip(self.columns[index.column()], line.row, self._reading)
        if role == ROW_ROLE:
            return self.row(index.row())
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        return _FLAGS if index.isValid() else Qt.ItemFlag.NoItemFlags

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._title(self.columns[section])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self.columns[section].alignment
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort a short list here; for a long one ask with ``sort_asked``."""
        if not 0 <= column < len(self.columns):
            return
        wanted = self.columns[column]
        descending = order == Qt.SortOrder.DescendingOrder
        if not self._is_short:
            self.sort_asked.emit(wanted.key, descending)
            return
        self._sorted_by = (wanted, descending)
        self.set_all_rows([line.row for page in self._in_page_order() for line in page])

    # Inside

    def _pages_seen(self) -> range:
        first, last = self._seen
        if last < first:
            return range(0)
        first, last = max(0, first - _MARGIN_ROWS), min(self._total - 1, last + _MARGIN_ROWS)
        return range(first // PAGE_ROWS, last // PAGE_ROWS + 1)

    def _missing(self) -> tuple[int, ...]:
        first, last = self._seen
        middle = (first + last) // 2 // PAGE_ROWS
        missing = [page for page in self._pages_seen() if page not in self._pages]
        return tuple(sorted(missing, key=lambda page: abs(page - middle)))

    def _ask(self) -> None:
        missing = self._missing()
        if missing != self._asked:
            self._asked = missing
            self.pages_wanted.emit(missing)

    def _keep(self, page: int, rows: Sequence[RowT]) -> None:
        self._forget(page)
        self._pages[page] = [self._say(row) for row in rows]
        for place, row in enumerate(rows):
            self._numbers[self.row_id(row)] = page * PAGE_ROWS + place

    def _forget(self, page: int) -> None:
        for place, line in enumerate(self._pages.pop(page, ())):
            row_id = self.row_id(line.row)
            # The same row may already stand on another page, after rows were inserted above it.
            if self._numbers.get(row_id) == page * PAGE_ROWS + place:
                del self._numbers[row_id]

    def _drop_oldest(self) -> None:
        while not self._is_short and len(self._pages) > KEPT_PAGES:
            self._forget(next(iter(self._pages)))

    def _say(self, row: RowT) -> Line[RowT]:
        reading = self._reading
        return Line(
            row,
            tuple(cell_text(column, row, reading) for column in self.columns),
            tuple(_extra(column, row) for column in self.columns),
        )

    def _say_again(self) -> None:
        for page, lines in self._pages.items():
            self._pages[page] = [self._say(line.row) for line in lines]
            first = page * PAGE_ROWS
            self.dataChanged.emit(
                self.index(first, 0), self.index(first + len(lines) - 1, len(self.columns) - 1)
            )

    def _same_rows(self, total: int, pages: Mapping[int, Sequence[RowT]]) -> bool:
        if total != self._total or not pages:
            return False
        return all(
            [self.row_id(row) for row in rows]
            == [self.row_id(line.row) for line in self._pages.get(page, ())]
            for page, rows in pages.items()
        )

    def _change_cells(self, pages: Mapping[int, Sequence[RowT]]) -> None:
        for page in [page for page in self._pages if page not in pages]:
            self._forget(page)
        for page, rows in pages.items():
            before = self._pages[page]
            self._keep(page, rows)
            for place, line in enumerate(self._pages[page]):
                if line != before[place]:
                    number = page * PAGE_ROWS + place
                    self.dataChanged.emit(
                        self.index(number, 0), self.index(number, len(self.columns) - 1)
                    )

    def _currencies_in(self, rows: Iterable[RowT]) -> set[str]:
        ask = [column.currency for column in self.columns if column.currency is not None]
        return {currency(row) for row in rows for currency in ask} if ask else set()

    def _learn_currencies(self, found: set[str]) -> None:
        """Name the currency in the head as long as there is one, then in every cell."""
        if found <= self._currencies:
            return
        self._currencies |= found
        one_currency = len(self._currencies) <= 1
        if one_currency != self._reading.one_currency:
            self._reading = replace(self._reading, one_currency=one_currency)
            self._say_again()
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self.columns) - 1)

    def _title(self, column: Column[RowT]) -> str:
        if column.kind is Kind.MONEY and column.currency is not None and len(self._currencies) == 1:
            return f"{column.title}, {next(iter(self._currencies))}"
        return column.title

    def _in_page_order(self) -> list[list[Line[RowT]]]:
        return [self._pages[page] for page in sorted(self._pages)]

    def _in_order(self, rows: Iterable[RowT]) -> list[RowT]:
        if self._sorted_by is None:
            return list(rows)
        column, descending = self._sorted_by

        def by_value(row: RowT) -> tuple[bool, Any]:
            value = column.value(row)
            value = value.casefold() if isinstance(value, str) else value
            return (value is not None, 0 if value is None else value)

        return sorted(rows, key=by_value, reverse=descending)


def _extra(column: Column[RowT], row: RowT) -> Tone | float | None:
    if column.kind is Kind.BADGE:
        return column.tone(row)
    if column.kind is Kind.PERCENT_BAR:
        return min(1.0, max(0.0, float(column.value(row) or 0) / 100))
    return None
