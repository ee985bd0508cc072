"""What the side panel tells of a student: each course in turn, and what to do next."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.services import archiving, enrolments
from learnhub_desktop.ui.dialogs.access import ExtendAccessDialog
from learnhub_desktop.ui.dialogs.enrol import EnrolDialog
from tests.ui.back_office import facts, panel_text
from tests.ui.student_office import ada, basics, cards, make_students, names, school

__all__ = ["ada", "basics", "make_students", "school"]
CTRL = Qt.KeyboardModifier.ControlModifier


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
    assert list(office.offered().items()) == [
        *(("student_edit", ""), ("student_balance", "")),
        *(("student_payments", ""), ("student_enrol", "")),
    ]


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
