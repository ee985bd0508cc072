"""Acts with a key that are under way: kept on this computer until it is known what became of them.

One small file an act, written through to the disk before anything is sent, and removed once
the outcome is known. It holds the key, ids and amounts, and never a card, a name or a mail
address. While its process lives the file is locked, so that what the next start finds
without a lock was left by a process that ended in the middle.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, StrEnum, auto
from pathlib import Path
from typing import Any, Final, ParamSpec, Protocol, TypeVar

from learnhub_desktop.errors import DatabaseUnavailable, LearnHubError, OutcomeUnknown

log = logging.getLogger(__name__)

P = ParamSpec("P")

_SUFFIX: Final = ".act"
_LONGEST: Final = 4_096
_BUSY: Final = frozenset({errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK})
# Locks on Windows keep others from reading what is locked, so a byte far behind is taken.
_FAR: Final = 1 << 30


class _Lock(Enum):
    OURS = auto()
    TAKEN = auto()  # by another process, which lives
    NONE = auto()  # this disk has none


class Operation(StrEnum):
    PURCHASE = "purchase"
    REFUND = "refund"
    SUBSCRIPTION = "subscription"
    CHARGE = "charge"  # of a purchase that a reviewer approved, under its first key


@dataclass(frozen=True, slots=True)
class Act:
    """One act: ``parameters`` are ids, codes and amounts as text. ``begun_at`` is aware UTC."""

    key: str
    operation: Operation
    parameters: Mapping[str, str]
    begun_at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Left:
    """An act that no window is at. ``is_gone``: its process has certainly ended.

    False where this computer's disk cannot tell, as some network folders cannot.
    """

    act: Act
    is_gone: bool


class Known(Protocol):
    """A result that tells whether it is known what became of the money."""

    @property
    def is_known(self) -> bool: ...


KnownT = TypeVar("KnownT", bound=Known)


class Journal:
    """The acts of one school that this computer has begun; each in a file in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._held: dict[str, int] = {}
        self._acts: dict[str, Left] = {}
        self._at_work: set[str] = set()
        self._guard = threading.Lock()

    def keep(
        self, act: Act, work: Callable[P, KnownT], *args: P.args, **kwargs: P.kwargs
    ) -> KnownT:
        """Do the work with its act in the journal, which forgets it once the outcome is known.

        It stays where the work ends in an unknown outcome, in a lost database, or in a fault.
        """
        self.begin(act)
        self._at_work.add(act.key)
        try:
            result = work(*args, **kwargs)
        except (OutcomeUnknown, DatabaseUnavailable):
            raise
        except LearnHubError:
            # Refused, so nothing was done under the key.
            self.end(act.key)
            raise
        finally:
            self._at_work.discard(act.key)
        if result.is_known:
            self.end(act.key)
        return result

    def begin(self, act: Act) -> None:
        """Write the act through to the disk; LearnHubError where that cannot be done."""
        text = json.dumps(
            {
                "key": act.key,
                "operation": str(act.operation),
                "parameters": dict(act.parameters),
                "begun_at": act.begun_at.isoformat(),
            }
        )
        with self._guard:
            try:
                file = self._held.get(act.key)
                if file is None:
                    file = self._write(self._path(act.key), text)
                elif self._acts[act.key].act.parameters != act.parameters:
                    # Nothing was done under the key, and now it stands for something else.
                    _rewrite(file, text)
            except OSError as error:
                raise LearnHubError(
                    f"Nothing was sent: LearnHub keeps what is under way in {self.folder}, and "
                    f"cannot write there ({error.strerror or error})."
                ) from error
            if file is not None:
                self._held[act.key] = file
                self._acts[act.key] = Left(act, is_gone=True)

    def end(self, key: str) -> None:
        """Forget the act: what became of it is known, and told."""
        with self._guard:
            file = self._held.pop(key, None)
            self._acts.pop(key, None)
            if file is None:
                return
            try:
                # An empty file stands for nothing, should it not go away.
                os.ftruncate(file, 0)
                os.close(file)
                self._path(key).unlink(missing_ok=True)
            except OSError as error:
                log.warning("a finished act stays in the journal: %s", error)

    def left(self) -> tuple[Left, ...]:
        """The acts that an earlier process left open, the oldest first; now this one has them."""
        found = []
        with self._guard:
            held = {self._path(key) for key in self._held}
            for path in sorted(self.folder.glob(f"*{_SUFFIX}")):
                if path not in held and (one := self._take(path)) is not None:
                    found.append(one)
        return tuple(sorted(found, key=lambda one: one.act.begun_at))

    def waiting(self) -> tuple[Left, ...]:
        """The acts of this process, and those that it took over, that no call is at just now."""
        with self._guard:
            found = [one for key, one in self._acts.items() if key not in self._at_work]
        return tuple(sorted(found, key=lambda one: one.act.begun_at))

    def close(self) -> None:
        """Let go of all files; what is open in them is found at the next start."""
        with self._guard:
            for file in self._held.values():
                os.close(file)
            self._held.clear()
            self._acts.clear()

    def _path(self, key: str) -> Path:
        # A key may hold what a file's name may not.
        return self.folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}{_SUFFIX}"

    def _write(self, path: Path, text: str) -> int | None:
        """The file with the text on the disk; None where another window is at this very act."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if _lock(file) is _Lock.TAKEN:
                os.close(file)
                return None
            _rewrite(file, text)
            _sync_folder(self.folder)
        except OSError:
            os.close(file)
            path.unlink(missing_ok=True)
            raise
        return file

    def _take(self, path: Path) -> Left | None:
        """The act in the file, where no other process is at it."""
        try:
            file = os.open(path, os.O_RDWR)
        except OSError:
            return None  # Its process has just ended the act.
        lock = _lock(file)
        if lock is _Lock.TAKEN:
            os.close(file)
            return None
        act = _read(os.read(file, _LONGEST))
        if act is None:
            # Whoever wrote it did not come to its end, so nothing was sent.
            os.close(file)
            path.unlink(missing_ok=True)
            return None
        self._held[act.key] = file
        self._acts[act.key] = Left(act, is_gone=lock is _Lock.OURS)
        return self._acts[act.key]


def _rewrite(file: int, text: str) -> None:
    """Put the text in the file's place, written through to the disk."""
    os.lseek(file, 0, os.SEEK_SET)
    os.ftruncate(file, 0)
    os.write(file, text.encode())
    os.fsync(file)


def _read(text: bytes) -> Act | None:
    try:
        raw: dict[str, Any] = json.loads(text)
        return Act(
            str(raw["key"]),
            Operation(raw["operation"]),
            {str(name): str(value) for name, value in raw["parameters"].items()},
            datetime.fromisoformat(raw["begun_at"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _lock(file: int) -> _Lock:
    """Lock the file until it is closed, also by the death of this process."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(file, _FAR, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return _Lock.TAKEN if error.errno in _BUSY else _Lock.NONE
    finally:
        os.lseek(file, 0, os.SEEK_SET)
    return _Lock.OURS


def _sync_folder(folder: Path) -> None:
    """Write the folder's list of files to the disk, where the system has such a thing."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
