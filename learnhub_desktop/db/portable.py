"""A school as a portable file: a zip of one text file a table, the same from every database.

Each line is a JSON array of one row's values, in the order of the manifest's columns. Amounts
are text ("49.00"), moments ISO 8601 in UTC. JSON columns are brought into one spelling, since
each database keeps its own. The checksum of a table is the sum of its lines' checksums, so
that it does not depend on the order in which a database returns rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    Text,
    select,
    text,
)

from learnhub_desktop.db.tables import (
    changes,
    metadata,
    payments,
    schema_info,
    schema_objects,
)
from learnhub_desktop.db.types import BigId, Moment, Money, Percent

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"

# Made anew by every school: its version, its triggers, and a feed that nobody reads later.
_LEFT_OUT: Final = frozenset({schema_info.name, schema_objects.name, changes.name})
_TYPES: Final[dict[str, Any]] = {
    "id": BigId,
    "number": Integer(),
    "flag": Boolean(),
    "hundredths": Money(),
    "moment": Moment(),
    "date": Date(),
    # As text, since a parsed document would lose how its numbers were written.
    "json": Text(),
    "text": Text(),
}


@dataclass(frozen=True, slots=True)
class TablePart:
    """What the manifest says of one table. ``next_id`` None: its key is no counter."""

    name: str
    columns: tuple[tuple[str, str], ...]
    rows: int
    checksum: str
    file_sha256: str
    next_id: int | None

    @property
    def file(self) -> str:
        return f"tables/{self.name}.jsonl"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a portable file holds. ``source`` is the kind of database it was read from."""

    format: int
    schema_version: int
    made_at: str
    school: str
    source: str
    tables: tuple[TablePart, ...]

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.tables)

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, indent=1)


class NotABackup(ValueError):
    """The file is none of ours, or was cut short or changed."""


def read_manifest(document: str) -> Manifest:
    """NotABackup where a part is missing or of another kind."""
    try:
        given = json.loads(document)
        parts = tuple(
            TablePart(
                name=str(part["name"]),
                columns=tuple((str(name), str(kind)) for name, kind in part["columns"]),
                rows=int(part["rows"]),
                checksum=str(part["checksum"]),
                file_sha256=str(part["file_sha256"]),
                next_id=None if part["next_id"] is None else int(part["next_id"]),
            )
            for part in given["tables"]
        )
        made = Manifest(
            format=int(given["format"]),
            schema_version=int(given["schema_version"]),
            made_at=str(given["made_at"]),
            school=str(given["school"]),
            source=str(given["source"]),
            tables=parts,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise NotABackup("its manifest cannot be read") from error
    known = set(metadata.tables)
    for part in parts:
        unknown = [kind for _, kind in part.columns if kind not in _TYPES]
        if part.name not in known or unknown or not all(n.isidentifier() for n, _ in part.columns):
            raise NotABackup(f"it names a table or column that is not known: {part.name}")
    return made


def tables_to_keep() -> Iterator[Table]:
    """The tables of a backup, each after those that it refers to."""
    return (table for table in metadata.sorted_tables if table.name not in _LEFT_OUT)


def columns_of(table: Table) -> tuple[tuple[str, str], ...]:
    """Names and kinds of the columns that are written; a generated one makes itself."""
    return tuple((c.name, _kind(c)) for c in table.columns if c.computed is None)


def _kind(column: Column[Any]) -> str:
    match column.type:
        case Moment():
            return "moment"
        case Money() | Percent():
            return "hundredths"
        case Boolean():
            return "flag"
        case Date():
            return "date"
        case JSON():
            return "json"
        case String():
            return "text"
        case Integer():
            return "id" if column.primary_key else "number"
    raise TypeError(f"no kind for {column.name} of {column.type!r}")


def bare_table(name: str, columns: Iterable[tuple[str, str]]) -> Table:
    """The table as the manifest describes it, whatever this program's own looks like."""
    return Table(name, MetaData(), *(Column(each, _TYPES[kind]) for each, kind in columns))


def rows_of(name: str, columns: Iterable[tuple[str, str]]) -> Select[Any]:
    """Every row, each after the rows that it refers to."""
    table = bare_table(name, columns)
    statement = select(*table.columns)
    keys = [table.c[key.name] for key in metadata.tables[name].primary_key.columns]
    if name == payments.name:
        # A refund refers to its charge, whatever their numbers are.
        return statement.order_by(table.c.refunds_payment_id.is_not(None), *keys)
    return statement.order_by(*keys)


def encoder(kinds: Iterable[str]) -> Callable[[Iterable[Any]], bytes]:
    """What makes a line of a row of these kinds."""
    parts = [_TO_JSON.get(kind) for kind in kinds]

    def encode(values: Iterable[Any]) -> bytes:
        row = [
            value if value is None or part is None else part(value)
            for value, part in zip(values, parts, strict=True)
        ]
        return _LINES.encode(row).encode() + b"\n"

    return encode


def decoder(kinds: Iterable[str]) -> Callable[[bytes], list[Any]]:
    """What reads a line of a row of these kinds; NotABackup where it is none."""
    parts = [_FROM_JSON.get(kind) for kind in kinds]

    def decode(line: bytes) -> list[Any]:
        try:
            return [
                value if value is None or part is None else part(value)
                for value, part in zip(json.loads(line), parts, strict=True)
            ]
        except (ValueError, TypeError, ArithmeticError) as error:
            raise NotABackup("a row cannot be read") from error

    return decode


_LINES: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_DOCUMENTS: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)
_TO_JSON: Final[dict[str, Callable[[Any], Any]]] = {
    # Numbers as floats: 49.00, 49.0 and 4.9e1 are the same amount in a document.
    "json": lambda value: _DOCUMENTS.encode(json.loads(value)),
    "hundredths": str,
    "moment": lambda value: value.isoformat(timespec="microseconds"),
    "date": lambda value: value.isoformat(),
    "flag": bool,
}
_FROM_JSON: Final[dict[str, Callable[[Any], Any]]] = {
    "hundredths": Decimal,
    "moment": datetime.fromisoformat,
    "date": date.fromisoformat,
}


def next_id(connection: Connection, table: Table) -> int | None:
    """The number that the table's next row will get; None where the key is no counter.

    Kept, since the rows with the highest numbers may be gone, and keys are never reused.
    """
    if not any(column.autoincrement is True for column in table.primary_key.columns):
        return None
    if connection.dialect.name == "sqlite":
        highest = connection.scalar(
            text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table.name}
        )
        return int(highest or 0) + 1
    found = connection.scalar(
        text(
            "SELECT auto_increment FROM information_schema.tables"
            " WHERE table_schema = DATABASE() AND table_name = :name"
        ),
        {"name": table.name},
    )
    return int(found or 1)


def set_next_id(connection: Connection, name: str, number: int) -> None:
    """Go on counting where the source's table was; a smaller number changes nothing."""
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql(f"ALTER TABLE {name} AUTO_INCREMENT = {number:d}")
        return
    values = {"name": name, "seq": number - 1}
    known = text("UPDATE sqlite_sequence SET seq = MAX(seq, :seq) WHERE name = :name")
    if connection.execute(known, values).rowcount == 0:
        connection.execute(
            text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)"), values
        )
