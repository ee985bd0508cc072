"""Engines: one that reads, one that writes, set up alike on every connection."""

from __future__ import annotations

import os
import sqlite3
import ssl
import threading
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pymysql.constants import CLIENT
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from learnhub_desktop.db.cluster import Members, addresses_of, see_the_latest, without_members
from learnhub_desktop.db.types import TEXT_COLLATION
from learnhub_desktop.db.wire import connect
from learnhub_desktop.errors import LearnHubError

# Two-tier: every workstation takes its share of the server's connections, so pools are
# small; a new one costs 2 ms with a shared TLS context.
READERS: Final = 3
WRITERS: Final = 2
_CONNECT_TIMEOUT_S: Final = 5
_ANSWER_TIMEOUT_S: Final = 60
_LOCK_WAIT_S: Final = 5  # the server's default is 50
_RECYCLE_S: Final = 1_800
_POOL_TIMEOUT_S: Final = 10

_WRITES: Final = "learnhub_writes"


@dataclass(frozen=True, slots=True)
class Engines:
    """``reader`` cannot write, whatever it is told; ``killer`` stops a reader's statement.

    ``members`` are there where the database has several addresses.
    """

    reader: Engine
    writer: Engine
    killer: Engine | None
    members: Members | None = None

    def dispose(self) -> None:
        for engine in (self.reader, self.writer, self.killer):
            if engine is not None:
                engine.dispose()


class SqlOnGuardedThread(RuntimeError):
    """A statement was about to run on the thread that paints the window."""


def guard(engines: Engines, thread_ident: int) -> None:
    """From now on no statement may run on that thread: the window never waits."""

    def refuse(connection: Connection, cursor: Any, statement: str, *rest: Any) -> None:
        if threading.get_ident() == thread_ident:
            raise SqlOnGuardedThread(f"SQL on the Qt thread: {statement[:80]}")

    event.listen(engines.reader, "before_cursor_execute", refuse)
    event.listen(engines.writer, "before_cursor_execute", refuse)


def open_engines(
    url: str | URL,
    *,
    tls: ssl.SSLContext | None = None,
    patient: bool = False,
    durable: bool = True,
) -> Engines:
    """Engines for a school. Nothing is connected yet.

    Further addresses of the same database stand in the URL as ``?member=host:port``; whichever
    member takes changes is used, and another one once that has gone.

    ``tls`` is one context for all connections (it verifies as it was made to); None leaves
    the connection unencrypted, which is for a server on this computer only. A password
    must already be in ``url``: where it comes from is the caller's business. ``patient``
    engines wait for an answer as long as it takes, for upgrades, backups and recounts. A
    file that is not ``durable`` waits for no disk: it is lost if the machine stops, unless
    `finish_file` was called.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_engines(parsed, durable)
    if parsed.get_backend_name() in ("mysql", "mariadb"):
        return _server_engines(parsed.set(drivername="mysql+pymysql"), tls, patient)
    raise LearnHubError(
        f"A database of kind “{parsed.get_backend_name()}” cannot hold a school. "
        "Use mysql://… or sqlite:///…"
    )


def _server_engines(named: URL, tls: ssl.SSLContext | None, patient: bool) -> Engines:
    addresses, url = addresses_of(named), without_members(named)
    answer_timeout_s = None if patient else _ANSWER_TIMEOUT_S
    arguments: dict[str, Any] = {
        "charset": "utf8mb4",
        "connect_timeout": _CONNECT_TIMEOUT_S,
        "read_timeout": answer_timeout_s,
        "write_timeout": answer_timeout_s,
    }
    if tls is not None:
        arguments["ssl"] = tls
    else:
        arguments["ssl_disabled"] = True
    shared: dict[str, Any] = {
        "connect_args": arguments,
        "pool_pre_ping": True,
        "pool_recycle": _RECYCLE_S,
        "pool_timeout": _POOL_TIMEOUT_S,
        "max_overflow": 1,
        # An error's text reaches the log, and the values may be names and addresses.
        "hide_parameters": True,
    }
    # One snapshot for all statements of a read, which `_begin_reading` begins; a statement
    # that is alone needs none. Locks see the newest row in a write.
    reader = create_engine(url, isolation_level="AUTOCOMMIT", pool_size=READERS, **shared)
    # What a purchase writes goes out together; each value of it is escaped by the driver.
    # FOUND_ROWS is SQLAlchemy's own, and this replaces it: a row counts as matched, though it
    # had the new values before.
    flags = CLIENT.MULTI_STATEMENTS | CLIENT.FOUND_ROWS
    several = {**shared, "connect_args": {**arguments, "client_flag": flags}}
    writer = create_engine(url, isolation_level="READ COMMITTED", pool_size=WRITERS, **several)
    killer = create_engine(
        url, isolation_level="AUTOCOMMIT", poolclass=NullPool, connect_args=arguments
    )
    event.listen(reader, "connect", _prepare_server_reader)
    event.listen(reader, "begin", _begin_reading)
    event.listen(writer, "connect", _prepare_server_writer)
    if len(addresses) == 1:
        for engine in (reader, writer):
            event.listen(engine, "do_connect", connect)
        return Engines(reader, writer, killer)
    members = Members(addresses)
    members.serve(reader=reader, writer=writer, killer=killer)
    return Engines(reader, writer, killer, members)


# The servers' own collations differ, and a trigger keeps the one it was made under.
_SESSION: Final = (
    f"SET SESSION time_zone = '+00:00', collation_connection = {TEXT_COLLATION},"
    " sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
    "NO_ENGINE_SUBSTITUTION',"
    f" innodb_lock_wait_timeout = {_LOCK_WAIT_S}"
)


def _prepare_server_writer(connection: Any, entry: ConnectionPoolEntry) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SESSION)
    see_the_latest(connection, writes=True)


def _prepare_server_reader(connection: Any, entry: ConnectionPoolEntry) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SESSION)
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    see_the_latest(connection, writes=False)


def _begin_reading(connection: Connection) -> None:
    connection.exec_driver_sql("START TRANSACTION")


def finish_file(path: Path) -> None:
    """Bring an SQLite file onto the disk, whole, so that it alone can be moved or copied.

    Nobody else may have it open.
    """
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _sqlite_engines(url: URL, durable: bool) -> Engines:
    path = url.database
    if not path or path == ":memory:":
        raise LearnHubError("A school lives in a file: name one, as in sqlite:///school.db")
    _refuse_network_folder(Path(path))
    arguments = {"check_same_thread": False, "timeout": _LOCK_WAIT_S}
    shared: dict[str, Any] = {
        "connect_args": arguments,
        "pool_timeout": _POOL_TIMEOUT_S,
        "max_overflow": 1,
        "hide_parameters": True,
    }
    reader = create_engine(url, pool_size=READERS, **shared)
    writer = create_engine(url, pool_size=WRITERS, **shared)
    for engine in (reader, writer):
        event.listen(engine, "begin", _begin_sqlite)
        event.listen(engine, "connect", _prepare_sqlite if durable else _prepare_hasty_sqlite)
    event.listen(reader, "connect", _forbid_writing)
    # A deferred BEGIN that turns to writing fails at once with "database is locked".
    return Engines(reader, writer.execution_options(**{_WRITES: True}), None)


def _prepare_sqlite(connection: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
    # The driver's own BEGIN comes too late and never for reads; `_begin_sqlite` does it.
    connection.isolation_level = None
    for pragma in ("foreign_keys = ON", "journal_mode = WAL", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _prepare_hasty_sqlite(connection: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
    _prepare_sqlite(connection, entry)
    connection.execute("PRAGMA synchronous = OFF")


def _forbid_writing(connection: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
    connection.execute("PRAGMA query_only = ON")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


_NETWORK_KINDS: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "fuse.sshfs", "9p", "ncpfs", "glusterfs"}
)


def _refuse_network_folder(path: Path) -> None:
    """SQLite's locks do not hold on a network folder, and two desks would ruin the file.

    https://www.sqlite.org/faq.html#q5
    """
    text = str(path)
    if text.startswith(("\\\\", "//")) or _mount_kind(path) in _NETWORK_KINDS:
        raise LearnHubError(
            f"{path.name} is in a network folder, where a school in one file is not safe. "
            "Keep it on this computer, or use a MySQL server for several desks."
        )


def _mount_kind(path: Path) -> str:
    """The file system's type under ``path`` on Linux, else an empty string."""
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    resolved = path.resolve()
    best, kind = -1, ""
    for line in mounts.splitlines():
        parts = line.split(" ")
        if len(parts) < 3:
            continue
        folder = Path(parts[1].replace("\\040", " "))
        if (resolved == folder or folder in resolved.parents) and len(str(folder)) > best:
            best, kind = len(str(folder)), parts[2]
    return kind
