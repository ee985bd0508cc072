"""A list in the window while another desk writes, on a server that both share."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from learnhub_desktop.bridge import POLL_EVERY_S, Bridge
from learnhub_desktop.db.engine import open_engines
from learnhub_desktop.db.transactions import Database
from learnhub_desktop.domain.actors import Role, actor_of
from learnhub_desktop.domain.states import CourseStatus
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.services import catalog, feed
from learnhub_desktop.ui.main_window import MainWindow, PageEntry
from learnhub_desktop.ui.pages.catalog import CatalogPage
from learnhub_desktop.ui.store import MemoryStore
from learnhub_desktop.ui.theme import Theme
from tests.factories import make_course


@pytest.fixture
def window(
    server_school: Database, theme: Theme, run: Callable[..., Any], qtbot: QtBot
) -> Iterator[MainWindow]:
    database = Database(
        open_engines(server_school.engines.writer.url.render_as_string(hide_password=False)),
        label="learnhub",
        actor=actor_of("mlind", Role.ADMIN, "M. Lind"),
    )
    bridge = Bridge(database)
    window = MainWindow(
        bridge,
        database.actor(),
        [PageEntry(CatalogPage, partial(CatalogPage, gateways=Gateways(None)))],
        theme=theme,
        store=MemoryStore(),
        clock=lambda: datetime.now(UTC),
        zone=UTC,
    )
    bridge.watch(feed.poll)
    window.resize(1280, 800)
    window.show()
    yield window
    window.close()
    run(window.closed.wait())
    window.deleteLater()


def test_what_another_desk_writes_appears_and_the_place_stays(
    window: MainWindow,
    server_school: Database,
    qtbot: QtBot,
) -> None:
    word = uuid.uuid4().hex[:12]
    with server_school.engines.writer.connect() as connection:
        courses = [
            make_course(connection, title=f"{word} {n:02}", search_text=f"{word} {n:02}")
            for n in range(60)
        ]
        connection.commit()
    page: Any = window.page
    page.list.show(page.list.query.with_text(word))
    qtbot.waitUntil(lambda: page.list.counts.total == 60)
    page.table.go_to(40)
    qtbot.waitUntil(lambda: page.current() is not None and page.current().title == f"{word} 40")
    scrolled = page.table.verticalScrollBar().value()
    assert scrolled > 0

    server_school.write(catalog.set_status, courses[41], CourseStatus.DRAFT)

    def drafted() -> bool:
        row = page.model.row(41)
        return row is not None and row.status is CourseStatus.DRAFT

    qtbot.waitUntil(drafted, timeout=15_000)
    assert page.current().course_id == courses[40]
    assert page.table.verticalScrollBar().value() == scrolled


def test_a_desk_asks_often_enough_to_see_a_change_within_three_seconds() -> None:
    assert POLL_EVERY_S == 1.5
