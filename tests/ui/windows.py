"""A window with two pages on a made-up list, as fixtures and steps."""

from __future__ import annotations

from datetime import UTC
from functools import partial

import pytest
from PySide6.QtCore import Qt

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.domain.actors import Role, actor_of
from learnhub_desktop.ui.main_window import MainWindow, PageEntry
from learnhub_desktop.ui.store import MemoryStore
from tests.ui.made_up import NOW, MadeUpList, make_sale
from tests.ui.sales_page import SalesPage

CTRL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier


class OtherPage(SalesPage):
    key, title, icon, right, action_table = "catalog", "Catalog", "books", None, ()
    empty_action = ""


@pytest.fixture
def made_up():
    return MadeUpList([make_sale(number) for number in range(1_500, 0, -1)])


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def open_window(theme, run):
    """Opens a window on a bridge for one person; all are closed after the test."""
    made = []

    def open_it(bridge, actor, entries, **values):
        window = MainWindow(bridge, actor, entries, theme=theme, zone=UTC, **values)
        made.append(window)
        window.show()
        window.activateWindow()
        return window

    yield open_it
    for window in made:
        window.close()
        run(window.closed.wait())
        window.deleteLater()


@pytest.fixture
def make_window(database, made_up, store, open_window):
    def make(role=Role.FINANCE, pages=(SalesPage, OtherPage), undoables=None):
        return open_window(
            Bridge(database),
            actor_of("mlind", role, "M. Lind"),
            [PageEntry(page, partial(page, made_up=made_up)) for page in pages],
            store=store,
            clock=lambda: NOW,
            undoables=undoables,
        )

    return make


@pytest.fixture
def window(make_window, qtbot):
    window = make_window()
    ready(window.page, qtbot)
    return window


def ready(page, qtbot):
    qtbot.waitUntil(
        lambda: (
            page.list.counts.total is not None
            and not page.list._tasks.running("")
            and not page.model._timer.isActive()
        )
    )


def chosen(page, number, qtbot):
    """Select a row and wait for its whole panel."""
    page.table.go_to(number)
    title = f"Payment {page.model.row(number).sale_id}"
    qtbot.waitUntil(
        lambda: (
            page.side.panel is not None
            and page.side.panel.title == title
            and page.side.panel.offers != ()
        )
    )
