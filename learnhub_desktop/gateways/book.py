"""The simulated gateway's book: an SQLite file beside the school, which no school can erase.

The journal is a write-ahead log with synchronous=FULL: each commit is on the disk when it
returns. (A rollback journal would need synchronous=EXTRA for that: its commit is the removal
of a file, and FULL does not sync the folder. https://www.sqlite.org/pragma.html#pragma_synchronous)
"""

from __future__ import annotations

import os
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from learnhub_desktop.errors import LearnHubError
from learnhub_desktop.gateways.port import GatewayUnreachable

FORMAT: Final = 1
BUSY_S: Final = 10.0

_APPEND_ONLY: Final = ("book", "entries", "settlements", "voids", "attempts")
_TABLES: Final = """
CREATE TABLE book (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    book_id TEXT NOT NULL,
    format INTEGER NOT NULL,
    created_at TEXT NOT NULL
);
CREATE TABLE entries (
    entry_id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE CHECK (length(key) BETWEEN 1 AND 100),
    kind TEXT NOT NULL CHECK (kind IN ('charge', 'refund')),
    charge_key TEXT CHECK ((kind = 'refund') = (charge_key IS NOT NULL)),
    payment_id INTEGER NOT NULL,
    cents INTEGER NOT NULL CHECK (typeof(cents) = 'integer' AND cents > 0),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    card TEXT NOT NULL,
    card_fingerprint TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('approved', 'declined', 'pending')),
    reason_code TEXT,
    reference TEXT NOT NULL UNIQUE,
    at TEXT NOT NULL
);
CREATE INDEX entries_charge_key ON entries (charge_key) WHERE charge_key IS NOT NULL;
CREATE TABLE settlements (
    key TEXT PRIMARY KEY REFERENCES entries (key),
    state TEXT NOT NULL CHECK (state IN ('approved', 'declined')),
    reason_code TEXT,
    at TEXT NOT NULL
);
CREATE TABLE voids (
    key TEXT PRIMARY KEY,
    at TEXT NOT NULL
);
CREATE TABLE attempts (
    attempt_id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    operation TEXT NOT NULL,
    outcome TEXT NOT NULL,
    mood TEXT NOT NULL,
    at TEXT NOT NULL
);
CREATE TABLE moods (
    operation TEXT PRIMARY KEY,
    mood TEXT NOT NULL,
    calls_left INTEGER CHECK (calls_left > 0),
    delay_ms INTEGER NOT NULL DEFAULT 0 CHECK (delay_ms >= 0)
);
CREATE VIEW standing AS
SELECT e.*, coalesce(s.state, e.state) AS state_now, coalesce(s.reason_code, e.reason_code)
    AS reason_now FROM entries AS e LEFT JOIN settlements AS s ON s.key = e.key;
CREATE TRIGGER entries_key_is_free BEFORE INSERT ON entries
WHEN EXISTS (SELECT 1 FROM entries WHERE key = NEW.key OR entry_id = NEW.entry_id)
BEGIN SELECT RAISE(ABORT, 'this key has an entry'); END;
CREATE TRIGGER entries_not_voided BEFORE INSERT ON entries
WHEN EXISTS (SELECT 1 FROM voids WHERE key = NEW.key)
BEGIN SELECT RAISE(ABORT, 'this key is voided'); END;
CREATE TRIGGER voids_nothing_done BEFORE INSERT ON voids
WHEN EXISTS (SELECT 1 FROM standing WHERE key = NEW.key AND state_now <> 'declined')
BEGIN SELECT RAISE(ABORT, 'this key has done its work'); END;
CREATE TRIGGER entries_within_charge BEFORE INSERT ON entries
WHEN NEW.kind = 'refund' AND NEW.state <> 'declined'
BEGIN
    SELECT RAISE(ABORT, 'this refund is above what is left of its charge')
    WHERE NEW.cents > coalesce((SELECT cents FROM standing WHERE key = NEW.charge_key
            AND kind = 'charge' AND state_now = 'approved' AND currency = NEW.currency), 0)
        - coalesce((SELECT sum(cents) FROM standing
            WHERE charge_key = NEW.charge_key AND state_now <> 'declined'), 0);
END;
"""


def create_book(path: Path, *, book_id: str | None = None) -> str:
    """Make an empty book and return its id, which the school's settings must name.

    LearnHubError where the file is there already or cannot be made.
    """
    identity = book_id or str(uuid.uuid4())
    if path.exists():
        raise LearnHubError(f"There is already a file in {path}, so no gateway's book was made.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(exist_ok=False)
    except OSError as error:
        raise LearnHubError(
            f"The gateway's book cannot be made in {path}: {error.strerror}."
        ) from error
    try:
        _fill(path, identity)
    except sqlite3.Error as error:
        with suppress(OSError):
            path.unlink()
        raise LearnHubError(f"The gateway's book cannot be made in {path}: {error}.") from error
    return identity


def _fill(path: Path, book_id: str) -> None:
    connection = _connect(path)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        guards = "".join(
            f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'the book is append-only'); END;\n"
            for table in _APPEND_ONLY
            for act in ("UPDATE", "DELETE")
        )
        connection.executescript(f"BEGIN IMMEDIATE;{_TABLES}{guards}")
        connection.execute(
            "INSERT INTO book VALUES (1, ?, ?, ?)",
            (book_id, FORMAT, datetime.now(UTC).isoformat()),
        )
        connection.execute("COMMIT")
    finally:
        connection.close()


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=rw",  # rw: a missing book is never made by opening it
        uri=True,
        timeout=BUSY_S,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA synchronous = FULL")
    # macOS keeps data in the drive's own cache without these; elsewhere they do nothing.
    connection.execute("PRAGMA fullfsync = ON")
    connection.execute("PRAGMA checkpoint_fullfsync = ON")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


class CommitUnknown(Exception):
    """COMMIT itself failed: what was written may or may not be in the book."""


class Book:
    """One process's way to the book. Threads take turns; processes wait for each other.

    One that is not ``durable`` does not wait for the disk: for a book that is still made up.
    """

    def __init__(self, path: Path, book_id: str, *, durable: bool = True) -> None:
        self.path = path
        self.book_id = book_id
        self._durable = durable
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._opened: tuple[int, int, int] | None = None

    def close(self) -> None:
        with self._lock:
            self._close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Committed and on the disk when the block has ended; nothing of it where it raised.

        GatewayUnreachable where the book is missing, another, damaged or busy for too long
        (then nothing was written), CommitUnknown where only COMMIT failed.
        """
        with self._lock:
            connection = self._open()
            with _unreachable(self.path):
                connection.execute("BEGIN IMMEDIATE")
            try:
                with _unreachable(self.path):
                    yield connection
            except BaseException:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise
            try:
                connection.execute("COMMIT")
            except sqlite3.Error as error:
                self._close()
                raise CommitUnknown(str(error)) from error

    def read(self, sql: str, parameters: tuple[object, ...] = ()) -> list[sqlite3.Row]:
        with self._lock:
            connection = self._open()
            with _unreachable(self.path):
                return connection.execute(sql, parameters).fetchall()

    def _open(self) -> sqlite3.Connection:
        """The open connection, or a new one where the file was replaced or we were forked."""
        try:
            status = os.stat(self.path)
        except OSError as error:
            self._close()
            raise _missing() from error
        now = (os.getpid(), status.st_dev, status.st_ino)
        if self._connection is not None and self._opened == now:
            return self._connection
        self._close()
        with _unreachable(self.path):
            connection = _connect(self.path)
            if not self._durable:
                connection.execute("PRAGMA synchronous = OFF")
            try:
                row = connection.execute("SELECT book_id, format FROM book").fetchone()
            except sqlite3.Error:
                connection.close()
                raise
        if row is None or row["book_id"] != self.book_id or row["format"] != FORMAT:
            connection.close()
            raise _missing()
        self._connection, self._opened = connection, now
        return connection

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()


def _missing() -> GatewayUnreachable:
    return GatewayUnreachable(
        "Payment gateway not reachable: this computer does not have the book that the school "
        "names. Nothing was sent."
    )


@contextmanager
def _unreachable(path: Path) -> Iterator[None]:
    """A book that cannot be read or written is a gateway that cannot be reached."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise  # A trigger stopped us: our own rules disagree with the book's, which is a bug.
    except sqlite3.DatabaseError as error:
        raise GatewayUnreachable(
            f"Payment gateway not reachable: its book {path.name} cannot be used ({error}). "
            "Nothing was sent."
        ) from error
