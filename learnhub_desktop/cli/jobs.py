"""`learnhub jobs`: run one job, run what is due, or list them all."""

from __future__ import annotations

from argparse import Namespace
from typing import Any, Final

from learnhub_desktop.cli.choosing import opened
from learnhub_desktop.cli.terminal import Done, ExitCode, Terminal
from learnhub_desktop.domain.jobs import JobRow
from learnhub_desktop.domain.moments import say_moment
from learnhub_desktop.domain.states import JobState
from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.jobs import runner, summarising
from learnhub_desktop.jobs.registry import PLANS
from learnhub_desktop.jobs.results import Ran
from learnhub_desktop.services import jobs as services

_LATE: Final = "Nobody has run it for long: docs/jobs.md tells how a timer does."


def run(options: Namespace, terminal: Terminal) -> Done:
    if options.due == (options.name is not None):
        raise InvalidInput("name", "Name one job, or run all that are due with --due.")
    if options.name != summarising.NAME and (options.first or options.last):
        raise InvalidInput("first", "Only the job revenue takes days: --from DAY --to DAY.")
    if options.last and not options.first:
        raise InvalidInput("first", "Say from which day on: --from DAY --to DAY.")
    if options.due:
        return _run_due(options, terminal)
    with opened(options) as school:
        database, told = school.database, terminal.progress
        if options.first:
            first, last = options.first, options.last or options.first
            ran = runner.run_days(database, first, last, told=told)
        else:
            ran = runner.run_one(database, school.gateways, options.name, told=told)
    for problem in ran.result.problems:
        terminal.tell(problem)
    if _went_well(ran):
        return Done(_values(ran), (ran.result.message,))
    return Done(_values(ran), code=ExitCode.REFUSED, problem=ran.result.message)


def _run_due(options: Namespace, terminal: Terminal) -> Done:
    with opened(options) as school:
        all_ran = runner.run_due(school.database, school.gateways, told=terminal.progress)
    for ran in all_ran:
        for problem in ran.result.problems:
            terminal.tell(f"{ran.result.job}: {problem}")
    values = {"ran": [_values(ran) for ran in all_ran]}
    lines = [f"{ran.result.job}: {ran.result.message}" for ran in all_ran if _went_well(ran)]
    failed = [ran for ran in all_ran if not _went_well(ran)]
    if not failed:
        return Done(values, tuple(lines or ["Nothing is due."]))
    said = " ".join(f"{ran.result.job}: {ran.result.message}" for ran in failed)
    return Done(values, tuple(lines), code=ExitCode.REFUSED, problem=said)


def _went_well(ran: Ran) -> bool:
    return ran.state is JobState.DONE and not ran.result.problems


def _values(ran: Ran) -> dict[str, Any]:
    return {**values_of(ran), "problems": list(ran.result.problems)}


def values_of(ran: Ran) -> dict[str, Any]:
    """What every run has, with the figures of its own job."""
    return {
        "job": ran.result.job,
        "run_id": ran.run_id,
        "state": ran.state,
        "message": ran.result.message,
        **ran.result.counts,
    }


def show(options: Namespace, terminal: Terminal) -> Done:
    """Every job with its schedule, its last run and its next one."""
    with opened(options) as school:
        rows = school.database.read(services.list_jobs, PLANS)
        zone = school.settings.zone
    lines = []
    for row in rows:
        lines.append(f"{row.name}: {row.plan.title}, {row.plan.schedule}")
        if row.next_due_at is not None:
            lines.append(f"  next: {say_moment(row.next_due_at, zone)}")
        lines.append(f"  last: {_last(row, zone)}")
        if row.is_late:
            lines.append(f"  {_LATE}")
    return Done({"jobs": [_row(row) for row in rows]}, tuple(lines))


def _last(row: JobRow, zone: Any) -> str:
    last = row.last
    if last is None or last.started_at is None:
        return "never"
    when = say_moment(last.started_at, zone)
    if row.is_running:
        far = "" if last.total_count is None else f", {last.done_count:,} of {last.total_count:,}"
        return f"running since {when}, by {services.by_whom(last)}{far}"
    if last.state is JobState.RUNNING:
        return f"{when}, broken off: {services.by_whom(last)} was not heard of again"
    problems = f" ({len(last.problems)} to look at)" if last.problems else ""
    return f"{when}, {last.state}: {last.message}{problems}"


def _row(row: JobRow) -> dict[str, Any]:
    last = row.last
    return {
        "job": row.name,
        "title": row.plan.title,
        "schedule": str(row.plan.schedule),
        "next_due_at": row.next_due_at,
        "is_running": row.is_running,
        "is_late": row.is_late,
        "last": None
        if last is None
        else {
            "run_id": last.run_id,
            "state": last.state,
            "due_at": last.due_at,
            "started_at": last.started_at,
            "finished_at": last.finished_at,
            "owner": services.by_whom(last),
            "done_count": last.done_count,
            "total_count": last.total_count,
            "message": last.message,
            "result": last.result,
        },
    }
