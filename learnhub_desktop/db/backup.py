"""Backups: a portable file of any school, or a copy of a school that is one file.

A backup is a snapshot: others work on meanwhile. A portable file is restored into a database
that holds no school, of the same kind or another, and compared with its checksums before the
school is declared whole.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Table, func, select

from learnhub_desktop.db import portable
from learnhub_desktop.db.engine import Engines, finish_file
from learnhub_desktop.db.failures import told
from learnhub_desktop.db.portable import FORMAT, MANIFEST, Manifest, TablePart
from learnhub_desktop.db.school import label
from learnhub_desktop.db.tables import school_settings
from learnhub_desktop.db.version import SCHEMA_VERSION, check_version
from learnhub_desktop.errors import InvalidInput, LearnHubError, RuleRefused
from learnhub_desktop.files import LineSum, whole_or_nothing

_FILES: Final = frozenset({".db", ".sqlite", ".sqlite3"})
_ROWS_AT_ONCE: Final = 1_000
_PAGES_AT_ONCE: Final = 2_000  # of a file's copy: 8 MB between two looks at "cancel"


class BackupRefusal(StrEnum):
    CANCELLED = "cancelled"
    EXISTS = "exists"


@dataclass(frozen=True, slots=True)
class Step:
    """How far a backup or a restore is: rows, or pages of a copied file."""

    what: str
    done: int
    total: int


Told = Callable[[Step], None]
Cancelled = Callable[[], bool]


def say_nothing(step: Step) -> None:
    """For callers that show no progress."""


def never() -> bool:
    """For callers that cannot cancel."""
    return False


@dataclass(frozen=True, slots=True)
class BackedUp:
    path: Path
    bytes: int
    rows: int | None  # None for a file's copy, whose rows nobody counted


def backup(
    engines: Engines,
    path: Path,
    *,
    overwrite: bool = False,
    told_step: Told = say_nothing,
    cancelled: Cancelled = never,
) -> BackedUp:
    """Write a backup of the school: a copy for ``.db``, else a portable zip.

    The file appears under its name only when it is whole. RuleRefused where it exists
    already, and where it was cancelled; InvalidInput where it cannot be written.
    """
    if path.exists() and not overwrite:
        raise RuleRefused(BackupRefusal.EXISTS, f"{path.name} exists already. Name another file.")
    is_copy = path.suffix.lower() in _FILES
    if is_copy and engines.killer is not None:
        raise InvalidInput("path", "A school on a server is backed up into a .zip file.")
    with whole_or_nothing(path, field="path") as part:
        if is_copy:
            _copy_file(Path(str(engines.writer.url.database)), part, told_step, cancelled)
            rows = None
        else:
            with told(label(engines.reader.url)), engines.reader.connect() as connection:
                rows = write_portable(connection, part, told_step, cancelled).rows
    return BackedUp(path, path.stat().st_size, rows)


def write_portable(
    connection: Connection,
    path: Path,
    told_step: Told = say_nothing,
    cancelled: Cancelled = never,
) -> Manifest:
    """Write every row that the connection's snapshot shows; return what the file holds."""
    check_version(connection)
    tables = list(portable.tables_to_keep())
    counts = {
        table.name: int(connection.scalar(select(func.count()).select_from(table)) or 0)
        for table in tables
    }
    total, done, parts = sum(counts.values()), 0, []
    if connection.dialect.name == "mysql" and not getattr(connection.dialect, "is_mariadb", False):
        # MySQL remembers statistics for a day, the next number of a counter among them.
        connection.exec_driver_sql("SET SESSION information_schema_stats_expiry = 0")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for table in tables:
            told_step(Step(table.name, done, total))
            part = _write_table(
                connection, archive, table, _later(told_step, table.name, done, total), cancelled
            )
            parts.append(part)
            done += part.rows
        manifest = Manifest(
            format=FORMAT,
            schema_version=SCHEMA_VERSION,
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            school=str(connection.scalar(select(school_settings.c.school_name))),
            source=_kind_of(connection),
            tables=tuple(parts),
        )
        archive.writestr(MANIFEST, manifest.to_json())
    told_step(Step("", total, total))
    return manifest


def _later(told_step: Told, name: str, before: int, total: int) -> Callable[[int], None]:
    """What tells of the rows of one table as a part of all."""
    return lambda rows: told_step(Step(name, before + rows, total))


def _write_table(
    connection: Connection,
    archive: zipfile.ZipFile,
    table: Table,
    told_rows: Callable[[int], None],
    cancelled: Cancelled,
) -> TablePart:
    columns = portable.columns_of(table)
    encode = portable.encoder(kind for _, kind in columns)
    rows, whole = LineSum(), hashlib.sha256()
    next_id = portable.next_id(connection, table)
    statement = portable.rows_of(table.name, columns)
    with archive.open(f"tables/{table.name}.jsonl", "w", force_zip64=True) as file:
        found = connection.execute(statement.execution_options(yield_per=_ROWS_AT_ONCE))
        for portion in found.partitions():
            stop_if(cancelled)
            lines = [encode(row) for row in portion]
            for line in lines:
                rows.add(line)
            block = b"".join(lines)
            whole.update(block)
            file.write(block)
            told_rows(rows.rows)
    return TablePart(
        name=table.name,
        columns=columns,
        rows=rows.rows,
        checksum=str(rows),
        file_sha256=whole.hexdigest(),
        next_id=next_id,
    )


def _kind_of(connection: Connection) -> str:
    is_mariadb = getattr(connection.dialect, "is_mariadb", False)
    return "mariadb" if is_mariadb else connection.dialect.name


def _copy_file(source: Path, target: Path, told_step: Told, cancelled: Cancelled) -> None:
    """Copy a school's file while it is used, and look the copy over."""

    def look(status: int, remaining: int, total: int) -> None:
        stop_if(cancelled)
        told_step(Step(source.name, total - remaining, total))

    with closing(sqlite3.connect(source)) as school, closing(sqlite3.connect(target)) as copy:
        school.backup(copy, pages=_PAGES_AT_ONCE, progress=look)
        # One file, without the journal that the original keeps beside it.
        copy.execute("PRAGMA journal_mode = DELETE")
        sound = copy.execute("PRAGMA integrity_check").fetchone()[0]
    if sound != "ok":
        raise LearnHubError(f"{source.name} is damaged, and so is its copy: {sound}.")
    finish_file(target)


def stop_if(cancelled: Cancelled) -> None:
    """Raise RuleRefused where the person has cancelled."""
    if cancelled():
        raise RuleRefused(BackupRefusal.CANCELLED, "It was cancelled; nothing was kept of it.")
