"""Joins a table with the database: what is read when, and where the person stays meanwhile."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final, Generic, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.domain.lists import (
    PAGE_ROWS,
    Anchor,
    ListHead,
    ListPage,
    ListQuery,
)
from learnhub_desktop.errors import LearnHubError
from learnhub_desktop.models.window_model import WindowModel
from learnhub_desktop.ui.copying import as_table
from learnhub_desktop.ui.tasks import Failure, TaskScope, begun
from learnhub_desktop.ui.widgets.table import MOST_KEPT, Place, TableView

RowT = TypeVar("RowT")

MOST_COPIED: Final = 1_000
# So long the rows of the query before stay; then soft bars say that others are on their way.
_KEEP_OLD_ROWS_MS: Final = 250
_PLACEHOLDER_ROWS: Final = 40
# A page that is shorter than it should be means that the list changed under the count. Looking
# again more often than this would not end where another desk writes without pause.
_LOOK_AGAIN_S: Final = 2.0
_MINUTE_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class ListReads(Generic[RowT]):
    """The two services that a list is read with, as ``services.lists`` offers them.

    ``head(uow, query, *, ids)`` counts and finds ids; ``page(uow, query, *, first, count,
    anchor)`` reads rows.
    """

    head: Callable[..., ListHead]
    page: Callable[..., ListPage[RowT]]


class ListState(Enum):
    LOADING = auto()  # for the first time: nothing to show yet
    ROWS = auto()
    EMPTY = auto()  # the list has no rows at all
    NO_MATCH = auto()  # the filter lets none through
    FAILED = auto()  # and there are no rows to keep


_WITHOUT_ROWS: Final = frozenset({ListState.LOADING, ListState.FAILED})


@dataclass(frozen=True, slots=True)
class Counts:
    """None while it is being counted."""

    total: int | None
    unfiltered: int | None


@dataclass(frozen=True, slots=True)
class Selection(Generic[RowT]):
    """``rows`` are the selected rows that are loaded, some hundreds at the most.

    ``query`` is set where "all that match" is selected: an action on it takes the query.
    """

    count: int
    rows: tuple[RowT, ...]
    query: ListQuery | None = None


class ListController(QObject, Generic[RowT]):
    """Shows the rows of a query in a table.

    Signals:
        state_changed: ``ListState``.
        counted: ``Counts``.
        query_changed: The ``ListQuery`` that is shown from now on.
        selection_changed: Other rows are selected, or the selected ones say something new.
        missed: An id that ``select`` did not find.
        reloaded: The rows are those of the database again.
        failed: A ``Failure`` while older rows stay in view.
        noted: A sentence for the message line.
    """

    state_changed = Signal(object)
    counted = Signal(object)
    query_changed = Signal(object)
    selection_changed = Signal()
    missed = Signal(int)
    reloaded = Signal()
    failed = Signal(object)
    noted = Signal(str)

    def __init__(
        self,
        table: TableView,
        reads: ListReads[RowT],
        bridge: Bridge,
        query: ListQuery,
    ) -> None:
        super().__init__(table)
        self.query = query
        self.state = ListState.LOADING
        self.counts = Counts(None, None)
        self.error: Failure | None = None
        self._table = table
        self._model: WindowModel[RowT] = table.rows
        self._reads = reads
        self._bridge = bridge
        self._anchors: tuple[Anchor, ...] = ()
        self._is_due = False
        self._looked_again_at = 0.0
        self._tasks = TaskScope(self, self.failed.emit)
        self._patience = QTimer(self, singleShot=True, interval=_KEEP_OLD_ROWS_MS)
        self._minute = QTimer(self, interval=_MINUTE_MS)
        self._minute.start()

        self._patience.timeout.connect(self._show_placeholders)
        self._minute.timeout.connect(self._model.reword)
        self._model.pages_wanted.connect(self._on_pages_wanted)
        self._model.sort_asked.connect(self._on_sort_asked)
        table.head.sort_asked.connect(self._on_sort_asked)
        table.selection_moved.connect(self.selection_changed)
        table.copy_asked.connect(self.copy)

    # What is asked of the list

    def show(self, query: ListQuery, *, select: int | None = None) -> None:
        """Show another query, or the same from its top; ``select`` an id once it is there."""
        if query != self.query:
            self._table.drop_all_matching()
        self.query = query
        if query.sort is not None:
            self._table.head.show_sort(query.sort.column, descending=query.sort.descending)
        self._tasks.cancel_all()
        self._is_due = False
        self._tasks.start("first", self._first, query, select)
        self.query_changed.emit(query)

    def reload(self) -> None:
        """Read what is shown again and stay in place; many calls at once are one read."""
        if self._tasks.is_running("first") or self._tasks.is_running("reload"):
            # What is being read may be older than the change that is told now. Starting
            # afresh each time would never end while other desks write.
            self._is_due = True
        elif self.state in _WITHOUT_ROWS:
            self.show(self.query)
        else:
            self._tasks.start("reload", self._reload)

    def select(self, row_id: int) -> None:
        """Bring a row into view and select it, if the query shows it."""
        number = self._model.number_of(row_id)
        if number is not None:
            self._table.go_to(number)
        else:
            self.show(self.query, select=row_id)

    def current(self) -> RowT | None:
        """The one row that actions mean: where the keyboard stands in the selection."""
        if self._table.all_matching:
            return None
        number = self._table.current_number()
        return None if number is None else self._model.row(number)

    def selection(self) -> Selection[RowT]:
        if self._table.all_matching:
            return Selection(self._model.total, (), self.query)
        rows = (self._model.row(number) for number in self._table.selected_numbers(MOST_KEPT))
        return Selection(
            self._table.selected_count(), tuple(row for row in rows if row is not None)
        )

    @property
    def is_reading(self) -> bool:
        """Whether other rows than those in view are on their way."""
        return self._tasks.is_running("first") or self._tasks.is_running("reload")

    def copy(self) -> None:
        """Put the selected rows on the clipboard as a table with its heads."""
        count = self._table.selected_count()
        if count > MOST_COPIED:
            self.noted.emit(
                f"{count:,} rows are selected, and at most {MOST_COPIED:,} can be copied."
            )
        elif count:
            self._tasks.start("copy", self._copy)

    # Reading

    async def _first(self, query: ListQuery, select: int | None) -> None:
        """Show the first rows as soon as they are here; the count may come later."""
        place = replace(self._table.place(), visible=(), is_at_top=True)
        ids = place.ids if select is None else (select,)
        self._patience.start(0 if self.state in _WITHOUT_ROWS else _KEEP_OLD_ROWS_MS)
        counting = begun(self._bridge.read(self._reads.head, query, ids=ids))
        try:
            page = await self._read_page(query, 0, ())
            self._patience.stop()
            self._show_first(page, place)
            head = await counting
        except LearnHubError as error:
            self._fail(Failure(error, lambda: self.show(query, select=select)))
            return
        finally:
            self._patience.stop()
            counting.cancel()
        self._take_head(head)
        self._select_found(head, place, select)
        self.reloaded.emit()
        self._reload_if_due()

    def _show_first(self, page: ListPage[RowT], place: Place) -> None:
        positions = {self._model.row_id(row): number for number, row in enumerate(page.rows)}
        self._anchors = ()
        with self._table.restoring():
            self._model.show(len(page.rows), {0: page.rows} if page.rows else {})
        self._table.restore(place, positions, 0, 0)
        if page.rows:
            self._set_counts(Counts(None, self.counts.unfiltered))
            self._set_state(ListState.ROWS)
        self.selection_changed.emit()

    def _take_head(self, head: ListHead) -> None:
        self._anchors = head.anchors
        self._model.set_total(head.total)
        self._set_counts(Counts(head.total, head.unfiltered))
        if head.total:
            self._set_state(ListState.ROWS)
        else:
            self._set_state(ListState.NO_MATCH if head.unfiltered else ListState.EMPTY)

    def _select_found(self, head: ListHead, place: Place, select: int | None) -> None:
        found = {i: number for i, number in head.positions.items() if number < head.total}
        if select is not None:
            if select in found:
                self._table.go_to(found[select])
            else:
                self.missed.emit(select)
        elif not self._table.selected_count():
            # A person may have scrolled since the first rows came, and stays there.
            here = replace(place, is_at_top=False)
            self._table.restore(here, found, 0, self._table.verticalScrollBar().value())

    async def _reload(self) -> None:
        """Read the rows in view again, wherever they stand now, and exchange them in one turn."""
        while True:
            self._is_due = False
            query, place = self.query, self._table.place()
            head = await self._bridge.read(self._reads.head, query, ids=place.ids)
            shift = place.shift(head.positions)
            pages = {
                number: (await self._read_page(query, number, head.anchors)).rows
                for number in self._pages_in_view(head.total, shift)
            }
            # Where a person selected other rows meanwhile, it is not known where they stand.
            if set(place.ids).issuperset(self._table.place().selected):
                break
        self._exchange(head, pages, shift)
        self.reloaded.emit()
        self._reload_if_due()

    def _exchange(self, head: ListHead, pages: dict[int, tuple[RowT, ...]], shift: int) -> None:
        # The person may have scrolled during the reads; the shift holds for any place.
        place, value = self._table.place(), self._table.verticalScrollBar().value()
        self._cancel_pages()
        with self._table.restoring():
            only_cells = self._model.show(head.total, pages)
        if not only_cells:
            positions = {i: n for i, n in head.positions.items() if n < head.total}
            for number, rows in pages.items():
                for offset, row in enumerate(rows):
                    positions[self._model.row_id(row)] = number * PAGE_ROWS + offset
            self._table.restore(place, positions, shift, value)
        self._take_head(head)
        self.selection_changed.emit()

    def _pages_in_view(self, total: int, shift: int) -> range:
        first, last = self._table.visible_numbers()
        if self._table.verticalScrollBar().value() == 0:
            last, first = last - first, 0
        else:
            first, last = first + shift, last + shift
        if total == 0 or last < first:
            return range(0)
        # A list that became shorter shows its end instead.
        last = min(max(last, 0), total - 1)
        first = min(max(first, 0), last)
        return range(first // PAGE_ROWS, last // PAGE_ROWS + 1)

    async def _read_page(
        self, query: ListQuery, number: int, anchors: tuple[Anchor, ...]
    ) -> ListPage[RowT]:
        first = number * PAGE_ROWS
        before = bisect_right(anchors, first, key=lambda anchor: anchor.position)
        return await self._bridge.read(
            self._reads.page,
            query,
            first=first,
            count=PAGE_ROWS,
            anchor=anchors[before - 1] if before else None,
        )

    async def _load(self, number: int) -> None:
        try:
            page = await self._read_page(self.query, number, self._anchors)
        except LearnHubError as error:
            # Its neighbours failed with it, and one press on Retry is for all of them.
            self.failed.emit(Failure(error, self._model.ask_again))
            return
        expected = min(PAGE_ROWS, self._model.total - number * PAGE_ROWS)
        self._model.fill(number, page.rows)
        self.selection_changed.emit()
        now = time.monotonic()
        if len(page.rows) < expected and now - self._looked_again_at > _LOOK_AGAIN_S:
            self._looked_again_at = now
            self.reload()

    async def _copy(self) -> None:
        numbers = self._table.selected_numbers(MOST_COPIED)
        rows: dict[int, RowT] = {}
        for number in numbers:
            row = rows.get(number) or self._model.row(number)
            if row is None:
                page = await self._read_page(self.query, number // PAGE_ROWS, self._anchors)
                rows.update(enumerate(page.rows, page.first))
            else:
                rows[number] = row
        chosen = [rows[number] for number in numbers if number in rows]
        columns = [self._model.columns[s] for s in self._table.head.shown_sections()]
        QGuiApplication.clipboard().setMimeData(as_table(columns, chosen, self._model.zone))
        self.noted.emit(f"Copied {len(chosen):,} {'row' if len(chosen) == 1 else 'rows'}.")

    # Inside

    def _on_pages_wanted(self, numbers: tuple[int, ...]) -> None:
        if self._tasks.is_running("first") and not self._anchors:
            # The count is on its way, and with it the anchors that make far pages quick.
            return
        wanted = {f"page {number}" for number in numbers}
        self._cancel_pages(kept=wanted)
        for number in numbers:
            if not self._tasks.is_running(f"page {number}"):
                self._tasks.start(f"page {number}", self._load, number)

    def _cancel_pages(self, kept: set[str] | None = None) -> None:
        for key in self._tasks.running("page "):
            if key not in (kept or ()):
                self._tasks.cancel(key)

    def _on_sort_asked(self, column: str, descending: bool) -> None:
        self.show(self.query.with_sort(column, descending=descending))

    def _reload_if_due(self) -> None:
        if self._is_due:
            self._is_due = False
            self._tasks.start("reload", self._reload)
        else:
            self._model.ask_again()

    def _show_placeholders(self) -> None:
        self._model.show(_PLACEHOLDER_ROWS, {})
        self._table.scrollToTop()
        self._set_counts(Counts(None, self.counts.unfiltered))
        self._set_state(ListState.LOADING)
        self.selection_changed.emit()

    def _fail(self, failure: Failure) -> None:
        self.error = failure
        self._model.show(0, {})
        self._set_counts(Counts(None, None))
        self._set_state(ListState.FAILED)
        self.selection_changed.emit()

    def _set_state(self, state: ListState) -> None:
        if state is not self.state or state is ListState.FAILED:
            self.state = state
            self.state_changed.emit(state)

    def _set_counts(self, counts: Counts) -> None:
        if counts != self.counts:
            self.counts = counts
            self.counted.emit(counts)
