"""A student's balance in the window: what moved it, and changing it by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest
from PySide6.QtCore import Qt

from learnhub_desktop.domain.actors import Role
from learnhub_desktop.domain.balances import AdjustmentReason
from learnhub_desktop.domain.refunds import RefundTo
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.services import balances
from learnhub_desktop.ui.dialogs.balance import BalanceDialog
from tests.ui.back_office import LOST, ada, facts
from tests.ui.subscriber_office import texts

__all__ = ["ada"]
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def make_students(make_subscriptions):
    def make(role=Role.ADMIN):
        office = make_subscriptions(role)
        office.open("students")
        return office

    return make


def balance_of(desk, student):
    return desk.read(lambda uow: uow.users.balance(student))[0]


def test_it_is_changed_after_what_it_will_be_was_shown(desk, ada, make_students):
    office = make_students()
    office.choose(ada)
    assert facts(office.page)["Balance"] == "0.00 USD"
    assert not office.page.movements.isVisible()

    office.press(Qt.Key.Key_B, CTRL, SHIFT)
    dialog = office.dialog(BalanceDialog)
    assert dialog.about.text() == "Ada Byron has 0.00 USD on the balance."
    assert dialog.consequence.text() == "Say by how much."
    dialog.amount.set_text("20")
    assert dialog.primary_button.text() == "Add 20.00 USD"
    assert dialog.consequence.text() == (
        "The balance goes from 0.00 USD to 20.00 USD. No other money moves."
    )
    dialog.reason.choose(AdjustmentReason.PAID_IN)
    assert dialog.consequence.text().endswith(
        "Nothing is charged: 20.00 USD must have come in already."
    )
    office.bot.keyClick(dialog.amount.editor, Qt.Key.Key_Return)
    assert balance_of(desk, ada) == Decimal(0)
    office.submit(dialog)

    assert office.said == "20.00 USD was added to the balance of Ada Byron, which is 20.00 USD now."
    assert facts(office.page)["Balance"] == "20.00 USD"
    assert texts(office.page.movements) == {"By hand: paid in", "+20.00 USD", "Today 12:00"}


def test_it_never_goes_below_zero_and_another_desk_is_noticed(desk, ada, make_students):
    desk.write(
        balances.adjust_balance,
        ada,
        Decimal(20),
        reason=AdjustmentReason.GOODWILL,
        seen=Decimal(0),
    )
    office = make_students()
    office.choose(ada)
    office.click("student_balance")
    dialog = office.dialog(BalanceDialog)
    dialog.way.box.setCurrentIndex(1)
    dialog.amount.set_text("30")
    assert dialog.consequence.text() == "Only 20.00 USD can be taken away."
    office.try_to_submit(dialog)
    assert dialog.amount._line.text() == "Only 20.00 USD can be taken away."

    dialog.amount.set_text("15")
    assert dialog.consequence.text() == (
        "The balance goes from 20.00 USD to 5.00 USD. Nothing is sent: hand 15.00 USD to the "
        "student, or transfer it."
    )
    course = desk.course(price=Decimal(8))
    bought = desk.buy(
        *(ada, course), price=Decimal(8), method=PaymentMethod.ACCOUNT_BALANCE, card=None
    )
    office.try_to_submit(dialog)
    office.until(lambda: not dialog._tasks.running(""))
    assert dialog.error_text() == (
        "The balance of Ada Byron is 12.00 USD by now. Nothing was changed; look again first."
    )
    assert dialog.about.text() == "Ada Byron has 12.00 USD on the balance."
    dialog.amount.set_text("12")
    office.submit(dialog)

    assert balance_of(desk, ada) == Decimal(0)
    desk.refund(bought.payment_id, to=RefundTo.ORIGINAL)
    office.reload()
    office.until(lambda: "+8.00 USD" in texts(office.page.movements))
    said = texts(office.page.movements)
    assert f"Paid for payment {bought.payment_id}" in said
    assert {"−12.00 USD", "By hand: paid out", "By hand: goodwill", "−8.00 USD"} <= said


def test_staff_see_the_balance_and_change_nothing(desk, ada, make_students):
    office = make_students(Role.STAFF)
    office.choose(ada)

    assert facts(office.page)["Balance"] == "0.00 USD"
    assert "student_balance" not in office.page.actions_by_name
    # Nobody offers a button that does nothing.
    assert office.page.side.offer_button("student_balance") is None


def test_amounts_that_are_none_and_a_lost_server_change_nothing(desk, ada, make_students):
    office = make_students()
    office.choose(ada)
    office.click("student_balance")
    dialog = office.dialog(BalanceDialog)
    for typed, said in (
        ("-5", "The amount cannot be below zero."),
        ("🙂", "“🙂” is not an amount such as 49.00."),
        ("'; --", "“'; --” is not an amount such as 49.00."),
        ("9" * 10_000, "The amount cannot be above 9,999,999,999.99."),
    ):
        assert office.refusal(dialog, dialog.amount, typed) == said
    dialog.amount.set_text("20")
    assert office.submit_without_server(dialog) == LOST
    assert dialog.amount.value() == Decimal(20)

    assert balance_of(desk, ada) == Decimal(0)
