"""What a job has done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class JobResult:
    """``message`` is one sentence; ``problems`` are sentences on what a person must look at.

    ``counts`` are the job's own figures by name, as `job_runs.result` keeps them.
    """

    job: str
    message: str
    counts: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
