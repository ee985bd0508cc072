"""The window with all its pages, for a school that is open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from functools import partial
from typing import Any, Final

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.domain.actors import Actor, Right
from learnhub_desktop.domain.changes import Changes, Touched
from learnhub_desktop.domain.school import SchoolSettings
from learnhub_desktop.domain.states import SchoolKind
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.services import archiving, catalog, progress, students, subscriptions
from learnhub_desktop.services import settings as school_settings
from learnhub_desktop.ui.job_clock import JobClock
from learnhub_desktop.ui.main_window import MainWindow, PageEntry
from learnhub_desktop.ui.pages.alerts import AlertsPage
from learnhub_desktop.ui.pages.catalog import CatalogPage
from learnhub_desktop.ui.pages.course_students import CourseStudentsPage
from learnhub_desktop.ui.pages.jobs import JobsPage, Starter
from learnhub_desktop.ui.pages.payments import PaymentsPage
from learnhub_desktop.ui.pages.settings import SettingsPage
from learnhub_desktop.ui.pages.students import StudentsPage
from learnhub_desktop.ui.pages.subscriptions import SubscriptionsPage
from learnhub_desktop.ui.store import Store
from learnhub_desktop.ui.tasks import TaskScope
from learnhub_desktop.ui.theme import Theme
from learnhub_desktop.ui.unfinished import UnfinishedKeeper
from learnhub_desktop.ui.widgets.band import Band

# What `Changes.undo` may name: services whose arguments are plain values.
UNDOABLES: Final[Mapping[str, Callable[..., Any]]] = {
    "archive_course": archiving.archive_course,
    "change_plan": subscriptions.change_plan,
    "restore_course": archiving.restore_course,
    "resume_subscription": subscriptions.resume,
    "set_status": catalog.set_status,
    "mark_lessons": progress.mark_lessons,
    "update_person": students.update_person,
}


def page_entries(gateways: Gateways, starter: Starter) -> tuple[PageEntry, ...]:
    """The pages in the rail's order."""
    return (
        PageEntry(CatalogPage, partial(CatalogPage, gateways=gateways)),
        PageEntry(StudentsPage, partial(StudentsPage, gateways=gateways)),
        PageEntry(CourseStudentsPage, partial(CourseStudentsPage, gateways=gateways)),
        PageEntry(PaymentsPage, partial(PaymentsPage, gateways=gateways)),
        PageEntry(AlertsPage, partial(AlertsPage, gateways=gateways)),
        PageEntry(SubscriptionsPage, partial(SubscriptionsPage, gateways=gateways)),
        PageEntry(JobsPage, partial(JobsPage, starter=starter)),
        PageEntry(SettingsPage, SettingsPage),
    )


def build_window(
    bridge: Bridge,
    actor: Actor,
    gateways: Gateways,
    school: SchoolSettings,
    starter: Starter,
    *,
    theme: Theme,
    store: Store,
    clock: Callable[[], datetime],
    zone: tzinfo,
) -> MainWindow:
    """The main window on an open school; nothing is read before it is shown.

    Jobs that are due are started while it is open, where the account may run them.
    """
    window = MainWindow(
        bridge,
        actor,
        page_entries(gateways, starter),
        theme=theme,
        store=store,
        clock=clock,
        zone=zone,
        undoables=UNDOABLES,
    )
    tell_band(window.band, school)
    BandKeeper(window, bridge)
    if bridge.journal is not None and actor.may(Right.VIEW_PAYMENTS):
        UnfinishedKeeper(window, bridge.journal, gateways)
    # A sample school stays as it was told, so nothing runs in it by itself.
    if school.kind is not SchoolKind.SAMPLE and actor.may(Right.RUN_JOBS):
        JobClock(window, bridge, starter, window.messages)
    return window


def tell_band(band: Band, school: SchoolSettings) -> None:
    """Say on which school one works, where mistaking it would matter."""
    match school.kind:
        case SchoolKind.SAMPLE:
            text = f"{school.school_name}: everybody is made up, and no money moves."
        case SchoolKind.TEST:
            text = f"Test school “{school.school_name}”: no money moves."
        case _:
            text = school.school_name if school.band_colour else ""
    band.say(text, school.band_colour or "")


class BandKeeper(TaskScope):
    """Keeps the band true when an administrator changes the school's name or colour."""

    def __init__(self, window: MainWindow, bridge: Bridge) -> None:
        super().__init__(window, window.messages.fail)
        self._band = window.band
        self._bridge = bridge
        bridge.committed.connect(self._on_committed)
        bridge.changed_elsewhere.connect(self._look)

    def _on_committed(self, changes: Changes) -> None:
        self._look(changes.touched)

    def _look(self, touched: Touched) -> None:
        if touched & Touched.SETTINGS:
            self.start("band", self._tell)

    async def _tell(self) -> None:
        tell_band(self._band, await self._bridge.read(school_settings.get_school))
