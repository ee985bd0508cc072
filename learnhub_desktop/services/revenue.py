"""The daily revenue summary: counted for a day, for a range, again at any time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.jobs import Progress, say_nothing
from learnhub_desktop.domain.revenue import RevenueDay, bounds, days
from learnhub_desktop.domain.years import YearRefusal
from learnhub_desktop.errors import InvalidInput, RuleRefused
from learnhub_desktop.services.year_records import dropped_years


def summarise(uow: UnitOfWork, day: date) -> list[RevenueDay]:
    """Count one day of the school anew and keep the result; running it twice changes nothing.

    RuleRefused for a day whose payments were dropped with their year: what was counted stays.
    """
    uow.actor.require(Right.RUN_JOBS)
    start, end = bounds(day, uow.settings.get().zone)
    # Only a year that is over has payments in the archive.
    is_old = start.year < uow.now().year
    if is_old:
        _refuse_dropped(uow, start, day)
    lines = uow.revenue.count(day, start, end, with_archive=is_old)
    uow.revenue.replace(day, lines, uow.now())
    return lines


def _refuse_dropped(uow: UnitOfWork, start: datetime, day: date) -> None:
    through = max((each.settled_through for each in dropped_years(uow)), default=None)
    if through is not None and start <= through:
        raise RuleRefused(
            YearRefusal.DROPPED,
            f"{day:%Y-%m-%d} cannot be counted again: payments of that time were dropped with their "
            "closed year. What was counted before stays.",
        )


def back_fill(
    database: Database,
    first: date,
    last: date,
    *,
    progress: Progress = say_nothing,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> int:
    """Count every day from ``first`` to ``last`` anew, a transaction each; return how many."""
    if last < first:
        raise InvalidInput("last", "The last day cannot be before the first.")
    wanted = list(days(first, last))
    for number, day in enumerate(wanted):
        if is_cancelled():
            return number
        database.write(summarise, day)
        progress(number + 1, len(wanted))
    return len(wanted)


def list_days(uow: UnitOfWork, first: date, last: date) -> list[RevenueDay]:
    uow.actor.require(Right.VIEW_PAYMENTS)
    return uow.revenue.list_days(first, last)
