"""Finding one of many by typing: the database searches, the keyboard is enough."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.models.columns import LEFT, RIGHT
from learnhub_desktop.ui import icons, theme
from learnhub_desktop.ui.tasks import Failure, TaskScope
from learnhub_desktop.ui.widgets.fields import Field

_PAUSE_MS: Final = 150
_MOST_SHOWN: Final = 6
_ROW: Final = 30
_PAD: Final = 12
_MOST_DETAIL: Final = 0.6
_CHOICE: Final = Qt.ItemDataRole.UserRole
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Choice:
    """One result. ``text`` is shown in the field once chosen, ``detail`` beside it in the list."""

    value: Any
    text: str
    detail: str = ""


class PickerField(Field):
    """Type a part of a name, choose with the arrows and Enter, or with the mouse.

    ``search`` gets the text and returns the best choices, a few dozen at most.

    Signals:
        picked: The chosen value, None when the choice was taken back by typing on.
    """

    picked = Signal(object)

    def __init__(
        self,
        name: str,
        label: str,
        search: Callable[[str], Awaitable[Sequence[Choice]]],
        *,
        missing: str,
        placeholder: str = "",
        chosen: Choice | None = None,
        hint: str = "",
        parent: QWidget | None = None,
    ) -> None:
        self.line = QLineEdit()
        self.line.setPlaceholderText(placeholder)
        self.line.setClearButtonEnabled(True)
        self.line.addAction(
            icons.icon("magnifying-glass"), QLineEdit.ActionPosition.LeadingPosition
        )
        self._search = search
        self._missing = missing
        self._chosen: Choice | None = None
        self._choices: tuple[Choice, ...] = ()
        super().__init__(name, label, self.line, hint=hint, parent=parent)
        self.results = QListWidget()
        self.results.setProperty("kind", "results")
        self.results.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.results.setAccessibleName(f"{label}: results")
        self.results.setItemDelegate(_ResultCells(self.results))
        self.results.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.results.hide()
        self._column.insertWidget(2, self.results)
        self._tasks = TaskScope(self, self._on_failure)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._look)
        self.line.textEdited.connect(self._on_typed)
        self.results.itemClicked.connect(self._on_clicked)
        if chosen is not None:
            self.choose(chosen)

    def value(self) -> Any:
        if self._chosen is None:
            raise InvalidInput(self.name, self._missing)
        return self._chosen.value

    def has_input(self) -> bool:
        return bool(self.line.text()) and self.results.isHidden()

    @property
    def is_searching(self) -> bool:
        return self._pause.isActive() or self._tasks.is_running("search")

    def choose(self, choice: Choice) -> None:
        """Take a choice as if a person had."""
        self._chosen = choice
        self._pause.stop()
        self._tasks.cancel("search")
        self.line.setText(choice.text)
        self.line.setCursorPosition(0)
        self.results.hide()
        self._on_edited()
        self.picked.emit(choice.value)

    def clear(self) -> None:
        """Be empty again, for another choice."""
        self._chosen = None
        self.line.clear()
        self.results.hide()
        self._on_edited()

    def look(self) -> None:
        """Show the best choices at once, as the key Down does."""
        self._look()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.editor and event.type() == QEvent.Type.KeyPress:
            assert isinstance(event, QKeyEvent)
            if self._steer(event):
                return True
        return super().eventFilter(watched, event)

    def _steer(self, event: QKeyEvent) -> bool:
        """Up, Down and Enter belong to the results while they are shown."""
        if self.results.isHidden():
            if event.key() == Qt.Key.Key_Down and self._chosen is None:
                self._look()
                return True
            return False
        row = self.results.currentRow()
        match event.key():
            case Qt.Key.Key_Down:
                self.results.setCurrentRow(min(row + 1, self.results.count() - 1))
            case Qt.Key.Key_Up:
                self.results.setCurrentRow(max(row - 1, 0))
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if 0 <= row < len(self._choices):
                self.choose(self._choices[row])
            case Qt.Key.Key_Escape:
                self.results.hide()
            case _:
                return False
        return True

    def _on_typed(self) -> None:
        if self._chosen is not None:
            self._chosen = None
            self.picked.emit(None)
        self._on_edited()
        self._pause.start()

    def _look(self) -> None:
        self._tasks.start("search", self._find, self.line.text().strip())

    async def _find(self, text: str) -> None:
        self._show(tuple(await self._search(text)), text)

    def _show(self, choices: tuple[Choice, ...], text: str) -> None:
        self._choices = choices
        self.results.clear()
        for choice in choices:
            detail = f"   {choice.detail}" if choice.detail else ""
            item = QListWidgetItem(f"{choice.text}{detail}")
            item.setData(_CHOICE, choice)
            self.results.addItem(item)
        if not choices:
            nothing = QListWidgetItem(f"Nothing found for “{text[:40]}”." if text else "None yet.")
            nothing.setFlags(Qt.ItemFlag.NoItemFlags)
            self.results.addItem(nothing)
        else:
            self.results.setCurrentRow(0)
        shown = min(max(1, len(choices)), _MOST_SHOWN)
        self.results.setFixedHeight(shown * _ROW + 12)
        self.results.show()

    def _on_clicked(self, item: QListWidgetItem) -> None:
        row = self.results.row(item)
        if 0 <= row < len(self._choices):
            self.choose(self._choices[row])

    def _on_failure(self, failure: Failure) -> None:
        self.results.hide()
        theme.set_role(self._line, part="error")
        self.refuse(failure.text)


class _ResultCells(QStyledItemDelegate):
    """The text at the left, cut off where it must be, so that the detail is always whole."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        if isinstance(index.data(_CHOICE), Choice):
            option.text = ""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        # The ground first, as the style draws it; the words are ours.
        super().paint(painter, option, index)
        choice = index.data(_CHOICE)
        if not isinstance(choice, Choice):
            return
        inside = option.rect.adjusted(_PAD, 0, -_PAD, 0)
        metrics = option.fontMetrics
        detail = metrics.elidedText(
            choice.detail, Qt.TextElideMode.ElideRight, int(inside.width() * _MOST_DETAIL)
        )
        painter.setPen(theme.colour("soft"))
        painter.drawText(inside, RIGHT, detail)
        if detail:
            inside.setRight(inside.right() - metrics.horizontalAdvance(detail) - _PAD)
        painter.setPen(theme.colour("text"))
        shown = metrics.elidedText(choice.text, Qt.TextElideMode.ElideRight, inside.width())
        painter.drawText(inside, LEFT, shown)
