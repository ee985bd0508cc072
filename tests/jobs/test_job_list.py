"""The list of jobs, as the window and the command line show it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.transactions import Database
from learnhub_desktop.domain.jobs import Every, JobPlan
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.jobs.registry import Job
from learnhub_desktop.jobs.results import JobResult, Progress
from learnhub_desktop.jobs.runner import run_due
from learnhub_desktop.services import jobs as services
from tests.services.desk import Desk
from tests.services.subscribers import at

PLAN = JobPlan("count", "Count", Every(5), "Counts.")


@dataclass
class Counting:
    """A job of five steps that counts how often it was run; ``at_step`` happens in between."""

    at_step: Callable[[int], None] = lambda step: None
    runs: int = 0
    steps: list[int] = field(default_factory=list)

    def __call__(self, database: Database, gateways: Gateways, progress: Progress) -> JobResult:
        self.runs += 1
        for step in range(5):
            self.at_step(step)
            progress(step, 5)
            self.steps.append(step)
        progress(5, 5)
        return JobResult("count", "Counted to five.", {"counted": 5}, ("The fifth is odd.",))


def jobs(counting: Counting, plan: JobPlan = PLAN) -> dict[str, Job]:
    return {plan.name: Job(plan, counting)}


def due(desk: Desk, counting: Counting) -> list[str]:
    """Run what is due; the states of what was run."""
    ran = run_due(desk.database, desk.gateways, jobs=jobs(counting), beat_every_s=0.0)
    return [str(each.state) for each in ran]


def runs(desk: Desk) -> list[Row[Any]]:
    return sorted(desk.rows(t.job_runs), key=lambda each: each.due_at)


def claim(desk: Desk, owner: str = "ada on desk-2, process 7, 1") -> int:
    """What a worker does that crashes right after."""
    run = desk.write(services.claim_due, PLAN, owner)
    assert run is not None
    return int(run.run_id)


class TestList:
    def test_a_job_with_its_last_run_and_its_next_time(self, desk: Desk) -> None:
        due(desk, Counting())
        desk.pass_time(minutes=2)

        [line] = desk.read(services.list_jobs, [PLAN])

        assert (line.name, line.plan.title) == ("count", "Count")
        assert line.next_due_at == at("2026-03-10T12:05")
        assert line.last is not None
        assert (line.last.message, line.last.problems) == (
            "Counted to five.",
            ("The fifth is odd.",),
        )
        assert not line.is_running and not line.is_late

    def test_a_running_one(self, desk: Desk) -> None:
        claim(desk)
        [line] = desk.read(services.list_jobs, [PLAN])
        assert line.is_running and not line.is_late

    def test_one_that_nobody_ever_ran_is_late(self, desk: Desk) -> None:
        [line] = desk.read(services.list_jobs, [PLAN])
        assert line.last is None and line.is_late

    def test_one_that_nobody_has_run_for_long_is_late(self, desk: Desk) -> None:
        due(desk, Counting())
        desk.pass_time(minutes=35)
        assert not desk.read(services.list_jobs, [PLAN])[0].is_late
        desk.pass_time(minutes=1)
        assert desk.read(services.list_jobs, [PLAN])[0].is_late

    def test_its_runs_the_latest_first(self, desk: Desk) -> None:
        for _ in range(3):
            due(desk, Counting())
            desk.pass_time(minutes=5)

        listed = desk.read(services.list_runs, "count", limit=2)

        assert [each.due_at for each in listed] == [
            at("2026-03-10T12:10"),
            at("2026-03-10T12:05"),
        ]

    def test_the_lease_is_longer_than_a_step(self) -> None:
        assert timedelta(minutes=3) == services.LEASE
