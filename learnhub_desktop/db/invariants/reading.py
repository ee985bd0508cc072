"""How the questions read: row by row, since a large school does not fit into memory.

Their statements are built once and kept (`functools.cache`): to build one takes ten times as
long as to run it on a small school, and tests ask after each step.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import CompoundSelect, Connection, Select

_ROWS_AT_ONCE: Final = 2_000


def rows(connection: Connection, statement: Select[Any] | CompoundSelect[Any]) -> Iterator[Any]:
    """The rows of a statement. They must be read to their end before the next one."""
    # Told to the call: an option of the statement would be a new statement each time.
    return iter(connection.execute(statement, execution_options={"yield_per": _ROWS_AT_ONCE}))
