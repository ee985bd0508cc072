"""The subscriptions tab: what it shows, and to whom."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from learnhub_desktop.domain.actors import Role
from learnhub_desktop.models.subscriptions import SUBSCRIPTION_COLUMNS
from learnhub_desktop.services import subscriptions
from learnhub_desktop.ui.lists import ListState
from learnhub_desktop.ui.pages.subscriptions import SubscriptionsPage
from learnhub_desktop.ui.shortcuts import check_keys
from tests.services.subscribers import (
    at,
    give_card,
    renew,
    subscribe,
)
from tests.ui.back_office import facts
from tests.ui.subscriber_office import ada, shown, texts

__all__ = ["ada"]
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def test_a_subscription_is_a_line_with_its_standing_in_a_word(desk, ada, make_subscriptions):
    page = make_subscriptions().page

    line = shown(page)
    assert line["student"] == "Ada Byron"
    assert line["plan"] == "Monthly"
    assert line["price"] == "29.00"
    assert line["status"] == "active"
    assert line["paid_until"] == "10 Apr"
    assert line["bills_on"] == "10 Apr"
    assert line["courses"] == "0"
    assert page.chips.counted.text() == "1 subscription"


def test_the_panel_tells_how_it_stands_and_what_was_billed(desk, ada, make_subscriptions):
    course = desk.course(title="SQL")
    desk.write(subscriptions.open_course, ada, course)
    office = make_subscriptions()
    office.choose(ada)
    page, panel = office.page, office.page.side.panel
    paid = desk.payments()[0].payment_id

    assert panel.title == f"Subscription {ada}"
    assert panel.subtitle.endswith("Ada Byron · Monthly\nada@example.org")
    assert panel.amount == "29.00 USD"
    assert panel.sentence == "Paid until 10 April 2026; 29.00 USD is charged then."
    assert facts(page)["Method"] == "card, simulated"
    assert texts(page.bills) == {
        "10 Mar–10 Apr 2026",
        "29.00 USD",
        f"Payment {paid}",
        "paid",
    }
    assert texts(page.courses) == {"SQL", "0 %"}
    assert list(office.offered().values()) == [""] * 5
    primary = [offer.action for offer in panel.offers if offer.is_primary]
    assert primary == ["subscription_open"]


def test_a_period_leads_to_its_payment(desk, ada, make_subscriptions):
    office = make_subscriptions()
    office.choose(ada)
    paid = desk.payments()[0].payment_id

    office.page.bills.asked.emit(paid)
    office.wait()

    assert office.window.page.key == "payments"
    assert office.page.current().payment_id == paid


def test_a_course_leads_to_the_catalog(desk, ada, make_subscriptions):
    course = desk.course(title="SQL")
    desk.write(subscriptions.open_course, ada, course)
    office = make_subscriptions()
    office.choose(ada)

    office.page.courses.asked.emit(course)
    office.wait()

    assert office.window.page.key == "catalog"
    assert office.page.current().course_id == course


def test_many_periods_are_shown_when_asked_for(desk, make_subscriptions):
    ada = subscribe(desk)
    for month in range(4, 11):
        desk.clock.now = at(f"2026-{month:02d}-10T06:00")
        renew(desk, ada)
    office = make_subscriptions()
    office.choose(ada)
    page = office.page
    more = page.bills._more

    assert len([text for text in texts(page.bills) if text.startswith("Payment")]) == 5
    assert more.text() == "Show all 8 periods"
    more.click()
    office.until(
        lambda: len([text for text in texts(page.bills) if text.startswith("Payment")]) == 8
    )
    assert more.isHidden()


def test_an_empty_list_leads_to_the_first_sign_up(desk, make_subscriptions):
    page = make_subscriptions().page

    assert page.list.state is ListState.EMPTY
    assert page.card.notice.sentence.text() == (
        "No subscriptions yet. Sign the first student up for a plan."
    )
    assert page.card.notice.action.text() == "Sign up"


def test_a_lost_database_says_so_and_comes_back(desk, ada, make_subscriptions, monkeypatch):
    office = make_subscriptions()
    with monkeypatch.context() as patch:
        office.lose_database(patch)
        office.page.reload()
        office.wait()
        assert "cannot be reached" in office.said
        assert office.page.model.total == 1
    office.page.reload()
    office.wait()
    assert office.page.list.error is None


def test_filters_are_the_schools_own_plans_and_what_needs_a_person(desk, ada, make_subscriptions):
    subscribe(desk, "annual", name="Bob")
    give_card(desk, ada, "tok_declined")
    desk.clock.now = at("2026-04-10T06:00")
    renew(desk, ada)
    office = make_subscriptions()
    page = office.page

    plans = next(kind for kind in page.chips._kinds.values() if kind.name == "plan")
    assert plans.choices == (("monthly", "Monthly"), ("annual", "Annual"))
    page.chips.query_asked.emit(page.list.query.with_filter("attention", "past_due"))
    office.wait()
    assert [page.model.row(n).student_name for n in range(page.model.total)] == ["Ada Byron"]
    assert page.chips.counted.text() == "1 of 2 subscriptions"
    # The next try is what one wants to see of them.
    retry = [column.key for column in SUBSCRIPTION_COLUMNS].index("retry")
    assert not page.table.head.isSectionHidden(retry)
    assert shown(page)["retry"] == "13 Apr"
    page.command("clear_filters")
    office.wait()
    assert page.table.head.isSectionHidden(retry)


def test_several_are_summed_up(desk, ada, make_subscriptions):
    subscribe(desk, "annual", name="Bob")
    ended = subscribe(desk, name="Cid")
    desk.write(subscriptions.cancel, ended, now=True, reason="Moved")
    office = make_subscriptions()

    table = office.page.table
    table.go_to(0)
    for _ in range(2):
        office.bot.keyClick(table, Qt.Key.Key_Down, SHIFT)

    office.until(lambda: "3 selected" in office.window.messages.selection.text())
    # One of them has ended, and brings nothing any more.
    assert office.window.messages.selection.text() == "3 selected · 319.00 USD"


@pytest.mark.parametrize(
    "role, absent",
    [
        (Role.STAFF, {"bill_now"}),
        (Role.FINANCE, {"subscription_open"}),
    ],
)
def test_what_an_account_may_not_do_is_absent(desk, ada, make_subscriptions, role, absent):
    page = make_subscriptions(role).page

    missing = {
        action.name for action in SubscriptionsPage.action_table if not page.may(action.name)
    }
    assert missing == absent


def test_an_instructor_has_no_such_page(desk, ada, make_subscriptions):
    office = make_subscriptions(Role.INSTRUCTOR)

    assert "subscriptions" not in office.window._entries


def test_every_action_has_its_own_key_and_does_something(desk, make_subscriptions):
    page = make_subscriptions().page

    check_keys(SubscriptionsPage.action_table)
    assert page.unbound() == []
