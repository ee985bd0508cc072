"""`learnhub years`: list the years of payments, archive one, export it, drop it."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any, Final

from learnhub_desktop.cli.choosing import opened
from learnhub_desktop.cli.jobs import values_of
from learnhub_desktop.cli.terminal import Done, ExitCode, Terminal
from learnhub_desktop.domain import money
from learnhub_desktop.domain.catalog import count_of
from learnhub_desktop.domain.states import JobState
from learnhub_desktop.domain.years import YearRow
from learnhub_desktop.jobs import closing
from learnhub_desktop.jobs.results import Ran
from learnhub_desktop.services import year_records, years

_NO_PARTITIONS: Final = "A school in one file has no partitions: dropping a year deletes its rows."


def show(options: Namespace, terminal: Terminal) -> Done:
    with opened(options) as school:
        rows = school.database.read(years.list_years)
        has_partitions = school.database.is_server
    lines = [f"{row.year}: {row.says()}; {_sums(row)}" for row in rows]
    if rows and not has_partitions:
        lines.append(_NO_PARTITIONS)
    values = {"years": [_values(row) for row in rows], "partitions": has_partitions}
    return Done(values, tuple(lines or ["There are no payments yet."]))


def archive(options: Namespace, terminal: Terminal) -> Done:
    with opened(options) as school:
        ran = closing.archive(school.database, options.year, told=terminal.progress)
    return _told(ran)


def export(options: Namespace, terminal: Terminal) -> Done:
    with opened(options) as school:
        path = Path(options.file).expanduser()
        ran = closing.export(school.database, options.year, path, told=terminal.progress)
    done = _told(ran)
    if ran.state is not JobState.DONE:
        return done
    return Done(done.values, (*done.lines, f"SHA-256 {ran.result.counts['sha256']}"))


def drop(options: Namespace, terminal: Terminal) -> Done:
    with opened(options) as school:
        if options.export is None:
            path = school.database.read(year_records.export_path, options.year)
        else:
            path = Path(options.export).expanduser()
        ran = closing.drop(school.database, options.year, path, told=terminal.progress)
    return _told(ran)


def _told(ran: Ran) -> Done:
    if ran.state is JobState.DONE:
        return Done(values_of(ran), (ran.result.message,))
    return Done(values_of(ran), code=ExitCode.REFUSED, problem=ran.result.message)


def _sums(row: YearRow) -> str:
    taken = [
        f"{money.text(each.charged, each.currency)} taken, "
        f"{money.text(each.refunded, each.currency)} went back"
        for each in row.sums
        if each.charged or each.refunded
    ]
    return "; ".join([count_of(row.live + row.archived, "payment"), *taken])


def _values(row: YearRow) -> dict[str, Any]:
    export = row.exported
    return {
        "year": row.year,
        "state": row.says(),
        "is_closed": row.is_closed,
        "live": row.live,
        "archived": row.archived,
        "archived_events": row.archived_events,
        "sums": [
            {"currency": each.currency, "charged": each.charged, "refunded": each.refunded}
            for each in row.sums
        ],
        "exported": None
        if export is None
        else {
            "file": export.file,
            "sha256": export.sha256,
            "payments": export.payments,
            "events": export.events,
            "made_at": export.made_at,
        },
        "dropped_at": row.dropped_at,
    }
