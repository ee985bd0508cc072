"""Fields of dialogs: a label above, the error below as soon as something is wrong."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from PySide6.QtCore import QDate, QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDateEdit,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from learnhub_desktop.domain import money
from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.ui import theme

_GAP: Final = 4
_MOST_DIGITS: Final = 30


class Field(QWidget):
    """One labelled input.

    ``check`` turns what was typed into the value, or raises InvalidInput; its sentence is
    shown below the input once the person has left it or tried to go on.

    Signals:
        edited: The input changed.
    """

    edited = Signal()

    def __init__(
        self,
        name: str,
        label: str,
        editor: QWidget,
        *,
        hint: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.name = name
        self.editor = editor
        self._was_left = False
        self._refused = ""
        self.label = QLabel(label)
        theme.set_role(self.label, part="label")
        self.label.setBuddy(editor)
        editor.setAccessibleName(label)
        self._hint = hint
        self._line = QLabel(hint)
        self._line.setWordWrap(True)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(_GAP)
        self._column.addWidget(self.label)
        self._column.addWidget(editor)
        self._column.addWidget(self._line)
        editor.installEventFilter(self)
        self._show_line()

    # Qt's metaclass leaves no room for ABCMeta: it is mypy that finds a field without this.
    @abstractmethod
    def value(self) -> Any:
        """The checked value; InvalidInput where it cannot be used."""

    def error(self) -> str:
        """What is wrong with it now, empty where nothing is."""
        if not self.isEnabled() or self.isHidden():
            return ""
        try:
            self.value()
        except InvalidInput as refused:
            return str(refused)
        return ""

    def refuse(self, sentence: str) -> None:
        """Show what a service said of this field, until the person changes it."""
        self._refused = sentence
        self._was_left = True
        self._show_line()

    def insist(self) -> bool:
        """Show what is wrong even if the field was not touched; True where it is right."""
        self._was_left = True
        self._show_line()
        return not self.error()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusOut and watched is self.editor and self.has_input():
            self._was_left = True
            self._show_line()
        return super().eventFilter(watched, event)

    def has_input(self) -> bool:
        """Whether anything was typed: an untouched field is not called wrong yet."""
        return True

    def _on_edited(self) -> None:
        self._refused = ""
        self._show_line()
        self.edited.emit()

    def _show_line(self) -> None:
        error = self._refused or (self.error() if self._was_left else "")
        self._line.setText(error or self._hint)
        self._line.setVisible(bool(error or self._hint))
        theme.set_role(self._line, part="error" if error else "hint")
        theme.set_role(self.editor, wrong="true" if error else "false")
        self.editor.setAccessibleDescription(error or self._hint)


class TextField(Field):
    """One line of text. ``check`` gets what was typed and returns the value."""

    def __init__(
        self,
        name: str,
        label: str,
        *,
        text: str = "",
        check: Callable[[str], Any] = str.strip,
        hint: str = "",
        placeholder: str = "",
        parent: QWidget | None = None,
    ) -> None:
        self.line = QLineEdit(text)
        self.line.setPlaceholderText(placeholder)
        self._check = check
        super().__init__(name, label, self.line, hint=hint, parent=parent)
        self.line.textChanged.connect(self._on_edited)

    def value(self) -> Any:
        return self._check(self.line.text())

    def has_input(self) -> bool:
        return bool(self.line.text())

    def set_text(self, text: str) -> None:
        self.line.setText(text)


class AmountField(TextField):
    """An amount with its currency beside it. ``allow_empty`` gives None for nothing typed."""

    def __init__(
        self,
        name: str,
        label: str,
        currency: str,
        *,
        amount: Decimal | None = None,
        allow_zero: bool = False,
        allow_empty: bool = False,
        hint: str = "",
        parent: QWidget | None = None,
    ) -> None:
        def read(text: str) -> Decimal | None:
            if allow_empty and not text.strip():
                return None
            return money.parse_amount(text, field=name, allow_zero=allow_zero)

        shown = "" if amount is None else f"{amount:.2f}"
        super().__init__(name, label, text=shown, check=read, hint=hint, parent=parent)
        self.line.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._currency = QLabel(currency)
        theme.set_role(self._currency, part="soft")
        row = QHBoxLayout()
        row.setSpacing(8)
        self._column.removeWidget(self.line)
        self.line.setMaximumWidth(160)
        row.addWidget(self.line)
        row.addWidget(self._currency)
        row.addStretch(1)
        self._column.insertLayout(1, row)

    def set_currency(self, currency: str) -> None:
        self._currency.setText(currency)


class NumberField(TextField):
    """A whole number in a range. ``allow_empty`` gives None for nothing typed."""

    def __init__(
        self,
        name: str,
        label: str,
        *,
        lowest: int,
        highest: int,
        number: int | None = None,
        allow_empty: bool = False,
        hint: str = "",
        placeholder: str = "",
        parent: QWidget | None = None,
    ) -> None:
        def read(text: str) -> int | None:
            typed = text.strip().replace(",", "").replace(" ", "")
            if allow_empty and not typed:
                return None
            if not (typed.isascii() and typed.removeprefix("-").isdigit()):
                raise InvalidInput(name, f"{label} must be a whole number.")
            # Python reads no thousands of digits; so many are outside of every range anyway.
            found = int(typed) if len(typed) <= _MOST_DIGITS else highest + 1
            if not lowest <= found <= highest:
                raise InvalidInput(name, f"{label} must be between {lowest:,} and {highest:,}.")
            return found

        super().__init__(
            name,
            label,
            text="" if number is None else str(number),
            check=read,
            hint=hint,
            placeholder=placeholder,
            parent=parent,
        )
        self.line.setMaximumWidth(160)


class NoteField(Field):
    """Several lines of text with a count of what is left."""

    def __init__(
        self,
        name: str,
        label: str,
        *,
        longest: int,
        text: str = "",
        check: Callable[[str], Any] = str.strip,
        lines: int = 3,
        hint: str = "",
        placeholder: str = "",
        parent: QWidget | None = None,
    ) -> None:
        self.note = _Note(text)
        self.note.setPlaceholderText(placeholder)
        self.note.setTabChangesFocus(True)
        self.note.setFixedHeight(lines * self.note.fontMetrics().lineSpacing() + 20)
        self._check = check
        self._longest = longest
        super().__init__(name, label, self.note, hint=hint, parent=parent)
        self._count = QLabel()
        theme.set_role(self._count, part="hint")
        self._count.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._column.addWidget(self._count)
        self.note.textChanged.connect(self._on_edited)
        self._show_count()

    def value(self) -> Any:
        return self._check(self.note.toPlainText())

    def has_input(self) -> bool:
        return bool(self.note.toPlainText())

    def set_text(self, text: str) -> None:
        self.note.setPlainText(text)

    def _on_edited(self) -> None:
        self._show_count()
        super()._on_edited()

    def _show_count(self) -> None:
        left = self._longest - len(self.note.toPlainText().strip())
        # The count is a help near the end and a distraction before.
        self._count.setVisible(left < self._longest // 5)
        self._count.setText(f"{left:,} characters left" if left >= 0 else f"{-left:,} too many")


class _Note(QPlainTextEdit):
    """Ctrl+Enter belongs to the dialog, which acts on it."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.ignore()
            return
        super().keyPressEvent(event)


class ChoiceField(Field):
    """One of a few. ``options`` are (value, words); a value may be anything."""

    def __init__(
        self,
        name: str,
        label: str,
        options: Sequence[tuple[Any, str]],
        *,
        value: Any = None,
        hint: str = "",
        parent: QWidget | None = None,
    ) -> None:
        self.box = QComboBox()
        self.box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._values: list[Any] = []
        super().__init__(name, label, self.box, hint=hint, parent=parent)
        self.set_options(options)
        self.choose(value)
        self.box.currentIndexChanged.connect(self._on_edited)

    def set_options(self, options: Sequence[tuple[Any, str]]) -> None:
        self.box.clear()
        self._values = [value for value, _words in options]
        self.box.addItems([words for _value, words in options])

    def choose(self, value: Any) -> None:
        if value in self._values:
            self.box.setCurrentIndex(self._values.index(value))

    def value(self) -> Any:
        index = self.box.currentIndex()
        if index < 0:
            raise InvalidInput(self.name, f"Choose: {self.label.text().lower()}.")
        return self._values[index]


class DateField(Field):
    """A day, typed or taken from the calendar."""

    def __init__(
        self,
        name: str,
        label: str,
        *,
        day: date,
        earliest: date | None = None,
        hint: str = "",
        parent: QWidget | None = None,
    ) -> None:
        self.day = QDateEdit(QDate(day.year, day.month, day.day))
        self.day.setCalendarPopup(True)
        self.day.setDisplayFormat("d MMM yyyy")
        self.day.setMaximumWidth(160)
        self._earliest = earliest
        super().__init__(name, label, self.day, hint=hint, parent=parent)
        self.day.dateChanged.connect(self._on_edited)

    def value(self) -> date:
        chosen = self.day.date()
        found = date(chosen.year(), chosen.month(), chosen.day())
        if self._earliest is not None and found < self._earliest:
            first = self._earliest
            raise InvalidInput(
                self.name, f"{self.label.text()} cannot be before {first.day} {first:%B %Y}."
            )
        return found


class CheckField(Field):
    """Yes or no; its words stand beside the box instead of above it."""

    def __init__(
        self,
        name: str,
        words: str,
        *,
        checked: bool = False,
        hint: str = "",
        parent: QWidget | None = None,
    ) -> None:
        self.box = QCheckBox(words)
        self.box.setChecked(checked)
        super().__init__(name, words, self.box, hint=hint, parent=parent)
        self.label.hide()
        self.box.toggled.connect(self._on_edited)

    def value(self) -> bool:
        return self.box.isChecked()
