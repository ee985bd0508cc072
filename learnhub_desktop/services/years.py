"""Closed years: their payments move to the archive.

Each transaction of a move copies whole charges with all their refunds and events, compares the
copies with what is here, column by column, and deletes what was copied. So a payment is in one
place at any moment, and after a crash at any point the move is simply called again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.jobs import Progress, say_nothing
from learnhub_desktop.domain.years import (
    Archived,
    Kept,
    Moved,
    YearRefusal,
    YearRow,
    bounds,
    check_closed,
)
from learnhub_desktop.errors import RuleRefused
from learnhub_desktop.services import year_records

# Called inside each transaction that changes something: it must fail where the worker has lost
# its run to another, so that nobody moves what a second worker is just comparing or dropping.
Hold = Callable[[UnitOfWork], None]

# What a cluster certifies as one transaction should stay below this many rows.
_MOST_ROWS: Final = 2_000
# A payment is copied, deleted, audited and announced; an event is copied and deleted.
_ROWS_A_PAYMENT: Final = 4
_ROWS_AN_EVENT: Final = 2
_CHARGES_AT_ONCE: Final = 120


def hold_nothing(uow: UnitOfWork) -> None:
    """For callers that nobody competes with."""


def list_years(uow: UnitOfWork) -> tuple[YearRow, ...]:
    """Every year with payments, here, in the archive or dropped; the latest first."""
    uow.actor.require(Right.VIEW_PAYMENTS)
    live, archived, sums = uow.years.count_live(), uow.years.count_archived(), uow.years.sums()
    exports, gone = year_records.exports(uow), year_records.dropped_at(uow)
    this_year = uow.now().year
    return tuple(
        YearRow(
            year=year,
            is_closed=year < this_year,
            live=live.get(year, 0),
            archived=archived.get(year, (0, 0))[0],
            archived_events=archived.get(year, (0, 0))[1],
            sums=sums.get(year, ()),
            exported=exports.get(year),
            dropped_at=gone.get(year),
        )
        for year in sorted({*live, *archived, *gone}, reverse=True)
    )


def check(uow: UnitOfWork, year: int) -> None:
    """NotAllowed, InvalidInput or RuleRefused where nothing can be done with this year."""
    uow.actor.require(Right.CLOSE_YEARS)
    check_closed(year, uow.now())


def archive_year(
    database: Database,
    year: int,
    *,
    progress: Progress = say_nothing,
    hold: Hold = hold_nothing,
) -> Archived:
    """Move what is over of the year, and of earlier years, to the archive.

    Called again it goes on where it was, and takes up what could not leave before.
    """
    years, last_id, total = database.read(survey, year)
    if database.is_server:
        for each in years:
            database.write(make_partition, each, hold=hold)
    payments = events = after_id = done = 0
    while after_id < last_id:
        progress(done, total)
        moved = database.write(
            archive_payments, year, after_id=after_id, last_id=last_id, hold=hold
        )
        after_id = moved.last_id
        payments += moved.payments
        events += moved.events
        done = min(payments, total)
    progress(total, total)
    kept = database.read(_kept, year)
    return Archived(year, payments, events, kept)


def survey(uow: UnitOfWork, year: int) -> tuple[list[int], int, int]:
    """The years whose rows may move, the last charge to look at, and how many there are."""
    check(uow, year)
    before = bounds(year)[1]
    years = sorted(each for each in uow.years.count_live() if each <= year)
    return years, uow.years.last_charge(before), uow.years.count_charges(before)


def make_partition(uow: UnitOfWork, year: int, *, hold: Hold = hold_nothing) -> None:
    """Give the year a partition of its own where it has none; only the servers know them."""
    uow.actor.require(Right.CLOSE_YEARS)
    hold(uow)
    uow.partitions.ensure(year)


def archive_payments(
    uow: UnitOfWork,
    year: int,
    *,
    after_id: int,
    last_id: int,
    hold: Hold = hold_nothing,
) -> Moved:
    """Move the next charges that may leave, with their refunds and events."""
    uow.actor.require(Right.CLOSE_YEARS)
    hold(uow)
    before, settled_before = _limits(uow, year)
    found = uow.years.list_movable(
        before, settled_before, after_id=after_id, last_id=last_id, limit=_CHARGES_AT_ONCE
    )
    if not found:
        return Moved(0, 0, last_id)
    groups = uow.years.lock_groups(found, before, settled_before)
    every = [*groups, *(refund for refunds in groups.values() for refund in refunds)]
    counts = uow.years.count_events(every)
    charges: list[int] = []
    refunds: list[int] = []
    rows = 0
    for charge, its_refunds in groups.items():
        cost = _ROWS_A_PAYMENT * (1 + len(its_refunds))
        cost += _ROWS_AN_EVENT * sum(counts.get(each, 0) for each in (charge, *its_refunds))
        if charges and rows + cost > _MOST_ROWS:
            break
        charges.append(charge)
        refunds += its_refunds
        rows += cost
    if not charges:
        # Another desk took hold of all of them meanwhile.
        return Moved(0, 0, found[-1])
    moved = [*charges, *refunds]
    events = sum(counts.get(each, 0) for each in moved)
    uow.years.copy(moved)
    if uow.years.count_identical(moved) != (len(moved), events):
        raise RuleRefused(
            YearRefusal.COPY_DIFFERS,
            f"The archive holds other payments under some of the numbers from {charges[0]} to "
            f"{charges[-1]}. Nothing of them was moved; look at these first.",
        )
    uow.years.remove(charges, refunds)
    return Moved(len(moved), events, charges[-1])


def _limits(uow: UnitOfWork, year: int) -> tuple[datetime, datetime]:
    """The year's end, and before when a charge was settled that no policy refunds any more."""
    days = uow.settings.get().refund_days
    return bounds(year)[1], uow.now() - timedelta(days=days + 1)


def _kept(uow: UnitOfWork, year: int) -> Mapping[Kept, int]:
    return uow.years.count_kept(*_limits(uow, year))
