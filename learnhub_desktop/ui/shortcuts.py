"""Every action once: its words, its key, who may. Menus, tool tips and the "?" list are made of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from PySide6.QtGui import QKeySequence

from learnhub_desktop.domain.actors import Actor, Right


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a person can do.

    ``page`` is the key of the page it belongs to, empty for everywhere; ``menu`` is the menu
    of an action of everywhere (a page's actions stand in the page's own). The key of a
    ``by_table`` action is heard by the table that has the keyboard, so that Space and the
    like keep their meaning elsewhere. ``in_head`` makes it a button of the page's head.
    """

    name: str
    text: str
    shortcut: str
    page: str = ""
    menu: str = ""
    icon: str = ""
    right: Right | None = None
    by_table: bool = False
    in_head: bool = False
    is_primary: bool = False

    @property
    def plain(self) -> str:
        """The words without dots or marks."""
        return self.text.removesuffix("…").replace("&&", "&")

    @property
    def shown_shortcut(self) -> str:
        shown = QKeySequence(self.shortcut).toString(QKeySequence.SequenceFormat.NativeText)
        return shown.replace("Return", "Enter")


FILE, EDIT, VIEW, GO, HELP = "File", "Edit", "View", "Go", "Help"

SHELL_ACTIONS: Final[tuple[Action, ...]] = (
    Action("quit", "Close LearnHub", "Ctrl+Q", menu=FILE, icon="sign-out"),
    Action("undo", "Undo", "Ctrl+Z", menu=EDIT, icon="arrow-counter-clockwise"),
    Action("copy", "Copy rows", "Ctrl+C", menu=EDIT, icon="copy", by_table=True),
    Action("select_all", "Select all that match", "Ctrl+A", menu=EDIT, by_table=True),
    Action("find", "Search", "Ctrl+F", menu=EDIT, icon="magnifying-glass"),
    Action("filter", "Filter…", "Ctrl+Shift+F", menu=EDIT, icon="funnel"),
    Action("clear_filters", "Clear filters", "Ctrl+Shift+X", menu=EDIT),
    Action("reload", "Reload", "F5", menu=VIEW, icon="arrows-clockwise"),
    Action("open", "Open", "Return", menu=VIEW, by_table=True),
    Action("panel", "Side panel", "Space", menu=VIEW, icon="square-half", by_table=True),
    Action("sort", "Sort by…", "Ctrl+Shift+S", menu=VIEW, icon="arrows-down-up"),
    Action("columns", "Columns…", "Ctrl+Shift+L", menu=VIEW, icon="columns"),
    Action("messages", "Messages", "Ctrl+M", menu=VIEW, icon="chat-text"),
    Action("unfinished", "Left in the middle…", "Ctrl+Shift+M", menu=VIEW, icon="warning"),
    Action("compact", "Compact rows", "F8", menu=VIEW),
    Action("look", "Light, dark or system look", "F9", menu=VIEW),
    Action("back", "Back", "Alt+Left", menu=GO, icon="arrow-left"),
    Action("forward", "Forward", "Alt+Right", menu=GO, icon="arrow-right"),
    Action("shortcuts", "Keyboard shortcuts", "?", menu=HELP, icon="keyboard"),
    Action("about", "About LearnHub", "F1", menu=HELP, icon="info"),
)
# Ctrl+1 … Ctrl+9, then Ctrl+0, in the rail's order; further pages have none.
PAGE_SHORTCUTS: Final = tuple(f"Ctrl+{digit}" for digit in "1234567890")


def allowed(actions: Iterable[Action], actor: Actor) -> list[Action]:
    """What the account may do; the rest is absent, not grey."""
    return [action for action in actions if action.right is None or actor.may(action.right)]


def check_keys(actions: Iterable[Action]) -> None:
    """ValueError where two actions that can be meant at once share a name or a key."""
    seen: dict[tuple[str, str], str] = {}
    everywhere = dict.fromkeys((key(action) for action in SHELL_ACTIONS), "the shell")
    everywhere |= {QKeySequence(shortcut).toString(): "the pages" for shortcut in PAGE_SHORTCUTS}
    names: set[str] = {action.name for action in SHELL_ACTIONS}
    for action in actions:
        if not action.shortcut:
            raise ValueError(f"{action.name} has no shortcut")
        if key(action) in everywhere:
            raise ValueError(
                f"{action.name}: {action.shortcut} belongs to {everywhere[key(action)]}"
            )
        other = seen.setdefault((action.page, key(action)), action.name)
        if other != action.name or action.name in names:
            raise ValueError(f"{action.name} and {other} share {action.shortcut} or a name")
        names.add(action.name)


def key(action: Action) -> str:
    return QKeySequence(action.shortcut).toString()
