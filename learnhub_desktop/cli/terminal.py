"""What a command says: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import IO, Any, Final


class ExitCode(IntEnum):
    DONE = 0
    REFUSED = 1
    WRONG_USE = 2
    UNREACHABLE = 3
    UNKNOWN = 4
    BUG = 70  # EX_SOFTWARE of sysexits.h
    STOPPED = 130  # 128 and SIGINT, as shells report it


# The window has a button for it, a shell has the key.
_ASK_AGAIN: Final = "To ask now, run the same command again with --key and the key above."


@dataclass(frozen=True, slots=True)
class Done:
    """What a command came to: ``values`` for ``--json``, ``lines`` for people.

    ``problem`` is the sentence for stderr where ``code`` is not DONE.
    """

    values: Mapping[str, Any]
    lines: tuple[str, ...] = ()
    code: ExitCode = ExitCode.DONE
    problem: str = ""


@dataclass(slots=True)
class Terminal:
    """Where a command writes to. With ``as_json`` stdout gets one JSON object and no more."""

    as_json: bool = False
    # The key of a charge or refund that was sent: what settles it if the command dies now.
    sent_key: str | None = None
    _progress_shown: bool = field(default=False, init=False)

    def finish(self, done: Done) -> int:
        """Write the result and return the exit code."""
        self._end_progress()
        if self.as_json:
            values = dict(done.values)
            if done.problem:
                values = {**values, "error": done.problem, "exit_code": int(done.code)}
            _write(sys.stdout, json.dumps(values, default=_plain, ensure_ascii=not _is_utf8()))
        else:
            for line in done.lines:
                _write(sys.stdout, line)
        if done.problem:
            self.tell(done.problem)
        return int(done.code)

    def tell(self, line: str) -> None:
        """A line for the person at the terminal, whatever stdout is used for."""
        self._end_progress()
        # What people typed may hold line breaks, or signs that a terminal takes for commands.
        _write(sys.stderr, "".join(c if c.isprintable() else "�" for c in line))

    def announce_key(self, key: str) -> None:
        """Show the key of what is about to be sent, once: it settles an unknown outcome."""
        if self.sent_key != key:
            self.sent_key = key
            self.tell(f"Key: {key}")

    def unknown(self, said: str, key: str) -> str:
        """What is ``said`` of an outcome that is not known yet, and how to ask with its key."""
        self.announce_key(key)
        return f"{said} {_ASK_AGAIN}"

    def progress(self, what: str) -> Callable[[int, int], None]:
        """A function that shows "what: 1,200 of 3,672" in place, at a terminal only."""
        return lambda done, total: self.show(f"{what}: {done:,} of {total:,}")

    def show(self, text: str) -> None:
        """What goes on now, in place of what was shown before, at a terminal only."""
        if sys.stderr is None or not sys.stderr.isatty():
            return
        self._progress_shown = True
        with suppress(OSError):
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()

    def _end_progress(self) -> None:
        if self._progress_shown:
            self._progress_shown = False
            with suppress(OSError):
                sys.stderr.write("\r\x1b[K")


def _write(stream: IO[str] | None, line: str) -> None:
    """Write a line. Whoever reads it may have gone: what the command did stands all the same."""
    if stream is None:
        return
    try:
        stream.write(f"{line}\n")
        stream.flush()
    except UnicodeEncodeError:
        encoding = getattr(stream, "encoding", None) or "ascii"
        stream.write(f"{line.encode(encoding, 'backslashreplace').decode(encoding)}\n")
        stream.flush()
    except BrokenPipeError:
        # Python would flush once more at its end, and complain.
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _is_utf8() -> bool:
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    return encoding.lower().replace("-", "") == "utf8"


def _plain(value: object) -> str | int | list[Any]:
    """Amounts keep their decimals as text, moments are ISO 8601 in UTC."""
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat()
        case Decimal() | date() | StrEnum() | Path():
            return str(value)
        case frozenset() | set():
            return sorted(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")
