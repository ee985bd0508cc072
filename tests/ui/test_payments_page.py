"""The payments tab: what it shows, and each act from the key to the row in the database."""

from __future__ import annotations

from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton

from learnhub_desktop.domain.actors import Role
from learnhub_desktop.domain.lists import Filter
from learnhub_desktop.domain.refunds import RefundTo
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.gateways import Operation
from learnhub_desktop.gateways.moods import Mood
from learnhub_desktop.models.payments import PAYMENT_COLUMNS
from learnhub_desktop.ui.dialogs.refund import RefundDialog
from learnhub_desktop.ui.dialogs.verify import ChargeDialog
from learnhub_desktop.ui.lists import ListState
from learnhub_desktop.ui.pages.alerts import AlertsPage
from learnhub_desktop.ui.pages.payments import PaymentsPage
from learnhub_desktop.ui.shortcuts import check_keys
from tests.ui.back_office import ada, course, facts, happened, panel_text

__all__ = ["ada", "course"]
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
TRANSFER = PaymentMethod.BANK_TRANSFER


# What is shown


def test_a_payment_is_a_line_with_its_state_in_a_word(desk, ada, course, make_office):
    desk.buy(ada, course)
    page = make_office().page

    line = page.model.line(0)
    shown = dict(zip([column.key for column in PAYMENT_COLUMNS], line.texts, strict=True))
    assert shown["student"] == "Ada Byron"
    assert shown["course"] == "SQL"
    assert shown["amount"] == "49.00"
    assert shown["method"] == "card"
    assert shown["status"] == "completed"
    assert shown["created"] == "Today 12:00"
    assert page.chips.counted.text() == "1 payment"


def test_the_panel_tells_what_happened_and_what_can_be_done(desk, ada, course, make_office):
    bought = desk.buy(ada, course)
    office = make_office()
    office.choose(bought.payment_id)
    panel = office.page.side.panel

    assert panel.title == f"Payment {bought.payment_id}"
    assert panel.subtitle.endswith("Ada Byron · SQL")
    assert panel.amount == "49.00 USD"
    assert panel.sentence == "49.00 USD is paid, and the student has what was bought."
    assert facts(office.page)["Method"] == "card, simulated"
    assert facts(office.page)["Reference"].startswith("sim_ch_")
    assert happened(office.page)[0] == "Purchase started"
    assert "The money was taken" in happened(office.page)
    assert panel.events[0].when == "12:00:00"
    assert panel.events[0].tooltip == "Tuesday 10 March 2026, 12:00:00 UTC"
    assert office.offered() == {"payment_student": "", "refund": ""}


def test_the_days_of_an_older_story_stand_above_it(desk, ada, course, make_office):
    bought = desk.buy(ada, course)
    desk.pass_time(days=3)
    desk.refund(bought.payment_id, amount=Decimal(20))
    office = make_office()
    office.choose(bought.payment_id)

    days = [event.when for event in office.page.side.panel.events if not event.text]
    assert days == ["Sat", "Today"] or days == ["Tue", "Today"]


def test_an_unknown_payment_says_what_that_means_and_when_it_is_asked(
    desk, ada, course, make_office
):
    desk.gateway.set_mood(Mood.LOST_ANSWER)
    bought = desk.buy(ada, course)
    office = make_office()
    office.choose(bought.payment_id)

    assert panel_text(office.page) == (
        "The gateway did not answer. The seat stays held, and nothing is charged twice. "
        "The gateway is asked again at 12:05."
    )
    assert facts(office.page)["Asked next"] == "Today 12:05"
    assert office.offered()["refund"].startswith("it is not known yet whether this payment")
    primary = [offer.action for offer in office.page.side.panel.offers if offer.is_primary]
    assert primary == ["ask_gateway"]


def test_filters_and_search_narrow_the_list(desk, ada, course, make_office):
    desk.buy(ada, course)
    other = desk.student(name="Bob")
    desk.buy(other, desk.course(title="Python"), method=TRANSFER, card=None)
    office = make_office()
    page = office.page

    page.chips.query_asked.emit(page.list.query.with_filter("method", "bank_transfer"))
    office.wait()
    assert [page.model.row(n).student_name for n in range(page.model.total)] == ["Bob"]
    assert page.chips.chips[0].words.text() == "Method: transfer"
    assert page.chips.counted.text() == "1 of 2 payments"

    page.command("clear_filters")
    page.search.setText("status:completed ada")
    page.search.textEdited.emit(page.search.text())
    office.wait()
    assert [page.model.row(n).student_name for n in range(page.model.total)] == ["Ada Byron"]


@pytest.mark.parametrize(
    "values, shown",
    [
        (("unknown",), "Needs attention: unknown"),
        (("unknown_day", "refund_due"), "Needs attention: unknown for a day, refund due"),
    ],
)
def test_what_needs_attention_is_a_filter(make_office, values, shown):
    office = make_office()
    office.page.chips.query_asked.emit(office.page.list.query.with_filter("attention", *values))
    office.wait()
    assert office.page.chips.chips[0].words.text() == shown
    assert office.page.list.error is None


def test_unknown_payments_are_found_by_their_age(desk, ada, course, make_office):
    desk.gateway.set_mood(Mood.LOST_ANSWER)
    old = desk.buy(ada, course)
    desk.pass_time(hours=2)
    desk.buy(desk.student(name="Bob"), course)
    office = make_office()
    office.page.chips.query_asked.emit(
        office.page.list.query.with_filter("attention", "unknown_hour")
    )
    office.wait()
    assert [office.page.model.id_at(n) for n in range(office.page.model.total)] == [old.payment_id]


def test_the_message_line_sums_what_is_selected(desk, ada, course, make_office):
    bought = desk.buy(ada, course)
    desk.refund(bought.payment_id, amount=Decimal(9))
    office = make_office()
    office.page.table.select_numbers([0, 1], 0)
    assert office.window.messages.selection.text() == "2 selected · 40.00 USD"


def test_an_empty_list_says_what_fills_it(make_office):
    office = make_office()
    assert office.page.list.state is ListState.EMPTY
    assert office.page.card.notice.sentence.text() == (
        "No payments yet. The first appears when a student is enrolled."
    )


def test_a_lost_database_says_so_and_comes_back(desk, ada, course, make_office, monkeypatch, qtbot):
    desk.buy(ada, course)
    office = make_office()
    office.lose_database(monkeypatch)
    office.page.list.show(office.page.list.query)
    office.until(lambda: office.page.list.state is ListState.FAILED)
    assert office.page.card.notice.sentence.text().startswith("school.db cannot be reached.")

    monkeypatch.undo()
    qtbot.mouseClick(office.page.card.notice.action, Qt.MouseButton.LeftButton)
    office.wait()
    assert office.page.model.total == 1


def test_an_instructor_sees_no_payments(make_office):
    office = make_office(role=Role.INSTRUCTOR)
    assert office.window.rail.keys() == []


def test_staff_may_refund_but_records_no_receipt(make_office):
    page = make_office(role=Role.STAFF).page
    assert page.may("refund")
    assert page.may("cancel_hold")
    assert not page.may("record_receipt")
    assert not page.may("record_payout")


def test_every_action_has_a_key_of_its_own_and_work_to_do(make_office):
    check_keys([*PaymentsPage.action_table, *AlertsPage.action_table])
    office = make_office()
    assert office.page.unbound() == []
    assert office.open("alerts").unbound() == []


# Refund


def test_a_refund_takes_four_inputs(desk, ada, course, make_office):
    bought = desk.buy(ada, course)
    office = make_office()

    office.choose(bought.payment_id)  # 1: a click on the row
    office.press(Qt.Key.Key_R, CTRL)  # 2
    dialog = office.dialog(RefundDialog)
    assert dialog.amount.line.hasFocus()
    assert dialog.primary_button.text() == "Refund 49.00 USD"
    office.submit(dialog)  # 3

    assert office.said == (
        "Refunded 49.00 USD to Ada Byron. Access to “SQL” has ended, and the seat is free."
    )
    assert desk.payment(bought.payment_id).status == "refunded"
    assert desk.enrolment(ada, course).status == "refunded"
    assert desk.seats(course) == 0
    assert office.page.current().payment_id == bought.payment_id
    assert panel_text(office.page) == "All 49.00 USD went back, and what it had bought has ended."
    assert office.offered()["refund"] == "all of this payment went back already."


def test_the_refunds_of_a_payment_are_listed_and_lead_to_their_rows(
    desk, ada, course, make_office, qtbot
):
    bought = desk.buy(ada, course)
    made = desk.refund(bought.payment_id, amount=Decimal(20))
    office = make_office()
    office.choose(bought.payment_id)

    [link] = [b for b in office.page.refunds.findChildren(QPushButton) if not b.isHidden()]
    assert link.text() == f"Refund {made.refund_id}"
    qtbot.mouseClick(link, Qt.MouseButton.LeftButton)
    office.wait()
    assert office.page.current().payment_id == made.refund_id
    assert office.page.side.panel.amount == "−20.00 USD"
    assert office.page.refunds.parentWidget().isHidden()

    office.click("payment_charge")
    office.wait()
    assert office.page.current().payment_id == bought.payment_id


def test_an_action_that_is_not_possible_says_why_by_key_too(desk, ada, course, make_office):
    bought = desk.buy(ada, course, method=TRANSFER, card=None)
    office = make_office()
    office.press(Qt.Key.Key_R, CTRL)
    assert office.said == "Refund is not possible: select one payment first."

    office.choose(bought.payment_id)
    office.press(Qt.Key.Key_R, CTRL)
    assert office.said == (
        "Refund is not possible: this payment is not completed yet, so there is nothing to refund."
    )
    assert office.dialogs() == []


def test_an_action_looks_again_before_it_acts(desk, ada, course, make_office, qtbot):
    bought = desk.buy(ada, course)
    office = make_office()
    office.choose(bought.payment_id)
    desk.refund(bought.payment_id)

    office.press(Qt.Key.Key_R, CTRL)

    office.until(lambda: office.said.startswith("Refund is not possible: all of this payment"))
    assert office.dialogs() == []


def test_another_desks_refund_appears_and_the_selection_stays(desk, ada, course, make_office):
    bought = desk.buy(ada, course)
    office = make_office()
    office.choose(bought.payment_id)
    desk.refund(bought.payment_id)

    office.reload()

    assert office.page.model.total == 2
    assert office.page.current().payment_id == bought.payment_id
    assert office.page.side.panel.state == "refunded"


# Asking the gateway


def test_ask_now_finds_out_that_it_was_charged(desk, ada, course, make_office, qtbot):
    desk.gateway.set_mood(Mood.LOST_ANSWER, operation=Operation.CHARGE)
    bought = desk.buy(ada, course)
    office = make_office()
    office.choose(bought.payment_id)

    office.click("ask_gateway")
    office.until(lambda: desk.payment(bought.payment_id).status == "completed")
    office.wait()

    assert office.said.startswith("Enrolled Ada Byron in “SQL”. 49.00 USD paid by card.")
    assert office.page.side.panel.state == "completed"


def test_ask_now_of_an_unreachable_gateway_leaves_the_seat_held(
    desk, ada, course, make_office, qtbot
):
    desk.gateway.set_mood(Mood.LOST_ANSWER)
    bought = desk.buy(ada, course)
    desk.gateway.set_mood(Mood.UNREACHABLE)
    office = make_office()
    office.choose(bought.payment_id)

    office.press(Qt.Key.Key_G, CTRL)
    office.until(lambda: office.said.startswith("The gateway did not answer."))

    assert desk.payment(bought.payment_id).status == "unknown"
    assert desk.seats(course) == 1


# Neighbours


def test_a_payment_leads_to_its_alert_and_back(desk, ada, make_office):
    dear = desk.course(title="Web Design", price=Decimal(600))
    bought = desk.buy(ada, dear, price=Decimal(600))
    office = make_office()
    office.choose(bought.payment_id)
    assert facts(office.page)["Fraud alert"] == "No. 1"

    office.click("payment_alert")
    office.until(lambda: office.page.key == "alerts")
    office.wait()
    assert office.page.current().payment_id == bought.payment_id

    office.press(Qt.Key.Key_P, CTRL)
    office.until(lambda: office.page.key == "payments")
    office.wait()
    assert office.page.current().payment_id == bought.payment_id


def test_an_approved_purchase_can_be_charged_from_here(desk, course, make_office):
    for name in ("One", "Two"):
        desk.buy(desk.student(name=name), course, card="tok_visa_shared")
    held = desk.buy(desk.student(name="Three"), course, card="tok_visa_shared")
    office = make_office("alerts")
    office.choose(held.alert_id)
    office.press(Qt.Key.Key_F7)
    later = office.dialog(ChargeDialog)
    later.reject()
    office.wait()

    office.open("payments")
    office.choose(held.payment_id)
    office.click("charge_payment")
    dialog = office.dialog(ChargeDialog)
    dialog.card.choose_token("tok_visa_shared")
    office.submit(dialog)

    assert desk.payment(held.payment_id).status == "completed"
    assert office.said.startswith("Enrolled Three in “SQL”.")


def test_a_reference_is_copied_whole(desk, ada, course, make_office, qtbot):
    bought = desk.buy(ada, course)
    office = make_office()
    office.choose(bought.payment_id)
    office.press(Qt.Key.Key_R, CTRL, SHIFT)
    whole = desk.payment(bought.payment_id).gateway_reference
    office.until(lambda: QGuiApplication.clipboard().text() == whole)


def test_a_refund_to_the_balance_is_a_row_without_a_gateway(desk, ada, course, make_office):
    bought = desk.buy(ada, course)
    made = desk.refund(bought.payment_id, to=RefundTo.BALANCE)
    office = make_office()
    office.choose(made.refund_id)
    assert facts(office.page)["Method"] == "balance"
    assert "ask_gateway" not in office.offered()


def test_another_page_can_ask_for_one_students_payments(desk, ada, course, make_office):
    desk.buy(ada, course)
    desk.buy(desk.student(name="Bob"), course)
    office = make_office()
    office.window.go("payments", filters=(Filter("student", (str(ada),)),))
    office.wait()
    assert office.page.chips.chips[0].words.text() == "Student: Ada Byron"
    assert [office.page.model.row(n).student_name for n in range(office.page.model.total)] == [
        "Ada Byron"
    ]
