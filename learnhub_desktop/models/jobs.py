"""Columns of the jobs; the words and tones of how their runs stand."""

from __future__ import annotations

from typing import Final

from learnhub_desktop.domain.jobs import JobRow, JobRun
from learnhub_desktop.domain.states import JobState
from learnhub_desktop.models import formats
from learnhub_desktop.models.columns import Column, Kind, Tone


def job_state(row: JobRow) -> tuple[str, Tone]:
    """``running 40 %``, ``overdue``, ``never run``, or how the last run ended."""
    if row.is_running and row.last is not None:
        return running_words(row.last), Tone.INFO
    if row.is_late:
        return "overdue", Tone.WARN
    if row.last is None:
        return "never run", Tone.IDLE
    return run_state(row.last)


def run_state(run: JobRun) -> tuple[str, Tone]:
    """How a run that nobody is at any more ended."""
    match run.state:
        case JobState.RUNNING:
            return "broken off", Tone.BAD
        case JobState.DONE if run.problems:
            return f"done, {len(run.problems):,} to look at", Tone.WARN
        case JobState.DONE:
            return "done", Tone.GOOD
        case JobState.FAILED:
            return "failed", Tone.BAD
        case JobState.CANCELLED:
            return "cancelled", Tone.IDLE
    return "due", Tone.IDLE


def running_words(run: JobRun) -> str:
    share = progress_percent(run)
    return "running" if share is None else f"running {formats.percent(share)}"


def progress_percent(run: JobRun) -> float | None:
    """How far a run is, from 0 to 100; None where nobody knows how much there is to do."""
    if not run.total_count:
        return None
    return 100 * run.done_count / run.total_count


def progress_words(run: JobRun) -> str:
    """``12 of 318``, or ``12 so far`` where nobody knows of how many."""
    if run.total_count is None:
        return "It has just begun." if not run.done_count else f"{run.done_count:,} so far"
    return f"{run.done_count:,} of {run.total_count:,}"


JOB_COLUMNS: Final[tuple[Column[JobRow], ...]] = (
    # The order in which they run is the list's own; no other would say more.
    Column(
        key="order",
        title="No.",
        value=lambda row: row.number + 1,
        kind=Kind.NUMBER,
        width=64,
        sortable=False,
        hidden=True,
    ),
    Column(
        key="job",
        title="Job",
        value=lambda row: row.plan.title,
        tooltip=lambda row: row.plan.says,
        width=160,
        sortable=False,
    ),
    Column(
        key="schedule",
        title="When",
        value=lambda row: str(row.plan.schedule),
        width=104,
        sortable=False,
    ),
    Column(
        key="state",
        title="Result",
        value=lambda row: job_state(row)[0],
        kind=Kind.BADGE,
        tone=lambda row: job_state(row)[1],
        width=128,
        sortable=False,
    ),
    Column(
        key="last",
        title="Last run",
        value=lambda row: None if row.last is None else row.last.started_at,
        kind=Kind.MOMENT,
        width=104,
        sortable=False,
    ),
    Column(
        key="next",
        title="Next run",
        value=lambda row: row.next_due_at,
        kind=Kind.MOMENT,
        width=116,
        sortable=False,
    ),
    Column(
        key="message",
        title="What it did",
        value=lambda row: "" if row.last is None else row.last.message,
        tooltip=lambda row: "" if row.last is None else row.last.message,
        width=96,
        grow=1,
        sortable=False,
    ),
)
