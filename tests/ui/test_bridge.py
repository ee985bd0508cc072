import asyncio
import sys
import threading

import pytest
from sqlalchemy import text

from learnhub_desktop.bridge import EVERYTHING, Bridge
from learnhub_desktop.domain.changes import Changes, Touched
from learnhub_desktop.errors import DatabaseUnavailable, NotFound, Superseded
from tests.ui.conftest import until

DONE = Changes(Touched.PAYMENTS, "Refunded 49.00 USD.")
# Counts for minutes unless it is stopped.
ENDLESS = text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000)"
    " SELECT count(*) FROM n"
)


def endless(uow, started):
    started.set()
    return uow.connection.execute(ENDLESS).scalar_one()


def on_a_thread(uow):
    return threading.current_thread().name


async def test_reads_and_writes_leave_the_qt_thread(bridge):
    assert (await bridge.read(on_a_thread)).startswith("learnhub-read")
    assert (await bridge.write(on_a_thread)).startswith("learnhub-write")
    assert (await bridge.run(on_a_thread)).startswith("learnhub-work")


async def test_a_use_case_gets_the_database(bridge, database):
    assert await bridge.run(lambda db, number: (db, number), 7) == (database, 7)


async def test_a_cancelled_read_is_stopped_on_the_server(bridge):
    started = threading.Event()
    task = asyncio.get_running_loop().create_task(bridge.read(endless, started))
    await until(started.is_set)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    # All three reading threads are free again, so the endless statement has ended.
    gate = threading.Barrier(3, timeout=5)
    await asyncio.gather(*(bridge.read(lambda uow: gate.wait()) for _ in range(3)))


async def test_a_read_still_in_the_queue_is_simply_dropped(bridge):
    gate = threading.Event()
    ran = []
    busy = [
        asyncio.get_running_loop().create_task(bridge.read(lambda uow: gate.wait(5)))
        for _ in range(3)
    ]
    queued = asyncio.get_running_loop().create_task(bridge.read(lambda uow: ran.append(1)))
    await asyncio.sleep(0)
    queued.cancel()
    with pytest.raises(asyncio.CancelledError):
        await queued
    gate.set()
    await asyncio.gather(*busy)
    assert ran == []


async def test_a_write_reports_what_it_changed(bridge):
    seen = []
    bridge.committed.connect(seen.append)
    assert await bridge.write(lambda uow: DONE) is DONE
    assert seen == [DONE]


async def test_a_result_that_carries_changes_reports_them_too(bridge):
    class Sale:
        changes = DONE

    seen = []
    bridge.committed.connect(seen.append)
    await bridge.run(lambda database: Sale())
    await bridge.write(lambda uow: 7)
    assert seen == [DONE]


async def test_a_write_outlives_the_page_that_asked_for_it(bridge):
    seen = []
    bridge.committed.connect(seen.append)
    begun, gate = threading.Event(), threading.Event()

    def slow(uow):
        begun.set()
        gate.wait(5)
        return DONE

    task = asyncio.get_running_loop().create_task(bridge.write(slow))
    await until(begun.is_set)
    task.cancel()
    await asyncio.wait([task])
    assert bridge.writes_under_way == 1
    gate.set()
    await until(lambda: seen == [DONE])
    assert bridge.writes_under_way == 0


async def test_a_refused_write_raises_and_reports_nothing(bridge):
    seen = []
    bridge.committed.connect(seen.append)

    def refuse(uow):
        raise NotFound("The course is gone.")

    with pytest.raises(NotFound):
        await bridge.write(refuse)
    assert seen == []


async def test_slow_use_cases_keep_no_reader_waiting(bridge):
    gate = threading.Event()
    slow = [
        asyncio.get_running_loop().create_task(bridge.run(lambda database: gate.wait(5)))
        for _ in range(10)
    ]
    assert await bridge.read(lambda uow: 42) == 42
    gate.set()
    await asyncio.gather(*slow)


async def test_closing_stops_reads_and_waits_for_writes(database):
    bridge = Bridge(database)
    seen = []
    bridge.committed.connect(seen.append)
    started, begun, gate = threading.Event(), threading.Event(), threading.Event()

    def slow(uow):
        begun.set()
        gate.wait(5)
        return DONE

    reads = [
        asyncio.get_running_loop().create_task(bridge.read(endless, started)) for _ in range(5)
    ]
    write = asyncio.get_running_loop().create_task(bridge.write(slow))
    await until(started.is_set)
    await until(begun.is_set)
    closing = asyncio.get_running_loop().create_task(bridge.close())
    await asyncio.sleep(0.02)
    assert not closing.done()
    gate.set()
    await closing
    assert await write is DONE
    assert seen == [DONE]
    ends = await asyncio.gather(*reads, return_exceptions=True)
    assert [type(end) for end in ends] == [Superseded] * 5
    assert not [t for t in threading.enumerate() if t.name.startswith("learnhub")]


async def test_a_closed_bridge_takes_no_work(database):
    bridge = Bridge(database)
    await bridge.close()
    await bridge.close()
    with pytest.raises(Superseded):
        await bridge.read(on_a_thread)
    with pytest.raises(DatabaseUnavailable, match="closing"):
        await bridge.write(on_a_thread)


async def test_the_feed_tells_what_other_desks_wrote(bridge):
    answers = [Touched.NOTHING, Touched.PAYMENTS, Touched.CATALOG]
    states, threads, seen = [], set(), []
    bridge.changed_elsewhere.connect(seen.append)

    def poll(database, state):
        states.append(state)
        threads.add(threading.current_thread().name.rpartition("_")[0])
        return (answers.pop(0) if answers else Touched.NOTHING), len(states)

    bridge.watch(poll, every_s=0.01)
    await until(lambda: len(states) >= 5)
    assert seen == [Touched.PAYMENTS, Touched.CATALOG]
    assert states[:4] == [None, 1, 2, 3]
    assert threads == {"learnhub-read"}


async def test_after_a_lost_server_every_list_looks_again(bridge, monkeypatch):
    monkeypatch.setattr("learnhub_desktop.bridge._POLL_WHEN_LOST_S", 0.01)
    lost, seen, reach = [True, True], [], []
    bridge.changed_elsewhere.connect(seen.append)
    bridge.reachable.connect(reach.append)

    def poll(database, state):
        if lost:
            lost.pop()
            raise DatabaseUnavailable("The server cannot be reached.")
        return Touched.NOTHING, None

    bridge.watch(poll, every_s=0.01)
    await until(lambda: seen)
    assert reach == [False, True]
    assert seen == [EVERYTHING]
    assert seen[0] & Touched.ALERTS


async def test_a_bug_in_the_feed_is_told_and_the_feed_goes_on(bridge, monkeypatch):
    told, calls = [], []
    monkeypatch.setattr(sys, "excepthook", lambda *exc: told.append(exc[0]))

    def poll(database, state):
        calls.append(1)
        if len(calls) == 1:
            raise ZeroDivisionError
        return Touched.NOTHING, None

    bridge.watch(poll, every_s=0.001)
    await until(lambda: len(calls) > 2)
    assert told == [ZeroDivisionError]
