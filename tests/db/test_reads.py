"""Reads see one moment, write nothing, and stop when nobody waits for them."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from sqlalchemy import select

from learnhub_desktop.db.engine import SqlOnGuardedThread
from learnhub_desktop.db.repositories.fraud import RULES_AS_TEXT, rules_of
from learnhub_desktop.db.transactions import Database, ReadJob, UnitOfWork
from learnhub_desktop.errors import (
    DatabaseUnavailable,
    NotAllowed,
    Superseded,
)
from tests.databases import alone
from tests.db.desks import add_student, count_users, kill
from tests.waiting import wait_until


def test_nothing_can_be_written_in_a_read(any_school: Database) -> None:
    with pytest.raises((DatabaseUnavailable, NotAllowed)):
        any_school.read(add_student, "read@example.org")

    assert any_school.read(count_users, "read@example.org") == 0


def test_a_read_sees_one_moment(any_school: Database) -> None:
    def read_twice(uow: UnitOfWork) -> tuple[int, int]:
        before = count_users(uow, "moment@example.org")
        writer = threading.Thread(target=any_school.write, args=(add_student, "moment@example.org"))
        writer.start()
        writer.join()
        return before, count_users(uow, "moment@example.org")

    assert any_school.read(read_twice) == (0, 0)


def test_a_read_whose_connection_broke_is_run_again(server_school: Database) -> None:
    runs = 0

    def read(uow: UnitOfWork) -> int:
        nonlocal runs
        runs += 1
        if runs == 1:
            kill(server_school, uow)
        return count_users(uow, "nobody@example.org")

    assert server_school.read(read) == 0
    assert runs == 2


def test_rules_read_as_one_text_are_the_rules(any_school: Database) -> None:
    def read_both(uow: UnitOfWork) -> tuple[Any, Any]:
        text = uow.connection.scalar(select(RULES_AS_TEXT))
        return rules_of(text), uow.fraud.rules()

    def name_strangely(uow: UnitOfWork) -> None:
        rule = uow.fraud.all_rules()[0]
        uow.fraud.update_rule(rule.rule_id, rule_name='Über "50" % \\ 😀', state="shadow")
        uow.fraud.update_rule(uow.fraud.all_rules()[1].rule_id, state="off")

    any_school.write(name_strangely)
    as_text, as_rows = any_school.read(read_both)

    assert as_text == as_rows
    assert as_text[0].name == 'Über "50" % \\ 😀'
    assert as_text[0].condition == {"measure": "charges", "hours": 24, "above": 5}
    assert all(rule.state != "off" for rule in as_text)


SLOW_ON_SERVERS = (
    "SELECT COUNT(*) FROM information_schema.columns a, information_schema.columns b,"
    " information_schema.columns c, information_schema.columns d"
)


SLOW_IN_A_FILE = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n"
)


@pytest.mark.proof
def test_a_read_that_is_no_longer_wanted_stops_on_the_server(any_school: Database) -> None:
    slow = SLOW_ON_SERVERS if any_school.is_server else SLOW_IN_A_FILE
    job = ReadJob()
    began = threading.Event()
    ended: list[type[BaseException]] = []

    def read_for_ever(uow: UnitOfWork) -> None:
        began.set()
        uow.connection.exec_driver_sql(slow)

    def work() -> None:
        try:
            any_school.read_job(job, read_for_ever)
        except Superseded as superseded:
            ended.append(type(superseded))

    worker = threading.Thread(target=work)
    worker.start()
    began.wait()
    if any_school.is_server:
        with alone(any_school) as other:
            wait_until(lambda: running(other, slow) == 1)
            job.cancel()
            wait_until(lambda: running(other, slow) == 0)
    else:
        job.cancel()
    worker.join(timeout=20)

    assert ended == [Superseded]


def running(connection: Any, statement: str) -> int:
    found = connection.exec_driver_sql(
        "SELECT COUNT(*) FROM information_schema.processlist WHERE info = %s", (statement,)
    )
    return int(found.scalar())


@pytest.mark.proof
def test_cancelling_never_hits_another_read(any_school: Database) -> None:
    """Reads that end by themselves just as they are cancelled, 300 times."""
    wrong: list[BaseException] = []

    def quick(uow: UnitOfWork) -> int:
        return int(uow.connection.exec_driver_sql("SELECT 42").scalar_one())

    for turn in range(300):
        job = ReadJob()
        outcome: list[object] = []

        def work(job: ReadJob = job, outcome: list[object] = outcome) -> None:
            try:
                outcome.append(any_school.read_job(job, quick))
            except Superseded:
                outcome.append(Superseded)
            except BaseException as error:  # noqa: BLE001 - shown by the assertion below
                wrong.append(error)

        worker = threading.Thread(target=work)
        worker.start()
        if turn % 3:
            time.sleep(0.0003 * (turn % 7))
        job.cancel()
        try:
            assert any_school.read(quick) == 42
        except Superseded as error:
            wrong.append(error)
        worker.join()

    assert wrong == []


def test_a_read_cancelled_before_it_began_does_not_begin(any_school: Database) -> None:
    job = ReadJob()
    job.cancel()
    with pytest.raises(Superseded):
        any_school.read_job(job, lambda uow: pytest.fail("it ran"))


def test_a_read_cancelled_between_two_statements_ends_there(any_school: Database) -> None:
    job = ReadJob()
    asked: list[int] = []

    def read_on(uow: UnitOfWork) -> None:
        asked.append(count_users(uow, "one@example.org"))
        job.cancelled = True
        asked.append(count_users(uow, "two@example.org"))

    with pytest.raises(Superseded):
        any_school.read_job(job, read_on)

    assert asked == [0]


def test_no_statement_runs_on_the_thread_that_paints(own_database: Database) -> None:
    own_database.actor()
    own_database.guard_thread(threading.get_ident())
    with pytest.raises(SqlOnGuardedThread, match="SQL on the Qt thread"):
        own_database.read(count_users, "any@example.org")
    with pytest.raises(SqlOnGuardedThread):
        own_database.write(add_student, "any@example.org")
    elsewhere: list[int] = []
    worker = threading.Thread(
        target=lambda: elsewhere.append(own_database.read(count_users, "any@example.org"))
    )
    worker.start()
    worker.join()

    assert elsewhere == [0]
