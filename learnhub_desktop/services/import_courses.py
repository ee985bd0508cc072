"""One import of courses: every line matched first, then all written in bulk."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.catalog import DEFAULT_ACCESS_MONTHS, KnownCourse
from learnhub_desktop.domain.changes import Touched
from learnhub_desktop.domain.money import ZERO
from learnhub_desktop.domain.states import CourseStatus
from learnhub_desktop.domain.text import search_key
from learnhub_desktop.exchange.courses import CourseLine
from learnhub_desktop.exchange.imports import Imported
from learnhub_desktop.exchange.reading import Rejected
from learnhub_desktop.services.import_report import ImportReport, report


@dataclass(frozen=True, slots=True)
class Teacher:
    """Whose courses are imported; ``note`` tells where the account is a new one."""

    user_id: int
    note: str = ""


class CourseImport:
    """One import of courses: matched first, then written in bulk."""

    def __init__(
        self,
        uow: UnitOfWork,
        imported: Imported[CourseLine],
        teacher: Teacher,
        currency: str,
        *,
        dry_run: bool,
    ) -> None:
        self.uow = uow
        self.imported = imported
        self.instructor_id = teacher.user_id
        self.notes = (*imported.notes, teacher.note) if teacher.note else imported.notes
        self.currency = currency
        self.dry_run = dry_run
        self.said = {name for name, _ in imported.columns}
        self.rejected = list(imported.rejected)
        self.unchanged = 0
        self.new: list[CourseLine] = []
        self.changed: list[dict[str, Any]] = []
        self.tags: list[tuple[int, str]] = []
        self.updated: set[int] = set()

    def run(self) -> ImportReport:
        by_id, by_title = self._known()
        tags = self.uow.courses.tags_of(
            known.course_id for known in (*by_id.values(), *by_title.values())
        )
        titles: dict[str, int] = {}
        for line in self.imported.lines:
            known = by_id.get(line.external_id) if line.external_id else by_title.get(line.title)
            if line.external_id is None:
                earlier = titles.setdefault(line.title, line.line)
                if earlier != line.line:
                    self._reject(line, f"“{line.title}” stands in line {earlier:,} already.")
                    continue
            if known is None:
                self._add(line)
            else:
                self._compare(line, known, tags.get(known.course_id, []))
        if not self.dry_run:
            self._write()
        return self._report()

    def _known(self) -> tuple[dict[str, KnownCourse], dict[str, KnownCourse]]:
        lines = self.imported.lines
        by_id = self.uow.courses.known_by_external_id(
            [line.external_id for line in lines if line.external_id], lock=not self.dry_run
        )
        by_title = self.uow.courses.known_by_title(
            self.instructor_id, [line.title for line in lines if not line.external_id]
        )
        return by_id, by_title

    def _add(self, line: CourseLine) -> None:
        if line.status is CourseStatus.ARCHIVED:
            self._reject(line, f"“{line.title}” is archived there, so it is not brought in.")
        else:
            self.new.append(line)

    def _compare(self, line: CourseLine, known: KnownCourse, tags: list[str]) -> None:
        wanted = replace(known, title=line.title, **self._stated(line, known))
        have = {search_key(tag) for tag in tags}
        new_tags = [tag for tag in line.tags if search_key(tag) not in have]
        if wanted == known and not new_tags:
            self.unchanged += 1
            return
        if known.status is CourseStatus.ARCHIVED:
            self._reject(line, f"“{known.title}” is archived here. Restore it to update it.")
            return
        self.updated.add(known.course_id)
        self.tags += [(known.course_id, tag) for tag in new_tags]
        if wanted != known:
            self.changed.append(
                {
                    "course_id": known.course_id,
                    "title": wanted.title,
                    "search_text": search_key(wanted.title),
                    "description": wanted.description or None,
                    "price": wanted.price,
                    "currency": wanted.currency,
                    "level": wanted.level,
                    "updated_at": self.uow.now(),
                }
            )

    def _stated(self, line: CourseLine, known: KnownCourse) -> dict[str, Any]:
        """What the file says of a course; a column it lacks says nothing."""
        stated: dict[str, Any] = {}
        if "level" in self.said:
            stated["level"] = line.level
        if _description(line):
            stated["description"] = _description(line)
        if line.price is not None:
            stated["price"] = line.price
            stated["currency"] = line.currency or known.currency
        return stated

    def _write(self) -> None:
        now = self.uow.now()
        self.uow.courses.add_all(
            [
                {
                    "external_id": line.external_id,
                    "instructor_id": self.instructor_id,
                    "title": line.title,
                    "search_text": search_key(line.title),
                    "description": _description(line) or None,
                    "price": ZERO if line.price is None else line.price,
                    "currency": line.currency or self.currency,
                    "level": line.level,
                    "status": line.status or CourseStatus.ACTIVE,
                    "access_months": DEFAULT_ACCESS_MONTHS,
                    "created_at": now,
                    "updated_at": now,
                }
                for line in self.new
            ]
        )
        self.uow.courses.update_all(self.changed)
        self.uow.courses.add_tags([*self._new_tags(), *self.tags])

    def _new_tags(self) -> list[tuple[int, str]]:
        by_id, by_title = self._known()
        found = []
        for line in self.new:
            made = by_id[line.external_id] if line.external_id else by_title[line.title]
            found += [(made.course_id, tag) for tag in line.tags]
        return found

    def _reject(self, line: CourseLine, reason: str) -> None:
        self.rejected.append(Rejected(line.line, reason))

    def _report(self) -> ImportReport:
        return report(
            self.imported,
            "course",
            Touched.CATALOG,
            added=len(self.new),
            updated=len(self.updated),
            unchanged=self.unchanged,
            rejected=self.rejected,
            notes=self.notes,
            dry_run=self.dry_run,
        )


def _description(line: CourseLine) -> str:
    """The file's own text; else where the course came from."""
    return line.description or line.url or ""
