"""Removing what nobody will read any more: old rows of the changes feed, old runs of jobs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.catalog import count_of
from learnhub_desktop.domain.jobs import Progress, say_nothing
from learnhub_desktop.domain.years import YEAR_JOBS
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.jobs.results import JobResult

NAME: Final = "prune-changes"
# A window reads the feed every few seconds; one that slept for longer loads its lists anew.
_KEPT: Final = timedelta(days=1)
# A job that runs every five minutes leaves 8,640 runs in this time.
_RUNS_KEPT: Final = timedelta(days=30)
# Small transactions: a cluster certifies each as a whole, and every writer appends here.
_STEP: Final = 1_000


def run(
    database: Database,
    gateways: Gateways,
    progress: Progress = say_nothing,
) -> JobResult:
    """Delete what is older than a day, and old runs, a small transaction at a time."""
    before = database.read(_limit)
    removed = 0
    while step := database.write(prune_changes, before):
        removed += step
        progress(removed, removed)
    runs = 0
    while step := database.write(prune_runs):
        runs += step
        progress(removed + runs, removed + runs)
    message = f"Removed {count_of(removed, 'row')} of the changes feed"
    if runs:
        message += f" and {count_of(runs, 'old run')} of jobs"
    return JobResult(NAME, f"{message}.", {"removed": removed, "runs_removed": runs})


def prune_changes(uow: UnitOfWork, before: datetime) -> int:
    uow.actor.require(Right.RUN_JOBS)
    return uow.feed.prune(before, limit=_STEP)


def prune_runs(uow: UnitOfWork) -> int:
    """What was done with a closed year is remembered for ever."""
    uow.actor.require(Right.RUN_JOBS)
    return uow.jobs.prune(uow.now() - _RUNS_KEPT, kept=YEAR_JOBS, limit=_STEP)


def _limit(uow: UnitOfWork) -> datetime:
    return uow.feed.clock() - _KEPT
