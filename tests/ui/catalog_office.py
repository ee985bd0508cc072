"""The window with the catalog, on a school whose every row a service has made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from learnhub_desktop.domain.actors import Role
from learnhub_desktop.domain.catalog import CourseDetail, CourseDraft
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.services import archiving, catalog, prerequisites, sales
from learnhub_desktop.ui.dialogs.enrol import EnrolDialog
from learnhub_desktop.ui.pages.catalog import CatalogPage
from learnhub_desktop.ui.pages.course_students import CourseStudentsPage
from tests.services.desk import Desk
from tests.ui.back_office import Office, pick
from tests.ui.student_office import Course, School

UNDOABLES = {
    "set_status": catalog.set_status,
    "archive_course": archiving.archive_course,
    "restore_course": archiving.restore_course,
}


@pytest.fixture
def make_catalog(open_office: Callable[..., Office]) -> Callable[..., Office]:
    def make(role: Role = Role.ADMIN, gateways: Gateways | None = None) -> Office:
        kinds = (CatalogPage, CourseStudentsPage)
        office = open_office(role, kinds, gateways=gateways, undoables=UNDOABLES)
        office.wait()
        return office

    return make


@pytest.fixture
def basics(school: School) -> Course:
    return school.course("SQL Basics", max_students=3, tags=("sql",), quiz=True)


@pytest.fixture
def mastery(school: School) -> Course:
    return school.course("SQL Mastery")


@pytest.fixture
def after_basics(desk: Desk, basics: Course, mastery: Course) -> Course:
    """A course that asks for SQL Basics first."""
    desk.write(prerequisites.set_prerequisites, mastery.course_id, [basics.course_id])
    return mastery


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


def ways(dialog: EnrolDialog) -> list[str]:
    """The ways into the course that the dialog names."""
    return [dialog.way.box.itemText(place) for place in range(dialog.way.box.count())]


def parts(office: Office) -> list[str]:
    """The lessons and quizzes as the panel lists them."""
    listed = office.page.tabs.lessons.lessons
    return [listed.item(place).text() for place in range(listed.count())]


def choose_part(office: Office, place: int) -> None:
    office.page.tabs.lessons.lessons.setCurrentRow(place)
