"""The students tab: who is found, what is told of them, and what their courses offer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QCheckBox

from learnhub_desktop.domain.actors import Role
from learnhub_desktop.domain.states import PaymentMethod, UserType
from learnhub_desktop.domain.students import DeletionReason
from learnhub_desktop.services import accounts, archiving, enrolments
from learnhub_desktop.ui.dialogs.access import ExtendAccessDialog
from learnhub_desktop.ui.dialogs.enrol import EnrolDialog
from learnhub_desktop.ui.dialogs.person import NewPersonDialog
from learnhub_desktop.ui.lists import ListState
from learnhub_desktop.ui.pages.course_students import CourseStudentsPage
from learnhub_desktop.ui.pages.students import StudentsPage
from learnhub_desktop.ui.shortcuts import check_keys
from tests.ui.back_office import facts, panel_text
from tests.ui.student_office import cards, make_students, names, school

__all__ = ["make_students", "school"]
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def ada(school):
    return school.person("Ada Byron", country="GB")


@pytest.fixture
def basics(school):
    return school.course("Python Basics", quiz=True)


def delete(desk, user_id):
    person = desk.read(accounts.preview_deletion, user_id).person
    desk.write(
        accounts.delete_account,
        user_id,
        reason=DeletionReason.REQUESTED,
        row_version=person.row_version,
    )


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


def test_deleted_accounts_are_hidden_by_a_filter_that_can_be_seen(school, ada, desk, make_students):
    gone = school.person("Bob Stone")
    delete(desk, gone)
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


# What is told of one


def test_the_panel_tells_who_it_is_and_each_course_in_turn(school, ada, basics, make_students):
    school.enrol(ada, basics, done=1)
    school.enrol(ada, school.course("SQL", access_months=None))
    office = make_students()
    office.choose(ada)

    panel = office.page.side.panel
    assert panel.title == "Ada Byron"
    assert panel.subtitle == f"ada@example.org\nNo. {ada} · United Kingdom · since today"
    assert panel.sentence == "2 courses: 2 open."
    assert facts(office.page)["Balance"] == "0.00 USD"
    shown = cards(office)
    assert list(shown) == ["SQL", "Python Basics"]
    assert shown["Python Basics"].badge.text() == "under way"
    assert shown["Python Basics"].progress.text() == "1 of 4 lessons · 25 %"
    assert shown["Python Basics"].access.text() == "Open until 10 March 2027."
    assert shown["SQL"].access.text() == "Open for life."
    assert shown["SQL"].badge.text() == "not started"


def test_a_student_without_a_course_is_told_so(ada, make_students):
    office = make_students()
    office.choose(ada)

    assert panel_text(office.page) == "Not enrolled in any course yet."
    assert office.page.courses.cards == []
    assert office.page.courses._nothing.text() == "Not enrolled in any course yet."
    assert office.offered() == {"student_edit": "", "student_payments": "", "student_enrol": ""}


def test_the_chosen_course_tells_everything_and_the_others_stay_short(
    school, ada, basics, make_students
):
    school.enrol(ada, basics)
    school.enrol(ada, school.course("SQL"))
    office = make_students()
    office.choose(ada)
    shown = cards(office)

    assert office.page.courses.current().title == "SQL"
    assert [card.details.isVisible() for card in shown.values()] == [True, False]
    office.bot.keyClick(office.page.table, Qt.Key.Key_Return)
    assert shown["SQL"].hasFocus()
    office.bot.keyClick(shown["SQL"], Qt.Key.Key_Down)
    assert office.page.courses.current().title == "Python Basics"
    assert [card.details.isVisible() for card in shown.values()] == [False, True]


def test_showing_courses_takes_the_keyboard_from_nobody(school, ada, basics, make_students):
    school.enrol(ada, basics)
    office = make_students()
    office.page.table.setFocus()
    office.choose(ada)

    shown = [widget for widget in QApplication.topLevelWidgets() if widget.isVisible()]
    assert shown == [office.window]
    assert office.page.table.hasFocus()


def test_access_that_ended_offers_the_next_step(school, ada, basics, desk, make_students):
    school.enrol(ada, basics)
    desk.pass_time(days=400)
    office = make_students()
    office.choose(ada)
    card = cards(office)["Python Basics"]

    assert card.access.text() == "Not open: access ended on 10 March 2027."
    assert [step.text() for step in card.step_buttons] == ["Extend…", "Enrol…"]
    office.bot.mouseClick(card.step_buttons[0], Qt.MouseButton.LeftButton)
    assert office.dialog(ExtendAccessDialog).windowTitle() == "Extend access"


def test_a_step_of_enrolling_names_student_and_course_already(
    school, ada, basics, desk, make_students
):
    enrolment_id = school.enrol(ada, basics)
    desk.write(enrolments.cancel_enrolment, enrolment_id, reason="A mistake")
    office = make_students()
    office.choose(ada)
    card = cards(office)["Python Basics"]

    office.bot.mouseClick(card.step_buttons[0], Qt.MouseButton.LeftButton)
    dialog = office.dialog(EnrolDialog)
    office.bot.waitUntil(lambda: not dialog._tasks.running(""))
    assert (dialog.student.value(), dialog.course.value()) == (ada, basics.course_id)


def test_a_payment_that_is_waited_for_is_one_press_away(school, ada, basics, desk, make_students):
    bought = desk.buy(ada, basics.course_id, method=PaymentMethod.BANK_TRANSFER, card=None)
    office = make_students()
    office.choose(ada)
    card = cards(office)["Python Basics"]

    assert card.access.text().startswith("Not open yet: 49.00 USD by bank transfer is awaited.")
    assert card.advice.text() == "Record the receipt when the transfer has come."
    (step,) = card.step_buttons
    assert step.text() == f"Show payment {bought.payment_id}"
    office.bot.mouseClick(step, Qt.MouseButton.LeftButton)
    office.wait()
    assert office.window.page.key == "payments"
    assert office.page.side.panel.title == f"Payment {bought.payment_id}"
    office.window.command("back")
    office.wait()
    assert office.page.side.panel.title == "Ada Byron"


def test_what_cannot_be_done_with_a_course_says_why_in_the_menu(
    school, ada, basics, desk, make_students
):
    school.enrol(ada, school.course("Empty", count=0, access_months=None))
    office = make_students()
    office.choose(ada)
    menu = cards(office)["Empty"].open_menu()

    assert {entry.text().split("\t")[0]: entry.isEnabled() for entry in menu.actions()} == {
        "Mark lessons done: The course has no lessons": False,
        "Extend access: The student has access for life already": False,
        "Record quiz result: The course has no quiz": False,
        "Record time spent: The course has no lessons": False,
        "Record review…": True,
        "Cancel enrolment without refund…": True,
        "Show the course’s students": True,
    }
    menu.close()


def test_a_key_that_cannot_act_says_why(ada, make_students):
    office = make_students()
    office.press(Qt.Key.Key_D, CTRL)
    assert office.said == "Mark lessons done is not possible: Select one student first."
    office.choose(ada)
    office.press(Qt.Key.Key_D, CTRL)
    office.bot.waitUntil(lambda: "No course" in office.said)
    assert office.said == ("Mark lessons done is not possible: No course of a student is selected.")


def test_the_payments_of_the_student_are_one_key_away(school, ada, basics, desk, make_students):
    desk.buy(ada, basics.course_id)
    desk.buy(school.person("Bob Stone"), basics.course_id)
    office = make_students()
    office.choose(ada)
    office.press(Qt.Key.Key_P, CTRL)
    office.bot.waitUntil(lambda: office.window.page.key == "payments")
    office.wait()

    assert names(office) == ["Ada Byron"]


def test_the_course_of_the_card_leads_to_its_students(school, ada, basics, make_students):
    school.enrol(ada, basics)
    office = make_students()
    office.choose(ada)
    office.press(Qt.Key.Key_G, CTRL)
    office.bot.waitUntil(lambda: office.window.page.key == "course_students")
    office.wait()

    assert office.page.course_id == basics.course_id
    assert office.page.side.panel.title == "Ada Byron"
    assert office.window.rail.currentItem().text() == "Students"


def test_an_archived_course_keeps_its_students_and_says_so(
    school, ada, basics, desk, make_students
):
    school.enrol(ada, basics)
    desk.write(archiving.archive_course, basics.course_id, reason="Old")
    office = make_students()
    office.choose(ada)

    assert cards(office)["Python Basics"].access.text() == (
        "Open until 10 March 2027. "
        "The course is archived: students keep their access, nobody new can enrol."
    )


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
