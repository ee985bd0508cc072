"""Closed years: which payments may leave for the archive, and where a year's rows stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from learnhub_desktop.errors import InvalidInput, RuleRefused

# What is done with a year is a run like a job's, though no schedule begins it.
ARCHIVE: Final = "archive-year"
EXPORT: Final = "export-year"
DROP: Final = "drop-year"
YEAR_JOBS: Final = (ARCHIVE, EXPORT, DROP)

_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 9998


class YearRefusal(StrEnum):
    NOT_CLOSED = "not_closed"
    NOTHING_ARCHIVED = "nothing_archived"
    NOT_EXPORTED = "not_exported"
    EXPORT_MISSING = "export_missing"
    EXPORT_DIFFERS = "export_differs"
    COPY_DIFFERS = "copy_differs"
    DROPPED = "dropped"


class Kept(StrEnum):
    """Why a charge stays with the live payments although its year is closed."""

    OPEN = "open"
    DISPUTED = "disputed"
    REFUND_DUE = "refund_due"
    REFUND_OPEN = "refund_open"
    LATER = "later"
    RECENT = "recent"
    ALERT = "alert"
    SUBSCRIPTION = "subscription"
    KEY = "key"


KEPT_WORDS: Final[dict[Kept, str]] = {
    Kept.OPEN: "not settled yet",
    Kept.DISPUTED: "disputed",
    Kept.REFUND_DUE: "waiting for a refund",
    Kept.REFUND_OPEN: "with a refund that is not settled yet",
    Kept.LATER: "with something that happened in a later year",
    Kept.RECENT: "still inside the time for refunds",
    Kept.ALERT: "with a fraud alert that is still open",
    Kept.SUBSCRIPTION: "paying for a subscription that is running",
    Kept.KEY: "with a call that is still at it",
}


def say_kept(kept: Mapping[Kept, int]) -> str:
    """``3 stay: 2 disputed, 1 waiting for a refund.``; empty where none does."""
    if not kept:
        return ""
    total = sum(kept.values())
    parts = ", ".join(f"{count:,} {KEPT_WORDS[why]}" for why, count in kept.items())
    return f"{total:,} {'stays' if total == 1 else 'stay'}: {parts}."


def check_year(year: int) -> int:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise InvalidInput("year", f"Name a year from {_FIRST_YEAR} to {_LAST_YEAR}.")
    return year


def check_closed(year: int, now: datetime) -> int:
    """RuleRefused for a year that is not over. Years are counted in UTC, as partitions are."""
    if check_year(year) >= now.astimezone(UTC).year:
        raise RuleRefused(
            YearRefusal.NOT_CLOSED, f"{year} is not over yet. Only closed years can be archived."
        )
    return year


def bounds(year: int) -> tuple[datetime, datetime]:
    """The year's first moment and the next year's, in UTC."""
    return datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Sum:
    """What a year's rows come to in one currency: settled charges, and completed refunds."""

    currency: str
    charged: Decimal
    refunded: Decimal


@dataclass(frozen=True, slots=True)
class YearExport:
    """An export as it was written and read back. ``sha256`` is that of the whole file."""

    file: str
    sha256: str
    payments: int
    events: int
    made_at: datetime


@dataclass(frozen=True, slots=True)
class YearRow:
    """One year of payments, by the time that each row was made, in UTC."""

    year: int
    is_closed: bool
    live: int
    archived: int
    archived_events: int
    sums: tuple[Sum, ...] = ()
    exported: YearExport | None = None
    dropped_at: datetime | None = None

    def says(self) -> str:
        """Where the year stands, in a few words."""
        if not self.is_closed:
            return "not over yet"
        if self.archived:
            left = f", {self.live:,} still live" if self.live else ""
            exported = ", exported" if self.exported is not None else ", not exported"
            return f"archived{left}{exported}"
        if self.dropped_at is not None:
            return "dropped" if not self.live else f"dropped, {self.live:,} still live"
        return "may be archived"


@dataclass(frozen=True, slots=True)
class Archived:
    """What was moved of a closed year, and why some of it was not."""

    year: int
    payments: int
    events: int
    kept: Mapping[Kept, int]


@dataclass(frozen=True, slots=True)
class Moved:
    """What one transaction moved. ``last_id`` is the last charge that it looked at."""

    payments: int
    events: int
    last_id: int


@dataclass(frozen=True, slots=True)
class DroppedYear:
    """A year that is gone from the database.

    ``settled_through`` is when its last payment was settled: days up to then cannot be counted
    again.
    """

    year: int
    settled_through: datetime


@dataclass(frozen=True, slots=True)
class Partition:
    """A partition by creation time; ``before`` None: no upper end."""

    name: str
    before: datetime | None


def partition_of(year: int) -> str:
    return f"p{year}"


def pieces(partitions: Sequence[Partition], year: int) -> tuple[Partition, list[Partition]] | None:
    """The partition that holds the year, and what it must be split into so that the year has
    one of its own; None where it has.

    ``partitions`` are in order, and every bound of theirs is the first moment of a year.
    """
    start, end = bounds(year)
    lower: datetime | None = None
    for partition in partitions:
        if partition.before is None or partition.before > start:
            break
        lower = partition.before
    else:
        raise AssertionError("no partition is open upwards")
    if (lower, partition.before) == (start, end):
        return None
    made = []
    if lower != start:
        name = partition.name if lower is None else _span(lower.year, year - 1)
        made.append(Partition(name, start))
    made.append(Partition(partition_of(year), end))
    if partition.before is None:
        made.append(Partition(partition.name, None))
    elif partition.before > end:
        made.append(Partition(_span(year + 1, partition.before.year - 1), partition.before))
    return partition, made


def _span(first: int, last: int) -> str:
    return partition_of(first) if first == last else f"p{first}_{last}"
