"""Purchases that the fraud rules stopped: released once, or held until a reviewer decides."""

from __future__ import annotations

from decimal import Decimal

import pytest
from PySide6.QtCore import Qt

from learnhub_desktop.domain.actors import Role
from learnhub_desktop.ui.dialogs.enrol import EnrolDialog
from learnhub_desktop.ui.dialogs.verify import ChargeDialog, ReleaseDialog
from tests.services.money_rows import change_rule
from tests.ui.back_office import held, panel_text

__all__ = ["held"]
CTRL = Qt.KeyboardModifier.ControlModifier
DEAR = Decimal("600.00")


@pytest.fixture
def blocked(desk):
    """A purchase that the rules refused."""
    desk.make(change_rule, "amount", action="block")
    course = desk.course(title="Web Design", price=DEAR)
    return desk.buy(desk.student(name="Ada Byron"), course, price=DEAR)


# Blocked, and released once


def test_a_blocked_purchase_is_released_with_a_reason_and_bought(desk, blocked, make_office):
    office = make_office("alerts")
    assert panel_text(office.page) == (
        "The purchase was blocked: nothing was charged, and no seat is held."
    )
    office.click("release_purchase")
    dialog = office.dialog(ReleaseDialog)
    assert dialog.consequence.text() == (
        "Nothing is charged now. Ada Byron may buy this course once more for 600.00 USD, and the "
        "fraud rules let it pass. The alert is closed as a false positive."
    )
    office.try_to_submit(dialog)
    assert dialog.comment.error() == "The reason cannot be empty."
    dialog.comment.set_text("Called back: on a journey.")
    office.bot.mouseClick(dialog.primary_button, Qt.MouseButton.LeftButton)

    again = office.dialog(EnrolDialog)
    assert desk.alert(blocked.alert_id).released_at == desk.clock.now
    again.reject()
    office.wait()

    office.page.command("clear_filters")
    office.wait()
    office.choose(blocked.alert_id)
    assert panel_text(office.page).endswith("The purchase is released: it may be made once more.")
    assert "release_purchase" not in office.offered()
    office.press(Qt.Key.Key_L, CTRL)
    assert office.said == (
        "Release is not possible: the purchase is released: it may be made once more."
    )
    office.click("buy_released")
    office.dialog(EnrolDialog).reject()
    office.wait()


def test_staff_review_and_release_nothing(desk, blocked, make_office):
    office = make_office("alerts", role=Role.STAFF)
    assert not office.page.may("release_purchase")
    assert office.page.side.offer_button("release_purchase") is None
    assert office.page.side.offer_button("confirm_fraud") is not None


# Held until a reviewer decides


def test_a_held_purchase_is_approved_and_charged_with_the_same_card(desk, held, make_office):
    office = make_office("alerts")
    assert panel_text(office.page) == (
        "The purchase waits for a decision: a seat is held, and nothing was charged."
    )
    office.page.comment.set_text("Three sisters, one card.")
    office.press(Qt.Key.Key_F7)
    dialog = office.dialog(ChargeDialog)
    assert dialog.primary_button.text() == "Charge 49.00 USD"
    dialog.card.choose_token("tok_visa")
    office.try_to_submit(dialog)
    assert dialog.card._line.text() == "This is another card than the one that was verified."
    dialog.card.choose_token("tok_visa_shared")
    office.submit(dialog)

    assert office.said.startswith("Enrolled Three in “Statistics”. 49.00 USD paid by card.")
    assert desk.payment(held.payment_id).status == "completed"
    assert desk.alert(held.alert_id).review_comment == "Three sisters, one card."


def test_a_declined_purchase_gives_its_seat_back(desk, held, make_office):
    course = desk.payment(held.payment_id).course_id
    office = make_office("alerts")
    assert desk.seats(course) == 3
    office.click("decline_purchase")
    office.until(lambda: desk.alert(held.alert_id).status == "confirmed_fraud")
    office.wait()

    assert office.said == (
        "Declined the purchase of “Statistics” by Three. Nothing was charged; the seat is free."
    )
    assert desk.seats(course) == 2
    assert desk.payment(held.payment_id).status == "failed"


def test_a_held_purchase_is_approved_or_declined_and_nothing_else(desk, held, make_office):
    office = make_office("alerts")
    assert set(office.offered()) == {"approve_purchase", "decline_purchase"}
    office.press(Qt.Key.Key_F2)
    assert office.said == (
        "Confirm fraud is not possible: this alert holds a purchase. Approving or declining it "
        "closes the alert."
    )
    assert desk.alert(held.alert_id).status == "pending"


def test_staff_are_told_who_decides_on_a_held_purchase(desk, held, make_office):
    office = make_office("alerts", role=Role.STAFF)
    assert panel_text(office.page).endswith(
        "An account that may release purchases approves or declines it."
    )
    assert office.page.side.offer_button("approve_purchase") is None
    assert office.offered()["mark_reviewed"].startswith("this alert holds a purchase.")


def test_a_hold_that_ran_out_says_so(desk, held, make_office):
    desk.pass_time(days=4)
    office = make_office("alerts")
    assert panel_text(office.page) == (
        "The hold ran out before a reviewer decided. Nothing was charged."
    )
    office.press(Qt.Key.Key_F7)
    assert office.said.startswith("Approve is not possible: the hold ran out before")
    assert {"confirm_fraud", "false_positive", "mark_reviewed"} <= set(office.offered())
