"""Lists of students as lines that LearnHub can import.

Some systems put passwords into such files. They are emptied before anything else looks at a
row, and a refusal in such a file quotes no cell: in a row whose cells are shifted, any of
them may be the password.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from learnhub_desktop.domain.catalog import count_of
from learnhub_desktop.domain.countries import COUNTRIES
from learnhub_desktop.domain.students import check_new_email
from learnhub_desktop.domain.text import NAME_LENGTH, check_text
from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.exchange.columns import Aliases, Columns, find_columns, missing_column
from learnhub_desktop.exchange.courses import EXTERNAL_ID_LENGTH
from learnhub_desktop.exchange.imports import Imported, collect
from learnhub_desktop.exchange.reading import Record, Rejected, Sheet, plain_header

STUDENT_FIELDS: Final[Aliases] = {
    "name": ("name", "full name", "fullname", "student name", "student", "display name"),
    "first_name": ("first name", "firstname", "given name", "givenname", "vorname", "prénom"),
    "last_name": ("last name", "lastname", "surname", "family name", "nachname", "nom"),
    "email": ("email", "e mail", "email address", "e mail address", "mail"),
    "external_id": (
        *("external id", "student no", "student number", "student id", "idnumber"),
        *("user id", "id", "username"),
    ),
    "country": ("country", "country code"),
}
_SECRETS: Final = ("password", "passwd", "passwort", "pwd", "kennwort", "mot de passe")
_WHAT: Final = {
    "name": "The name",
    "email": "The e-mail address",
    "external_id": "The student number",
}


@dataclass(frozen=True, slots=True)
class StudentLine:
    """One student of a file. ``country`` is a two-letter code or None."""

    line: int
    name: str
    email: str
    external_id: str | None = None
    country: str | None = None


def read_students(
    sheet: Sheet, *, chosen: Mapping[str, str] | None = None
) -> Imported[StudentLine]:
    """Read a list of students; ``chosen`` is what `columns.parse_choices` read from --map.

    InvalidInput where there is no column for the e-mail address or for the name.
    """
    sheet, secret = without_passwords(sheet)
    columns = find_columns(sheet, STUDENT_FIELDS, chosen or {})
    if not columns.has("email"):
        raise missing_column(sheet, "the e-mail address", "email")
    if not any(columns.has(part) for part in ("name", "first_name", "last_name")):
        raise missing_column(sheet, "the student's name", "name")
    reader = _StudentReader(columns, has_passwords=secret)
    return collect(
        sheet,
        columns,
        required=("email", "name", "first_name", "last_name", "external_id"),
        line_of=reader.line_of,
        keys_of=lambda line: [
            ("This e-mail address", line.email),
            ("This student number", line.external_id),
        ],
        notes=reader.notes,
        reason_of=_silent_reason if secret else str,
    )


def without_passwords(sheet: Sheet) -> tuple[Sheet, bool]:
    """The sheet with every password emptied, and whether it had a column of them.

    Rows that are not as wide as the header are refused then: in one that lacks a cell, the
    password stands in another column.
    """
    places = {
        n
        for n, header in enumerate(sheet.headers)
        if any(secret in plain_header(header) for secret in _SECRETS)
    }
    if not places:
        return sheet, False
    whole: list[Record] = []
    rejected = list(sheet.rejected)
    for record in sheet.records:
        if record.given == len(sheet.headers):
            cells = tuple("" if n in places else cell for n, cell in enumerate(record.cells))
            whole.append(replace(record, cells=cells))
        else:
            rejected.append(
                Rejected(
                    record.line,
                    f"This row ends after {record.given} of {len(sheet.headers)} cells.",
                )
            )
    return replace(sheet, records=tuple(whole), rejected=tuple(rejected)), True


def _silent_reason(error: InvalidInput) -> str:
    what = _WHAT.get(error.field)
    return str(error) if what is None else f"{what} cannot be used."


@dataclass(slots=True)
class _StudentReader:
    columns: Columns
    has_passwords: bool
    unknown_countries: set[int] = field(default_factory=set)

    def line_of(self, record: Record) -> StudentLine:
        external_id = check_text(
            self._cell(record, "external_id"),
            field="external_id",
            label="The student number",
            longest=EXTERNAL_ID_LENGTH,
            required=False,
        )
        line = StudentLine(
            line=record.line,
            name=check_text(
                self._name(record), field="name", label="The name", longest=NAME_LENGTH
            ),
            email=check_new_email(self._cell(record, "email")),
            external_id=external_id or None,
        )
        country = self._cell(record, "country").upper()
        if country in COUNTRIES:
            return replace(line, country=country)
        if country:
            self.unknown_countries.add(record.line)
        return line

    def notes(self, taken: frozenset[int]) -> Iterator[str]:
        if self.has_passwords:
            yield "The file holds passwords: they were not read, and students keep their own."
        unknown = len(self.unknown_countries & taken)
        if unknown:
            yield (
                f"{count_of(unknown, 'country', 'countries')} left out: "
                "only two-letter codes such as DE are known."
            )

    def _name(self, record: Record) -> str:
        name = self._cell(record, "name")
        if name:
            return name
        parts = (self._cell(record, "first_name"), self._cell(record, "last_name"))
        return " ".join(part for part in parts if part)

    def _cell(self, record: Record, name: str) -> str:
        return self.columns.read(record, name)
