"""Workstations of a cluster: each is told the members in another order, and times its waits."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from learnhub_desktop.db.transactions import Database
from learnhub_desktop.errors import DatabaseUnavailable
from learnhub_desktop.services import feed
from tests.proofs.crowd import Crash, Place, open_desk, processes
from tests.proofs.steady_desk import Act, Shift, SteadyDesk
from tests.servers.cluster import Cluster
from tests.services.desk import Desk

LONGEST_S: Final = 600
_STUDENTS: Final = 25
_POLL_EVERY_S: Final = 0.1


def places(cluster: Cluster, folder: Path) -> list[Place]:
    """The same school as each workstation names it: the first one begins with another member."""
    return [
        Place(cluster.url("school", first=first), folder) for first in range(len(cluster.members))
    ]


@dataclass(frozen=True)
class Day:
    """What one workstation was told, and how long it waited for one act at the most."""

    acts: list[Act]
    longest_s: float


def work(shift: Shift, counted: Any, end: Connection) -> None:
    """Do the whole shift; send the day, or the crash of the program itself."""
    desk = open_desk(shift.place)
    steady = SteadyDesk(desk, shift)
    longest_s, sent = 0.0, None
    try:
        for _ in range(shift.acts):
            began_at = time.monotonic()
            steady.act()
            longest_s = max(longest_s, time.monotonic() - began_at)
            with counted.get_lock():
                counted.value += 1
        sent = Day(steady.acts, longest_s)
    except Exception:  # noqa: BLE001  # it is raised again in the test's own process
        sent = Crash(traceback.format_exc())
    end.send(sent)
    end.close()


@contextmanager
def working(there: list[Place], desk: Desk, *, desks: int, acts: int) -> Iterator[tuple[Any, Any]]:
    """Workstations at work: how many acts they have done, and where each sends its day."""
    courses = [desk.course(max_students=limit) for limit in (None, None, None, None, 20, 5)]
    context = processes()
    counted, children, ends = context.Value("i", 0), [], []
    try:
        for number in range(desks):
            students = [
                desk.student(name=f"Student {number}.{n}", account_balance=Decimal(500))
                for n in range(_STUDENTS)
            ]
            end, other = context.Pipe(duplex=False)
            place = there[number % len(there)]
            shift = Shift(place, number, acts // desks, students, courses)
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


def until_done(counted: Any, acts: int, ends: Any) -> None:
    """Return when so many acts were done, or when a workstation has ended before its time."""
    deadline = time.monotonic() + LONGEST_S
    while counted.value < acts and not any(end.poll() for end in ends):
        assert time.monotonic() < deadline, f"only {counted.value} acts in {LONGEST_S} s"
        time.sleep(0.002)


def day_of(end: Any) -> Day:
    assert end.poll(timeout=LONGEST_S), "a workstation did not come to the end of its shift"
    sent = end.recv()
    if isinstance(sent, Crash):
        raise AssertionError(sent.trace)
    assert isinstance(sent, Day)
    return sent


@dataclass
class Watcher:
    """A window that only looks: it polls the changes feed as an open program does."""

    database: Database
    polls: int = 0
    refused: list[str] = field(default_factory=list)
    longest_s: float = 0.0

    @contextmanager
    def looking(self) -> Iterator[None]:
        done = threading.Event()
        thread = threading.Thread(target=self._look, args=(done,))
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _look(self, done: threading.Event) -> None:
        state, seen_at = None, time.monotonic()
        while not done.wait(_POLL_EVERY_S):
            try:
                _touched, state = feed.poll(self.database, state)
            except DatabaseUnavailable as error:
                self.refused.append(str(error))
                continue
            now = time.monotonic()
            self.longest_s, seen_at = max(self.longest_s, now - seen_at), now
            self.polls += 1
