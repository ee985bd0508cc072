"""Starting and ending the one event loop that Qt and asyncio share."""

from __future__ import annotations

import asyncio
import os
import platform
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any, Final

import PySide6
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from learnhub_desktop.errors import LearnHubError

os.environ.setdefault("QT_API", "pyside6")

import qasync  # type: ignore[import-untyped]  # It ships no types.

# PySide6 6.12.0 gives up a reference to None with each call that returns nothing. Python 3.12
# and later do not count those references; on older ones the process aborts after a while.
_FIRST_SUSPECT: Final = (6, 12)
_IMMORTAL_NONE: Final = (3, 12)
_PROBES: Final = 200
# A thread that parses rows lets the Qt thread wait this long at each turn; Python's own
# 5 ms make a table frame take 139 ms where 10 are needed.
_SWITCH_INTERVAL_S: Final = 0.0005


class UnsoundBinding(LearnHubError):
    """This PySide6 cannot be trusted on this Python."""


def check_binding(
    *,
    binding: str = PySide6.__version__,
    python: tuple[int, int] = sys.version_info[:2],
    lost_references: Callable[[], int] | None = None,
) -> None:
    """Raise UnsoundBinding where Qt's Python binding would abort the process later."""
    version = tuple(int(part) for part in binding.split(".")[:2])
    if version < _FIRST_SUSPECT or python >= _IMMORTAL_NONE:
        return
    if (lost_references or _lost_references)() > _PROBES // 2:
        raise UnsoundBinding(
            f"PySide6 {binding} breaks down on Python {platform.python_version()}: "
            "use Python 3.12 or newer, or PySide6 6.11."
        )


def _lost_references() -> int:
    probe = QObject()
    before = sys.getrefcount(None)
    for _ in range(_PROBES):
        probe.setObjectName("probe")
    return before - sys.getrefcount(None)


def run(app: QApplication, main: Callable[[], Coroutine[Any, Any, int]]) -> int:
    """Run ``main()`` to its end on a loop that serves Qt too, and return what it returns."""
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    # The shutdown task still needs the loop when the last window has gone.
    app.setQuitOnLastWindowClosed(False)
    loop = qasync.QEventLoop(app)
    asyncio.set_event_loop(loop)
    loop.set_exception_handler(_report)
    _close_windows_on_signal(app)
    with loop:
        status: int = loop.run_until_complete(main())
    return status


def _report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Give the loop's unhandled exceptions to the hook that all other bugs reach."""
    error = context.get("exception")
    if error is None:
        error = RuntimeError(context.get("message", "the event loop failed"))
    sys.excepthook(type(error), error, error.__traceback__)


def _close_windows_on_signal(app: QApplication) -> None:
    def close(number: int, frame: object) -> None:
        app.closeAllWindows()

    for name in ("SIGINT", "SIGTERM"):
        signal.signal(getattr(signal, name), close)
