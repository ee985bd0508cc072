"""All jobs: what each is called, when it is due and the function that does it.

Closing a year has no schedule: a person decides when the books are closed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import time
from typing import Final

from learnhub_desktop.db.transactions import Database
from learnhub_desktop.domain.jobs import (
    ByHand,
    Daily,
    Every,
    HandPlan,
    JobPlan,
    JobRefusal,
    Progress,
)
from learnhub_desktop.domain.years import ARCHIVE, DROP, EXPORT
from learnhub_desktop.errors import RuleRefused
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.jobs import asking, pruning, renewing, summarising
from learnhub_desktop.jobs.results import JobResult

JobFunction = Callable[[Database, Gateways, Progress], JobResult]


@dataclass(frozen=True, slots=True)
class Job:
    """``run`` must be safe to run twice, also at the same moment on two machines."""

    plan: JobPlan
    run: JobFunction


JOBS: Final[dict[str, Job]] = {
    job.plan.name: job
    for job in (
        Job(
            JobPlan(
                asking.NAME,
                "Ask the gateway",
                Every(5),
                "Asks about payments whose outcome is not known, and ends holds that ran out.",
            ),
            asking.run,
        ),
        Job(
            JobPlan(
                renewing.NAME,
                "Renew subscriptions",
                # Soon after midnight: the access that a period opened ends with it.
                Daily(time(0, 5)),
                "Bills the next period of each subscription, and ends those that were cancelled.",
                charges=True,
            ),
            renewing.run,
        ),
        Job(
            JobPlan(
                renewing.RETRIES,
                "Try renewals again",
                Every(5),
                "Charges again what was declined or did not reach the gateway, when its time comes.",
                charges=True,
            ),
            renewing.run_retries,
        ),
        Job(
            JobPlan(
                summarising.NAME,
                "Summarise revenue",
                Daily(time(1, 0)),
                "Counts yesterday's revenue, and that of each day that was missed.",
            ),
            summarising.run,
        ),
        Job(
            JobPlan(
                pruning.NAME,
                "Prune the changes feed",
                Every(60),
                "Removes what no desk will read any more, and old runs of jobs.",
            ),
            pruning.run,
        ),
    )
}
PLANS: Final = tuple(job.plan for job in JOBS.values())
BY_HAND: Final = (
    HandPlan(
        ARCHIVE,
        "Archive a year",
        ByHand("learnhub years archive"),
        "Moves what is over of a closed year to the archive.",
    ),
    HandPlan(
        EXPORT,
        "Export a year",
        ByHand("learnhub years export"),
        "Writes the archived payments of a year into a file with checksums.",
    ),
    HandPlan(
        DROP,
        "Drop a year",
        ByHand("learnhub years drop"),
        "Takes an archived year out of the database, with its export in hand.",
    ),
)


def job_named(name: str) -> Job:
    """RuleRefused, naming the jobs that there are, where there is none of this name."""
    if name not in JOBS:
        raise RuleRefused(
            JobRefusal.UNKNOWN_JOB, f"There is no job “{name[:40]}”, only {', '.join(JOBS)}."
        )
    return JOBS[name]
