"""Deleting an account: every obstacle named, every consequence shown, Enter of no effect."""

from __future__ import annotations

from decimal import Decimal

import pytest
from PySide6.QtCore import Qt

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.states import PaymentMethod, UserType
from learnhub_desktop.services import students
from learnhub_desktop.ui.dialogs.delete_account import DeleteAccountDialog
from tests.ui.student_office import ada, make_students, names, school

__all__ = ["ada", "make_students", "school"]
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def open_dialog(make_students):
    def open_it(user_id):
        office = make_students()
        office.choose(user_id)
        office.press(Qt.Key.Key_D, CTRL, SHIFT)
        return office, office.dialog(DeleteAccountDialog)

    return open_it


def test_all_that_happens_is_said_before_the_button(school, ada, open_dialog):
    school.enrol(ada, school.course("SQL"))
    _, dialog = open_dialog(ada)

    assert dialog.windowTitle() == "Delete the account of Ada Byron"
    assert dialog.consequence.text().splitlines() == [
        "•  The name, the e-mail address and every note about the person are removed for good.",
        "•  Nobody can log in with the account any more.",
        f"•  Payments and enrolments stay, under the name “Deleted student {ada}”.",
        "•  1 enrolment keeps its seat; cancel it first to free the seat.",
    ]
    dialog.reject()


def test_a_reason_is_chosen_and_enter_alone_deletes_nobody(ada, desk, open_dialog):
    office, dialog = open_dialog(ada)
    office.try_to_submit(dialog)
    assert dialog.reason._line.text() == "Choose: why it is deleted."

    dialog.reason.box.setCurrentIndex(0)
    office.bot.keyClick(dialog.reason.box, Qt.Key.Key_Return)
    office.bot.keyClick(dialog, Qt.Key.Key_Return)
    assert dialog.isVisible()
    assert desk.row(t.users).name == "Ada Byron"
    office.submit(dialog)

    row = desk.row(t.users)
    assert (row.name, row.email) == (f"Deleted student {ada}", f"deleted_{ada}@deleted.invalid")
    assert row.deletion_reason == "requested"
    assert office.said == (
        f"The account of student {ada} was deleted. Its payments and enrolments stay, and its "
        "e-mail address can be used again."
    )
    assert names(office) == []


def test_every_obstacle_is_named_and_nothing_can_be_pressed(school, desk, open_dialog):
    ada = desk.student(name="Ada Byron", account_balance=Decimal("20.00"))
    bought = desk.buy(
        ada, school.course("SQL").course_id, method=PaymentMethod.BANK_TRANSFER, card=None
    )
    office, dialog = open_dialog(ada)

    assert dialog.consequence.text().splitlines() == [
        "•  The account cannot be deleted while money is under way: charge "
        f"{bought.payment_id} of 49.00 USD is pending.",
        "•  The account cannot be deleted while its balance is 20.00 USD. Pay it out first.",
    ]
    assert not dialog.primary_button.isEnabled()
    assert dialog.cancel_button.text() == "Close"
    dialog.submit()
    office.bot.mouseClick(dialog.cancel_button, Qt.MouseButton.LeftButton)
    office.bot.waitUntil(lambda: office.dialogs() == [])
    assert desk.row(t.users, t.users.c.user_id == ada).deleted_at is None


def test_an_instructor_with_live_courses_stays(school, desk, make_students):
    school.course("SQL")
    office = make_students()
    office.page.chips.query_asked.emit(office.page.list.query.with_filter("type", "instructor"))
    office.wait()
    office.choose(school.teacher_id)
    office.click("student_delete")
    dialog = office.dialog(DeleteAccountDialog)

    assert dialog.consequence.text() == (
        "The account cannot be deleted while it teaches “SQL”. "
        "Archive these courses or give them to another instructor first."
    )
    dialog.reject()


def test_an_account_that_changed_meanwhile_is_looked_at_again(ada, desk, open_dialog):
    office, dialog = open_dialog(ada)
    desk.write(
        students.update_person,
        ada,
        name="Ada King",
        email="ada@example.org",
        country=None,
        user_type=UserType.STUDENT,
        row_version=1,
    )
    dialog.reason.box.setCurrentIndex(0)
    office.try_to_submit(dialog)

    assert dialog.error_text() == (
        "Another desk changed Ada King meanwhile. Look at it again before deleting."
    )
    dialog.reject()
