"""The window with the subscriptions, on a school whose every row a service has made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC
from functools import partial
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.db.engine import open_engines
from learnhub_desktop.db.transactions import Database
from learnhub_desktop.domain.actors import Role, actor_of
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.journal import Journal
from learnhub_desktop.models.subscriptions import SUBSCRIPTION_COLUMNS
from learnhub_desktop.ui.main_window import MainWindow, PageEntry
from learnhub_desktop.ui.pages.catalog import CatalogPage
from learnhub_desktop.ui.pages.payments import PaymentsPage
from learnhub_desktop.ui.pages.students import StudentsPage
from learnhub_desktop.ui.pages.subscriptions import SubscriptionsPage
from learnhub_desktop.ui.shell import UNDOABLES
from learnhub_desktop.ui.store import MemoryStore
from learnhub_desktop.ui.theme import Theme
from learnhub_desktop.ui.widgets.picker import PickerField
from tests.services.desk import Desk
from tests.ui.back_office import Office

KINDS = (SubscriptionsPage, StudentsPage, PaymentsPage, CatalogPage)


@pytest.fixture
def make_subscriptions(
    desk: Desk, theme: Theme, run: Callable[..., Any], qtbot: QtBot
) -> Iterator[Callable[..., Office]]:
    made: list[MainWindow] = []

    def make(
        role: Role = Role.ADMIN, gateways: Gateways | None = None, journal: Journal | None = None
    ) -> Office:
        # Beside the desk's own: what the person may do binds nobody else.
        database = Database(
            open_engines(str(desk.database.engines.writer.url)),
            label="school.db",
            clock=desk.clock,
            actor=actor_of("mlind", role, "M. Lind"),
        )
        window = MainWindow(
            Bridge(database, journal=journal),
            database.actor(),
            [PageEntry(kind, partial(kind, gateways=gateways or desk.gateways)) for kind in KINDS],
            theme=theme,
            store=MemoryStore(),
            clock=lambda: desk.clock.now,
            zone=UTC,
            undoables=UNDOABLES,
        )
        made.append(window)
        window.show()
        window.activateWindow()
        # Without it no key is heard and nothing has the focus.
        qtbot.waitUntil(window.isActiveWindow)
        office = Office(window, database, desk, qtbot)
        office.wait()
        return office

    yield make
    for window in made:
        window.close()
        run(window.closed.wait())
        window.deleteLater()


def pick(office: Office, field: PickerField, text: str) -> None:
    """Type, wait for the results, and take the first with Enter."""
    office.bot.keyClicks(field.line, text)
    office.bot.waitUntil(lambda: not field.is_searching and not field.results.isHidden())
    office.bot.keyClick(field.line, Qt.Key.Key_Return)


def shown(page: SubscriptionsPage, number: int = 0) -> dict[str, str]:
    """A line of the list as a person reads it, by the keys of its columns."""
    line = page.model.line(number)
    return dict(zip([column.key for column in SUBSCRIPTION_COLUMNS], line.texts, strict=True))


def texts(widget: QWidget) -> set[str]:
    """What a part of the panel says, without what is hidden or on its way out."""
    parts = [*widget.findChildren(QLabel), *widget.findChildren(QPushButton)]
    return {part.text() for part in parts if part.isVisibleTo(widget)}
