"""A crew of client processes that are told what to do, all at once."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Final, Self

from tests.bench.clients import Attempt, Done, Job, Target, work

_PATIENCE_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Round:
    """One job by all clients: from the first start to the last answer."""

    elapsed_s: float
    seconds: tuple[float, ...]
    outcomes: tuple[str, ...]
    client_cpu_s: float
    server_cpu_s: float

    @property
    def p50_s(self) -> float:
        return median(self.seconds)


@dataclass
class Crew:
    """``count`` processes, started once; ``server_pid`` is whose CPU time is read."""

    count: int
    server_pid: int
    _pipes: list[Connection] = field(default_factory=list)

    def __enter__(self) -> Self:
        # One process imports the program, and the clients are forked from it.
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["tests.bench.clients"])
        self._barrier = context.Barrier(self.count)
        self._processes = []
        for _ in range(self.count):
            ours, theirs = context.Pipe()
            process = context.Process(target=work, args=(theirs, self._barrier), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        for pipe, process in zip(self._pipes, self._processes, strict=True):
            if kind is None:
                pipe.send(None)
            else:
                process.terminate()
            process.join()
            pipe.close()

    def run(self, what: str, side: str, target: Target, attempts: Sequence[Attempt] = ()) -> Round:
        """Deal the attempts out, one to each client in turn, and wait for the last answer."""
        before = cpu_seconds(self.server_pid)
        for number, pipe in enumerate(self._pipes):
            pipe.send(Job(what, side, target, attempts[number :: self.count]))
        done = [self._receive(pipe) for pipe in self._pipes]
        busy = [each for each in done if each.seconds]
        return Round(
            elapsed_s=max(each.ended for each in busy) - min(each.began for each in busy),
            seconds=tuple(second for each in done for second in each.seconds),
            outcomes=tuple(outcome for each in done for outcome in each.outcomes),
            client_cpu_s=sum(each.cpu_s for each in done),
            server_cpu_s=cpu_seconds(self.server_pid) - before,
        )

    def _receive(self, pipe: Connection) -> Done:
        if not pipe.poll(_PATIENCE_S):
            raise TimeoutError("A client of the bench gave no answer.")
        done: Done = pipe.recv()
        return done


def cpu_seconds(pid: int) -> float:
    """What the process has used so far, of all cores together."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
