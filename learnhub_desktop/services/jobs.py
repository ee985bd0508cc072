"""Runs of jobs: what is due, who is at it, and how it ended.

The server's clock decides. A run is claimed under the lock of the settings row, so that two
workers begin no two runs of one job; on several writable members, where that lock is local,
both may begin, and every job is safe to run twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.changes import Changes, Touched
from learnhub_desktop.domain.jobs import (
    AnyPlan,
    JobPlan,
    JobRefusal,
    JobRow,
    JobRun,
    is_late,
    result_of,
)
from learnhub_desktop.domain.lists import Anchor, ListHead, ListPage, ListQuery
from learnhub_desktop.domain.moments import say_moment
from learnhub_desktop.domain.states import JobState, SchoolKind
from learnhub_desktop.domain.text import search_key
from learnhub_desktop.errors import RuleRefused

# Longer than the longest step of a job: a gateway that is asked twice and a busy server.
LEASE: Final = timedelta(minutes=3)

CRASHED: Final = "Its worker was not heard of again."
OVERTAKEN: Final = "A later run did its work."


def list_jobs(uow: UnitOfWork, plans: Sequence[AnyPlan]) -> tuple[JobRow, ...]:
    """Each job with its last run and its next due time.

    In a sample school nothing runs by itself, so that all stays as it was told; there no job
    is late.
    """
    uow.actor.require(Right.RUN_JOBS)
    school, now = uow.settings.get(), uow.now()
    rows = []
    for number, plan in enumerate(plans):
        last = uow.jobs.find_alive(plan.name, now) or uow.jobs.last(plan.name)
        next_due_at, late = None, False
        if isinstance(plan, JobPlan):
            next_due_at = plan.schedule.next_due(now, school.zone)
            late = school.kind is not SchoolKind.SAMPLE and is_late(plan, last, now, school.zone)
        rows.append(
            JobRow(
                number,
                plan,
                next_due_at,
                last,
                is_running=last is not None and last.is_alive(now),
                is_late=late,
            )
        )
    return tuple(rows)


def head(
    uow: UnitOfWork, query: ListQuery, *, plans: Sequence[AnyPlan], ids: tuple[int, ...] = ()
) -> ListHead:
    """The jobs as a list of the window: how many match, and where those of ``ids`` stand."""
    uow.actor.require(Right.RUN_JOBS)
    matching = _matching(query, plans)
    positions = {number: place for place, number in enumerate(matching) if number in ids}
    return ListHead(len(matching), len(plans), (), positions)


def page(
    uow: UnitOfWork,
    query: ListQuery,
    *,
    plans: Sequence[AnyPlan],
    first: int,
    count: int,
    anchor: Anchor | None,
) -> ListPage[JobRow]:
    rows = list_jobs(uow, plans)
    matching = [rows[number] for number in _matching(query, plans)]
    return ListPage(first, tuple(matching[first : first + count]))


def _matching(query: ListQuery, plans: Sequence[AnyPlan]) -> list[int]:
    """The numbers of the jobs whose words hold all that was searched for."""
    words = search_key(query.text).split()
    return [
        number
        for number, plan in enumerate(plans)
        if all(word in search_key(plan.title, plan.name, plan.says) for word in words)
    ]


def list_runs(uow: UnitOfWork, name: str, *, limit: int = 50) -> tuple[JobRun, ...]:
    uow.actor.require(Right.RUN_JOBS)
    return uow.jobs.history(name, limit=limit)


def find_due(uow: UnitOfWork, plans: Sequence[JobPlan]) -> tuple[str, ...]:
    """The jobs that have something to run now. A plain read: most calls find nothing."""
    uow.actor.require(Right.RUN_JOBS)
    zone, now = uow.settings.get().zone, uow.now()
    due = []
    for plan in plans:
        last_due = plan.schedule.last_due(now, zone)
        left = [run for run in uow.jobs.list_left(plan.name, now) if run.due_at >= last_due]
        is_due = bool(left) or uow.jobs.find(plan.name, last_due) is None
        if is_due and uow.jobs.find_alive(plan.name, now) is None:
            due.append(plan.name)
    return tuple(due)


def claim_due(uow: UnitOfWork, plan: JobPlan, owner: str) -> JobRun | None:
    """Take the newest run of the job that nobody has done; None where there is none.

    Of several the newest does the work of all, and the older ones are closed. ``owner``
    names one call: after a COMMIT whose answer was lost it finds its own claim again.
    """
    uow.actor.require(Right.RUN_JOBS)
    settings, now = uow.settings.lock(), uow.now()
    alive = uow.jobs.find_alive(plan.name, now)
    if alive is not None:
        return alive if alive.lease_owner == owner else None
    due_at = plan.schedule.last_due(now, settings.zone)
    uow.jobs.ensure(plan.name, due_at)
    claimed = None
    for run in uow.jobs.list_left(plan.name, now):
        is_newest = claimed is None and run.due_at >= due_at
        if is_newest and uow.jobs.claim(run.run_id, owner, now, LEASE):
            claimed = uow.jobs.get(run.run_id)
        else:
            _close(uow, run)
    return claimed


def _close(uow: UnitOfWork, run: JobRun) -> None:
    if run.state is JobState.RUNNING:
        uow.jobs.close(
            run.run_id, uow.now(), state=JobState.FAILED, message=f"{CRASHED} {OVERTAKEN}"
        )
    else:
        uow.jobs.close(run.run_id, uow.now(), state=JobState.CANCELLED, message=OVERTAKEN)


def claim_now(uow: UnitOfWork, name: str, owner: str, *, beside: Sequence[str] = ()) -> JobRun:
    """A run that a person asked for. RuleRefused while another worker is at this job.

    ``beside`` names jobs that may not run at the same moment either. What a worker of theirs
    left behind is closed first: that waits for its transaction, if one is still open.
    """
    uow.actor.require(Right.RUN_JOBS)
    uow.settings.lock()
    now = uow.now()
    for each in {name, *beside}:
        for left in uow.jobs.list_left(each, now):
            _close(uow, left)
        alive = uow.jobs.find_alive(each, now)
        if alive is None:
            continue
        if alive.lease_owner == owner:
            return alive
        raise RuleRefused(
            JobRefusal.RUNNING_ALREADY,
            f"{'This job' if each == name else 'Another job on the same rows'} is running already, "
            f"by {by_whom(alive)}.",
        )
    run_id = uow.jobs.add_now(name, now)
    uow.jobs.claim(run_id, owner, now, LEASE)
    return uow.jobs.get(run_id)


def beat(uow: UnitOfWork, run_id: int, owner: str, *, done: int, total: int | None) -> bool:
    """Keep the lease and tell how far it is; True where somebody asked it to stop.

    RuleRefused with LEASE_LOST where another worker has taken the run over.
    """
    kept = uow.jobs.beat(run_id, owner, uow.now() + LEASE, done=done, total=total)
    if not kept:
        raise RuleRefused(
            JobRefusal.LEASE_LOST, "Another computer has taken this run over meanwhile."
        )
    return uow.jobs.get(run_id).cancel_requested


def finish(
    uow: UnitOfWork,
    run_id: int,
    owner: str,
    *,
    state: JobState,
    message: str,
    counts: Mapping[str, int | str],
    problems: Sequence[str] = (),
    done: int = 0,
    total: int | None = None,
) -> bool:
    """Write down how the run ended; False where another worker has taken it over."""
    ended = uow.jobs.finish(
        run_id,
        owner,
        uow.now(),
        state=state,
        result=result_of(counts, problems),
        message=message,
        done=done,
        total=total,
    )
    # Again, after a COMMIT whose answer was lost: it has ended, and by this very worker.
    return ended or uow.jobs.get(run_id).lease_owner == owner


def cancel(uow: UnitOfWork, run_id: int) -> Changes:
    """Ask a running job to stop after the step that it is at; what is done stays done."""
    uow.actor.require(Right.RUN_JOBS)
    run, now = uow.jobs.get(run_id), uow.now()
    if uow.jobs.close(run_id, now, state=JobState.CANCELLED, message=f"Cancelled. {CRASHED}"):
        return Changes(Touched.JOBS, "Cancelled. Nobody was at it any more.", subject_id=run_id)
    if not uow.jobs.ask_to_stop(run_id):
        ended = run.finished_at
        zone = uow.settings.get().zone
        when = "" if ended is None else f" It ended on {say_moment(ended, zone)}."
        raise RuleRefused(JobRefusal.NOT_RUNNING, f"This job is not running any more.{when}")
    return Changes(
        Touched.JOBS,
        "The job stops after the step that it is at. What is done stays done.",
        subject_id=run_id,
    )


def by_whom(run: JobRun) -> str:
    """``ada on desk-3``: a run's owner without what only programs need."""
    return (run.lease_owner or "a computer").partition(",")[0]
