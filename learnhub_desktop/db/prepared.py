"""Statements compiled once and handed to the driver as they are.

A tenth of a millisecond less for each than `Connection.execute`, half of what a short one
costs its client. Only for those that a crowd waits behind; see CONTRIBUTING, Decisions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from weakref import WeakKeyDictionary

from pymysql import converters
from sqlalchemy import (
    JSON,
    Boolean,
    Connection,
    Dialect,
    Insert,
    Integer,
    Select,
    Table,
    Update,
    func,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from learnhub_desktop.db.failures import code_of, is_left_open
from learnhub_desktop.db.types import Moment

_Processor = Callable[[Any], Any] | None
# `json.loads` makes a new one at each call that has a wish.
_unpack: Final = json.JSONDecoder(parse_float=Decimal).decode


# For `Prepared.finds`: a server says how many rows there are, and sends none, which is half
# the work for its client.
INTO_NOTHING: Final = "INTO @learnhub_nothing"


@dataclass(frozen=True, slots=True)
class Answer:
    """How many rows an UPDATE matched, the id that an INSERT was given, a SELECT's rows."""

    matched: int
    row_id: int
    rows: list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class _Ready:
    """A statement of one dialect: its text, and how values go in and come out.

    ``order`` is that of a driver which takes values by place; PyMySQL takes them by name.
    """

    sql: str
    constants: dict[str, Any]
    given: tuple[tuple[str, _Processor], ...]
    order: Sequence[str] | None
    columns: tuple[_Processor, ...]
    is_packed: bool

    def values(self, given: Mapping[str, Any]) -> dict[str, Any] | tuple[Any, ...]:
        named = self.constants.copy()
        for name, processor in self.given:
            named[name] = given[name] if processor is None else processor(given[name])
        return named if self.order is None else tuple([named[name] for name in self.order])

    def read(self, row: Sequence[Any]) -> tuple[Any, ...]:
        if self.is_packed:
            row = _unpack(row[0])
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
        # Of a SELECT's columns, in their order.
        self.names = (
            tuple(statement.selected_columns.keys()) if isinstance(statement, Select) else ()
        )

    def alone(self, connection: Connection, **values: Any) -> tuple[Any, ...] | None:
        """The one row, asked outside any transaction: it sees what is committed by now."""
        return self._one(connection, values)

    def finds(self, connection: Connection, **values: Any) -> bool:
        """Whether there is a row, asked outside any transaction. The SELECT ends `INTO_NOTHING`."""
        ready = self.ready_for(connection.dialect)
        with _cursor(connection, ready.sql) as cursor:
            cursor.execute(ready.sql, ready.values(values))
            return bool(cursor.fetchone() if ready.order is not None else cursor.rowcount)

    def row(self, connection: Connection, **values: Any) -> tuple[Any, ...] | None:
        """The one row as the transaction sees it, which begins with this statement if need be."""
        _begin(connection)
        return self._one(connection, values)

    @property
    def gives_id(self) -> bool:
        """Whether it is an INSERT into a table that numbers its rows."""
        into = self._statement.table if isinstance(self._statement, Insert) else None
        return isinstance(into, Table) and into.autoincrement_column is not None

    def rows(self, connection: Connection, **values: Any) -> list[tuple[Any, ...]]:
        return self.run(connection, **values).rows

    def run(self, connection: Connection, **values: Any) -> Answer:
        _begin(connection)
        ready = self.ready_for(connection.dialect)
        with _cursor(connection, ready.sql) as cursor:
            cursor.execute(ready.sql, ready.values(values))
            return _answer(cursor, ready)

    def _one(self, connection: Connection, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
        ready = self.ready_for(connection.dialect)
        with _cursor(connection, ready.sql) as cursor:
            cursor.execute(ready.sql, ready.values(values))
            row = cursor.fetchone()
        return None if row is None else ready.read(row)

    def ready_for(self, dialect: Dialect) -> _Ready:
        ready = self._ready.get(dialect)
        if ready is None:
            ready = self._ready[dialect] = self._compile(dialect)
        return ready

    def _compile(self, dialect: Dialect) -> _Ready:
        statement = self._statement
        columns: tuple[_Processor, ...] = ()
        is_packed = dialect.name == "mysql" and isinstance(statement, Select)
        if isinstance(statement, Select):
            named = statement.selected_columns
            columns = tuple(_reader(column.type, dialect, is_packed) for column in named)
            if is_packed:
                # PyMySQL spends most of its time on the descriptions of columns.
                packed = func.json_array(*named)
                statement = statement.with_only_columns(packed, maintain_column_froms=True)
        compiled: Any = statement.compile(dialect=dialect, column_keys=self._columns)
        constants: dict[str, Any] = {}
        given: list[tuple[str, _Processor]] = []
        for name, value in compiled.params.items():
            bind = compiled.binds[name]
            processor = bind.type.dialect_impl(dialect).bind_processor(dialect)
            if bind.required:
                given.append((name, processor))
            else:
                constants[name] = value if processor is None else processor(value)
        if compiled.positiontup is None:
            sql, constants = _with_constants(str(compiled), constants, given), {}
            return _Ready(sql, constants, tuple(given), None, columns, is_packed)
        order = compiled.positiontup
        return _Ready(str(compiled), constants, tuple(given), order, columns, is_packed)


def _reader(kind: TypeEngine[Any], dialect: Dialect, is_packed: bool) -> _Processor:
    if is_packed:
        for wanted, processor in _UNPACKED.items():
            if isinstance(kind, wanted):
                return processor
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def _moment(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)


def _document(value: Any) -> Any:
    """MariaDB keeps JSON as text, and packs it as such."""
    return json.loads(value) if isinstance(value, str) else value


def _flag(value: bool | int | str | None) -> bool | None:
    """MariaDB packs what EXISTS says as text."""
    return None if value is None else value in (True, "1")


def _number(value: int | str | None) -> int | None:
    return None if value is None else int(value)


# What a packed value of another kind than text or an amount needs.
_UNPACKED: Final[dict[type[Any], Callable[[Any], Any]]] = {
    Moment: _moment,
    JSON: _document,
    Boolean: _flag,
    Integer: _number,
}


def _with_constants(
    sql: str, constants: Mapping[str, Any], given: Iterable[tuple[str, _Processor]]
) -> str:
    """PyMySQL puts values into the text: those that never change are put there once."""
    escaped = {
        name: converters.escape_item(value, "utf8mb4", converters.encoders).replace("%", "%%")
        for name, value in constants.items()
    }
    kept = {name: f"%({name})s" for name, _ in given}
    return sql.replace("%%", "%%%%") % {**escaped, **kept}


@dataclass(frozen=True, slots=True)
class Part:
    """A statement with its values, one of several.

    ``linked`` names the column of an INSERT that takes the id which the last INSERT before it
    was given; its value is left out. ``after`` is how many rows the part before must have
    matched; else neither this INSERT, whose first column may not be NULL, nor what follows
    is run.
    """

    prepared: Prepared
    values: Mapping[str, Any]
    linked: str | None = None
    after: int | None = None


class NotMatched(Exception):
    """The part before a guarded one matched other rows: nothing was run from there on."""


class Unanswered(Exception):
    """The connection broke after COMMIT was sent: nobody knows whether it was carried out."""


# What a server says of a guarded INSERT that must not run: "column cannot be null".
_IS_NULL: Final = 1048


def together(connection: Connection, *parts: Part, last: bool = False) -> list[Answer]:
    """Run the parts one after the other; on a server in one round trip.

    The first that fails ends it, as if each had been sent by itself. ``last`` parts are the
    end of their transaction: a server is sent its COMMIT along with them, so that what they
    lock waits for no other answer. Unanswered where it is not known whether it came to that.
    """
    _begin(connection)
    dialect = connection.dialect
    if dialect.name == "sqlite":
        return _one_by_one(connection, parts)
    ready = [part.prepared.ready_for(dialect) for part in parts]
    answers: list[Answer] = []
    try:
        with _cursor(connection, "") as cursor:
            texts = [_text(cursor, one, part) for one, part in zip(ready, parts, strict=True)]
            if last:
                texts.append("COMMIT")
            _tell(connection, cursor, texts)
            cursor.execute(";".join(texts))
            for one in ready:
                if answers:
                    cursor.nextset()
                answers.append(_answer(cursor, one))
            if last:
                cursor.nextset()
                cursor.connection.was_saved()
    except DBAPIError as error:
        # A server that refuses a part has not come to the COMMIT.
        is_at_commit = last and len(answers) == len(parts)
        if is_left_open(error) and (is_at_commit or (last and error.connection_invalidated)):
            raise Unanswered from error
        if not is_at_commit and parts[len(answers)].after and code_of(error) == _IS_NULL:
            raise NotMatched from error
        raise
    return answers


def _text(cursor: Any, ready: _Ready, part: Part) -> str:
    """The statement with its values in it, as the driver itself would put them there."""
    escape = cursor.connection.escape
    literals: dict[str, str] = {}
    for name, processor in ready.given:
        if name == part.linked:
            literals[name] = "LAST_INSERT_ID()"
            continue
        value = part.values[name]
        if processor is not None:
            value = processor(value)
        if value is None:
            literals[name] = "NULL"
        elif type(value) is int:
            literals[name] = str(value)
        else:
            literals[name] = escape(value)
    if part.after is not None:
        first = next(iter(part.values))
        literals[first] = f"IF(ROW_COUNT() = {part.after}, {literals[first]}, NULL)"
    return ready.sql % literals


def _one_by_one(connection: Connection, parts: Sequence[Part]) -> list[Answer]:
    answers: list[Answer] = []
    last_id = 0
    for part in parts:
        if part.after is not None and answers[-1].matched != part.after:
            raise NotMatched
        values = dict(part.values)
        if part.linked is not None:
            values[part.linked] = last_id
        answers.append(part.prepared.run(connection, **values))
        if part.prepared.gives_id:
            last_id = answers[-1].row_id
    return answers


def _answer(cursor: Any, ready: _Ready) -> Answer:
    rows = [ready.read(row) for row in cursor.fetchall()] if ready.columns else []
    return Answer(cursor.rowcount, cursor.lastrowid or 0, rows)


def _begin(connection: Connection) -> None:
    if not connection.in_transaction():
        connection.begin()


@contextmanager
def _cursor(connection: Connection, sql: str) -> Iterator[Any]:
    """The driver's cursor, with what SQLAlchemy does around one: listeners, and its errors."""
    dialect: Any = connection.dialect
    cursor = connection.connection.cursor()
    try:
        if sql:
            _tell(connection, cursor, [sql])
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


def _tell(connection: Connection, cursor: Any, statements: Sequence[str]) -> None:
    for listener in connection.dispatch.before_cursor_execute:
        for statement in statements:
            listener(connection, cursor, statement, (), None, False)
