"""What every table has in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from sqlalchemy import Column, ForeignKey, MetaData, Table

from learnhub_desktop.db.types import TEXT_COLLATION, BigId

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        # MySQL wants the names of CHECKs and foreign keys unique in the whole schema.
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def table(name: str, *items: Any, **options: Any) -> Table:
    """A table in InnoDB with the one collation that both servers know.

    ``items`` may hold tuples of a column and its CHECKs, as the functions of `types` make.
    """
    parts = list(flat(items))
    if any(isinstance(part, Column) and part.autoincrement is True for part in parts):
        # Otherwise SQLite gives the highest id again after a delete, and the audit
        # would tell one row's story as another's.
        options["sqlite_autoincrement"] = True
    return Table(
        name,
        metadata,
        *parts,
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate=TEXT_COLLATION,
        **options,
    )


def flat(items: Iterable[Any]) -> Iterator[Any]:
    """The columns and constraints out of nested tuples, in order."""
    for item in items:
        if isinstance(item, tuple):
            yield from flat(item)
        else:
            yield item


def key(name: str) -> Column[Any]:
    return Column(name, BigId, primary_key=True, autoincrement=True)


def ref(
    name: str, target: str, *, nullable: bool = False, primary_key: bool = False
) -> Column[Any]:
    """A foreign key. Always RESTRICT: Group Replication refuses CASCADE and SET NULL."""
    return Column(
        name,
        BigId,
        ForeignKey(target, ondelete="RESTRICT", onupdate="RESTRICT"),
        nullable=nullable and not primary_key,
        primary_key=primary_key,
        autoincrement=False,
    )


def loose(name: str) -> Column[Any]:
    """An id without a foreign key, so that closed years can leave; `db verify` checks it."""
    return Column(name, BigId, nullable=True)
