"""What a list shows: one serialisable query that pages, saved views and exports share."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, TypeVar

RowT = TypeVar("RowT")

PAGE_ROWS: Final = 100  # rows fetched at once; see docs: pages stay below a few hundred rows
ANCHOR_STRIDE: Final = 1_000  # every n-th row's sort key is kept, so that any row is near one


@dataclass(frozen=True, slots=True)
class Sort:
    """Sorted by one column; the row's id always breaks ties, in the same direction."""

    column: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """One removable chip: ``values`` are alternatives of the list's filter named ``name``.

    A range is two values (from, to) of which either may be an empty string.
    """

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Filter, sort and columns of one list. Equal queries show equal rows.

    ``source`` names the list ("courses", "students", "payments", "alerts"); ``columns``
    are column keys in their shown order, empty for the list's own choice.
    """

    source: str
    text: str = ""
    filters: tuple[Filter, ...] = ()
    sort: Sort | None = None
    columns: tuple[str, ...] = ()

    def with_text(self, text: str) -> ListQuery:
        return replace(self, text=text.strip())

    def with_sort(self, column: str, *, descending: bool) -> ListQuery:
        return replace(self, sort=Sort(column, descending))

    def with_filter(self, name: str, *values: str) -> ListQuery:
        """Replace the filter of that name; no values removes it."""
        kept = tuple(f for f in self.filters if f.name != name)
        return replace(self, filters=(*kept, Filter(name, values)) if values else kept)

    def values(self, name: str) -> tuple[str, ...]:
        for wanted in self.filters:
            if wanted.name == name:
                return wanted.values
        return ()

    def to_json(self) -> str:
        return json.dumps(
            {
                "source": self.source,
                "text": self.text,
                "filters": [[f.name, list(f.values)] for f in self.filters],
                "sort": [self.sort.column, self.sort.descending] if self.sort else None,
                "columns": list(self.columns),
            },
            ensure_ascii=False,
        )

    @staticmethod
    def from_json(text: str) -> ListQuery:
        """Read what ``to_json`` wrote; ValueError for anything else."""
        try:
            raw: dict[str, Any] = json.loads(text)
            return ListQuery(
                source=str(raw["source"]),
                text=str(raw["text"]),
                filters=tuple(
                    Filter(str(name), tuple(str(v) for v in values))
                    for name, values in raw["filters"]
                ),
                sort=Sort(str(raw["sort"][0]), bool(raw["sort"][1])) if raw["sort"] else None,
                columns=tuple(str(column) for column in raw["columns"]),
            )
        except (KeyError, TypeError, IndexError) as error:
            raise ValueError(f"not a list query: {text[:80]}") from error


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where page reads start: the sort key and id of row number ``position``."""

    position: int
    key: object  # str, int, Decimal, datetime or None
    row_id: int


@dataclass(frozen=True, slots=True)
class ListHead:
    """What is known of a list without its rows.

    ``total`` counts the rows that the filter lets through, ``unfiltered`` all rows of the
    list. ``positions`` are the row numbers of the ids that were asked for (absent: not shown).
    """

    total: int
    unfiltered: int
    anchors: tuple[Anchor, ...]
    positions: dict[int, int]


@dataclass(frozen=True, slots=True)
class ListPage(Generic[RowT]):
    """The rows from number ``first`` on; fewer than asked for only at the list's end."""

    first: int
    rows: tuple[RowT, ...]
