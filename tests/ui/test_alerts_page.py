"""The queue of fraud alerts: worked down by key and by button, each act to its row."""

from __future__ import annotations

from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton

from learnhub_desktop.domain.alerts import RulePart
from learnhub_desktop.domain.states import AlertStatus
from learnhub_desktop.services import alerts
from learnhub_desktop.ui.lists import ListState
from learnhub_desktop.ui.panels.alert import seen_text
from tests.services.money_rows import make_rule
from tests.ui.back_office import facts, held

__all__ = ["held"]
CTRL = Qt.KeyboardModifier.ControlModifier
DEAR = Decimal("600.00")


@pytest.fixture
def flagged(desk):
    """Three alerts of one level, the newest first in the queue."""
    course = desk.course(title="Web Design", price=DEAR)
    for name in ("One", "Two", "Three"):
        desk.buy(desk.student(name=name), course, price=DEAR)
        desk.pass_time(minutes=10)
    return [1, 2, 3]


def shown(widget):
    """The texts of a section, from its top."""
    return [part.text() for part in widget.findChildren(QLabel) if not part.isHidden()]


# The queue


def test_the_queue_shows_what_is_pending_and_begins_at_the_top(desk, flagged, make_office):
    desk.write(
        alerts.review_alert,
        2,
        decision=AlertStatus.REVIEWED,
        seen_version=desk.alert(2).row_version,
    )
    page = make_office("alerts").page

    assert [page.model.id_at(number) for number in range(page.model.total)] == [3, 1]
    assert page.chips.chips[0].words.text() == "Status: pending"
    assert page.chips.counted.text() == "2 of 3 alerts"
    assert page.current().alert_id == 3
    assert page.model.line(0).texts[0] == "medium · 30"


def test_the_worst_come_first(desk, flagged, held, make_office):
    page = make_office("alerts").page
    assert [page.model.line(n).texts[0] for n in range(page.model.total)] == [
        "high · 50",
        "medium · 30",
        "medium · 30",
        "medium · 30",
    ]


def test_the_panel_says_what_the_rules_saw(desk, flagged, make_office):
    office = make_office("alerts")
    panel = office.page.side.panel

    assert panel.title == "Alert 3"
    assert panel.subtitle.endswith("Three · Web Design")
    assert (panel.amount, panel.state) == ("600.00 USD", "medium · 30")
    assert panel.sentence == "The rules noticed this purchase and let it go on. It is paid."
    assert facts(office.page) == {"Pending": "for 10 min", "Payment": "No. 3"}
    assert shown(office.page.rules) == [
        "Large amount",
        "+30",
        "Amount above 500.00 in the school's currency: this one 600.00 USD",
    ]
    assert shown(office.page.recent) == ["There are no others."]


def test_a_rule_in_shadow_is_marked_and_adds_nothing(desk, make_office):
    desk.make(
        make_rule,
        {"measure": "amount", "above": 100},
        rule_name="Any amount above 100",
        rule_type="amount",
        score=40,
        state="shadow",
    )
    desk.buy(desk.student(name="Ada"), desk.course(price=DEAR), price=DEAR)
    office = make_office("alerts")
    assert shown(office.page.rules)[-3:] == [
        "Any amount above 100",
        "tried only",
        "Amount above 100 in the school's currency: this one 600.00 USD",
    ]
    assert office.page.side.panel.state == "medium · 30"


@pytest.mark.parametrize(
    "seen, said",
    [
        ({"amount": "1250.00", "average": "29.67"}, "this one 1,250.00 USD, on average 29.67 USD"),
        ({"country": "US", "usual": "IN"}, "the card is from United States, usually India"),
        ({"students": 3}, "3 students"),
        ({"weight_of_it": "much"}, "weight of it much"),
        ({}, ""),
    ],
)
def test_figures_are_said_in_words(seen, said):
    part = RulePart("A rule", "says", 10, False, seen)
    assert seen_text(part, "USD") == said


def test_the_students_other_payments_stand_beside_it(desk, make_office):
    student = desk.student(name="Ada Byron")
    earlier = desk.buy(student, desk.course(title="SQL"))
    desk.pass_time(days=2)
    desk.buy(student, desk.course(title="Web Design", price=DEAR), price=DEAR)
    office = make_office("alerts")

    assert shown(office.page.recent) == [
        "SQL",
        "49.00 USD",
        "Tue 12:00 · card · United States",
        "completed",
    ]
    [link] = office.page.recent.findChildren(QPushButton)
    office.bot.mouseClick(link, Qt.MouseButton.LeftButton)
    office.until(lambda: office.page.key == "payments")
    office.wait()
    assert earlier.payment_id in [office.page.model.id_at(n) for n in range(2)]


def test_a_queue_that_is_done_says_so(desk, flagged, make_office):
    for alert_id in flagged:
        desk.write(
            alerts.review_alert,
            alert_id,
            decision=AlertStatus.REVIEWED,
            seen_version=desk.alert(alert_id).row_version,
        )
    office = make_office("alerts")
    notice = office.page.card.notice
    assert office.page.list.state is ListState.NO_MATCH
    assert notice.sentence.text() == "All alerts are decided."

    office.bot.mouseClick(notice.action, Qt.MouseButton.LeftButton)
    office.wait()
    assert office.page.model.total == 3


def test_a_school_without_alerts_says_what_would_appear(make_office):
    office = make_office("alerts")
    assert office.page.card.notice.sentence.text() == (
        "No alerts. A purchase that the fraud rules notice appears here."
    )


def test_the_status_has_a_column_only_where_it_differs(desk, flagged, make_office):
    office = make_office("alerts")
    heads = office.page.table.head
    keys = [column.key for column in office.page.columns]
    assert keys.index("status") not in heads.shown_sections()
    office.page.command("clear_filters")
    office.wait()
    assert keys.index("status") in heads.shown_sections()


# Deciding


@pytest.mark.parametrize(
    "key, status, said",
    [
        (Qt.Key.Key_F2, "confirmed_fraud", "confirmed fraud"),
        (Qt.Key.Key_F3, "false_positive", "a false positive"),
        (Qt.Key.Key_F4, "reviewed", "reviewed"),
    ],
)
def test_one_key_decides_and_goes_on_to_the_next(desk, flagged, make_office, key, status, said):
    office = make_office("alerts")
    office.press(key)
    office.until(lambda: desk.alert(3).status == status)
    office.wait()

    assert office.said == f"The alert on the purchase of “Web Design” by Three is closed as {said}."
    assert desk.alert(3).reviewed_by_account == "mlind"
    assert office.page.current().alert_id == 2
    assert office.page.model.total == 2
    assert office.page.side.panel.title == "Alert 2"


def test_the_whole_queue_is_worked_down_with_one_key_an_alert(desk, flagged, make_office):
    office = make_office("alerts")
    for _ in flagged:
        office.press(Qt.Key.Key_F4)
        office.until(lambda: not office.page.tasks.running("act"))
        office.wait()
    assert {desk.alert(alert_id).status for alert_id in flagged} == {"reviewed"}
    assert office.page.card.notice.sentence.text() == "All alerts are decided."


def test_the_buttons_do_the_same(desk, flagged, make_office):
    office = make_office("alerts")
    office.choose(2)
    office.click("confirm_fraud")
    office.until(lambda: desk.alert(2).status == "confirmed_fraud")
    office.wait()
    assert office.page.current().alert_id == 1


def test_the_last_of_the_queue_hands_on_to_the_one_above(desk, flagged, make_office):
    office = make_office("alerts")
    office.choose(1)
    office.press(Qt.Key.Key_F3)
    office.until(lambda: desk.alert(1).status == "false_positive")
    office.wait()
    assert office.page.current().alert_id == 2


def test_what_another_desk_decided_makes_room_for_the_next(desk, flagged, make_office):
    office = make_office("alerts")
    office.choose(2)
    desk.write(
        alerts.review_alert,
        2,
        decision=AlertStatus.REVIEWED,
        seen_version=desk.alert(2).row_version,
    )
    office.reload()
    assert office.page.current().alert_id == 1


def test_in_a_list_that_keeps_it_the_next_is_selected_all_the_same(desk, flagged, make_office):
    office = make_office("alerts")
    office.page.command("clear_filters")
    office.wait()
    office.choose(3)
    office.press(Qt.Key.Key_F4)
    office.until(lambda: desk.alert(3).status == "reviewed")
    office.wait()
    assert office.page.model.total == 3
    assert office.page.current().alert_id == 2


def test_a_comment_goes_along_and_is_empty_for_the_next(desk, flagged, make_office):
    office = make_office("alerts")
    office.press(Qt.Key.Key_T, CTRL)
    assert office.page.comment.note.hasFocus()
    office.bot.keyClicks(office.page.comment.note, "Called back: the employer pays.")
    office.press(Qt.Key.Key_F3)
    office.until(lambda: desk.alert(3).status == "false_positive")
    office.wait()

    assert desk.alert(3).review_comment == "Called back: the employer pays."
    assert office.page.comment.value() == ""
    assert office.page.table.hasFocus()


def test_a_comment_survives_a_reload(desk, flagged, make_office):
    office = make_office("alerts")
    office.page.comment.set_text("Called twice.")
    desk.buy(desk.student(name="Four"), desk.course(price=DEAR), price=DEAR)
    office.reload()
    assert office.page.current().alert_id == 3
    assert office.page.comment.value() == "Called twice."


def test_a_comment_that_is_too_long_is_refused_below_it(desk, flagged, make_office):
    office = make_office("alerts")
    office.page.comment.set_text("x" * 2_001)
    office.press(Qt.Key.Key_F2)
    office.until(lambda: office.page.comment._line.text() != "")
    assert office.page.comment._line.text() == (
        "The comment can have at most 2,000 characters; this has 2,001."
    )
    assert desk.alert(3).status == "pending"


def test_another_reviewers_decision_is_not_overwritten_unseen(desk, flagged, make_office):
    office = make_office("alerts")
    desk.write(
        alerts.review_alert,
        3,
        decision=AlertStatus.CONFIRMED_FRAUD,
        seen_version=desk.alert(3).row_version,
    )
    office.press(Qt.Key.Key_F3)
    office.until(lambda: office.said.startswith("Another reviewer changed this alert meanwhile"))
    office.until(lambda: office.offered().get("confirm_fraud") is None)
    assert desk.alert(3).status == "confirmed_fraud"
    assert facts(office.page)["Closed as"] == "confirmed fraud"


def test_a_decision_can_be_changed_later(desk, flagged, make_office):
    office = make_office("alerts")
    office.press(Qt.Key.Key_F2)
    office.until(lambda: desk.alert(3).status == "confirmed_fraud")
    office.wait()
    office.page.command("clear_filters")
    office.wait()
    office.choose(3)
    assert set(office.offered()) == {"false_positive", "mark_reviewed"}
    office.press(Qt.Key.Key_F2)
    assert office.said == (
        "Confirm fraud is not possible: it is closed as confirmed fraud already."
    )
    office.press(Qt.Key.Key_F3)
    office.until(lambda: desk.alert(3).status == "false_positive")
    office.wait()


def test_what_is_not_read_yet_is_not_decided(desk, flagged, make_office):
    office = make_office("alerts")
    office.page.table.go_to(2)
    office.press(Qt.Key.Key_F2)
    assert office.said == "Confirm fraud is not possible: it is still being read."
    office.wait()
    assert {desk.alert(alert_id).status for alert_id in flagged} == {"pending"}


def test_what_is_hidden_is_not_decided(desk, flagged, make_office):
    office = make_office("alerts")
    office.page.toggle_panel()
    office.page.table.go_to(1)
    office.press(Qt.Key.Key_F2)
    assert office.said == (
        "Confirm fraud is not possible: what the rules saw is hidden. Space in the list shows the "
        "side panel."
    )
    office.page.toggle_panel()
    office.wait()
    office.press(Qt.Key.Key_F2)
    office.until(lambda: desk.alert(2).status == "confirmed_fraud")
    office.wait()


def test_a_lost_database_decides_nothing_and_offers_to_try_again(
    desk, flagged, make_office, monkeypatch
):
    office = make_office("alerts")
    office.lose_database(monkeypatch)
    office.press(Qt.Key.Key_F2)
    office.until(lambda: office.said == "school.db cannot be reached. Nothing was changed.")
    monkeypatch.undo()
    assert desk.alert(3).status == "pending"
    office.window.messages.messages[-1].retry()
    office.until(lambda: desk.alert(3).status == "confirmed_fraud")
    office.wait()
