"""Cancelling without a refund: what ends, what becomes free, and what stays."""

from __future__ import annotations

from PySide6.QtCore import Qt

from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.services import enrolments
from learnhub_desktop.ui.dialogs.cancel_enrolment import CancelEnrolmentDialog
from tests.ui.student_office import ada, basics, cards, make_students, school

__all__ = ["ada", "basics", "make_students", "school"]
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def press_cancel(office, ada):
    office.choose(ada)
    office.press(Qt.Key.Key_C, CTRL, SHIFT)


def test_access_ends_the_seat_is_free_and_the_payment_stays(ada, basics, desk, make_students):
    bought = desk.buy(ada, basics.course_id)
    office = make_students()
    press_cancel(office, ada)
    dialog = office.dialog(CancelEnrolmentDialog)
    assert dialog.consequence.text() == (
        "Access ends now, the seat becomes free, and no money goes back. What was done of the "
        "course is kept. To give money back, refund the payment instead."
    )
    dialog.reason.set_text("Moved to the evening class")
    office.bot.keyClick(dialog.reason.line, Qt.Key.Key_Return)
    assert desk.seats(basics.course_id) == 1
    office.submit(dialog)

    assert office.said == (
        "Cancelled Ada Byron's enrolment in “Python Basics”. Access has ended and the seat is "
        "free; no money went back."
    )
    assert desk.seats(basics.course_id) == 0
    assert desk.payment(bought.payment_id).status == "completed"
    assert cards(office)["Python Basics"].badge.text() == "cancelled"


def test_a_reason_is_asked_for(school, ada, basics, desk, make_students):
    school.enrol(ada, basics)
    office = make_students()
    press_cancel(office, ada)
    dialog = office.dialog(CancelEnrolmentDialog)
    office.try_to_submit(dialog)

    assert dialog.reason._line.text() == "The reason cannot be empty."
    office.bot.mouseClick(dialog.cancel_button, Qt.MouseButton.LeftButton)
    office.bot.waitUntil(lambda: office.dialogs() == [])
    assert desk.seats(basics.course_id) == 1


def test_a_purchase_that_is_not_settled_stands_in_the_way(ada, basics, desk, make_students):
    bought = desk.buy(ada, basics.course_id, method=PaymentMethod.BANK_TRANSFER, card=None)
    office = make_students()
    press_cancel(office, ada)

    assert office.said == (
        "Cancel enrolment without refund is not possible: "
        f"Payment {bought.payment_id} is not settled yet. Settle or cancel the payment first."
    )


def test_what_another_desk_cancelled_is_told_in_the_dialog(
    school, ada, basics, desk, make_students
):
    enrolment_id = school.enrol(ada, basics)
    office = make_students()
    press_cancel(office, ada)
    dialog = office.dialog(CancelEnrolmentDialog)
    desk.write(enrolments.cancel_enrolment, enrolment_id, reason="Of another desk")
    dialog.reason.set_text("Asked for")
    office.try_to_submit(dialog)

    assert dialog.error_text() == "Ada Byron is not in “Python Basics” any more."
    assert desk.seats(basics.course_id) == 0
    dialog.reject()
