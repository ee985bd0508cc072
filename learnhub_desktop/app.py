"""The window's start: settings, school, bridge, window; and the hook that every fault reaches."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import traceback
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from functools import partial
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QTimeZone
from PySide6.QtWidgets import QApplication

from learnhub_desktop import __version__, logs, opening, passwords, settings
from learnhub_desktop.bridge import Bridge, in_background
from learnhub_desktop.db.connecting import address
from learnhub_desktop.db.school import NewSchool, create
from learnhub_desktop.domain.states import SchoolKind
from learnhub_desktop.errors import LearnHubError
from learnhub_desktop.jobs.apart import JobProcesses
from learnhub_desktop.journal import Journal
from learnhub_desktop.opening import School
from learnhub_desktop.sample import make_sample
from learnhub_desktop.services import feed
from learnhub_desktop.settings import Profile
from learnhub_desktop.ui import loop
from learnhub_desktop.ui.dialogs.crash import CrashDialog
from learnhub_desktop.ui.main_window import MainWindow
from learnhub_desktop.ui.shell import build_window
from learnhub_desktop.ui.start import StartWindow
from learnhub_desktop.ui.store import SettingsStore
from learnhub_desktop.ui.theme import Density, LookSetting, Theme, density

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Open LearnHub; return the exit code."""
    asked = _parser().parse_args(argv)
    log_file = logs.start(settings.log_folder())
    try:
        loop.check_binding()
        profile = _wanted(asked)
    except LearnHubError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    app = QApplication(sys.argv[:1])
    app.setApplicationName("LearnHub")
    app.setApplicationVersion(__version__)
    kept = settings.load()
    theme = Theme(
        app,
        setting=LookSetting(kept.look) if kept.look in set(LookSetting) else LookSetting.SYSTEM,
        density=Density.COMPACT if kept.density == "compact" else Density.COMFORTABLE,
    )
    hook = FaultHook(log_file)
    sys.excepthook = hook
    theme.changed.connect(partial(_keep_look, theme))
    return loop.run(app, partial(_run, profile, theme, hook))


class FaultHook:
    """Logs every fault, and tells the person once at a time."""

    def __init__(self, log_file: Path) -> None:
        self._log_file = log_file
        self.window: MainWindow | None = None
        self._dialog: CrashDialog | None = None

    def __call__(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        details = "".join(traceback.format_exception(kind, error, trace))
        log.error("a fault in LearnHub\n%s", details)
        if self._dialog is None and QApplication.instance() is not None:
            self._dialog = CrashDialog(details, self._log_file, self.window)
            self._dialog.destroyed.connect(self._forget)
            self._dialog.open()

    def _forget(self) -> None:
        self._dialog = None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="learnhub-desktop", description="Open the window of LearnHub Desktop."
    )
    parser.add_argument("--version", action="version", version=f"LearnHub Desktop {__version__}")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--sample", action="store_true", help="open the sample school")
    which.add_argument(
        "--database",
        metavar="URL|PROFILE",
        help="open this school: a saved name, sqlite:///FILE or mysql://account@host/database",
    )
    return parser


def _wanted(asked: argparse.Namespace) -> Profile | None:
    """The school that was asked for, else the one that was open last."""
    if asked.sample:
        return settings.sample_profile()
    if asked.database:
        return opening.parse_database(asked.database)
    kept = settings.load()
    return kept.profile(kept.last_profile) if kept.last_profile is not None else None


async def _run(profile: Profile | None, theme: Theme, hook: FaultHook) -> int:
    school, told = None, ""
    if profile is not None:
        try:
            school = await _open(profile)
        except LearnHubError as error:
            told = str(error)
    if school is None:
        school = await _ask(told)
    if school is None:
        return 0
    await show_school(school, theme, hook)
    return 0


async def _open(profile: Profile) -> School:
    path = Path(profile.path) if profile.path is not None else None
    if profile == settings.sample_profile() and path is not None and not path.exists():
        await in_background(_make_sample, path)
    password = await in_background(passwords.find, profile, may_ask=False)
    school = await in_background(opening.open_school, profile, password=password)
    settings.save(settings.load().with_profile(profile))
    return school


async def _ask(told: str) -> School | None:
    """Let the person choose a school; None where the window was closed instead."""
    chosen: asyncio.Future[School | None] = asyncio.get_running_loop().create_future()

    def choose(school: School | None) -> None:
        if not chosen.done():
            chosen.set_result(school)

    window = StartWindow(
        make_sample=_make_sample, make_school=_make_school, time_zone=_local_zone_name()
    )
    window.opened.connect(choose)
    window.left.connect(partial(choose, None))
    if told:
        window.told.tell(told, tone="bad")
    window.show()
    school = await chosen
    window.hide()
    window.deleteLater()
    return school


async def show_school(school: School, theme: Theme, hook: FaultHook) -> None:
    """Show the school until its window is closed."""
    journal = Journal(settings.journal_folder(school.profile))
    bridge = Bridge(school.database, journal=journal)
    bridge.guard()
    actor = await bridge.actor()
    window = build_window(
        bridge,
        actor,
        school.gateways,
        school.settings,
        JobProcesses(opening.address_of(school.profile), password=school.password),
        theme=theme,
        store=SettingsStore(),
        clock=partial(datetime.now, UTC),
        zone=_local_zone(),
    )
    hook.window = window
    bridge.watch(feed.poll)
    window.show()
    await window.closed.wait()
    hook.window = None
    await in_background(school.close)


def _make_sample(path: Path) -> None:
    make_sample(path, books=settings.books_folder())


def _make_school(path: Path, name: str, currency: str, time_zone: str) -> None:
    new = NewSchool(name=name, currency=currency, time_zone=time_zone, kind=SchoolKind.PRODUCTION)
    create(address(Profile(name, path=str(path)), None), new)


def _keep_look(theme: Theme) -> None:
    kept = settings.load()
    shown = "compact" if density() is Density.COMPACT else "comfortable"
    if (kept.look, kept.density) != (theme.setting.value, shown):
        settings.save(replace(kept, look=theme.setting.value, density=shown))


def _local_zone() -> tzinfo:
    zone = datetime.now().astimezone().tzinfo
    return zone if zone is not None else UTC


def _local_zone_name() -> str:
    """The computer's zone as the school's first guess: Europe/Berlin, not CET."""
    return bytes(QTimeZone.systemTimeZoneId().data()).decode() or "UTC"


if __name__ == "__main__":
    sys.exit(main())
