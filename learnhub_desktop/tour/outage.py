"""A server that goes away for a while, as the program meets it: every statement fails."""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError

from learnhub_desktop.db.engine import Engines


class Outage:
    """While it lasts, no statement of the school reaches its database."""

    def __init__(self, engines: Engines) -> None:
        self._engines = (engines.reader, engines.writer)

    def begin(self) -> None:
        for engine in self._engines:
            event.listen(engine, "before_cursor_execute", _fail)

    def end(self) -> None:
        for engine in self._engines:
            event.remove(engine, "before_cursor_execute", _fail)


def _fail(connection: Connection, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR
    raise OperationalError(statement, parameters, error)
