"""Statements compiled once and handed to the driver as they are.

A tenth of a millisecond less for each than `Connection.execute`, half of what a short one
costs its client. Only for those that a crowd waits behind; see CONTRIBUTING, Decisions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Dialect, Insert, Select, Update
from sqlalchemy.exc import DBAPIError

_Processor = Callable[[Any], Any] | None


@dataclass(frozen=True, slots=True)
class Ran:
    """How many rows an UPDATE matched; the id that an INSERT was given."""

    matched: int
    row_id: int


@dataclass(frozen=True, slots=True)
class _Ready:
    """A statement of one dialect: its text, and how values go in and come out.

    ``order`` is that of a driver which takes values by place; PyMySQL takes them by name.
    """

    sql: str
    constants: dict[str, Any]
    given: tuple[tuple[str, _Processor], ...]
    order: tuple[str, ...] | None
    columns: tuple[_Processor, ...]

    def values(self, given: Mapping[str, Any]) -> dict[str, Any] | tuple[Any, ...]:
        named = self.constants.copy()
        for name, processor in self.given:
            named[name] = given[name] if processor is None else processor(given[name])
        return named if self.order is None else tuple([named[name] for name in self.order])

    def read(self, row: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(
            [
                value if processor is None else processor(value)
                for value, processor in zip(row, self.columns, strict=True)
            ]
        )


class Prepared:
    """One statement. Parameters are its ``bindparam``s, or the ``columns`` of an INSERT.

    It has no ``IN`` of a list: its text must not depend on the values.
    """

    def __init__(
        self, statement: Select[Any] | Update | Insert, *, columns: Sequence[str] | None = None
    ) -> None:
        self._statement = statement
        self._columns = columns
        self._ready: WeakKeyDictionary[Dialect, _Ready] = WeakKeyDictionary()

    def alone(self, connection: Connection, **values: Any) -> tuple[Any, ...] | None:
        """The one row, asked outside any transaction: it sees what is committed by now."""
        return self._one(connection, values)

    def row(self, connection: Connection, **values: Any) -> tuple[Any, ...] | None:
        """The one row as the transaction sees it, which begins with this statement if need be."""
        _begin(connection)
        return self._one(connection, values)

    def rows(self, connection: Connection, **values: Any) -> list[tuple[Any, ...]]:
        _begin(connection)
        ready = self._for(connection.dialect)
        with _cursor(connection, ready.sql) as cursor:
            cursor.execute(ready.sql, ready.values(values))
            return [ready.read(row) for row in cursor.fetchall()]

    def run(self, connection: Connection, **values: Any) -> Ran:
        _begin(connection)
        ready = self._for(connection.dialect)
        with _cursor(connection, ready.sql) as cursor:
            cursor.execute(ready.sql, ready.values(values))
            return Ran(cursor.rowcount, cursor.lastrowid)

    def run_many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert several rows; on a server in one statement."""
        _begin(connection)
        ready = self._for(connection.dialect)
        with _cursor(connection, ready.sql) as cursor:
            cursor.executemany(ready.sql, [ready.values(row) for row in rows])

    def _one(self, connection: Connection, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
        ready = self._for(connection.dialect)
        with _cursor(connection, ready.sql) as cursor:
            cursor.execute(ready.sql, ready.values(values))
            row = cursor.fetchone()
        return None if row is None else ready.read(row)

    def _for(self, dialect: Dialect) -> _Ready:
        ready = self._ready.get(dialect)
        if ready is None:
            ready = self._ready[dialect] = self._compile(dialect)
        return ready

    def _compile(self, dialect: Dialect) -> _Ready:
        compiled: Any = self._statement.compile(dialect=dialect, column_keys=self._columns)
        constants: dict[str, Any] = {}
        given: list[tuple[str, _Processor]] = []
        for name, value in compiled.params.items():
            bind = compiled.binds[name]
            processor = bind.type.dialect_impl(dialect).bind_processor(dialect)
            if bind.required:
                given.append((name, processor))
            else:
                constants[name] = value if processor is None else processor(value)
        columns: tuple[_Processor, ...] = ()
        if isinstance(self._statement, Select):
            columns = tuple(
                column.type.dialect_impl(dialect).result_processor(dialect, None)
                for column in self._statement.selected_columns
            )
        order = None if compiled.positiontup is None else tuple(compiled.positiontup)
        return _Ready(str(compiled), constants, tuple(given), order, columns)


def _begin(connection: Connection) -> None:
    if not connection.in_transaction():
        connection.begin()


@contextmanager
def _cursor(connection: Connection, sql: str) -> Iterator[Any]:
    """The driver's cursor, with what SQLAlchemy does around one: listeners, and its errors."""
    dialect: Any = connection.dialect
    cursor = connection.connection.cursor()
    try:
        for listener in connection.dispatch.before_cursor_execute:
            listener(connection, cursor, sql, (), None, False)
        yield cursor
    except dialect.loaded_dbapi.Error as error:
        is_lost = dialect.is_disconnect(error, connection.connection, cursor)
        told = DBAPIError.instance(
            sql,
            None,
            error,
            dialect.loaded_dbapi.Error,
            hide_parameters=True,
            connection_invalidated=is_lost,
            dialect=dialect,
        )
        if is_lost:
            connection.invalidate(error)
        raise told from error
    finally:
        cursor.close()
