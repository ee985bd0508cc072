"""What repositories have in common."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table, insert


class Repository:
    """SQL of one topic on one transaction's connection."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def insert(self, table: Table, **values: Any) -> int:
        """Insert one row and return its id: RETURNING is not known to MySQL."""
        key = self.connection.execute(insert(table).values(**values)).inserted_primary_key
        assert key is not None  # one row, one key
        return int(key[0])


def like(text: str) -> str:
    """A pattern that finds the text anywhere, with its own % and _ taken literally.

    The escape character is "!", which needs no doubling in any dialect.
    """
    escaped = text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{escaped}%"
