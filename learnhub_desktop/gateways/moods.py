"""How the simulated gateway behaves next: kept in its book, so that every process meets it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from sqlite3 import Connection, Row
from typing import Final

from learnhub_desktop.gateways.port import Operation

LATE_S: Final = 2.0


class Mood(StrEnum):
    """What the gateway does with the next calls.

    LATE does it and answers after a delay; LOST_ANSWER does it and never answers;
    UNREACHABLE does nothing; REFUND_PENDING takes a refund and pays it out later.
    """

    APPROVE = "approve"
    DECLINE = "decline"
    LATE = "late"
    LOST_ANSWER = "lost_answer"
    UNREACHABLE = "unreachable"
    REFUND_PENDING = "refund_pending"


@dataclass(frozen=True, slots=True)
class MoodSetting:
    """``calls`` None: until it is set again."""

    mood: Mood
    calls: int | None = None
    delay_s: float = 0.0


_MONEY: Final = frozenset({Operation.CHARGE, Operation.REFUND})
# What a mood changes where no operation is named: a lost answer must leave a way to find out.
_USUAL: Final[dict[Mood, frozenset[Operation]]] = {
    Mood.APPROVE: frozenset(Operation),
    Mood.DECLINE: _MONEY,
    Mood.LATE: _MONEY,
    Mood.LOST_ANSWER: _MONEY,
    Mood.UNREACHABLE: frozenset(Operation),
    Mood.REFUND_PENDING: frozenset({Operation.REFUND}),
}
_POSSIBLE: Final[dict[Mood, frozenset[Operation]]] = {
    **_USUAL,
    Mood.LATE: frozenset(Operation),
    Mood.LOST_ANSWER: frozenset(Operation),
}


def put(
    book: Connection, mood: Mood, *, operation: Operation | None, calls: int | None, delay_s: float
) -> None:
    """Set the mood of one operation, or of those that it usually means (others: APPROVE)."""
    if operation is not None and operation not in _POSSIBLE[mood]:
        raise ValueError(f"{operation} cannot be in the mood {mood}")
    if calls is not None and calls < 1:
        raise ValueError("calls must be at least 1")
    chosen = _USUAL[mood] if operation is None else {operation}
    cleared = Operation if operation is None else chosen
    delay_ms = round(delay_s * 1000) if mood is Mood.LATE else 0
    book.executemany("DELETE FROM moods WHERE operation = ?", [(o.value,) for o in cleared])
    if mood is not Mood.APPROVE:
        rows = [(o.value, mood.value, calls, delay_ms) for o in chosen]
        book.executemany("INSERT INTO moods VALUES (?, ?, ?, ?)", rows)


def take(book: Connection, operation: Operation) -> MoodSetting:
    """The mood for one call, counted down where it lasts for a number of calls."""
    row = book.execute("SELECT * FROM moods WHERE operation = ?", (operation.value,)).fetchone()
    if row is None:
        return MoodSetting(Mood.APPROVE)
    if row["calls_left"] == 1:
        book.execute("DELETE FROM moods WHERE operation = ?", (operation.value,))
    elif row["calls_left"] is not None:
        book.execute(
            "UPDATE moods SET calls_left = calls_left - 1 WHERE operation = ?", (operation.value,)
        )
    return setting(row)


def setting(row: Row) -> MoodSetting:
    return MoodSetting(Mood(row["mood"]), row["calls_left"], row["delay_ms"] / 1000)
