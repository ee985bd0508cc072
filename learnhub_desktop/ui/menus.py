"""The window's menus, made of the one table of actions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from learnhub_desktop.ui import icons
from learnhub_desktop.ui.pages.page import Page
from learnhub_desktop.ui.shortcuts import (
    EDIT,
    FILE,
    GO,
    HELP,
    PAGE_SHORTCUTS,
    SHELL_ACTIONS,
    VIEW,
    Action,
)

# Before these a line parts the menu.
_GROUPS: Final = frozenset({"copy", "find", "open", "sort", "messages", "compact", "about"})


class Menus:
    """File, Edit, the menu of the page in view, View, Go and Help."""

    def __init__(self, window: QMainWindow, run: Callable[[str], None]) -> None:
        self.actions: dict[str, QAction] = {}
        self._window = window
        self._run = run
        self._by_page: dict[str, QMenu] = {}
        self._menus = {
            name: window.menuBar().addMenu(f"&{name}") for name in (FILE, EDIT, VIEW, GO, HELP)
        }
        for action in SHELL_ACTIONS:
            menu = self._menus[action.menu]
            if action.name in _GROUPS:
                menu.addSeparator()
            menu.addAction(self._make(action))

    def add_pages(self, pages: Iterable[type[Page]], show: Callable[[str], None]) -> None:
        """The pages as entries of Go, with their keys."""
        self._menus[GO].addSeparator()
        keys = (*PAGE_SHORTCUTS, *[""] * 100)
        for page, shortcut in zip(pages, keys, strict=False):
            entry = QAction(icons.icon(page.icon), page.title.replace("&", "&&"), self._window)
            if shortcut:
                entry.setShortcut(QKeySequence(shortcut))
            entry.triggered.connect(_dropping(partial(show, page.key)))
            self._menus[GO].addAction(entry)

    def show_page(self, page: Page) -> None:
        """Show the menu of this page's actions and hide the others'."""
        if page.key not in self._by_page and page.actions_by_name:
            menu = QMenu(f"&{page.menu_title}", self._window)
            menu.setToolTipsVisible(True)
            menu.addActions(list(page.actions_by_name.values()))
            # Grey only while one looks at it: a key press must still be able to say why not.
            menu.aboutToShow.connect(partial(_grey_refused, page))
            menu.aboutToHide.connect(partial(_enable_all, page))
            self._window.menuBar().insertMenu(self._menus[VIEW].menuAction(), menu)
            self._by_page[page.key] = menu
        for key, menu in self._by_page.items():
            menu.menuAction().setVisible(key == page.key)

    def _make(self, action: Action) -> QAction:
        made = QAction(action.text, self._window)
        made.triggered.connect(_dropping(partial(self._run, action.name)))
        if action.icon:
            made.setIcon(icons.icon(action.icon))
        if action.by_table:
            # Shown in the menu, but heard by the table: elsewhere Space presses a button.
            made.setText(f"{action.text}\t{action.shown_shortcut}")
        else:
            made.setShortcut(QKeySequence(action.shortcut))
        self.actions[action.name] = made
        return made


def _dropping(run: Callable[[], None]) -> Callable[..., None]:
    """The action's own "checked" is of no interest here."""
    return lambda *_: run()


def _grey_refused(page: Page) -> None:
    for name, entry in page.actions_by_name.items():
        reason = page.refusal(name)
        entry.setEnabled(not reason)
        entry.setToolTip(reason)


def _enable_all(page: Page) -> None:
    for entry in page.actions_by_name.values():
        entry.setEnabled(True)
