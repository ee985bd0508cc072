"""What repositories have in common."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from sqlalchemy import ClauseElement, ColumnElement, Connection, Select, Table, bindparam, insert
from sqlalchemy import update as update_statement

from learnhub_desktop.db.prepared import Prepared

# The parameter of a statement that `one_by` made.
KEY: Final = "wanted_key"


class Repository:
    """SQL of one topic on one transaction's connection."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def insert(self, table: Table, **values: Any) -> int:
        """Insert one row and return its id: RETURNING is not known to MySQL."""
        return insert_into(table, tuple(values)).run(self.connection, **values).row_id

    def change(self, table: Table, key: int, **values: Any) -> None:
        """Update the row with this id. A value may be an expression of the row's columns."""
        [column] = table.primary_key.columns
        if any(isinstance(value, ClauseElement) for value in values.values()):
            statement = update_statement(table).where(column == key).values(**values)
            self.connection.execute(statement)
        else:
            update_of(table, tuple(values)).run(self.connection, **values, **{KEY: key})


# Made once for the columns that each service names: putting a statement together takes
# longer than running it.
@cache
def insert_into(table: Table, names: tuple[str, ...]) -> Prepared:
    """An INSERT of one row with these columns."""
    return Prepared(insert(table).inline(), columns=names)


@cache
def update_of(table: Table, names: tuple[str, ...]) -> Prepared:
    """An UPDATE of these columns, of the row whose id is `KEY`."""
    [column] = table.primary_key.columns
    values = {name: bindparam(name, type_=table.c[name].type) for name in names}
    key = bindparam(KEY, type_=column.type)
    return Prepared(update_statement(table).where(column == key).values(values))


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
