"""The students tab: who is found, what is told of them, and what their courses offer."""

from __future__ import annotations

from datetime import timedelta

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox

from learnhub_desktop.domain.actors import Role
from learnhub_desktop.domain.states import UserType
from learnhub_desktop.services import enrolments
from learnhub_desktop.ui.dialogs.person import NewPersonDialog
from learnhub_desktop.ui.lists import ListState
from learnhub_desktop.ui.pages.course_students import CourseStudentsPage
from learnhub_desktop.ui.pages.students import StudentsPage
from learnhub_desktop.ui.shortcuts import check_keys
from tests.ui.back_office import facts, panel_text
from tests.ui.student_office import ada, basics, cards, make_students, names, school

__all__ = ["ada", "basics", "make_students", "school"]
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


# Who is in the list


def test_an_empty_school_says_what_to_do_and_does_it(make_students):
    office = make_students()
    card = office.page.card

    assert office.page.list.state is ListState.NO_MATCH or not card.shows_rows
    office.page.command("clear_filters")
    office.wait()
    assert card.notice.sentence.text() == ("No students yet. Add the first one, or import a list.")
    office.bot.mouseClick(card.notice.action, Qt.MouseButton.LeftButton)
    assert office.dialog(NewPersonDialog).windowTitle() == "New student"


def test_every_student_is_listed_also_those_without_a_course(school, ada, basics, make_students):
    school.person("Bob Stone")
    school.enrol(ada, basics, done=1)
    office = make_students()

    assert names(office) == ["Ada Byron", "Bob Stone"]
    texts = [office.page.model.line(number).texts for number in range(2)]
    assert texts[0][:5] == ("Ada Byron", "ada@example.org", "0 of 1 done", "25 %", "Today 12:00")
    assert texts[1][:5] == ("Bob Stone", "bob@example.org", "none", "–", "–")
    assert office.page.chips.counted.text() == "2 accounts"


def test_deleted_accounts_are_hidden_by_a_filter_that_can_be_seen(school, ada, make_students):
    gone = school.person("Bob Stone")
    school.delete(gone)
    office = make_students()

    assert names(office) == ["Ada Byron"]
    (chip,) = office.page.chips.chips
    assert chip.words.text() == "Deleted accounts: hidden"
    chip.removed.emit()
    office.wait()
    assert names(office) == ["Ada Byron", f"Deleted student {gone}"]
    office.choose(gone)
    assert office.page.side.panel.state == "deleted"
    assert panel_text(office.page) == (
        "This account was deleted (Today 12:00). Its payments and enrolments stay."
    )
    assert list(office.offered()) == ["student_payments"]


def test_a_filter_of_the_account_type_reaches_the_instructors(basics, ada, make_students):
    office = make_students()
    query = office.page.list.query
    office.page.chips.query_asked.emit(query.with_filter("type", "instructor"))
    office.wait()

    assert names(office) == ["Tea Tutor"]
    office.page.table.go_to(0)
    office.wait()
    panel = office.page.side.panel
    assert (panel.state, panel.sentence) == ("instructor", "Teaches 1 course.")
    assert [(event.when, event.text) for event in panel.events] == [
        ("active", "Python Basics · 0 students")
    ]
    assert office.page.courses.parentWidget().isHidden()
    office.page.chips.query_asked.emit(office.page.list.query.with_filter("type"))
    office.wait()
    assert names(office) == ["Ada Byron"]


def test_another_page_can_send_one_to_any_account(basics, ada, school, make_students):
    office = make_students()
    office.window.go("students", select=school.teacher_id)
    office.bot.waitUntil(lambda: office.page.current() is not None)
    office.wait()
    assert office.page.side.panel.title == "Tea Tutor"

    office.window.go("students", select=ada)
    office.bot.waitUntil(
        lambda: office.page.current() is not None and office.page.current().user_id == ada
    )
    office.window.go("students", select=9_999)
    office.bot.waitUntil(lambda: office.said == "That account is not there any more.")


def test_filters_narrow_the_list(school, ada, basics, make_students):
    school.enrol(ada, basics, done=4)
    school.enrol(school.person("Bob Stone"), basics)
    school.person("Cy Young")
    office = make_students()
    query = office.page.list.query
    for name, values, found in (
        ("enrolments", ("without",), ["Cy Young"]),
        ("standing", ("not_started",), ["Bob Stone"]),
        ("standing", ("finished",), ["Ada Byron"]),
        ("standing", ("in_progress",), []),
        ("country", ("GB",), ["Ada Byron"]),
        ("access", ("open",), ["Ada Byron", "Bob Stone"]),
        ("created", ("2026-03-10", ""), ["Ada Byron", "Bob Stone", "Cy Young"]),
    ):
        office.page.chips.query_asked.emit(query.with_filter(name, *values))
        office.wait()
        assert names(office) == found, name


def test_countries_are_those_that_there_are_by_their_names(school, ada, make_students):
    school.person("Bob Stone", country="DE")
    school.person("Cy Young")
    office = make_students()
    office.bot.waitUntil(lambda: not office.page.tasks.is_running("countries"))
    popup = office.page.chips.open_editor("country", office.page.chips.add_button)
    boxes = popup.findChildren(QCheckBox)
    assert [box.text() for box in boxes] == ["Germany", "United Kingdom"]

    boxes[1].setChecked(True)
    popup.close()
    office.wait()
    assert names(office) == ["Ada Byron"]
    assert office.page.chips.chips[1].words.text() == "Country: United Kingdom"


def test_a_student_is_found_by_name_address_or_number(school, ada, make_students):
    school.person("Bob Stone")
    office = make_students()
    for typed in ("byron", "ADA@example.org", f"#{ada}", "country:GB"):
        office.page.search.setText(typed)
        office.page.search.textEdited.emit(typed)
        office.wait()
        assert names(office) == ["Ada Byron"], typed


# What accounts may see and do


def test_an_instructor_sees_progress_and_marks_it_but_changes_nobody(
    school, ada, basics, make_students
):
    school.enrol(ada, basics, done=2)
    office = make_students(role=Role.INSTRUCTOR)
    page = office.page
    for name in ("student_new", "student_edit", "student_delete", "student_extend"):
        assert not page.may(name)
    assert page.may("student_lessons")
    assert page.may("student_quiz")


def test_finance_sees_the_balance_and_marks_no_lessons(ada, make_students):
    office = make_students(role=Role.FINANCE)
    office.choose(ada)
    assert facts(office.page)["Balance"] == "0.00 USD"
    assert not office.page.may("student_lessons")
    assert office.page.side.offer_button("student_edit") is None
    assert office.page.side.offer_button("student_payments") is not None


# Changes of others, and a lost server


def test_what_another_desk_does_appears_and_the_place_stays(
    school, ada, basics, desk, make_students
):
    school.person("Bob Stone")
    enrolled = school.enrol(ada, basics)
    school.enrol(ada, school.course("SQL"))
    office = make_students()
    office.choose(ada)
    cards(office)["Python Basics"].setFocus()

    desk.write(enrolments.cancel_enrolment, enrolled, reason="Asked for")
    office.reload()
    office.bot.waitUntil(lambda: cards(office)["Python Basics"].badge.text() == "cancelled")
    assert office.page.current().user_id == ada
    assert office.page.courses.current().title == "Python Basics"
    assert cards(office)["Python Basics"].hasFocus()


def test_a_lost_server_is_told_once_and_the_rows_stay(school, ada, make_students, monkeypatch):
    school.person("Bob Stone")
    office = make_students()
    office.lose_database(monkeypatch)
    office.page.table.go_to(0)
    office.bot.waitUntil(lambda: office.said != "")

    assert office.said == "school.db cannot be reached. Nothing was changed."
    assert names(office) == ["Ada Byron", "Bob Stone"]
    monkeypatch.undo()
    office.window.messages.messages[-1].retry()
    office.bot.waitUntil(lambda: office.page.side.panel.offers != ())


def test_rows_are_copied_as_a_table(school, ada, basics, make_students):
    school.enrol(ada, basics, done=2)
    office = make_students()
    office.choose(ada)
    office.page.command("copy")
    office.bot.waitUntil(lambda: office.said == "Copied 1 row.")

    assert QGuiApplication.clipboard().text().splitlines() == [
        "Name\tE-mail\tCourses\tProgress\tLast activity",
        "Ada Byron\tada@example.org\t1\t50.00\t2026-03-10 12:00:00",
    ]


def test_several_students_are_counted(school, ada, basics, make_students):
    school.enrol(ada, basics)
    school.person("Bob Stone")
    office = make_students()
    office.page.table.select_numbers([0, 1], 1)
    office.bot.waitUntil(lambda: "2 selected" in office.window.messages.selection.text())

    assert office.window.messages.selection.text() == "2 selected · 1 enrolment"
    assert office.page.refusal("student_edit") == "Select one student first."


def test_every_action_is_bound_and_has_a_key_of_its_own(make_students):
    office = make_students()
    assert office.page.unbound() == []
    check_keys([*StudentsPage.action_table, *CourseStudentsPage.action_table])


def test_a_day_is_said_anew_after_midnight(school, ada, desk, make_students):
    office = make_students()
    office.choose(ada)
    desk.clock.now += timedelta(days=1)
    office.page.refresh_panel()
    office.bot.waitUntil(lambda: "since Tue" in office.page.side.panel.subtitle)


def test_the_type_filter_offers_every_account_type():
    (kind,) = [each for each in StudentsPage.filters if each.name == "type"]
    assert [value for value, _words in kind.choices] == list(UserType)
