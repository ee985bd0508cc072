"""The refund dialog: what it says as one types, and what it never does."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest
from PySide6.QtCore import Qt

from learnhub_desktop.domain.actors import Role
from learnhub_desktop.domain.refunds import RefundReason, RefundTo
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.gateways import Operation
from learnhub_desktop.gateways.moods import Mood
from learnhub_desktop.services import outcomes
from learnhub_desktop.ui.dialogs.refund import RefundDialog
from tests.services.lost_commits import lose_commit
from tests.services.money_rows import change_user, set_progress
from tests.ui.back_office import LOST, ada, course

__all__ = ["ada", "course"]
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def bought(desk, ada, course):
    return desk.buy(ada, course)


@pytest.fixture
def open_dialog(make_office):
    """Open the dialog on a payment, as a person does."""

    def open_it(payment_id, role=Role.ADMIN):
        office = make_office(role=role)
        office.choose(payment_id)
        office.click("refund")
        return office, office.dialog(RefundDialog)

    return open_it


def refunds_of(desk, payment_id):
    return [row for row in desk.payments() if row.refunds_payment_id == payment_id]


# What it says


def test_all_that_is_left_is_proposed_and_its_end_is_said(bought, open_dialog):
    _office, dialog = open_dialog(bought.payment_id)
    assert dialog.about.text().endswith("Ada Byron · SQL\n49.00 USD paid by card.")
    assert dialog.amount.line.text() == "49.00"
    assert dialog.amount.line.selectedText() == "49.00"
    assert dialog.consequence.text() == (
        "49.00 USD goes back to the card. Access to “SQL” ends, and the seat becomes free."
    )
    assert dialog.primary_button.text() == "Refund 49.00 USD"
    dialog.reject()


def test_a_part_leaves_access_as_it_is(bought, open_dialog, desk, ada, course):
    office, dialog = open_dialog(bought.payment_id)
    dialog.amount.set_text("20")
    assert dialog.consequence.text() == (
        "20.00 USD goes back to the card. 29.00 USD is left, and access stays as it is."
    )
    assert dialog.primary_button.text() == "Refund 20.00 USD"
    office.submit(dialog)

    assert office.said == (
        "Refunded 20.00 USD to Ada Byron. 29.00 USD of the payment is left; access to “SQL” stays."
    )
    assert desk.payment(bought.payment_id).status == "partially_refunded"
    assert desk.enrolment(ada, course).status == "active"


def test_what_went_back_before_is_told(bought, open_dialog, desk):
    desk.refund(bought.payment_id, amount=Decimal(20))
    _office, dialog = open_dialog(bought.payment_id)
    assert dialog.about.text().endswith(
        "49.00 USD paid by card. 20.00 USD went back or is on its way, 29.00 USD is left."
    )
    assert dialog.amount.line.text() == "29.00"
    assert dialog.consequence.text().startswith("29.00 USD goes back to the card. Access to “SQL”")
    dialog.reject()


def test_too_much_is_said_as_one_types(bought, open_dialog):
    _office, dialog = open_dialog(bought.payment_id)
    dialog.amount.set_text("490")
    assert dialog.amount._line.text() == "Only 49.00 USD of this payment is left."
    assert dialog.consequence.text() == "Say how much goes back: up to 49.00 USD."
    assert dialog.primary_button.text() == "Refund"
    dialog.reject()


@pytest.mark.parametrize(
    "typed, said",
    [
        ("", "Enter an amount, up to 49.00 USD."),
        ("forty", "“forty” is not an amount such as 49.00."),
        ("-5", "The amount cannot be below zero."),
        ("0", "The amount must be above zero."),
        ("1.005", "The amount can have at most two decimals."),
        ("49.01", "Only 49.00 USD of this payment is left."),
        ("😀", "“😀” is not an amount such as 49.00."),
        ("'; DROP TABLE payments; --", "“'; DROP TABLE paymen” is not an amount such as 49.00."),
        ("9" * 10_000, "The amount cannot be above 9,999,999,999.99."),
    ],
)
def test_what_is_no_amount_moves_nothing(bought, open_dialog, desk, typed, said):
    office, dialog = open_dialog(bought.payment_id)
    dialog.amount.set_text(typed)
    office.try_to_submit(dialog)
    assert dialog.amount.error() == said
    assert dialog.amount.line.hasFocus()
    assert refunds_of(desk, bought.payment_id) == []
    dialog.reject()


def test_a_comment_of_a_novel_is_refused_below_its_field(bought, open_dialog, desk):
    office, dialog = open_dialog(bought.payment_id)
    assert office.refusal(dialog, dialog.comment, "x" * 10_000) == (
        "The comment can have at most 2,000 characters; this has 10,000."
    )
    assert refunds_of(desk, bought.payment_id) == []
    dialog.reject()


def test_reason_comment_and_place_go_along(bought, open_dialog, desk, ada):
    office, dialog = open_dialog(bought.payment_id)
    dialog.reason.choose(RefundReason.TECHNICAL_PROBLEM)
    dialog.comment.set_text("Video 3 didn’t play. 😀 “quoted”")
    dialog.where.choose(RefundTo.BALANCE)
    assert dialog.consequence.text().startswith("49.00 USD goes to the balance of Ada Byron.")
    office.submit(dialog)

    [refund] = refunds_of(desk, bought.payment_id)
    assert (refund.reason_code, refund.comment) == (
        "technical_problem",
        "Video 3 didn’t play. 😀 “quoted”",
    )
    assert desk.balance(ada) == Decimal("49.00")
    assert office.said.startswith("Refunded 49.00 USD to the balance of Ada Byron.")


def test_a_balance_in_another_currency_is_no_place(bought, open_dialog, desk, ada):
    desk.make(change_user, ada, balance_currency="EUR")
    _office, dialog = open_dialog(bought.payment_id)
    assert dialog.where.isHidden()
    dialog.reject()


def test_what_came_by_transfer_is_paid_out_by_hand(open_dialog, desk, ada, course):
    held = desk.buy(ada, course, method=PaymentMethod.BANK_TRANSFER, card=None)
    desk.write(
        outcomes.record_receipt,
        desk.where(held.payment_id),
        reference="Statement 31",
        amount=Decimal("49.00"),
    )
    office, dialog = open_dialog(held.payment_id)
    assert dialog.consequence.text() == (
        "49.00 USD is to be paid out by hand. Once that is recorded: access to “SQL” ends, and "
        "the seat becomes free."
    )
    office.submit(dialog)
    assert office.said == (
        "49.00 USD for Ada Byron is to be paid out by hand. Record it when it is done."
    )


# The policy


def test_past_the_policy_a_reason_is_asked_for(bought, open_dialog, desk):
    desk.pass_time(days=31)
    office, dialog = open_dialog(bought.payment_id, role=Role.FINANCE)
    assert dialog.policy.text() == (
        "The 30 days for a refund ended on 9 April 2026. You may grant it all the same, with a "
        "reason."
    )
    office.try_to_submit(dialog)
    assert dialog.override.error() == "The reason cannot be empty."
    assert refunds_of(desk, bought.payment_id) == []

    dialog.override.set_text("Was in hospital.")
    office.submit(dialog)
    [refund] = refunds_of(desk, bought.payment_id)
    assert refund.comment == "Past the policy: Was in hospital."


def test_without_the_right_the_policys_word_is_final(bought, open_dialog, desk, ada, course):
    desk.make(set_progress, ada, course, "33.33")
    office, dialog = open_dialog(bought.payment_id, role=Role.STAFF)
    assert dialog.policy.text() == (
        "33.33 % of the course is done; refunds are granted up to 20 %. "
        "Finance can grant it all the same."
    )
    assert dialog.override.isHidden()
    assert not dialog.primary_button.isEnabled()
    assert not dialog.amount.isEnabled()
    assert dialog.cancel_button.text() == "Close"
    office.bot.mouseClick(dialog.cancel_button, Qt.MouseButton.LeftButton)
    office.until(lambda: office.dialogs() == [])
    assert refunds_of(desk, bought.payment_id) == []


# Twice, at once, and without an answer


def test_the_same_amount_within_a_day_is_asked_for_once_more(bought, open_dialog, desk):
    desk.refund(bought.payment_id, amount=Decimal(10))
    office, dialog = open_dialog(bought.payment_id)
    assert dialog.again.isHidden()
    dialog.amount.set_text("10")
    office.try_to_submit(dialog)
    assert dialog.error_text() == (
        "10.00 USD of this payment went back within the last 24 hours already. Confirm once more "
        "if it should go back again."
    )
    assert dialog.again.box.text() == "Yes, 10.00 USD goes back a second time"
    office.try_to_submit(dialog)
    assert len(refunds_of(desk, bought.payment_id)) == 1

    dialog.again.box.setChecked(True)
    office.submit(dialog)
    assert desk.payment(bought.payment_id).refunded_amount == Decimal("20.00")


def test_another_amount_needs_no_second_word(bought, open_dialog, desk):
    desk.refund(bought.payment_id, amount=Decimal(10))
    office, dialog = open_dialog(bought.payment_id)
    dialog.amount.set_text("10")
    office.try_to_submit(dialog)
    dialog.again.box.setChecked(True)
    dialog.amount.set_text("11")
    assert dialog.again.isHidden()
    office.submit(dialog)
    assert desk.payment(bought.payment_id).refunded_amount == Decimal("21.00")


def test_another_desk_was_quicker_so_the_dialog_looks_again(bought, open_dialog, desk):
    office, dialog = open_dialog(bought.payment_id)
    desk.refund(bought.payment_id, amount=Decimal(20))

    office.try_to_submit(dialog)

    assert dialog.error_text().startswith("Meanwhile 20.00 USD of this payment is refunded")
    assert dialog.amount.line.text() == "29.00"
    assert dialog.primary_button.text() == "Refund 29.00 USD"
    assert len(refunds_of(desk, bought.payment_id)) == 1
    office.submit(dialog)
    assert desk.payment(bought.payment_id).status == "refunded"


def test_another_desk_took_all_so_nothing_can_be_refunded(bought, open_dialog, desk):
    office, dialog = open_dialog(bought.payment_id)
    desk.refund(bought.payment_id)
    office.try_to_submit(dialog)
    assert dialog.policy.text() == "All of this payment went back already."
    assert not dialog.primary_button.isEnabled()
    dialog.reject()


def test_two_presses_are_one_refund(bought, open_dialog, desk):
    office, dialog = open_dialog(bought.payment_id)
    dialog.submit()
    dialog.submit()
    office.until(lambda: office.dialogs() == [])
    assert len(refunds_of(desk, bought.payment_id)) == 1
    assert len([entry for entry in desk.sent() if entry.charge_key]) == 1


def test_enter_alone_moves_no_money(bought, open_dialog, desk):
    office, dialog = open_dialog(bought.payment_id)
    office.bot.keyClick(dialog.amount.line, Qt.Key.Key_Return)
    assert not dialog.is_busy
    office.bot.keyClick(dialog.amount.line, Qt.Key.Key_Return, CTRL)
    office.until(lambda: office.dialogs() == [])
    assert desk.payment(bought.payment_id).status == "refunded"


def test_the_dialog_waits_for_an_answer_that_is_on_its_way(bought, open_dialog, desk, monkeypatch):
    office, dialog = open_dialog(bought.payment_id)
    gate = threading.Event()
    refund = desk.gateway.refund
    monkeypatch.setattr(desk.gateway, "refund", lambda request: gate.wait(10) and refund(request))
    dialog.submit()
    office.until(lambda: len(refunds_of(desk, bought.payment_id)) == 1)

    office.bot.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.isVisible()
    assert dialog.consequence.text() == "Still at it: the answer is on its way."

    gate.set()
    office.until(lambda: office.dialogs() == [])
    assert office.said.startswith("Refunded 49.00 USD to Ada Byron.")


def test_no_answer_is_told_as_such_and_nothing_is_sent_twice(bought, open_dialog, desk):
    office, dialog = open_dialog(bought.payment_id)
    desk.gateway.set_mood(Mood.LOST_ANSWER, operation=Operation.REFUND)
    office.submit(dialog)

    assert office.said.startswith(
        "The gateway did not answer: it is not known whether 49.00 USD went back to Ada Byron."
    )
    assert office.window.messages.messages[-1].is_unread
    [refund] = refunds_of(desk, bought.payment_id)
    office.choose(refund.payment_id)
    office.click("ask_gateway")
    office.until(lambda: desk.payment(bought.payment_id).status == "refunded")
    assert len([entry for entry in desk.sent() if entry.charge_key]) == 1


def test_a_gateway_that_says_no_leaves_access_and_says_so(bought, open_dialog, desk, ada, course):
    office, dialog = open_dialog(bought.payment_id)
    desk.gateway.set_mood(Mood.DECLINE, operation=Operation.REFUND)
    office.submit(dialog)
    assert office.said.endswith("Nothing went back to Ada Byron; access stays.")
    assert desk.payment(bought.payment_id).refunded_amount == Decimal("0.00")
    assert desk.enrolment(ada, course).status == "active"


def test_a_lost_database_keeps_what_was_typed(bought, open_dialog, desk):
    office, dialog = open_dialog(bought.payment_id)
    dialog.comment.set_text("Video 3 did not play.")
    assert office.submit_without_server(dialog) == LOST
    assert dialog.comment.value() == "Video 3 did not play."

    office.submit(dialog)
    assert len(refunds_of(desk, bought.payment_id)) == 1


def test_an_unknown_outcome_can_only_be_tried_again_as_it_was(
    bought, open_dialog, desk, monkeypatch
):
    office, dialog = open_dialog(bought.payment_id)
    dialog.amount.set_text("20")
    monkeypatch.setattr(desk, "database", office.database)
    lose_commit(monkeypatch, desk, "reserve", kept=True, times=2)
    office.try_to_submit(dialog)
    assert "it is not known whether it was kept" in dialog.error_text()
    assert dialog.primary_button.text() == "Try the same again"
    assert not dialog.amount.isEnabled()

    monkeypatch.undo()
    office.submit(dialog)
    assert len(refunds_of(desk, bought.payment_id)) == 1
