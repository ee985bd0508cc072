"""The window: rail, pages, band, menus and message line, and how it ends."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final

from PySide6.QtCore import QByteArray, QSize
from PySide6.QtGui import QCloseEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.domain.actors import Actor
from learnhub_desktop.domain.changes import Changes, Touched, Undo
from learnhub_desktop.domain.lists import Filter
from learnhub_desktop.ui import icons
from learnhub_desktop.ui.desk import Desk
from learnhub_desktop.ui.dialogs.about import AboutDialog
from learnhub_desktop.ui.dialogs.shortcuts import ShortcutsDialog
from learnhub_desktop.ui.history import History, Stop
from learnhub_desktop.ui.menus import Menus
from learnhub_desktop.ui.pages.page import Page
from learnhub_desktop.ui.shortcuts import PAGE_SHORTCUTS, check_keys
from learnhub_desktop.ui.store import Store
from learnhub_desktop.ui.tasks import TaskScope
from learnhub_desktop.ui.theme import Density, LookSetting, Theme, density
from learnhub_desktop.ui.widgets.band import Band
from learnhub_desktop.ui.widgets.messages import MessageLine
from learnhub_desktop.ui.widgets.parts import with_shortcut
from learnhub_desktop.ui.widgets.rail import Entry, Rail
from learnhub_desktop.ui.widgets.strip import Strip

SMALLEST: Final = QSize(1024, 680)
USUAL: Final = QSize(1280, 800)
# Below this the rail shows icons only, so that the table keeps its width.
_RAIL_NEEDS: Final = 1180
_NEXT_LOOK: Final = {
    LookSetting.SYSTEM: LookSetting.LIGHT,
    LookSetting.LIGHT: LookSetting.DARK,
    LookSetting.DARK: LookSetting.SYSTEM,
}
_LOOK_WORDS: Final = {
    LookSetting.SYSTEM: "The look follows the system.",
    LookSetting.LIGHT: "The look is light.",
    LookSetting.DARK: "The look is dark.",
}
MakePage = Callable[[Desk], Page]


@dataclass(frozen=True, slots=True)
class PageEntry:
    """``make`` builds the page when it is first shown; usually it is the class itself."""

    page: type[Page]
    make: MakePage


class MainWindow(QMainWindow):
    """Built once an account is known. ``undoables`` are the services that take actions back.

    The window closes when all that runs has ended; ``closed`` is set then.
    """

    def __init__(
        self,
        bridge: Bridge,
        actor: Actor,
        pages: Sequence[PageEntry],
        *,
        theme: Theme,
        store: Store,
        clock: Callable[[], datetime],
        zone: tzinfo,
        undoables: Mapping[str, Callable[..., Any]] | None = None,
    ) -> None:
        super().__init__()
        self.closed = asyncio.Event()
        self.messages = MessageLine(clock=clock, zone=zone)
        self.desk = Desk(bridge, actor, self.messages, store, clock, zone, self.go)
        self.pages: dict[str, Page] = {}
        self._theme = theme
        self._undoables = dict(undoables or {})
        self._history = History()
        self._tasks = TaskScope(self, self.messages.fail)
        self._is_closing = False
        self._ending: asyncio.Task[None] | None = None
        # What an account may not see is absent, not grey.
        seen = [e for e in pages if e.page.right is None or actor.may(e.page.right)]
        self._entries = {entry.page.key: entry for entry in seen}
        check_keys(action for entry in seen for action in entry.page.action_table)
        self._build()

        self.rail.chosen.connect(self.show_page)
        self.messages.undo_asked.connect(self._undo)
        bridge.committed.connect(self._on_committed)
        bridge.changed_elsewhere.connect(self._tell_pages)
        bridge.reachable.connect(self._on_reachable)
        self._show_connection(True)
        if seen:
            self.show_page(seen[0].page.key)
            self.pages[seen[0].page.key].focus_main()

    def _build(self) -> None:
        self.setWindowTitle(f"LearnHub – {self.desk.bridge.label}")
        self.setWindowIcon(icons.app_icon())
        self.setMinimumSize(SMALLEST)
        self.resize(USUAL)
        self.band = Band()
        self.strip = Strip(tooltip=with_shortcut("Left in the middle", "Ctrl+Shift+M"))
        keys = (*PAGE_SHORTCUTS, *[""] * 100)
        named = [e.page for e in self._entries.values() if not e.page.beneath]
        self.rail = Rail(
            Entry(page.key, page.title, page.icon, shortcut)
            for page, shortcut in zip(named, keys, strict=False)
        )
        self.stack = QStackedWidget()
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.rail)
        middle.addWidget(self.stack, 1)
        self._root = QWidget()
        self._root.setProperty("ground", "window")
        column = QVBoxLayout(self._root)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.band)
        column.addWidget(self.strip)
        column.addLayout(middle, 1)
        column.addWidget(self.messages)
        self.setCentralWidget(self._root)
        self.menus = Menus(self, self.command)
        self.menus.add_pages(named, self.show_page)
        compact = self.menus.actions["compact"]
        compact.setCheckable(True)
        compact.setChecked(density() is Density.COMPACT)
        geometry = self.desk.store.get("window.geometry")
        if geometry:
            self.restoreGeometry(QByteArray.fromBase64(geometry.encode()))

    # Pages

    @property
    def page(self) -> Page | None:
        """The page in view."""
        shown = self.stack.currentWidget()
        return shown if isinstance(shown, Page) else None

    def show_page(self, key: str) -> None:
        """Bring a page into view as a person does, so that Back leads here again."""
        if key in self._entries and (self.page is None or self.page.key != key):
            self._note_place()
            self._enter(key)
            if (page := self.page) is not None:
                page.entered()

    def go(
        self,
        page: str,
        *,
        filters: tuple[Filter, ...] | None = None,
        select: int | None = None,
    ) -> None:
        """Send the person to another page, or to another place on this one."""
        if page not in self._entries:
            return
        self._note_place()
        self._enter(page)
        shown = self.pages[page]
        if filters is not None or select is not None:
            shown.show_place(filters, select)
        shown.entered()

    def _enter(self, key: str) -> None:
        if key not in self.pages:
            made = self._entries[key].make(self.desk)
            self.pages[key] = made
            self.stack.addWidget(made)
            made.place_left.connect(self._note_place)
            made.selection_told.connect(self._on_selection_told)
        page = self.pages[key]
        self.stack.setCurrentWidget(page)
        # Who walks through the rail with the arrow keys stays there.
        if not self.rail.hasFocus():
            page.focus_main()
        self.rail.show_chosen(page.beneath or key)
        self.menus.show_page(page)
        self.messages.show_selection("")

    def _note_place(self) -> None:
        if (page := self.page) is not None:
            self._history.left(Stop(page.key, page.place()))

    def _step(self, move: Callable[[Stop], Stop | None]) -> None:
        page = self.page
        stop = move(Stop(page.key, page.place())) if page is not None else None
        if stop is not None:
            self._enter(stop.page)
            self.pages[stop.page].return_to(stop.place)
            self.pages[stop.page].entered()

    # Actions

    def command(self, name: str) -> None:
        """Do one of the actions of everywhere; what is not the window's is the page's."""
        match name:
            case "quit":
                self.close()
            case "undo":
                self._undo(self.messages.take_undo())
            case "back":
                self._step(self._history.back)
            case "forward":
                self._step(self._history.forward)
            case "messages":
                self.messages.open_list()
            case "unfinished":
                if self.strip.isVisible():
                    self.strip.asked.emit()
                else:
                    self.messages.note("Nothing was left in the middle.")
            case "compact":
                self._choose_density(
                    Density.COMPACT if density() is Density.COMFORTABLE else Density.COMFORTABLE
                )
            case "look":
                self._choose_look(_NEXT_LOOK[self._theme.setting])
            case "shortcuts":
                ShortcutsDialog([e.page for e in self._entries.values()], self.desk, self).open()
            case "about":
                AboutDialog(self.desk, self).open()
            case _ if (page := self.page) is not None:
                self._command_page(page, name)

    def _command_page(self, page: Page, name: str) -> None:
        if name == "reload":
            page.reload()
        elif name == "find":
            page.focus_search()
        else:
            page.command(name)

    def _choose_density(self, wanted: Density) -> None:
        self._theme.choose_density(wanted)
        self.menus.actions["compact"].setChecked(wanted is Density.COMPACT)
        self.desk.store.put("density", wanted.name.lower())

    def _choose_look(self, wanted: LookSetting) -> None:
        self._theme.choose(wanted)
        self.desk.store.put("look", wanted.value)
        self.messages.note(_LOOK_WORDS[wanted])

    def _undo(self, undo: Undo | None) -> None:
        if undo is None or undo.action not in self._undoables:
            self.messages.note("There is nothing to undo.")
        else:
            self._tasks.start("undo", self._run_undo, undo)

    async def _run_undo(self, undo: Undo) -> None:
        await self.desk.bridge.write(self._undoables[undo.action], **undo.arguments)

    # What happens

    def _on_committed(self, changes: Changes) -> None:
        self.messages.outcome(changes)
        self._tell_pages(changes.touched)

    def _tell_pages(self, touched: Touched) -> None:
        for page in self.pages.values():
            page.told_changes(touched)

    def _on_selection_told(self, text: str) -> None:
        if self.sender() is self.page:
            self.messages.show_selection(text)

    def _on_reachable(self, is_reachable: bool) -> None:
        self._show_connection(is_reachable)
        if is_reachable:
            self.messages.answers_again(self.desk.bridge.label)

    def _show_connection(self, is_reachable: bool) -> None:
        actor = self.desk.actor
        who = [self.desk.bridge.label, actor.name]
        if actor.role is not None:
            who.append(actor.role.value)
        self.messages.show_connection(" · ".join(who), is_reachable=is_reachable)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.rail.set_narrow(self.width() < _RAIL_NEEDS)

    # The end

    def closeEvent(self, event: QCloseEvent) -> None:
        """Close when what runs has ended; meanwhile the window says what it waits for."""
        if self.closed.is_set():
            event.accept()
            return
        event.ignore()
        if not self._is_closing:
            self._is_closing = True
            if self.desk.bridge.writes_under_way:
                self.messages.note("LearnHub closes as soon as the last change is saved.")
            self._ending = asyncio.get_running_loop().create_task(self._end(), name="end")

    async def _end(self) -> None:
        self._root.setEnabled(False)
        try:
            self._save_layout()
            self._tasks.cancel_all()
            await self.desk.bridge.close()
        except Exception:  # noqa: BLE001 - told to the hook; a window that cannot close is worse
            sys.excepthook(*sys.exc_info())
        finally:
            self.closed.set()
            self.close()

    def _save_layout(self) -> None:
        for page in self.pages.values():
            page.save_layout()
        geometry = bytes(self.saveGeometry().toBase64().data()).decode()
        self.desk.store.put("window.geometry", geometry)
        self.desk.store.flush()
