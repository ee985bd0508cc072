"""From a file's rows to lines that can be imported, and the reasons for those that cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.exchange.columns import Columns
from learnhub_desktop.exchange.reading import Record, Rejected, Sheet

LineT = TypeVar("LineT")


@dataclass(frozen=True, slots=True)
class Imported(Generic[LineT]):
    """What a file gives. ``notes`` are whole sentences on what was mapped or left out;
    ``columns`` are the fields that were found, each with the file's own name for it.
    """

    lines: tuple[LineT, ...]
    rejected: tuple[Rejected, ...]
    notes: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]

    @property
    def read(self) -> int:
        """How many rows the file has, good and bad."""
        return len(self.lines) + len(self.rejected)


def collect(
    sheet: Sheet,
    columns: Columns,
    *,
    required: Iterable[str],
    line_of: Callable[[Record], LineT],
    keys_of: Callable[[LineT], Iterable[tuple[str, str | None]]],
    notes: Callable[[frozenset[int]], Iterable[str]],
    reason_of: Callable[[InvalidInput], str] = str,
) -> Imported[LineT]:
    """Read every row; what is wrong with one is its own matter.

    ``required`` are fields that a row must not end before. ``keys_of`` names what must not
    stand twice in a file: of several rows with the same key the first is taken. ``notes``
    is asked at the end, with the lines of the rows that were taken.
    """
    lines: list[LineT] = []
    rejected = list(sheet.rejected)
    first_lines: dict[tuple[str, str], int] = {}
    taken: set[int] = set()
    required = tuple(required)
    for record in sheet.records:
        try:
            if any(columns.ends_before(record, field) for field in required):
                raise InvalidInput(
                    "file", f"This row ends after {record.given} of {len(sheet.headers)} cells."
                )
            line = line_of(record)
            keys = [(what, key) for what, key in keys_of(line) if key is not None]
            for what, key in keys:
                if (what, key) in first_lines:
                    raise InvalidInput(
                        "file", f"{what} stands in line {first_lines[what, key]:,} already."
                    )
        except InvalidInput as error:
            # A damaged byte stands as a lone surrogate, which no terminal can print.
            reason = reason_of(error).encode("utf-8", "replace").decode("utf-8")
            rejected.append(Rejected(record.line, reason))
            continue
        first_lines.update((key, record.line) for key in keys)
        lines.append(line)
        taken.add(record.line)
    rejected.sort(key=lambda row: row.line)
    said = (*sheet.notes, *notes(frozenset(taken)))
    return Imported(tuple(lines), tuple(rejected), said, columns.named())
