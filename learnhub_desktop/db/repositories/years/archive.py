"""Payments of closed years: moved to the archive, read there, dropped."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Table, and_, case, delete, extract, func, insert, select

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.repositories.base import Repository
from learnhub_desktop.db.repositories.years import movable
from learnhub_desktop.domain import money
from learnhub_desktop.domain.states import SETTLED_PAYMENTS, PaymentKind, PaymentStatus
from learnhub_desktop.domain.years import Kept, Sum, bounds

_P: Final = t.payments.c
_E: Final = t.payment_events.c
_ROWS_AT_ONCE: Final = 1_000
# Free text may name somebody, and what is anonymised here must not live on in a file.
_NOT_EXPORTED: Final = frozenset({"comment"})


class YearRepository(Repository):
    """Payments of closed years: moved to the archive, read there, dropped."""

    # Moving.

    def last_charge(self, before: datetime) -> int:
        """The highest number of a charge that was made before; 0 where there is none."""
        found = self.connection.scalar(
            select(func.max(_P.payment_id)).where(_P.created_at < before)
        )
        return int(found or 0)

    def count_charges(self, before: datetime) -> int:
        found = movable.charges(before).subquery()
        return int(self.connection.scalar(select(func.count()).select_from(found)) or 0)

    def list_movable(
        self,
        before: datetime,
        settled_before: datetime,
        *,
        after_id: int,
        last_id: int,
        limit: int,
    ) -> list[int]:
        """Charges that may leave, by ascending number. A plain read: it decides nothing yet."""
        number = movable.CHARGE.c.payment_id
        statement = movable.movable(before, settled_before).where(
            number > after_id, number <= last_id
        )
        return list(self.connection.scalars(statement.order_by(number).limit(limit)))

    def lock_groups(
        self, charge_ids: Sequence[int], before: datetime, settled_before: datetime
    ) -> dict[int, list[int]]:
        """Lock the charges with all their refunds; the refunds of those that still may leave."""
        refunds: dict[int, list[int]] = defaultdict(list)
        charges = select(_P.payment_id).where(_P.payment_id.in_(charge_ids))
        self.connection.execute(charges.order_by(_P.payment_id).with_for_update()).all()
        of_charges = select(_P.payment_id, _P.refunds_payment_id).where(
            _P.refunds_payment_id.in_(charge_ids)
        )
        for row in self.connection.execute(of_charges.order_by(_P.payment_id).with_for_update()):
            refunds[row.refunds_payment_id].append(row.payment_id)
        number = movable.CHARGE.c.payment_id
        still = movable.movable(before, settled_before).where(number.in_(charge_ids))
        return {each: refunds[each] for each in self.connection.scalars(still.order_by(number))}

    def count_events(self, payment_ids: Collection[int]) -> dict[int, int]:
        rows = self.connection.execute(
            select(_E.payment_id, func.count())
            .where(_E.payment_id.in_(payment_ids))
            .group_by(_E.payment_id)
        )
        return {row[0]: row[1] for row in rows}

    def copy(self, payment_ids: Collection[int]) -> None:
        """Copy the payments and their events into the archive, but for copies that are there."""
        for live, archive, key in _PAIRS:
            there = select(archive.c[key]).where(archive.c.payment_id.in_(payment_ids))
            names = [column.name for column in archive.columns]
            self.connection.execute(
                insert(archive).from_select(
                    names,
                    select(*(live.c[name] for name in names)).where(
                        live.c.payment_id.in_(payment_ids), live.c[key].not_in(there)
                    ),
                )
            )

    def count_identical(self, payment_ids: Collection[int]) -> tuple[int, int]:
        """How many payments and events stand in the archive just as they stand here."""
        counts = []
        for live, archive, key in _PAIRS:
            same = and_(
                archive.c[key] == live.c[key],
                *(
                    archive.c[column.name].is_not_distinct_from(live.c[column.name])
                    for column in archive.columns
                ),
            )
            counted = (
                select(func.count())
                .select_from(live.join(archive, same))
                .where(live.c.payment_id.in_(payment_ids))
            )
            counts.append(int(self.connection.scalar(counted) or 0))
        return counts[0], counts[1]

    def remove(self, charge_ids: Collection[int], refund_ids: Collection[int]) -> None:
        """Delete what was copied: events first, refunds before the charges that they name."""
        every = [*charge_ids, *refund_ids]
        self.connection.execute(delete(t.payment_events).where(_E.payment_id.in_(every)))
        for some in (refund_ids, charge_ids):
            if some:
                self.connection.execute(delete(t.payments).where(_P.payment_id.in_(some)))

    def count_kept(self, before: datetime, settled_before: datetime) -> dict[Kept, int]:
        """Why charges stay that were made before, and how many."""
        rows = self.connection.execute(movable.kept(before, settled_before))
        found = {Kept(row.why): int(row.number) for row in rows}
        return {why: found[why] for why in Kept if why in found}

    # Reading.

    def count_live(self) -> dict[int, int]:
        """How many live payments, refunds too, were made in each year."""
        year = extract("year", _P.created_at)
        rows = self.connection.execute(select(year, func.count()).group_by(year))
        return {int(row[0]): row[1] for row in rows}

    def count_archived(self) -> dict[int, tuple[int, int]]:
        """How many payments and events of each year stand in the archive."""
        found: dict[int, list[int]] = defaultdict(lambda: [0, 0])
        for position, table in enumerate((t.payments_archive, t.payment_events_archive)):
            year = extract("year", table.c.created_at)
            for row in self.connection.execute(select(year, func.count()).group_by(year)):
                found[int(row[0])][position] = row[1]
        return {year: (payments, events) for year, (payments, events) in found.items()}

    def sums(self) -> Mapping[int, tuple[Sum, ...]]:
        """What each year's payments come to, a currency a line, wherever they stand."""
        totals: dict[tuple[int, str], list[Decimal]] = defaultdict(lambda: [money.ZERO, money.ZERO])
        for table in (t.payments, t.payments_archive):
            c = table.c
            year = extract("year", c.created_at)
            charged = and_(c.kind == PaymentKind.CHARGE, c.status.in_(SETTLED_PAYMENTS))
            refunded = and_(c.kind == PaymentKind.REFUND, c.status == PaymentStatus.COMPLETED)
            statement = select(
                year,
                c.currency,
                func.sum(case((charged, c.amount))),
                func.sum(case((refunded, c.amount))),
            ).group_by(year, c.currency)
            for row in self.connection.execute(statement):
                total = totals[int(row[0]), row[1]]
                total[0] += row[2] or money.ZERO
                total[1] += row[3] or money.ZERO
        found: dict[int, list[Sum]] = defaultdict(list)
        for (each, currency), (taken, back) in sorted(totals.items()):
            found[each].append(Sum(currency, taken, back))
        return {each: tuple(lines) for each, lines in found.items()}

    def payments_of(self, year: int) -> Iterator[Mapping[str, Any]]:
        """Every archived payment that was made in the year, by its number, as it is exported."""
        return self._rows_of(t.payments_archive, "payment_id", year)

    def payment_events_of(self, year: int) -> Iterator[Mapping[str, Any]]:
        """Every archived event of the year. They must be read to their end before the next."""
        return self._rows_of(t.payment_events_archive, "event_id", year)

    def _rows_of(self, table: Table, key: str, year: int) -> Iterator[Mapping[str, Any]]:
        # A generator, so that nothing is asked before the first row is: a server's connection
        # streams one result at a time, and cuts off the one before.
        start, end = bounds(year)
        c = table.c
        columns = [column for column in table.columns if column.name not in _NOT_EXPORTED]
        found = self.connection.execute(
            select(*columns)
            .where(c.created_at >= start, c.created_at < end)
            .order_by(c[key])
            .execution_options(yield_per=_ROWS_AT_ONCE)
        )
        for row in found:
            yield dict(row._mapping)

    # Dropping.

    def delete_year(self, year: int) -> None:
        """Delete the year's rows one by one, where there are no partitions."""
        start, end = bounds(year)
        for table in (t.payments_archive, t.payment_events_archive):
            c = table.c
            self.connection.execute(delete(table).where(c.created_at >= start, c.created_at < end))


_PAIRS: Final = (
    (t.payments, t.payments_archive, "payment_id"),
    (t.payment_events, t.payment_events_archive, "event_id"),
)
