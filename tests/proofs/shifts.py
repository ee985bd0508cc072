"""Several workstations at work, each in a process of its own, while something happens to them."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from multiprocessing.connection import Connection
from typing import Any, Final

from tests.proofs.crowd import Crash, Place, open_desk, processes, receive
from tests.proofs.steady_desk import Act, Shift, SteadyDesk
from tests.services.desk import Desk
from tests.waiting import wait_until

_LONGEST_S: Final = 600
_STUDENTS: Final = 25  # for each desk


@dataclass(frozen=True)
class Day:
    """What one workstation was told, and how long it waited for one act at the most."""

    acts: list[Act]
    longest_s: float


def _work(shift: Shift, counted: Any, end: Connection) -> None:
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
def working(
    there: Sequence[Place], desk: Desk, *, desks: int, acts: int
) -> Iterator[tuple[Any, list[Connection]]]:
    """Workstations at work: how many acts they have done, and where each sends its day.

    They share the acts, and take the ways to the school by turns.
    """
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
            child = context.Process(target=_work, args=(shift, counted, other), daemon=True)
            children.append(child)
            ends.append(end)
            child.start()
            other.close()
        yield counted, ends
    finally:
        for child in children:
            child.kill()
            child.join()


def until_done(
    counted: Any, acts: float, ends: Sequence[Connection], *, longest_s: float = _LONGEST_S
) -> None:
    """Return when so many acts were done, or when a workstation has ended before its time."""
    wait_until(
        lambda: counted.value >= acts or any(end.poll() for end in ends), longest_s=longest_s
    )


def day_of(end: Connection) -> Day:
    day = receive(end, longest_s=_LONGEST_S)
    assert isinstance(day, Day)
    return day
