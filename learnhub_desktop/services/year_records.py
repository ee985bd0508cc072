"""What was done with closed years, as the runs that did it tell: they are kept for ever."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.jobs import JobRun
from learnhub_desktop.domain.years import (
    DROP,
    EXPORT,
    DroppedYear,
    YearExport,
    YearRefusal,
)
from learnhub_desktop.errors import RuleRefused


def dropped_at(uow: UnitOfWork) -> dict[int, datetime]:
    """When each year was dropped, the last time."""
    runs = reversed(_done(uow, DROP))
    return {int(run.result["year"]): run.finished_at or run.due_at for run in runs}


def dropped_years(uow: UnitOfWork) -> tuple[DroppedYear, ...]:
    """The years that are gone, as the runs that dropped them tell."""
    found = []
    for run in _done(uow, DROP):
        told = run.result
        if told.get("first_id"):
            found.append(
                DroppedYear(int(told["year"]), datetime.fromisoformat(told["settled_through"]))
            )
    return tuple(found)


def find_export(uow: UnitOfWork, year: int) -> YearExport | None:
    """The last export of the year, as it was written and read back."""
    uow.actor.require(Right.CLOSE_YEARS)
    return exports(uow).get(year)


def _done(uow: UnitOfWork, job: str) -> tuple[JobRun, ...]:
    return tuple(run for run in uow.jobs.list_done(job) if "year" in run.result)


def exports(uow: UnitOfWork) -> dict[int, YearExport]:
    found = {}
    for run in reversed(_done(uow, EXPORT)):
        told = run.result
        found[int(told["year"])] = YearExport(
            str(told["file"]),
            str(told["sha256"]),
            int(told["payments"]),
            int(told["events"]),
            run.finished_at or run.due_at,
        )
    return found


def export_path(uow: UnitOfWork, year: int) -> Path:
    """Where the last export of the year was written to; RuleRefused where there is none here."""
    export = find_export(uow, year)
    if export is None:
        raise RuleRefused(
            YearRefusal.NOT_EXPORTED,
            f"{year} was not exported, so it is not dropped. Export it first.",
        )
    path = Path(export.file)
    if not path.is_file():
        raise RuleRefused(
            YearRefusal.EXPORT_MISSING,
            f"The export of {year} is not here: {path}. Name the file, or export the year again.",
        )
    return path
