"""One import of students: every line matched first, then all written in bulk."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.changes import Touched
from learnhub_desktop.domain.money import ZERO
from learnhub_desktop.domain.states import UserType
from learnhub_desktop.domain.students import KnownPerson
from learnhub_desktop.domain.text import search_key
from learnhub_desktop.exchange.imports import Imported
from learnhub_desktop.exchange.reading import Rejected
from learnhub_desktop.exchange.students import StudentLine
from learnhub_desktop.services.import_report import ImportReport, report


class StudentImport:
    """One import of students: matched first, then written in bulk."""

    def __init__(self, uow: UnitOfWork, imported: Imported[StudentLine], *, dry_run: bool) -> None:
        self.uow = uow
        self.imported = imported
        self.dry_run = dry_run
        self.rejected = list(imported.rejected)
        self.unchanged = 0
        self.new: list[StudentLine] = []
        self.changed: list[dict[str, Any]] = []

    def run(self) -> ImportReport:
        lines = self.imported.lines
        known = self.uow.users.list_known(
            emails=[line.email for line in lines],
            external_ids=[line.external_id for line in lines if line.external_id],
            lock=not self.dry_run,
        )
        by_email = {person.email: person for person in known}
        by_id = {person.external_id: person for person in known if person.external_id}
        for line in lines:
            self._match(line, by_id.get(line.external_id or ""), by_email.get(line.email))
        if not self.dry_run:
            self._write()
        return report(
            self.imported,
            "student",
            Touched.STUDENTS,
            added=len(self.new),
            updated=len(self.changed),
            unchanged=self.unchanged,
            rejected=self.rejected,
            dry_run=self.dry_run,
        )

    def _match(
        self, line: StudentLine, numbered: KnownPerson | None, addressed: KnownPerson | None
    ) -> None:
        if numbered is not None and addressed is not None and numbered != addressed:
            self._reject(line, "The number and the e-mail address belong to two accounts.")
            return
        person = numbered or addressed
        if person is None:
            self.new.append(line)
            return
        if person.is_deleted:
            self._reject(line, f"The account {person.user_id} was deleted.")
        elif person.user_type is not UserType.STUDENT:
            self._reject(line, f"The account {person.user_id} is not a student’s.")
        elif line.external_id and person.external_id not in (None, line.external_id):
            self._reject(line, "The student with this e-mail address has another number.")
        else:
            self._compare(line, person)

    def _compare(self, line: StudentLine, person: KnownPerson) -> None:
        wanted = replace(
            person,
            name=line.name,
            email=line.email,
            external_id=line.external_id or person.external_id,
            country=line.country or person.country,
        )
        if wanted == person:
            self.unchanged += 1
            return
        self.changed.append(
            {
                "user_id": person.user_id,
                "name": wanted.name,
                "email": wanted.email,
                "external_id": wanted.external_id,
                "country": wanted.country,
                "search_text": search_key(wanted.name, wanted.email),
                "updated_at": self.uow.now(),
            }
        )

    def _write(self) -> None:
        now = self.uow.now()
        currency = self.uow.settings.get().currency
        self.uow.users.update_all(self.changed)
        self.uow.users.add_all(
            [
                {
                    "name": line.name,
                    "email": line.email,
                    "external_id": line.external_id,
                    "country": line.country,
                    "user_type": UserType.STUDENT,
                    "account_balance": ZERO,
                    "balance_currency": currency,
                    "search_text": search_key(line.name, line.email),
                    "created_at": now,
                    "updated_at": now,
                }
                for line in self.new
            ]
        )

    def _reject(self, line: StudentLine, reason: str) -> None:
        self.rejected.append(Rejected(line.line, reason))
