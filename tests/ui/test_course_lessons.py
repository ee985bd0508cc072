"""Lessons, quizzes, tags and prerequisites, changed from the panel beside the catalog."""

from __future__ import annotations

from PySide6.QtCore import Qt

from learnhub_desktop.services import (
    catalog,
    lessons,
    prerequisites,
)
from learnhub_desktop.ui.dialogs.lesson import (
    EditLessonDialog,
    NewLessonDialog,
    RemoveLessonDialog,
    ReopenDialog,
)
from learnhub_desktop.ui.dialogs.prerequisites import PrerequisitesDialog
from learnhub_desktop.ui.dialogs.quiz import QuizDialog, RemoveQuizDialog
from learnhub_desktop.ui.dialogs.tags import TagsDialog
from tests.services.conftest import desk
from tests.ui.back_office import pick
from tests.ui.catalog_office import basics, choose_part, make_catalog, mastery, parts
from tests.ui.student_office import ada, school

__all__ = ["ada", "basics", "desk", "make_catalog", "mastery", "school"]
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
ALT = Qt.KeyboardModifier.AltModifier


# Lessons and quizzes


def test_a_lesson_moves_by_key_and_by_button_and_stays_selected(make_catalog, desk, basics):
    office = make_catalog()
    office.choose(basics.course_id)
    choose_part(office, 0)

    office.press(Qt.Key.Key_Down, ALT)
    office.bot.waitUntil(lambda: parts(office)[0] == "Lesson 1: Lesson 2")
    office.wait()
    assert office.page.tabs.lessons.lessons.part().title == "Lesson 1"
    up = office.page.tabs.lessons.buttons["lesson_up"]
    office.bot.mouseClick(up, Qt.MouseButton.LeftButton)
    office.bot.waitUntil(lambda: parts(office)[0] == "Lesson 1: Lesson 1")
    office.wait()

    office.press(Qt.Key.Key_Up, ALT)
    assert office.said == "Move lesson up is not possible: it is the first one already."
    titles_now = [each.title for each in desk.read(catalog.get_course, basics.course_id).lessons]
    assert titles_now == ["Lesson 1", "Lesson 2", "Lesson 3", "Lesson 4"]


def test_a_new_lesson_follows_the_selected_one_and_is_selected(make_catalog, basics):
    office = make_catalog()
    office.choose(basics.course_id)
    choose_part(office, 0)

    office.press(Qt.Key.Key_L, CTRL)
    dialog = office.dialog(NewLessonDialog)
    assert dialog.position.line.text() == "2"
    dialog.title.set_text("Joins")
    office.submit(dialog)

    assert parts(office)[1] == "Lesson 2: Joins"
    assert office.page.tabs.lessons.lessons.part().title == "Joins"


def test_a_new_lesson_for_those_who_completed_the_course(make_catalog, school, desk, ada, basics):
    school.enrol(ada, basics, done=4)
    office = make_catalog()
    office.choose(basics.course_id)
    office.page.trigger("lesson_new")
    dialog = office.dialog(NewLessonDialog)
    dialog.title.set_text("Joins")
    office.submit(dialog)
    assert office.said == (
        "Added “Joins” to “SQL Basics” as lesson 5. "
        "1 student who completed the course stays completed."
    )

    office.page.trigger("course_reopen")
    office.submit(office.dialog(ReopenDialog))
    assert office.said == ("Reopened “SQL Basics”. 1 student who had completed it can go on now.")


def test_a_lesson_is_changed_with_enter(make_catalog, desk, basics):
    office = make_catalog()
    office.choose(basics.course_id)
    choose_part(office, 1)

    office.bot.keyClick(office.page.tabs.lessons.lessons, Qt.Key.Key_Return)
    dialog = office.dialog(EditLessonDialog)
    dialog.title.set_text("Joins & Unions")
    dialog.minutes.set_text("25")
    office.submit(dialog)

    assert parts(office)[1] == "Lesson 2: Joins & Unions"
    assert desk.read(catalog.get_course, basics.course_id).lessons[1].duration_minutes == 25


def test_removing_a_lesson_says_what_students_lose(make_catalog, school, ada, basics):
    school.enrol(ada, basics, done=1)
    office = make_catalog()
    office.choose(basics.course_id)
    choose_part(office, 0)

    office.press(Qt.Key.Key_Delete, CTRL)
    dialog = office.dialog(RemoveLessonDialog)
    assert dialog.consequence.text() == (
        "The lesson goes for good, and everybody’s progress is counted anew. "
        "1 student has done it, which is forgotten."
    )
    office.submit(dialog)

    assert parts(office)[0] == "Lesson 1: Lesson 2"


def test_a_quiz_is_added_changed_moved_and_removed(make_catalog, basics):
    office = make_catalog()
    office.choose(basics.course_id)
    choose_part(office, 0)
    office.press(Qt.Key.Key_N, CTRL, SHIFT)
    dialog = office.dialog(QuizDialog)
    dialog.title.set_text("Warm-up")
    office.submit(dialog)
    assert parts(office)[1] == "Quiz: Warm-up"

    choose_part(office, 1)
    office.press(Qt.Key.Key_F4)
    dialog = office.dialog(QuizDialog)
    dialog.score.set_text("70")
    dialog.lesson.choose(basics.lessons[1])
    office.submit(dialog)
    assert parts(office)[2] == "Quiz: Warm-up"
    assert office.page.tabs.lessons.lessons.part().passing_score == 70

    office.press(Qt.Key.Key_Delete, CTRL)
    office.submit(office.dialog(RemoveQuizDialog))
    assert "Quiz: Warm-up" not in parts(office)


def test_a_lesson_removed_elsewhere_is_said_to_be_gone(make_catalog, desk, basics):
    office = make_catalog()
    office.choose(basics.course_id)
    choose_part(office, 0)
    desk.write(lessons.remove_lesson, basics.lessons[0])

    office.press(Qt.Key.Key_F4)
    office.bot.waitUntil(lambda: office.said != "")

    assert office.said == "This lesson is gone. Look at the course again."


# Tags and prerequisites


def test_tags_are_added_with_enter_and_taken_off_with_backspace(make_catalog, desk, basics):
    office = make_catalog()
    office.choose(basics.course_id)
    office.press(Qt.Key.Key_G, CTRL)
    dialog = office.dialog(TagsDialog)
    line = dialog.tags.line

    office.bot.keyClicks(line, "databases")
    office.bot.keyClick(line, Qt.Key.Key_Return)
    assert dialog.isVisible()
    office.bot.keyClicks(line, "a, b,")
    assert dialog.tags.value() == ("sql", "databases", "a", "b")
    office.bot.keyClick(line, Qt.Key.Key_Backspace)
    office.bot.keyClick(line, Qt.Key.Key_Return)
    office.bot.waitUntil(lambda: office.dialogs() == [])
    office.wait()

    assert office.said == "“SQL Basics” is tagged sql, databases, a."
    assert sorted(desk.read(catalog.get_course, basics.course_id).tags) == ["a", "databases", "sql"]


def test_a_cycle_of_prerequisites_is_named_and_nothing_saved(make_catalog, desk, basics, mastery):
    desk.write(prerequisites.set_prerequisites, mastery.course_id, [basics.course_id])
    office = make_catalog()
    office.choose(basics.course_id)
    office.press(Qt.Key.Key_G, CTRL, SHIFT)
    dialog = office.dialog(PrerequisitesDialog)

    pick(office, dialog.course, "mast")
    assert dialog.needed == {mastery.course_id: "SQL Mastery"}
    office.try_to_submit(dialog)
    assert dialog.error_text() == (
        "These courses would wait for each other: SQL Basics → SQL Mastery → SQL Basics."
    )

    office.bot.mouseClick(dialog.rows.crosses[mastery.course_id], Qt.MouseButton.LeftButton)
    assert dialog.needed == {}
    assert dialog.error_text() == ""
    dialog.reject()
