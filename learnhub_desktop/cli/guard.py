"""Every end that a command can come to: a result, or one sentence and an exit code."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from learnhub_desktop import logs, settings
from learnhub_desktop.cli.terminal import Done, ExitCode, Terminal
from learnhub_desktop.errors import (
    DatabaseUnavailable,
    InvalidInput,
    LearnHubError,
    OutcomeUnknown,
)

log = logging.getLogger(__name__)


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
        except Exception:
            # What nobody expected is a bug: its traceback is for the log, never for people.
            log.exception("the command broke off")
            done = _failed(ExitCode.BUG, _bug(path))
        return terminal.finish(done)


def _failed(code: ExitCode, sentence: str) -> Done:
    return Done({}, code=code, problem=sentence)


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
