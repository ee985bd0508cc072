"""Everything a database's catalog says of a schema, in one form that can be compared.

Alembic's comparison sees no CHECK that changed, no trigger, no view, no collation and no
generated expression. This sees them all, as the database itself tells them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from sqlalchemy import Connection

from learnhub_desktop.db.sqlite_text import CreateTable, plain

# Alembic's own bookkeeping takes the database's default collation, whatever that is.
_NOT_OURS: Final = "alembic_version"

# One query a kind of thing: the first column is the table or object it belongs to.
_SERVER: Final[dict[str, str]] = {
    "table": (
        "SELECT table_name, engine, table_collation, create_options"
        " FROM information_schema.tables"
        " WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'"
    ),
    "column": (
        "SELECT table_name, LPAD(ordinal_position, 2, '0'), column_name, column_type,"
        " collation_name, is_nullable, column_default, extra, generation_expression"
        " FROM information_schema.columns WHERE table_schema = DATABASE()"
    ),
    "key": (
        "SELECT table_name, index_name, non_unique, GROUP_CONCAT(column_name, COALESCE(sub_part,"
        " '') ORDER BY seq_in_index), index_type"
        " FROM information_schema.statistics WHERE table_schema = DATABASE()"
        " GROUP BY table_name, index_name, non_unique, index_type"
    ),
    "reference": (
        "SELECT r.table_name, r.constraint_name, k.column_name, r.referenced_table_name,"
        " k.referenced_column_name, r.update_rule, r.delete_rule"
        " FROM information_schema.referential_constraints r"
        " JOIN information_schema.key_column_usage k ON k.constraint_schema = r.constraint_schema"
        " AND k.constraint_name = r.constraint_name AND k.table_name = r.table_name"
        " WHERE r.constraint_schema = DATABASE()"
    ),
    "partition": (
        "SELECT table_name, partition_name, partition_method, partition_expression,"
        " partition_description FROM information_schema.partitions"
        " WHERE table_schema = DATABASE() AND partition_name IS NOT NULL"
    ),
    "trigger": (
        "SELECT event_object_table, trigger_name, action_timing, event_manipulation,"
        " action_order, action_statement, sql_mode, character_set_client, collation_connection"
        " FROM information_schema.triggers WHERE trigger_schema = DATABASE()"
    ),
    "view": (
        "SELECT table_name, view_definition, check_option, security_type, character_set_client,"
        " collation_connection FROM information_schema.views WHERE table_schema = DATABASE()"
    ),
    "routine": (
        "SELECT routine_name, routine_type, routine_definition"
        " FROM information_schema.routines WHERE routine_schema = DATABASE()"
    ),
}
_MYSQL_CHECKS: Final = (
    "SELECT t.table_name, c.constraint_name, c.check_clause, t.enforced"
    " FROM information_schema.check_constraints c JOIN information_schema.table_constraints t"
    " ON t.constraint_schema = c.constraint_schema AND t.constraint_name = c.constraint_name"
    " AND t.constraint_type = 'CHECK' WHERE c.constraint_schema = DATABASE()"
)
# MariaDB's names of CHECKs are unique within a table only.
_MARIADB_CHECKS: Final = (
    "SELECT table_name, constraint_name, check_clause, level"
    " FROM information_schema.check_constraints WHERE constraint_schema = DATABASE()"
)


def fingerprint(connection: Connection) -> list[str]:
    """One line a table, column, key, CHECK, trigger, view ..., sorted.

    Two schemas are the same where their lines are. The definer of triggers and views is
    left out: it is chosen by what the account may do.
    """
    if connection.dialect.name == "sqlite":
        return sorted(_sqlite_lines(connection))
    return sorted(_server_lines(connection))


def _server_lines(connection: Connection) -> Iterator[str]:
    is_mariadb = bool(getattr(connection.dialect, "is_mariadb", False))
    database = str(connection.exec_driver_sql("SELECT DATABASE()").scalar_one())
    checks = _MARIADB_CHECKS if is_mariadb else _MYSQL_CHECKS
    # GROUP_CONCAT cuts at 1,024 letters; no key of ours is near.
    for kind, query in {**_SERVER, "check": checks}.items():
        for row in connection.exec_driver_sql(query):
            if row[0] != _NOT_OURS:
                yield _line(kind, row, lambda text: _without_schema(text, database))


def _without_schema(text: str, database: str) -> str:
    """A view's text names the database in front of each table."""
    return text.replace(f"`{database}`.", "")


def _line(kind: str, row: Iterable[Any], clean: Callable[[str], str]) -> str:
    parts = ("-" if part is None else plain(clean(_text(part))) for part in row)
    return " | ".join((kind, *parts))


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _sqlite_lines(connection: Connection) -> Iterator[str]:
    rows = connection.exec_driver_sql(
        "SELECT type, name, tbl_name, sql FROM sqlite_master"
        " WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!' AND sql IS NOT NULL"
    )
    for kind, name, table, sql in rows:
        if table == _NOT_OURS:
            continue
        if kind == "table":
            parsed = CreateTable.parse(sql)
            yield f"table | {name} | {parsed.options or '-'}"
            for position, clause in enumerate(_columns(parsed.clauses), start=1):
                yield f"column | {name} | {position:02} | {clause}"
            for clause in parsed.clauses:
                if _is_constraint(clause):
                    yield f"constraint | {name} | {clause}"
        else:
            yield f"{kind} | {table} | {name} | {plain(sql)}"


def _columns(clauses: list[str]) -> list[str]:
    return [clause for clause in clauses if not _is_constraint(clause)]


def _is_constraint(clause: str) -> bool:
    return re.match(r"(CONSTRAINT|PRIMARY|UNIQUE|CHECK|FOREIGN)\b", clause) is not None
