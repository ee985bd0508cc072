"""Enrolling one student: what stands before the button, and what each press of it does."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import Qt

from learnhub_desktop.domain.actors import Role
from learnhub_desktop.domain.purchases import PurchaseOutcome
from learnhub_desktop.domain.states import (
    EnrolmentStatus,
    PaymentStatus,
)
from learnhub_desktop.ui.dialogs.enrol import EnrolDialog
from tests.services.conftest import desk
from tests.ui.back_office import pick
from tests.ui.catalog_office import (
    after_basics,
    basics,
    change_course,
    make_catalog,
    mastery,
    open_enrol,
    shown,
    start_sale,
    ways,
)
from tests.ui.student_office import ada, school

__all__ = ["ada", "after_basics", "basics", "desk", "make_catalog", "mastery", "school"]


# What stands before the button


def test_price_seats_and_access_stand_before_the_button(make_catalog, ada, basics):
    dialog = open_enrol(make_catalog(), basics.course_id, student="byr")

    assert dialog.student.line.text() == "Ada Byron"
    assert dialog.quote_card.price.text() == "49.00 USD"
    assert shown(dialog) == {"Seats": "3 of 3 left", "Access": "until 10 March 2027"}
    assert dialog.consequence.text() == (
        "49.00 USD is charged to the card now. One of the 3 seats that are left is taken. "
        "Access runs until 10 March 2027."
    )
    assert dialog.primary_button.text() == "Charge 49.00 USD and enrol"


def test_nothing_can_be_pressed_before_student_and_course_are_known(make_catalog, ada, basics):
    dialog = open_enrol(make_catalog(), basics.course_id)

    assert not dialog.primary_button.isEnabled()
    assert dialog.quote_card.waiting.text() == (
        "Price, seats and access stand here as soon as student and course are chosen."
    )


def test_another_student_typed_takes_the_offer_away(make_catalog, ada, basics):
    office = make_catalog()
    dialog = open_enrol(office, basics.course_id, student="ada")

    office.bot.keyClicks(dialog.student.line, "x")

    assert not dialog.primary_button.isEnabled()
    assert dialog.quote_card.price.isHidden()
    assert not dialog.quote_card.waiting.isHidden()


def test_an_enrolment_takes_seven_inputs(make_catalog, desk, ada, basics):
    office = make_catalog()
    office.page.table.setFocus()

    office.bot.keyClick(office.page.table, Qt.Key.Key_Home)
    office.wait()
    office.press(Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    dialog = office.dialog(EnrolDialog)
    office.until(lambda: dialog.course.line.text() == "SQL Basics")
    for letter in "ada":
        office.bot.keyClicks(dialog.student.line, letter)
    office.until(lambda: not dialog.student.is_searching)
    office.bot.keyClick(dialog.student.line, Qt.Key.Key_Return)
    office.until(lambda: dialog.primary_button.isEnabled())
    office.submit(dialog)

    assert office.said == (
        "Enrolled Ada Byron in “SQL Basics”. 49.00 USD paid by card. Access until 10 March 2027."
    )
    assert desk.enrolment(ada, basics.course_id).status == EnrolmentStatus.ACTIVE
    assert [(p.amount, p.status) for p in desk.payments()] == [(Decimal("49.00"), "completed")]


def test_a_lone_enter_never_charges(make_catalog, desk, ada, basics):
    office = make_catalog()
    dialog = open_enrol(office, basics.course_id, student="ada")

    for _ in range(3):
        office.bot.keyClick(dialog.focusWidget(), Qt.Key.Key_Return)

    assert dialog.isVisible()
    assert desk.payments() == []


def test_ctrl_enter_charges(make_catalog, desk, ada, basics):
    office = make_catalog()
    dialog = open_enrol(office, basics.course_id, student="ada")

    office.bot.keyClick(
        dialog.focusWidget(), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier
    )
    office.until(lambda: office.dialogs() == [])
    office.wait()

    assert desk.payments()[0].status == PaymentStatus.COMPLETED


def test_a_sale_shows_its_price_and_strikes_the_full_one(make_catalog, desk, ada, basics):
    start_sale(desk, basics.course_id)
    office = make_catalog()
    dialog = open_enrol(office, basics.course_id, student="ada")

    assert dialog.quote_card.price.text() == "39.20 USD"
    assert dialog.quote_card.full_price.text() == "49.00 USD"
    assert dialog.quote_card.full_price.font().strikeOut()
    assert dialog.quote_card.sale.text() == (
        "Sale “Spring”: 2 seats at this price, until 12 March 2026 at 12:00."
    )
    office.submit(dialog)
    assert desk.payments()[0].amount == Decimal("39.20")


def test_a_full_course_says_so_and_cannot_be_bought(make_catalog, school, ada, basics):
    for number in range(3):
        school.enrol(school.person(f"Student{number} Full"), basics)
    dialog = open_enrol(make_catalog(), basics.course_id, student="ada")

    assert dialog.quote_card.refusal.text() == "“SQL Basics” is full: all 3 seats are taken."
    assert not dialog.primary_button.isEnabled()
    assert dialog.way.isHidden()


def test_bought_again_says_what_progress_means_and_extends(make_catalog, school, desk, ada, basics):
    school.enrol(ada, basics, done=2)
    office = make_catalog()
    dialog = open_enrol(office, basics.course_id, student="ada")

    assert shown(dialog) == {
        "Now": "in the course, 50 % done, access until 10 March 2027",
        "Access": "until 10 March 2028",
    }
    assert dialog.quote_card.note.text() == (
        "Ada Byron has done 50 % of this course. Progress stays, so a refund (granted up to 20 %) "
        "will be refused."
    )
    assert dialog.primary_button.text() == "Charge 49.00 USD and extend access"
    assert "Without payment, by hand" not in ways(dialog)
    office.submit(dialog)
    assert office.said == (
        "Extended Ada Byron's access to “SQL Basics”. 49.00 USD paid by card. "
        "Access until 10 March 2028."
    )
    assert desk.seats(basics.course_id) == 1


# Prerequisites


def test_a_missing_prerequisite_is_named_and_asks_for_a_reason(
    make_catalog, desk, ada, after_basics
):
    office = make_catalog()
    dialog = open_enrol(office, after_basics.course_id, student="ada")

    assert shown(dialog)["First"] == "“SQL Basics” is not completed"
    assert dialog.override.label.text() == "Reason to let Ada Byron in without “SQL Basics”"
    assert dialog.override.line.hasFocus()
    office.try_to_submit(dialog)
    assert dialog.override._line.text() == "The reason cannot be empty."
    assert desk.payments() == []

    dialog.override.set_text("Learnt it at work")
    office.submit(dialog)
    assert desk.enrolment(ada, after_basics.course_id).reason == "Learnt it at work"


def test_without_the_right_a_missing_prerequisite_forbids_it(make_catalog, ada, after_basics):
    office = make_catalog(Role.STAFF)
    lacks = frozenset(
        r for r in office.window.desk.actor.rights if r != "enrol without prerequisites"
    )
    dialog = EnrolDialog(
        office.window.desk.bridge,
        office.desk.gateways,
        type(office.window.desk.actor)("clerk", "Clerk", Role.STAFF, lacks),
        office.window,
        student_id=ada,
        course_id=after_basics.course_id,
    )
    dialog.open()
    office.until(lambda: dialog.consequence.text() != "")

    assert dialog.consequence.text() == (
        "Ada Byron has to complete “SQL Basics” first. Your account may not enrol without "
        "prerequisites; ask an administrator."
    )
    assert not dialog.primary_button.isEnabled()
    assert dialog.override.isHidden()
    dialog.reject()


# Names


def test_names_are_never_taken_for_markup(make_catalog, school, basics):
    school.person("<b>Bobby</b> & 'Tables' 👩‍🎓", email="bobby@example.org")
    dialog = open_enrol(make_catalog(), basics.course_id, student="bobby")

    assert dialog.student.line.text() == "<b>Bobby</b> & 'Tables' 👩‍🎓"
    assert dialog.quote_card.price.textFormat() is Qt.TextFormat.PlainText


def test_a_student_found_by_nothing_says_so(make_catalog, ada, basics):
    office = make_catalog()
    dialog = open_enrol(office, basics.course_id)

    office.bot.keyClicks(dialog.student.line, "zzz")
    office.until(lambda: not dialog.student.results.isHidden())

    assert dialog.student.results.item(0).text() == "Nothing found for “zzz”."


def test_the_course_is_found_too_where_only_the_student_is_known(make_catalog, ada, basics):
    office = make_catalog()
    dialog = EnrolDialog(
        office.window.desk.bridge,
        office.desk.gateways,
        office.window.desk.actor,
        office.window,
        student_id=ada,
    )
    dialog.open()
    office.until(lambda: dialog.course.line.hasFocus())
    pick(office, dialog.course, "sql")
    office.until(lambda: dialog.primary_button.isEnabled())
    office.submit(dialog)

    assert dialog.result_value.outcome is PurchaseOutcome.COMPLETED


def test_a_purchase_that_a_reviewer_must_see_is_held_and_says_so(make_catalog, desk, ada, basics):
    change_course(desk, basics.course_id, price=Decimal("900.00"))
    with desk.database.engines.writer.connect() as connection:
        connection.exec_driver_sql(
            "UPDATE fraud_detection_rules SET action = 'require_verification', state = 'on' "
            "WHERE rule_type = 'amount'"
        )
        connection.commit()
    office = make_catalog()
    dialog = open_enrol(office, basics.course_id, student="ada")
    office.submit(dialog)

    assert dialog.result_value.outcome is PurchaseOutcome.VERIFICATION
    assert office.said == (
        "The purchase of “SQL Basics” by Ada Byron waits for a reviewer. A seat is held until "
        "12 March 2026 at 12:00, and nothing was charged."
    )
    assert desk.enrolment(ada, basics.course_id).status == EnrolmentStatus.PENDING
    assert desk.sent() == []
