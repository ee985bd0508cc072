"""Wires that break where a test wants them to: a connection killed at a chosen statement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from learnhub_desktop.db.transactions import Database
from tests.waiting import wait_until


def ask(database: Database, statement: str) -> int:
    """One number from the server, on a connection of its own."""
    assert database.engines.killer is not None
    with database.engines.killer.connect() as connection:
        return int(connection.exec_driver_sql(statement).scalar_one())


def kill(database: Database, thread_id: int) -> None:
    """End a connection at the server, and wait until it is gone."""
    assert database.engines.killer is not None
    with database.engines.killer.connect() as connection:
        connection.exec_driver_sql(f"KILL {thread_id}")
    alive = f"SELECT COUNT(*) FROM information_schema.processlist WHERE id = {thread_id}"
    wait_until(lambda: ask(database, alive) == 0)


def is_running(database: Database, pattern: str) -> bool:
    """Whether a statement like this runs now: one that should take no time waits for a lock.

    InnoDB's own list of waits is renewed only once nobody has read it for 0.1 s.
    """
    return (
        ask(
            database,
            "SELECT COUNT(*) FROM information_schema.processlist WHERE id <> CONNECTION_ID()"
            f" AND db = DATABASE() AND command = 'Query' AND info LIKE '{pattern}'",
        )
        > 0
    )


class Cut:
    """What has happened: how many statements were begun, and how many connections killed."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.killed = 0


@contextmanager
def killed_at(
    database: Database, *, number: int = 0, begins: str = "", times: int = 1
) -> Iterator[Cut]:
    """Kill the writing connection just before a statement: the n-th, or those that begin so."""
    cut = Cut()

    def before(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        cut.begun.append(statement)
        is_it = statement.startswith(begins) if begins else len(cut.begun) == number
        if is_it and cut.killed < times:
            cut.killed += 1
            kill(database, connection.connection.dbapi_connection.thread_id())

    event.listen(database.engines.writer, "before_cursor_execute", before)
    try:
        yield cut
    finally:
        event.remove(database.engines.writer, "before_cursor_execute", before)
