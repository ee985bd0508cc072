"""The catalog tab: what is listed, what is told of a course, and what can be done with it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from learnhub_desktop.domain.actors import Role
from learnhub_desktop.domain.states import CourseStatus
from learnhub_desktop.services import (
    catalog,
    prerequisites,
    reviews,
)
from learnhub_desktop.ui.dialogs.course import CourseDialog
from learnhub_desktop.ui.lists import ListState
from learnhub_desktop.ui.pages.catalog import CatalogPage
from learnhub_desktop.ui.shortcuts import check_keys
from tests.services.conftest import desk
from tests.ui.back_office import facts, panel_text
from tests.ui.catalog_office import (
    basics,
    change_course,
    make_catalog,
    mastery,
    parts,
    start_sale,
    titles,
)
from tests.ui.student_office import ada, school

__all__ = ["ada", "basics", "desk", "make_catalog", "mastery", "school"]


# What is listed


def test_an_empty_school_says_what_to_do_and_does_it(make_catalog):
    office = make_catalog()

    assert office.page.list.state is ListState.EMPTY
    assert office.page.card.notice.sentence.text() == (
        "No courses yet. Make the first one, or import a file of courses."
    )
    office.bot.mouseClick(office.page.card.notice.action, Qt.MouseButton.LeftButton)
    assert office.dialog(CourseDialog).windowTitle() == "New course"


def test_courses_are_listed_with_all_that_decides(make_catalog, school, desk, ada, basics):
    school.enrol(ada, basics)
    desk.write(reviews.record_review, ada, basics.course_id, rating=4)
    office = make_catalog()

    assert office.page.model.line(0).texts[:7] == (
        *("SQL Basics", "Tea Tutor", "49.00", "all levels", "active", "1 / 3", "4.0 ★"),
    )
    assert office.page.chips.counted.text() == "1 course"


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("mast", ["SQL Mastery"]),
        ("tea", ["Python", "SQL Basics", "SQL Mastery"]),
        ("price<20", ["Python"]),
        ("tag:sql", ["SQL Basics"]),
        ("status:draft", ["Python"]),
    ],
)
def test_the_search_box_understands_words_and_fields(
    make_catalog, school, desk, basics, mastery, typed, found
):
    cheap = school.course("Python")
    change_course(desk, cheap.course_id, price=Decimal("15.00"))
    desk.write(catalog.set_status, cheap.course_id, CourseStatus.DRAFT)
    office = make_catalog()

    office.bot.keyClicks(office.page.search, typed)
    office.wait()

    assert titles(office) == found


def test_filters_are_chips_and_the_schools_own_choices_are_offered(
    make_catalog, school, basics, mastery
):
    office = make_catalog()
    chips = office.page.chips

    popup = chips.open_editor("tag", chips.add_button)
    popup.chosen.emit("tag", ("sql",))
    popup.close()
    office.wait()
    assert titles(office) == ["SQL Basics"]
    assert [chip.words.text() for chip in chips.chips] == ["Tag: sql"]
    assert chips.counted.text() == "1 of 2 courses"

    chips.query_asked.emit(
        office.page.list.query.with_filter("tag").with_filter("instructor", str(school.teacher_id))
    )
    office.wait()
    assert [chip.words.text() for chip in chips.chips] == ["Instructor: Tea Tutor"]
    assert titles(office) == ["SQL Basics", "SQL Mastery"]


def test_seats_can_be_asked_for(make_catalog, school, ada, basics, mastery):
    office = make_catalog()
    page = office.page

    for value, found in (("free", ["SQL Basics"]), ("unlimited", ["SQL Mastery"]), ("full", [])):
        page.chips.query_asked.emit(page.list.query.with_filter("seats", value))
        office.wait()
        assert titles(office) == found
    assert page.card.notice.sentence.text() == "No course matches this search."


# What is told


def test_the_panel_tells_price_state_rating_and_seats(make_catalog, school, desk, ada, basics):
    school.enrol(ada, basics)
    desk.write(reviews.record_review, ada, basics.course_id, rating=4)
    office = make_catalog()
    office.choose(basics.course_id)
    side, page = office.page.side, office.page

    assert side.title.text() == "SQL Basics"
    assert side.subtitle.text() == "Tea Tutor · all levels"
    assert side.amount.text() == "49.00 USD"
    assert side.state.text() == "active"
    assert panel_text(page) == "Open: students can enrol."
    assert facts(page) == {"Rating": "4.0 ★ from 1 review", "Access": "12 months"}
    assert page.seats.words.text() == "1 of 3 seats taken"
    assert page.seats.free.text() == "2 seats free"


def test_lessons_stand_in_order_with_their_quizzes(make_catalog, basics):
    office = make_catalog()
    office.choose(basics.course_id)

    assert parts(office) == [
        *("Lesson 1: Lesson 1", "Lesson 2: Lesson 2", "Lesson 3: Lesson 3"),
        *("Lesson 4: Lesson 4", "Quiz: The quiz"),
    ]
    assert office.page.tabs.bar.tabText(0) == "Lessons 4"


def test_the_latest_students_are_shown_and_all_of_them_one_click_away(
    make_catalog, school, ada, basics
):
    school.enrol(ada, basics, done=1)
    office = make_catalog()
    office.choose(basics.course_id)
    tabs = office.page.tabs
    tabs.show_tab(tabs.students)

    assert tabs.students.summary.text() == "1 in it: 1 under way."
    grid = tabs.students._grid
    assert [grid.itemAtPosition(0, place).widget().text() for place in (0, 1)] == [
        *("Ada Byron", "25 %"),
    ]
    office.bot.mouseClick(tabs.students.all_button, Qt.MouseButton.LeftButton)
    office.wait()
    assert office.page.key == "course_students"
    assert office.page.course_id == basics.course_id


def test_about_tells_tags_prerequisites_and_where_they_lead(make_catalog, desk, basics, mastery):
    desk.write(prerequisites.set_prerequisites, mastery.course_id, [basics.course_id])
    office = make_catalog()
    office.choose(mastery.course_id)
    about = office.page.tabs.about
    office.page.tabs.show_tab(about)

    link = about._needed.itemAt(0).widget()
    assert link.text() == "SQL Basics"
    office.bot.mouseClick(link, Qt.MouseButton.LeftButton)
    office.wait()
    assert office.page.current().title == "SQL Basics"
    chip = about._tags.itemAt(0).widget()
    office.bot.mouseClick(chip.words, Qt.MouseButton.LeftButton)
    office.wait()
    assert titles(office) == ["SQL Basics"]


def test_a_sale_that_runs_is_told_with_its_end(make_catalog, desk, basics):
    start_sale(desk, basics.course_id)
    office = make_catalog()
    office.choose(basics.course_id)

    assert facts(office.page)["Sale"] == "39.20 USD until 12 Mar: 2 of 2 seats left"
    assert "sale_end" in office.offered()


def test_another_desks_change_is_shown_and_the_place_kept(make_catalog, desk, basics, mastery):
    office = make_catalog()
    office.choose(mastery.course_id)

    change_course(desk, mastery.course_id, title="SQL for Masters")
    office.reload()

    assert office.page.current().course_id == mastery.course_id
    assert office.page.side.title.text() == "SQL for Masters"


def test_a_course_that_fills_up_says_so(make_catalog, school, basics):
    for number in range(3):
        school.enrol(school.person(f"Student{number} Quick"), basics)
    office = make_catalog()
    office.choose(basics.course_id)

    assert panel_text(office.page) == "Full: all 3 seats are taken."
    assert office.page.seats.free.text() == "full"


def test_several_courses_are_counted_and_their_seats_summed(
    make_catalog, school, ada, basics, mastery
):
    school.enrol(ada, basics)
    office = make_catalog()
    office.page.table.select_numbers([0, 1], 0)
    office.wait()

    assert office.page.side._notice.sentence.text() == "2 courses are selected."
    assert office.window.messages.selection.text() == "2 selected · 1 seat taken"


# Rights, keys, a lost database


def test_an_account_sees_only_what_it_may_do(make_catalog, basics):
    office = make_catalog(Role.FINANCE)
    office.choose(basics.course_id)

    assert not office.page.may("course_edit")
    assert office.page.side.offer_button("course_enrol") is None
    assert all(button.isHidden() for button in office.page.tabs.lessons.buttons.values())
    assert office.page.tabs.about.tags_button.isHidden()


def test_every_action_has_a_key_of_its_own_and_does_something(make_catalog, basics):
    office = make_catalog()

    check_keys(CatalogPage.action_table)
    assert office.page.unbound() == []


def test_a_lost_database_keeps_the_rows_and_says_so(make_catalog, basics, monkeypatch):
    office = make_catalog()
    office.choose(basics.course_id)
    office.lose_database(monkeypatch)

    office.press(Qt.Key.Key_F5)
    office.bot.waitUntil(lambda: office.said != "")

    assert office.said == "school.db cannot be reached. Nothing was changed."
    assert titles(office) == ["SQL Basics"]


def test_long_titles_in_any_script_are_shown_whole_in_the_panel(make_catalog, school, desk):
    long = "Машинное обучение для всех 機械学習入門 تعلم الآلة " * 4
    made = school.course("Short")
    change_course(desk, made.course_id, title=long.strip()[:200])
    office = make_catalog()
    office.choose(made.course_id)

    assert office.page.side.title.text() == long.strip()[:200]
    assert office.page.side.title.wordWrap()
    assert QApplication.activeWindow() is office.window
