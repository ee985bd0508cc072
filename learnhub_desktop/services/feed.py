"""What other desks and programs changed since one looked last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.changes import Touched

# Ids are given when a row is written, but become visible when its transaction commits: a
# change may show up behind others that were seen before. So the last minute is read again.
OVERLAP: Final = timedelta(seconds=60)
# The feed is kept for a day; who slept for longer than this loads everything anew.
LONGEST_GAP: Final = timedelta(hours=12)
# An import writes thousands of rows at once: then it is enough to know which lists changed.
MOST_CHANGES: Final = 1_000

_EVERYTHING: Final = ~Touched.NOTHING
_FLAGS: Final = {(flag.name or "").lower(): flag for flag in Touched if flag}


@dataclass(frozen=True, slots=True)
class FeedState:
    """What the next poll is to be given, and which rows the last one found changed.

    ``ids`` holds them by list; a list that was touched but is missing there may have
    changed anywhere.
    """

    read_at: datetime
    seen: frozenset[int]
    ids: Mapping[Touched, frozenset[int]] = field(default_factory=dict)


def poll(database: Database, state: FeedState | None) -> tuple[Touched, FeedState]:
    """What was touched since the state was taken; the first call only takes one.

    Changes of this desk are among them. Call it every few seconds.
    """
    return database.read(_poll, state)


def _poll(uow: UnitOfWork, state: FeedState | None) -> tuple[Touched, FeedState]:
    # The clock is asked first: what commits between the two reads is seen by the next call.
    now = uow.feed.clock()
    slept = state is not None and now - state.read_at > LONGEST_GAP
    last_read_at = now if state is None or slept else min(state.read_at, now)
    since = last_read_at - OVERLAP
    found = uow.feed.latest(since, limit=MOST_CHANGES + 1)
    if slept:
        return _EVERYTHING, FeedState(now, frozenset(change.change_id for change in found))
    if state is None and len(found) <= MOST_CHANGES:
        return Touched.NOTHING, FeedState(now, frozenset(change.change_id for change in found))
    if len(found) > MOST_CHANGES:
        # Nothing is remembered as seen, so the lists are told again until the flood is over.
        touched = Touched.NOTHING if state is None else _touched(uow.feed.entities(since))
        return touched, FeedState(now, frozenset())
    assert state is not None  # the first call has returned
    fresh = [change for change in found if change.change_id not in state.seen]
    ids: dict[Touched, set[int]] = {}
    anywhere: set[Touched] = set()
    for change in fresh:
        flag = _FLAGS.get(change.entity, Touched.NOTHING)
        if change.entity_id is None:
            anywhere.add(flag)
        else:
            ids.setdefault(flag, set()).add(change.entity_id)
    known = {flag: frozenset(found) for flag, found in ids.items() if flag not in anywhere}
    seen = frozenset(change.change_id for change in found)
    return _touched(change.entity for change in fresh), FeedState(now, seen, known)


def _touched(entities: Iterable[str]) -> Touched:
    touched = Touched.NOTHING
    for entity in entities:
        # A newer program may announce what this one does not know.
        touched |= _FLAGS.get(entity, Touched.NOTHING)
    return touched
