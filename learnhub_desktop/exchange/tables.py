"""Tables for other programs: CSV files, and text for the clipboard.

A text cell that a spreadsheet would take for a formula gets an apostrophe before it, the
spreadsheets' own mark for text. Numbers stay numbers: a refund of -49.00 is no formula.
"""

from __future__ import annotations

import csv
import io
import re
import uuid
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Final

from learnhub_desktop.errors import LearnHubError

Cell = str | int | float | Decimal | bool | date | datetime | None

# The full-width signs are formulas in East Asian versions of Excel. Apostrophes may stand
# before the sign, so that taking one off again always gives the text as it was.
_FORMULA: Final = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
_MARKED: Final = re.compile("'+[=+\\-@\t\r\n＝＋－＠]")


def neutral_cell(text: str) -> str:
    """The text as a cell that no spreadsheet calculates; `plain_cell` takes it back."""
    return f"'{text}" if _FORMULA.match(text) else text


def plain_cell(text: str) -> str:
    """The text that `neutral_cell` was given."""
    return text[1:] if _MARKED.match(text) else text


def cell_text(value: Cell) -> str:
    """One value as it stands in a file: numbers without grouping, times in ISO 8601."""
    if value is None:
        return ""
    if isinstance(value, str):
        return neutral_cell(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def write_csv(
    path: Path,
    headers: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    bom: bool = True,
    delimiter: str = ",",
) -> int:
    """Write a UTF-8 file and return the number of rows; LearnHubError where it cannot be.

    The byte order mark is what tells Excel that the file is UTF-8. The file appears under
    its name only when it is complete; an older one of that name stays until then.
    """
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        try:
            encoding = "utf-8-sig" if bom else "utf-8"
            with partial.open("x", encoding=encoding, newline="") as file:
                count = _write(file, headers, rows, delimiter)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise LearnHubError(f"“{path}” cannot be written: {error.strerror}.") from error
    return count


def csv_text(headers: Sequence[str], rows: Iterable[Sequence[Cell]], delimiter: str = ",") -> str:
    """The same table as text, without a byte order mark."""
    text = io.StringIO(newline="")
    _write(text, headers, rows, delimiter)
    return text.getvalue()


def clipboard_text(headers: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """The table as spreadsheets take it from the clipboard: cells apart by tabs."""
    return csv_text(headers, rows, delimiter="\t")


def _write(
    file: IO[str], headers: Sequence[str], rows: Iterable[Sequence[Cell]], delimiter: str
) -> int:
    writer = csv.writer(file, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow([neutral_cell(header) for header in headers])
    count = 0
    for row in rows:
        writer.writerow([cell_text(value) for value in row])
        count += 1
    return count
