"""Enrolling a pasted list: who is meant, one result a line, and stopping in between."""

from __future__ import annotations

from datetime import UTC

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from learnhub_desktop.domain.states import EnrolmentStatus
from learnhub_desktop.services import catalog, enrolments, prerequisites
from learnhub_desktop.ui.dialogs.enrol_many import EnrolManyDialog
from tests.services.conftest import desk
from tests.ui.catalog_office import basics, make_catalog
from tests.ui.student_office import school

__all__ = ["basics", "desk", "make_catalog", "school"]


@pytest.fixture
def people(school):
    return [school.person(name) for name in ("Ada Byron", "Bob Stone", "Cy Young", "Dee Vine")]


@pytest.fixture
def office(make_catalog, basics, people):
    return make_catalog()


def paste(office, course, text):
    detail = office.desk.read(catalog.get_course, course.course_id)
    desk = office.window.desk
    dialog = EnrolManyDialog(
        desk.bridge, desk.actor, office.window, detail=detail, clock=desk.clock, zone=UTC
    )
    dialog.open()
    dialog.pasted.set_text(text)
    office.bot.waitUntil(lambda: not dialog.is_looking)
    return dialog


def rows(dialog):
    model = dialog.table.rows
    found = [model.row(number) for number in range(model.total)]
    return [(row.line, row.state, row.message) for row in found]


def enrol(office, dialog):
    office.bot.mouseClick(dialog.primary_button, Qt.MouseButton.LeftButton)
    office.bot.waitUntil(lambda: dialog.result_value is not None)
    office.wait()


def test_who_is_meant_is_shown_before_anything_happens(office, basics):
    dialog = paste(
        office,
        basics,
        "ada@example.org\nBob Stone\nNobody Here\n\n<bob@example.org>\nnot an @ddress\n",
    )

    assert rows(dialog) == [
        (1, "ready", ""),
        (2, "ready", ""),
        (3, "not enrolled", "No student is called Nobody Here. Give the e-mail address."),
        (5, "not enrolled", "This student stands in line 2 already."),
        (6, "not enrolled", "“@ddress” is not an e-mail address such as ada@example.org."),
    ]
    assert dialog.consequence.text() == (
        "2 students get the course, and nothing is charged. 3 lines cannot be used. "
        "3 seats are free."
    )
    assert dialog.primary_button.text() == "Enrol 2 students"
    dialog.reject()


def test_namesakes_are_told_apart_by_their_address(office, school, basics):
    school.person("Ada Byron", email="other.ada@example.org")
    dialog = paste(office, basics, "Ada Byron")

    assert rows(dialog) == [
        (1, "not enrolled", "2 students are called Ada Byron. Give the e-mail address.")
    ]
    assert not dialog.primary_button.isEnabled()
    dialog.reject()


def test_each_line_has_a_result_and_what_is_refused_stops_no_other(office, desk, people, basics):
    dialog = paste(
        office,
        basics,
        "ada@example.org\nnobody@example.org\nbob@example.org\ncy@example.org\ndee@example.org",
    )
    assert dialog.consequence.text() == (
        "5 students get the course, and nothing is charged. 3 seats are free, which go to the "
        "first 3."
    )
    dialog.reason.set_text("The employer pays")
    enrol(office, dialog)

    assert rows(dialog) == [
        (1, "enrolled", enrolled("Ada Byron")),
        (2, "not enrolled", "There is no student with the address nobody@example.org."),
        (3, "enrolled", enrolled("Bob Stone")),
        (4, "enrolled", enrolled("Cy Young")),
        (5, "not enrolled", "“SQL Basics” is full: all 3 seats are taken."),
    ]
    assert dialog.consequence.text() == (
        "Enrolled 3 students. 2 lines were not: each says why. Ctrl+C copies the lines that are "
        "selected."
    )
    assert office.said == "Enrolled 3 of 5 students."
    assert desk.enrolment(people[0], basics.course_id).reason == "The employer pays"
    assert desk.seats(basics.course_id) == 3
    dialog.reject()
    assert not dialog.isVisible()


def enrolled(name):
    return f"Enrolled {name} in “SQL Basics” without a payment. Access until 10 March 2027."


def test_the_whole_sentence_of_a_line_stands_below_the_table(office, basics):
    dialog = paste(office, basics, "Nobody Here")
    dialog.table.go_to(0)

    assert dialog.whole.text() == "No student is called Nobody Here. Give the e-mail address."
    dialog.reject()


def test_the_results_can_be_copied(office, basics):
    dialog = paste(office, basics, "ada@example.org")
    dialog.reason.set_text("A gift")
    enrol(office, dialog)
    dialog.table.copy_asked.emit()

    assert QGuiApplication.clipboard().text() == (
        f"Line\tWho\tState\tResult\n1\tada@example.org\tenrolled\t{enrolled('Ada Byron')}\n"
    )
    dialog.reject()


def test_a_reason_is_needed_before_anybody_is_enrolled(office, desk, basics):
    dialog = paste(office, basics, "ada@example.org")
    office.try_to_submit(dialog)

    assert dialog.reason._line.text() == "The reason cannot be empty."
    assert desk.seats(basics.course_id) == 0
    dialog.reject()


def test_prerequisites_are_passed_over_only_where_that_is_said(office, school, desk, basics):
    mastery = school.course("SQL Mastery")
    desk.write(prerequisites.set_prerequisites, mastery.course_id, [basics.course_id])
    dialog = paste(office, mastery, "ada@example.org")
    assert dialog.override.box.text() == "Also those who have not completed “SQL Basics”"
    dialog.reason.set_text("A gift")
    enrol(office, dialog)
    assert rows(dialog) == [
        (1, "not enrolled", "Ada Byron has to complete “SQL Basics” first."),
    ]
    dialog.reject()

    again = paste(office, mastery, "ada@example.org")
    again.override.box.setChecked(True)
    again.reason.set_text("A gift")
    enrol(office, again)
    assert rows(again)[0][1] == "enrolled"
    again.reject()


def test_stop_leaves_the_rest_out(office, desk, people, basics, monkeypatch):
    dialog = paste(office, basics, "ada@example.org\nbob@example.org\ncy@example.org")
    dialog.reason.set_text("A gift")
    one_line = enrolments._enrol_line

    def stop_after_the_first(*args):
        result = one_line(*args)
        dialog._stop.set()
        return result

    monkeypatch.setattr(enrolments, "_enrol_line", stop_after_the_first)
    enrol(office, dialog)

    assert [row[1:] for row in rows(dialog)] == [
        ("enrolled", enrolled("Ada Byron")),
        ("not enrolled", "Stopped before this line."),
        ("not enrolled", "Stopped before this line."),
    ]
    assert desk.enrolment(people[0], basics.course_id).status == EnrolmentStatus.ACTIVE
    assert desk.seats(basics.course_id) == 1
    dialog.reject()


def test_esc_while_it_runs_stops_it_and_does_not_close(office, basics, monkeypatch):
    dialog = paste(office, basics, "ada@example.org\nbob@example.org")
    monkeypatch.setattr(type(dialog), "is_busy", property(lambda self: True))

    dialog.reject()

    assert dialog.isVisible()
    assert dialog._stop.is_set()
    assert dialog.consequence.text() == "Stopping after this line…"
    monkeypatch.undo()
    dialog.reject()


def test_a_lost_database_is_said_in_each_line(office, desk, basics, monkeypatch):
    dialog = paste(office, basics, "ada@example.org\nbob@example.org")
    dialog.reason.set_text("A gift")
    office.lose_database(monkeypatch)
    enrol(office, dialog)
    monkeypatch.undo()

    assert [row[2] for row in rows(dialog)] == [
        "school.db cannot be reached. Nothing was changed.",
        "Left out, because the database could not be reached any more.",
    ]
    assert desk.seats(basics.course_id) == 0
    dialog.reject()


def test_ten_thousand_lines_are_too_many_at_once(office, basics):
    dialog = paste(office, basics, "\n".join(f"s{n}@example.org" for n in range(10_000)))

    assert dialog.pasted._line.text() == ("These are 10,000 lines; at most 2,000 go at once.")
    assert not dialog.primary_button.isEnabled()
    dialog.reject()
