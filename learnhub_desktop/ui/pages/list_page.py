"""A page that is a list: search, chips, table and side panel, joined once for all of them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Final, Generic, TypeVar

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QVBoxLayout

from learnhub_desktop.domain.lists import Filter, ListQuery, Sort
from learnhub_desktop.domain.text import read_whole
from learnhub_desktop.errors import LearnHubError
from learnhub_desktop.models.columns import Column
from learnhub_desktop.models.window_model import WindowModel
from learnhub_desktop.services import lists
from learnhub_desktop.ui.desk import Desk
from learnhub_desktop.ui.lists import ListController, ListReads, ListState
from learnhub_desktop.ui.pages.page import Page
from learnhub_desktop.ui.tasks import Failure
from learnhub_desktop.ui.widgets.chips import ChipsBar
from learnhub_desktop.ui.widgets.column_menus import columns_menu, pop_up, sort_menu
from learnhub_desktop.ui.widgets.filters import FilterKind
from learnhub_desktop.ui.widgets.notices import ListCard, Words
from learnhub_desktop.ui.widgets.parts import label
from learnhub_desktop.ui.widgets.search import SearchLine
from learnhub_desktop.ui.widgets.side_panel import NARROWEST, USUAL, Panel, SidePanel
from learnhub_desktop.ui.widgets.table import TableView

RowT = TypeVar("RowT")

_TYPING_PAUSE_MS: Final = 200
# While a person walks down a list with the arrow keys, only the row they stop at is read.
_WALKING_PAUSE_MS: Final = 90
_ROOMY: Final = 1_000  # from this width of the page on the panel has its usual width


@dataclass(frozen=True, slots=True)
class _Place:
    query: ListQuery
    row_id: int | None


class ListPage(Page, Generic[RowT]):
    """A concrete page declares what its list is, and answers ``outline`` and ``detail``.

    ``source`` is the list's name in queries, ``noun`` its rows ("payment", "payments"),
    ``empty`` the sentence for a list without rows, whose button does ``empty_action``.
    """

    source: ClassVar[str]
    noun: ClassVar[tuple[str, str]]
    columns: ClassVar[Sequence[Column[Any]]]
    filters: ClassVar[Sequence[FilterKind]] = ()
    sort: ClassVar[Sort]
    search_hint: ClassVar[str] = "Search"
    empty: ClassVar[Words]
    empty_action: ClassVar[str] = ""
    nothing_selected: ClassVar[str] = ""

    def __init__(self, desk: Desk, reads: ListReads[RowT] | None = None) -> None:
        super().__init__(desk)
        self.model: WindowModel[RowT] = WindowModel(
            self.columns, self.row_id, clock=desk.clock, zone=desk.zone, parent=self
        )
        self.table = TableView(self.model, self.title)
        self.table.head.restore_layout(desk.store.get(f"{self.key}.columns"))
        self.list: ListController[RowT] = ListController(
            self.table,
            reads or ListReads(lists.head, lists.page),
            desk.bridge,
            ListQuery(self.source, sort=self._saved_sort()),
        )
        nothing = self.nothing_selected or f"Select a {self.noun[0]} to see its details."
        self.side = SidePanel(list(self._table.values()), nothing)
        self.side.home = self.table
        self._shown: RowT | None = None
        self._build()
        self._typing = QTimer(self, singleShot=True, interval=_TYPING_PAUSE_MS)
        self._walking = QTimer(self, singleShot=True, interval=_WALKING_PAUSE_MS)
        self._is_first = True
        self._goes_to_first = False

        self.search.textEdited.connect(self._typing.start)
        self._typing.timeout.connect(self._on_searched)
        self._walking.timeout.connect(self._read_detail)
        self.chips.query_asked.connect(self._on_query_asked)
        self.side.asked.connect(self.trigger)
        self.table.panel_asked.connect(self.toggle_panel)
        self.table.opened.connect(self._on_opened)
        self.list.state_changed.connect(self._on_state_changed)
        self.list.counted.connect(self.chips.show_counts)
        self.list.query_changed.connect(self._on_query_changed)
        self.list.selection_changed.connect(self._on_selection_changed)
        self.list.reloaded.connect(self._on_reloaded)
        self.list.missed.connect(self._on_missed)
        self.list.failed.connect(desk.messages.fail)
        self.list.noted.connect(desk.messages.note)

    # For concrete pages

    @abstractmethod
    def row_id(self, row: RowT) -> int:
        """The row's id, which never changes."""

    @abstractmethod
    def outline(self, row: RowT) -> Panel:
        """What the side panel shows of a row at once, before anything was read."""

    async def detail(self, row: RowT) -> Panel:
        """The whole panel, with what had to be read for it."""
        return self.outline(row)

    def summary(self, rows: Sequence[RowT]) -> str:
        """What the selected rows come to, such as their sum; empty for nothing to say."""
        return ""

    def open_row(self, row: RowT) -> None:
        """Enter or a double click: most lists show the panel and go to its first button."""
        self.side.show()
        offers = self.side.panel.offers if self.side.panel is not None else ()
        chosen = next((o for o in offers if o.is_primary and not o.reason), None)
        target = self.side.offer_button(chosen.action) if chosen is not None else None
        if target is not None:
            target.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def current(self) -> RowT | None:
        """The row that actions mean, None where none or several are selected."""
        return self.list.current() if self.table.selected_count() == 1 else None

    @property
    def is_reading_panel(self) -> bool:
        """Whether the panel does not show all of the selected row yet."""
        return self._walking.isActive() or self.tasks.is_running("detail")

    def refresh_panel(self) -> None:
        """Read the panel of the selected row again."""
        self._read_detail()

    # Page

    def reload(self) -> None:
        self.list.reload()

    def entered(self) -> None:
        super().entered()
        if self._is_first:
            self._is_first = False
            self.list.show(self.list.query)
        self.selection_told.emit(self._selection_text())

    def focus_search(self) -> None:
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def focus_main(self) -> None:
        self.table.setFocus()

    def show_place(self, filters: tuple[Filter, ...] | None, select: int | None) -> None:
        self._is_first = False
        if filters is not None:
            self.search.clear()
            query = ListQuery(self.source, filters=filters, sort=self.list.query.sort)
            self.list.show(query, select=select)
        elif select is not None:
            self.list.select(select)
        elif self.list.state is ListState.LOADING:
            self.list.show(self.list.query)

    def place(self) -> _Place:
        row = self.list.current()
        return _Place(self.list.query, None if row is None else self.row_id(row))

    def return_to(self, place: Any) -> None:
        if isinstance(place, _Place):
            self._is_first = False
            self.search.setText(place.query.text)
            self.list.show(place.query, select=place.row_id)

    def save_layout(self) -> None:
        store = self.desk.store
        store.put(f"{self.key}.columns", self.table.head.layout_text())
        sort = self.list.query.sort
        if sort is not None:
            store.put(f"{self.key}.sort", f"{sort.column} {'down' if sort.descending else 'up'}")
        panel = "hidden" if self.side.isHidden() else str(self._panel_width or "")
        store.put(f"{self.key}.panel", panel)

    def command(self, name: str) -> None:
        match name:
            case "filter":
                self.chips.open_menu()
            case "clear_filters":
                self._clear_all()
            case "panel":
                self.toggle_panel()
            case "copy":
                self.list.copy()
            case "select_all":
                self.table.selectAll()
            case "open":
                if (number := self.table.current_number()) is not None:
                    self._on_opened(number)
            case "columns":
                pop_up(columns_menu(self.table), self.table)
            case "sort":
                pop_up(sort_menu(self.columns, self.list, self.table), self.table)

    def toggle_panel(self) -> None:
        """Show or hide the side panel; hidden, nothing is read for it."""
        self.side.setVisible(self.side.isHidden())
        if not self.side.isHidden():
            self._show_row(self.current())

    # Building

    def _build(self) -> None:
        self.search = SearchLine(self.search_hint)
        self.search.down_asked.connect(self._enter_table)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(label(self.title, "page-name"))
        head.addStretch(1)
        head.addWidget(self.search, 4)
        head.addSpacing(4)
        for widget in self.head_buttons():
            head.addWidget(widget)
        self.chips = ChipsBar(self.filters, self.noun, self.desk.today)
        self.card = ListCard(self.table)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.setHandleWidth(12)
        self.split.setChildrenCollapsible(False)
        self.split.addWidget(self.card)
        self.split.addWidget(self.side)
        self.split.setStretchFactor(0, 1)
        self.split.setStretchFactor(1, 0)
        width = self.desk.store.get(f"{self.key}.panel")
        self._panel_width = read_whole(width, most=10_000) or 0  # 0: as wide as usual
        self.split.setSizes([10_000, self._panel_width or USUAL])
        self.side.setHidden(width == "hidden")
        self.split.splitterMoved.connect(self._on_panel_dragged)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 12)
        column.setSpacing(12)
        column.addLayout(head)
        column.addWidget(self.chips)
        column.addWidget(self.split, 1)

    def _saved_sort(self) -> Sort:
        column, _, direction = self.desk.store.get(f"{self.key}.sort").partition(" ")
        if column in {c.key for c in self.columns if c.sortable}:
            return Sort(column, descending=direction == "down")
        return self.sort

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A small window gives the table what the panel can spare."""
        super().resizeEvent(event)
        if not self._panel_width and not self.side.isHidden():
            wanted = NARROWEST if self.width() < _ROOMY else USUAL
            if self.side.width() != wanted:
                self.split.setSizes([self.split.width() - wanted, wanted])

    def _on_panel_dragged(self) -> None:
        self._panel_width = self.side.width()

    # What happens

    def _on_searched(self) -> None:
        self._typing.stop()
        query = self.list.query.with_text(self.search.text())
        if query != self.list.query:
            self.list.show(query)

    def _enter_table(self) -> None:
        """Enter or Down in the search field: search now, then walk through what was found."""
        self._on_searched()
        self.table.setFocus(Qt.FocusReason.TabFocusReason)
        # The rows in view may still be those of the search before.
        self._goes_to_first = self.list.is_reading
        if not self._goes_to_first:
            self._go_to_first()

    def _go_to_first(self) -> None:
        self._goes_to_first = False
        if self.table.current_number() is None and self.model.total:
            self.table.go_to(0)

    def _on_query_asked(self, query: ListQuery) -> None:
        self.place_left.emit()
        self.list.show(query)

    def _on_query_changed(self, query: ListQuery) -> None:
        self.chips.show_query(query)
        if self.search.text().strip() != query.text and not self._typing.isActive():
            self.search.setText(query.text)

    def _clear_all(self) -> None:
        self.search.clear()
        self._typing.stop()
        self.place_left.emit()
        self.list.show(ListQuery(self.source, sort=self.list.query.sort))

    def _on_state_changed(self, state: ListState) -> None:
        match state:
            case ListState.EMPTY:
                run = partial(self.trigger, self.empty_action)
                known = self.may(self.empty_action)
                words = self.empty if known else Words(self.empty.sentence, icon=self.empty.icon)
                self.card.show_notice(words, run if known else None)
            case ListState.NO_MATCH:
                words = Words(f"No {self.noun[0]} matches this search.", "Clear filters", "funnel")
                self.card.show_notice(words, self._clear_all)
            case ListState.FAILED:
                self.chips.counted.setText("")
                error = self.list.error
                text = error.text if error is not None else ""
                words = Words(text, "Try again", "warning-circle")
                self.card.show_notice(words, error.retry if error is not None else None)
            case _:
                self.card.show_rows()
        if state is not ListState.ROWS:
            self.side.show_blank()

    def _on_selection_changed(self) -> None:
        self.selection_told.emit(self._selection_text())
        row = self.current()
        if row != self._shown or (row is None and self.side.panel is not None):
            self._show_row(row)
        elif row is None:
            self._show_none()

    def _show_none(self) -> None:
        if self.list.state is ListState.ROWS:
            self.side.show_nothing(self._several())
        else:
            self.side.show_blank()

    def _show_row(self, row: RowT | None) -> None:
        before, self._shown = self._shown, row
        self.tasks.cancel("detail")
        self._walking.stop()
        if row is None:
            self._show_none()
            return
        is_other = before is None or self.row_id(before) != self.row_id(row)
        # A row that only changed keeps its details in view until the new ones are here.
        if is_other or self.side.panel is None:
            self.side.show_panel(self.outline(row))
        if not self.side.isHidden():
            self._walking.start()

    def _read_detail(self) -> None:
        if self._shown is not None and not self.side.isHidden():
            self.tasks.start("detail", self._show_detail, self._shown)

    async def _show_detail(self, row: RowT) -> None:
        try:
            panel = await self.detail(row)
        except LearnHubError as error:
            self.desk.messages.fail(Failure(error, self._read_detail))
            return
        if self._shown is not None and self.row_id(self._shown) == self.row_id(row):
            self.side.show_panel(panel)

    def _on_reloaded(self) -> None:
        if self._goes_to_first:
            self._go_to_first()
        # What the panel tells comes from more than the row: a payment's events, for one.
        if self._shown is not None and not self._walking.isActive():
            self._read_detail()

    def _on_missed(self, row_id: int) -> None:
        if self.list.query.filters or self.list.query.text:
            self.search.clear()
            self.list.show(ListQuery(self.source, sort=self.list.query.sort), select=row_id)
        else:
            self.desk.messages.note(f"That {self.noun[0]} is not in this list any more.")

    def _on_opened(self, number: int) -> None:
        row = self.model.row(number)
        if row is not None:
            self.open_row(row)

    def _several(self) -> str:
        count = self.table.selected_count()
        return f"{count:,} {self.noun[1]} are selected." if count > 1 else ""

    def _selection_text(self) -> str:
        count = self.table.selected_count()
        if not count:
            return ""
        selection = self.list.selection()
        told = self.summary(selection.rows) if len(selection.rows) == count else ""
        shown = f"{count:,} selected" if selection.query is None else f"All {count:,} selected"
        return f"{shown} · {told}" if told else shown
