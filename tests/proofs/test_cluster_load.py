"""A thousand buyers and a hundred seats, spread over three members that all take changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.school import create
from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.errors import LearnHubError
from learnhub_desktop.gateways import EntryState
from tests.databases import TEST_SCHOOL
from tests.proofs.checks import faults
from tests.proofs.cluster_desks import places
from tests.proofs.crowd import open_desk
from tests.proofs.rush import CONNECTIONS, rush
from tests.proofs.scale import PROVE
from tests.servers.fixtures import ClusterKind, StartCluster
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.proof,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not PROVE, reason="A cluster takes minutes: `make prove` runs it."),
]

BUYERS = 1_000
SEATS = 100


def pay(uow: UnitOfWork, student_id: int) -> None:
    student = t.users.c.user_id == student_id
    uow.connection.execute(t.users.update().where(student).values(account_balance=Decimal(1)))


@pytest.mark.parametrize("kind", ["three primaries", "galera"])
def test_members_that_all_sell_sell_each_seat_once_and_answer_every_buyer(
    start_cluster: StartCluster, tmp_path: Path, tell: Callable[[str], None], kind: ClusterKind
) -> None:
    cluster = start_cluster(kind)
    there = places(cluster, tmp_path)
    create(there[0].url, TEST_SCHOOL)
    school = open_desk(there[0])
    course = school.course(max_students=SEATS)

    told = rush(school, there, course, BUYERS)

    assert told.outcomes() == {"completed": SEATS, "refused": BUYERS - SEATS}
    assert told.refusals() == {"course_full"}
    assert school.seats(course) == SEATS
    paid = school.rows(t.payments, t.payments.c.course_id == course)
    assert Counter(each.status for each in paid) == {"completed": SEATS}
    assert [each.state for each in school.sent()] == [EntryState.APPROVED] * SEATS
    assert faults(school) == []
    # Each member has the same, as soon as it has caught up.
    count = "SELECT COUNT(*) FROM school.payments WHERE kind = 'charge'"
    for member in cluster.members:
        wait_until(lambda at=member: cluster.ask(at, count) == ((SEATS,),))
    if kind == "three primaries":
        with pytest.raises(LearnHubError, match="such a cluster knows no SERIALIZABLE"):
            school.database.write_at("SERIALIZABLE", pay, school.student())
    tell(
        f"{kind}: {BUYERS} buyers, {SEATS} seats, {CONNECTIONS} connections to "
        f"{len(cluster.members)} members: {told.figures()}"
    )
    school.database.close()
