"""Workstations as processes of their own: all begin at the same moment, each tells its outcome.

A process is started by a fork server that has imported the program already, and works for
three people, as a program with several windows does: fifty are eager in seventeen processes.
"""

from __future__ import annotations

import multiprocessing
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from itertools import cycle
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from learnhub_desktop.db.engine import open_engines
from learnhub_desktop.db.transactions import Database
from learnhub_desktop.domain.actors import Role, actor_of
from learnhub_desktop.domain.purchases import Purchase
from learnhub_desktop.errors import LearnHubError
from learnhub_desktop.services.refund_words import Refund
from tests.databases import SetClock
from tests.services.desk import Desk, open_gateway

LONGEST_S: Final = 60.0
# A program's pool has three connections to write with; more would only wait for each other.
_JOBS_A_PROCESS: Final = 3
_FORKS: Final = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"


def processes() -> Any:
    """Where processes of a proof come from: one that has imported the program already."""
    context: Any = multiprocessing.get_context(_FORKS)
    if _FORKS == "forkserver":
        context.set_forkserver_preload(["tests.proofs.desks"])
    return context


@dataclass(frozen=True)
class Told:
    """What one workstation was told. ``outcome`` is "refused" or "unknown" for an error."""

    outcome: str
    sentence: str
    reason: str = ""
    payment_id: int | None = None
    refund_id: int | None = None
    replayed: bool = False


@dataclass(frozen=True)
class Job:
    """One call of a function of `desks`, which gets a desk of its own."""

    call: Callable[..., Any]
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """Where the school and its gateway's book are."""

    url: str
    folder: Path


def open_desk(place: Place, now: datetime | None = None) -> Desk:
    """A desk of its own there; it lives by the server's clock, or by one that stands at ``now``."""
    clock = SetClock() if now is None else SetClock(now)
    database = Database(
        open_engines(place.url),
        label="the school",
        actor=actor_of("desk", Role.ADMIN),
        **({} if now is None else {"clock": clock}),
    )
    return Desk(database, open_gateway(place.folder), clock)


def at_once(place: Place, jobs: Sequence[Job], others: Sequence[Place] = ()) -> list[Any]:
    """Run all jobs, begun together, in as many processes as they need; what each was told.

    ``others`` are further ways to the same school, which the processes take by turns.
    A job that raises what is no answer to a person fails the test with its traceback.
    """
    context = processes()
    start = context.Barrier(len(jobs))
    children, ends = [], []
    ways = cycle((place, *others))
    try:
        for first in range(0, len(jobs), _JOBS_A_PROCESS):
            mine = list(jobs[first : first + _JOBS_A_PROCESS])
            end, other = context.Pipe(duplex=False)
            arguments = (next(ways), mine, start, other)
            child = context.Process(target=_work, args=arguments, daemon=True)
            child.start()
            other.close()
            children.append(child)
            ends.append(end)
        return [told for end in ends for told in receive(end)]
    finally:
        for child, end in zip(children, ends, strict=True):
            child.join(timeout=5)
            if child.is_alive():
                child.kill()
                child.join()
            end.close()


def receive(end: Connection, *, longest_s: float = LONGEST_S) -> Any:
    """What a workstation sends; the crash of its program fails the test with its traceback."""
    assert end.poll(timeout=longest_s), f"a workstation said nothing in {longest_s:.0f} s"
    sent = end.recv()
    if isinstance(sent, Crash):
        raise AssertionError(sent.trace)
    return sent


@dataclass(frozen=True)
class Crash:
    trace: str


def _work(place: Place, jobs: list[Job], start: Any, end: Connection) -> None:
    told: Any
    desk = open_desk(place)

    def do(job: Job) -> Any:
        start.wait(timeout=LONGEST_S)
        return tell(lambda: job.call(desk, **job.values))

    try:
        with ThreadPoolExecutor(len(jobs)) as pool, ExitStack() as warm:
            # Connected before the start, so that all meet at the same rows.
            for engine in (desk.database.engines.reader, desk.database.engines.writer):
                for _ in jobs:
                    warm.enter_context(engine.connect())
            warm.close()
            told = list(pool.map(do, jobs))
    except Exception:  # noqa: BLE001  # it is raised again in the test's own process
        start.abort()
        told = Crash(traceback.format_exc())
    desk.database.close()
    desk.gateway.close()
    end.send(told)
    end.close()


def tell(call: Callable[[], Any]) -> Any:
    """What a person is told, in a form that crosses to another process."""
    try:
        done = call()
    except LearnHubError as error:
        outcome = "unknown" if type(error).__name__ == "OutcomeUnknown" else "refused"
        return Told(outcome, str(error), str(getattr(error, "reason", type(error).__name__)))
    if isinstance(done, Purchase):
        return Told(
            str(done.outcome), done.changes.message, "", done.payment_id, None, done.replayed
        )
    if isinstance(done, Refund):
        return Told(
            str(done.outcome),
            done.changes.message,
            "",
            done.payment_id,
            done.refund_id,
            done.replayed,
        )
    return done
