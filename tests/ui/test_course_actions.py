"""What can be done with a course, and why it is not possible where it is not."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from learnhub_desktop.domain.states import CourseStatus, UserType
from learnhub_desktop.services import (
    archiving,
    catalog,
)
from learnhub_desktop.ui.dialogs.archive import ArchiveDialog, RestoreDialog
from learnhub_desktop.ui.dialogs.course import CourseDialog
from learnhub_desktop.ui.dialogs.sale import EndSaleDialog, SaleDialog
from tests.services.conftest import desk
from tests.ui.back_office import LOST, panel_text, pick
from tests.ui.catalog_office import basics, make_catalog, mastery, start_sale
from tests.ui.student_office import ada, school

__all__ = ["ada", "basics", "desk", "make_catalog", "mastery", "school"]
CTRL = Qt.KeyboardModifier.ControlModifier


# What can be done


def test_a_new_course_is_made_and_selected(make_catalog, school, basics):
    office = make_catalog()
    office.press(Qt.Key.Key_N, CTRL)
    dialog = office.dialog(CourseDialog)

    office.bot.keyClicks(dialog.title.line, "Graph Databases")
    pick(office, dialog.instructor, "tea")
    dialog.price.set_text("79")
    office.submit(dialog)

    assert office.said == (
        "Created “Graph Databases” as a draft. Publish it to open it for enrolment."
    )
    assert office.page.current().title == "Graph Databases"
    assert office.offered() == {"course_edit": "", "course_archive": "", "course_publish": ""}


def test_a_draft_is_made_active_and_that_can_be_undone(make_catalog, desk, basics):
    desk.write(catalog.set_status, basics.course_id, CourseStatus.DRAFT)
    office = make_catalog()
    office.choose(basics.course_id)
    assert panel_text(office.page) == "A draft: nobody can enrol until it is made active."

    office.click("course_publish")
    office.bot.waitUntil(lambda: office.page.side.state.text() == "active")
    assert office.said == "Published “SQL Basics”. Students can enrol now."
    office.wait()

    office.press(Qt.Key.Key_Z, CTRL)
    office.bot.waitUntil(lambda: office.page.side.state.text() == "draft")


def test_archive_says_what_it_means_and_restore_is_one_press(
    make_catalog, school, desk, ada, basics
):
    school.enrol(ada, basics)
    start_sale(desk, basics.course_id)
    office = make_catalog()
    office.choose(basics.course_id)

    office.click("course_archive")
    dialog = office.dialog(ArchiveDialog)
    assert dialog.consequence.text() == (
        "1 student keeps access; no new enrolments. 1 flash sale ends now. "
        "It can be restored at any time."
    )
    office.try_to_submit(dialog)
    assert dialog.reason._line.text() == "The reason cannot be empty."
    dialog.reason.set_text("Replaced by a newer one")
    office.submit(dialog)
    assert office.said == (
        "Archived “SQL Basics”. 1 student keeps access; no new enrolments. 1 flash sale ends now."
    )
    assert panel_text(office.page) == (
        "No new enrolments; students keep their access until it ends. "
        "Archived today 12:00: “Replaced by a newer one”"
    )
    assert office.offered() == {"course_restore": ""}

    office.click("course_restore")
    office.bot.waitUntil(lambda: office.page.side.state.text() == "active")
    assert office.said == "Restored “SQL Basics”. Students can enrol now."


def test_any_reason_is_kept_but_none_too_long_or_without_a_server(make_catalog, basics, desk):
    office = make_catalog()
    office.choose(basics.course_id)
    office.click("course_archive")
    dialog = office.dialog(ArchiveDialog)
    assert office.refusal(dialog, dialog.reason, "x" * 10_000) == (
        "The reason can have at most 2,000 characters; this has 10,000."
    )
    dialog.reason.set_text('It\'s 🙂 "old"; DROP TABLE courses')
    assert office.submit_without_server(dialog) == LOST
    assert desk.read(catalog.get_course, basics.course_id).course.status == "active"
    office.submit(dialog)
    kept = desk.read(catalog.get_course, basics.course_id).archives
    assert [each.reason for each in kept] == ['It\'s 🙂 "old"; DROP TABLE courses']


def test_a_restored_course_whose_instructor_left_asks_for_another(
    make_catalog, school, desk, basics
):
    desk.write(archiving.archive_course, basics.course_id, reason="Old")
    other = school.person("Nia New", UserType.INSTRUCTOR)
    school.delete(school.teacher_id)
    office = make_catalog()
    office.choose(basics.course_id)

    office.click("course_restore")
    dialog = office.dialog(RestoreDialog)
    pick(office, dialog.instructor, "nia")
    office.submit(dialog)

    assert desk.read(catalog.get_course, basics.course_id).course.instructor_id == other
    assert office.page.side.subtitle.text() == "Nia New · all levels"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("course_enrol", "Enrol a student is not possible: it is archived. Restore it first."),
        ("course_edit", "Edit is not possible: it is archived. Restore it first."),
        ("sale_start", "Start a sale is not possible: it is archived. Restore it first."),
        ("lesson_new", "New lesson is not possible: it is archived. Restore it first."),
        ("course_archive", "Archive is not possible: it is archived already."),
    ],
)
def test_what_an_archived_course_forbids_is_said(make_catalog, desk, basics, name, said):
    desk.write(archiving.archive_course, basics.course_id, reason="Old")
    office = make_catalog()
    office.choose(basics.course_id)

    office.page.trigger(name)

    assert office.said == said
    assert office.dialogs() == []


def test_a_draft_again_is_refused_while_seats_are_taken(make_catalog, school, ada, basics):
    school.enrol(ada, basics)
    office = make_catalog()
    office.choose(basics.course_id)

    office.page.trigger("course_unpublish")

    assert office.said == (
        "Make a draft again is not possible: 1 seat is taken. Archive it instead: students keep "
        "their access."
    )


def test_without_a_course_nothing_is_done(make_catalog, basics):
    office = make_catalog()

    office.page.trigger("course_edit")

    assert office.said == "Edit is not possible: select one course first."


def test_an_action_looks_again_before_it_acts(make_catalog, desk, basics):
    office = make_catalog()
    office.choose(basics.course_id)
    desk.write(archiving.archive_course, basics.course_id, reason="Elsewhere")

    office.click("course_enrol")
    office.bot.waitUntil(lambda: office.said != "")
    office.wait()

    assert office.said == "Enrol a student is not possible: it is archived. Restore it first."
    assert office.page.side.state.text() == "archived"


def test_a_sale_starts_and_ends(make_catalog, desk, basics):
    office = make_catalog()
    office.choose(basics.course_id)
    office.click("sale_start")
    dialog = office.dialog(SaleDialog)
    dialog.percent.set_text("50")
    assert dialog.consequence.text() == (
        "“SQL Basics” costs 24.50 USD instead of 49.00 USD for 20 seats, until 17 March 2026. What "
        "is paid or held already stays as it is, and a course has one sale at a time."
    )
    office.submit(dialog)
    assert office.said == "Started a sale of “SQL Basics”: 50 % off for 20 seats each."

    office.click("sale_end")
    ending = office.dialog(EndSaleDialog)
    assert ending.consequence.text() == (
        "New students pay 49.00 USD again from now on. Holds that were made at the sale’s price "
        "keep it. 0 seats of 20 were sold."
    )
    office.submit(ending)
    assert office.said == "Ended the sale of “SQL Basics”."
    assert "sale_start" in office.offered()


def test_several_courses_go_on_sale_at_once(make_catalog, desk, basics, mastery):
    office = make_catalog()
    office.page.table.select_numbers([0, 1], 0)
    office.wait()

    office.page.trigger("sale_start")
    dialog = office.dialog(SaleDialog)
    assert dialog.which.box.itemText(0) == "Only 2 courses"
    office.submit(dialog)

    assert office.said == "Started a sale of 2 courses: 20 % off for 20 seats each."
