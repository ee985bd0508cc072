"""What the side panel shows of one job: what it does, how far it is, its last runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Final

from PySide6.QtWidgets import QVBoxLayout, QWidget

from learnhub_desktop.domain.jobs import HandPlan, JobRow, JobRun
from learnhub_desktop.domain.states import JobState
from learnhub_desktop.jobs import summarising
from learnhub_desktop.models import formats
from learnhub_desktop.models.columns import Tone
from learnhub_desktop.models.jobs import (
    job_state,
    progress_percent,
    progress_words,
    run_state,
)
from learnhub_desktop.services.jobs import by_whom
from learnhub_desktop.ui.widgets.bar import Bar
from learnhub_desktop.ui.widgets.parts import clear, label, selectable
from learnhub_desktop.ui.widgets.side_panel import Event, Fact, Offer, Panel, moment_fact

HISTORY: Final = 8
_MOST_PROBLEMS: Final = 8


@dataclass(frozen=True, slots=True)
class JobDetail:
    """A job with its last runs, the latest first."""

    row: JobRow
    runs: tuple[JobRun, ...]


def job_outline(row: JobRow) -> Panel:
    state, tone = job_state(row)
    return Panel(
        title=row.plan.title,
        subtitle=f"{row.name} · {row.plan.schedule}",
        state=state,
        state_tone=tone,
        sentence=row.plan.says,
    )


def job_panel(detail: JobDetail, *, now: datetime, zone: tzinfo) -> Panel:
    row = detail.row
    return replace(
        job_outline(row),
        sentence=_sentence(row),
        facts=_facts(row, now, zone),
        events=_events(detail.runs, now, zone),
        events_title="Last runs",
        offers=offers(row),
    )


def _sentence(row: JobRow) -> str:
    last = row.last
    if last is not None and last.cancel_requested and row.is_running:
        return f"{row.plan.says} It stops after the step that it is at."
    if row.is_late:
        return (
            f"{row.plan.says} Nobody has run it for long: a window that is open does, or a timer "
            "that calls “learnhub jobs run --due”."
        )
    if last is not None and last.state is JobState.RUNNING and not row.is_running:
        return (
            f"{row.plan.says} {by_whom(last)} was not heard of again; whoever runs it next takes "
            "it over."
        )
    return row.plan.says


def _facts(row: JobRow, now: datetime, zone: tzinfo) -> tuple[Fact, ...]:
    last = row.last
    found = []
    if row.next_due_at is not None:
        found.append(moment_fact("Next run", row.next_due_at, now=now, zone=zone))
    if last is not None and last.started_at is not None:
        found += [
            moment_fact("Last run", last.started_at, now=now, zone=zone),
            Fact("By", by_whom(last), tooltip=last.lease_owner or ""),
        ]
        if last.finished_at is not None:
            found.append(Fact("Took", took(last.finished_at - last.started_at)))
    return tuple(found)


def took(length: timedelta) -> str:
    """``under a second``, ``12 s``, ``5 min``."""
    seconds = length.total_seconds()
    if seconds < 1:
        return "under a second"
    return f"{seconds:.0f} s" if seconds < 60 else formats.duration(length)


def _events(runs: Sequence[JobRun], now: datetime, zone: tzinfo) -> tuple[Event, ...]:
    found = []
    for run in runs[:HISTORY]:
        at = run.started_at or run.due_at
        state, tone = run_state(run)
        if run.is_alive(now):
            text, shown = "Running.", None
        else:
            text = run.message or f"{state.capitalize()}."
            shown = tone if tone in (Tone.BAD, Tone.WARN) else None
        found.append(
            Event(
                formats.moment(at, now=now, zone=zone),
                text,
                tone=shown,
                tooltip=formats.moment_full(at, zone=zone),
            )
        )
    return tuple(found)


def offers(row: JobRow) -> tuple[Offer, ...]:
    if isinstance(row.plan, HandPlan) and not row.is_running:
        return (Offer("job_run", refusal("job_run", row)),)
    if row.is_running:
        return (
            Offer("job_run", refusal("job_run", row)),
            Offer("job_cancel", refusal("job_cancel", row), is_primary=True),
        )
    again = (Offer("job_days"),) if row.name == summarising.NAME else ()
    return (*again, Offer("job_run", is_primary=True))


def refusal(name: str, row: JobRow) -> str:
    """Why the action is not possible on this job; empty where it is."""
    last = row.last
    if name == "job_run" and isinstance(row.plan, HandPlan) and not row.is_running:
        return f"a person begins it with “{row.plan.schedule.command}”."
    if name == "job_days" and row.name != summarising.NAME:
        return "only the summary of revenue counts days."
    if name in ("job_run", "job_days") and row.is_running and last is not None:
        return f"it is running already, by {by_whom(last)}."
    if name == "job_cancel":
        if last is None or last.state is not JobState.RUNNING:
            return "it is not running."
        if row.is_running and last.cancel_requested:
            return "it was asked to stop already."
    return ""


class RunProgress(QWidget):
    """How far a running job is: a bar where it is known how much there is to do."""

    def __init__(self) -> None:
        super().__init__()
        self.bar = Bar()
        self.words = label(part="soft")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.bar)
        column.addWidget(self.words)

    def show_run(self, run: JobRun) -> None:
        share = progress_percent(run)
        self.bar.setVisible(share is not None)
        self.bar.show_percent(share or 0.0)
        self.bar.setAccessibleName(progress_words(run))
        self.words.setText(progress_words(run))


class ProblemList(QWidget):
    """What a person must look at after a run, in sentences."""

    def __init__(self) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)

    def show_problems(self, problems: Sequence[str]) -> None:
        clear(self._column)
        for sentence in problems[:_MOST_PROBLEMS]:
            self._column.addWidget(selectable(label(sentence, wrap=True)))
        if len(problems) > _MOST_PROBLEMS:
            more = len(problems) - _MOST_PROBLEMS
            self._column.addWidget(label(f"And {more:,} more.", "soft"))
