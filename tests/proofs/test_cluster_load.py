"""A thousand buyers and a hundred seats, spread over three members that all take changes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from statistics import median

import pytest

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.school import create
from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.errors import LearnHubError
from learnhub_desktop.gateways import EntryState
from tests.databases import TEST_SCHOOL
from tests.proofs import desks
from tests.proofs.broken import wait_until
from tests.proofs.checks import faults
from tests.proofs.cluster_desks import places
from tests.proofs.crowd import Job, at_once, open_desk
from tests.proofs.scale import PROVE
from tests.proofs.test_load import new_students
from tests.servers.fixtures import ClusterKind, StartCluster

pytestmark = [
    pytest.mark.proof,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not PROVE, reason="A cluster takes minutes: `make prove` runs it."),
]

CONNECTIONS = 32
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
    here, *others = places(cluster, tmp_path)
    create(here.url, TEST_SCHOOL)
    school = open_desk(here)
    students = school.make(new_students)
    course = school.course(max_students=SEATS)
    orders = [school.order(student, course) for student in students]
    jobs = [
        Job(desks.buy_one_after_the_other, {"orders": orders[n::CONNECTIONS]})
        for n in range(CONNECTIONS)
    ]

    began_at = time.monotonic()
    told = [each for answers in at_once(here, jobs, others) for each in answers]
    elapsed_s = time.monotonic() - began_at

    outcomes = Counter(each.outcome for each, _ in told)
    assert outcomes == {"completed": SEATS, "refused": BUYERS - SEATS}
    assert {each.reason for each, _ in told if each.outcome == "refused"} == {"course_full"}
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
    waits = sorted(seconds for _, seconds in told)
    tell(
        f"{kind}: {BUYERS} buyers, {SEATS} seats, {CONNECTIONS} connections to "
        f"{len(cluster.members)} members: {dict(outcomes)} in {elapsed_s:.1f} s; "
        f"answers p50 {median(waits) * 1000:.0f} ms, p99 {waits[BUYERS * 99 // 100] * 1000:.0f} ms"
    )
    school.database.close()
