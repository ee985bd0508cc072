"""Keeping the daily revenue summary: yesterday, and each day that was missed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.jobs import Progress, say_nothing
from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.jobs.results import JobResult
from learnhub_desktop.services import revenue

NAME: Final = "revenue"
_THROUGH: Final = "through"
_MOST_DAYS: Final = 3_660


def run(database: Database, gateways: Gateways, progress: Progress = say_nothing) -> JobResult:
    """Count yesterday, and every day since the last one that a run of this job has counted.

    What people count by hand meanwhile does not move that day: they may have left days out.
    """
    span = database.read(_span)
    if span is None:
        return JobResult(NAME, "No payment was settled before today.", {"days": 0})
    first, last = span
    days = revenue.back_fill(database, first, last, progress=progress)
    return JobResult(
        NAME,
        f"Counted the revenue of {_said(first, last)}.",
        {"days": days, _THROUGH: int(f"{last:%Y%m%d}")},
    )


def run_range(
    database: Database, first: date, last: date, progress: Progress = say_nothing
) -> JobResult:
    """Count each of these days again, as a person asked for; both ends are inside."""
    days = revenue.back_fill(database, first, last, progress=progress)
    return JobResult(NAME, f"Counted the revenue of {_said(first, last)} again.", {"days": days})


def _said(first: date, last: date) -> str:
    return f"{first}" if first == last else f"{first} to {last}"


def check_range(uow: UnitOfWork, first: date, last: date) -> None:
    """InvalidInput for days that are not there yet, or in the wrong order."""
    uow.actor.require(Right.RUN_JOBS)
    today = uow.now().astimezone(uow.settings.get().zone).date()
    if last < first:
        raise InvalidInput("last", "The last day cannot be before the first.")
    if last > today:
        raise InvalidInput("last", f"{last:%Y-%m-%d} has not come yet.")
    if (last - first).days >= _MOST_DAYS:
        raise InvalidInput("first", f"At most {_MOST_DAYS:,} days are counted at once.")


def _span(uow: UnitOfWork) -> tuple[date, date] | None:
    uow.actor.require(Right.RUN_JOBS)
    zone = uow.settings.get().zone
    yesterday = uow.now().astimezone(zone).date() - timedelta(days=1)
    counted = _counted_through(uow)
    if counted is not None:
        # Counted again, since it costs little and mends a school that was restored.
        return min(counted, yesterday), yesterday
    settled = uow.revenue.first_settled()
    if settled is None or settled.astimezone(zone).date() > yesterday:
        return None
    return settled.astimezone(zone).date(), yesterday


def _counted_through(uow: UnitOfWork) -> date | None:
    """The last day that a run counted: in the summary itself days without revenue leave no line."""
    for run in uow.jobs.list_done(NAME):
        if isinstance(through := run.result.get(_THROUGH), int):
            return date.fromisoformat(str(through))
    return None
