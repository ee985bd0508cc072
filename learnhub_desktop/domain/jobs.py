"""Jobs that run by the clock: when each was last due, and what is known of its runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

from learnhub_desktop.domain.states import JobState


class JobRefusal(StrEnum):
    UNKNOWN_JOB = "unknown_job"
    RUNNING_ALREADY = "running_already"
    NOT_RUNNING = "not_running"
    LEASE_LOST = "lease_lost"


@dataclass(frozen=True, slots=True)
class Every:
    """Due at each full multiple of ``minutes`` since midnight UTC."""

    minutes: int

    @property
    def patience(self) -> timedelta:
        """How long after a due time nobody worries yet."""
        return timedelta(minutes=max(30, 3 * self.minutes))

    def last_due(self, now: datetime, zone: ZoneInfo) -> datetime:
        moment = now.astimezone(UTC)
        midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        passed = int((moment - midnight).total_seconds() // 60) // self.minutes
        return midnight + timedelta(minutes=passed * self.minutes)

    def next_due(self, now: datetime, zone: ZoneInfo) -> datetime:
        return self.last_due(now, zone) + timedelta(minutes=self.minutes)

    def __str__(self) -> str:
        if self.minutes == 60:
            return "every hour"
        return f"every {self.minutes} min"


@dataclass(frozen=True, slots=True)
class Daily:
    """Due once a day at ``at`` in the school's time zone, also on days of 23 or 25 hours."""

    at: time

    @property
    def patience(self) -> timedelta:
        """How long after a due time nobody worries yet: a computer may be off at night."""
        return timedelta(hours=12)

    def last_due(self, now: datetime, zone: ZoneInfo) -> datetime:
        local = now.astimezone(zone)
        due = datetime.combine(local.date(), self.at, tzinfo=zone)
        if due > local:
            due = datetime.combine(local.date() - timedelta(days=1), self.at, tzinfo=zone)
        return due.astimezone(UTC)

    def next_due(self, now: datetime, zone: ZoneInfo) -> datetime:
        last = self.last_due(now, zone).astimezone(zone)
        following = datetime.combine(last.date() + timedelta(days=1), self.at, tzinfo=zone)
        return following.astimezone(UTC)

    def __str__(self) -> str:
        return f"daily at {self.at:%H:%M}"


@dataclass(frozen=True, slots=True)
class ByHand:
    """Never due: a person decides. ``command`` is what begins it."""

    command: str

    def __str__(self) -> str:
        return "by hand"


Schedule = Every | Daily

# Called between two steps of a job, when no transaction is open, with done and total. It may
# raise, and then the job ends there: its worker was asked to stop, or has lost its lease.
Progress = Callable[[int, int], None]


def say_nothing(done: int, total: int) -> None:
    """For callers that show no progress."""


@dataclass(frozen=True, slots=True)
class JobPlan:
    """What a job is and when it is due. ``says`` tells in one sentence what it does.

    ``charges``: it charges cards, so a person who starts it is told of how many before.
    """

    name: str
    title: str
    schedule: Schedule
    says: str
    charges: bool = False


@dataclass(frozen=True, slots=True)
class HandPlan:
    """A job that only people begin; its runs have a lease, progress and cancel like all others."""

    name: str
    title: str
    schedule: ByHand
    says: str
    charges: bool = False


AnyPlan = JobPlan | HandPlan


@dataclass(frozen=True, slots=True)
class JobRun:
    """One run. ``lease_until`` is until when its worker counts as alive."""

    run_id: int
    job: str
    due_at: datetime
    state: JobState
    lease_owner: str | None
    lease_until: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    done_count: int
    total_count: int | None
    cancel_requested: bool
    result: dict[str, Any]
    message: str

    def is_alive(self, now: datetime) -> bool:
        """Whether a worker is at it; one whose lease ended has crashed or lost its network."""
        if self.state is not JobState.RUNNING or self.lease_until is None:
            return False
        return self.lease_until >= now

    @property
    def problems(self) -> tuple[str, ...]:
        """What a person must look at, in sentences."""
        found = self.result.get(PROBLEMS)
        return tuple(str(each) for each in found) if isinstance(found, list) else ()


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as the Jobs page lists it: its plan, its last run and its next one.

    ``number`` is its place among all jobs; ``next_due_at`` None: a person decides. ``is_late``:
    it was due long ago and nobody has run it, so no timer is at work.
    """

    number: int
    plan: AnyPlan
    next_due_at: datetime | None
    last: JobRun | None
    is_running: bool
    is_late: bool

    @property
    def name(self) -> str:
        return self.plan.name


# The key of `job_runs.result` that is no figure.
PROBLEMS: Final = "problems"
_KEPT_PROBLEMS: Final = 100


def result_of(counts: Mapping[str, int | str], problems: Sequence[str]) -> dict[str, Any]:
    """What `job_runs.result` keeps: the job's figures and facts, and the first problems."""
    return {**counts, PROBLEMS: list(problems[:_KEPT_PROBLEMS])}


def is_late(plan: JobPlan, last: JobRun | None, now: datetime, zone: ZoneInfo) -> bool:
    """Whether nobody has run it although it was due a good while ago: no timer is at work."""
    if last is None or last.started_at is None:
        return True
    missed_at = plan.schedule.next_due(last.started_at, zone)
    return last.state is not JobState.RUNNING and now - missed_at > plan.schedule.patience
