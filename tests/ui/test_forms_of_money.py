"""Forms about money, fed what cannot be used, and without their server."""

from __future__ import annotations

from decimal import Decimal

import pytest
from PySide6.QtCore import Qt

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.services import outcomes
from learnhub_desktop.ui.dialogs.enrol import EnrolDialog
from learnhub_desktop.ui.dialogs.payout import CancelPayoutDialog, PayoutDialog
from learnhub_desktop.ui.dialogs.receipt import CancelHoldDialog
from learnhub_desktop.ui.dialogs.subscription import (
    CancelSubscriptionDialog,
    ChangeCardDialog,
    ChangePlanDialog,
)
from learnhub_desktop.ui.dialogs.verify import ReleaseDialog
from tests.services.money_rows import change_rule
from tests.services.subscribers import row, subscribe
from tests.ui.back_office import LOST, ada, course

__all__ = ["ada", "course"]
ODD = 'Conto 🙂 "31", l\'ultima; DROP TABLE payments'


@pytest.fixture
def waiting(desk, ada, course):
    """A transfer that has not come yet."""
    return desk.buy(ada, course, method=PaymentMethod.BANK_TRANSFER, card=None).payment_id


@pytest.fixture
def payout(desk, waiting):
    """A refund that waits to be paid out by hand."""
    desk.write(
        outcomes.record_receipt,
        desk.where(waiting),
        reference="Statement 31",
        amount=Decimal("49.00"),
    )
    return desk.refund(waiting, amount=Decimal(20)).refund_id


@pytest.fixture
def subscription(desk):
    return subscribe(desk, name="Ada Byron")


def test_a_payout_keeps_any_reference_but_none_too_long_or_without_a_server(
    desk, payout, make_office
):
    office = make_office()
    office.choose(payout)
    office.click("record_payout")
    dialog = office.dialog(PayoutDialog)
    for typed, said in (
        (" \t ", "The reference cannot be empty."),
        ("x" * 10_000, "The reference can have at most 100 characters; this has 10,000."),
    ):
        assert office.refusal(dialog, dialog.reference, typed) == said
    dialog.reference.set_text(ODD)
    assert office.submit_without_server(dialog) == LOST
    assert dialog.reference.value() == ODD
    assert desk.payment(payout).status == "pending"
    office.submit(dialog)
    kept = desk.payment(payout)
    assert (kept.status, kept.gateway_reference) == ("completed", ODD)


def test_a_payout_is_given_up_for_any_reason_but_none_too_long_or_without_a_server(
    desk, payout, make_office
):
    office = make_office()
    office.choose(payout)
    office.click("cancel_payout")
    dialog = office.dialog(CancelPayoutDialog)
    assert office.refusal(dialog, dialog.comment, "x" * 10_000) == (
        "The reason can have at most 2,000 characters; this has 10,000."
    )
    dialog.comment.set_text(f"{ODD}\n2nd line")
    assert office.submit_without_server(dialog) == LOST
    assert dialog.comment.value() == f"{ODD}\n2nd line"
    assert desk.payment(payout).status == "pending"
    office.submit(dialog)
    kept = desk.payment(payout)
    assert (kept.status, kept.comment) == ("failed", f"{ODD}\n2nd line")


def test_a_hold_stays_where_no_server_hears_of_its_end(desk, course, waiting, make_office):
    office = make_office()
    office.choose(waiting)
    office.click("cancel_hold")
    dialog = office.dialog(CancelHoldDialog)
    assert office.submit_without_server(dialog) == LOST
    assert (desk.payment(waiting).status, desk.seats(course)) == ("pending", 1)
    office.submit(dialog)
    assert (desk.payment(waiting).status, desk.seats(course)) == ("failed", 0)


def test_a_release_keeps_any_reason_but_none_too_long_or_without_a_server(desk, make_office):
    desk.make(change_rule, "amount", action="block")
    dear = desk.course(title="Web Design", price=Decimal("600.00"))
    blocked = desk.buy(desk.student(name="Ada Byron"), dear, price=Decimal("600.00"))
    office = make_office("alerts")
    office.click("release_purchase")
    dialog = office.dialog(ReleaseDialog)
    assert office.refusal(dialog, dialog.comment, "x" * 10_000) == (
        "The reason can have at most 2,000 characters; this has 10,000."
    )
    dialog.comment.set_text(ODD)
    assert office.submit_without_server(dialog) == LOST
    assert dialog.comment.value() == ODD
    assert desk.alert(blocked.alert_id).released_at is None
    office.bot.mouseClick(dialog.primary_button, Qt.MouseButton.LeftButton)
    office.dialog(EnrolDialog).reject()
    office.wait()
    assert desk.alert(blocked.alert_id).review_comment == ODD


def test_a_plan_stays_where_no_server_hears_of_another(desk, subscription, make_subscriptions):
    office = make_subscriptions()
    office.choose(subscription)
    office.click("change_plan")
    dialog = office.dialog(ChangePlanDialog)
    assert office.submit_without_server(dialog) == LOST
    assert dialog.plan.value().plan_type == "annual"
    assert row(desk, subscription).next_plan_type is None
    office.submit(dialog)
    assert row(desk, subscription).next_plan_type == "annual"


def test_a_card_that_is_none_or_meets_no_server_replaces_nothing(
    desk, subscription, make_subscriptions
):
    office = make_subscriptions()
    office.choose(subscription)
    office.click("change_card")
    dialog = office.dialog(ChangeCardDialog)
    for typed, said in (
        ("  ", "Enter the token that the gateway gave for the card."),
        (
            "4111 1111 1111 1111",
            "This looks like a card number. LearnHub takes only a token such as tok_visa.",
        ),
        ("x" * 10_000, "A card's token has at most 200 characters."),
    ):
        dialog.card.choose_token(typed)
        office.try_to_submit(dialog)
        assert dialog.card._line.text() == said
    dialog.card.choose_token(ODD)
    assert office.submit_without_server(dialog) == LOST
    assert dialog.card.value() == ODD
    assert row(desk, subscription).payment_token == "tok_visa"
    office.submit(dialog)
    assert row(desk, subscription).payment_token == ODD


def test_a_subscription_ends_for_any_reason_but_none_too_long_or_without_a_server(
    desk, subscription, make_subscriptions
):
    office = make_subscriptions()
    office.choose(subscription)
    office.click("cancel_subscription")
    dialog = office.dialog(CancelSubscriptionDialog)
    assert office.refusal(dialog, dialog.reason, "x" * 10_000) == (
        "The reason can have at most 500 characters; this has 10,000."
    )
    dialog.reason.set_text(ODD)
    dialog.when.box.setCurrentIndex(1)
    assert office.submit_without_server(dialog) == LOST
    assert (dialog.reason.value(), dialog.primary_button.text()) == (ODD, "End it now")
    assert desk.row(t.subscriptions).status == "active"
    office.submit(dialog)
    kept = desk.row(t.subscriptions)
    assert (kept.status, kept.cancel_reason) == ("cancelled", ODD)
