"""What every page of the window has: its name, its actions, its tasks, its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QPushButton, QWidget

from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.changes import Touched
from learnhub_desktop.domain.lists import Filter
from learnhub_desktop.ui import icons
from learnhub_desktop.ui.desk import Desk
from learnhub_desktop.ui.shortcuts import Action, allowed
from learnhub_desktop.ui.tasks import TaskScope
from learnhub_desktop.ui.widgets.parts import button, with_shortcut


class Page(QWidget):
    """One entry of the rail. A concrete page sets the class attributes.

    ``touched`` are the changes after which it reads again; ``menu_title`` names the menu of
    its actions ("Payment"). A page that others lead to names one in ``beneath``, whose entry
    stands for it too.

    Signals:
        place_left: The person moved on within the page, which Back can undo.
        selection_told: What is selected, for the message line.
    """

    key: ClassVar[str]
    title: ClassVar[str]
    menu_title: ClassVar[str]
    icon: ClassVar[str]
    beneath: ClassVar[str] = ""
    right: ClassVar[Right | None] = None
    touched: ClassVar[Touched] = Touched.NOTHING
    action_table: ClassVar[tuple[Action, ...]] = ()

    place_left = Signal()
    selection_told = Signal(str)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.tasks = TaskScope(self, desk.messages.fail)
        self.actions_by_name: dict[str, QAction] = {}
        self._runs: dict[str, Callable[[], None]] = {}
        self._table = {a.name: a for a in allowed(self.action_table, desk.actor)}
        self._is_due = False
        self.setProperty("ground", "window")
        for action in self._table.values():
            made = QAction(action.text, self)
            made.setShortcut(QKeySequence(action.shortcut))
            made.setToolTip(with_shortcut(action.plain, action.shortcut))
            if action.icon:
                made.setIcon(icons.icon(action.icon))
            made.triggered.connect(_bound(self.trigger, action.name))
            self.actions_by_name[action.name] = made
            self.addAction(made)

    # For concrete pages

    def on(self, name: str, run: Callable[[], None]) -> None:
        """Say what an action of the page's table does."""
        self._runs[name] = run

    def refusal(self, name: str) -> str:
        """Why an action is not possible now, in a sentence; empty where it is."""
        return ""

    def reload(self) -> None:
        """Read again what is shown, and stay in place."""

    def focus_search(self) -> None:
        """Bring the keyboard to the page's search field."""

    def focus_main(self) -> None:
        """Bring the keyboard to where the page's work begins."""

    def show_place(self, filters: tuple[Filter, ...] | None, select: int | None) -> None:
        """Go where another page sent the person to."""

    def place(self) -> Any:
        """Where the person is, for ``return_to``; None where there are no places."""
        return None

    def return_to(self, place: Any) -> None:
        """Go to a place as Back and Forward do."""

    def save_layout(self) -> None:
        """Put what should be remembered into the desk's store."""

    def command(self, name: str) -> None:
        """An action of everywhere that means this page: "filter", "columns", "panel" …"""

    @contextmanager
    def busy(self, widget: QPushButton) -> Iterator[None]:
        """Keep a button from being pressed twice while its work runs."""
        widget.setEnabled(False)
        try:
            yield
        finally:
            widget.setEnabled(True)

    # For the window

    def may(self, name: str) -> bool:
        """Whether the account has the action at all."""
        return name in self._table

    def trigger(self, name: str) -> None:
        """Do an action, or say why not: a key that does nothing leaves a person guessing."""
        if name not in self._table:
            return
        if reason := self.refusal(name):
            self.desk.messages.warn(f"{self._table[name].plain} is not possible: {reason}")
        else:
            self._runs[name]()

    def unbound(self) -> list[str]:
        """Actions that nothing was said of; a test wants none."""
        return [name for name in self._table if name not in self._runs]

    def told_changes(self, touched: Touched) -> None:
        """Something was written: read again now, or when the page is next seen."""
        if not touched & self.touched:
            return
        if self.isVisible():
            self.reload()
        else:
            self._is_due = True

    def entered(self) -> None:
        """The page is in view."""
        if self._is_due:
            self._is_due = False
            self.reload()

    def head_buttons(self) -> list[QPushButton]:
        """Buttons of the actions that stand in the page's head, the primary one last."""
        chosen = [a for a in self._table.values() if a.in_head]
        made = []
        for action in sorted(chosen, key=lambda a: a.is_primary):
            widget = button(
                action.text.replace("…", ""),
                kind="primary" if action.is_primary else "",
                icon=action.icon,
                tooltip=with_shortcut(action.plain, action.shortcut),
            )
            widget.clicked.connect(_bound(self.trigger, action.name))
            made.append(widget)
        return made


def _bound(run: Callable[[str], None], name: str) -> Callable[..., None]:
    """The action's own "checked" is of no interest here."""
    return lambda *_: run(name)
