"""One event loop for all tests of the window, a bridge on a real database, and coroutine tests.

``async def`` tests run as tasks on that loop. In them signals are awaited with ``until``:
a nested Qt loop inside a running task (``qtbot.waitSignal``) would break the other tasks.
"""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["QT_API"] = "pyside6"

import asyncio
import inspect
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

import pytest
import qasync
from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QApplication

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.db.transactions import Database
from learnhub_desktop.models import window_model
from learnhub_desktop.ui.dialogs import access, enrol_many
from learnhub_desktop.ui.pages import list_page
from learnhub_desktop.ui.theme import Theme
from learnhub_desktop.ui.widgets import picker
from tests.databases import clock, database, sqlite_template  # noqa: F401  # Fixtures.
from tests.ui.back_office import desk, make_office, open_office  # noqa: F401  # Fixtures.
from tests.ui.subscriber_office import make_subscriptions  # noqa: F401  # Fixture.
from tests.ui.windows import (  # noqa: F401  # Fixtures.
    made_up,
    make_window,
    open_window,
    store,
    window,
)

T = TypeVar("T")
LONGEST_S = 10.0
_PAUSES: dict[Any, tuple[str, ...]] = {
    access: ("_PAUSE_MS",),
    enrol_many: ("_PAUSE_MS",),
    list_page: ("_TYPING_PAUSE_MS", "_WALKING_PAUSE_MS"),
    picker: ("_PAUSE_MS",),
    window_model: ("_DEBOUNCE_MS",),
}


@pytest.fixture(scope="session")
def qt_loop(qapp: QApplication) -> Iterator[asyncio.AbstractEventLoop]:
    """The one loop of the session: a second qasync loop on one QApplication never runs."""
    loop = qasync.QEventLoop(qapp, already_running=True)
    yield loop
    # The clipboard of a platform without a screen outlives Python, and what Python put there
    # cannot be deleted after it.
    qapp.clipboard().clear()
    # already_running=True leaves the un-setting to us; asyncio has no public call for it.
    asyncio._set_running_loop(None)


@pytest.fixture(scope="session")
def theme(qapp: QApplication) -> Theme:
    return Theme(qapp, scheme=lambda: Qt.ColorScheme.Light)


@pytest.fixture(autouse=True)
def _no_pauses(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the window act at once; a test about a pause asks for `pauses`.

    A person's typing is waited for, a test's is not: it would be idle for half of its time.
    """
    if "pauses" not in request.fixturenames:
        for module, names in _PAUSES.items():
            for name in names:
                monkeypatch.setattr(module, name, 0)


@pytest.fixture
def pauses() -> None:
    """The pauses that a person gets."""


@pytest.fixture(autouse=True)
def _no_task_outlives_its_test(qt_loop: asyncio.AbstractEventLoop, theme: Theme) -> Iterator[None]:
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    left = [task for task in asyncio.all_tasks(qt_loop) if not task.done()]
    names = [task.get_name() for task in left if not task.cancelling()]
    for task in left:
        task.cancel()
    if left:
        drive(qt_loop, asyncio.wait(left))
    assert names == [], f"tasks still running after the test: {names}"


@pytest.fixture
def run(qt_loop: asyncio.AbstractEventLoop) -> Callable[[Coroutine[Any, Any, T]], T]:
    """Run a coroutine from a plain test and return its result."""

    def run_it(work: Coroutine[Any, Any, T]) -> T:
        return drive(qt_loop, work)

    return run_it


@pytest.fixture
def bridge(
    database: Database,  # noqa: F811  # The fixture of that name.
    qt_loop: asyncio.AbstractEventLoop,
) -> Iterator[Bridge]:
    made = Bridge(database)
    yield made
    drive(qt_loop, made.close())


async def until(condition: Callable[[], object], *, longest_s: float = LONGEST_S) -> None:
    """Let the loop work until the condition holds."""
    end = time.monotonic() + longest_s
    while not condition():
        assert time.monotonic() < end, "the condition never held"
        await asyncio.sleep(0.005)


def drive(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T]) -> T:
    """Let Qt and asyncio work until the coroutine is done."""
    task = loop.create_task(work, name="test")
    inner = QEventLoop()
    task.add_done_callback(lambda _: inner.quit())
    watchdog = QTimer(singleShot=True)
    watchdog.timeout.connect(task.cancel)
    watchdog.start(int(LONGEST_S * 1_000))
    if not task.done():
        inner.exec()
    watchdog.stop()
    return task.result()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    drive(pyfuncitem.funcargs["qt_loop"], pyfuncitem.obj(**arguments))
    return True
