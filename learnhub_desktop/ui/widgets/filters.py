"""The filters of a list: what they are called, what their chips say, how they are set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from learnhub_desktop.domain.money import parse_amount
from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.models import formats
from learnhub_desktop.ui.widgets.dates import parse_day
from learnhub_desktop.ui.widgets.fields import TextField
from learnhub_desktop.ui.widgets.parts import button, label

_MOST_NAMED: Final = 3
_WIDTH: Final = 280
_TALLEST: Final = 340


@dataclass(frozen=True, slots=True)
class ChoiceFilter:
    """Some of a fixed set. ``choices`` are (value, words)."""

    name: str
    title: str
    choices: tuple[tuple[str, str], ...]

    def describe(self, values: tuple[str, ...], today: date) -> str:
        words = dict(self.choices)
        named = [words.get(value, value) for value in values[:_MOST_NAMED]]
        more = len(values) - len(named)
        return f"{self.title}: {', '.join(named)}" + (f" and {more} more" if more else "")


@dataclass(frozen=True, slots=True)
class DayFilter:
    """From one day to another, both counted in; either may be open."""

    name: str
    title: str

    def describe(self, values: tuple[str, ...], today: date) -> str:
        first, last = _days(values)
        for text, (start, end) in day_ranges(today).items():
            if (first, last) == (start, end):
                return f"{self.title}: {text.lower()}"
        if first and last:
            return f"{self.title}: {formats.days(first, last)}"
        if first:
            return f"{self.title}: from {formats.long_day(first)}"
        return f"{self.title}: until {formats.long_day(last)}" if last else self.title


@dataclass(frozen=True, slots=True)
class NumberFilter:
    """From one number to another, both counted in; either may be open."""

    name: str
    title: str
    unit: str = ""

    def describe(self, values: tuple[str, ...], today: date) -> str:
        first, last = (*values, "", "")[:2]
        unit = f" {self.unit}" if self.unit else ""
        if first and last:
            return f"{self.title}: {first} to {last}{unit}"
        return f"{self.title}: {'from' if first else 'up to'} {first or last}{unit}"


@dataclass(frozen=True, slots=True)
class FlagFilter:
    """Either set or not, such as "Without enrolment"; ``value`` is what the query gets."""

    name: str
    title: str
    value: str = "yes"

    def describe(self, values: tuple[str, ...], today: date) -> str:
        return self.title


@dataclass(frozen=True, slots=True)
class NamedFilter:
    """Set from elsewhere, such as "only this student's payments"; a chip alone, no editor.

    The query's second value, if there is one, is what the chip says.
    """

    name: str
    title: str

    def describe(self, values: tuple[str, ...], today: date) -> str:
        return f"{self.title}: {values[1] if len(values) > 1 else values[0]}"


FilterKind = ChoiceFilter | DayFilter | NumberFilter | FlagFilter | NamedFilter


def day_ranges(today: date) -> dict[str, tuple[date, date]]:
    """The stretches that people ask for most."""
    month_start = today.replace(day=1)
    month_before = month_start - timedelta(days=1)
    return {
        "Today": (today, today),
        "Yesterday": (today - timedelta(days=1), today - timedelta(days=1)),
        "Last 7 days": (today - timedelta(days=6), today),
        "Last 30 days": (today - timedelta(days=29), today),
        "This month": (month_start, today),
        "Last month": (month_before.replace(day=1), month_before),
        "This year": (today.replace(month=1, day=1), today),
    }


def _days(values: tuple[str, ...]) -> tuple[date | None, date | None]:
    def read(text: str) -> date | None:
        try:
            return date.fromisoformat(text)
        except ValueError:
            return None

    first, last = (*values, "", "")[:2]
    return read(first), read(last)


class FilterPopup(QFrame):
    """Sets one filter; what is set shows at once.

    Signals:
        chosen: The filter's name and its values, none to remove it.
    """

    chosen = Signal(str, object)

    def __init__(
        self, kind: FilterKind, values: tuple[str, ...], today: date, parent: QWidget
    ) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("popup", "true")
        self.setAccessibleName(f"Filter: {kind.title}")
        self.setFixedWidth(_WIDTH)
        self._kind = kind
        self._today = today
        self._first: QWidget = self
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(12, 12, 12, 12)
        self._column.setSpacing(8)
        unit = f", {kind.unit}" if isinstance(kind, NumberFilter) and kind.unit else ""
        self._column.addWidget(label(f"{kind.title}{unit}", "heading"))
        match kind:
            case ChoiceFilter():
                self._add_choices(kind, values)
            case DayFilter():
                self._add_day_ranges()
                self._add_range(values, self._read_day, self._today.isoformat())
            case NumberFilter():
                self._add_range(values, self._read_number, "100")

    def open_below(self, widget: QWidget) -> None:
        self.adjustSize()
        self.move(widget.mapToGlobal(QPoint(0, widget.height() + 4)))
        self.show()
        self._first.setFocus(Qt.FocusReason.TabFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.focusNextPrevChild(event.key() == Qt.Key.Key_Down)
        else:
            super().keyPressEvent(event)

    def _add_choices(self, kind: ChoiceFilter, values: tuple[str, ...]) -> None:
        inside = QWidget()
        inside.setProperty("clear", "true")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        boxes: list[tuple[str, QCheckBox]] = []

        def on_toggled() -> None:
            chosen = tuple(value for value, box in boxes if box.isChecked())
            self.chosen.emit(kind.name, chosen)

        for value, words in kind.choices:
            box = QCheckBox(words.replace("&", "&&"))
            box.setChecked(value in values)
            boxes.append((value, box))
            column.addWidget(box)
            box.toggled.connect(on_toggled)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inside)
        scroll.setFixedHeight(min(_TALLEST, inside.sizeHint().height() + 2))
        self._column.addWidget(scroll)
        self._first = boxes[0][1] if boxes else self

    def _add_day_ranges(self) -> None:
        for text, (first, last) in day_ranges(self._today).items():
            choice = button(text, kind="quiet")
            choice.setStyleSheet("text-align: left;")
            values = (first.isoformat(), last.isoformat())
            choice.clicked.connect(lambda _=False, values=values: self._choose(values))
            self._column.addWidget(choice)
            if self._first is self:
                self._first = choice

    def _add_range(self, values: tuple[str, ...], read: Callable[[str], str], example: str) -> None:
        first, last = (*values, "", "")[:2]
        start = TextField("first", "From", text=first, check=read, placeholder=example)
        end = TextField("last", "To", text=last, check=read, placeholder=example)
        line = QHBoxLayout()
        for field in (start, end):
            line.addWidget(field, 1, Qt.AlignmentFlag.AlignTop)
        self._column.addLayout(line)
        apply = button("Show", kind="primary")
        self._column.addWidget(apply, 0, Qt.AlignmentFlag.AlignRight)

        def on_apply() -> None:
            if all([start.insist(), end.insist()]):
                found: tuple[Any, Any] = (start.value(), end.value())
                self._choose(found if any(found) else ())

        apply.clicked.connect(on_apply)
        for field in (start, end):
            field.line.returnPressed.connect(on_apply)
        if self._first is self:
            self._first = start.line

    def _choose(self, values: tuple[str, ...]) -> None:
        self.chosen.emit(self._kind.name, values)
        self.close()

    def _read_day(self, text: str) -> str:
        if not text.strip():
            return ""
        return parse_day(text, field="day", today=self._today).isoformat()

    def _read_number(self, text: str) -> str:
        if not text.strip():
            return ""
        try:
            return f"{parse_amount(text, allow_zero=True):f}".removesuffix(".00")
        except InvalidInput:
            raise InvalidInput("number", "Enter a number such as 100.") from None
