"""A process that works on a closed year and is killed at a named point."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from learnhub_desktop.db.engine import open_engines
from learnhub_desktop.db.repositories import JobRepository, PartitionRepository, YearRepository
from learnhub_desktop.db.transactions import Database
from learnhub_desktop.domain.actors import Role, actor_of
from learnhub_desktop.exchange import years as files
from learnhub_desktop.jobs import closing
from learnhub_desktop.services import year_files, years
from tests.databases import SetClock
from tests.proofs.dying import is_killed

# Small, so that a handful of charges takes several transactions.
MOST_ROWS: Final = 60

_OWNERS: Final[dict[str, Any]] = {
    "partitions": PartitionRepository,
    "years": YearRepository,
    "jobs": JobRepository,
    "files": files,
    "services": years,
    "year_files": year_files,
    "path": Path,
}


@dataclass(frozen=True)
class Point:
    """``owner.name`` is called for the ``nth`` time, and the process dies before or after it."""

    owner: str
    name: str
    after: bool = True
    nth: int = 1

    def __str__(self) -> str:
        return f"{'after' if self.after else 'before'} {self.name} {self.nth}"


@dataclass(frozen=True)
class Act:
    """Which year to work on, and how."""

    what: str
    year: int
    path: str = ""


def open_database(url: str, clock: SetClock) -> Database:
    return Database(
        open_engines(url), label="the school", clock=clock, actor=actor_of("desk", Role.ADMIN)
    )


def do(database: Database, act: Act) -> Any:
    match act.what:
        case "archive":
            return closing.archive(database, act.year)
        case "export":
            return closing.export(database, act.year, Path(act.path))
    return closing.drop(database, act.year, Path(act.path))


def die_at(point: Point) -> None:
    """Kill this process, as a power cut does, when the point is reached."""
    owner = _OWNERS[point.owner]
    call: Callable[..., Any] = getattr(owner, point.name)
    seen = [0]

    def dying(*args: Any, **values: Any) -> Any:
        seen[0] += 1
        last = seen[0] == point.nth
        if last and not point.after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = call(*args, **values)
        if last:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, point.name, dying)


def work(url: str, now: datetime, act: Act, point: Point) -> None:
    years._MOST_ROWS = MOST_ROWS  # type: ignore[misc]
    die_at(point)
    do(open_database(url, SetClock(now)), act)


def killed(url: str, now: datetime, act: Act, point: Point) -> bool:
    """Whether the process died at the point; False where it came to its end."""
    return is_killed(work, url, now, act, point)
