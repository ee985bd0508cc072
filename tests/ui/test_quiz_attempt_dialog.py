"""Quiz results: what the typed score makes of the best one, before it is recorded."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from learnhub_desktop.db import tables as t
from learnhub_desktop.services import progress
from learnhub_desktop.ui.dialogs.quiz_attempt import QuizAttemptDialog
from tests.ui.student_office import ada, cards, make_students, school

__all__ = ["ada", "make_students", "school"]
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def basics(school, ada):
    course = school.course("Python Basics", quiz=True)
    school.enrol(ada, course)
    return course


@pytest.fixture
def opened(ada, basics, make_students):
    office = make_students()
    office.choose(ada)
    office.press(Qt.Key.Key_U, CTRL)
    return office, office.dialog(QuizAttemptDialog)


def test_the_score_is_weighed_as_one_types(opened):
    _, dialog = opened
    for score, said in (
        ("59", "No attempt yet. The best result is then 59; 60 is needed to pass."),
        ("60", "No attempt yet. The best result is then 60, which passes."),
        ("minus one", "No attempt yet. 60 passes."),
        ("", "No attempt yet. 60 passes."),
    ):
        dialog.score.set_text(score)
        assert dialog.consequence.text() == said


def test_a_result_is_recorded_and_shown_on_the_card(opened, desk, ada, basics):
    office, dialog = opened
    assert dialog.score.line.hasFocus()
    office.bot.keyClicks(dialog.score.line, "85")
    office.bot.keyClick(dialog.score.line, Qt.Key.Key_Return)
    office.bot.waitUntil(lambda: office.dialogs() == [])
    office.wait()

    assert office.said == (
        "Ada Byron scored 85 in “The quiz”. The best result is 85, which passes."
    )
    assert desk.row(t.quiz_attempts).score == 85
    texts = [w.text() for w in cards(office)["Python Basics"].details.findChildren(QLabel)]
    assert texts[-2:] == ["The quiz", "85, passed"]


def test_the_best_of_all_attempts_counts(ada, basics, desk, make_students):
    desk.write(progress.record_attempt, ada, basics.quiz_id, score=70)
    office = make_students()
    office.choose(ada)
    office.press(Qt.Key.Key_U, CTRL)
    dialog = office.dialog(QuizAttemptDialog)
    dialog.score.set_text("50")
    assert dialog.consequence.text() == (
        "Best of 1 attempt so far: 70. The best result is then 70, which passes."
    )
    office.submit(dialog)

    assert office.said == (
        "Ada Byron scored 50 in “The quiz”. The best result is 70, which passes."
    )


def test_a_score_that_makes_no_sense_records_nothing(opened, desk):
    office, dialog = opened
    for typed in ("-1", "1e3", "😀", "", "1" * 10_000):
        dialog.score.set_text(typed)
        office.try_to_submit(dialog)
        assert dialog.score._line.text().startswith("Score must be")
    assert desk.rows(t.quiz_attempts) == []


def test_a_course_without_a_quiz_says_so(school, ada, make_students):
    school.enrol(ada, school.course("SQL"))
    office = make_students()
    office.choose(ada)
    office.press(Qt.Key.Key_U, CTRL)

    assert office.said == "Record quiz result is not possible: The course has no quiz."
