"""Which column of a file is which field of ours: by known names, or as a person says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.exchange.reading import Record, Sheet, plain_header
from learnhub_desktop.exchange.tables import plain_cell

Aliases = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each known field stands: field name to the column's number from 0."""

    places: Mapping[str, int]
    headers: tuple[str, ...]

    def has(self, field: str) -> bool:
        return field in self.places

    def read(self, record: Record, field: str) -> str:
        """The cell, trimmed; "" where the file has no such column or the row ends before it.

        The mark that our own exports put before a formula is taken off again.
        """
        place = self.places.get(field)
        return "" if place is None else plain_cell(record.cells[place].strip())

    def ends_before(self, record: Record, field: str) -> bool:
        """The row is too short to say anything of a field that the file has."""
        return field in self.places and self.places[field] >= record.given

    def named(self) -> tuple[tuple[str, str], ...]:
        """Field and header, for the report."""
        return tuple((field, self.headers[place]) for field, place in self.places.items())


def parse_choices(options: Iterable[str], aliases: Aliases) -> dict[str, str]:
    """Read ``FIELD=COLUMN`` options; an empty column means that the field is not in the file.

    InvalidInput for a field that there is none of, and for a field named twice.
    """
    chosen: dict[str, str] = {}
    for option in options:
        field, equals, column = option.partition("=")
        field = field.strip().lower()
        if not equals:
            raise InvalidInput("map", f"“{option[:40]}” is not of the form FIELD=COLUMN.")
        if field not in aliases:
            known = ", ".join(aliases)
            raise InvalidInput("map", f"“{field[:40]}” is not a field. The fields are {known}.")
        if field in chosen:
            raise InvalidInput("map", f"The field {field} is mapped twice.")
        chosen[field] = column.strip()
    return chosen


def find_columns(sheet: Sheet, aliases: Aliases, chosen: Mapping[str, str]) -> Columns:
    """Find each field's column; InvalidInput where ``chosen`` names one that is not there.

    The aliases of a field stand in order of preference.
    """
    places = {plain_header(header): n for n, header in enumerate(sheet.headers) if header}
    found: dict[str, int] = {}
    for field, names in aliases.items():
        if field in chosen:
            column = chosen[field]
            if not column:
                continue
            place = places.get(plain_header(column))
            if place is None:
                raise InvalidInput(
                    "map", f"The file has no column “{column[:40]}”. {_say_headers(sheet)}"
                )
            found[field] = place
            continue
        known = next((name for name in names if name in places), None)
        if known is not None:
            found[field] = places[known]
    return Columns(found, sheet.headers)


def missing_column(sheet: Sheet, what: str, field: str) -> InvalidInput:
    return InvalidInput(
        "file",
        f"The file has no column for {what}. {_say_headers(sheet)} "
        f"Say which it is with --map {field}=COLUMN.",
    )


def _say_headers(sheet: Sheet) -> str:
    shown = ", ".join(header[:30] for header in sheet.headers[:12] if header)
    more = ", …" if len(sheet.headers) > 12 else ""
    return f"It has {shown}{more}."
