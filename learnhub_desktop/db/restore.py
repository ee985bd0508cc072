"""Restoring a backup into a database that holds no school.

Triggers come after the rows: what they count, audit and announce is in the backup already.
"""

from __future__ import annotations

import hashlib
import ssl
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Connection, insert, inspect, make_url
from sqlalchemy.exc import DBAPIError

from learnhub_desktop.db import portable
from learnhub_desktop.db.backup import (
    Cancelled,
    Step,
    Told,
    never,
    say_nothing,
    stop_if,
    write_portable,
)
from learnhub_desktop.db.engine import Engines, finish_file, open_engines
from learnhub_desktop.db.failures import for_people, told
from learnhub_desktop.db.lease import lease
from learnhub_desktop.db.portable import FORMAT, MANIFEST, Manifest, NotABackup, TablePart
from learnhub_desktop.db.school import (
    SchoolRefusal,
    ensure_database,
    label,
    make_administrator,
)
from learnhub_desktop.db.tables import metadata
from learnhub_desktop.db.upgrade import bring_up, ensure_schema_info, lay_foundation
from learnhub_desktop.db.version import SCHEMA_VERSION, standing
from learnhub_desktop.errors import (
    DatabaseUnavailable,
    InvalidInput,
    LearnHubError,
    RuleRefused,
)
from learnhub_desktop.files import DAMAGED_ZIP, LineSum

_SQLITE_MAGIC: Final = b"SQLite format 3\x00"
_ROWS_AT_ONCE: Final = 500
# Alembic's own table, beside ours.
_VERSION_TABLE: Final = "alembic_version"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored: the school's name, when the backup was made, and how many rows."""

    school: str
    made_at: str
    rows: int


def restore(
    path: Path,
    url: str | URL,
    *,
    tls: ssl.SSLContext | None = None,
    told_step: Told = say_nothing,
    cancelled: Cancelled = never,
) -> Restored:
    """Make a school out of a backup, in a database or file that holds none.

    Raises RuleRefused where there is a school already, InvalidInput where the file is no
    backup or was damaged. Whatever goes wrong, nothing half restored is left behind.
    """
    target = make_url(url)
    with _as_portable(path) as (archive, manifest):
        _check_files(archive, manifest, path, told_step, cancelled)
        with told(label(target)):
            if target.get_backend_name() == "sqlite":
                _into_file(archive, manifest, target, told_step, cancelled)
            else:
                _into_server(archive, manifest, target, tls, told_step, cancelled)
    return Restored(manifest.school, manifest.made_at, manifest.rows)


@contextmanager
def _as_portable(path: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """The backup as a portable file; a copy of a school's file is turned into one first."""
    with tempfile.TemporaryDirectory(prefix="learnhub-restore-") as folder:
        try:
            with path.open("rb") as file:
                is_copy = file.read(len(_SQLITE_MAGIC)) == _SQLITE_MAGIC
            if is_copy:
                path = _converted(path, Path(folder))
            with zipfile.ZipFile(path) as archive:
                manifest = _read_manifest(archive)
                if manifest.format > FORMAT or manifest.schema_version > SCHEMA_VERSION:
                    raise InvalidInput(
                        "path",
                        f"{path.name} was made by a newer LearnHub. Restore it with that one.",
                    )
                yield archive, manifest
        except OSError as error:
            raise InvalidInput(
                "path", f"{path.name} cannot be read: {error.strerror or error}."
            ) from error
        except zipfile.BadZipFile as error:
            raise InvalidInput("path", f"{path.name} is no backup of LearnHub.") from error
        except NotABackup as error:
            raise InvalidInput("path", f"{path.name} is damaged: {error}.") from error


def _read_manifest(archive: zipfile.ZipFile) -> Manifest:
    try:
        document = archive.read(MANIFEST).decode()
    except (*DAMAGED_ZIP, UnicodeDecodeError) as error:
        raise zipfile.BadZipFile("it has no manifest") from error
    return portable.read_manifest(document)


@contextmanager
def _disposed(engines: Engines) -> Iterator[None]:
    try:
        yield
    finally:
        engines.dispose()


def _converted(copy: Path, folder: Path) -> Path:
    """A copy of a school's file as a portable one; NotABackup where it is damaged."""
    target = folder / f"{copy.stem}.zip"
    engines = open_engines(URL.create("sqlite", database=str(copy)))
    try:
        with _disposed(engines), told(copy.name), engines.reader.connect() as connection:
            write_portable(connection, target)
    except (DatabaseUnavailable, DBAPIError) as error:
        raise NotABackup("SQLite cannot read all of it") from error
    except (ValueError, ArithmeticError) as error:
        # A moment, an amount or a document that nobody has written so.
        raise NotABackup("it holds a value that no school has") from error
    return target


def _check_files(
    archive: zipfile.ZipFile,
    manifest: Manifest,
    path: Path,
    told_step: Told,
    cancelled: Cancelled,
) -> None:
    """Read every file once before anything is written anywhere."""
    for part in manifest.tables:
        told_step(Step(f"checking {part.name}", 0, manifest.rows))
        whole = hashlib.sha256()
        try:
            with archive.open(part.file) as file:
                while block := file.read(1 << 20):
                    stop_if(cancelled)
                    whole.update(block)
        except DAMAGED_ZIP as error:
            raise NotABackup(f"the file of {part.name} cannot be read") from error
        if whole.hexdigest() != part.file_sha256:
            raise NotABackup(f"the file of {part.name} is not what was written")


def _into_file(
    archive: zipfile.ZipFile,
    manifest: Manifest,
    target: URL,
    told_step: Told,
    cancelled: Cancelled,
) -> None:
    """Make the file under another name; it takes its own when all of it is there."""
    path = Path(str(target.database))
    if path.exists() and path.stat().st_size:
        raise RuleRefused(
            SchoolRefusal.EXISTS, f"{path.name} exists already. Name another file to restore into."
        )
    ensure_database(target, tls=None)
    part = path.with_name(f".{path.name}.part")
    _remove(part)
    engines = open_engines(target.set(database=str(part)), durable=False)
    try:
        with _disposed(engines):
            _load(engines, archive, manifest, told_step, cancelled)
            bring_up(engines)
        finish_file(part)
        part.replace(path)
    finally:
        _remove(part)


def _remove(part: Path) -> None:
    for ending in ("", "-wal", "-shm", "-journal"):
        part.with_name(part.name + ending).unlink(missing_ok=True)


def _into_server(
    archive: zipfile.ZipFile,
    manifest: Manifest,
    target: URL,
    tls: ssl.SSLContext | None,
    told_step: Told,
    cancelled: Cancelled,
) -> None:
    ensure_database(target, tls=tls)
    engines = open_engines(target, tls=tls, patient=True)
    with _disposed(engines):
        _require_nothing(engines)
        try:
            _load(engines, archive, manifest, told_step, cancelled)
            bring_up(engines)
        except BaseException:
            _drop_everything(engines)
            raise
        with engines.writer.connect() as connection:
            make_administrator(connection)
            connection.commit()


def _require_nothing(engines: Engines) -> None:
    """RuleRefused unless the database is empty; what an unfinished restore left is removed."""
    with engines.writer.connect() as connection:
        found = standing(connection)
        tables = set(inspect(connection).get_table_names())
    if found is not None and found.has_settings:
        raise RuleRefused(
            SchoolRefusal.EXISTS,
            "This database holds a school already. Name another one, or an empty one.",
        )
    if found is None and tables:
        raise RuleRefused(
            SchoolRefusal.OTHER_PROGRAM,
            "This database holds tables of another program. Name an empty one.",
        )
    if tables:
        _drop_everything(engines)


def _drop_everything(engines: Engines) -> None:
    """Remove the tables of a school that was never whole, with their rows and triggers."""
    with engines.writer.connect() as connection:
        connection.exec_driver_sql("SET SESSION foreign_key_checks = 0")
        names = [*metadata.tables, _VERSION_TABLE]
        for name in names:
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {name}")
        for name in inspect(connection).get_view_names():
            connection.exec_driver_sql(f"DROP VIEW IF EXISTS `{name}`")
        connection.invalidate()  # with its setting


def _load(
    engines: Engines,
    archive: zipfile.ZipFile,
    manifest: Manifest,
    told_step: Told,
    cancelled: Cancelled,
) -> None:
    """Make the tables, fill them, and compare them with the backup's checksums."""
    with engines.writer.connect() as connection:
        ensure_schema_info(connection)
        connection.commit()
        with lease(engines):
            try:
                lay_foundation(connection, manifest.schema_version)
                connection.commit()
                done = 0
                for part in manifest.tables:
                    told_step(Step(part.name, done, manifest.rows))
                    for rows in _load_table(connection, archive, part, cancelled):
                        done += rows
                        told_step(Step(part.name, done, manifest.rows))
                    if part.next_id is not None:
                        portable.set_next_id(connection, part.name, part.next_id)
                    connection.commit()
                for part in manifest.tables:
                    told_step(Step(f"comparing {part.name}", done, manifest.rows))
                    stop_if(cancelled)
                    _compare(connection, part)
            finally:
                # The lease is given back on another connection, which needs its row.
                connection.rollback()


def _load_table(
    connection: Connection, archive: zipfile.ZipFile, part: TablePart, cancelled: Cancelled
) -> Iterator[int]:
    """Insert the table's rows; yield how many, a portion at a time."""
    table = portable.bare_table(part.name, part.columns)
    names = [name for name, _ in part.columns]
    decode = portable.decoder(kind for _, kind in part.columns)
    with archive.open(part.file) as file:
        while lines := list(islice(file, _ROWS_AT_ONCE)):
            stop_if(cancelled)
            rows = [dict(zip(names, decode(line), strict=True)) for line in lines]
            try:
                connection.execute(insert(table), rows)
            except DBAPIError as error:
                raise _not_loaded(connection, part, error) from error
            connection.commit()
            yield len(rows)


def _not_loaded(connection: Connection, part: TablePart, error: DBAPIError) -> Exception:
    """A row that this kind of database does not take, in words; anything else as it is."""
    expected = for_people(error, label=label(connection.engine.url))
    if not isinstance(expected, RuleRefused | InvalidInput):
        return error
    return LearnHubError(
        f"A row of {part.name} cannot be stored in this database. {expected} Nothing was kept."
    )


def _compare(connection: Connection, part: TablePart) -> None:
    encode = portable.encoder(kind for _, kind in part.columns)
    found = LineSum()
    statement = portable.rows_of(part.name, part.columns)
    for row in connection.execute(statement.execution_options(yield_per=_ROWS_AT_ONCE)):
        found.add(encode(row))
    if (found.rows, str(found)) != (part.rows, part.checksum):
        raise LearnHubError(
            f"The restored rows of {part.name} are not those of the backup "
            f"({found.rows:,} of {part.rows:,}). Nothing was kept."
        )
