"""Forms about courses, accounts and jobs, fed what cannot be used, and without their server."""

from __future__ import annotations

from datetime import date
from functools import partial

import pytest
from PySide6.QtCore import QDate, Qt

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.states import UserType
from learnhub_desktop.domain.students import DeletionReason
from learnhub_desktop.jobs.apart import Ended
from learnhub_desktop.services import archiving, catalog
from learnhub_desktop.ui.dialogs.archive import RestoreDialog
from learnhub_desktop.ui.dialogs.cancel_enrolment import CancelEnrolmentDialog
from learnhub_desktop.ui.dialogs.delete_account import DeleteAccountDialog
from learnhub_desktop.ui.dialogs.prerequisites import PrerequisitesDialog
from learnhub_desktop.ui.dialogs.run_job import CountDaysDialog, RunJobDialog
from learnhub_desktop.ui.dialogs.tags import TagsDialog
from learnhub_desktop.ui.main_window import PageEntry
from learnhub_desktop.ui.pages.jobs import JobsPage
from tests.services.conftest import desk
from tests.services.subscribers import at, bills, subscribe
from tests.ui.back_office import LOST, pick
from tests.ui.catalog_office import make_catalog
from tests.ui.student_office import ada, make_students, school

__all__ = ["ada", "desk", "make_catalog", "make_students", "school"]
ODD = 'It\'s 🙂 "old"; DROP TABLE courses'
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def basics(school):
    return school.course("SQL Basics", tags=("sql",))


def test_any_tag_is_kept_but_none_too_long_or_without_a_server(desk, basics, make_catalog):
    office = make_catalog()
    office.choose(basics.course_id)
    office.press(Qt.Key.Key_G, CTRL)
    dialog = office.dialog(TagsDialog)
    for typed, said in (
        ("x" * 10_000, "A tag can have at most 50 characters; this has 10,000."),
        (",".join(map(str, range(99))), "A course can have at most 50 tags."),
    ):
        dialog.tags.line.setText(typed)
        office.try_to_submit(dialog)
        assert dialog.tags._line.text() == said
    dialog.tags.line.setText(ODD)
    assert office.submit_without_server(dialog) == LOST
    assert dialog.tags.value() == ("sql", ODD)
    assert desk.read(catalog.get_course, basics.course_id).tags == ("sql",)
    office.submit(dialog)
    assert sorted(desk.read(catalog.get_course, basics.course_id).tags) == [ODD, "sql"]


def test_prerequisites_search_for_anything_and_change_nothing_without_a_server(
    desk, school, basics, make_catalog
):
    odd = school.course(ODD)
    office = make_catalog()
    office.choose(basics.course_id)
    office.press(Qt.Key.Key_G, CTRL, SHIFT)
    dialog = office.dialog(PrerequisitesDialog)
    for typed in ("x" * 10_000, "100%_", "'; --"):
        dialog.course.line.setText(typed)
        dialog.course.look()
        office.until(lambda: not dialog.course.is_searching)
        assert dialog.course.results.item(0).text() == f"Nothing found for “{typed[:40]}”."
    dialog.course.line.clear()
    pick(office, dialog.course, '"old"; drop')
    assert dialog.needed == {odd.course_id: ODD}
    assert office.submit_without_server(dialog) == LOST
    assert dialog.needed == {odd.course_id: ODD}
    assert desk.read(catalog.get_course, basics.course_id).prerequisites == ()
    office.submit(dialog)
    [kept] = desk.read(catalog.get_course, basics.course_id).prerequisites
    assert (kept.course_id, kept.title) == (odd.course_id, ODD)


def test_a_course_is_restored_to_a_person_and_never_without_a_server(
    desk, school, basics, make_catalog
):
    desk.write(archiving.archive_course, basics.course_id, reason="Old")
    other = school.person(ODD, UserType.INSTRUCTOR, email="odd@example.org")
    school.delete(school.teacher_id)
    office = make_catalog()
    office.choose(basics.course_id)
    office.click("course_restore")
    dialog = office.dialog(RestoreDialog)
    for typed in ("", "x" * 10_000, ODD):
        dialog.instructor.line.setText(typed)
        office.try_to_submit(dialog)
        # What is typed alone is nobody yet.
        assert dialog.instructor._line.text() == ("Choose the instructor: type a part of the name.")
    dialog.instructor.line.clear()
    pick(office, dialog.instructor, "it's")
    assert office.submit_without_server(dialog) == LOST
    assert (dialog.instructor.value(), dialog.instructor.line.text()) == (other, ODD)
    assert desk.read(catalog.get_course, basics.course_id).course.status == "archived"
    office.submit(dialog)
    assert desk.read(catalog.get_course, basics.course_id).course.instructor_id == other


def test_an_enrolment_ends_for_any_reason_but_none_too_long_or_without_a_server(
    desk, school, ada, basics, make_students
):
    school.enrol(ada, basics)
    office = make_students()
    office.choose(ada)
    office.press(Qt.Key.Key_C, CTRL, SHIFT)
    dialog = office.dialog(CancelEnrolmentDialog)
    assert office.refusal(dialog, dialog.reason, "x" * 10_000) == (
        "The reason can have at most 500 characters; this has 10,000."
    )
    dialog.reason.set_text(ODD)
    assert office.submit_without_server(dialog) == LOST
    assert dialog.reason.value() == ODD
    assert desk.seats(basics.course_id) == 1
    office.submit(dialog)
    assert desk.seats(basics.course_id) == 0
    assert desk.enrolment(ada, basics.course_id).reason == ODD


def test_an_account_stays_where_no_server_hears_of_its_end(desk, ada, make_students):
    office = make_students()
    office.choose(ada)
    office.press(Qt.Key.Key_D, CTRL, SHIFT)
    dialog = office.dialog(DeleteAccountDialog)
    dialog.reason.choose(DeletionReason.DUPLICATE)
    assert office.submit_without_server(dialog) == LOST
    assert dialog.reason.value() is DeletionReason.DUPLICATE
    kept = desk.row(t.users, t.users.c.user_id == ada)
    assert (kept.name, kept.deleted_at) == ("Ada Byron", None)
    office.submit(dialog)
    assert desk.row(t.users, t.users.c.user_id == ada).deletion_reason == "duplicate"


class NoServer:
    """Starts jobs as a process of its own would that reaches no server."""

    def __init__(self):
        self.started = []

    def start(self, name=None, days=None):
        self.started.append((name, days))
        return self

    def ended(self):
        return Ended((), LOST)


def open_jobs(make_office, starter):
    return make_office("jobs", more=[PageEntry(JobsPage, partial(JobsPage, starter=starter))])


def click_without_server(office, action):
    """Press the button while nothing can be reached: that is said, and nothing opens."""
    with pytest.MonkeyPatch.context() as patch:
        office.lose_database(patch)
        office.click(action)
        office.until(lambda: office.said == LOST)
        assert office.dialogs() == []


def test_days_that_make_no_sense_or_meet_no_server_are_not_counted(desk, make_office):
    starter = NoServer()
    office = open_jobs(make_office, starter)
    office.choose(3)
    click_without_server(office, "job_days")
    office.click("job_days")
    dialog = office.dialog(CountDaysDialog)
    # The field takes digits and months alone.
    office.bot.keyClicks(dialog.last.day, "x'; --")
    assert dialog.last.value() == date(2026, 3, 9)
    for day, said in (
        (QDate(2026, 2, 28), "The last day cannot be before the first."),
        (QDate(9999, 12, 31), "This day has not come yet."),
    ):
        dialog.last.day.setDate(day)
        dialog.submit()
        assert dialog.consequence.text() == said
        assert not dialog.primary_button.isEnabled()
    assert starter.started == []
    dialog.last.day.setDate(QDate(2026, 3, 2))
    office.submit(dialog)
    office.until(lambda: starter.started == [("revenue", (date(2026, 3, 1), date(2026, 3, 2)))])
    office.until(lambda: office.said == LOST)
    office.wait()
    assert desk.rows(t.job_runs) == []


def test_no_card_is_charged_by_a_job_that_meets_no_server(desk, make_office):
    number = subscribe(desk, name=ODD)
    desk.clock.now = at("2026-04-10T06:00")
    starter = NoServer()
    office = open_jobs(make_office, starter)
    office.choose(1)
    click_without_server(office, "job_run")
    assert starter.started == []
    office.click("job_run")
    office.submit(office.dialog(RunJobDialog))
    office.until(lambda: starter.started == [("renewals", None)])
    office.until(lambda: office.said == LOST)
    office.wait()
    assert bills(desk, number) == [("2026-03-10", "2026-04-10", "completed")]
    assert desk.rows(t.job_runs) == []
