"""The forms of the catalog: what each says to bad input, and that nothing is half written."""

from __future__ import annotations

from datetime import UTC, date
from decimal import Decimal

import pytest
from PySide6.QtCore import QDate, Qt

from learnhub_desktop.domain.states import CourseStatus, Level
from learnhub_desktop.services import catalog, progress
from learnhub_desktop.ui.dialogs.course import CourseDialog
from learnhub_desktop.ui.dialogs.lesson import NewLessonDialog
from learnhub_desktop.ui.dialogs.quiz import QuizDialog, RemoveQuizDialog
from learnhub_desktop.ui.dialogs.sale import SaleCourse, SaleDialog
from tests.services.conftest import desk
from tests.ui.back_office import pick
from tests.ui.catalog_office import change_course, make_catalog
from tests.ui.student_office import school

__all__ = ["desk", "make_catalog", "school"]


@pytest.fixture
def basics(school):
    return school.course("SQL Basics", quiz=True)


@pytest.fixture
def office(make_catalog, basics):
    return make_catalog()


@pytest.fixture
def new_course(office):
    """The form of a new course, with all that it needs."""
    dialog = CourseDialog(office.window.desk.bridge, office.window, currency="USD")
    dialog.open()
    dialog.title.set_text("Graph Databases")
    pick(office, dialog.instructor, "tea")
    dialog.price.set_text("79")
    return dialog


def edit(office, course):
    detail = office.desk.read(catalog.get_course, course.course_id)
    dialog = CourseDialog(office.window.desk.bridge, office.window, currency="USD", detail=detail)
    dialog.open()
    return dialog


def test_a_course_is_made_with_all_that_was_typed(office, new_course, desk):
    new_course.level.choose(Level.ADVANCED)
    new_course.seats.set_text("12")
    new_course.months.set_text("")
    office.bot.keyClicks(new_course.tags.line, "graphs, databases")
    new_course.description.set_text("Nodes and edges.")
    new_course.picture.set_text("https://example.org/a.png")
    new_course.is_open.box.setChecked(True)
    assert new_course.consequence.text() == "Students can enrol as soon as it is created."
    office.submit(new_course)

    detail = desk.read(catalog.get_course, new_course.result_value.subject_id)
    course = detail.course
    assert (course.title, course.price, course.currency) == (
        *("Graph Databases", Decimal("79.00"), "USD"),
    )
    assert (course.level, course.max_students, course.access_months) == (Level.ADVANCED, 12, None)
    assert (course.status, detail.tags) == (CourseStatus.ACTIVE, ("databases", "graphs"))


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("title", "", "The title cannot be empty."),
        ("title", "x" * 10_000, "The title can have at most 200 characters; this has 10,000."),
        ("price", "", "“” is not an amount such as 49.00."),
        ("price", "-3", "The amount cannot be below zero."),
        ("price", "4.999", "The amount can have at most two decimals."),
        ("price", "ten", "“ten” is not an amount such as 49.00."),
        ("seats", "0", "Seats must be between 1 and 10,000,000."),
        ("seats", "many", "Seats must be a whole number."),
        ("months", "-1", "Months of access must be between 1 and 1,200."),
        (
            "description",
            "x" * 16_001,
            "The description can have at most 16,000 characters; this has 16,001.",
        ),
        (
            "picture",
            "not a link",
            "The picture must be a web address such as https://example.org/a.",
        ),
    ],
)
def test_bad_input_is_said_under_its_field_and_nothing_is_written(
    office, new_course, desk, field, typed, said
):
    before = len(desk.read(catalog.list_tags)), desk.ask(count_courses)
    getattr(new_course, field).set_text(typed)
    office.try_to_submit(new_course)

    assert getattr(new_course, field)._line.text() == said
    assert (len(desk.read(catalog.list_tags)), desk.ask(count_courses)) == before
    new_course.reject()


def count_courses(connection):
    return connection.exec_driver_sql("SELECT COUNT(*) FROM courses").scalar_one()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("JPY", "JPY is not divided into hundredths, and LearnHub keeps two decimals. Choose a "
         "currency with cents."),
        ("dollars", "“dollars” is not a currency code such as USD."),
    ],
)  # fmt: skip
def test_a_currency_without_cents_is_refused_below_the_price(office, new_course, code, said):
    new_course.price.code.setText(code)
    office.try_to_submit(new_course)

    assert new_course.price._line.text() == said
    new_course.reject()


@pytest.mark.parametrize(
    "title", ["Déjà vu 🎓 “quoted” 'single'", "<b>bold</b>", "Робота 機械 آلة"]
)
def test_a_title_of_any_script_comes_back_equal(office, new_course, desk, title):
    new_course.title.set_text(title)
    office.submit(new_course)

    made = desk.read(catalog.get_course, new_course.result_value.subject_id)
    assert made.course.title == title


def test_the_instructor_has_to_be_chosen(office):
    dialog = CourseDialog(office.window.desk.bridge, office.window, currency="USD")
    dialog.open()
    dialog.title.set_text("Graphs")
    dialog.price.set_text("1")
    office.try_to_submit(dialog)

    assert dialog.instructor._line.text() == "Choose the instructor: type a part of the name."
    dialog.reject()


def test_a_new_price_says_what_it_means(office, basics):
    dialog = edit(office, basics)
    assert dialog.consequence.text() == ""

    dialog.price.set_text("59")
    assert dialog.consequence.text() == (
        "Students pay 59.00 USD from now on instead of 49.00 USD. What is paid or held stays as "
        "it is."
    )
    office.submit(dialog)
    assert office.said == "Saved “SQL Basics”. It costs 59.00 USD from now on."


def test_fewer_seats_than_are_taken_are_refused(office, school, basics):
    for number in range(2):
        school.enrol(school.person(f"Student{number} One"), basics)
    dialog = edit(office, basics)
    assert dialog.seats._line.text() == "2 seats are taken now."
    dialog.seats.set_text("1")
    office.try_to_submit(dialog)

    assert dialog.error_text() == ("2 seats of “SQL Basics” are taken, so the limit cannot be 1.")
    dialog.reject()


def test_another_desks_change_is_not_lost(office, desk, basics):
    dialog = edit(office, basics)
    dialog.title.set_text("SQL for All")
    change_course(desk, basics.course_id, title="SQL Foundations")
    office.try_to_submit(dialog)

    assert dialog.error_text() == (
        "“SQL Foundations” was changed at another desk meanwhile. Nothing was saved; reload to "
        "see both."
    )
    assert dialog.title.value() == "SQL for All"
    dialog.reject()


def test_enter_in_the_tags_adds_a_tag_before_it_saves(office, new_course, desk):
    office.bot.keyClicks(new_course.tags.line, "graphs")
    office.bot.keyClick(new_course.tags.line, Qt.Key.Key_Return)
    assert new_course.isVisible()
    office.bot.keyClick(new_course.tags.line, Qt.Key.Key_Return)
    office.bot.waitUntil(lambda: office.dialogs() == [])
    office.wait()

    assert desk.read(catalog.get_course, new_course.result_value.subject_id).tags == ("graphs",)


def test_known_tags_are_offered_as_one_types(office, desk, basics):
    desk.write(catalog.set_tags, basics.course_id, ("databases",))
    dialog = edit(office, basics)
    office.bot.waitUntil(lambda: dialog.tags._known.stringList() == ["databases"])
    dialog.reject()


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("title", "", "The lesson’s title cannot be empty."),
        ("minutes", "-5", "Minutes must be between 0 and 100,000."),
        ("video", "ftp://x", "The video must be a web address such as https://example.org/a."),
        ("position", "9", "Place must be between 1 and 5."),
    ],
)
def test_a_lesson_says_what_is_wrong_with_it(office, desk, basics, field, typed, said):
    detail = desk.read(catalog.get_course, basics.course_id)
    dialog = NewLessonDialog(office.window.desk.bridge, office.window, detail=detail)
    dialog.open()
    dialog.title.set_text("Joins")
    getattr(dialog, field).set_text(typed)
    office.try_to_submit(dialog)

    assert getattr(dialog, field)._line.text() == said
    assert len(desk.read(catalog.get_course, basics.course_id).lessons) == 4
    dialog.reject()


def test_a_quiz_needs_a_title_and_a_score_that_can_be_reached(office, desk, basics):
    detail = desk.read(catalog.get_course, basics.course_id)
    dialog = QuizDialog(
        office.window.desk.bridge,
        office.window,
        lesson=detail.lessons[0],
        course_lessons=detail.lessons,
    )
    dialog.open()
    dialog.score.set_text("10001")
    office.try_to_submit(dialog)

    assert dialog.title._line.text() == "The quiz’s title cannot be empty."
    assert dialog.score._line.text() == "Points to pass must be between 0 and 10,000."
    dialog.reject()


def test_a_quiz_with_results_is_kept(office, desk, school, basics):
    ada = school.person("Ada Byron")
    school.enrol(ada, basics)
    desk.write(progress.record_attempt, ada, basics.quiz_id, score=80)
    quiz = desk.read(catalog.get_course, basics.course_id).lessons[-1].quizzes[0]
    dialog = RemoveQuizDialog(office.window.desk.bridge, office.window, quiz=quiz)
    dialog.open()

    assert dialog.consequence.text() == (
        "1 result is kept of it, so it cannot be removed. It can move to another lesson."
    )
    assert not dialog.primary_button.isEnabled()
    dialog.reject()


def sale_of(office, basics):
    course = SaleCourse(basics.course_id, "SQL Basics", Decimal("49.00"), "USD")
    clock = office.window.desk.clock
    dialog = SaleDialog(
        office.window.desk.bridge, office.window, courses=[course], clock=clock, zone=UTC
    )
    dialog.open()
    return dialog


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("percent", "100", "Per cent off must be between 1 and 99."),
        ("percent", "", "Per cent off must be a whole number."),
        ("seats", "0", "Seats must be between 1 and 1,000,000."),
        ("campaign", "x" * 101, "The campaign’s name can have at most 100 characters; this has 101."),
    ],
)  # fmt: skip
def test_a_sale_says_what_is_wrong_with_it(office, basics, field, typed, said):
    dialog = sale_of(office, basics)
    getattr(dialog, field).set_text(typed)
    office.try_to_submit(dialog)

    assert getattr(dialog, field)._line.text() == said
    dialog.reject()


def test_a_sale_ends_after_it_starts(office, basics):
    dialog = sale_of(office, basics)
    assert dialog.first.value() == date(2026, 3, 10)
    dialog.first.day.setDate(QDate(2026, 3, 20))
    dialog.last.day.setDate(QDate(2026, 3, 19))
    office.try_to_submit(dialog)

    assert dialog.last._line.text() == "A sale must end after it starts."
    dialog.reject()


def test_all_courses_go_on_sale_together(office, school, basics):
    school.course("Python")
    dialog = sale_of(office, basics)
    dialog.which.choose(True)
    assert dialog.consequence.text().startswith(
        "Every active course costs 20 % less for 20 seats, until 17 March 2026."
    )
    office.submit(dialog)

    assert office.said == "Started a sale of 2 courses: 20 % off for 20 seats each."
