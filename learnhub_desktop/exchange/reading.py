"""Delimited text files as people have them: any encoding, any delimiter, some damage."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.exchange.encodings import decode

DELIMITERS: Final = ("\t", ";", "|", ",")
LARGEST_BYTES: Final = 64 * 1024 * 1024
_SAMPLE_RECORDS: Final = 100
# Each costs one more look at up to as many characters as a cell may have.
_DAMAGED_LIMIT: Final = 1_000

_OTHER_FORMATS: Final = (
    (b"PK\x03\x04", "an Excel workbook or a ZIP file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "a compressed file"),
    (b"SQLite format 3", "a database"),
)
_SEP_LINE: Final = re.compile(r"\"?sep=(.)\"?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was left out; ``line`` is where it starts in the file, counted from 1."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Record:
    """``cells`` are as many as the header's; ``given`` is how many the row had of them."""

    line: int
    cells: tuple[str, ...]
    given: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file's rows under its header, and the rows that could not be read."""

    headers: tuple[str, ...]
    records: tuple[Record, ...]
    rejected: tuple[Rejected, ...]
    encoding: str
    delimiter: str
    notes: tuple[str, ...] = ()


def read_file(path: Path, *, encoding: str | None = None, delimiter: str | None = None) -> Sheet:
    """Read a whole file; InvalidInput says in a sentence why it cannot be."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise InvalidInput("file", f"“{path.name}” is larger than 64 MB, which is too large.")
        data = path.read_bytes()
    except FileNotFoundError:
        raise InvalidInput("file", f"There is no file “{path}”.") from None
    except OSError as error:
        raise InvalidInput("file", f"“{path}” cannot be read: {error.strerror}.") from error
    return read_bytes(data, name=path.name, encoding=encoding, delimiter=delimiter)


def read_bytes(
    data: bytes,
    *,
    name: str = "The file",
    encoding: str | None = None,
    delimiter: str | None = None,
) -> Sheet:
    """Read a file's bytes; see `read_file`. ``name`` stands in the sentences."""
    shown = f"“{name}”" if name != "The file" else name
    for magic, what in _OTHER_FORMATS:
        if data.startswith(magic):
            raise InvalidInput("file", f"{shown} is {what}. Save the table as CSV first.")
    decoded = decode(data, encoding=encoding)
    text = decoded.text
    if text.count("\0") > max(3, len(text) // 100):
        raise InvalidInput("file", f"{shown} is not a text file.")
    if not text.strip():
        raise InvalidInput("file", f"{shown} is empty.")
    lines = list(io.StringIO(text, newline=""))
    first_line = 0
    told = _SEP_LINE.fullmatch(lines[0].strip("\r\n"))
    if told:  # Excel's own way to name the delimiter.
        first_line = 1
        delimiter = delimiter or told[1]
    if delimiter is None:
        delimiter = _likeliest_delimiter(lines[first_line:])
    elif len(delimiter) != 1 or delimiter in '"\r\n':
        raise InvalidInput("delimiter", "A delimiter is one character, such as ; or a tab.")
    headers, records, rejected = _under_header(lines, first_line, delimiter, shown)
    notes = []
    if decoded.guessed:
        notes.append(
            f"{shown} was read as {decoded.label}. If letters look wrong, name its encoding."
        )
    return Sheet(headers, records, rejected, decoded.encoding, delimiter, tuple(notes))


def plain_header(header: str) -> str:
    """A header as it is compared: case, spaces, underscores and hyphens make no difference."""
    folded = unicodedata.normalize("NFKC", header).casefold()
    return " ".join(re.findall(r"[^\W_]+", folded))


def _under_header(
    lines: list[str], first_line: int, delimiter: str, shown: str
) -> tuple[tuple[str, ...], tuple[Record, ...], tuple[Rejected, ...]]:
    headers: tuple[str, ...] = ()
    records: list[Record] = []
    rejected: list[Rejected] = []
    for line, cells in _rows(lines, first_line, delimiter):
        if isinstance(cells, str) and not headers:
            raise InvalidInput("file", f"{shown} has no usable header. {cells}")
        if isinstance(cells, str):
            rejected.append(Rejected(line, cells))
        elif not headers:
            headers = _checked_header(cells, shown)
        elif any(cell.strip() for cell in cells[len(headers) :]):
            rejected.append(
                Rejected(
                    line,
                    f"This row has {len(cells)} cells, and the header names {len(headers)}.",
                )
            )
        else:
            given = min(len(cells), len(headers))
            padded = (*cells[:given], *[""] * (len(headers) - given))
            records.append(Record(line, padded, given))
    if not records and not rejected:
        raise InvalidInput("file", f"{shown} holds a header and no rows.")
    return headers, tuple(records), tuple(rejected)


def _checked_header(cells: list[str], shown: str) -> tuple[str, ...]:
    headers = tuple(cell.strip() for cell in cells)
    if any("\0" in header for header in headers):
        raise InvalidInput("file", f"{shown} is not a text file: its header holds a NUL.")
    times = Counter(plain_header(header) for header in headers if header)
    twice = [header for header in headers if times[plain_header(header)] > 1]
    if twice:
        raise InvalidInput("file", f"{shown} names the column “{twice[0][:40]}” more than once.")
    return headers


def _rows(
    lines: list[str], first_line: int, delimiter: str
) -> Iterator[tuple[int, list[str] | str]]:
    """Each row with the line where it starts, or the reason why that line is no row.

    A quotation mark that is opened and never closed swallows the rows below it. Its line is
    given up instead, and reading goes on with the next.
    """
    start = first_line
    damaged: list[int] = []
    while start < len(lines):
        reader = csv.reader((lines[n] for n in range(start, len(lines))), delimiter=delimiter)
        row_start = start
        try:
            for cells in reader:
                end = start + reader.line_num
                if _has_swallowed(lines[row_start:end], delimiter, at_end=end == len(lines)):
                    break
                if any(cell.strip() for cell in cells):
                    yield row_start + 1, cells
                row_start = end
            else:
                return
            reason = "A quotation mark in this row is never closed."
        except csv.Error:
            reason = (
                f"A cell of this row has more than {csv.field_size_limit():,} characters: "
                "a quotation mark may be missing."
            )
        damaged.append(row_start + 1)
        if len(damaged) > _DAMAGED_LIMIT:
            raise InvalidInput(
                "file",
                f"More than {_DAMAGED_LIMIT:,} rows of this file have a quotation mark that is "
                f"never closed, the first in line {damaged[0]:,}.",
            )
        yield row_start + 1, reason
        start = row_start + 1


def _has_swallowed(lines: list[str], delimiter: str, *, at_end: bool) -> bool:
    """Whether this row of several lines is one row and others that a stray quote took in.

    A quotation mark that closes a cell has a delimiter or the row's end behind it. The quote
    that a stray one finds further down is an opening one, with text behind it.
    """
    if len(lines) == 1 and not (at_end and '"' in lines[0]):
        return False
    try:
        list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return len(lines) > 1 or not _is_closed(lines[0], delimiter)
    return False


def _is_closed(line: str, delimiter: str) -> bool:
    return len(list(csv.reader([f"{line.rstrip()}\n", "below"], delimiter=delimiter))) == 2


def _likeliest_delimiter(lines: list[str]) -> str:
    """The one that cuts the most rows into equally many cells, and into the most of them.

    Of equals the comma comes last: prices and sentences have commas in every row.
    """
    scores = {delimiter: _evenness(lines, delimiter) for delimiter in DELIMITERS}
    best = max(DELIMITERS, key=lambda delimiter: scores[delimiter])
    return best if scores[best] > 0 else ","


def _evenness(lines: list[str], delimiter: str) -> float:
    try:
        widths = [
            len(cells)
            for cells in islice(csv.reader(lines, delimiter=delimiter), _SAMPLE_RECORDS)
            if any(cell.strip() for cell in cells)
        ]
    except csv.Error:
        return 0.0
    if not widths:
        return 0.0
    width, times = Counter(widths).most_common(1)[0]
    return (min(width, widths[0]) - 1) * times / len(widths)
