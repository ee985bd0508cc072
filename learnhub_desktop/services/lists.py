"""Every list: how long it is, where its pages begin, and its rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.lists import Anchor, ListHead, ListPage, ListQuery
from learnhub_desktop.domain.search import Asker, Vocabulary


def head(uow: UnitOfWork, query: ListQuery, *, ids: tuple[int, ...] = ()) -> ListHead:
    """Counts, anchors, and the row numbers of ``ids`` that the filter lets through.

    InvalidInput names a list, column, filter or value that does not exist.
    """
    asker = _ask(uow, query.source)
    return uow.lists.head(query, ids, asker)


def page(
    uow: UnitOfWork, query: ListQuery, *, first: int, count: int, anchor: Anchor | None
) -> ListPage[Any]:
    """``count`` rows from number ``first`` on. ``anchor`` is the nearest at or before it."""
    asker = _ask(uow, query.source)
    return uow.lists.page(query, first=first, count=count, anchor=anchor, asker=asker)


def rows(uow: UnitOfWork, source: str, ids: Sequence[int]) -> tuple[Any, ...]:
    """The rows of these ids as they stand now, in their order; those that are gone are left out."""
    asker = _ask(uow, source)
    return uow.lists.rows(source, ids, asker)


def walk(uow: UnitOfWork, query: ListQuery, *, size: int = 500) -> Iterator[tuple[Any, ...]]:
    """All rows that the filter lets through, page by page, for an export.

    It reads as it is iterated, so that must happen inside the same ``Database.read``.
    """
    asker = _ask(uow, query.source)
    return uow.lists.walk(query, size=size, asker=asker)


def vocabulary(uow: UnitOfWork, source: str) -> Vocabulary:
    """What the list's search box understands besides words."""
    asker = _ask(uow, source)
    return uow.lists.vocabulary(source, asker)


def _ask(uow: UnitOfWork, source: str) -> Asker:
    asker = Asker(uow.actor, uow.now, lambda: uow.settings.get().zone)
    uow.actor.require(uow.lists.right_needed(source, asker))
    return asker
