"""Closed years on real servers: partitions, and a power cut at every point of every step."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.invariants import invariants
from learnhub_desktop.db.school import create
from learnhub_desktop.domain.findings import Severity
from learnhub_desktop.domain.states import JobState
from learnhub_desktop.errors import RuleRefused
from learnhub_desktop.exchange.years import read_year
from learnhub_desktop.jobs import closing
from learnhub_desktop.services import years
from tests.databases import TEST_SCHOOL, SetClock, new_database
from tests.factories import NOW
from tests.proofs.scale import scaled
from tests.proofs.year_crash import MOST_ROWS, Act, Point, do, killed, open_database
from tests.servers.server import Server
from tests.services.closed_years import on, snapshot
from tests.services.desk import Desk, open_gateway

pytestmark = pytest.mark.proof


@dataclass
class Old:
    """A school on a server, and one year of it: five charges, two of them with refunds."""

    url: str
    desk: Desk
    year: int
    path: Path

    def numbers(self, table: object) -> int:
        c = table.c  # type: ignore[attr-defined]
        start, end = years.bounds(self.year)
        return len(self.desk.rows(table, c.created_at >= start, c.created_at < end))

    def again(self, what: str) -> closing.Ran:
        """Once the dead worker's lease has ended, the same act from the beginning."""
        self.desk.pass_time(minutes=4)
        ran: closing.Ran = do(self.desk.database, Act(what, self.year, str(self.path)))
        return ran

    def dies(self, what: str, point: Point) -> None:
        act = Act(what, self.year, str(self.path))
        assert killed(self.url, self.desk.clock.now, act, point), f"nothing reached {point}"


@dataclass
class Ground:
    """A school for all tests on one server.

    Each has a year of its own, and a later hour, so that none finds what another left.
    """

    url: str
    numbers: Iterator[int] = field(default_factory=itertools.count)


@pytest.fixture(scope="module")
def ground(any_server: Server) -> Iterator[Ground]:
    with new_database(any_server) as url:
        create(url, TEST_SCHOOL)
        yield Ground(url)


@pytest.fixture
def old(ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Old]:
    number = next(ground.numbers)
    year, clock = 1990 + number, SetClock(NOW + timedelta(hours=number))
    monkeypatch.setattr(years, "_MOST_ROWS", MOST_ROWS)
    with open_gateway(tmp_path) as gateway:
        desk = Desk(open_database(ground.url, clock), gateway, clock)
        with on(desk, f"{year}-06-01T10:00"):
            course = desk.course()
            bought = [desk.buy(desk.student(), course).payment_id for _ in range(5)]
            desk.refund(bought[1])
            desk.refund(bought[3], amount=Decimal("10.00"))
            desk.refund(bought[3], amount=Decimal("5.00"))
        yield Old(ground.url, desk, year, tmp_path / f"{year}.zip")
        found = desk.ask(invariants)
        desk.database.close()
        assert [each.sentence for each in found if each.severity is Severity.PROBLEM] == []


def test_a_year_moves_into_a_partition_of_its_own(old: Old) -> None:
    before = snapshot(old.desk)

    ran = do(old.desk.database, Act("archive", old.year))

    assert ran.state is JobState.DONE
    assert ran.result.counts["payments"] == 8
    assert snapshot(old.desk) == before
    assert (old.numbers(t.payments), old.numbers(t.payments_archive)) == (0, 8)
    for table in ("payments_archive", "payment_events_archive"):
        counted = old.desk.ask(
            lambda c, table=table: c.exec_driver_sql(
                f"SELECT COUNT(*), MIN(YEAR(created_at)), MAX(YEAR(created_at))"
                f" FROM {table} PARTITION (p{old.year})"
            ).one()
        )
        assert counted[0] > 0 and set(counted[1:]) == {old.year}


def test_dropping_a_year_drops_its_partition_and_nothing_else(old: Old) -> None:
    desk, year = old.desk, old.year
    with on(desk, f"{year - 1}-06-01T10:00"):
        kept = desk.buy(desk.student(), desk.course()).payment_id
    for what in ("archive", "export"):
        do(desk.database, Act(what, year, str(old.path)))
    rows = old.numbers(t.payments_archive)

    ran = do(desk.database, Act("drop", year, str(old.path)))

    assert (ran.state, ran.result.counts["payments"], rows) == (JobState.DONE, 8, 8)
    assert (old.numbers(t.payments_archive), old.numbers(t.payment_events_archive)) == (0, 0)
    assert desk.rows(t.payments_archive, t.payments_archive.c.payment_id == kept) != []
    partitions = desk.read(lambda uow: uow.partitions.list("payments_archive"))
    assert f"p{year}" not in [each.name for each in partitions]
    # What leaves later gets a partition of its own once more, and harms no other year's.
    with on(desk, f"{year}-07-01T10:00"):
        desk.buy(desk.student(), desk.course())
    do(desk.database, Act("archive", year))
    assert old.numbers(t.payments_archive) == 1
    partitions = desk.read(lambda uow: uow.partitions.list("payments_archive"))
    assert f"p{year}" in [each.name for each in partitions]


def points(telling: list[Point], *others: Point) -> list[Point]:
    """`make prove` kills at every point, a test run at the three that tell most."""
    return scaled([*telling, *others], telling)


ARCHIVE_POINTS = points(
    [
        Point("partitions", "_alter"),  # one table is split, the other is not
        Point("years", "remove"),
        Point("years", "list_movable", after=False, nth=2),  # one transaction is committed
    ],
    Point("partitions", "ensure", after=False),
    Point("partitions", "ensure"),
    Point("years", "list_movable"),
    Point("years", "lock_groups"),
    Point("years", "copy"),
    Point("years", "count_identical"),
    Point("years", "remove", nth=2),
    Point("jobs", "finish", after=False),
    Point("jobs", "finish"),
)


@pytest.mark.parametrize("point", ARCHIVE_POINTS, ids=str)
def test_a_move_that_is_killed_is_finished_by_the_next_one(old: Old, point: Point) -> None:
    before = snapshot(old.desk)

    old.dies("archive", point)

    # Whatever was reached, each payment and event stands in one place, as it was.
    assert snapshot(old.desk) == before
    ran = old.again("archive")
    assert ran.state is JobState.DONE
    assert snapshot(old.desk) == before
    assert (old.numbers(t.payments), old.numbers(t.payments_archive)) == (0, 8)


EXPORT_POINTS = points(
    [
        Point("files", "encode", nth=3),  # in the middle of the payments
        Point("path", "replace", after=False),  # written, and not under its name yet
        Point("path", "replace"),
    ],
    Point("years", "payments_of"),
    Point("files", "read_year"),
    Point("jobs", "finish", after=False),
)


@pytest.mark.parametrize("point", EXPORT_POINTS, ids=str)
def test_an_export_that_is_killed_leaves_a_whole_file_or_none(old: Old, point: Point) -> None:
    do(old.desk.database, Act("archive", old.year))
    before = snapshot(old.desk)

    old.dies("export", point)

    assert snapshot(old.desk) == before
    if old.path.exists():
        # Under its name it is whole, though nothing here remembers it: another name is asked for.
        assert read_year(old.path).tables["payments"].rows == 8
        old.path = old.path.with_name(f"{old.year}-again.zip")
    ran = old.again("export")
    assert ran.state is JobState.DONE
    assert read_year(old.path).tables["payments"].rows == 8


DROP_POINTS = points(
    [
        Point("year_files", "compare"),
        Point("partitions", "_alter"),  # the payments are dropped, their events are not
        Point("jobs", "finish", after=False),
    ],
    Point("files", "read_year"),
    Point("partitions", "drop", after=False),
    Point("partitions", "drop"),
)


@pytest.mark.parametrize("point", DROP_POINTS, ids=str)
def test_a_drop_that_is_killed_is_finished_by_the_next_one(old: Old, point: Point) -> None:
    for what in ("archive", "export"):
        do(old.desk.database, Act(what, old.year, str(old.path)))

    old.dies("drop", point)

    left = (old.numbers(t.payments_archive), old.numbers(t.payment_events_archive) > 0)
    assert left in [(8, True), (0, True), (0, False)]
    ran = old.again("drop")
    assert ran.state is JobState.DONE
    assert (old.numbers(t.payments_archive), old.numbers(t.payment_events_archive)) == (0, 0)
    [gone] = [
        each
        for each in old.desk.rows(t.job_runs, t.job_runs.c.job == "drop-year")
        if each.result and each.result.get("year") == old.year
    ]
    assert (gone.result["payments"], gone.state) == (8, "done")


def test_while_one_desk_works_on_a_year_another_is_refused(old: Old) -> None:
    point = Point("years", "copy")
    old.dies("archive", point)

    with pytest.raises(RuleRefused, match="Another job on the same rows is running already"):
        do(old.desk.database, Act("drop", old.year, str(old.path)))

    assert old.again("archive").state is JobState.DONE


def test_a_worker_that_wakes_up_after_its_lease_moves_nothing_more(old: Old) -> None:
    desk, seen = old.desk, []

    def sleep(done: int, total: int) -> None:
        if done and not seen:
            desk.clock.now += timedelta(minutes=4)
            seen.append(do(desk.database, Act("archive", old.year)))

    before = snapshot(desk)
    ran = closing.archive(desk.database, old.year, told=lambda name: sleep)

    assert ran.state is JobState.CANCELLED
    assert ran.result.message == "Another computer has taken this run over meanwhile."
    assert [each.state for each in seen] == [JobState.DONE]
    assert snapshot(desk) == before
