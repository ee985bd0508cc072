"""Runs of jobs: claimed by a conditional UPDATE, so that each runs once on many desks."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, update
from sqlalchemy.dialects import mysql, sqlite

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.repositories.base import Repository
from learnhub_desktop.domain.jobs import JobRun
from learnhub_desktop.domain.states import JobState
from learnhub_desktop.errors import NotFound

_R: Final = t.job_runs.c
_RUN: Final = select(
    _R.run_id,
    _R.job,
    _R.due_at,
    _R.state,
    _R.lease_owner,
    _R.lease_until,
    _R.started_at,
    _R.finished_at,
    _R.done_count,
    _R.total_count,
    _R.cancel_requested,
    _R.result,
    _R.message,
)
_LONGEST_MESSAGE: Final = 500


class JobRepository(Repository):
    """Runs of jobs: claimed by a conditional UPDATE, so that each runs once on many desks."""

    def find(self, job: str, due_at: datetime) -> JobRun | None:
        return self._run(_RUN.where(_R.job == job, _R.due_at == due_at))

    def ensure(self, job: str, due_at: datetime) -> JobRun:
        """The run of that due time; made if nobody has made it yet."""
        values = {"job": job, "due_at": due_at}
        if self.connection.dialect.name == "sqlite":
            self.connection.execute(
                sqlite.insert(t.job_runs).values(**values).on_conflict_do_nothing()
            )
        else:
            self.connection.execute(
                mysql.insert(t.job_runs).values(**values).on_duplicate_key_update(job=job)
            )
        found = self.find(job, due_at)
        assert found is not None
        return found

    def claim(self, run_id: int, owner: str, now: datetime, lease: timedelta) -> bool:
        """Take a run that is due, or whose worker has not been heard of since its lease ended."""
        claimed = self.connection.execute(
            update(t.job_runs)
            .where(_R.run_id == run_id, _may_be_claimed(now))
            .values(
                state=JobState.RUNNING,
                lease_owner=owner,
                lease_until=now + lease,
                started_at=now,
                cancel_requested=False,
                done_count=0,
                total_count=None,
            )
        )
        return claimed.rowcount == 1

    def beat(
        self, run_id: int, owner: str, until: datetime, *, done: int, total: int | None
    ) -> bool:
        """Keep the lease and tell how far it is; False once another worker has taken over."""
        kept = self.connection.execute(
            update(t.job_runs)
            .where(_R.run_id == run_id, _R.lease_owner == owner, _R.state == JobState.RUNNING)
            .values(lease_until=until, done_count=done, total_count=total)
        )
        return kept.rowcount == 1

    def finish(
        self,
        run_id: int,
        owner: str,
        now: datetime,
        *,
        state: JobState,
        result: dict[str, Any],
        message: str,
        done: int,
        total: int | None,
    ) -> bool:
        """End the run; False where another worker has taken it over, or it has ended."""
        return self._end(
            and_(_R.run_id == run_id, _R.lease_owner == owner, _R.state == JobState.RUNNING),
            state=state,
            finished_at=now,
            result=result,
            message=message[:_LONGEST_MESSAGE],
            done_count=done,
            total_count=total,
        )

    def close(self, run_id: int, now: datetime, *, state: JobState, message: str) -> bool:
        """End a run that nobody is at; False where a worker has it, or it has ended."""
        return self._end(
            and_(_R.run_id == run_id, _may_be_claimed(now)),
            state=state,
            finished_at=now,
            message=message,
        )

    def _end(self, condition: ColumnElement[bool], **values: Any) -> bool:
        ended = self.connection.execute(
            update(t.job_runs).where(condition).values(lease_until=None, **values)
        )
        return ended.rowcount == 1

    def ask_to_stop(self, run_id: int) -> bool:
        asked = self.connection.execute(
            update(t.job_runs)
            .where(_R.run_id == run_id, _R.state == JobState.RUNNING)
            .values(cancel_requested=True)
        )
        return asked.rowcount == 1

    def get(self, run_id: int) -> JobRun:
        found = self._run(_RUN.where(_R.run_id == run_id))
        if found is None:
            raise NotFound(f"There is no job run with the number {run_id}.")
        return found

    def find_alive(self, job: str, now: datetime) -> JobRun | None:
        """The run that a worker is at, of whatever due time."""
        return self._run(
            _RUN.where(_R.job == job, _R.state == JobState.RUNNING, _R.lease_until >= now)
            .order_by(_R.due_at.desc())
            .limit(1)
        )

    def list_left(self, job: str, now: datetime) -> tuple[JobRun, ...]:
        """Runs that nobody has done: due, or left by a worker that crashed. Newest first."""
        rows = self.connection.execute(
            _RUN.where(_R.job == job, _may_be_claimed(now), _R.due_at <= now).order_by(
                _R.due_at.desc()
            )
        )
        return tuple(_run_of(row) for row in rows)

    def last(self, job: str) -> JobRun | None:
        """The run that started last, running or not."""
        return self._run(
            _RUN.where(_R.job == job, _R.started_at.is_not(None))
            .order_by(_R.started_at.desc(), _R.run_id.desc())
            .limit(1)
        )

    def history(self, job: str, *, limit: int = 50) -> tuple[JobRun, ...]:
        """Its runs, the latest first."""
        rows = self.connection.execute(
            _RUN.where(_R.job == job).order_by(_R.due_at.desc(), _R.run_id.desc()).limit(limit)
        )
        return tuple(_run_of(row) for row in rows)

    def list_done(self, job: str) -> tuple[JobRun, ...]:
        """All its runs that came to their end, the latest first."""
        rows = self.connection.execute(
            _RUN.where(_R.job == job, _R.state == JobState.DONE).order_by(
                _R.due_at.desc(), _R.run_id.desc()
            )
        )
        return tuple(_run_of(row) for row in rows)

    def add_now(self, job: str, now: datetime) -> int:
        """A run that a person asked for, besides the schedule."""
        newest = self.connection.scalar(
            select(func.max(_R.due_at)).where(_R.job == job, _R.due_at >= now)
        )
        # Due times of one job differ; a clock that stands still must not refuse a second run.
        due_at = now if newest is None else newest + timedelta(microseconds=1)
        return self.insert(t.job_runs, job=job, due_at=due_at)

    def prune(self, before: datetime, *, kept: Collection[str], limit: int) -> int:
        """Delete ended runs that are older than ``before``, but none of the ``kept`` jobs."""
        oldest = list(
            self.connection.scalars(
                select(_R.run_id)
                .where(
                    _R.state.in_([JobState.DONE, JobState.FAILED, JobState.CANCELLED]),
                    _R.due_at < before,
                    _R.job.not_in(sorted(kept)),
                )
                .order_by(_R.due_at)
                .limit(limit)
            )
        )
        if oldest:
            self.connection.execute(delete(t.job_runs).where(_R.run_id.in_(oldest)))
        return len(oldest)

    def _run(self, statement: Select[Any]) -> JobRun | None:
        row = self.connection.execute(statement).one_or_none()
        return None if row is None else _run_of(row)


def _may_be_claimed(now: datetime) -> ColumnElement[bool]:
    return or_(
        _R.state == JobState.DUE,
        and_(_R.state == JobState.RUNNING, _R.lease_until < now),
    )


def _run_of(row: Any) -> JobRun:
    return JobRun(
        run_id=row.run_id,
        job=row.job,
        due_at=row.due_at,
        state=JobState(row.state),
        lease_owner=row.lease_owner,
        lease_until=row.lease_until,
        started_at=row.started_at,
        finished_at=row.finished_at,
        done_count=row.done_count,
        total_count=row.total_count,
        cancel_requested=bool(row.cancel_requested),
        result=dict(row.result or {}),
        message=row.message or "",
    )
