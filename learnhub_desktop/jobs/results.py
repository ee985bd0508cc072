"""What a job has done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from learnhub_desktop.domain.states import JobState


@dataclass(frozen=True, slots=True)
class JobResult:
    """``message`` is one sentence; ``problems`` are sentences on what a person must look at.

    ``counts`` are the job's own figures and facts by name, as `job_runs.result` keeps them.
    """

    job: str
    message: str
    counts: Mapping[str, int | str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ran:
    """One run as it ended: ``state`` tells whether it was done, failed or cancelled."""

    run_id: int
    state: JobState
    result: JobResult
