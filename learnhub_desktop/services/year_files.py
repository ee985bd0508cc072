"""Closed years: from the archive into a file, and then out of the database.

A year is dropped only with an export in hand that is read back to its end and holds exactly
what is dropped. Each step can be called again after a crash at any point.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.jobs import Progress, say_nothing
from learnhub_desktop.domain.years import YearExport, YearRefusal
from learnhub_desktop.errors import InvalidInput, RuleRefused
from learnhub_desktop.exchange import years as files
from learnhub_desktop.exchange.years import EVENTS, PAYMENTS, TableSum, YearManifest
from learnhub_desktop.services.year_records import dropped_years
from learnhub_desktop.services.years import Hold, check, hold_nothing, make_partition


def export_year(
    database: Database, year: int, path: Path, *, progress: Progress = say_nothing
) -> tuple[YearExport, YearManifest]:
    """Write the year's archived payments and events into a zip, and read it back.

    InvalidInput where the file exists or cannot be written, RuleRefused where nothing of the
    year is archived.
    """
    manifest = database.read(write_export, year, path, progress=progress)
    rows = sum(part.rows for part in manifest.tables.values())
    try:
        found = files.read_year(path, lambda done: progress(rows + done, 2 * rows))
        if found != manifest:
            raise InvalidInput("file", f"{path.name} does not read back as it was written.")
        whole = files.checksum_of(path)
    except InvalidInput:
        path.unlink(missing_ok=True)
        raise
    payments, events = (manifest.tables[name].rows for name in (PAYMENTS, EVENTS))
    made_at = datetime.fromisoformat(manifest.made_at)
    return YearExport(str(path.absolute()), whole, payments, events, made_at), manifest


def write_export(
    uow: UnitOfWork, year: int, path: Path, *, progress: Progress = say_nothing
) -> YearManifest:
    """Write the file from one snapshot of the database."""
    check(uow, year)
    payments, events = uow.years.count_archived().get(year, (0, 0))
    if payments + events == 0:
        raise RuleRefused(
            YearRefusal.NOTHING_ARCHIVED,
            f"Nothing of {year} is in the archive. Archive the year first.",
        )
    return files.write_year(
        path,
        year,
        uow.settings.get().school_name,
        uow.now(),
        uow.years.payments_of(year),
        uow.years.payment_events_of(year),
        told=lambda done: progress(done, 2 * (payments + events)),
    )


def drop_year(
    database: Database,
    year: int,
    path: Path,
    *,
    progress: Progress = say_nothing,
    hold: Hold = hold_nothing,
) -> YearManifest:
    """Drop the year's archived rows, once the export is read back and holds just these.

    After a crash between the two tables the next call drops what is left.
    """
    database.read(_check_drop, year)
    manifest = files.read_year(path, lambda done: progress(done, 0))
    if manifest.year != year:
        raise RuleRefused(
            YearRefusal.EXPORT_DIFFERS, f"{path.name} is the export of {manifest.year}."
        )
    if not database.is_server:
        database.write(compare_and_delete, year, manifest, hold=hold)
        return manifest
    database.write(make_partition, year, hold=hold)
    database.read(compare, year, manifest, progress=progress)
    database.write(drop_partition, year, hold=hold)
    return manifest


def _check_drop(uow: UnitOfWork, year: int) -> None:
    check(uow, year)
    has_rows = year in uow.years.count_archived()
    if not has_rows and year in {each.year for each in dropped_years(uow)}:
        raise RuleRefused(YearRefusal.DROPPED, f"{year} was dropped already.")


def compare(
    uow: UnitOfWork, year: int, manifest: YearManifest, *, progress: Progress = say_nothing
) -> None:
    """RuleRefused unless the export holds exactly what the archive holds of the year.

    A table of which nothing is left was dropped by a call that broke off then.
    """
    for name, rows in (
        (PAYMENTS, uow.years.payments_of(year)),
        (EVENTS, uow.years.payment_events_of(year)),
    ):
        found = files.sum_of(rows, lambda done: progress(done, 0))
        if found != manifest.tables[name] and found.rows:
            raise RuleRefused(YearRefusal.EXPORT_DIFFERS, _differs(year, found, manifest, name))


def _differs(year: int, found: TableSum, manifest: YearManifest, name: str) -> str:
    what = name.replace("_", " ")
    kept = manifest.tables[name].rows
    how = (
        f"the archive holds {found.rows:,} {what} of it, and the export {kept:,}"
        if found.rows != kept
        else f"some of the {kept:,} {what} differ"
    )
    return f"{year} was not dropped: {how}. Export the year again."


def compare_and_delete(
    uow: UnitOfWork, year: int, manifest: YearManifest, *, hold: Hold = hold_nothing
) -> None:
    """Compare and delete under one lock, where there are no partitions to drop."""
    uow.actor.require(Right.CLOSE_YEARS)
    hold(uow)
    compare(uow, year, manifest)
    uow.years.delete_year(year)


def drop_partition(uow: UnitOfWork, year: int, *, hold: Hold = hold_nothing) -> None:
    uow.actor.require(Right.CLOSE_YEARS)
    hold(uow)
    uow.partitions.drop(year)
