"""Students by the thousand: found and written in a few statements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, insert, select, update

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.repositories.base import Repository
from learnhub_desktop.db.repositories.course_imports import chunks
from learnhub_desktop.domain.states import UserType
from learnhub_desktop.domain.students import KnownPerson

_U: Final = t.users.c
_WRITTEN: Final = ("name", "email", "external_id", "country", "search_text", "updated_at")
_KNOWN: Final = select(
    _U.user_id, _U.name, _U.email, _U.external_id, _U.country, _U.user_type, _U.deleted_at
)


class UserImports(Repository):
    """Students by the thousand: found and written in a few statements."""

    def list_known(
        self, *, emails: Iterable[str], external_ids: Iterable[str], lock: bool
    ) -> tuple[KnownPerson, ...]:
        """The accounts with one of these addresses or numbers, in ascending order."""
        ids: set[int] = set()
        for column, values in ((_U.email, emails), (_U.external_id, external_ids)):
            for chunk in chunks(values):
                ids.update(self.connection.scalars(select(_U.user_id).where(column.in_(chunk))))
        found: list[KnownPerson] = []
        for some in chunks(sorted(ids)):
            statement = _KNOWN.where(_U.user_id.in_(some)).order_by(_U.user_id)
            rows = self.connection.execute(statement.with_for_update() if lock else statement)
            found += [_known(row) for row in rows]
        return tuple(found)

    def add_all(self, rows: Sequence[dict[str, Any]]) -> None:
        """Insert accounts; each row names the same columns."""
        for chunk in chunks(rows):
            self.connection.execute(insert(t.users), chunk)

    def update_all(self, rows: Sequence[dict[str, Any]]) -> None:
        """Update accounts by ``user_id``; each row names all columns that an import writes."""
        statement = (
            update(t.users)
            .where(_U.user_id == bindparam("key"))
            .values({name: bindparam(f"new_{name}") for name in _WRITTEN})
        )
        for chunk in chunks(rows):
            self.connection.execute(
                statement,
                [
                    {"key": row["user_id"]} | {f"new_{name}": row[name] for name in _WRITTEN}
                    for row in chunk
                ],
            )


def _known(row: Any) -> KnownPerson:
    return KnownPerson(
        user_id=row.user_id,
        name=row.name,
        email=row.email,
        external_id=row.external_id,
        country=row.country,
        user_type=UserType(row.user_type),
        is_deleted=row.deleted_at is not None,
    )
