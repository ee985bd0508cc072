"""What happens to a group's members in a year of work, and one program that stays open all along.

A planned change of the primary, a crash, a member that comes back outside its group, and a
group without a majority.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, make_url, select

from learnhub_desktop.db import engine, transactions
from learnhub_desktop.db import tables as t
from learnhub_desktop.db.engine import open_engines
from learnhub_desktop.db.school import create
from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.actors import Role, actor_of
from learnhub_desktop.errors import DatabaseUnavailable, OutcomeUnknown
from tests.databases import TEST_SCHOOL
from tests.factories import make_student
from tests.proofs.scale import PROVE
from tests.servers.cluster import Cluster
from tests.servers.fixtures import StartCluster

pytestmark = [
    pytest.mark.proof,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not PROVE, reason="A cluster takes minutes: `make prove` runs it."),
]


def add(uow: UnitOfWork) -> int:
    return make_student(uow.connection, name="Ada")


def count(uow: UnitOfWork) -> int:
    return int(uow.connection.execute(select(func.count()).select_from(t.users)).scalar_one())


def where(database: Database, role: str) -> int:
    """The port of the member that a new connection goes to."""
    with getattr(database.engines, role).connect() as connection:
        return int(connection.exec_driver_sql("SELECT @@port").scalar_one())


def timed(call: Callable[[], Any]) -> float:
    began_at = time.monotonic()
    call()
    return time.monotonic() - began_at


def account(group: Cluster, name: str, right: str = "") -> str:
    """The address of the school for an account of its own, the second member first."""
    school = f"GRANT SELECT, INSERT, UPDATE, DELETE ON school.* TO {name}@'%'"
    for statement in (f"CREATE USER {name}@'%' IDENTIFIED BY ''", school, right):
        if statement:
            group.ask(group.members[0], statement)
    url = make_url(group.url("school", first=1)).set(username=name)
    return url.render_as_string(hide_password=False)


def test_a_program_that_stays_open_goes_on_through_all_that_happens_to_a_group(
    start_cluster: StartCluster,
    tell: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine, "_ANSWER_TIMEOUT_S", 12)
    # What administrators of a good network set: a silent member is expelled at once.
    group = start_cluster(
        "one primary", options=["--loose-group-replication-member-expel-timeout=0"]
    )
    first, second, third = group.members
    create(group.url("school"), TEST_SCHOOL)
    school = Database(
        open_engines(group.url("school")), label="the school", actor=actor_of("ada", Role.ADMIN)
    )
    may_look = "GRANT SELECT ON performance_schema.replication_group_members TO chief@'%'"
    accounts = [account(group, "clerk"), account(group, "chief", may_look)]
    school.write(add)

    # A planned change, as before an upgrade of the first server.
    group.switch_to(second)
    planned_s = timed(lambda: school.write(add))
    assert (where(school, "writer"), where(school, "reader")) == (second.port, second.port)

    # A crash: reads go on with another member while the group votes.
    second.kill()
    read_s = timed(lambda: school.read(count))
    crash_s = timed(lambda: school.write(add))
    assert school.read(count) == 3

    # The server is back, and takes changes from whoever asks, but is not in the group yet.
    second.start()
    assert group.ask(second, "SELECT @@super_read_only, @@port") == ((0, second.port),)
    for number, url in enumerate(accounts, start=4):
        opened = Database(
            open_engines(url), label="the school", actor=actor_of("clerk", Role.STAFF)
        )
        assert second.port not in (where(opened, "writer"), where(opened, "reader"))
        opened.write(add)
        assert (opened.read(count), school.read(count)) == (number, number)
        opened.close()

    # In the group again it has all that it missed.
    group.join(second)
    group.switch_to(second)
    school.write(add)
    assert where(school, "writer") == second.port
    assert school.read(count) == 6

    # Without a majority a change hangs on its way, and the next one is refused.
    first.kill()
    third.kill()
    with pytest.raises(OutcomeUnknown, match="Reload to see whether it was kept"):
        school.write(add)
    monkeypatch.setattr(transactions, "_ELECTION_S", 3.0)
    with pytest.raises(DatabaseUnavailable, match="accepts no changes at the moment"):
        school.write(add)
    school.close()
    tell(
        f"planned change: the next write took {planned_s:.1f} s; crash: the next read "
        f"{read_s:.1f} s, the next write {crash_s:.1f} s (members are expelled at once)"
    )
