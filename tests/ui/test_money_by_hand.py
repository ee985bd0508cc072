"""Transfers, cash and payouts: money that people move, recorded in the window."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from PySide6.QtCore import Qt

from learnhub_desktop.domain.actors import Role
from learnhub_desktop.domain.refunds import RefundReason
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.services import outcomes
from learnhub_desktop.ui.dialogs.payout import CancelPayoutDialog, PayoutDialog
from learnhub_desktop.ui.dialogs.receipt import CancelHoldDialog, ReceiptDialog
from learnhub_desktop.ui.dialogs.refund import RefundDialog
from tests.ui.back_office import LOST, ada, course, facts, panel_text

__all__ = ["ada", "course"]
CTRL = Qt.KeyboardModifier.ControlModifier
TRANSFER = PaymentMethod.BANK_TRANSFER


def receive(office, payment_id):
    """Record the receipt of a transfer."""
    office.choose(payment_id)
    office.click("record_receipt")
    receipt = office.dialog(ReceiptDialog)
    receipt.reference.set_text("Statement 31")
    office.submit(receipt)


def receive_and_refund(office, payment_id, **values):
    """Record the receipt of a transfer, refund it, and select that refund; returns its number."""
    receive(office, payment_id)
    made = office.desk.refund(payment_id, **values)
    office.reload()
    office.choose(made.refund_id)
    return made.refund_id


def test_the_receipt_of_a_transfer_enrols_the_student(desk, ada, course, make_office):
    bought = desk.buy(ada, course, method=TRANSFER, card=None)
    office = make_office()
    office.choose(bought.payment_id)
    assert facts(office.page)["Hold until"] == "17 Mar"

    office.click("record_receipt")
    dialog = office.dialog(ReceiptDialog)
    assert dialog.consequence.text() == (
        "49.00 USD is booked as received. Ada Byron gets access to “SQL”."
    )
    office.try_to_submit(dialog)
    assert dialog.reference.error() == "The reference cannot be empty."
    dialog.reference.set_text("Statement 31, line 7")
    office.submit(dialog)

    assert office.said.startswith("Enrolled Ada Byron in “SQL”. 49.00 USD paid by bank transfer.")
    assert desk.payment(bought.payment_id).gateway_reference == "Statement 31, line 7"
    assert desk.enrolment(ada, course).status == "active"


def test_a_receipt_that_makes_no_sense_or_meets_no_server_books_nothing(
    desk, ada, course, make_office
):
    bought = desk.buy(ada, course, method=TRANSFER, card=None)
    office = make_office()
    office.choose(bought.payment_id)
    office.click("record_receipt")
    dialog = office.dialog(ReceiptDialog)
    dialog.reference.set_text('Conto 🙂 "31", l\'ultima')
    for typed in ("", "-49.00", "🙂", "'", "9" * 10_000):
        dialog.amount.set_text(typed)
        office.try_to_submit(dialog)
        assert dialog.amount.error().endswith(".")
    dialog.amount.set_text("49.00")
    dialog.reference.set_text("x" * 10_000)
    office.try_to_submit(dialog)
    assert "characters" in dialog.reference.error()
    dialog.reference.set_text('Conto 🙂 "31", l\'ultima')
    assert office.submit_without_server(dialog) == LOST
    assert desk.payment(bought.payment_id).status == "pending"
    office.submit(dialog)
    assert desk.payment(bought.payment_id).gateway_reference == 'Conto 🙂 "31", l\'ultima'


def test_a_receipt_of_another_amount_is_refused_in_the_dialog(desk, ada, course, make_office):
    bought = desk.buy(ada, course, method=TRANSFER, card=None)
    office = make_office()
    office.choose(bought.payment_id)
    office.click("record_receipt")
    dialog = office.dialog(ReceiptDialog)
    dialog.reference.set_text("Statement 31")
    dialog.amount.set_text("48.00")
    assert dialog.consequence.text() == (
        "Only the agreed 49.00 USD can be recorded. Another amount has to go back."
    )
    office.try_to_submit(dialog)
    assert dialog.error_text() == (
        "The agreed amount is 49.00 USD. Record a receipt of that amount, or send the money back."
    )
    assert desk.payment(bought.payment_id).status == "pending"
    dialog.reject()


def test_a_receipt_for_a_hold_that_ran_out_says_that_a_seat_is_claimed_again(
    desk, ada, course, make_office
):
    bought = desk.buy(ada, course, method=TRANSFER, card=None)
    desk.pass_time(days=8)
    office = make_office()
    office.choose(bought.payment_id)
    office.click("record_receipt")
    dialog = office.dialog(ReceiptDialog)
    assert dialog.consequence.text().startswith("The hold has run out, so a seat in “SQL” is")
    dialog.reject()


def test_a_hold_is_cancelled_only_after_a_word_on_what_that_means(desk, ada, course, make_office):
    bought = desk.buy(ada, course, method=TRANSFER, card=None)
    office = make_office(role=Role.STAFF)
    office.choose(bought.payment_id)

    office.press(Qt.Key.Key_H, CTRL)
    dialog = office.dialog(CancelHoldDialog)
    assert dialog.consequence.text() == (
        "The seat in “SQL” becomes free. Nothing was charged, and 49.00 USD is not expected "
        "any more."
    )
    assert desk.seats(course) == 1
    office.submit(dialog)

    assert desk.payment(bought.payment_id).status == "failed"
    assert desk.seats(course) == 0


def test_a_refund_by_hand_waits_until_its_payout_is_recorded(desk, ada, course, make_office):
    bought = desk.buy(ada, course, method=TRANSFER, card=None)
    desk.pass_time(minutes=1)
    office = make_office()
    receive_and_refund(office, bought.payment_id)
    assert panel_text(office.page) == (
        "49.00 USD is to be paid out by hand. Record it when it is done."
    )

    office.click("record_payout")
    dialog = office.dialog(PayoutDialog)
    assert dialog.consequence.text() == (
        "49.00 USD is booked as paid out to Ada Byron. "
        "Access to “SQL” ends, and the seat becomes free."
    )
    dialog.reference.set_text("Transfer 2214")
    office.submit(dialog)

    assert office.said.startswith("Refunded 49.00 USD to Ada Byron.")
    assert desk.enrolment(ada, course).status == "refunded"


def test_a_refund_by_hand_can_be_given_up_with_a_reason(desk, ada, course, make_office):
    bought = desk.buy(ada, course, method=TRANSFER, card=None)
    office = make_office()
    refund_id = receive_and_refund(office, bought.payment_id, amount=Decimal(20))

    office.click("cancel_payout")
    dialog = office.dialog(CancelPayoutDialog)
    office.try_to_submit(dialog)
    assert dialog.comment.error() == "The reason cannot be empty."
    dialog.comment.set_text("Wants to stay after all.")
    office.submit(dialog)

    assert desk.payment(refund_id).status == "failed"
    assert desk.payment(bought.payment_id).refunded_amount == Decimal("0.00")


def test_a_partial_payout_says_that_access_stays(desk, ada, course, make_office):
    bought = desk.buy(ada, course, method=TRANSFER, card=None)
    office = make_office()
    receive_and_refund(office, bought.payment_id, amount=Decimal(20))
    office.click("record_payout")
    dialog = office.dialog(PayoutDialog)
    assert dialog.consequence.text() == (
        "20.00 USD is booked as paid out to Ada Byron. Access stays as it is."
    )
    dialog.reject()


def test_the_hold_of_cash_is_told_with_its_end(desk, ada, course, make_office):
    bought = desk.buy(ada, course, method=PaymentMethod.CASH, card=None)
    office = make_office()
    office.choose(bought.payment_id)
    until = desk.payment(bought.payment_id).hold_expires_at
    assert until - desk.clock.now >= timedelta(hours=1)
    assert "Hold until" in facts(office.page)


def test_money_for_a_seat_that_is_gone_is_marked_and_goes_back(desk, ada, make_office):
    last = desk.course(title="SQL", max_students=1)
    bought = desk.buy(ada, last, method=TRANSFER, card=None)
    desk.pass_time(days=8)
    desk.write(outcomes.expire, desk.where(bought.payment_id))
    desk.buy(desk.student(name="Bob"), last)
    office = make_office()
    receive(office, bought.payment_id)
    assert office.said == (
        "49.00 USD of Ada Byron came in, but “SQL” has no seat for it any more. The money must go "
        "back: refund it."
    )
    assert office.page.side.panel.state == "refund due"

    office.press(Qt.Key.Key_R, CTRL)
    dialog = office.dialog(RefundDialog)
    assert dialog.reason.value() is RefundReason.SEAT_GONE
    office.submit(dialog)
    office.page.chips.query_asked.emit(office.page.list.query.with_filter("kind", "refund"))
    office.wait()
    assert office.page.model.row(0).reason_code == "seat_gone"
