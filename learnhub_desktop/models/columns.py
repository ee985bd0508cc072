"""How a table declares its columns: once, as data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from enum import Enum, StrEnum, auto
from typing import Any, Final, Generic, TypeVar

from PySide6.QtCore import Qt

from learnhub_desktop.models import formats

RowT = TypeVar("RowT")

LEFT: Final = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT: Final = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class Tone(StrEnum):
    """What a state means to the reader; the look gives each tone its colours."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    INFO = "info"
    IDLE = "idle"


class Kind(Enum):
    """What a column's ``value`` is, and so how it is shown, aligned and copied."""

    TEXT = auto()
    NUMBER = auto()  # int
    MONEY = auto()  # Decimal; ``currency`` names its currency
    MOMENT = auto()  # aware datetime
    DAY = auto()  # date
    BADGE = auto()  # str or StrEnum; ``tone`` gives its colours
    PERCENT = auto()  # Decimal or float from 0 to 100, as a number
    PERCENT_BAR = auto()  # the same, as a bar with its number


# A pasted novel must not slow the painting of its row; the whole text stands in the tool tip.
_LONGEST_SHOWN: Final = 240
_RIGHT_ALIGNED: Final = frozenset({Kind.NUMBER, Kind.MONEY, Kind.PERCENT})
_WIDTHS: Final = {
    Kind.TEXT: 160,
    Kind.NUMBER: 84,
    Kind.MONEY: 108,
    Kind.MOMENT: 116,
    Kind.DAY: 104,
    Kind.BADGE: 138,
    Kind.PERCENT: 84,
    Kind.PERCENT_BAR: 150,
}


def _idle(row: object) -> Tone:
    return Tone.IDLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Generic[RowT]):
    """One column.

    ``value`` is what is copied and exported, and what short lists sort by; the database
    sorts the long ones by ``key``. ``text`` is shown instead of the kind's own way of
    showing the value. A column with ``grow`` takes its share of the room that is left.
    ``key`` never changes: saved layouts and queries name it.
    """

    key: str
    title: str
    value: Callable[[RowT], Any]
    kind: Kind = Kind.TEXT
    text: Callable[[RowT], str] | None = None
    tooltip: Callable[[RowT], str] | None = None
    tone: Callable[[RowT], Tone] = _idle
    currency: Callable[[RowT], str] | None = None
    align: Qt.AlignmentFlag | None = None
    width: int = 0
    grow: int = 0
    sortable: bool = True
    hidden: bool = False

    @property
    def alignment(self) -> Qt.AlignmentFlag:
        if self.align is not None:
            return self.align
        return RIGHT if self.kind in _RIGHT_ALIGNED else LEFT

    @property
    def default_width(self) -> int:
        return self.width or _WIDTHS[self.kind]


@dataclass(frozen=True, slots=True)
class Reading:
    """When and where the reader sits. ``one_currency`` stands in the head, not in each cell."""

    now: datetime
    zone: tzinfo
    one_currency: bool = True


def cell_text(column: Column[RowT], row: RowT, reading: Reading) -> str:
    """What a cell shows."""
    if column.text is not None:
        text = column.text(row)
        if column.currency is None or reading.one_currency or text == formats.NOTHING:
            return text
        return f"{text} {column.currency(row)}"
    value = column.value(row)
    if value is None or value == "":
        return formats.NOTHING
    match column.kind:
        case Kind.NUMBER:
            return formats.count(value)
        case Kind.MONEY:
            named = column.currency if not reading.one_currency else None
            return formats.money(value, named(row) if named is not None else "")
        case Kind.MOMENT:
            return formats.moment(value, now=reading.now, zone=reading.zone)
        case Kind.DAY:
            return formats.day(value, today=reading.now.astimezone(reading.zone).date())
        case Kind.PERCENT | Kind.PERCENT_BAR:
            return formats.percent(value)
        case Kind.BADGE:
            return str(value).replace("_", " ")
    # A line break would cut the row's text in the middle of a line.
    return " ".join(str(value)[:_LONGEST_SHOWN].split())


def cell_tooltip(column: Column[RowT], row: RowT, reading: Reading) -> str:
    """The longer form of a cell, empty where it has none of its own."""
    if column.tooltip is not None:
        return column.tooltip(row)
    value = column.value(row)
    if column.kind is Kind.MOMENT and value is not None:
        return formats.moment_full(value, zone=reading.zone)
    if column.kind is Kind.DAY and value is not None:
        return formats.long_day(value)
    return ""


def plain_text(column: Column[RowT], row: RowT, zone: tzinfo) -> str:
    """A cell as a spreadsheet wants it: no separators, ISO dates, one line."""
    value = column.value(row)
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, date):
        return value.isoformat()
    return " ".join(str(value).split())
