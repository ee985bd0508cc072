"""A job that counts to five: what tests of the runner and of the list run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.transactions import Database
from learnhub_desktop.domain.jobs import Every, JobPlan, Progress
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.jobs.registry import Job
from learnhub_desktop.jobs.results import JobResult
from learnhub_desktop.jobs.runner import run_due
from learnhub_desktop.services import jobs as services
from tests.services.desk import Desk

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
