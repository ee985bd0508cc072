"""`kill -9` of the server at random moments while several workstations sell and refund.

The server keeps its own durable settings here, and the gateway's book is a file beside it: what
it has charged stands there whatever the crash took from the school.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.school import create
from learnhub_desktop.gateways import EntryState
from learnhub_desktop.jobs import asking
from tests.databases import TEST_SCHOOL
from tests.proofs.broken import wait_until
from tests.proofs.checks import faults, unsettled
from tests.proofs.crowd import Crash, Place, open_desk, processes
from tests.proofs.scale import scaled
from tests.proofs.steady_desk import Act, Shift, work
from tests.servers.fixtures import StartServer
from tests.servers.private import PrivateServer
from tests.servers.programs import Kind
from tests.services.desk import Desk

pytestmark = [pytest.mark.proof, pytest.mark.timeout(1_800)]

CRASHES = scaled(20, 3)
ACTS = scaled(2_000, 150)
DESKS = scaled(4, 2)
STUDENTS = 25  # for each desk
SEED = 20
# What may stand in the end, by what a desk was told last.
STANDS = {
    "completed": {"completed", "partially_refunded", "refunded"},
    "declined": {"failed"},
    "blocked": {"failed"},
    "failed": {"failed"},
    "waiting": {"failed", "completed", "partially_refunded", "refunded"},
    "pending": {"pending", "completed"},
}


@contextmanager
def shifts(place: Place, desk: Desk) -> Iterator[tuple[Any, list[Any]]]:
    """Workstations at work: how many acts they have done, and where each sends what it was told."""
    courses = [desk.course(max_students=limit) for limit in (None, None, None, None, 20, 5)]
    context = processes()
    counted, children, ends = context.Value("i", 0), [], []
    try:
        for number in range(DESKS):
            students = [
                desk.student(name=f"Student {number}.{n}", account_balance=Decimal(500))
                for n in range(STUDENTS)
            ]
            end, other = context.Pipe(duplex=False)
            shift = Shift(place, number, ACTS // DESKS, students, courses)
            child = context.Process(target=work, args=(shift, counted, other), daemon=True)
            children.append(child)
            ends.append(end)
            child.start()
            other.close()
        yield counted, ends
    finally:
        for child in children:
            child.kill()
            child.join()


def crash(server: PrivateServer, chance: random.Random) -> float:
    """Kill the server somewhere between two acts or within one; how long nobody was served."""
    time.sleep(chance.uniform(0, 0.03))  # no wait for anything: the moment is to be any
    killed_at = time.monotonic()
    server.kill()
    server.start()
    return time.monotonic() - killed_at


def receive(end: Any) -> list[Act]:
    assert end.poll(timeout=600), "a workstation did not come to the end of its shift"
    told = end.recv()
    if isinstance(told, Crash):
        raise AssertionError(told.trace)
    assert isinstance(told, list)
    return told


@pytest.mark.parametrize("kind", scaled(["mysql", "mariadb"], ["mysql"]))
def test_nothing_acknowledged_is_lost_and_nothing_charged_twice_when_the_server_is_killed(
    start_server: StartServer, tmp_path: Path, tell: Callable[[str], None], kind: Kind
) -> None:
    server = start_server(kind, durable=True)
    url, chance = server.url("crashed"), random.Random(SEED)
    create(url, TEST_SCHOOL)
    place = Place(url, tmp_path)
    desk = open_desk(place)
    silences, began_at = [], time.monotonic()

    with shifts(place, desk) as (counted, ends):
        for number in range(CRASHES):
            due = ACTS * (number + chance.random()) / (CRASHES + 1)
            wait_until(
                lambda due=due: counted.value >= due or any(end.poll() for end in ends),
                longest_s=120,  # dozens of purchases, on a computer that may be busy
            )
            silences.append(crash(server, chance))
            desk.database.engines.dispose()  # what this test asks has no second try
            assert faults(desk) == []
        acts = [act for end in ends for act in receive(end)]
    worked_s = time.monotonic() - began_at
    open_after = len(unsettled(desk))

    # The janitor, once every hold has run out.
    later = open_desk(place, datetime.now(UTC) + timedelta(days=10))
    asked = asking.run(later.database, later.gateways)
    assert faults(later) == []
    assert asked.problems == ()
    assert by_hand(later) == unsettled(later)
    assert wrongly_told(later, acts) == []

    told = Counter(f"{act.kind} {act.told[-1]}" for act in acts)
    tell(
        f"{CRASHES} crashes in {worked_s:.0f} s, {DESKS} desks, {len(acts)} acts; "
        f"silence at most {max(silences):.1f} s; open before the janitor: {open_after}"
    )
    tell(", ".join(f"{what}: {count}" for what, count in sorted(told.items())))
    charged = [e for e in later.sent() if e.kind == "charge" and e.state is EntryState.APPROVED]
    tell(f"{len(charged)} charges in the gateway's book, each with its one payment")
    later.database.close()
    desk.database.close()


def by_hand(desk: Desk) -> list[int]:
    """Refunds that wait for a person, where the crash came before the payout was recorded."""
    c = t.payments.c
    rows = desk.rows(
        t.payments, c.kind == "refund", c.payment_gateway == "manual", c.status == "pending"
    )
    return [row.payment_id for row in rows]


def wrongly_told(desk: Desk, acts: list[Act]) -> list[str]:
    """Where a person was told something that is not so."""
    by_key = {row.idempotency_key: row for row in desk.payments()}
    by_id = {str(row.payment_id): row for row in desk.payments()}
    wrong = []
    for act in acts:
        row = by_id.get(act.key) if act.key.isdigit() else by_key.get(act.key)
        last = act.told[-1]
        status = None if row is None else row.status
        if last in STANDS and status not in STANDS[last]:
            wrong.append(f"{act.kind} {act.key} was told {act.told}, and is {status}.")
        was_refused = all(each.startswith("refused") for each in act.told)
        if was_refused and not act.key.isdigit() and row is not None:
            wrong.append(f"{act.kind} {act.key} was told {act.told}, and is there, {status}.")
        if "completed" in act.told and last != "completed":
            wrong.append(f"{act.kind} {act.key} was told {act.told}.")
    return wrong
