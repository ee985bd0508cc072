"""Columns and sorting for who works without a mouse: two menus that open over the table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from learnhub_desktop.models.columns import Column
from learnhub_desktop.ui import icons
from learnhub_desktop.ui.lists import ListController
from learnhub_desktop.ui.widgets.table import TableView


def pop_up(menu: QMenu, table: TableView) -> None:
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.popup(table.mapToGlobal(QPoint(12, table.head.height())))


def columns_menu(table: TableView) -> QMenu:
    """Which columns are shown."""
    menu = QMenu("Columns", table)
    shown = set(table.head.shown_sections())
    for section, column in enumerate(table.rows.columns):
        entry = QAction(column.title.replace("&", "&&"), menu)
        entry.setCheckable(True)
        entry.setChecked(section in shown)
        # A table without columns could not be got out of.
        entry.setEnabled(section not in shown or len(shown) > 1)
        entry.toggled.connect(partial(table.head.set_shown, column.key))
        menu.addAction(entry)
    return menu


def sort_menu(
    columns: Sequence[Column[Any]], shown: ListController[Any], table: TableView
) -> QMenu:
    """By what the list is sorted; the same column again turns it round."""
    menu = QMenu("Sort by", table)
    sort = shown.query.sort
    for column in columns:
        if not column.sortable:
            continue
        entry = QAction(column.title.replace("&", "&&"), menu)
        descending = False
        if sort is not None and sort.column == column.key:
            entry.setIcon(icons.icon("arrow-down" if sort.descending else "arrow-up", "text"))
            descending = not sort.descending
        entry.triggered.connect(_sorting(shown, column.key, descending))
        menu.addAction(entry)
    return menu


def _sorting(shown: ListController[Any], key: str, descending: bool) -> Callable[..., None]:
    return lambda *_: shown.show(shown.query.with_sort(key, descending=descending))
