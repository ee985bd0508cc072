"""Removing rows of the changes feed that no desk will read any more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.jobs.results import JobResult

NAME: Final = "prune-changes"
# A window reads the feed every few seconds; one that slept for longer loads its lists anew.
_KEPT: Final = timedelta(days=1)
# Small transactions: a cluster certifies each as a whole, and every writer appends here.
_STEP: Final = 2_000


def run(
    database: Database,
    gateways: Gateways,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> JobResult:
    """Delete what is older than a day, a small transaction at a time."""
    before = database.read(_limit)
    removed = 0
    while step := database.write(prune_changes, before):
        removed += step
        progress(removed, removed)
    rows = "1 row" if removed == 1 else f"{removed:,} rows"
    return JobResult(NAME, f"Removed {rows} of the changes feed.", {"removed": removed})


def prune_changes(uow: UnitOfWork, before: datetime) -> int:
    uow.actor.require(Right.RUN_JOBS)
    return uow.feed.prune(before, limit=_STEP)


def _limit(uow: UnitOfWork) -> datetime:
    return uow.feed.clock() - _KEPT
