"""One course's students: the counts above, who falls behind, and the way there and back."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from learnhub_desktop.services import archiving, enrolments
from learnhub_desktop.ui.dialogs.choose_course import ChooseCourseDialog
from learnhub_desktop.ui.lists import ListState
from learnhub_desktop.ui.pages.course_students import show_course
from tests.services.course_rows import make_progress
from tests.ui.student_office import basics, cards, make_students, names, school

__all__ = ["basics", "make_students", "school"]
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def full(school, basics):
    """Somebody of every standing, by first name."""
    people = {name: school.person(f"{name} Byron") for name in ("Ada", "Bob", "Cid", "Dee", "Eve")}
    school.enrol(people["Ada"], basics, done=2)
    school.enrol(people["Bob"], basics)
    school.enrol(people["Cid"], basics, done=4)
    ended = school.enrol(people["Dee"], basics)
    school.desk.write(enrolments.cancel_enrolment, ended, reason="A mistake")
    school.enrol(people["Eve"], basics, done=1)
    return people


@pytest.fixture
def opened(full, basics, make_students):
    office = make_students("course_students")
    show_course(office.window.go, basics.course_id)
    office.wait()
    counted(office)
    return office


def counted(office):
    office.bot.waitUntil(lambda: not office.page.tasks.is_running("count"))


def counts(office):
    return [button.text() for button in office.page.standings.buttons]


def test_without_a_course_the_page_asks_for_one(basics, make_students):
    office = make_students("course_students")
    page = office.page

    assert not page.card.shows_rows
    assert page.card.notice.sentence.text() == "Choose a course to see who is where in it."
    assert page.standings.isHidden() and page.chips.isHidden()
    assert not page.search.isEnabled()
    page.command("sort")
    assert office.said == "Choose a course first."
    page.reload()
    assert page.list.state is ListState.LOADING
    assert page.refusal("recount_course") == "Choose a course first."


def test_a_course_is_chosen_by_typing_a_part_of_its_title(
    school, basics, full, desk, make_students
):
    old = school.course("Old Latin")
    desk.write(archiving.archive_course, old.course_id, reason="Old")
    office = make_students("course_students")
    office.press(Qt.Key.Key_G, CTRL)
    dialog = office.dialog(ChooseCourseDialog)
    office.bot.waitUntil(lambda: dialog.course.results.count() == 2)
    found = [dialog.course.results.item(row).text() for row in range(2)]
    assert found == ["Python Basics   4 students", "Old Latin   0 students · archived"]

    office.bot.keyClicks(dialog.course.line, "pyth")
    office.bot.waitUntil(lambda: dialog.course.results.count() == 1)
    office.bot.keyClick(dialog.course.line, Qt.Key.Key_Return)
    office.bot.waitUntil(lambda: office.dialogs() == [])
    office.wait()

    assert office.page.course_id == basics.course_id
    assert names(office) == ["Bob Byron", "Eve Byron", "Ada Byron", "Cid Byron"]


def test_who_has_done_the_least_comes_first(opened):
    assert names(opened) == ["Bob Byron", "Eve Byron", "Ada Byron", "Cid Byron"]
    texts = [opened.page.model.line(number).texts for number in range(4)]
    assert [line[2:5] for line in texts] == [
        ("0 %", "0 / 4", "not started"),
        ("25 %", "1 / 4", "under way"),
        ("50 %", "2 / 4", "under way"),
        ("100 %", "4 / 4", "completed"),
    ]


def test_the_counts_say_who_is_where(opened):
    assert counts(opened) == [
        "In the course  4",
        "Not started  1",
        "Under way  2",
        "Finished  1",
        "Waiting for payment  0",
        "Ended  1",
    ]
    assert opened.page.standings.title.text() == "Python Basics"
    assert opened.page.standings.facts.text() == (
        "4 lessons · 44 % done on average · last activity Today 12:00"
    )
    assert opened.page.standings.buttons[0].isChecked()
    assert opened.page.chips.counted.text() == "4 of 5 students"


def test_a_count_filters_the_list(opened):
    for place, found in (
        (1, ["Bob Byron"]),
        (2, ["Eve Byron", "Ada Byron"]),
        (3, ["Cid Byron"]),
        (4, []),
        (5, ["Dee Byron"]),
    ):
        opened.bot.mouseClick(opened.page.standings.buttons[place], Qt.MouseButton.LeftButton)
        opened.wait()
        assert names(opened) == found
        assert [b.isChecked() for b in opened.page.standings.buttons].index(True) == place
    for _ in range(5):
        opened.window.command("back")
        opened.wait()
    assert len(names(opened)) == 4


def test_search_and_filters_stay_within_the_course(opened, school):
    other = school.course("SQL")
    school.enrol(school.person("Ada Stone", email="stone@example.org"), other)
    opened.page.search.setText("ada")
    opened.page.search.textEdited.emit("ada")
    opened.wait()
    assert names(opened) == ["Ada Byron"]

    opened.page.command("clear_filters")
    opened.wait()
    assert len(names(opened)) == 4
    query = opened.page.chips._query.with_filter("progress", "50", "")
    opened.page.chips.query_asked.emit(query)
    opened.wait()
    assert names(opened) == ["Ada Byron", "Cid Byron"]
    assert [chip.words.text() for chip in opened.page.chips.chips] == ["Progress: from 50 %"]


def test_the_panel_shows_this_course_first(opened, full, school, desk):
    sql = school.course("SQL")
    desk.pass_time(hours=1)
    school.enrol(full["Ada"], sql)
    opened.page.table.go_to(2)
    opened.wait()

    assert opened.page.side.panel.title == "Ada Byron"
    assert list(cards(opened)) == ["Python Basics", "SQL"]
    assert opened.page.courses.current().title == "Python Basics"


def test_somebody_of_another_standing_is_found_when_asked_for(opened, full, basics):
    ended = opened.desk.enrolment(full["Dee"], basics.course_id).enrollment_id
    show_course(opened.window.go, basics.course_id, enrolment_id=ended)
    opened.bot.waitUntil(lambda: opened.page.current() is not None)
    opened.wait()

    assert opened.page.current().student_name == "Dee Byron"
    assert not any(button.isChecked() for button in opened.page.standings.buttons)


def test_a_course_without_anybody_says_so_and_offers_another(school, make_students):
    empty = school.course("Empty")
    office = make_students("course_students")
    show_course(office.window.go, empty.course_id)
    office.wait()
    counted(office)

    assert office.page.card.notice.sentence.text() == "Nobody was ever enrolled in this course."
    assert office.page.standings.facts.text() == "4 lessons"
    office.bot.mouseClick(office.page.card.notice.action, Qt.MouseButton.LeftButton)
    office.dialog(ChooseCourseDialog).reject()


def test_progress_of_another_program_is_counted_again_on_request(opened, full, basics, desk):
    desk.make(make_progress, full["Bob"], basics.lessons[0])
    opened.reload()
    counted(opened)
    assert opened.page.standings.facts.text().endswith("· 1 to be counted again")

    opened.press(Qt.Key.Key_R, CTRL, SHIFT)
    opened.bot.waitUntil(lambda: "counted again for" in opened.said)
    opened.wait()
    counted(opened)
    assert opened.said == "The progress in “Python Basics” was counted again for 5 students."
    assert counts(opened)[1:3] == ["Not started  0", "Under way  3"]


def test_changes_of_other_desks_are_counted_at_once(opened, full, basics, desk):
    place = desk.enrolment(full["Ada"], basics.course_id).enrollment_id
    desk.write(enrolments.cancel_enrolment, place, reason="Asked for")
    opened.reload()
    counted(opened)

    assert counts(opened)[0] == "In the course  3"
    assert names(opened) == ["Bob Byron", "Eve Byron", "Cid Byron"]


def test_the_rail_leads_back_to_all_students(opened):
    rail = opened.window.rail
    assert rail.keys() == ["students", "payments"]
    opened.bot.mouseClick(
        rail.viewport(), Qt.MouseButton.LeftButton, pos=rail.visualItemRect(rail.item(0)).center()
    )
    opened.wait()
    assert opened.window.page.key == "students"
    opened.window.command("back")
    opened.wait()
    assert opened.window.page.key == "course_students"
    assert len(names(opened)) == 4


def test_back_before_a_course_was_chosen_asks_again(full, basics, make_students):
    office = make_students("course_students")
    show_course(office.window.go, basics.course_id)
    office.wait()
    office.window.command("back")

    assert office.page.course_id is None
    assert not office.page.card.shows_rows
    assert not office.page.search.isEnabled()


def test_a_gone_student_is_told_of(opened, basics):
    show_course(opened.window.go, basics.course_id, enrolment_id=9_999)
    opened.bot.waitUntil(lambda: opened.said == "That student is not in this list any more.")


def test_a_course_that_is_gone_is_told_of(full, make_students):
    office = make_students("course_students")
    show_course(office.window.go, 9_999)
    office.wait()
    counted(office)

    assert office.said == "There is no course with the number 9999."


def test_every_action_is_bound(make_students):
    assert make_students("course_students").page.unbound() == []
