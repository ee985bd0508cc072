"""A closed year in a file: a zip that other programs read too, and that proves itself.

`payments.jsonl` and `payment_events.jsonl` hold one JSON object a line, `payments.csv` the
same payments for spreadsheets. Amounts are text ("49.00"), moments ISO 8601 in UTC. The
manifest names each file's SHA-256 and what the payments come to, and for the two tables a sum
over the checksums of their lines, which does not depend on their order: with it the file is
compared with the database before a year is dropped.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from learnhub_desktop.domain.states import SETTLED_PAYMENTS, PaymentKind, PaymentStatus
from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.files import DAMAGED_ZIP, LineSum, whole_or_nothing

FORMAT: Final = 1
PAYMENTS: Final = "payments"
EVENTS: Final = "payment_events"
_MANIFEST: Final = "manifest.json"
_CSV: Final = "payments.csv"
_CHUNK: Final = 1 << 20
# What a file comes to that is another's, was cut short or changed, wherever that lies.
_UNREADABLE: Final = (*DAMAGED_ZIP, ValueError, TypeError, AttributeError, ArithmeticError)
# A spreadsheet takes a cell that begins so for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

Row = Mapping[str, Any]
Told = Callable[[int], None]


def say_nothing(rows: int) -> None:
    """For callers that show no progress."""


@dataclass(frozen=True, slots=True)
class TableSum:
    """How many rows a table has, and the sum over their checksums, whatever their order."""

    rows: int
    checksum: str

    @classmethod
    def of(cls, lines: LineSum) -> TableSum:
        return cls(lines.rows, str(lines))


@dataclass(frozen=True, slots=True)
class YearManifest:
    """What an export holds. ``files`` are the SHA-256 of its files by name, ``totals`` the
    amounts of settled charges and completed refunds by currency, ``span`` the lowest and the
    highest number of a payment and when the last one was settled (None without payments)."""

    format: int
    year: int
    school: str
    made_at: str
    tables: Mapping[str, TableSum]
    files: Mapping[str, str]
    totals: Mapping[str, Mapping[str, str]]
    span: tuple[int, int, str] | None

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, indent=1)


def sum_of(rows: Iterable[Row], told: Told = say_nothing) -> TableSum:
    """The sum over rows as they stand in the database."""
    total = LineSum()
    for row in rows:
        total.add(encode(row))
        if total.rows % 1_000 == 0:
            told(total.rows)
    return TableSum.of(total)


def encode(row: Row) -> bytes:
    """One row as a line. Columns are sorted, so that their order in a table means nothing."""
    values = {name: _plain(value) for name, value in row.items()}
    return (
        json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        + b"\n"
    )


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        case Decimal():
            return f"{value:.2f}"
        case float():
            # 49.00, 49.0 and 4.9e1 are one number in a document, whatever kept it.
            return int(value) if value.is_integer() else value
        case dict():
            return {name: _plain(each) for name, each in value.items()}
        case list():
            return [_plain(each) for each in value]
    return value


def check_new(path: Path) -> None:
    """InvalidInput where the file is there already, or its folder is not."""
    if path.exists():
        raise InvalidInput("file", f"{path.name} exists already. Name another file.")
    if not path.parent.is_dir():
        raise InvalidInput("file", f"There is no folder {path.parent}.")


def write_year(
    path: Path,
    year: int,
    school: str,
    made_at: datetime,
    payments: Iterable[Row],
    events: Iterable[Row],
    *,
    told: Told = say_nothing,
) -> YearManifest:
    """Write the year into a new zip. The file has its name only once it is whole.

    ``payments`` is read to its end before ``events`` is begun. InvalidInput where the file is
    there already or cannot be written.
    """
    check_new(path)
    with (
        whole_or_nothing(path, field="file") as part,
        zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive,
        tempfile.TemporaryFile(dir=path.parent) as table,
    ):
        writer = _Writer(archive, told)
        totals = _Totals()
        sheet = _Sheet(table)
        writer.write(PAYMENTS, _watched(payments, totals.add, sheet.add))
        writer.write(EVENTS, events)
        sheet.finish()
        writer.add(_CSV, table)
        manifest = YearManifest(
            FORMAT,
            year,
            school,
            made_at.astimezone(UTC).isoformat(timespec="seconds"),
            writer.tables,
            writer.files,
            totals.done(),
            totals.span,
        )
        archive.writestr(_MANIFEST, manifest.to_json())
    return manifest


def _watched(rows: Iterable[Row], *watchers: Callable[[Row], None]) -> Iterator[Row]:
    for row in rows:
        for watcher in watchers:
            watcher(row)
        yield row


class _Writer:
    def __init__(self, archive: zipfile.ZipFile, told: Told) -> None:
        self.archive = archive
        self.tables: dict[str, TableSum] = {}
        self.files: dict[str, str] = {}
        self._told = told
        self._rows = 0

    def write(self, name: str, rows: Iterable[Row]) -> None:
        total, whole = LineSum(), hashlib.sha256()
        with self.archive.open(_lines(name), "w", force_zip64=True) as file:
            for row in rows:
                line = encode(row)
                total.add(line)
                whole.update(line)
                file.write(line)
                self._rows += 1
                if self._rows % 1_000 == 0:
                    self._told(self._rows)
        self.tables[name] = TableSum.of(total)
        self.files[_lines(name)] = whole.hexdigest()

    def add(self, name: str, content: Any) -> None:
        whole = hashlib.sha256()
        content.seek(0)
        with self.archive.open(name, "w", force_zip64=True) as file:
            while block := content.read(_CHUNK):
                whole.update(block)
                file.write(block)
        self.files[name] = whole.hexdigest()


def _lines(table: str) -> str:
    return f"{table}.jsonl"


class _Sheet:
    """The payments as a spreadsheet opens them: with a mark that says UTF-8."""

    def __init__(self, file: Any) -> None:
        self._text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
        self._writer = csv.writer(self._text)
        self._names: list[str] = []

    def add(self, row: Row) -> None:
        if not self._names:
            self._names = list(row)
            self._writer.writerow(self._names)
        self._writer.writerow([_cell(row[name]) for name in self._names])

    def finish(self) -> None:
        self._text.flush()
        self._text.detach()


def _cell(value: Any) -> Any:
    plain = _plain(value)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if plain is None else plain


class _Totals:
    """Settled charges and completed refunds by currency, and the span of the payments."""

    def __init__(self) -> None:
        self.span: tuple[int, int, str] | None = None
        self._sums: dict[str, dict[str, Decimal]] = defaultdict(
            lambda: {"charged": Decimal("0.00"), "refunded": Decimal("0.00")}
        )

    def add(self, row: Row) -> None:
        number, settled = int(row["payment_id"]), row["processed_at"] or row["created_at"]
        first, last, through = self.span or (number, number, "")
        self.span = (min(first, number), max(last, number), max(through, str(_plain(settled))))
        kind, status = row["kind"], row["status"]
        if kind == PaymentKind.REFUND and status == PaymentStatus.COMPLETED:
            self._sums[row["currency"]]["refunded"] += Decimal(row["amount"])
        elif kind == PaymentKind.CHARGE and status in SETTLED_PAYMENTS:
            self._sums[row["currency"]]["charged"] += Decimal(row["amount"])

    def done(self) -> dict[str, dict[str, str]]:
        return {
            currency: {name: str(total) for name, total in sums.items()}
            for currency, sums in sorted(self._sums.items())
        }


def read_year(path: Path, told: Told = say_nothing) -> YearManifest:
    """Read the whole file back: every checksum, every row, every total.

    InvalidInput where it is no such export, or was cut short or changed.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = _read_manifest(archive.read(_MANIFEST))
            totals, rows = _Totals(), 0
            for name, expected in manifest.tables.items():
                found = LineSum()
                for line in _checked_lines(archive, _lines(name), manifest):
                    found.add(line)
                    if name == PAYMENTS:
                        totals.add(json.loads(line))
                    rows += 1
                    if rows % 1_000 == 0:
                        told(rows)
                if TableSum.of(found) != expected:
                    raise _damaged(path, f"the rows of {name} are not those that were written")
            for _line in _checked_lines(archive, _CSV, manifest):
                pass
            if (totals.done(), totals.span) != (manifest.totals, manifest.span):
                raise _damaged(path, "its payments do not come to the sums that it names")
    except FileNotFoundError as error:
        raise InvalidInput("file", f"There is no file {path}.") from error
    except OSError as error:
        raise InvalidInput("file", f"{path.name} cannot be read: {error.strerror}.") from error
    except _UNREADABLE as error:
        raise _damaged(path, "it was cut short or changed") from error
    return manifest


def _damaged(path: Path, why: str) -> InvalidInput:
    return InvalidInput("file", f"{path.name} is no whole export of a year: {why}.")


def _checked_lines(archive: zipfile.ZipFile, name: str, manifest: YearManifest) -> Iterator[bytes]:
    whole = hashlib.sha256()
    with archive.open(name) as file:
        for line in file:
            whole.update(line)
            yield line
    if whole.hexdigest() != manifest.files[name]:
        raise ValueError(f"the checksum of {name} differs")


def _read_manifest(content: bytes) -> YearManifest:
    given = json.loads(content)
    if given["format"] != FORMAT or set(given["tables"]) != {PAYMENTS, EVENTS}:
        raise ValueError("another format")
    span = given["span"]
    return YearManifest(
        format=FORMAT,
        year=int(given["year"]),
        school=str(given["school"]),
        made_at=str(given["made_at"]),
        tables={
            name: TableSum(int(part["rows"]), str(part["checksum"]))
            for name, part in given["tables"].items()
        },
        files={str(name): str(value) for name, value in given["files"].items()},
        totals={
            str(currency): {str(name): str(total) for name, total in sums.items()}
            for currency, sums in given["totals"].items()
        },
        span=None if span is None else (int(span[0]), int(span[1]), str(span[2])),
    )


def checksum_of(path: Path) -> str:
    """The SHA-256 of the whole file, as `sha256sum` tells it."""
    whole = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_CHUNK):
                whole.update(block)
    except OSError as error:
        raise InvalidInput("file", f"{path.name} cannot be read: {error.strerror}.") from error
    return whole.hexdigest()
