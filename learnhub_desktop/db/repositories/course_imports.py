"""Courses by the thousand: found and written in a few statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

from sqlalchemy import bindparam, insert, select, update

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.repositories.base import Repository
from learnhub_desktop.domain.catalog import KnownCourse
from learnhub_desktop.domain.states import CourseStatus, Level

T = TypeVar("T")

# Statements of this many rows stay below both servers' packet limits, also with long texts.
CHUNK: Final = 500
_C: Final = t.courses.c
_WRITTEN: Final = ("title", "search_text", "description", "price", "currency", "level")
_KNOWN: Final = select(
    _C.course_id,
    _C.external_id,
    _C.instructor_id,
    _C.title,
    _C.description,
    _C.price,
    _C.currency,
    _C.level,
    _C.status,
)


class CourseImports(Repository):
    """Courses by the thousand: found and written in a few statements."""

    def list_instructors(self, *, limit: int) -> list[int]:
        u = t.users.c
        statement = select(u.user_id).where(u.user_type == "instructor", u.deleted_at.is_(None))
        return list(self.connection.scalars(statement.order_by(u.user_id).limit(limit)))

    def known_by_external_id(
        self, external_ids: Iterable[str], *, lock: bool
    ) -> dict[str, KnownCourse]:
        """The courses that carry these numbers of another system."""
        found: dict[str, KnownCourse] = {}
        for chunk in chunks(external_ids):
            statement = _KNOWN.where(_C.external_id.in_(chunk)).order_by(_C.course_id)
            rows = self.connection.execute(statement.with_for_update() if lock else statement)
            found |= {row.external_id: _known(row) for row in rows}
        return found

    def known_by_title(self, instructor_id: int, titles: Iterable[str]) -> dict[str, KnownCourse]:
        """The instructor's courses without an external id, by their exact title."""
        found: dict[str, KnownCourse] = {}
        for chunk in chunks(titles):
            statement = _KNOWN.where(
                _C.instructor_id == instructor_id,
                _C.external_id.is_(None),
                _C.title.in_(chunk),
            )
            for row in self.connection.execute(statement.order_by(_C.course_id)):
                # The servers' collation finds "sql" for "SQL" as well.
                found.setdefault(row.title, _known(row))
        return found

    def tags_of(self, course_ids: Iterable[int]) -> dict[int, list[str]]:
        g = t.course_tags.c
        found: dict[int, list[str]] = {}
        for chunk in chunks(course_ids):
            for course_id, tag in self.connection.execute(
                select(g.course_id, g.tag).where(g.course_id.in_(chunk))
            ):
                found.setdefault(course_id, []).append(tag)
        return found

    def add_all(self, rows: Sequence[dict[str, Any]]) -> None:
        """Insert courses; each row names the same columns."""
        for chunk in chunks(rows):
            self.connection.execute(insert(t.courses), chunk)

    def update_all(self, rows: Sequence[dict[str, Any]]) -> None:
        """Update courses by ``course_id``; each row names all columns that an import writes."""
        statement = (
            update(t.courses)
            .where(_C.course_id == bindparam("key"))
            .values({name: bindparam(f"new_{name}") for name in (*_WRITTEN, "updated_at")})
        )
        for chunk in chunks(rows):
            self.connection.execute(
                statement,
                [
                    {"key": row["course_id"]}
                    | {f"new_{name}": row[name] for name in (*_WRITTEN, "updated_at")}
                    for row in chunk
                ],
            )

    def add_tags(self, rows: Sequence[tuple[int, str]]) -> None:
        for chunk in chunks(rows):
            self.connection.execute(
                insert(t.course_tags),
                [{"course_id": course_id, "tag": tag} for course_id, tag in chunk],
            )


def chunks(items: Iterable[T]) -> Iterator[list[T]]:
    """The items in lists of at most CHUNK."""
    rest = iter(items)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


def _known(row: Any) -> KnownCourse:
    return KnownCourse(
        course_id=row.course_id,
        instructor_id=row.instructor_id,
        title=row.title,
        description=row.description or "",
        price=row.price,
        currency=row.currency,
        level=None if row.level is None else Level(row.level),
        status=CourseStatus(row.status),
    )
