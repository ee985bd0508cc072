"""Signing up: the offer before the button, one charge whatever happens, and every refusal."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from learnhub_desktop.domain.actors import Role
from learnhub_desktop.gateways.moods import Mood
from learnhub_desktop.services import settings as school_settings
from learnhub_desktop.ui.dialogs.sign_up import SignUpDialog
from tests.services.lost_commits import lose_commit
from tests.services.subscribers import bills, charges, row, subscribe
from tests.ui.back_office import ada, pick

__all__ = ["ada"]
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def opened(desk, ada, make_subscriptions):
    """The office with the dialog open and Ada picked."""
    office = make_subscriptions()
    office.press(Qt.Key.Key_N, CTRL)
    dialog = office.dialog(SignUpDialog)
    pick(office, dialog.student, "ada")
    office.until(lambda: not dialog.is_looking)
    return office, dialog


def subscription_of(desk, student):
    found = [each.subscription_id for each in desk.payments() if each.user_id == student]
    return found[-1]


def test_nothing_can_be_charged_before_a_student_is_chosen(desk, make_subscriptions):
    office = make_subscriptions()
    office.press(Qt.Key.Key_N, CTRL)
    dialog = office.dialog(SignUpDialog)

    assert not dialog.primary_button.isEnabled()
    assert dialog.card.isHidden() and dialog.plan.isHidden()
    assert dialog.offer_card.waiting.text() == (
        "The price and the first period stand here as soon as the student is chosen."
    )
    dialog.reject()


def test_price_and_first_period_stand_before_the_button(opened):
    office, dialog = opened

    assert dialog.offer_card.price.text() == "29.00 USD"
    assert dialog.offer_card.facts["First"].text() == "10 March to 10 April 2026"
    assert dialog.offer_card.facts["Then"].text() == (
        "29.00 USD each month, first on 10 April 2026"
    )
    assert dialog.consequence.text() == (
        "29.00 USD is charged to the card now, for 10 March to 10 April 2026. It goes on each "
        "month until it is cancelled. Courses are opened for Ada Byron afterwards."
    )
    assert dialog.primary_button.text() == "Charge 29.00 USD and sign up"
    dialog.plan.box.setCurrentIndex(1)
    assert dialog.offer_card.price.text() == "290.00 USD"
    assert dialog.offer_card.facts["First"].text() == "10 March 2026 to 10 March 2027"
    assert "It goes on each year" in dialog.consequence.text()
    assert dialog.primary_button.text() == "Charge 290.00 USD and sign up"
    dialog.method.box.setCurrentIndex(1)
    assert "is charged by PayPal now" in dialog.consequence.text()
    assert dialog.card.label.text() == "PayPal account"
    dialog.reject()


def test_it_is_charged_once_and_stands_in_the_list(desk, ada, opened):
    office, dialog = opened
    office.submit(dialog)

    assert office.said == (
        "Ada Byron's subscription is paid: 29.00 USD by card. It runs until 10 April 2026."
    )
    assert [entry.amount for entry in desk.sent()] == [desk.payments()[0].amount]
    assert office.page.model.row(0).student_name == "Ada Byron"
    number = subscription_of(desk, ada)
    assert bills(desk, number) == [("2026-03-10", "2026-04-10", "completed")]


def test_enter_alone_charges_nothing(desk, opened):
    office, dialog = opened

    office.bot.keyClick(dialog.card.editor, Qt.Key.Key_Return)

    assert dialog.isVisible()
    assert desk.sent() == []
    dialog.reject()


def test_a_declined_card_leaves_the_dialog_open_for_another(desk, ada, opened):
    office, dialog = opened
    dialog.card.choose_token("tok_declined")
    first = dialog._key
    office.try_to_submit(dialog)

    assert dialog.error_text() == (
        "The card was declined. Ada Byron's subscription was not charged."
    )
    assert dialog._key != first
    dialog.card.choose_token("tok_visa")
    office.submit(dialog)
    assert row(desk, subscription_of(desk, ada)).status == "active"


def test_who_has_one_already_is_refused_at_once(desk, make_subscriptions):
    number = subscribe(desk, name="Ada Byron", search_text="ada byron")
    office = make_subscriptions()
    office.press(Qt.Key.Key_N, CTRL)
    dialog = office.dialog(SignUpDialog)
    pick(office, dialog.student, "ada")
    office.until(lambda: not dialog.is_looking)

    assert dialog.offer_card.refusal.text() == (
        f"Ada Byron has a subscription already (No. {number}). Change its plan instead."
    )
    assert not dialog.primary_button.isEnabled()
    dialog.reject()


def test_a_price_that_changed_meanwhile_is_shown_before_it_is_charged(desk, opened):
    office, dialog = opened
    plan = desk.read(lambda uow: uow.settings.plans()[0])
    desk.write(
        school_settings.change_plan,
        plan.plan_type,
        title=plan.title,
        price=plan.price + 1,
        offered=True,
        seen_version=plan.row_version,
    )
    office.try_to_submit(dialog)
    office.until(lambda: not dialog._tasks.running(""))

    assert dialog.error_text() == (
        "The plan “Monthly” now costs 30.00 USD. Nothing was charged; look at the new price first."
    )
    assert dialog.primary_button.text() == "Charge 30.00 USD and sign up"
    assert desk.sent() == []
    office.submit(dialog)
    assert len(desk.sent()) == 1


def test_a_lost_commit_is_tried_with_the_same_key(desk, ada, opened, monkeypatch):
    office, dialog = opened
    with monkeypatch.context() as patch:
        lose_commit(patch, office, "begin", kept=True, times=2)
        office.try_to_submit(dialog)
    office.until(lambda: dialog.primary_button.isEnabled())

    assert "it is not known whether it was kept" in dialog.error_text()
    assert dialog.primary_button.text() == "Try the same again"
    assert not dialog.student.isEnabled() and not dialog.card.isEnabled()
    office.submit(dialog)
    # The first call was cut off before it could send anything, and nobody else may.
    assert desk.sent() == []
    assert office.said.startswith("The payment of Ada Byron's subscription is still being made")
    assert len(charges(desk, subscription_of(desk, ada))) == 1


def test_no_answer_from_the_gateway_is_told_and_charged_once(desk, ada, opened):
    office, dialog = opened
    desk.gateway.set_mood(Mood.LOST_ANSWER)
    office.submit(dialog)

    assert office.said.startswith("The gateway did not answer. It is not known whether Ada Byron's")
    assert office.page.model.row(0).open_charge_id is not None


def test_finance_signs_up_too(desk, ada, make_subscriptions):
    office = make_subscriptions(Role.FINANCE)
    office.press(Qt.Key.Key_N, CTRL)
    dialog = office.dialog(SignUpDialog)
    pick(office, dialog.student, "ada")
    office.until(lambda: not dialog.is_looking)
    office.submit(dialog)

    assert row(desk, subscription_of(desk, ada)).status == "active"
