"""The window with the catalog, on a school whose every row a service has made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, timedelta
from functools import partial
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.db.engine import open_engines
from learnhub_desktop.db.transactions import Database
from learnhub_desktop.domain.actors import Role, actor_of
from learnhub_desktop.domain.catalog import CourseDetail, CourseDraft
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.services import archiving, catalog, sales
from learnhub_desktop.ui.dialogs.enrol import EnrolDialog
from learnhub_desktop.ui.main_window import MainWindow, PageEntry
from learnhub_desktop.ui.pages.catalog import CatalogPage
from learnhub_desktop.ui.pages.course_students import CourseStudentsPage
from learnhub_desktop.ui.store import MemoryStore
from learnhub_desktop.ui.theme import Theme
from learnhub_desktop.ui.widgets.picker import PickerField
from tests.services.desk import Desk
from tests.ui.back_office import Office

UNDOABLES = {
    "set_status": catalog.set_status,
    "archive_course": archiving.archive_course,
    "restore_course": archiving.restore_course,
}


@pytest.fixture
def make_catalog(
    desk: Desk, theme: Theme, run: Callable[..., Any], qtbot: QtBot
) -> Iterator[Callable[..., Office]]:
    made: list[MainWindow] = []

    def make(role: Role = Role.ADMIN, gateways: Gateways | None = None) -> Office:
        database = Database(
            open_engines(str(desk.database.engines.writer.url)),
            label="school.db",
            clock=desk.clock,
            actor=actor_of("mlind", role, "M. Lind"),
        )
        window = MainWindow(
            Bridge(database),
            database.actor(),
            [
                PageEntry(kind, partial(kind, gateways=gateways or desk.gateways))
                for kind in (CatalogPage, CourseStudentsPage)
            ],
            theme=theme,
            store=MemoryStore(),
            clock=lambda: desk.clock.now,
            zone=UTC,
            undoables=UNDOABLES,
        )
        made.append(window)
        window.show()
        window.activateWindow()
        # Without it no key is heard and nothing has the focus.
        qtbot.waitUntil(window.isActiveWindow)
        office = Office(window, database, desk, qtbot)
        office.wait()
        return office

    yield make
    for window in made:
        window.close()
        run(window.closed.wait())
        window.deleteLater()


def draft_of(detail: CourseDetail, **changed: Any) -> CourseDraft:
    """The course as its form holds it, but for what is changed."""
    course = detail.course
    stored = {
        "title": course.title,
        "instructor_id": course.instructor_id,
        "price": course.price,
        "currency": course.currency,
        "description": course.description,
        "level": course.level,
        "access_months": course.access_months,
        "max_students": course.max_students,
        "tags": detail.tags,
    }
    return CourseDraft(**{**stored, **changed})


def change_course(desk: Desk, course_id: int, **changed: Any) -> None:
    """Change the course as another desk would."""
    detail = desk.read(catalog.get_course, course_id)
    desk.write(
        catalog.update_course,
        course_id,
        draft_of(detail, **changed),
        seen_version=detail.course.row_version,
    )


def start_sale(desk: Desk, course_id: int) -> None:
    """20 % off for two days and two seats."""
    now = desk.clock.now
    desk.write(
        sales.start_sale,
        [course_id],
        percent_off=20,
        max_seats=2,
        start_time=now,
        end_time=now + timedelta(days=2),
        campaign="Spring",
    )


def pick(office: Office, field: PickerField, text: str) -> None:
    """Type, wait for the results, and take the first with Enter."""
    office.bot.keyClicks(field.line, text)
    office.bot.waitUntil(lambda: not field.is_searching and not field.results.isHidden())
    office.bot.keyClick(field.line, Qt.Key.Key_Return)


def open_enrol(office: Office, course_id: int, *, student: str = "") -> EnrolDialog:
    """The enrolment dialog of a course, with a student picked and the offer read."""
    office.choose(course_id)
    office.click("course_enrol")
    dialog = office.dialog(EnrolDialog)
    office.bot.waitUntil(lambda: dialog.course.line.text() != "")
    if student:
        pick(office, dialog.student, student)
        office.bot.waitUntil(lambda: not dialog.is_looking)
    return dialog


def shown(dialog: EnrolDialog) -> dict[str, str]:
    """What the card says before the button, without what is hidden."""
    return {
        name: words.text()
        for name, (_, words) in dialog.quote_card.facts.items()
        if not words.isHidden()
    }


def titles(office: Office) -> list[str]:
    model = office.page.model
    return [model.row(number).title for number in range(model.total)]
