"""Running jobs in a process of their own, so that no window waits for one or paints slower.

What a job does, how far it is and how it ended stands in the database, where every desk
sees it; the process only adds what kept it from beginning at all. It outlives the window.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import IO, Any, Final

from learnhub_desktop import passwords

_MODULE: Final = "learnhub_desktop.cli"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended: the sentences of what was done, and ``problem``, empty where all
    went well."""

    said: tuple[str, ...]
    problem: str = ""


class JobProcess:
    """A `learnhub jobs run` that goes on by itself."""

    def __init__(self, command: Sequence[str], environment: dict[str, str]) -> None:
        self._ended: Ended | None = None
        # A file, not a pipe: nobody has to read it for the process to go on.
        self._out: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with its end
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=subprocess.DEVNULL,
            env=environment,
            **_ALONE,
        )

    def ended(self) -> Ended | None:
        """How it ended; None while it is at it."""
        if self._ended is None and (code := self._process.poll()) is not None:
            with self._out:
                self._out.seek(0)
                self._ended = _read(self._out.read(), code)
        return self._ended


class JobProcesses:
    """Starts jobs of one school with the program that is running.

    ``database`` is what `learnhub --database` takes; the password goes through the new
    process's environment, which only this account can see.
    """

    def __init__(self, database: str, *, password: str | None = None) -> None:
        self._database = database
        self._password = password

    def start(self, name: str | None = None, days: tuple[date, date] | None = None) -> JobProcess:
        """Run one job now, besides its schedule; None: all that are due.

        ``days`` are the first and the last that the revenue job is to count again.
        """
        what = ["--due" if name is None else name]
        if days is not None:
            what += [f"--from={days[0].isoformat()}", f"--to={days[1].isoformat()}"]
        environment = dict(os.environ)
        if self._password is not None:
            environment[passwords.VARIABLE] = self._password
        return JobProcess(
            [
                *(sys.executable, "-m", _MODULE, "jobs", "run", *what),
                *(f"--database={self._database}", "--json"),
            ],
            environment,
        )


# Ctrl-C at the window's terminal is not meant for a job, and on Windows no console opens.
_ALONE: Final[dict[str, Any]] = (
    {"creationflags": 0x0800_0200} if sys.platform == "win32" else {"start_new_session": True}
)


def _read(written: bytes, code: int) -> Ended:
    try:
        values: dict[str, Any] = json.loads(written)
    except ValueError:
        return Ended((), f"The job’s process ended unexpectedly ({code}). Its log file tells more.")
    ran = values.get("ran", [values])
    said = tuple(str(each["message"]) for each in ran if "message" in each)
    return Ended(said, str(values.get("error", "")))
