"""How a list is declared: where its rows come from, and what it can be sorted and asked by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, FromClause, Select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from learnhub_desktop.db.types import Percent
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.lists import Sort
from learnhub_desktop.domain.search import Asker, MeasureKind
from learnhub_desktop.domain.text import LARGEST_ID, read_whole
from learnhub_desktop.errors import InvalidInput

RowT = TypeVar("RowT")
Expression = ColumnElement[Any]
Condition = ColumnElement[bool]
# Makes the ids that a subquery finds into a list of literals where they are few. The servers
# walk the whole list in its order, row by row, where they do not see that a word is rare.
Resolve = Callable[[Select[Any]], Any]


@dataclass(frozen=True, slots=True)
class Join:
    """A table that gives each row of the list at most one row more."""

    target: FromClause
    on: Condition
    outer: bool = False
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SortKey:
    """What one column sorts by, before the id: several parts where an index has them so.

    ``always`` says the same as the list's own condition, but so that no index answers it:
    MySQL then takes the index that has the order, and sorts nothing. ``of_row`` reads the
    parts from a loaded row, where that is cheaper than from the whole list's joins.
    ``unique``: no two rows share a value, and MariaDB sorts where the id stands after it.
    """

    parts: tuple[Expression, ...]
    nullable: bool = False
    needs: tuple[str, ...] = ()
    always: tuple[Condition, ...] | None = None
    of_row: Callable[[Any], object] | None = None
    unique: bool = False


@dataclass(frozen=True, slots=True)
class FilterSpec:
    """One filter: how its values become a condition.

    ``words`` are the values it takes as people may type them, None where it takes others.
    ``in_search`` lets it be typed in the search box, as in ``tag:python``.
    """

    condition: Callable[[tuple[str, ...], Asker], Condition]
    words: Mapping[str, str] | None = None
    needs: tuple[str, ...] = ()
    in_search: bool = False


@dataclass(frozen=True, slots=True)
class Measure:
    """A column that can be compared: ``amount>100``, and the filter of a range."""

    expression: Expression
    kind: MeasureKind
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListSource(Generic[RowT]):
    """One list.

    ``base`` gives one row an id; ``always`` holds for every row of the list. ``find_word``
    and ``find_address`` say where text is looked for. ``load`` makes the rows of a few ids.
    A list with ``required`` is of one course or one student, named by that filter.
    """

    name: str
    right: Right
    base: FromClause
    row_id: Expression
    sorts: Mapping[str, SortKey]
    default_sort: Sort
    filters: Mapping[str, FilterSpec]
    find_word: Callable[[str, Resolve], Condition]
    find_address: Callable[[str, Resolve], Condition]
    load: Callable[[Connection, Sequence[int]], dict[int, RowT]]
    always: tuple[Condition, ...] = ()
    joins: Mapping[str, Join] = field(default_factory=dict)
    measures: Mapping[str, Measure] = field(default_factory=dict)
    required: str | None = None
    more_columns: frozenset[str] = frozenset()


def load_rows(
    statement: Select[Any], row_id: Expression, build: Callable[[Any], RowT]
) -> Callable[[Connection, Sequence[int]], dict[int, RowT]]:
    """A loader out of one statement, whose first column is the id."""

    def load(connection: Connection, ids: Sequence[int]) -> dict[int, RowT]:
        found = connection.execute(statement.where(row_id.in_(ids)))
        return {row[0]: build(row) for row in found}

    return load


def check_id(value: str, *, field: str) -> int:
    number = read_whole(value, most=LARGEST_ID)
    if number is None:
        raise InvalidInput(field, f"“{value[:20]}” is not the number of a record.")
    return number


class mean_percent(GenericFunction[Any]):
    """The mean of percentages, rounded as the column keeps them, so that equal means tie."""

    type = Percent()
    inherit_cache = True


@compiles(mean_percent, "mysql")
def _mean_mysql(element: Any, compiler: Any, **options: Any) -> str:
    return f"ROUND(AVG({compiler.process(element.clauses, **options)}), 2)"


@compiles(mean_percent, "sqlite")
def _mean_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    # Percentages are whole hundredths here.
    return f"CAST(ROUND(AVG({compiler.process(element.clauses, **options)})) AS INTEGER)"
