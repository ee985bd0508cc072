"""The subscriptions tab: each act from the key to the row in the database."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import Qt
from sqlalchemy import insert

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.subscriptions import Standing
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.gateways.moods import Mood
from learnhub_desktop.services import subscriptions
from learnhub_desktop.ui.dialogs.open_course import OpenCourseDialog
from learnhub_desktop.ui.dialogs.subscription import (
    BillNowDialog,
    CancelSubscriptionDialog,
    ChangeCardDialog,
    ChangePlanDialog,
)
from tests.services.subscribers import (
    at,
    bills,
    charges,
    day,
    give_card,
    renew,
    row,
    sign_up,
)
from tests.ui.back_office import facts, panel_text, pick
from tests.ui.subscriber_office import ada, shown, texts

__all__ = ["ada"]
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def test_another_plan_is_billed_from_the_next_period_on_and_can_be_undone(
    desk, ada, make_subscriptions
):
    office = make_subscriptions()
    office.choose(ada)
    office.press(Qt.Key.Key_F2)
    dialog = office.dialog(ChangePlanDialog)

    assert dialog.plan.value().plan_type == "annual"
    assert dialog.consequence.text() == (
        "290.00 USD each year from 10 April 2026 on. What is paid until then stays as it is, and "
        "nothing is charged now."
    )
    office.submit(dialog)
    assert office.said == (
        "Ada Byron is billed for “Annual” from 10 April 2026 on: 290.00 USD a period."
    )
    assert facts(office.page)["Then"] == "Annual"
    office.press(Qt.Key.Key_Z, CTRL)
    office.until(lambda: row(desk, ada).next_plan_type is None)
    office.until(lambda: "Then" not in facts(office.page))


def test_the_plan_that_is_billed_already_changes_nothing(desk, ada, make_subscriptions):
    office = make_subscriptions()
    office.choose(ada)
    office.click("change_plan")
    dialog = office.dialog(ChangePlanDialog)

    dialog.plan.box.setCurrentIndex(0)

    assert not dialog.primary_button.isEnabled()
    assert dialog.consequence.text() == "“Monthly” is what is billed already."
    dialog.reject()


def test_a_new_card_is_charged_next(desk, ada, make_subscriptions):
    office = make_subscriptions()
    office.choose(ada)
    office.press(Qt.Key.Key_D, CTRL)
    dialog = office.dialog(ChangeCardDialog)
    dialog.card.choose_token("tok_mastercard")

    assert dialog.consequence.text() == (
        "Nothing is charged now. 29.00 USD is charged with this card on 10 April 2026."
    )
    office.submit(dialog)
    assert office.said == "Ada Byron's new card is charged on 10 April 2026."
    kept = row(desk, ada)
    assert kept.payment_token == "tok_mastercard"
    assert kept.card_fingerprint == desk.gateway.card_fingerprint("tok_mastercard")


def test_who_is_past_due_gets_a_card_and_is_billed_at_once(desk, ada, make_subscriptions):
    give_card(desk, ada, "tok_declined")
    desk.clock.now = at("2026-04-10T06:00")
    renew(desk, ada)
    office = make_subscriptions()
    office.choose(ada)
    panel = office.page.side.panel

    assert panel.state == "past due"
    assert [offer.action for offer in panel.offers if offer.is_primary] == ["change_card"]
    office.press(Qt.Key.Key_B, CTRL, SHIFT)
    assert office.said == (
        "Bill now is not possible: it is tried again by its schedule. Give it another card to try "
        "at once."
    )
    office.click("change_card")
    dialog = office.dialog(ChangeCardDialog)
    dialog.card.choose_token("tok_visa")
    office.submit(dialog)
    office.click("bill_now")
    billing = office.dialog(BillNowDialog)
    assert billing.consequence.text() == (
        "29.00 USD is charged to the card now, for 10 April to 10 May 2026."
    )
    office.submit(billing)
    assert office.said == (
        "Ada Byron's subscription is paid: 29.00 USD by card. It runs until 10 May 2026."
    )
    assert bills(desk, ada) == [
        ("2026-03-10", "2026-04-10", "completed"),
        ("2026-04-10", "2026-05-10", "completed"),
    ]
    assert charges(desk, ada) == ["completed", "failed", "completed"]


def test_a_card_that_is_declined_again_is_told(desk, ada, make_subscriptions):
    give_card(desk, ada, "tok_declined")
    desk.clock.now = at("2026-04-10T06:00")
    office = make_subscriptions()
    office.choose(ada)
    office.click("bill_now")
    office.submit(office.dialog(BillNowDialog))

    assert office.said == "The card was declined. Ada Byron's subscription was not charged."
    assert office.page.current().standing is Standing.PAST_DUE


def test_enter_alone_bills_nothing(desk, ada, make_subscriptions):
    desk.clock.now = at("2026-04-10T06:00")
    office = make_subscriptions()
    office.choose(ada)
    office.click("bill_now")
    dialog = office.dialog(BillNowDialog)

    office.bot.keyClick(dialog, Qt.Key.Key_Return)

    assert dialog.isVisible()
    assert len(desk.sent()) == 1
    dialog.reject()


def test_it_ends_with_its_period_and_can_be_resumed(desk, ada, make_subscriptions):
    desk.write(subscriptions.open_course, ada, desk.course(title="SQL"))
    office = make_subscriptions()
    office.choose(ada)
    office.press(Qt.Key.Key_C, CTRL, SHIFT)
    dialog = office.dialog(CancelSubscriptionDialog)

    assert dialog.consequence.text() == (
        "Nothing more is charged. It runs until 10 April 2026, and can be resumed before. The "
        "course that it opened closes then."
    )
    office.try_to_submit(dialog)
    assert dialog.reason.error() == "The reason cannot be empty."
    office.bot.keyClicks(dialog.reason.line, "Moved")
    assert dialog.primary_button.text() == "End it on 10 April 2026"
    office.submit(dialog)
    assert office.said == (
        "Ada Byron's subscription ends on 10 April 2026. Access stays until then."
    )
    assert office.page.side.panel.state == "ending"
    office.click("resume_subscription")
    office.until(lambda: not row(desk, ada).cancel_at_period_end)
    office.wait()
    assert office.said == (
        "Ada Byron's subscription goes on; the next period begins on 10 April 2026."
    )


def test_it_ends_now_with_what_it_opened(desk, ada, make_subscriptions):
    course = desk.course(title="SQL", max_students=1)
    desk.write(subscriptions.open_course, ada, course)
    office = make_subscriptions()
    office.choose(ada)
    office.click("cancel_subscription")
    dialog = office.dialog(CancelSubscriptionDialog)
    dialog.when.box.setCurrentIndex(1)
    office.bot.keyClicks(dialog.reason.line, "Moved")

    assert dialog.consequence.text() == (
        "Nothing more is charged. The course that it opened closes now, and its seat becomes "
        "free. What is paid until 10 April 2026 does not come back by itself; refund its payment "
        "for that."
    )
    assert dialog.primary_button.text() == "End it now"
    office.submit(dialog)
    assert row(desk, ada).status == "cancelled"
    assert desk.seats(course) == 0
    assert texts(office.page.courses) == {"SQL", "ended"}
    assert list(office.offered()) == ["subscription_student"]
    office.press(Qt.Key.Key_F2)
    assert office.said == (
        "Change plan is not possible: this subscription is not running any more."
    )


def test_a_course_is_opened_once_its_seat_and_day_are_shown(desk, ada, make_subscriptions):
    course = desk.course(title="SQL", search_text="sql", max_students=5)
    office = make_subscriptions()
    office.choose(ada)
    office.press(Qt.Key.Key_B, CTRL)
    dialog = office.dialog(OpenCourseDialog)
    assert not dialog.primary_button.isEnabled()
    pick(office, dialog.course, "SQL")
    office.until(dialog.primary_button.isEnabled)

    assert dialog.consequence.text() == (
        "One of 5 seats is taken, and nothing is charged. Access runs until 10 April 2026, and on "
        "each time the subscription is paid."
    )
    office.submit(dialog)
    assert office.said == (
        "Opened “SQL” for Ada Byron, until 10 April 2026 and each time the subscription is paid."
    )
    student = row(desk, ada).user_id
    assert desk.enrolment(student, course).source == "subscription"
    assert texts(office.page.courses) == {"SQL", "0 %"}


def test_a_course_that_is_full_says_so_before_the_button(desk, ada, make_subscriptions):
    course = desk.course(title="SQL", search_text="sql", max_students=1)
    desk.buy(desk.student(name="Bob"), course)
    office = make_subscriptions()
    office.choose(ada)
    office.click("subscription_open")
    dialog = office.dialog(OpenCourseDialog)
    pick(office, dialog.course, "SQL")
    office.until(lambda: not dialog.is_looking)

    assert dialog.consequence.text() == "“SQL” is full: its only seat is taken."
    assert not dialog.primary_button.isEnabled()
    dialog.reject()


def test_without_prerequisites_a_reason_lets_the_student_in(desk, ada, make_subscriptions):
    basics = desk.course(title="Basics", search_text="basics")
    mastery = desk.course(title="Mastery", search_text="mastery")
    desk.make(
        lambda connection: connection.execute(
            insert(t.course_prerequisites).values(course_id=mastery, prerequisite_course_id=basics)
        )
    )
    office = make_subscriptions()
    office.choose(ada)
    office.click("subscription_open")
    dialog = office.dialog(OpenCourseDialog)
    pick(office, dialog.course, "Mastery")
    office.until(dialog.primary_button.isEnabled)

    assert dialog.override.label.text() == "Reason to let Ada Byron in without “Basics”"
    office.try_to_submit(dialog)
    office.bot.keyClicks(dialog.override.line, "Teaches it")
    office.submit(dialog)
    assert desk.enrolment(row(desk, ada).user_id, mastery).reason == "Teaches it"


def test_what_is_over_opens_nothing_until_it_is_paid(desk, ada, make_subscriptions):
    desk.clock.now = at("2026-04-10T06:00")
    office = make_subscriptions()
    office.choose(ada)

    assert office.offered()["subscription_open"] == "what was paid has ended."
    office.press(Qt.Key.Key_B, CTRL)
    assert office.said == "Open a course is not possible: what was paid has ended."


def test_a_charge_without_an_answer_is_asked_about_here(desk, ada, make_subscriptions):
    desk.clock.now = at("2026-04-10T06:00")
    desk.gateway.set_mood(Mood.LOST_ANSWER)
    renew(desk, ada)
    desk.gateway.set_mood(Mood.APPROVE)
    office = make_subscriptions()
    office.choose(ada)

    assert office.page.side.panel.state == "not settled"
    assert "Nothing is charged twice." in panel_text(office.page)
    office.click("subscription_ask")
    office.until(lambda: row(desk, ada).current_period_end == day("2026-05-10"))
    office.until(lambda: office.said.startswith("Ada Byron's subscription is paid"))
    office.wait()
    assert office.page.side.panel.state == "active"


def test_the_student_and_their_payments_are_a_key_away(desk, ada, make_subscriptions):
    office = make_subscriptions()
    office.choose(ada)
    office.press(Qt.Key.Key_P, CTRL)
    office.until(lambda: office.window.page.key == "payments")
    office.wait()
    assert [row.amount for row in (office.page.model.row(0),)] == [Decimal("29.00")]
    office.window.command("back")
    office.wait()
    office.press(Qt.Key.Key_U, CTRL)
    office.until(lambda: office.window.page.key == "students")


def test_another_desk_may_have_ended_it_meanwhile(desk, ada, make_subscriptions):
    office = make_subscriptions()
    office.choose(ada)
    desk.write(subscriptions.cancel, ada, now=True, reason="Moved")

    office.press(Qt.Key.Key_D, CTRL)

    office.until(lambda: "not possible" in office.said)
    assert office.said == (
        "Change card is not possible: this subscription is not running any more."
    )
    assert office.dialogs() == []
    office.reload()
    assert office.page.side.panel.state == "cancelled"


def test_a_school_without_a_gateway_for_cards_says_so(desk, ada, make_subscriptions):
    office = make_subscriptions(gateways=Gateways(None))

    office.press(Qt.Key.Key_N, CTRL)

    assert office.said == "Sign up is not possible: this school has no gateway for cards."


def test_one_that_never_began_offers_nothing_but_its_student(desk, make_subscriptions):
    declined = sign_up(desk, desk.student(), card="tok_declined")
    number = desk.payment(declined.payment_id).subscription_id
    office = make_subscriptions()
    office.choose(number)

    assert shown(office.page)["status"] == "never paid"
    assert shown(office.page)["paid_until"] == "–"
    assert list(office.offered()) == ["subscription_student"]
    assert office.page.courses.parentWidget().isHidden()
