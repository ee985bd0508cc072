"""The daily revenue summary: counted for a day, for a range, again at any time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.revenue import RevenueDay, bounds, days
from learnhub_desktop.errors import InvalidInput


def summarise(uow: UnitOfWork, day: date) -> list[RevenueDay]:
    """Count one day of the school anew and keep the result; running it twice changes nothing."""
    uow.actor.require(Right.RUN_JOBS)
    start, end = bounds(day, uow.settings.get().zone)
    lines = uow.revenue.count(day, start, end)
    uow.revenue.replace(day, lines, uow.now())
    return lines


def back_fill(
    database: Database,
    first: date,
    last: date,
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
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
