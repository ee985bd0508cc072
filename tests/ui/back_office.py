"""The window with the pages of money, on a school whose every row a service has made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.db.engine import open_engines
from learnhub_desktop.db.transactions import Database
from learnhub_desktop.domain.actors import Role, actor_of
from learnhub_desktop.domain.changes import Touched
from learnhub_desktop.domain.purchases import Purchase
from learnhub_desktop.errors import DatabaseUnavailable
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.journal import Journal
from learnhub_desktop.ui.dialogs.dialog import FormDialog
from learnhub_desktop.ui.main_window import MainWindow, PageEntry
from learnhub_desktop.ui.pages.alerts import AlertsPage
from learnhub_desktop.ui.pages.list_page import ListPage
from learnhub_desktop.ui.pages.payments import PaymentsPage
from learnhub_desktop.ui.store import MemoryStore
from learnhub_desktop.ui.widgets.picker import PickerField
from tests.services.conftest import desk  # noqa: F401  # The fixture.
from tests.services.desk import Desk

LOST = "school.db cannot be reached. Nothing was changed."
_LONGEST_MS = 15_000
DialogT = TypeVar("DialogT", bound=FormDialog)


@dataclass
class Office:
    """One person before the window, at the school of ``desk``."""

    window: MainWindow
    database: Database
    desk: Desk
    bot: QtBot

    @property
    def page(self) -> Any:
        return self.window.page

    def until(self, condition: Callable[[], object]) -> None:
        self.bot.waitUntil(lambda: bool(condition()), timeout=_LONGEST_MS)

    def settled(self) -> bool:
        page = self.page
        if not isinstance(page, ListPage):
            return bool(page.tasks.running("") == () and page._saving.running("") == ())
        return (
            page.list.counts.total is not None
            and page.list._tasks.running("") == ()
            and (page.tasks.running("") == () or self.dialogs() != [])
            and not page._walking.isActive()
            and not page._typing.isActive()
            and not page.model._timer.isActive()
        )

    def wait(self) -> None:
        """Until nothing is read and nothing will be."""
        if self.page is not None:
            self.until(self.settled)

    def open(self, key: str) -> Any:
        self.window.show_page(key)
        self.wait()
        return self.page

    def choose(self, row_id: int | None) -> None:
        """Select a row, and wait for its whole panel."""
        assert row_id is not None
        number = self.page.model.number_of(row_id)
        assert number is not None, f"row {row_id} is not in the list"
        self.page.table.go_to(number)
        self.wait()

    def lose_database(self, patch: pytest.MonkeyPatch) -> None:
        """From now on nothing can be read or written; ``patch.undo()`` brings it back."""

        def lost(*args: Any, **values: Any) -> None:
            raise DatabaseUnavailable(LOST)

        patch.setattr(self.database, "read_job", lost)
        patch.setattr(self.database, "write_at", lost)

    def reload(self) -> None:
        """Another desk has written, as the changes feed tells it."""
        self.window.desk.bridge.changed_elsewhere.emit(~Touched.NOTHING)
        self.wait()

    def press(self, key: Qt.Key, *modifiers: Qt.KeyboardModifier) -> None:
        # A window that is not active yet hears no shortcuts.
        if not self.window.isActiveWindow():
            self.window.activateWindow()
        self.until(self.window.isActiveWindow)
        held = Qt.KeyboardModifier.NoModifier
        for modifier in modifiers:
            held |= modifier
        self.bot.keyClick(self.window, key, held)

    def click(self, action: str) -> None:
        """Press the button of an action in the side panel."""
        button = self.page.side.offer_button(action)
        assert button is not None, f"{action} is not offered: {self.offered()}"
        self.bot.mouseClick(button, Qt.MouseButton.LeftButton)

    def offered(self) -> dict[str, str]:
        """The actions that the side panel names, each with why it is not possible."""
        return {offer.action: offer.reason for offer in self.page.side.panel.offers}

    def dialog(self, kind: type[DialogT]) -> DialogT:
        """The open dialog of that kind, as soon as it is there."""
        found: list[DialogT] = []

        def is_open() -> bool:
            found[:] = [d for d in self.window.findChildren(kind) if d.isVisible()]
            return len(found) == 1

        self.until(is_open)
        return found[0]

    def dialogs(self) -> list[FormDialog]:
        return [d for d in self.window.findChildren(FormDialog) if d.isVisible()]

    def submit(self, dialog: FormDialog) -> None:
        """Press the primary button and wait until the dialog is gone and all is read again."""
        self.bot.mouseClick(dialog.primary_button, Qt.MouseButton.LeftButton)
        self.until(lambda: self.dialogs() == [])
        self.wait()

    def try_to_submit(self, dialog: FormDialog) -> None:
        """Press the primary button of a dialog that stays open."""
        self.bot.mouseClick(dialog.primary_button, Qt.MouseButton.LeftButton)
        self.until(lambda: not dialog._tasks.running(""))
        assert dialog.isVisible()

    def refusal(self, dialog: FormDialog, field: Any, typed: str) -> str:
        """What stands at the field after the button was pressed with that in it."""
        field.set_text(typed)
        self.try_to_submit(dialog)
        return str(field._line.text())

    def submit_without_server(self, dialog: FormDialog) -> str:
        """Press the button while nothing can be reached; returns what the dialog says to that."""
        with pytest.MonkeyPatch.context() as patch:
            self.lose_database(patch)
            self.try_to_submit(dialog)
        return dialog.error_text()

    @property
    def said(self) -> str:
        """The last message."""
        messages = self.window.messages.messages
        return messages[-1].text if messages else ""


def panel_text(page: Any) -> str:
    return page.side.panel.sentence if page.side.panel is not None else ""


def facts(page: Any) -> dict[str, str]:
    return {fact.name: fact.text for fact in page.side.panel.facts}


def happened(page: Any) -> list[str]:
    return [event.text for event in page.side.panel.events if event.text]


def pick(office: Office, field: PickerField, text: str) -> None:
    """Type, wait for the results, and take the first with Enter."""
    office.bot.keyClicks(field.line, text)
    office.until(lambda: not field.is_searching and not field.results.isHidden())
    office.bot.keyClick(field.line, Qt.Key.Key_Return)


@pytest.fixture
def open_office(
    desk: Desk,  # noqa: F811  # The fixture of that name.
    open_window: Callable[..., MainWindow],
    qtbot: QtBot,
) -> Callable[..., Office]:
    """Opens a window with pages of these kinds at the school, for a person of that role."""

    def open_it(
        role: Role,
        kinds: Sequence[type[Any]],
        *,
        more: Sequence[PageEntry] = (),
        gateways: Gateways | None = None,
        journal: Journal | None = None,
        undoables: dict[str, Callable[..., Any]] | None = None,
    ) -> Office:
        # Beside the desk's own: what the person may do binds nobody else.
        database = Database(
            open_engines(str(desk.database.engines.writer.url)),
            label="school.db",
            clock=desk.clock,
            actor=actor_of("mlind", role, "M. Lind"),
        )
        entries = [
            PageEntry(kind, partial(kind, gateways=gateways or desk.gateways)) for kind in kinds
        ]
        window = open_window(
            Bridge(database, journal=journal),
            database.actor(),
            [*entries, *more],
            store=MemoryStore(),
            clock=lambda: desk.clock.now,
            undoables=undoables,
        )
        # Without it no key is heard and nothing has the focus.
        qtbot.waitUntil(window.isActiveWindow)
        return Office(window, database, desk, qtbot)

    return open_it


@pytest.fixture
def make_office(open_office: Callable[..., Office]) -> Callable[..., Office]:
    def make(
        page: str = "payments", role: Role = Role.ADMIN, more: Sequence[PageEntry] = ()
    ) -> Office:
        office = open_office(role, (PaymentsPage, AlertsPage), more=more)
        if office.page is not None and office.page.key != page:
            office.open(page)
        office.wait()
        return office

    return make


@pytest.fixture
def ada(desk: Desk) -> int:  # noqa: F811  # The fixture of that name.
    return desk.student(name="Ada Byron", email="ada@example.org", search_text="ada byron")


@pytest.fixture
def course(desk: Desk) -> int:  # noqa: F811  # The fixture of that name.
    return desk.course(title="SQL", max_students=10)


@pytest.fixture
def held(desk: Desk) -> Purchase:  # noqa: F811  # The fixture of that name.
    """A purchase that waits for a reviewer: the third student with one card."""
    statistics = desk.course(title="Statistics", max_students=10)
    for name in ("One", "Two"):
        desk.buy(desk.student(name=name), statistics, card="tok_visa_shared")
    return desk.buy(desk.student(name="Three"), statistics, card="tok_visa_shared")
