"""A workstation that is killed, as by a power cut, at a named point of what it does.

A point is ``before`` or ``after`` an act, or ``at the commit of`` it. Acts are the services
that are one transaction each (``hold``, ``settle``) and the gateway's calls (``charge``): one
follows the other, so that between two of them there is no other point.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import event

from tests.proofs.crowd import LONGEST_S, Job, Place, open_desk, processes
from tests.services.desk import Desk

_GATEWAY = ("charge", "refund", "lookup", "void")


def killed_at(place: Place, now: datetime, job: Job, point: str) -> bool:
    """Do the job in a process of its own; whether it died at the point, and not at its end."""
    return is_killed(_work, place, now, job, point)


def is_killed(work: Callable[..., None], *arguments: Any) -> bool:
    """Whether a process that does this work is killed at the point, its last argument."""
    process = processes().Process(target=work, args=arguments, daemon=True)
    process.start()
    process.join(timeout=LONGEST_S)
    if process.is_alive():
        process.kill()
        process.join()
        raise AssertionError(f"the process neither ended nor died {arguments[-1]}")
    assert process.exitcode in (0, -signal.SIGKILL), "the job went wrong: see what it printed"
    return bool(process.exitcode == -signal.SIGKILL)


def _work(place: Place, now: datetime, job: Job, point: str) -> None:
    desk = open_desk(place, now)

    def die(reached: str) -> None:
        if reached == point:
            os.kill(os.getpid(), signal.SIGKILL)

    with points(desk, die):
        job.call(desk, **job.values)


@contextmanager
def points(desk: Desk, reach: Callable[[str], None]) -> Iterator[None]:
    """Call ``reach`` with each point that this desk comes to; what it raises ends the act there."""
    under_way: list[str] = []
    write_at = desk.database.write_at
    engine = desk.database.engines.writer

    def write(isolation: str | None, call: Callable[..., Any], *args: Any, **values: Any) -> Any:
        under_way.append(call.__name__)
        return _between(reach, call.__name__, write_at)(isolation, call, *args, **values)

    told: list[Any] = []

    def commit(connection: Any) -> None:
        if connection in told:
            told.remove(connection)
            return
        try:
            reach(f"at the commit of {under_way[-1]}" if under_way else "")
        except BaseException:
            # The connection of a program that ends does not go back to its pool.
            connection.invalidate()
            raise

    def send(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        # Some transactions send their COMMIT along with the last statements.
        if statement == "COMMIT":
            commit(connection)
            told.append(connection)

    vars(desk.database)["write_at"] = write
    event.listen(engine, "commit", commit)
    event.listen(engine, "before_cursor_execute", send)
    for act in _GATEWAY:
        vars(desk.gateway)[act] = _between(reach, act, getattr(desk.gateway, act))
    try:
        yield
    finally:
        event.remove(engine, "commit", commit)
        event.remove(engine, "before_cursor_execute", send)
        del vars(desk.database)["write_at"]
        for act in _GATEWAY:
            del vars(desk.gateway)[act]


def _between(reach: Callable[[str], None], act: str, call: Callable[..., Any]) -> Any:
    def do(*args: Any, **values: Any) -> Any:
        reach(f"before {act}")
        done = call(*args, **values)
        reach(f"after {act}")
        return done

    return do
