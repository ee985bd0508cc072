"""What repositories have in common."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, Table, bindparam, insert

# The parameter of a statement that `one_by` made.
KEY: Final = "wanted_key"


class Repository:
    """SQL of one topic on one transaction's connection."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def insert(self, table: Table, **values: Any) -> int:
        """Insert one row and return its id: RETURNING is not known to MySQL."""
        # As parameters: a VALUES clause of its own is taken apart anew for every row.
        key = self.connection.execute(insert(table), values).inserted_primary_key
        assert key is not None  # one row, one key
        return int(key[0])


def one_by(statement: Select[Any], column: ColumnElement[Any]) -> tuple[Select[Any], Select[Any]]:
    """The statement for the row with one key, plain and locking; `KEY` names the parameter.

    Made once for the busiest statements: putting one together takes twice as long as
    running it.
    """
    one = statement.where(column == bindparam(KEY))
    return one, one.with_for_update()


def like(text: str) -> str:
    """A pattern that finds the text anywhere, with its own % and _ taken literally.

    The escape character is "!", which needs no doubling in any dialect.
    """
    escaped = text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{escaped}%"
