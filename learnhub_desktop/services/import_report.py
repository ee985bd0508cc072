"""What became of the rows of a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from learnhub_desktop.domain.catalog import count_of
from learnhub_desktop.domain.changes import Changes, Touched
from learnhub_desktop.exchange.imports import Imported
from learnhub_desktop.exchange.reading import Rejected


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of each row of a file: ``read`` is the sum of the four.

    After a dry run it says what would become of them.
    """

    read: int
    added: int
    updated: int
    unchanged: int
    rejected: tuple[Rejected, ...]
    notes: tuple[str, ...]
    changes: Changes


def report(
    imported: Imported[Any],
    noun: str,
    touched: Touched,
    *,
    added: int,
    updated: int,
    unchanged: int,
    rejected: Sequence[Rejected],
    notes: tuple[str, ...] | None = None,
    dry_run: bool,
) -> ImportReport:
    said = "Would import" if dry_run else "Imported"
    message = (
        f"{said} {count_of(added, f'new {noun}')}; {updated:,} updated, "
        f"{unchanged:,} unchanged, {len(rejected):,} rejected."
    )
    wrote = not dry_run and bool(added or updated)
    return ImportReport(
        read=imported.read,
        added=added,
        updated=updated,
        unchanged=unchanged,
        rejected=tuple(sorted(rejected, key=lambda row: row.line)),
        notes=imported.notes if notes is None else notes,
        changes=Changes(
            touched if wrote else Touched.NOTHING,
            message,
            warning=bool(rejected),
        ),
    )
