"""Pages, anchors and counts of every list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Select, func, or_, select

from learnhub_desktop.db.repositories.base import Repository
from learnhub_desktop.db.repositories.lists import filters, keyset
from learnhub_desktop.db.repositories.lists.registry import source_of
from learnhub_desktop.db.repositories.lists.source import (
    Condition,
    ListSource,
    Resolve,
    SortKey,
)
from learnhub_desktop.domain import search
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.lists import (
    ANCHOR_STRIDE,
    Anchor,
    ListHead,
    ListPage,
    ListQuery,
    Sort,
)
from learnhub_desktop.domain.search import Asker, Vocabulary
from learnhub_desktop.errors import InvalidInput

__all__ = ["ListRepository"]


MOST_RESOLVED: Final = 1_000


class ListRepository(Repository):
    """Every list by its query: which rows, in which order, and the rows themselves.

    Which rows and in which order is read with only the joins that the filter and the sort
    need; then the rows of a page are loaded by their ids.
    """

    def right_needed(self, name: str, asker: Asker) -> Right:
        return source_of(name, asker.actor).right

    def vocabulary(self, name: str, asker: Asker) -> Vocabulary:
        return _vocabulary(source_of(name, asker.actor))

    def head(self, query: ListQuery, ids: Iterable[int], asker: Asker) -> ListHead:
        """Counts, anchors and the places of the ids, all of one snapshot."""
        asked = _Asked(query, asker, self._resolve)
        total = self._count(asked, asked.conditions)
        whole = asked.whole_list
        unfiltered = total if len(whole) == len(asked.conditions) else self._count(asked, whole)
        if total == 0:
            return ListHead(0, unfiltered, (), {})
        anchors, positions = self._anchors(asked, frozenset(ids))
        return ListHead(total, unfiltered, anchors, positions)

    def page(
        self, query: ListQuery, *, first: int, count: int, anchor: Anchor | None, asker: Asker
    ) -> ListPage[Any]:
        asked = _Asked(query, asker, self._resolve)
        offset = first - (anchor.position if anchor is not None else 0)
        if first < 0 or count < 1 or offset < 0:
            raise ValueError(f"no page of {count} rows from {first} on after {anchor}")
        keys = self._keys(asked, anchor, limit=count, offset=offset)
        return ListPage(first, self._rows(asked.source, [key[0] for key in keys]))

    def rows(self, name: str, ids: Sequence[int], asker: Asker) -> tuple[Any, ...]:
        """The rows of these ids in their order; ids that are gone are left out."""
        source = source_of(name, asker.actor)
        known = self.connection.scalars(
            select(source.row_id)
            .select_from(source.base)
            .where(source.row_id.in_(ids), *source.always)
        )
        visible = set(known)
        return self._rows(source, [row_id for row_id in ids if row_id in visible])

    def walk(self, query: ListQuery, *, size: int, asker: Asker) -> Iterator[tuple[Any, ...]]:
        """All rows of the list in pages, each continued from the last row of the one before."""
        asked = _Asked(query, asker, self._resolve)
        anchor: Anchor | None = None
        while True:
            offset = 0 if anchor is None else 1
            keys = self._keys(asked, anchor, limit=size, offset=offset)
            if keys:
                yield self._rows(asked.source, [key[0] for key in keys])
            if len(keys) < size:
                return
            row_id, *values = keys[-1]
            anchor = Anchor(0, _as_key(values), row_id)

    def _count(self, asked: _Asked, conditions: Sequence[Condition]) -> int:
        counted = asked.select(func.count(), conditions=conditions)
        return int(self.connection.scalar(counted) or 0)

    def _anchors(
        self, asked: _Asked, ids: frozenset[int]
    ) -> tuple[tuple[Anchor, ...], dict[int, int]]:
        """Number the sorted rows once, and keep every n-th of them and those asked for.

        The numbered table holds the ids alone: the servers write it out, and with its sort
        values it takes five times as long.
        """
        numbered = asked.select(
            asked.source.row_id.label("row_id"),
            func.row_number().over(order_by=asked.order).label("place"),
            conditions=asked.conditions,
            sorted_too=True,
        ).subquery("numbered")
        wanted = (numbered.c.place - 1) % ANCHOR_STRIDE == 0
        found = self.connection.execute(
            select(numbered)
            .where(or_(wanted, numbered.c.row_id.in_(ids)) if ids else wanted)
            .order_by(numbered.c.place)
        ).all()
        places = {row_id: int(place) - 1 for row_id, place in found}
        starts = [row_id for row_id, place in places.items() if place % ANCHOR_STRIDE == 0]
        keys = self._sort_values(asked, starts)
        return (
            tuple(Anchor(places[row_id], keys[row_id], row_id) for row_id in starts),
            {row_id: place for row_id, place in places.items() if row_id in ids},
        )

    def _sort_values(self, asked: _Asked, ids: Sequence[int]) -> dict[int, object]:
        if not asked.key.parts:
            return dict.fromkeys(ids)
        if asked.key.of_row is not None:
            loaded = asked.source.load(self.connection, ids)
            return {row_id: asked.key.of_row(row) for row_id, row in loaded.items()}
        statement = asked.select(
            *asked.labelled, conditions=[asked.source.row_id.in_(ids)], sorted_too=True
        )
        return {row_id: _as_key(values) for row_id, *values in self.connection.execute(statement)}

    def _resolve(self, found: Select[Any]) -> Any:
        ids = self.connection.scalars(found.limit(MOST_RESOLVED + 1)).all()
        return ids if len(ids) <= MOST_RESOLVED else found

    def _keys(
        self, asked: _Asked, anchor: Anchor | None, *, limit: int, offset: int
    ) -> list[tuple[Any, ...]]:
        conditions = asked.conditions
        if anchor is not None:
            values = _as_values(anchor.key, asked.key)
            conditions = [
                *conditions,
                keyset.from_row(
                    asked.key,
                    asked.source.row_id,
                    values,
                    anchor.row_id,
                    descending=asked.descending,
                ),
            ]
        statement = (
            asked.select(*asked.labelled, conditions=conditions, sorted_too=True)
            .order_by(*asked.order)
            .limit(limit)
            .offset(offset)
        )
        return [tuple(row) for row in self.connection.execute(statement)]

    def _rows(self, source: ListSource[Any], ids: Sequence[int]) -> tuple[Any, ...]:
        if not ids:
            return ()
        loaded = source.load(self.connection, ids)
        return tuple(loaded[row_id] for row_id in ids if row_id in loaded)


class _Asked:
    """A query held against its source: conditions, joins and order, all checked."""

    def __init__(self, query: ListQuery, asker: Asker, resolve: Resolve) -> None:
        self.source = source_of(query.source, asker.actor)
        self.asker = asker
        self.resolve = resolve
        self.needs: list[str] = []
        sort = query.sort or self.source.default_sort
        self.key = self._sort_key(sort)
        self.descending = sort.descending
        self._check_columns(query)
        self.whole_list: list[Condition] = list(self.source.always)
        self.conditions: list[Condition] = list(self.source.always)
        if self.key.always is not None:
            self.conditions = list(self.key.always)
        self._add_filters(query)
        self._add_text(query.text)
        self.order = keyset.order_by(self.key, self.source.row_id, descending=sort.descending)
        self.labelled = [
            self.source.row_id.label("row_id"),
            *(part.label(f"key_{number}") for number, part in enumerate(self.key.parts)),
        ]

    def select(
        self, *columns: Any, conditions: Sequence[Condition], sorted_too: bool = False
    ) -> Select[Any]:
        """Select from the base and only those joins that are needed."""
        wanted = [*self.needs, *self.key.needs] if sorted_too else self.needs
        tables = self.source.base
        joined: set[str] = set()

        def join(name: str) -> None:
            nonlocal tables
            if name in joined:
                return
            part = self.source.joins[name]
            for other in part.needs:
                join(other)
            joined.add(name)
            tables = tables.join(part.target, part.on, isouter=part.outer)

        for name in wanted:
            join(name)
        return select(*columns).select_from(tables).where(*conditions)

    def _sort_key(self, sort: Sort) -> SortKey:
        key = self.source.sorts.get(sort.column)
        if key is None:
            known = ", ".join(self.source.sorts)
            raise InvalidInput(
                "sort",
                f"The list of {_say(self.source.name)} cannot be sorted by “{sort.column[:40]}”, "
                f"only by {known}.",
            )
        return key

    def _check_columns(self, query: ListQuery) -> None:
        known = self.source.sorts.keys() | self.source.more_columns
        for column in query.columns:
            if column not in known:
                raise InvalidInput(
                    "columns",
                    f"The list of {_say(self.source.name)} has no column “{column[:40]}”.",
                )

    def _add_filters(self, query: ListQuery) -> None:
        required = self.source.required
        if required is not None and not query.values(required):
            raise InvalidInput(required, f"Name the {required} whose list this is.")
        for chip in query.filters:
            spec = self.source.filters.get(chip.name)
            if spec is None:
                raise InvalidInput(
                    chip.name[:40],
                    f"The list of {_say(self.source.name)} has no filter “{chip.name[:40]}”.",
                )
            if not chip.values:
                continue
            values = filters.check_words(chip.name, spec, chip.values)
            condition = spec.condition(values, self.asker)
            if chip.name == required:
                self.whole_list.append(condition)
            self._add(condition, spec.needs)

    def _add_text(self, text: str) -> None:
        if not text.strip():
            return
        for term in search.parse(text, _vocabulary(self.source)):
            match term:
                case search.ExactId(row_id):
                    self._add(self.source.row_id == row_id)
                case search.Address(email):
                    self._add(self.source.find_address(email, self.resolve))
                case search.Word(word, None):
                    self._add(self.source.find_word(word, self.resolve))
                case search.Word(word, row_id):
                    self._add(
                        or_(self.source.row_id == row_id, self.source.find_word(word, self.resolve))
                    )
                case search.Choice(name, values):
                    spec = self.source.filters[name]
                    self._add(self._chosen(name, values), spec.needs)
                case search.Comparison(name, operator, value):
                    measure = self.source.measures[name]
                    self._add(
                        filters.compare(measure, operator, value, self.asker.zone), measure.needs
                    )

    def _chosen(self, name: str, values: tuple[str, ...]) -> Condition:
        """A choice that was typed; values that make no sense are text that finds nothing."""
        try:
            return self.source.filters[name].condition(values, self.asker)
        except InvalidInput:
            return self.source.find_word(f"{name}:{','.join(values)}", self.resolve)

    def _add(self, condition: Condition, needs: Iterable[str] = ()) -> None:
        self.conditions.append(condition)
        self.needs += needs


def _vocabulary(source: ListSource[Any]) -> Vocabulary:
    typed = {name: spec for name, spec in source.filters.items() if spec.in_search}
    return Vocabulary(
        choices={name: spec.words for name, spec in typed.items() if spec.words is not None},
        texts=frozenset(name for name, spec in typed.items() if spec.words is None),
        measures={name: measure.kind for name, measure in source.measures.items()},
    )


def _say(name: str) -> str:
    return name.replace("_", " ")


def _as_key(values: Sequence[Any]) -> object:
    """One sort value stands alone, several as a tuple; none where the id alone sorts."""
    if len(values) == 1:
        return values[0]
    return tuple(values) if values else None


def _as_values(key: object, sort: SortKey) -> tuple[Any, ...]:
    if not sort.parts:
        return ()
    values = key if isinstance(key, tuple) else (key,)
    if len(values) != len(sort.parts):
        raise ValueError(f"the anchor {key!r} is of another sort")
    return values
