"""A pair of hands: presses real keys on real widgets, counts them, waits, takes pictures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QKeySequence, QPainter, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from learnhub_desktop.bridge import in_background
from learnhub_desktop.ui.dialogs.dialog import FormDialog
from learnhub_desktop.ui.lists import ListState
from learnhub_desktop.ui.main_window import MainWindow
from learnhub_desktop.ui.pages.list_page import ListPage
from learnhub_desktop.ui.pages.page import Page

_LONGEST_S: Final = 15.0
_LOOK_EVERY_S: Final = 0.02

DialogT = TypeVar("DialogT", bound=FormDialog)
PageT = TypeVar("PageT", bound=Page)


class TourFailed(AssertionError):
    """A step did not show or hold what it should. The sentence says which."""


class Driver:
    """Drives one window. ``inputs`` counts what a person would have to do since ``begin``.

    A typed text counts as one input, as does each key, shortcut and click.
    """

    def __init__(self, window: MainWindow, out: Path) -> None:
        self.window = window
        self.inputs = 0
        self._out = out
        self._number = 0

    @property
    def pictures(self) -> int:
        return self._number

    def begin(self) -> None:
        """Start counting inputs anew."""
        self.inputs = 0

    async def press(self, keys: str, *, on: QWidget | None = None) -> None:
        """Press a key or a shortcut ("Ctrl+3", "Return") where the keyboard is."""
        self.inputs += 1
        if on is self.window:
            await self._come_back()
        target = on or QApplication.focusWidget() or self.window
        QTest.keySequence(target, QKeySequence(keys))
        await self.settle()

    async def type_text(self, text: str, *, on: QWidget | None = None) -> None:
        """Type a text at once."""
        self.inputs += 1
        target = on or QApplication.focusWidget() or self.window
        # QTest types only what stands on a keyboard of its own; other scripts are put in.
        if text.isascii():
            QTest.keyClicks(target, text)
        else:
            insert = getattr(target, "insert", None) or target.insertPlainText  # type: ignore[attr-defined]  # line or note
            insert(text)
        await self.settle()

    async def click(self, widget: QWidget, at: QPoint | None = None) -> None:
        self.inputs += 1
        QTest.mouseClick(
            widget,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
            at or widget.rect().center(),
        )
        await self.settle()

    async def _come_back(self) -> None:
        """Wait until no dialog is open, and give the keyboard to the window."""
        await self.wait(lambda: QApplication.activeModalWidget() is None, "no dialog to be open")
        # A desktop does this by itself; offscreen there is none.
        self.window.activateWindow()
        await self.settle()

    async def settle(self) -> None:
        """Let Qt and the tasks do what was asked of them."""
        for _ in range(3):
            await asyncio.sleep(0)

    async def wait(self, condition: Callable[[], Any], what: str) -> None:
        """Wait until the condition holds; TourFailed says what never came."""
        end = time.monotonic() + _LONGEST_S
        while True:
            if condition():
                return
            if time.monotonic() > end:
                raise TourFailed(f"waited for {what}, which never came; {self.situation()}")
            await asyncio.sleep(_LOOK_EVERY_S)

    def situation(self) -> str:
        """Where the window stands, for the report of a failed step."""
        page = self.window.page
        dialog = QApplication.activeModalWidget()
        said = self.message()
        shown = f"page “{page.title}”" if page is not None else "no page"
        if isinstance(dialog, FormDialog):
            shown += f", dialog “{dialog.heading.text()}” ({dialog.error_text() or 'no error'})"
        return f"{shown}, message line: “{said}”"

    def message(self) -> str:
        """What the message line says now."""
        return self.window.messages.text.accessibleName()

    async def page(self, kind: type[PageT], keys: str) -> PageT:
        """Go to a page by its shortcut and wait until its rows are there."""
        await self.press(keys, on=self.window)
        await self.wait(lambda: isinstance(self.window.page, kind), f"the page {kind.title}")
        page = self.window.page
        assert isinstance(page, kind)
        await self.rows(page)
        return page

    async def rows(self, page: Page) -> None:
        """Wait until the list in view shows rows or says that there are none."""
        if isinstance(page, ListPage):
            await self.wait(lambda: _is_settled(page), f"the rows of {page.title}")

    async def find(self, page: ListPage[Any], text: str) -> None:
        """Search as a person does, and select the first row that is found."""
        await self.press("Ctrl+F", on=self.window)
        await self.type_text(text, on=page.search)
        await self.press("Down", on=page.search)
        await self.wait(
            lambda: page.list.query.text == text and _is_settled(page) and page.current(),
            f"a row for “{text}”",
        )
        await self.panel(page)

    async def panel(self, page: ListPage[Any]) -> None:
        """Wait until the side panel has read what it shows."""
        await self.wait(lambda: not page.is_reading_panel, f"the panel of {page.title}")

    async def dialog(self, kind: type[DialogT]) -> DialogT:
        """Wait for a dialog of that kind to be open."""

        def is_open() -> bool:
            shown = QApplication.activeModalWidget()
            return isinstance(shown, kind) and shown.isVisible()

        await self.wait(is_open, f"the dialog {kind.__name__}")
        found = QApplication.activeModalWidget()
        assert isinstance(found, kind)
        return found

    async def closed(self, dialog: FormDialog) -> None:
        """Wait until the dialog has done its work and gone."""
        gone: list[bool] = []
        dialog.finished.connect(lambda _: gone.append(True))
        await self.wait(lambda: gone, f"the dialog “{dialog.heading.text()}” to close")

    async def said(self, *parts: str) -> str:
        """Wait until the message line says all of this, and return the sentence."""
        await self.wait(
            lambda: all(part in self.message() for part in parts),
            f"the message line to say “{' … '.join(parts)}”",
        )
        return self.message()

    async def shot(self, name: str, widget: QWidget | None = None) -> Path:
        """Take a picture, numbered in the order of the tour."""
        await asyncio.sleep(0.05)
        page = self.window.page
        if isinstance(page, ListPage):
            # What was done a moment ago is read again, first in the list and then in the panel.
            await self.wait(
                lambda: not (page.list.is_reading or page.is_reading_panel),
                f"what {page.title} shows",
            )
        await self.settle()
        self._number += 1
        path = self._out / f"{self._number:02d}-{name}.png"
        picture = (widget or self.window).grab()
        dialog = QApplication.activeModalWidget()
        if widget is None and dialog is not None and dialog.isVisible():
            picture = _over(self.window, dialog)
        if not picture.save(str(path)):
            raise TourFailed(f"the picture {path} could not be written")
        return path

    async def ask(self, call: Callable[..., Any], *args: Any) -> Any:
        """Ask the database behind the window's back, off the Qt thread."""
        return await in_background(call, *args)


def _is_settled(page: ListPage[Any]) -> bool:
    """Whether the list shows what its query asked for, and knows how long it is."""
    return page.list.state is not ListState.LOADING and not page.list.is_reading


def check(condition: object, sentence: str) -> None:
    """Fail the tour unless the condition holds."""
    if not condition:
        raise TourFailed(sentence)


def _over(window: QWidget, dialog: QWidget) -> QPixmap:
    """The window with the dialog above it, as the desktop's compositor would show them."""
    picture = window.grab()
    upper = dialog.grab()
    painter = QPainter(picture)
    veil = QColor("black")
    veil.setAlpha(70)
    painter.fillRect(window.rect(), veil)
    left = (window.width() - dialog.width()) // 2
    top = max(24, (window.height() - dialog.height()) // 2)
    painter.drawPixmap(left, top, upper)
    painter.end()
    return picture


Step = Callable[[Driver], Awaitable[None]]
