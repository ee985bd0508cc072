"""Partitions by year of the archive, made as they are needed. Only the servers have them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import text

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.repositories.base import Repository
from learnhub_desktop.domain.years import Partition, partition_of, pieces

_TABLES: Final = (t.payments_archive.name, t.payment_events_archive.name)
# A list that somebody reads just now must not make every other reader wait behind us: an
# ALTER that waits for one lets no new one in. The server's own limit is a year.
_WAIT_S: Final = 5
_LIST: Final = text(
    "SELECT partition_name, partition_description FROM information_schema.partitions"
    " WHERE table_schema = DATABASE() AND table_name = :name AND partition_name IS NOT NULL"
    " ORDER BY partition_ordinal_position"
)


class PartitionRepository(Repository):
    """Partitions by year of the archive. Each change commits by itself, as the servers do it."""

    def list(self, table: str) -> list[Partition]:
        """The table's partitions, in order."""
        rows = self.connection.execute(_LIST, {"name": table})
        return [Partition(row[0], _before(row[1])) for row in rows]

    def ensure(self, year: int) -> None:
        """Give the year a partition of its own in both tables, where it has none."""
        for table in _TABLES:
            split = pieces(self.list(table), year)
            if split is not None:
                old, made = split
                parts = ", ".join(f"PARTITION {part.name} {_bound(part)}" for part in made)
                self._alter(table, f"REORGANIZE PARTITION {old.name} INTO ({parts})")

    def drop(self, year: int) -> None:
        """Drop the year's partitions, payments first; what is dropped already is left out.

        They must hold nothing else: `ensure` was called in a step before.
        """
        name = partition_of(year)
        for table in _TABLES:
            partitions = self.list(table)
            if pieces(partitions, year) is None and name in (part.name for part in partitions):
                self._alter(table, f"DROP PARTITION {name}")

    def _alter(self, table: str, change: str) -> None:
        self.connection.exec_driver_sql(f"SET SESSION lock_wait_timeout = {_WAIT_S}")
        self.connection.exec_driver_sql(f"ALTER TABLE {table} {change}")


def _before(description: str) -> datetime | None:
    if description == "MAXVALUE":
        return None
    return datetime.fromisoformat(description.strip("'")).replace(tzinfo=UTC)


def _bound(partition: Partition) -> str:
    if partition.before is None:
        return "VALUES LESS THAN (MAXVALUE)"
    return f"VALUES LESS THAN ('{partition.before:%Y-%m-%d}')"
