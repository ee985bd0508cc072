"""Reviews: stars by key or mouse, one a student and course."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from learnhub_desktop.db import tables as t
from learnhub_desktop.services import enrolments, reviews
from learnhub_desktop.ui.dialogs.review import ReviewDialog
from tests.ui.student_office import ada, basics, make_students, school

__all__ = ["ada", "basics", "make_students", "school"]
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def enrolled(school, ada, basics):
    return school.enrol(ada, basics)


@pytest.fixture
def opened(ada, enrolled, make_students):
    office = make_students()
    office.choose(ada)
    office.press(Qt.Key.Key_R, CTRL)
    return office, office.dialog(ReviewDialog)


def test_a_review_takes_a_key_and_a_sentence(opened, desk):
    office, dialog = opened
    assert dialog.rating.stars.hasFocus()
    office.bot.keyClick(dialog.rating.stars, Qt.Key.Key_4)
    assert dialog.consequence.text() == "The course’s rating counts 4 of 5 from this student."
    dialog.comment.set_text("Clear, and never dull.")
    office.submit(dialog)

    assert office.said == (
        "Ada Byron gives “Python Basics” 4 of 5. Its rating is 4.00 from 1 review."
    )
    row = desk.row(t.reviews)
    assert (row.rating, row.comment) == (4, "Clear, and never dull.")


def test_stars_go_up_and_down_by_arrows_and_stop_at_the_ends(opened):
    office, dialog = opened
    stars = dialog.rating.stars
    for key, shown in (
        (Qt.Key.Key_Left, 1),
        (Qt.Key.Key_Right, 2),
        (Qt.Key.Key_5, 5),
        (Qt.Key.Key_Up, 5),
        (Qt.Key.Key_Down, 4),
    ):
        office.bot.keyClick(stars, key)
        assert stars.rating == shown
    assert stars._words.text() == "4 of 5, very good"


def test_without_stars_nothing_is_recorded(opened, desk):
    office, dialog = opened
    office.try_to_submit(dialog)

    assert dialog.rating._line.text() == "Choose one to five stars."
    assert desk.rows(t.reviews) == []


def test_a_comment_that_is_too_long_is_said_at_its_field(opened, desk):
    office, dialog = opened
    dialog.rating.stars.rate(5)
    dialog.comment.set_text("x" * 10_000)
    office.try_to_submit(dialog)

    assert dialog.comment._line.text() == (
        "The comment can have at most 2,000 characters; this has 10,000."
    )
    assert desk.rows(t.reviews) == []


def test_a_review_that_was_given_is_changed(ada, basics, enrolled, desk, make_students):
    desk.write(reviews.record_review, ada, basics.course_id, rating=2, comment="Too fast")
    office = make_students()
    office.choose(ada)
    office.press(Qt.Key.Key_R, CTRL)
    dialog = office.dialog(ReviewDialog)
    assert dialog.windowTitle() == "Change the review"
    assert dialog.comment.value() == "Too fast"
    assert dialog.consequence.text() == "It takes the place of the 2 of 5 before."
    office.bot.mouseClick(dialog.rating.stars._buttons[4], Qt.MouseButton.LeftButton)
    office.submit(dialog)

    assert [(row.rating, row.comment) for row in desk.rows(t.reviews)] == [(5, "Too fast")]


def test_who_left_the_course_gives_no_first_review(ada, enrolled, desk, make_students):
    desk.write(enrolments.cancel_enrolment, enrolled, reason="A mistake")
    office = make_students()
    office.choose(ada)
    office.press(Qt.Key.Key_R, CTRL)
    office.bot.waitUntil(lambda: office.said != "")

    assert office.said == ("Ada Byron is not in “Python Basics”, so there is nothing to review.")
    assert office.dialogs() == []
