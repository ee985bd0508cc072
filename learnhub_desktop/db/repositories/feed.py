"""The feed of changes that other workstations made."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, select

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.repositories.base import Repository
from learnhub_desktop.db.types import UtcNow


class Change(NamedTuple):
    change_id: int
    entity: str
    entity_id: int | None


class FeedRepository(Repository):
    """The feed of changes that other workstations made."""

    def clock(self) -> datetime:
        """The clock that dates the feed's rows: the database's own, whatever tests inject."""
        now: datetime = self.connection.execute(select(UtcNow())).scalar_one()
        return now

    def latest(self, since: datetime, *, limit: int) -> list[Change]:
        c = t.changes.c
        found = self.connection.execute(
            select(c.change_id, c.entity, c.entity_id)
            .where(c.created_at >= since)
            .order_by(c.change_id.desc())
            .limit(limit)
        )
        return [Change(*row) for row in found]

    def entities(self, since: datetime) -> set[str]:
        """What changed at all, where there is too much to look at each row."""
        c = t.changes.c
        return set(
            self.connection.scalars(select(c.entity).where(c.created_at >= since).distinct())
        )

    def prune(self, before: datetime, *, limit: int) -> int:
        """Delete the oldest rows that are older than ``before``; return how many went."""
        c = t.changes.c
        oldest = list(
            self.connection.scalars(
                select(c.change_id).where(c.created_at < before).order_by(c.change_id).limit(limit)
            )
        )
        if oldest:
            self.connection.execute(
                delete(t.changes).where(c.change_id <= oldest[-1], c.created_at < before)
            )
        return len(oldest)
