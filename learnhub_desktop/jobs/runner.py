"""Running jobs: each due run once, whichever computer comes first.

A run is claimed with a lease that is kept between the job's steps. A worker that dies leaves
its lease to run out, and the next call of `run_due`, on any computer, takes the run over.
"""

from __future__ import annotations

import logging
import os
import platform
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import partial
from typing import Any, Final

from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.jobs import JobRefusal, JobRun, Progress, say_nothing
from learnhub_desktop.domain.states import JobState
from learnhub_desktop.errors import (
    DatabaseUnavailable,
    LearnHubError,
    RuleRefused,
    ServerBusy,
)
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.jobs import summarising
from learnhub_desktop.jobs.registry import JOBS, Job, job_named
from learnhub_desktop.jobs.results import JobResult, Ran
from learnhub_desktop.services import jobs as services
from learnhub_desktop.services.recording import write_once

log = logging.getLogger(__name__)

# How often a worker tells how far it is. Far below the lease, so that one beat may fail.
_BEAT_EVERY_S: Final = 2.0

Told = Callable[[str], Progress]
Work = Callable[["Heart"], JobResult]


class _Stopped(Exception):
    """Somebody asked the run to stop."""


def run_due(
    database: Database,
    gateways: Gateways,
    *,
    jobs: Mapping[str, Job] = JOBS,
    told: Told = lambda name: say_nothing,
    beat_every_s: float = _BEAT_EVERY_S,
) -> tuple[Ran, ...]:
    """Run every job that is due and that nobody is at, one after the other.

    A job that fails stops no other. DatabaseUnavailable ends all: what was begun is taken over
    once its lease has ended.
    """
    plans = [job.plan for job in jobs.values()]
    ran = []
    for name in database.read(services.find_due, plans):
        owner = new_owner(database)
        run = write_once(database, None, owner, services.claim_due, jobs[name].plan, owner)
        if run is not None:
            heart = Heart(database, run, told(name), beat_every_s)
            work = partial(jobs[name].run, database, gateways)
            ran.append(_work(name, work, heart))
    return tuple(ran)


def run_one(
    database: Database,
    gateways: Gateways,
    name: str,
    *,
    jobs: Mapping[str, Job] = JOBS,
    told: Told = lambda name: say_nothing,
    beat_every_s: float = _BEAT_EVERY_S,
) -> Ran:
    """Run one job now, besides its schedule. RuleRefused while another worker is at it."""
    job = jobs[name] if name in jobs else job_named(name)

    def work(heart: Heart) -> JobResult:
        return job.run(database, gateways, heart)

    return run_now(database, name, work, told=told, beat_every_s=beat_every_s)


def run_days(
    database: Database, first: date, last: date, *, told: Told = lambda name: say_nothing
) -> Ran:
    """Count the revenue of these days again, as a run of its job; InvalidInput for odd days."""
    database.read(summarising.check_range, first, last)
    return run_now(
        database,
        summarising.NAME,
        lambda heart: summarising.run_range(database, first, last, heart),
        told=told,
    )


def run_now(
    database: Database,
    name: str,
    work: Work,
    *,
    beside: Sequence[str] = (),
    told: Told = lambda name: say_nothing,
    beat_every_s: float = _BEAT_EVERY_S,
) -> Ran:
    """Do work that a person asked for as a run of ``name``, and never beside another of those
    that ``beside`` names."""
    owner = new_owner(database)
    run = write_once(database, None, owner, services.claim_now, name, owner, beside=beside)
    return _work(name, work, Heart(database, run, told(name), beat_every_s))


def new_owner(database: Database) -> str:
    """A name that no other call has: the account, the computer, the process and a number."""
    where = platform.node() or "a computer"
    account = database.actor().account
    return f"{account[:60]} on {where[:60]}, process {os.getpid()}, {uuid.uuid4().hex[:8]}"


class Heart:
    """Between two steps: tell how far the run is, keep its lease, hear whether to stop."""

    def __init__(self, database: Database, run: JobRun, show: Progress, every_s: float) -> None:
        assert run.lease_owner is not None
        self.database = database
        self.run_id, self.owner = run.run_id, run.lease_owner
        self.done = 0
        self.total: int | None = None
        self._show, self._every_s = show, every_s
        self._next_s = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        self.done, self.total = done, total
        self._show(done, total)
        if time.monotonic() < self._next_s:
            return
        self._next_s = time.monotonic() + self._every_s
        try:
            stop = self._write(services.beat, done=done, total=total)
        except ServerBusy as error:
            log.info("a beat of run %d is left out: %s", self.run_id, error)
            return
        if stop:
            raise _Stopped

    def finish(self, state: JobState, result: JobResult) -> Ran:
        kept = self._write(
            services.finish,
            state=state,
            message=result.message,
            counts=result.counts,
            problems=result.problems,
            done=self.done,
            total=self.total,
        )
        if not kept:
            log.warning("run %d ended, and another worker has taken it over", self.run_id)
        return Ran(self.run_id, state, result)

    def hold(self, uow: UnitOfWork) -> None:
        """Keep the lease inside a transaction of the work itself, which fails without it.

        So nothing is written by a worker whose run another has taken over.
        """
        services.beat(uow, self.run_id, self.owner, done=self.done, total=self.total)

    def _write(self, call: Callable[..., bool], **values: Any) -> bool:
        # Each finds its own work again where the answer to a COMMIT was lost.
        run = (self.run_id, self.owner)
        return write_once(self.database, None, self.owner, call, *run, **values)


def _work(name: str, work: Work, heart: Heart) -> Ran:
    try:
        result = work(heart)
    except _Stopped:
        so_far = f" after {heart.done:,} of {heart.total:,}" if heart.total else ""
        message = f"Cancelled{so_far}. What is done stays done."
        return heart.finish(JobState.CANCELLED, JobResult(name, message))
    except DatabaseUnavailable:
        # Whoever reaches the database next takes the run over when its lease has ended.
        raise
    except LearnHubError as error:
        if isinstance(error, RuleRefused) and error.reason is JobRefusal.LEASE_LOST:
            # The worker that has the run now writes down how it ends.
            return Ran(heart.run_id, JobState.CANCELLED, JobResult(name, str(error)))
        return heart.finish(JobState.FAILED, JobResult(name, str(error)))
    except BaseException as error:
        ended = JobState.CANCELLED if isinstance(error, KeyboardInterrupt) else JobState.FAILED
        message = (
            "It was stopped at its terminal."
            if ended is JobState.CANCELLED
            else "Something went wrong inside LearnHub; its log file has the details."
        )
        with suppress(LearnHubError):
            heart.finish(ended, JobResult(name, message))
        raise
    return heart.finish(JobState.DONE, result)
