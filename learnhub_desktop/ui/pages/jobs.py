"""Jobs: what runs by the clock, when it last did, what came of it, and how far one is."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any, ClassVar, Final, Protocol

from learnhub_desktop.bridge import in_background
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.changes import Touched
from learnhub_desktop.domain.jobs import AnyPlan, JobRow
from learnhub_desktop.domain.lists import Sort
from learnhub_desktop.jobs.apart import Ended
from learnhub_desktop.jobs.registry import BY_HAND, PLANS
from learnhub_desktop.jobs.renewing import count_due
from learnhub_desktop.models.columns import Column
from learnhub_desktop.models.jobs import JOB_COLUMNS
from learnhub_desktop.services import jobs as services
from learnhub_desktop.services.settings import get_school
from learnhub_desktop.ui.desk import Desk
from learnhub_desktop.ui.dialogs.dialog import ask
from learnhub_desktop.ui.dialogs.run_job import CountDaysDialog, RunJobDialog
from learnhub_desktop.ui.lists import ListReads
from learnhub_desktop.ui.pages.list_page import ListPage
from learnhub_desktop.ui.panels import job as panels
from learnhub_desktop.ui.panels.job import JobDetail
from learnhub_desktop.ui.shortcuts import Action
from learnhub_desktop.ui.widgets.notices import Words
from learnhub_desktop.ui.widgets.side_panel import Panel

_LOOK_EVERY_S: Final = 0.2
_SHOWN: Final[tuple[AnyPlan, ...]] = (*PLANS, *BY_HAND)


class Process(Protocol):
    def ended(self) -> Ended | None: ...


class Starter(Protocol):
    """Starts a job apart from this window; None: all that are due. Revenue takes days."""

    def start(self, name: str | None = None, days: tuple[date, date] | None = None) -> Process: ...


async def run_apart(
    starter: Starter, name: str | None = None, days: tuple[date, date] | None = None
) -> Ended:
    """Start it and wait for its end; whoever stops waiting does not stop the job."""
    process = await in_background(starter.start, name, days)
    while (ended := process.ended()) is None:
        await asyncio.sleep(_LOOK_EVERY_S)
    return ended


class JobsPage(ListPage[JobRow]):
    key: ClassVar[str] = "jobs"
    title: ClassVar[str] = "Jobs"
    menu_title: ClassVar[str] = "Job"
    icon: ClassVar[str] = "clock-clockwise"
    right: ClassVar[Right | None] = Right.RUN_JOBS
    touched: ClassVar[Touched] = Touched.JOBS
    source: ClassVar[str] = "jobs"
    noun: ClassVar[tuple[str, str]] = ("job", "jobs")
    columns: ClassVar[Sequence[Column[Any]]] = JOB_COLUMNS
    sort: ClassVar[Sort] = Sort("order")
    search_hint: ClassVar[str] = "Search jobs"
    empty: ClassVar[Words] = Words("There are no jobs.", icon="clock-clockwise")
    action_table: ClassVar[tuple[Action, ...]] = (
        Action(*("job_run", "Run now", "Ctrl+R"), page="jobs", icon="play", right=Right.RUN_JOBS),
        Action(
            *("job_days", "Count days again…", "Ctrl+Shift+R"),
            page="jobs",
            icon="calendar-check",
            right=Right.RUN_JOBS,
        ),
        Action(
            *("job_cancel", "Cancel the run", "Ctrl+Shift+C"),
            page="jobs",
            icon="stop",
            right=Right.RUN_JOBS,
        ),
    )

    def __init__(self, desk: Desk, starter: Starter) -> None:
        reads: ListReads[JobRow] = ListReads(
            partial(services.head, plans=_SHOWN), partial(services.page, plans=_SHOWN)
        )
        super().__init__(desk, reads)
        self._starter = starter
        self.progress = panels.RunProgress()
        self.problems = panels.ProblemList()
        self.side.add_section("Progress", self.progress)
        self.side.add_section("To look at", self.problems)
        self.list.reloaded.connect(self._measure)
        self.on("job_run", self._start_run)
        self.on("job_days", self._start_days)
        self.on("job_cancel", self._start_cancel)

    def row_id(self, row: JobRow) -> int:
        return row.number

    def outline(self, row: JobRow) -> Panel:
        self._show_sections(row)
        return panels.job_outline(row)

    async def detail(self, row: JobRow) -> Panel:
        runs = await self.desk.bridge.read(services.list_runs, row.name, limit=panels.HISTORY)
        self._show_sections(row)
        return panels.job_panel(JobDetail(row, runs), now=self.desk.clock(), zone=self.desk.zone)

    def refusal(self, name: str) -> str:
        row = self.current()
        if row is None:
            return "select one job first."
        if name in ("job_run", "job_days") and self.tasks.is_running(f"run {row.name}"):
            return "it is being started."
        return panels.refusal(name, row)

    def _show_sections(self, row: JobRow) -> None:
        run = row.last
        if run is not None:
            self.progress.show_run(run)
            self.problems.show_problems(() if row.is_running else run.problems)
        has_problems = run is not None and bool(run.problems)
        self.side.show_section(self.progress, run is not None and row.is_running)
        self.side.show_section(self.problems, has_problems and not row.is_running)

    def _measure(self) -> None:
        """A first run fills cells that were empty, and a list this short may move."""
        lines = [self.model.line(number) for number in range(self.model.total)]
        self.table.head.measure([line for line in lines if line is not None])

    # Actions

    def _start_run(self) -> None:
        row = self.current()
        if row is not None:
            self.tasks.start(f"run {row.name}", self._run, row)

    async def _run(self, row: JobRow) -> None:
        if row.plan.charges:
            due = await self.desk.bridge.read(count_due, row.name)
            if not await ask(RunJobDialog(row.plan, due, self)):
                return
        await self._wait_for(row)

    def _start_days(self) -> None:
        row = self.current()
        if row is not None:
            self.tasks.start(f"run {row.name}", self._count_days, row)

    async def _count_days(self, row: JobRow) -> None:
        school = await self.desk.bridge.read(get_school)
        today = self.desk.clock().astimezone(school.zone).date()
        days: tuple[date, date] | None = await ask(CountDaysDialog(self, today=today))
        if days is not None:
            await self._wait_for(row, days)

    async def _wait_for(self, row: JobRow, days: tuple[date, date] | None = None) -> None:
        self.desk.messages.note(f"“{row.plan.title}” has been started.")
        self.tell(await run_apart(self._starter, row.name, days))
        self.reload()

    def tell(self, ended: Ended) -> None:
        """Say how a run ended that this window has started."""
        if ended.problem:
            self.desk.messages.warn(ended.problem)
        for sentence in ended.said:
            if sentence != ended.problem:
                self.desk.messages.note(sentence)

    def _start_cancel(self) -> None:
        row = self.current()
        if row is not None and row.last is not None:
            self.tasks.start(f"cancel {row.name}", self._cancel, row.last.run_id)

    async def _cancel(self, run_id: int) -> None:
        await self.desk.bridge.write(services.cancel, run_id)
