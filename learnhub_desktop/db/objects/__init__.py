"""Triggers and views: made from code, and made again by an upgrade where their text changed.

They carry no data, so unlike tables they need no history of migrations. `schema_objects`
keeps the checksum of what was last made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from learnhub_desktop.db.objects import mysql, sqlite
from learnhub_desktop.db.objects.views import views
from learnhub_desktop.db.tables import schema_objects

DEFINER_ACCOUNT: Final = "learnhub_definer"


@dataclass(frozen=True, slots=True)
class Definition:
    """One trigger or view. ``text`` follows ``CREATE [DEFINER = ...]``."""

    name: str
    kind: str  # "TRIGGER" or "VIEW"
    text: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


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
    dialect = connection.dialect.name
    if dialect == "sqlite":
        connection.exec_driver_sql(sqlite.CONTEXT_TABLE)
    known = {row.object_name: row.checksum for row in connection.execute(select(schema_objects))}
    wanted = {definition.name: definition for definition in definitions(dialect)}
    made: list[str] = []
    for name in known.keys() - wanted.keys():
        kind = connection.scalar(
            select(schema_objects.c.kind).where(schema_objects.c.object_name == name)
        )
        connection.exec_driver_sql(f"DROP {kind} IF EXISTS {name}")
        connection.execute(delete(schema_objects).where(schema_objects.c.object_name == name))
    signed = f"DEFINER = {definer} " if definer and dialect == "mysql" else ""
    for name, definition in wanted.items():
        signature = f"{signed}{definition.checksum}"
        checksum = hashlib.sha256(signature.encode()).hexdigest()
        if known.get(name) == checksum:
            continue
        connection.exec_driver_sql(f"DROP {definition.kind} IF EXISTS {name}")
        # A doubled percent sign, since the driver reads one as the start of a parameter.
        statement = f"CREATE {signed}{definition.text}"
        connection.exec_driver_sql(
            statement.replace("%", "%%") if dialect == "mysql" else statement
        )
        connection.execute(delete(schema_objects).where(schema_objects.c.object_name == name))
        connection.execute(
            insert(schema_objects).values(object_name=name, kind=definition.kind, checksum=checksum)
        )
        made.append(name)
    return made
