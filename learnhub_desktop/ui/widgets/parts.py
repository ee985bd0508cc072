"""The smallest parts: labels by their role, badges, buttons, and a layout that wraps."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QLabel,
    QLayout,
    QLayoutItem,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QToolButton,
    QWidget,
)

from learnhub_desktop.models.columns import Tone
from learnhub_desktop.ui import icons
from learnhub_desktop.ui.theme import set_role

ICON = QSize(16, 16)

ValueT = TypeVar("ValueT")


def label(text: str = "", part: str = "", *, wrap: bool = False) -> QLabel:
    """Plain text. ``part`` is its role: page-name, name, amount, heading, label, soft, hint, error.

    Names and titles come from people, so they are never taken for markup.
    """
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wrap)
    if part:
        made.setProperty("part", part)
    return made


def selectable(made: QLabel) -> QLabel:
    """Let the label's text be selected and copied with the mouse."""
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made


def set_tone(widget: QWidget, tone: Tone | None) -> None:
    set_role(widget, tone=tone.value if tone is not None else "")


class Badge(QLabel):
    """A state as a word on its ground."""

    def __init__(self, text: str = "", tone: Tone = Tone.IDLE) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFixedHeight(22)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.show_state(text, tone)

    def show_state(self, text: str, tone: Tone) -> None:
        self.setText(text.replace("_", " "))
        set_role(self, badge=tone.value)


class Picture(QWidget):
    """An icon alone. Unlike a label's pixmap it follows a change of look."""

    def __init__(self, icon: str, token: str = "soft", size: int = 16) -> None:
        super().__init__()
        self.setFixedSize(size, size)
        self.set_icon(icon, token)

    def set_icon(self, icon: str, token: str = "soft") -> None:
        self._icon = icons.icon(icon, token)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        self._icon.paint(QPainter(self), self.rect())


def button(text: str, *, kind: str = "", icon: str = "", tooltip: str = "") -> QPushButton:
    """``kind`` is "", "primary", "quiet" or "link"."""
    made = QPushButton(text)
    # Otherwise Enter in a field would press whichever button stands first in a dialog.
    made.setAutoDefault(False)
    made.setToolTip(tooltip)
    if kind:
        made.setProperty("kind", kind)
    if icon:
        made.setIcon(icons.icon(icon, "on_accent" if kind == "primary" else "soft"))
        made.setIconSize(ICON)
    return made


def asking(ask: Callable[[ValueT], object], value: ValueT) -> Callable[[], None]:
    """For a button's ``clicked``, whose own "checked" is of no interest."""

    def act() -> None:
        ask(value)

    return act


class ElidedButton(QPushButton):
    """A button whose text gives way with three dots instead of pushing its neighbours out."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.setAutoDefault(False)
        self.setProperty("kind", kind)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def setText(self, text: str) -> None:
        super().setText(text)
        # An "&" in somebody's name is not a key to press.
        self.setShortcut(QKeySequence())

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionButton()
        self.initStyleOption(option)
        room = self.style().subElementRect(_CONTENTS, option, self).width()
        option.text = self.fontMetrics().elidedText(
            self.text().replace("&", "&&"), Qt.TextElideMode.ElideRight, room
        )
        QStylePainter(self).drawControl(QStyle.ControlElement.CE_PushButton, option)


_CONTENTS = QStyle.SubElement.SE_PushButtonContents


def icon_button(icon: str, name: str, shortcut: str = "") -> QToolButton:
    """A button without a word: ``name`` is what it does, for its tool tip and screen readers."""
    made = QToolButton()
    made.setIcon(icons.icon(icon))
    made.setIconSize(ICON)
    made.setAccessibleName(name)
    made.setToolTip(with_shortcut(name, shortcut))
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return made


def with_shortcut(text: str, shortcut: str) -> str:
    if not shortcut:
        return text
    shown = QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.NativeText)
    return f"{text} ({shown})"


def rule() -> QFrame:
    """A thin line between parts."""
    made = QFrame()
    made.setProperty("rule", "true")
    made.setFixedHeight(1)
    return made


def two_columns() -> QGridLayout:
    """Lines of a side panel's list: words at the left, a figure or a state at the right."""
    made = QGridLayout()
    made.setContentsMargins(0, 0, 0, 0)
    made.setHorizontalSpacing(8)
    made.setVerticalSpacing(4)
    made.setColumnStretch(0, 1)
    return made


def clear(layout: QLayout) -> None:
    """Take everything out. What is deleted later must not be seen or found until then."""
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.setObjectName("")
            widget.deleteLater()


class FlowLayout(QLayout):
    """Lays widgets out in lines, as words in a paragraph."""

    def __init__(self, parent: QWidget | None = None, *, spacing: int = 8) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        # Qt asks one past the end to find it.
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange(QRect(0, 0, width, 0), apply=False)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._items:
            if not item.isEmpty():
                size = size.expandedTo(item.minimumSize())
        return size

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, apply=True)

    def _arrange(self, rect: QRect, *, apply: bool) -> int:
        """Place the items line by line, each centred in its line; returns the height."""
        x, y, height = rect.x(), rect.y(), 0
        line: list[tuple[QLayoutItem, QRect]] = []
        for item in self._items:
            if item.isEmpty():
                continue
            size = item.sizeHint()
            size.setWidth(min(size.width(), rect.width()))
            if line and x + size.width() > rect.right() + 1:
                self._place(line, height, apply=apply)
                x, y, height, line = rect.x(), y + height + self.spacing(), 0, []
            line.append((item, QRect(QPoint(x, y), size)))
            x += size.width() + self.spacing()
            height = max(height, size.height())
        self._place(line, height, apply=apply)
        return y + height - rect.y()

    @staticmethod
    def _place(line: list[tuple[QLayoutItem, QRect]], height: int, *, apply: bool) -> None:
        if apply:
            for item, box in line:
                item.setGeometry(box.translated(0, (height - box.height()) // 2))
