"""Every end that a command can come to: a result, or one sentence and an exit code."""

from __future__ import annotations

import errno
import logging
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from learnhub_desktop import logs, settings
from learnhub_desktop.cli.terminal import Done, ExitCode, Terminal
from learnhub_desktop.errors import (
    DatabaseUnavailable,
    InvalidInput,
    LearnHubError,
    OutcomeUnknown,
)

log = logging.getLogger(__name__)

_LONGEST: Final = 500
_DISK_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def run(command: Callable[[Terminal], Done], terminal: Terminal) -> int:
    """Run the command and return its exit code. No error of any kind leaves this function."""
    with _quiet() as path:
        try:
            done = command(terminal)
        except KeyboardInterrupt:
            done = _failed(ExitCode.STOPPED, _stopped(terminal))
        except OutcomeUnknown as error:
            if error.key is not None:
                terminal.announce_key(error.key)
            done = _failed(ExitCode.UNKNOWN, str(error))
        except InvalidInput as error:
            done = _failed(ExitCode.WRONG_USE, str(error))
        except DatabaseUnavailable as error:
            done = _failed(ExitCode.UNREACHABLE, str(error))
        except LearnHubError as error:
            done = _failed(ExitCode.REFUSED, str(error))
        except Exception as error:
            done = _failed(ExitCode.WRONG_USE, _about_file(error))
            if not done.problem:
                # What nobody expected is a bug: its traceback is for the log, never for people.
                log.exception("the command broke off")
                done = _failed(ExitCode.BUG, _bug(path))
        return terminal.finish(done)


def _failed(code: ExitCode, sentence: str) -> Done:
    if len(sentence) > _LONGEST:
        # A name of thousands of letters was quoted: its beginning and the reason are enough.
        sentence = f"{sentence[: _LONGEST // 2]}…{sentence[-_LONGEST // 2 :]}"
    return Done({}, code=code, problem=sentence)


def _about_file(error: Exception) -> str:
    """What to tell where a file that a person named cannot be used; empty for anything else.

    Errors of sockets name no file.
    """
    if not isinstance(error, OSError):
        return ""
    if error.filename is not None:
        return f"{os.fsdecode(error.filename)} cannot be used: {error.strerror}."
    if error.errno in _DISK_FULL:
        return f"The disk cannot take more: {error.strerror}. Nothing half done was kept."
    return ""


def _stopped(terminal: Terminal) -> str:
    if terminal.sent_key is None:
        return "Stopped before it was done. Nothing half done was kept."
    return (
        "Stopped before the answer came. Nothing is charged twice: run the same command again "
        f"with --key {terminal.sent_key}"
    )


def _bug(path: Path | None) -> str:
    where = "its log file cannot be written" if path is None else f"the details are in {path}"
    return f"Something went wrong inside LearnHub; {where}."


@contextmanager
def _quiet() -> Iterator[Path | None]:
    """Warnings and failures of the log go to the log or nowhere: stderr is for sentences.

    Yields the log file's path, None where it cannot be written.
    """
    raises = logging.raiseExceptions
    logging.raiseExceptions = False
    try:
        with warnings.catch_warnings():
            logging.captureWarnings(True)
            yield _start_log()
    finally:
        logging.captureWarnings(False)
        logging.raiseExceptions = raises


def _start_log() -> Path | None:
    try:
        path = logs.start(settings.log_folder())
        path.touch()
    except OSError:
        return None
    return path
