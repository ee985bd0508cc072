"""Triggers and views: made from code, and made again by an upgrade where their text changed.

They carry no data, so unlike tables they need no history of migrations. `schema_objects`
keeps the checksum of what was last made.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from learnhub_desktop.db.objects import mysql, sqlite
from learnhub_desktop.db.objects.views import views
from learnhub_desktop.db.tables import schema_objects

_TRIGGER_TABLE: Final = re.compile(r"\bON (\w+) FOR EACH ROW")


@dataclass(frozen=True, slots=True)
class Definition:
    """One trigger or view. ``text`` follows ``CREATE [DEFINER = ...]``."""

    name: str
    kind: str  # "TRIGGER" or "VIEW"
    text: str

    def checksum(self, signed: str) -> str:
        return hashlib.sha256(f"{signed}{self.text}".encode()).hexdigest()

    @property
    def table(self) -> str:
        """The table whose trigger this is."""
        found = _TRIGGER_TABLE.search(self.text)
        assert found is not None  # every trigger of ours is FOR EACH ROW
        return found.group(1)

    @property
    def body(self) -> str:
        """A trigger's statements."""
        return self.text[self.text.index("BEGIN") :]


def definitions(dialect: str) -> Iterator[Definition]:
    made = mysql.triggers() if dialect == "mysql" else sqlite.triggers()
    for name, text in made:
        yield Definition(name, "TRIGGER", text)
    for name, text in views(dialect):
        yield Definition(name, "VIEW", text)


def apply(connection: Connection, *, definer: str | None) -> list[str]:
    """Make every trigger and view that is missing or has changed; return their names.

    ``definer`` is a quoted account of the server ("`learnhub_definer`@`localhost`"), None
    for the account that is connected. On a server each statement commits by itself, so an
    upgrade that broke off is simply run again.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(sqlite.CONTEXT_TABLE)
    wanted = {each.name: each for each in definitions(connection.dialect.name)}
    for name, kind in _recorded_kinds(connection).items():
        if name not in wanted:
            connection.exec_driver_sql(f"DROP {kind} IF EXISTS {name}")
            _forget(connection, name)
    signed = _signed(connection, definer)
    present = _present(connection)
    made = outdated(connection, definer=definer)
    for name in made:
        definition = wanted[name]
        if name not in present:
            _create(connection, definition, f"CREATE {signed}")
        elif definition.kind == "TRIGGER" and connection.dialect.name == "mysql":
            _replace_trigger(connection, definition, signed)
        else:
            connection.exec_driver_sql(f"DROP {definition.kind} {name}")
            _create(connection, definition, f"CREATE {signed}")
        _forget(connection, name)
        connection.execute(
            insert(schema_objects).values(
                object_name=name, kind=definition.kind, checksum=definition.checksum(signed)
            )
        )
    return made


def outdated(connection: Connection, *, definer: str | None) -> list[str]:
    """The triggers and views that are missing, of another version, or changed by hand."""
    signed = _signed(connection, definer)
    rows = connection.execute(select(schema_objects.c.object_name, schema_objects.c.checksum))
    recorded = {row.object_name: row.checksum for row in rows}
    present = _present(connection)
    return [
        each.name
        for each in definitions(connection.dialect.name)
        if recorded.get(each.name) != each.checksum(signed)
        or each.name not in present
        # A server rewrites a view's text, so a view is only looked for.
        or (each.kind == "TRIGGER" and each.body not in present[each.name])
    ]


def drop_all(connection: Connection) -> None:
    """Drop what `apply` made, so that tables can be made anew beneath it."""
    for name, kind in _recorded_kinds(connection).items():
        connection.exec_driver_sql(f"DROP {kind} IF EXISTS {name}")
        _forget(connection, name)


def _signed(connection: Connection, definer: str | None) -> str:
    return f"DEFINER = {definer} " if definer and connection.dialect.name == "mysql" else ""


def _recorded_kinds(connection: Connection) -> dict[str, str]:
    rows = connection.execute(select(schema_objects.c.object_name, schema_objects.c.kind))
    return {row.object_name: row.kind for row in rows}


def _forget(connection: Connection, name: str) -> None:
    connection.execute(delete(schema_objects).where(schema_objects.c.object_name == name))


def _present(connection: Connection) -> dict[str, str]:
    """The triggers and views that are there: name to text, as far as the database keeps it."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE type IN ('trigger', 'view')"
        )
    else:
        rows = connection.exec_driver_sql(
            "SELECT trigger_name, action_statement FROM information_schema.triggers"
            " WHERE trigger_schema = DATABASE() UNION ALL"
            " SELECT table_name, '' FROM information_schema.views WHERE table_schema = DATABASE()"
        )
    return {str(name): str(text) for name, text in rows}


def _create(connection: Connection, definition: Definition, how: str) -> None:
    statement = f"{how}{definition.text}"
    if connection.dialect.name == "mysql":
        # A doubled percent sign, since the driver reads one as the start of a parameter.
        statement = statement.replace("%", "%%")
    connection.exec_driver_sql(statement)


def _replace_trigger(connection: Connection, definition: Definition, signed: str) -> None:
    """Replace a trigger while the school is open: nobody writes between the old and the new.

    Otherwise a row could slip in uncounted and unaudited.
    """
    if getattr(connection.dialect, "is_mariadb", False):
        _create(connection, definition, f"CREATE OR REPLACE {signed}")
        return
    # The lock on the table's definition is enough; locking all its rows in InnoDB besides
    # would wait for every desk's transaction.
    connection.exec_driver_sql("SET SESSION innodb_table_locks = 0")
    connection.exec_driver_sql(f"LOCK TABLES {definition.table} WRITE")
    try:
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {definition.name}")
        _create(connection, definition, f"CREATE {signed}")
    finally:
        connection.exec_driver_sql("UNLOCK TABLES")
