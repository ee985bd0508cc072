"""`kill -9` of the server at random moments while several workstations sell and refund.

The server keeps its own durable settings here, and the gateway's book is a file beside it: what
it has charged stands there whatever the crash took from the school.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from learnhub_desktop.db.school import create
from tests.databases import TEST_SCHOOL
from tests.proofs.checks import faults, unsettled
from tests.proofs.crowd import Place, open_desk
from tests.proofs.promises import after_the_janitor, by_hand, figures, wrongly_told
from tests.proofs.scale import scaled
from tests.proofs.shifts import day_of, until_done, working
from tests.servers.fixtures import StartServer
from tests.servers.private import PrivateServer
from tests.servers.programs import Kind

pytestmark = [pytest.mark.proof, pytest.mark.timeout(1_800)]

CRASHES = scaled(20, 3)
ACTS = scaled(2_000, 150)
DESKS = scaled(4, 2)
SEED = 20


def crash(server: PrivateServer, chance: random.Random) -> float:
    """Kill the server somewhere between two acts or within one; how long nobody was served."""
    time.sleep(chance.uniform(0, 0.03))  # no wait for anything: the moment is to be any
    killed_at = time.monotonic()
    server.kill()
    server.start()
    return time.monotonic() - killed_at


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

    with working([place], desk, desks=DESKS, acts=ACTS) as (counted, ends):
        for number in range(CRASHES):
            due = ACTS * (number + chance.random()) / (CRASHES + 1)
            # Dozens of purchases, on a computer that may be busy.
            until_done(counted, due, ends, longest_s=120)
            silences.append(crash(server, chance))
            desk.database.engines.dispose()  # what this test asks has no second try
            assert faults(desk) == []
        acts = [act for end in ends for act in day_of(end).acts]
    worked_s = time.monotonic() - began_at
    open_after = len(unsettled(desk))

    later, asked = after_the_janitor(place)
    assert faults(later) == []
    assert asked.problems == ()
    assert by_hand(later) == unsettled(later)
    assert wrongly_told(later, acts) == []

    tell(
        f"{CRASHES} crashes in {worked_s:.0f} s, {DESKS} desks, {len(acts)} acts; "
        f"silence at most {max(silences):.1f} s; open before the janitor: {open_after}"
    )
    for figure in figures(later, acts):
        tell(figure)
    later.database.close()
    desk.database.close()
