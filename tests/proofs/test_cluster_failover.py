"""`kill -9` of the member that writes, while several workstations sell and refund.

They go on with the next member by themselves, and so does a window that only looks.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from learnhub_desktop.db.school import create
from tests.databases import TEST_SCHOOL
from tests.proofs.checks import faults, unsettled
from tests.proofs.cluster_desks import Watcher, places
from tests.proofs.crowd import open_desk
from tests.proofs.promises import after_the_janitor, by_hand, figures, wrongly_told
from tests.proofs.scale import PROVE, scaled
from tests.proofs.shifts import day_of, until_done, working
from tests.servers.fixtures import ClusterKind, StartCluster
from tests.servers.programs import ServerMissing, galera_library

pytestmark = [pytest.mark.proof, pytest.mark.timeout(900)]

ACTS = scaled(760, 90)  # two of three are purchases
DESKS = 4
SEED = 42


def needs_galera() -> None:
    """A test run goes without the one library that nothing else needs; `make prove` does not."""
    try:
        galera_library()
    except ServerMissing as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize("kind", ["one primary", "three primaries", "galera"])
def test_nothing_is_lost_and_nothing_charged_twice_when_the_writing_member_is_killed(
    start_cluster: StartCluster, tmp_path: Path, tell: Callable[[str], None], kind: ClusterKind
) -> None:
    if kind == "galera" and not PROVE:
        needs_galera()
    cluster, chance = start_cluster(kind), random.Random(SEED)
    there = places(cluster, tmp_path)
    create(there[0].url, TEST_SCHOOL)
    desk, watcher = open_desk(there[0]), Watcher(open_desk(there[0]).database)
    due = int(ACTS * chance.uniform(0.2, 0.5))

    with watcher.looking(), working(there, desk, desks=DESKS, acts=ACTS) as (counted, ends):
        until_done(counted, due, ends)
        cluster.writers()[0].kill()
        days = [day_of(end) for end in ends]
    acts = [act for day in days for act in day.acts]
    desk.database.engines.dispose()
    assert faults(desk) == []
    open_after = len(unsettled(desk))

    later, asked = after_the_janitor(there[0])
    assert faults(later) == []
    assert asked.problems == ()
    assert by_hand(later) == unsettled(later)
    assert wrongly_told(later, acts) == []
    # The window that looked was not opened anew, and sees what is there now.
    assert watcher.polls > 0
    assert watcher.database.read(lambda uow: uow.now()) is not None

    purchases = sum(act.kind == "charge" for act in acts)
    tell(
        f"{kind}: {purchases} purchases, {len(acts)} acts by {DESKS} desks; killed after {due}; "
        f"longest silence for a desk {max(day.longest_s for day in days):.1f} s, "
        f"for a window that looks {watcher.longest_s:.1f} s; open before the janitor: {open_after}"
    )
    for figure in figures(later, acts):
        tell(figure)
    for each in (desk, later, watcher):
        each.database.close()
