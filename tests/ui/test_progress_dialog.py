"""Lessons marked done and taken back, and time spent, from the space bar to the row."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from learnhub_desktop.db import tables as t
from learnhub_desktop.services import lessons
from learnhub_desktop.ui.dialogs.progress import MarkLessonsDialog, MinutesDialog
from tests.ui.student_office import ada, basics, cards, make_students, school

__all__ = ["ada", "basics", "make_students", "school"]
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def open_dialog(school, ada, basics, make_students):
    def open_it(done=1):
        school.enrol(ada, basics, done=done)
        office = make_students()
        office.choose(ada)
        office.press(Qt.Key.Key_D, CTRL)
        return office, office.dialog(MarkLessonsDialog)

    return open_it


def check(dialog, *rows, done=True):
    state = Qt.CheckState.Checked if done else Qt.CheckState.Unchecked
    for row in rows:
        dialog.lessons.list.item(row).setCheckState(state)


def test_the_list_begins_where_the_student_goes_on(open_dialog):
    office, dialog = open_dialog(done=2)
    shown = dialog.lessons.list

    assert [shown.item(row).text() for row in range(4)] == [
        "1.  Lesson 1   (done Today 12:00)",
        "2.  Lesson 2   (done Today 12:00)",
        "3.  Lesson 3",
        "4.  Lesson 4",
    ]
    assert shown.currentRow() == 2
    assert not dialog.primary_button.isEnabled()
    assert dialog.consequence.text() == "2 of 4 lessons done: 50 %."


def test_space_marks_a_lesson_and_enter_keeps_it_and_undo_takes_it_back(
    open_dialog, desk, ada, basics
):
    office, dialog = open_dialog()
    office.bot.keyClick(dialog.lessons.list, Qt.Key.Key_Space)
    assert dialog.primary_button.text() == "Mark 1 lesson done"
    assert dialog.consequence.text() == "2 of 4 lessons done: 50 %."
    office.bot.keyClick(dialog.lessons.list, Qt.Key.Key_Return)
    office.bot.waitUntil(lambda: office.dialogs() == [])
    office.wait()

    assert office.said == (
        "“Lesson 2” is marked done for Ada Byron: 2 of 4 lessons of “Python Basics” (50 %)."
    )
    assert cards(office)["Python Basics"].progress.text() == "2 of 4 lessons · 50 %"
    office.press(Qt.Key.Key_Z, CTRL)
    office.bot.waitUntil(lambda: desk.enrolment(ada, basics.course_id).progress_percentage == 25)
    office.wait()


def test_all_lessons_complete_the_course_and_the_dialog_says_so_first(
    open_dialog, desk, ada, basics
):
    office, dialog = open_dialog()
    office.bot.mouseClick(dialog.lessons.all_button, Qt.MouseButton.LeftButton)
    assert dialog.consequence.text() == ("4 of 4 lessons done: 100 %. That completes the course.")
    assert dialog.primary_button.text() == "Mark 3 lessons done"
    office.submit(dialog)

    assert desk.enrolment(ada, basics.course_id).status == "completed"
    assert cards(office)["Python Basics"].badge.text() == "completed"


def test_a_lesson_taken_back_opens_a_completed_course_again(open_dialog, desk, ada, basics):
    office, dialog = open_dialog(done=4)
    check(dialog, 0, done=False)
    assert dialog.primary_button.text() == "Take 1 lesson back"
    assert dialog.consequence.text() == (
        "3 of 4 lessons done: 75 %. The course is then open again, no longer completed."
    )
    office.submit(dialog)

    assert desk.enrolment(ada, basics.course_id).status == "active"
    assert office.said.endswith("The course was completed and is open again.")


def test_both_ways_at_once_are_one_change(open_dialog, desk, ada, basics):
    office, dialog = open_dialog()
    check(dialog, 0, done=False)
    check(dialog, 1, 2)
    assert dialog.primary_button.text() == "Mark 2 done, take 1 back"
    office.submit(dialog)

    assert office.said == (
        "2 lessons are marked done, and “Lesson 1” is no longer marked done for Ada Byron: "
        "2 of 4 lessons of “Python Basics” (50 %)."
    )
    assert desk.enrolment(ada, basics.course_id).progress_percentage == 50


def test_none_leaves_nothing_done(open_dialog, desk, ada, basics):
    office, dialog = open_dialog(done=2)
    office.bot.mouseClick(dialog.lessons.none_button, Qt.MouseButton.LeftButton)
    assert dialog.consequence.text() == "0 of 4 lessons done: 0 %."
    check(dialog, 0, 1)
    assert not dialog.primary_button.isEnabled()
    dialog.reject()


def test_a_lesson_that_was_removed_meanwhile_is_refused_in_words(open_dialog, desk, basics):
    office, dialog = open_dialog()
    desk.write(lessons.remove_lesson, basics.lessons[3])
    check(dialog, 3)
    office.try_to_submit(dialog)

    assert dialog.error_text() == (
        "The lesson is not part of “Python Basics” any more. Reload and try again."
    )
    dialog.reject()


def test_lessons_of_an_unpaid_course_are_not_marked(school, ada, basics, desk, make_students):
    desk.buy(ada, basics.course_id, method="bank_transfer", card=None)
    office = make_students()
    office.choose(ada)
    office.press(Qt.Key.Key_D, CTRL)

    assert office.said == (
        "Mark lessons done is not possible: Ada Byron has not paid for “Python Basics” yet, "
        "so no lesson can be marked."
    )
    assert office.dialogs() == []


def test_a_second_press_opens_no_second_dialog(open_dialog):
    office, dialog = open_dialog()
    office.page.trigger("student_lessons")
    office.bot.wait(50)
    assert office.dialogs() == [dialog]
    dialog.reject()


def test_time_spent_takes_the_place_of_what_was_known(school, ada, basics, desk, make_students):
    school.enrol(ada, basics)
    office = make_students()
    office.choose(ada)
    office.press(Qt.Key.Key_T, CTRL)
    dialog = office.dialog(MinutesDialog)
    assert dialog.consequence.text() == ("So far 0 minutes; the number entered takes its place.")
    dialog.minutes.set_text("75")
    office.submit(dialog)

    assert office.said == "Ada Byron has spent 75 minutes on “Lesson 1”."
    assert desk.row(t.lesson_progress).time_spent_minutes == 75


def test_minutes_that_make_no_sense_are_said_at_the_field(school, ada, basics, desk, make_students):
    school.enrol(ada, basics)
    office = make_students()
    office.choose(ada)
    office.press(Qt.Key.Key_T, CTRL)
    dialog = office.dialog(MinutesDialog)
    for typed in ("-1", "x", "", "1.5", "9" * 10_000):
        dialog.minutes.set_text(typed)
        office.try_to_submit(dialog)
        assert dialog.minutes._line.text().startswith("Minutes in all must be")
    assert desk.rows(t.lesson_progress) == []
