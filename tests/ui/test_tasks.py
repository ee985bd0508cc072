import asyncio
import sys

import pytest
from PySide6.QtCore import QObject

from learnhub_desktop.errors import DatabaseUnavailable, NotFound, Superseded
from learnhub_desktop.ui.tasks import TaskScope
from tests.ui.conftest import until


@pytest.fixture
def failures():
    return []


@pytest.fixture
def scope(qapp, failures):
    owner = QObject()
    yield TaskScope(owner, failures.append)
    owner.deleteLater()


def raising(error):
    async def work():
        raise error

    return work


async def test_a_newer_task_takes_the_place_of_the_older(scope):
    done = []

    async def work(name):
        await asyncio.sleep(0.01)
        done.append(name)

    scope.start("reload", work, "old")
    scope.start("reload", work, "new")
    scope.start("other", work, "beside")
    await until(lambda: len(done) == 2)
    assert sorted(done) == ["beside", "new"]


async def test_work_that_has_ended_runs_no_longer_for_whoever_comes_next(scope):
    seen = []

    async def work():
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_soon(lambda: seen.append(scope.is_running("first")))

    scope.start("first", work)
    await until(lambda: seen)
    assert seen == [False]


async def test_a_refusal_is_reported_without_retry(scope, failures):
    scope.start("refund", raising(NotFound("The payment is gone.")))
    await until(lambda: failures)
    assert failures[0].text == "The payment is gone."
    assert failures[0].retry is None
    assert not scope.is_running("refund")


async def test_a_lost_server_can_be_tried_again(scope, failures):
    calls = []

    async def work(number):
        calls.append(number)
        if len(calls) == 1:
            raise DatabaseUnavailable("The server cannot be reached.")

    scope.start("reload", work, 7)
    await until(lambda: failures)
    failures[0].retry()
    await until(lambda: calls == [7, 7])
    assert len(failures) == 1


async def test_a_superseded_read_is_nobodys_business(scope, failures):
    scope.start("reload", raising(Superseded()))
    await until(lambda: not scope.is_running("reload"))
    assert failures == []


async def test_a_bug_reaches_the_hook(scope, failures, monkeypatch):
    seen = []
    monkeypatch.setattr(sys, "excepthook", lambda *exc: seen.append(exc[1]))
    scope.start("reload", raising(ZeroDivisionError("bug")))
    await until(lambda: seen)
    assert isinstance(seen[0], ZeroDivisionError)
    assert failures == []


async def test_the_tasks_end_with_their_owner(qapp, failures):
    owner = QObject()
    scope = TaskScope(owner, failures.append)
    ended = []

    async def work():
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(1)

    scope.start("long", work)
    await asyncio.sleep(0.01)
    owner.deleteLater()
    await until(lambda: ended)
