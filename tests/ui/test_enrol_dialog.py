"""Enrolling one student: what stands before the button, and what each press of it does."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from PySide6.QtCore import Qt

from learnhub_desktop.domain.actors import Role
from learnhub_desktop.domain.purchases import PurchaseOutcome
from learnhub_desktop.domain.refunds import RefundTo
from learnhub_desktop.domain.states import (
    AlertStatus,
    EnrolmentStatus,
    PaymentMethod,
    PaymentStatus,
    RuleAction,
    RuleState,
)
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.services import alerts, prerequisites, sales
from learnhub_desktop.ui.dialogs.enrol import EnrolDialog
from learnhub_desktop.ui.dialogs.enrol_words import Unpaid
from tests.services.conftest import desk
from tests.services.lost_commits import lose_commit
from tests.ui.catalog_office import change_course, make_catalog, open_enrol, pick, shown
from tests.ui.student_office import school

__all__ = ["desk", "make_catalog", "school"]


@pytest.fixture
def ada(school):
    return school.person("Ada Byron", country="GB")


@pytest.fixture
def basics(school):
    return school.course("SQL Basics", max_students=3)


def ways(dialog):
    return [dialog.way.box.itemText(place) for place in range(dialog.way.box.count())]


def wait(office, condition):
    office.bot.waitUntil(condition)


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
    wait(office, lambda: dialog.course.line.text() == "SQL Basics")
    for letter in "ada":
        office.bot.keyClicks(dialog.student.line, letter)
    wait(office, lambda: not dialog.student.is_searching)
    office.bot.keyClick(dialog.student.line, Qt.Key.Key_Return)
    wait(office, lambda: dialog.primary_button.isEnabled())
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
    wait(office, lambda: office.dialogs() == [])
    office.wait()

    assert desk.payments()[0].status == PaymentStatus.COMPLETED


def test_a_sale_shows_its_price_and_strikes_the_full_one(make_catalog, desk, ada, basics):
    now = desk.clock.now
    desk.write(
        sales.start_sale,
        [basics.course_id],
        percent_off=20,
        max_seats=2,
        start_time=now,
        end_time=now + timedelta(days=2),
        campaign="Spring",
    )
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


@pytest.fixture
def mastery(school, desk, basics):
    course = school.course("SQL Mastery")
    desk.write(prerequisites.set_prerequisites, course.course_id, [basics.course_id])
    return course


def test_a_missing_prerequisite_is_named_and_asks_for_a_reason(make_catalog, desk, ada, mastery):
    office = make_catalog()
    dialog = open_enrol(office, mastery.course_id, student="ada")

    assert shown(dialog)["First"] == "“SQL Basics” is not completed"
    assert dialog.override.label.text() == "Reason to let Ada Byron in without “SQL Basics”"
    assert dialog.override.line.hasFocus()
    office.try_to_submit(dialog)
    assert dialog.override._line.text() == "The reason cannot be empty."
    assert desk.payments() == []

    dialog.override.set_text("Learnt it at work")
    office.submit(dialog)
    assert desk.enrolment(ada, mastery.course_id).reason == "Learnt it at work"


def test_without_the_right_a_missing_prerequisite_forbids_it(make_catalog, ada, mastery):
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
        course_id=mastery.course_id,
    )
    dialog.open()
    wait(office, lambda: dialog.consequence.text() != "")

    assert dialog.consequence.text() == (
        "Ada Byron has to complete “SQL Basics” first. Your account may not enrol without "
        "prerequisites; ask an administrator."
    )
    assert not dialog.primary_button.isEnabled()
    assert dialog.override.isHidden()
    dialog.reject()


# Ways to pay


def test_the_ways_into_a_course_are_named(make_catalog, ada, basics):
    dialog = open_enrol(make_catalog(), basics.course_id, student="ada")

    assert ways(dialog) == [
        *("Card", "PayPal", "Stripe", "Bank transfer", "Cash"),
        "Without payment, by hand",
    ]


def test_a_school_without_a_gateway_takes_transfer_and_cash(make_catalog, ada, basics):
    dialog = open_enrol(make_catalog(gateways=Gateways(None)), basics.course_id, student="ada")

    assert ways(dialog) == ["Bank transfer", "Cash", "Without payment, by hand"]
    assert dialog.card is None


@pytest.mark.parametrize(
    ("method", "button", "sentence"),
    [
        (
            PaymentMethod.BANK_TRANSFER,
            "Hold a seat for the transfer",
            "One of the 3 seats that are left is held for 7 days, and 49.00 USD is expected. When "
            "the transfer comes, record its receipt under Payments: then access opens.",
        ),
        (
            PaymentMethod.CASH,
            "Hold a seat for the cash",
            "One of the 3 seats that are left is held for 1 day, and 49.00 USD is expected. When "
            "the cash comes, record its receipt under Payments: then access opens.",
        ),
    ],
)
def test_money_that_comes_later_holds_a_seat(
    make_catalog, desk, ada, basics, method, button, sentence
):
    office = make_catalog()
    dialog = open_enrol(office, basics.course_id, student="ada")

    dialog.way.choose(method)
    assert dialog.primary_button.text() == button
    assert dialog.consequence.text() == sentence
    assert dialog.card.isHidden()
    office.submit(dialog)

    assert desk.enrolment(ada, basics.course_id).status == EnrolmentStatus.PENDING
    assert dialog_payment(desk) == (method, PaymentStatus.PENDING)


def dialog_payment(desk):
    payment = desk.payments()[0]
    return payment.payment_method, payment.status


def test_by_hand_needs_a_reason_and_no_money(make_catalog, desk, ada, basics):
    office = make_catalog()
    dialog = open_enrol(office, basics.course_id, student="ada")

    dialog.way.choose(Unpaid.BY_HAND)
    assert dialog.consequence.text() == (
        "Nothing is charged, and 49.00 USD is not expected either. One of the 3 seats that are "
        "left is taken. Access runs until 10 March 2027."
    )
    office.try_to_submit(dialog)
    assert dialog.reason._line.text() == "The reason cannot be empty."
    dialog.reason.set_text("Scholarship")
    office.submit(dialog)

    assert office.said == (
        "Enrolled Ada Byron in “SQL Basics” without a payment. Access until 10 March 2027."
    )
    assert desk.payments() == []


def test_by_hand_without_prerequisites_keeps_both_reasons(make_catalog, desk, ada, mastery):
    office = make_catalog()
    dialog = open_enrol(office, mastery.course_id, student="ada")

    dialog.way.choose(Unpaid.BY_HAND)
    dialog.reason.set_text("Scholarship")
    dialog.override.set_text("Learnt it at work")
    office.submit(dialog)

    assert desk.enrolment(ada, mastery.course_id).reason == (
        "Scholarship; without the prerequisites: Learnt it at work"
    )


def test_a_free_course_is_one_press(make_catalog, school, desk, ada):
    gift = school.course("First Aid", access_months=None)
    change_course(desk, gift.course_id, price=Decimal("0.00"))
    office = make_catalog()
    dialog = open_enrol(office, gift.course_id, student="ada")

    assert dialog.quote_card.price.text() == "Free"
    assert shown(dialog) == {"Seats": "no limit", "Access": "for life"}
    assert dialog.way.isHidden()
    assert dialog.primary_button.text() == "Enrol for free"
    assert dialog.primary_button.hasFocus()
    office.bot.keyClick(dialog.primary_button, Qt.Key.Key_Return)
    wait(office, lambda: office.dialogs() == [])
    office.wait()

    assert office.said == ("Enrolled Ada Byron in “First Aid”. Nothing to pay. Access for life.")
    assert desk.payments() == []


def give_balance(school, student_id, amount):
    """Buy another course and take its price back to the balance."""
    other, price = school.course("Statistics"), Decimal(amount)
    change_course(school.desk, other.course_id, price=price)
    bought = school.desk.buy(student_id, other.course_id, price=price)
    school.desk.refund(bought.payment_id, to=RefundTo.BALANCE)


def test_a_balance_is_offered_with_its_amount(make_catalog, school, desk, ada, basics):
    give_balance(school, ada, "120.00")
    office = make_catalog()
    dialog = open_enrol(office, basics.course_id, student="ada")

    assert "Account balance: 120.00 USD" in ways(dialog)
    dialog.way.choose(PaymentMethod.ACCOUNT_BALANCE)
    assert dialog.primary_button.text() == "Take 49.00 USD and enrol"
    assert dialog.consequence.text().startswith(
        "49.00 USD is taken from the balance; 71.00 USD is left."
    )
    office.submit(dialog)
    assert desk.balance(ada) == Decimal("71.00")


def test_a_balance_that_is_too_small_says_so_under_its_field(
    make_catalog, school, desk, ada, basics
):
    give_balance(school, ada, "12.00")
    office = make_catalog()
    dialog = open_enrol(office, basics.course_id, student="ada")

    dialog.way.choose(PaymentMethod.ACCOUNT_BALANCE)
    office.try_to_submit(dialog)

    assert dialog.way._line.text() == "The balance of 12.00 USD is not enough for 49.00 USD."
    assert desk.balance(ada) == Decimal("12.00")


# Cards


def test_each_student_has_test_cards_of_their_own(make_catalog, ada, basics):
    dialog = open_enrol(make_catalog(), basics.course_id, student="ada")

    assert dialog.card.box.currentText() == "Test card that is approved"
    assert dialog.card.value() == f"tok_visa_gb_{ada}"


def test_a_card_number_is_refused_as_it_is_typed(make_catalog, desk, ada, basics):
    office = make_catalog()
    dialog = open_enrol(office, basics.course_id, student="ada")

    dialog.card.choose_token("4111 1111 1111 1111")
    office.try_to_submit(dialog)

    assert dialog.card._line.text() == (
        "This looks like a card number. LearnHub takes only a token such as tok_visa."
    )
    assert desk.payments() == []


def test_a_declined_card_leaves_all_that_was_typed_and_another_can_be_tried(
    make_catalog, desk, ada, basics
):
    office = make_catalog()
    dialog = open_enrol(office, basics.course_id, student="ada")
    first_key = dialog._key

    dialog.card.box.setCurrentIndex(1)
    office.try_to_submit(dialog)
    said = "The card was declined. Ada Byron is not enrolled in “SQL Basics”; nothing was charged."
    assert dialog.error_text() == said
    assert office.said == said
    assert dialog._key != first_key

    dialog.card.box.setCurrentIndex(0)
    office.submit(dialog)
    assert [payment.status for payment in desk.payments()] == ["failed", "completed"]
    assert desk.seats(basics.course_id) == 1


def test_a_lost_answer_holds_the_seat_and_says_so(make_catalog, desk, ada, basics):
    office = make_catalog()
    dialog = open_enrol(office, basics.course_id, student="ada")

    dialog.card.choose_token("tok_lost_answer")
    office.submit(dialog)

    assert office.said == (
        "The gateway did not answer. Ada Byron's seat in “SQL Basics” stays held, and nothing is "
        "charged twice. It is asked again soon, or now with “Ask now”."
    )
    assert desk.payments()[0].status == PaymentStatus.UNKNOWN


# Refusals, and answers that are lost


def test_another_price_meanwhile_charges_nothing_and_shows_the_new_one(
    make_catalog, desk, ada, basics
):
    office = make_catalog()
    dialog = open_enrol(office, basics.course_id, student="ada")
    key = dialog._key
    change_course(desk, basics.course_id, price=Decimal("59.00"))

    office.try_to_submit(dialog)

    assert dialog.error_text() == (
        "“SQL Basics” now costs 59.00 USD, not 49.00 USD. Nothing was charged; look at the new "
        "price first."
    )
    assert dialog.quote_card.price.text() == "59.00 USD"
    assert dialog.primary_button.text() == "Charge 59.00 USD and enrol"
    assert dialog._key == key
    assert desk.payments() == []
    office.submit(dialog)
    assert desk.payments()[0].amount == Decimal("59.00")


def test_the_last_seat_sold_elsewhere_is_refused_in_place(make_catalog, school, ada, basics):
    for number in range(2):
        school.enrol(school.person(f"Student{number} Quick"), basics)
    office = make_catalog()
    dialog = open_enrol(office, basics.course_id, student="ada")
    school.enrol(school.person("Student9 Quicker"), basics)

    office.try_to_submit(dialog)

    assert dialog.error_text() == "“SQL Basics” is full: all 3 seats are taken."
    assert not dialog.primary_button.isEnabled()


def test_a_lost_commit_is_settled_by_the_same_key(make_catalog, desk, ada, basics, monkeypatch):
    office = make_catalog()
    dialog = open_enrol(office, basics.course_id, student="ada")
    here = type(desk)(office.database, desk.gateway, desk.clock)
    lose_commit(monkeypatch, here, "settle", kept=True, times=9)

    office.try_to_submit(dialog)
    assert dialog.primary_button.text() == "Try the same again"
    assert not dialog.student.isEnabled()
    assert not dialog.way.isEnabled()

    monkeypatch.undo()
    office.submit(dialog)
    assert len(desk.sent()) == 1
    assert [payment.status for payment in desk.payments()] == ["completed"]


def test_a_lost_database_changes_nothing_and_keeps_what_was_typed(
    make_catalog, desk, ada, basics, monkeypatch
):
    office = make_catalog()
    dialog = open_enrol(office, basics.course_id, student="ada")
    office.lose_database(monkeypatch)

    office.try_to_submit(dialog)
    assert dialog.error_text() == "school.db cannot be reached. Nothing was changed."

    monkeypatch.undo()
    office.submit(dialog)
    assert [payment.status for payment in desk.payments()] == ["completed"]


def test_two_presses_charge_once(make_catalog, desk, ada, basics):
    office = make_catalog()
    dialog = open_enrol(office, basics.course_id, student="ada")

    office.bot.mouseDClick(dialog.primary_button, Qt.MouseButton.LeftButton)
    office.bot.mouseClick(dialog.primary_button, Qt.MouseButton.LeftButton)
    wait(office, lambda: office.dialogs() == [])
    office.wait()

    assert len(desk.sent()) == 1


# Fraud


def test_a_blocked_purchase_says_so_and_a_release_makes_it_once(make_catalog, desk, school, ada):
    dear = school.course("Machine Learning")
    change_course(desk, dear.course_id, price=Decimal("900.00"))
    with desk.database.engines.writer.connect() as connection:
        connection.exec_driver_sql(
            "UPDATE fraud_detection_rules SET action = ?, state = ? WHERE rule_type = 'amount'",
            (str(RuleAction.BLOCK), str(RuleState.ON)),
        )
        connection.commit()
    office = make_catalog()
    dialog = open_enrol(office, dear.course_id, student="ada")
    office.submit(dialog)
    assert office.said == (
        "The purchase of “Machine Learning” by Ada Byron was blocked: it looks like fraud. Nothing "
        "was charged; a reviewer can release it."
    )
    alert_id = desk.ask(
        lambda c: c.exec_driver_sql("SELECT alert_id FROM fraud_alerts").scalar_one()
    )
    desk.write(alerts.release, alert_id, comment="Called back")

    again = EnrolDialog(
        office.window.desk.bridge,
        desk.gateways,
        office.window.desk.actor,
        office.window,
        student_id=ada,
        course_id=dear.course_id,
        released_alert_id=alert_id,
    )
    again.open()
    wait(office, lambda: again.primary_button.isEnabled())
    assert not again.student.isEnabled()
    assert not again.course.isEnabled()
    assert again.consequence.text() == (
        "900.00 USD is charged to the card now. A seat is taken. Access runs until 10 March 2027. "
        "A reviewer released it, so the fraud rules let it pass once."
    )
    office.submit(again)
    assert desk.enrolment(ada, dear.course_id).status == EnrolmentStatus.ACTIVE
    assert desk.alert(alert_id).status == AlertStatus.FALSE_POSITIVE


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
    wait(office, lambda: not dialog.student.results.isHidden())

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
    wait(office, lambda: dialog.course.line.hasFocus())
    pick(office, dialog.course, "sql")
    wait(office, lambda: dialog.primary_button.isEnabled())
    office.submit(dialog)

    assert dialog.result_value.outcome is PurchaseOutcome.COMPLETED
