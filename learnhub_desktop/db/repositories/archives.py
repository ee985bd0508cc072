"""What courses were when they were archived."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.repositories.base import Repository
from learnhub_desktop.domain.catalog import ArchiveRow

_A: Final = t.archived_courses.c
_MOST: Final = 50


class ArchiveRepository(Repository):
    """What courses were when they were archived."""

    def add(
        self, course_id: int, snapshot: dict[str, Any], *, account: str, reason: str, now: datetime
    ) -> int:
        p = t.people.c
        user_id = self.connection.scalar(select(p.user_id).where(p.account == account))
        return self.insert(
            t.archived_courses,
            course_id=course_id,
            course_data=snapshot,
            format_version=snapshot["format_version"],
            archived_at=now,
            archived_by=user_id,
            archived_by_account=account,
            reason=reason,
        )

    def list_of(self, course_id: int) -> tuple[ArchiveRow, ...]:
        """The latest first."""
        found = self.connection.execute(
            select(
                _A.archive_id,
                _A.archived_at,
                _A.archived_by_account,
                _A.reason,
                _A.restored_at,
                _A.restored_by_account,
            )
            .where(_A.course_id == course_id)
            .order_by(_A.archived_at.desc(), _A.archive_id.desc())
            .limit(_MOST)
        )
        return tuple(ArchiveRow(*row[:3], row[3] or "", *row[4:]) for row in found)

    def find_open(self, course_id: int) -> tuple[int, str, dict[str, Any]] | None:
        """Id, reason and snapshot of the archiving that has not been undone; None without one."""
        row = self.connection.execute(
            select(_A.archive_id, _A.reason, _A.course_data)
            .where(_A.course_id == course_id, _A.restored_at.is_(None))
            .order_by(_A.archived_at.desc(), _A.archive_id.desc())
            .limit(1)
        ).one_or_none()
        return None if row is None else (row.archive_id, row.reason or "", row.course_data)

    def mark_restored(self, course_id: int, *, account: str, now: datetime) -> None:
        self.connection.execute(
            update(t.archived_courses)
            .where(_A.course_id == course_id, _A.restored_at.is_(None))
            .values(restored_at=now, restored_by_account=account)
        )
