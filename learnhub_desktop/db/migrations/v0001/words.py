"""The words of the first revision, frozen with it: `db.types` may change, this must not."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

BIG: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT: Final = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
MONEY: Final = sa.Numeric(12, 2).with_variant(sa.BigInteger(), "sqlite")
PERCENT: Final = sa.Numeric(5, 2).with_variant(sa.BigInteger(), "sqlite")


def code(length: int) -> Any:
    return sa.String(length).with_variant(
        mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin"), "mysql"
    )


def utc_now() -> sa.TextClause:
    if op.get_context().dialect.name == "mysql":
        return sa.text("(UTC_TIMESTAMP(6))")
    return sa.text("(strftime('%Y-%m-%d %H:%M:%f', 'now') || '000')")


def key(name: str) -> sa.Column[Any]:
    return sa.Column(name, BIG, nullable=False, autoincrement=True)


def primary_key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=f"uq_{table}_{'_'.join(columns)}")


def reference(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [target], name=f"fk_{table}_{column}", ondelete="RESTRICT", onupdate="RESTRICT"
    )


def check(name: str, condition: str, *, only: str | None = None) -> sa.CheckConstraint:
    """A named CHECK; with ``only`` on that dialect alone."""
    constraint = sa.CheckConstraint(condition, name=op.f(name))
    return constraint if only is None else constraint.ddl_if(dialect=only)


def words(table: str, column: str, *allowed: str) -> sa.CheckConstraint:
    """The fixed vocabulary of a column."""
    listed = ", ".join(f"'{word}'" for word in allowed)
    return check(f"ck_{table}_{column}", f"{column} IN ({listed})")
