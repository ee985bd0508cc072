"""Steps that a revision is made of. Each looks first, so that it can be run again.

MySQL and MariaDB commit each DDL statement by itself: a revision that breaks off leaves its
first steps behind, and is then simply run once more.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

from learnhub_desktop.db.sqlite_text import CreateTable

_SERVER_TABLE: Final = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_unicode_520_ci",
}


def ensure_table(
    name: str,
    *items: sa.Column[Any] | sa.Constraint,
    partitions: str | None = None,
) -> None:
    """Create the table unless it is there. CREATE TABLE is atomic, so what is there is whole.

    Indexes come apart, by `ensure_indexes`. ``partitions`` follows PARTITION BY on servers.
    """
    if sa.inspect(op.get_bind()).has_table(name):
        return
    options: dict[str, Any] = dict(_SERVER_TABLE)
    if partitions is not None:
        options["mysql_partition_by"] = partitions
    if any(isinstance(item, sa.Column) and item.autoincrement is True for item in items):
        # Otherwise SQLite gives the highest id again after a delete.
        options["sqlite_autoincrement"] = True
    op.create_table(name, *items, **options)


def ensure_indexes(table: str, *columns: tuple[str, ...]) -> None:
    """Create the indexes that are missing; on servers with one statement."""
    wanted = {f"ix_{table}_{'_'.join(names)}": names for names in columns}
    for present in sa.inspect(op.get_bind()).get_indexes(table):
        wanted.pop(str(present["name"]), None)
    if _is_sqlite():
        for name, names in wanted.items():
            op.create_index(name, table, list(names))
    elif wanted:
        parts = (f"ADD INDEX {name} ({', '.join(names)})" for name, names in wanted.items())
        op.execute(f"ALTER TABLE {table} {', '.join(parts)}")


def ensure_column(table: str, column: sa.Column[Any]) -> None:
    """Add the column unless it is there.

    SQLite takes only a constant default here, and NOT NULL only with one.
    """
    present = {each["name"] for each in sa.inspect(op.get_bind()).get_columns(table)}
    if column.name not in present:
        op.add_column(table, column)


def ensure_check(table: str, name: str, condition: str) -> None:
    """Add the named CHECK unless it is there. ``name`` is whole: ``ck_<table>_<rule>``."""
    present = {each["name"] for each in sa.inspect(op.get_bind()).get_check_constraints(table)}
    if name in present:
        return
    if _is_sqlite():
        _rebuild(table, added=f"CONSTRAINT {name} CHECK ({condition})")
    else:
        op.create_check_constraint(op.f(name), table, condition)


def _is_sqlite() -> bool:
    return op.get_context().dialect.name == "sqlite"


def _rebuild(table: str, *, added: str) -> None:
    """Make the table anew with one clause more, since SQLite cannot alter a constraint.

    The order of steps is that of https://www.sqlite.org/lang_altertable.html#otheralter;
    foreign keys are off and triggers and views are away while a file is upgraded.
    """
    bind = op.get_bind()
    text = bind.scalar(
        sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :table"),
        {"table": table},
    )
    indexes = bind.scalars(
        sa.text(
            "SELECT sql FROM sqlite_master"
            " WHERE type = 'index' AND tbl_name = :table AND sql IS NOT NULL"
        ),
        {"table": table},
    ).all()
    columns = [
        str(column["name"])
        for column in sa.inspect(bind).get_columns(table)
        if column.get("computed") is None
    ]
    parsed = CreateTable.parse(text)
    rebuilt = CreateTable(f"{table}_rebuilt", [*parsed.clauses, added], parsed.options)
    bind.exec_driver_sql(str(rebuilt))
    listed = ", ".join(columns)
    bind.exec_driver_sql(f"INSERT INTO {table}_rebuilt ({listed}) SELECT {listed} FROM {table}")
    _keep_next_id(bind, table)
    bind.exec_driver_sql(f"DROP TABLE {table}")
    bind.exec_driver_sql(f"ALTER TABLE {table}_rebuilt RENAME TO {table}")
    for index in indexes:
        bind.exec_driver_sql(index)


def _keep_next_id(bind: sa.Connection, table: str) -> None:
    """Carry AUTOINCREMENT's mark over, or ids of rows that are gone would be given again."""
    sequences = sa.text("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'")
    if bind.scalar(sequences) is None:
        return
    bind.execute(
        sa.text(
            "UPDATE sqlite_sequence SET seq = (SELECT MAX(s.seq) FROM sqlite_sequence s"
            " WHERE s.name IN (:old, :new)) WHERE name = :new"
        ),
        {"old": table, "new": f"{table}_rebuilt"},
    )
