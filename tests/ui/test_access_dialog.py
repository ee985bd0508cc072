"""Access for longer: what is shown before the button, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from PySide6.QtCore import QDate, Qt

from learnhub_desktop.domain.extensions import Extension
from learnhub_desktop.services import access
from learnhub_desktop.ui.dialogs.access import ExtendAccessDialog
from tests.services.money_rows import change_settings
from tests.ui.student_office import ada, basics, cards, make_students, school

__all__ = ["ada", "basics", "make_students", "school"]
CTRL = Qt.KeyboardModifier.ControlModifier
ONE_MONTH, THREE_MONTHS, SIX_MONTHS, ONE_YEAR, OTHER_MONTHS, A_DAY, FOR_LIFE = range(7)


@pytest.fixture
def opened(school, ada, basics, make_students):
    school.enrol(ada, basics)
    office = make_students()
    office.choose(ada)
    office.press(Qt.Key.Key_L, CTRL)
    dialog = office.dialog(ExtendAccessDialog)
    settled(office, dialog)
    return office, dialog


def settled(office, dialog):
    office.bot.waitUntil(lambda: dialog.is_settled)


def choose(office, dialog, span):
    dialog.span.box.setCurrentIndex(span)
    settled(office, dialog)


def test_the_end_is_shown_before_the_button_and_kept_with_its_reason(opened, desk, ada, basics):
    office, dialog = opened
    assert dialog.consequence.text() == (
        "Ada Byron can open “Python Basics” until 10 April 2027. "
        "No money moves and no seat changes hands."
    )
    dialog.reason.set_text("Was ill")
    office.bot.keyClick(dialog.reason.line, Qt.Key.Key_Return)
    office.bot.waitUntil(lambda: office.dialogs() == [])
    office.wait()

    assert office.said == "Ada Byron can open “Python Basics” until 10 April 2027."
    row = desk.access(ada, basics.course_id)
    assert row.access_expires_at == datetime(2027, 4, 10, 12, 0, tzinfo=UTC)
    assert row.reason == "Was ill"
    assert cards(office)["Python Basics"].access.text() == "Open until 10 April 2027."


def test_every_span_says_what_it_comes_to(opened):
    office, dialog = opened
    for span, until in (
        (THREE_MONTHS, "until 10 June 2027"),
        (SIX_MONTHS, "until 10 September 2027"),
        (ONE_YEAR, "until 10 March 2028"),
        (OTHER_MONTHS, "until 10 May 2027"),
        (A_DAY, "until 9 April 2027"),
        (FOR_LIFE, "for life"),
    ):
        choose(office, dialog, span)
        assert dialog.consequence.text() == (
            f"Ada Byron can open “Python Basics” {until}. No money moves and no seat changes hands."
        )
        assert dialog.primary_button.isEnabled()
        assert dialog.months.isVisible() == (span == OTHER_MONTHS)
        assert dialog.until.isVisible() == (span == A_DAY)


def test_access_is_never_shortened(opened, desk, ada, basics):
    office, dialog = opened
    choose(office, dialog, A_DAY)
    dialog.until.day.setDate(QDate(2027, 3, 1))
    settled(office, dialog)

    assert dialog.consequence.text() == (
        "Access is open until 10 March 2027 already; choose a later day."
    )
    assert not dialog.primary_button.isEnabled()
    dialog.reason.set_text("A try")
    dialog.submit()
    assert desk.access(ada, basics.course_id).access_expires_at.date() == date(2027, 3, 10)


def test_a_number_of_months_that_makes_no_sense_grants_nothing(opened):
    office, dialog = opened
    choose(office, dialog, OTHER_MONTHS)
    for typed, said in (
        ("0", "Months more must be between 1 and 120."),
        ("-3", "Months more must be between 1 and 120."),
        ("a few", "Months more must be a whole number."),
        ("", "Months more must be a whole number."),
        ("1" * 10_000, "Months more must be between 1 and 120."),
    ):
        dialog.months.set_text(typed)
        settled(office, dialog)
        assert dialog.consequence.text() == said
        assert not dialog.primary_button.isEnabled()


def test_the_button_waits_for_the_answer_that_belongs_to_the_choice(opened):
    office, dialog = opened
    dialog.span.box.setCurrentIndex(ONE_YEAR)
    assert not dialog.primary_button.isEnabled()
    settled(office, dialog)
    assert dialog.primary_button.isEnabled()


def test_a_reason_is_asked_for(opened):
    office, dialog = opened
    for typed, said in (
        ("  ", "The reason cannot be empty."),
        ("x" * 501, "The reason can have at most 500 characters; this has 501."),
    ):
        assert office.refusal(dialog, dialog.reason, typed) == said


def test_what_another_desk_did_meanwhile_is_not_added_to(opened, desk, ada, basics):
    office, dialog = opened
    desk.write(
        access.extend_access,
        ada,
        basics.course_id,
        extension=Extension(months=1),
        reason="Of another desk",
        seen_until=desk.access(ada, basics.course_id).access_expires_at,
    )
    dialog.reason.set_text("Was ill")
    office.try_to_submit(dialog)

    assert dialog.error_text() == (
        "Another desk changed this access meanwhile. Look at it again, then extend it."
    )
    assert desk.access(ada, basics.course_id).reason == "Of another desk"
    dialog.reject()


def test_a_lost_server_is_told_in_the_dialog(opened, monkeypatch):
    office, dialog = opened
    office.lose_database(monkeypatch)
    dialog.span.box.setCurrentIndex(FOR_LIFE)
    settled(office, dialog)
    assert dialog.error_text() == "school.db cannot be reached. Nothing was changed."
    assert not dialog.primary_button.isEnabled()


def test_the_last_day_is_one_of_the_school_wherever_the_person_sits(
    school, ada, basics, desk, make_students
):
    desk.make(change_settings, time_zone="Pacific/Kiritimati")
    school.enrol(ada, basics)
    office = make_students()
    office.choose(ada)
    office.press(Qt.Key.Key_L, CTRL)
    dialog = office.dialog(ExtendAccessDialog)
    settled(office, dialog)

    assert "until 11 April 2027." in dialog.consequence.text()


def test_access_for_life_is_not_extended(school, ada, make_students):
    school.enrol(ada, school.course("SQL", access_months=None))
    office = make_students()
    office.choose(ada)
    office.press(Qt.Key.Key_L, CTRL)
    office.bot.waitUntil(lambda: office.said != "")

    assert office.said == (
        "Extend access is not possible: The student has access for life already."
    )
