"""What is done with a closed year, as a run: with a lease, progress, a way to cancel, a record.

A person begins each of these; no schedule does. They never run beside each other.
"""

from __future__ import annotations

from pathlib import Path

from learnhub_desktop.db.transactions import Database
from learnhub_desktop.domain.catalog import count_of
from learnhub_desktop.domain.jobs import say_nothing
from learnhub_desktop.domain.years import ARCHIVE, DROP, EXPORT, YEAR_JOBS, say_kept
from learnhub_desktop.exchange import years as files
from learnhub_desktop.exchange.years import EVENTS, PAYMENTS
from learnhub_desktop.jobs.results import JobResult, Ran
from learnhub_desktop.jobs.runner import Heart, Told, run_now
from learnhub_desktop.services import year_files, years


def archive(database: Database, year: int, *, told: Told = lambda name: say_nothing) -> Ran:
    """Move the year's payments that are over to the archive."""
    database.read(years.check, year)

    def work(heart: Heart) -> JobResult:
        done = years.archive_year(database, year, progress=heart, hold=heart.hold)
        moved = f"Moved {count_of(done.payments, 'payment')} of {year} and before to the archive"
        message = f"{moved}, with {count_of(done.events, 'event')}."
        if done.kept:
            message += f" {say_kept(done.kept)}"
        counts = {"year": year, "payments": done.payments, "events": done.events}
        kept = {f"kept_{why}": number for why, number in done.kept.items()}
        return JobResult(ARCHIVE, message, counts | kept)

    return run_now(database, ARCHIVE, work, beside=YEAR_JOBS, told=told)


def export(
    database: Database, year: int, path: Path, *, told: Told = lambda name: say_nothing
) -> Ran:
    """Write the year's archived rows into a file, and read it back."""
    database.read(years.check, year)
    files.check_new(path)

    def work(heart: Heart) -> JobResult:
        done, manifest = year_files.export_year(database, year, path, progress=heart)
        message = (
            f"Exported {count_of(done.payments, 'payment')} and {count_of(done.events, 'event')} of "
            f"{year} into {path.name}, and read them back."
        )
        facts: dict[str, int | str] = {
            "year": year,
            "payments": done.payments,
            "events": done.events,
            "file": done.file,
            "sha256": done.sha256,
            **{f"{name}_checksum": part.checksum for name, part in manifest.tables.items()},
        }
        return JobResult(EXPORT, message, facts)

    return run_now(database, EXPORT, work, beside=YEAR_JOBS, told=told)


def drop(
    database: Database, year: int, path: Path, *, told: Told = lambda name: say_nothing
) -> Ran:
    """Take the year out of the database, with its export read back and compared first."""
    database.read(years.check, year)

    def work(heart: Heart) -> JobResult:
        manifest = year_files.drop_year(database, year, path, progress=heart, hold=heart.hold)
        payments, events = (manifest.tables[name].rows for name in (PAYMENTS, EVENTS))
        message = (
            f"Dropped {count_of(payments, 'payment')} and {count_of(events, 'event')} of {year}. They "
            f"stand in {path.name} alone: keep it."
        )
        facts: dict[str, int | str] = {"year": year, "payments": payments, "events": events}
        if manifest.span is not None:
            first, last, settled_through = manifest.span
            facts |= {"first_id": first, "last_id": last, "settled_through": settled_through}
        return JobResult(DROP, message, facts)

    return run_now(database, DROP, work, beside=YEAR_JOBS, told=told)
