"""The tour: the real window, offscreen, driven through its real widgets on the sample school.

Each step checks what the message line says and what the database holds. The first that fails
ends the tour.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TextIO


def run(out: Path, *, report: TextIO | None = None) -> int:
    """Take the tour; pictures go to ``out``. 0 when every step held, else 1."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    # Qt is loaded only now, so that the choice of its platform still counts.
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QApplication

    from learnhub_desktop.ui import loop
    from learnhub_desktop.ui.theme import LookSetting, Theme

    told = report or sys.stdout
    loop.check_binding()
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)
    app = QApplication.instance() or QApplication(["learnhub"])
    assert isinstance(app, QApplication)
    theme = Theme(app, setting=LookSetting.LIGHT, scheme=lambda: Qt.ColorScheme.Light)
    with _quieter(), tempfile.TemporaryDirectory(prefix="learnhub-tour-") as folder:
        return loop.run(app, partial(_tour, theme, Path(folder), out, told))


@contextmanager
def _quieter() -> Iterator[None]:
    """Leave out what Qt's offscreen platform says of each new window: it has no desktop that
    could be told a window's smallest size. Whatever else Qt says is passed on."""
    from PySide6.QtCore import qInstallMessageHandler

    def pass_on(kind: object, context: object, text: str) -> None:
        if "propagateSizeHints" not in text:
            sys.stderr.write(f"{text}\n")

    before = qInstallMessageHandler(pass_on)
    try:
        yield
    finally:
        qInstallMessageHandler(before)


async def _tour(theme: object, folder: Path, out: Path, told: TextIO) -> int:
    from learnhub_desktop import opening
    from learnhub_desktop.bridge import Bridge, in_background
    from learnhub_desktop.jobs.apart import JobProcesses
    from learnhub_desktop.sample import make_sample
    from learnhub_desktop.services import feed
    from learnhub_desktop.services.gateways import open_gateways
    from learnhub_desktop.services.settings import get_school
    from learnhub_desktop.settings import Profile
    from learnhub_desktop.tour.driver import Driver
    from learnhub_desktop.tour.steps import Scene
    from learnhub_desktop.ui.shell import build_window
    from learnhub_desktop.ui.store import MemoryStore
    from learnhub_desktop.ui.theme import Theme

    assert isinstance(theme, Theme)
    started = time.monotonic()
    path = folder / "sample-school.db"
    await in_background(make_sample, path, books=folder)
    print(f"made the sample school in {time.monotonic() - started:.1f} s", file=told, flush=True)
    profile = Profile("Sample school", path=str(path))
    database = await in_background(opening.open_database, profile, password=None)
    book = await in_background(opening.open_database, profile, password=None)
    gateways = await in_background(open_gateways, database, books=folder)
    bridge = Bridge(database)
    bridge.guard()
    actor = await bridge.actor()
    school = await bridge.read(get_school)
    window = build_window(
        bridge,
        actor,
        gateways,
        school,
        JobProcesses(opening.address_of(profile)),
        theme=theme,
        store=MemoryStore(),
        clock=partial(datetime.now, UTC),
        zone=UTC,
    )
    bridge.watch(feed.poll)
    window.show()
    window.activateWindow()
    driver = Driver(window, out)
    scene = Scene(driver, bridge, database, book, theme)
    try:
        return await _take(scene, told, started)
    finally:
        window.close()
        await window.closed.wait()
        gateways.close()
        for opened in (database, book):
            await in_background(opened.close)


async def _take(scene: object, told: TextIO, started: float) -> int:
    from learnhub_desktop.tour.driver import TourFailed
    from learnhub_desktop.tour.steps import STEPS, Scene

    assert isinstance(scene, Scene)
    for step in STEPS:
        words = (step.__doc__ or step.__name__).strip().splitlines()[0]
        try:
            await step(scene)
        except TourFailed as failed:
            await scene.driver.shot(f"failed-{step.__name__}")
            print(f"FAILED  {words}\n        {failed}", file=told, flush=True)
            return 1
        print(f"ok      {words}", file=told, flush=True)
    took = time.monotonic() - started
    print(
        f"{len(STEPS)} steps held in {took:.0f} s; {scene.driver.pictures} pictures",
        file=told,
        flush=True,
    )
    return 0
