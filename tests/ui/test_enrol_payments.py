"""Each way to pay for a course, each refusal, and each answer that may be lost."""

from __future__ import annotations

from decimal import Decimal

import pytest
from PySide6.QtCore import Qt

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
from learnhub_desktop.services import alerts
from learnhub_desktop.ui.dialogs.enrol import EnrolDialog
from learnhub_desktop.ui.dialogs.enrol_words import Unpaid
from tests.services.conftest import desk
from tests.services.lost_commits import lose_commit
from tests.ui.back_office import LOST
from tests.ui.catalog_office import (
    after_basics,
    basics,
    change_course,
    make_catalog,
    mastery,
    open_enrol,
    shown,
    ways,
)
from tests.ui.student_office import ada, school

__all__ = ["ada", "after_basics", "basics", "desk", "make_catalog", "mastery", "school"]


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


def test_by_hand_without_prerequisites_keeps_both_reasons(make_catalog, desk, ada, after_basics):
    office = make_catalog()
    dialog = open_enrol(office, after_basics.course_id, student="ada")

    dialog.way.choose(Unpaid.BY_HAND)
    dialog.reason.set_text("Scholarship")
    dialog.override.set_text("Learnt it at work")
    office.submit(dialog)

    assert desk.enrolment(ada, after_basics.course_id).reason == (
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
    office.until(lambda: office.dialogs() == [])
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
        "charged twice. It is asked again soon."
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


def test_a_lost_database_changes_nothing_and_keeps_what_was_typed(make_catalog, desk, ada, basics):
    office = make_catalog()
    dialog = open_enrol(office, basics.course_id, student="ada")
    assert office.submit_without_server(dialog) == LOST

    office.submit(dialog)
    assert [payment.status for payment in desk.payments()] == ["completed"]


def test_two_presses_charge_once(make_catalog, desk, ada, basics):
    office = make_catalog()
    dialog = open_enrol(office, basics.course_id, student="ada")

    office.bot.mouseDClick(dialog.primary_button, Qt.MouseButton.LeftButton)
    office.bot.mouseClick(dialog.primary_button, Qt.MouseButton.LeftButton)
    office.until(lambda: office.dialogs() == [])
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
    office.until(lambda: again.primary_button.isEnabled())
    assert not again.student.isEnabled()
    assert not again.course.isEnabled()
    assert again.consequence.text() == (
        "900.00 USD is charged to the card now. A seat is taken. Access runs until 10 March 2027. "
        "A reviewer released it, so the fraud rules let it pass once."
    )
    office.submit(again)
    assert desk.enrolment(ada, dear.course_id).status == EnrolmentStatus.ACTIVE
    assert desk.alert(alert_id).status == AlertStatus.FALSE_POSITIVE
