"""How the questions read: row by row, since a large school does not fit into memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import CompoundSelect, Connection, Select

_ROWS_AT_ONCE: Final = 2_000


def rows(connection: Connection, statement: Select[Any] | CompoundSelect[Any]) -> Iterator[Any]:
    """The rows of a statement. They must be read to their end before the next one."""
    return iter(connection.execute(statement.execution_options(yield_per=_ROWS_AT_ONCE)))


def number(count: int, one: str, many: str) -> str:
    """``1 seat``, ``2 seats``."""
    return f"{count:,} {one if count == 1 else many}"
