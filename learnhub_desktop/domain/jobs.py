"""Jobs that run by the clock: when each was last due, and what is known of its runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from learnhub_desktop.domain.states import JobState


class JobRefusal(StrEnum):
    RUNNING_ALREADY = "running_already"
    NOT_RUNNING = "not_running"
    LEASE_LOST = "lease_lost"


@dataclass(frozen=True, slots=True)
class Every:
    """Due at each full multiple of ``minutes`` since midnight UTC."""

    minutes: int

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


Schedule = Every | Daily


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


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as the Jobs page lists it: its schedule in words, last run and next run."""

    name: str
    title: str
    schedule: str
    next_due_at: datetime
    last: JobRun | None
    may_run: bool
