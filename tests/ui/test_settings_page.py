"""The Settings page: what is typed is saved at once, or refused where it stands."""

from __future__ import annotations

from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton

from learnhub_desktop.domain.actors import Role
from learnhub_desktop.domain.states import AlertLevel, GatewayKind, RuleAction, RuleState
from learnhub_desktop.services import settings as services
from learnhub_desktop.ui.dialogs.policy import PlanDialog, RuleDialog
from learnhub_desktop.ui.main_window import PageEntry
from learnhub_desktop.ui.pages.settings import SettingsPage
from tests.services.money_rows import change_settings, make_rule
from tests.ui.back_office import LOST

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
ODD = "École 🙂 “Nº 1”; DROP TABLE users"


@pytest.fixture
def make_settings(open_office):
    def make(role=Role.ADMIN):
        office = open_office(role, (), more=[PageEntry(SettingsPage, SettingsPage)])
        office.wait()
        return office

    return make


@pytest.fixture
def office(make_settings):
    return make_settings()


def policy(desk):
    return desk.read(services.get_policy)


def rule_of(desk, name):
    return next(rule for rule in policy(desk).rules if rule.name == name)


def save(office):
    office.bot.mouseClick(office.page._head_buttons[-1], Qt.MouseButton.LeftButton)
    office.wait()


def said_of(office, name):
    return office.page.fields[name]._line.text()


def change(office, name, kind):
    """Press "Change…" of a rule or a plan."""
    (link,) = (
        each
        for each in office.page.findChildren(QPushButton)
        if each.accessibleName() == f"Change {name}" and not each.isHidden()
    )
    office.bot.mouseClick(link, Qt.MouseButton.LeftButton)
    return office.dialog(kind)


def texts(office):
    return {each.text() for each in office.page.findChildren(QLabel) if each.isVisible()}


def test_what_was_changed_is_saved_at_once(desk, office):
    page = office.page
    assert [widget.isEnabled() for widget in page._head_buttons] == [False]
    page.fields["school_name"].set_text(f" {ODD} ")
    page.fields["refund_days"].set_text("14")
    page.fields["gateway"].choose(GatewayKind.MANUAL)
    page.fields["band_colour"].set_text("#b3261e")
    assert page.hint.text() == "4 changed, not saved yet"
    save(office)

    kept = policy(desk).settings
    assert (kept.school_name, kept.refund_days, kept.gateway, kept.band_colour) == (
        *(ODD, 14, GatewayKind.MANUAL),
        "#B3261E",
    )
    assert office.said == "Saved the settings. They hold for every desk from now on."
    assert (page.hint.text(), page.changed()) == ("", {})


@pytest.mark.parametrize(
    "name, typed, said",
    [
        ("school_name", " ", "The school's name cannot be empty."),
        (
            *("school_name", "x" * 10_000),
            "The school's name can have at most 100 characters; this has 10,000.",
        ),
        ("currency", "🙂", "“🙂” is not a currency code such as USD."),
        ("time_zone", "Mars", "“Mars” is not a time zone such as Europe/Berlin."),
        ("band_colour", "red", "A colour is written as #RRGGBB, such as #B3261E."),
        ("refund_days", "soon", "Days after enrolling must be a whole number."),
        ("refund_days", "9" * 5_000, "Days after enrolling must be between 0 and 3,650."),
        ("hold_minutes_card", "0", "Card, PayPal, Stripe must be between 1 and 1,440."),
        (
            *("retry_declined_days", "9" * 5_000),
            "A schedule is whole numbers with commas, such as 3,5,7.",
        ),
        ("retry_unreachable_minutes", "1," * 10 + "1", "A schedule has at most ten steps."),
    ],
)
def test_what_cannot_be_saved_is_said_where_it_stands(desk, office, name, typed, said):
    before = policy(desk).settings
    office.page.fields["refund_progress_percent"].set_text("33")
    office.page.fields[name].set_text(typed)
    save(office)

    assert said_of(office, name) == said
    assert office.window.focusWidget() is office.page.fields[name].editor
    assert office.page.fields["refund_progress_percent"].value() == 33
    assert policy(desk).settings == before


def test_a_refusal_that_is_of_no_field_is_a_message(desk, office):
    desk.make(change_settings, gateway="manual", gateway_book_id=None)
    office.reload()
    office.page.fields["gateway"].choose(GatewayKind.SIMULATED)
    save(office)

    assert office.said == "This school was made without a simulated gateway's book."
    assert policy(desk).settings.gateway is GatewayKind.MANUAL


def test_a_lost_server_takes_nothing_that_was_typed(desk, office):
    office.page.fields["refund_days"].set_text("14")
    with pytest.MonkeyPatch.context() as patch:
        office.lose_database(patch)
        save(office)
        assert office.said == LOST
    assert office.page.fields["refund_days"].value() == 14
    assert policy(desk).settings.refund_days == 30

    office.press(Qt.Key.Key_S, CTRL)
    office.until(lambda: policy(desk).settings.refund_days == 14)
    office.wait()


def test_another_administrator_s_change_is_said_and_not_overwritten(desk, office):
    office.page.fields["refund_days"].set_text("14")
    desk.write(services.change_settings, {"refund_days": 60}, seen_version=1)
    office.reload()
    assert office.page.hint.text() == "Another administrator changed the settings meanwhile."
    save(office)
    assert office.said == (
        "Another administrator changed the settings meanwhile. Reload and look again."
    )
    assert policy(desk).settings.refund_days == 60

    office.press(Qt.Key.Key_Z, CTRL, SHIFT)
    office.wait()
    assert (office.page.fields["refund_days"].value(), office.page.changed()) == (60, {})


def test_keys_say_why_there_is_nothing_to_save_or_to_take_back(office):
    office.press(Qt.Key.Key_S, CTRL)
    assert office.said == "Save the settings is not possible: nothing was changed."
    office.press(Qt.Key.Key_Z, CTRL, SHIFT)
    assert office.said == "Take back what was changed is not possible: nothing was changed."


def test_who_may_only_look_changes_nothing(make_settings):
    office = make_settings(Role.FINANCE)
    assert {field.editor.isEnabled() for field in office.page.fields.values()} == {False}
    assert office.page.actions_by_name == {}
    assert [each for each in office.page.findChildren(QPushButton) if "…" in each.text()] == []


def test_a_rule_is_changed_after_what_it_means_was_shown(desk, office):
    dialog = change(office, "Large amount", RuleDialog)
    dialog.numbers["above"].set_text("750,50")
    dialog.score.set_text("35")
    dialog.action.choose(RuleAction.BLOCK)
    dialog.level.choose(AlertLevel.CRITICAL)
    dialog.state.choose(RuleState.SHADOW)
    assert dialog.consequence.text() == (
        "A purchase with amount above 750.50 in the school's currency is judged by this from now "
        "on. Alerts that were raised keep the rule as it was."
    )
    office.submit(dialog)

    kept = rule_of(desk, "Large amount")
    assert kept.condition == {"measure": "amount", "above": "750.50"}
    assert (kept.score, kept.action, kept.level, kept.state) == (
        *(35, RuleAction.BLOCK),
        *(AlertLevel.CRITICAL, RuleState.SHADOW),
    )
    assert office.said == "Saved the rule “Large amount”. It holds for purchases from now on."


@pytest.mark.parametrize(
    "measure, name, typed, said",
    [
        ("amount", "above", "🙂", "“🙂” is not an amount such as 49.00."),
        ("amount", "above", "1000001", "“above” must be between 0 and 1,000,000."),
        ("charges", "above", "many", "The rule needs a number for “above”."),
        ("charges", "above", "", "The rule needs a number for “above”."),
        ("charges", "above", "-1", "“above” must be between 0 and 1,000,000."),
        ("charges", "above", "9" * 5_000, "“above” must be between 0 and 1,000,000."),
        ("charges", "hours", "soon", "The rule needs a number for “hours”."),
        ("charges", "hours", "1.5", "“hours” must be a whole number from 1 on."),
        ("charges", "hours", "0", "“hours” must be a whole number from 1 on."),
        ("failures", "minutes", "NaN", "“minutes” must be between 0 and 1,000,000."),
    ],
)
def test_a_number_that_no_rule_can_count_with_is_said_at_it(
    desk, office, measure, name, typed, said
):
    chosen = next(r for r in policy(desk).rules if r.condition["measure"] == measure)
    dialog = change(office, chosen.name, RuleDialog)
    assert office.refusal(dialog, dialog.numbers[name], typed) == said
    assert dialog.consequence.text() == ""
    office.bot.mouseClick(dialog.cancel_button, Qt.MouseButton.LeftButton)
    office.until(lambda: office.dialogs() == [])
    assert rule_of(desk, chosen.name) == chosen


def test_a_rule_meets_a_lost_server_and_another_administrator(desk, office):
    chosen = rule_of(desk, "Large amount")
    dialog = change(office, chosen.name, RuleDialog)
    assert office.refusal(dialog, dialog.score, "1001") == (
        "Adds to the score must be between 0 and 1,000."
    )
    dialog.score.set_text("77")
    assert office.submit_without_server(dialog) == LOST
    desk.write(
        services.change_rule,
        chosen.rule_id,
        condition=chosen.condition,
        score=11,
        action=chosen.action,
        level=chosen.level,
        state=chosen.state,
        seen_version=chosen.version,
    )
    office.try_to_submit(dialog)
    assert dialog.error_text() == (
        "Another administrator changed this rule meanwhile. Reload and look again."
    )
    assert (dialog.score.value(), rule_of(desk, chosen.name).score) == (77, 11)
    dialog.reject()
    office.wait()


def test_a_rule_of_another_program_is_left_alone(desk, office):
    desk.make(make_rule, {"max": 5}, rule_type=None, rule_name="Theirs")
    office.reload()
    dialog = change(office, "Theirs", RuleDialog)
    office.try_to_submit(dialog)
    assert dialog.error_text() == "This rule was made by another program."
    dialog.reject()
    office.wait()


def test_rules_are_shown_as_they_are_though_fields_wait_to_be_saved(desk, office):
    office.page.fields["refund_days"].set_text("14")
    for score in ("35", "36"):  # the second time it is the version that the first one made
        dialog = change(office, "Large amount", RuleDialog)
        dialog.score.set_text(score)
        office.submit(dialog)
        office.until(lambda score=score: any(f"+{score}, " in each for each in texts(office)))
    assert rule_of(desk, "Large amount").score == 36
    assert office.page.hint.text() == "1 changed, not saved yet"
    assert office.page.fields["refund_days"].value() == 14


def test_a_plan_gets_a_name_and_a_price(desk, office):
    dialog = change(office, "Monthly", PlanDialog)
    for field, typed, said in (
        (dialog.name, " ", "The plan's name cannot be empty."),
        (
            *(dialog.name, "x" * 10_000),
            "The plan's name can have at most 100 characters; this has 10,000.",
        ),
        (dialog.price, "0", "The amount must be above zero."),
        (dialog.price, "cheap", "“cheap” is not an amount such as 49.00."),
    ):
        before = field.line.text()
        assert office.refusal(dialog, field, typed) == said
        field.set_text(before)
    dialog.name.set_text(ODD)
    dialog.price.set_text("35")
    dialog.offered.box.click()
    assert dialog.consequence.text() == (
        "Subscriptions of this plan are billed 35.00 USD from their next period on. What is paid "
        "stays as it is."
    )
    assert office.submit_without_server(dialog) == LOST
    office.submit(dialog)

    plan = policy(desk).plans[0]
    assert (plan.title, plan.price, plan.offered) == (ODD, Decimal(35), False)
    # A line that was made anew is there a turn of the loop later.
    office.until(lambda: {"35.00 USD every month", "closed"} <= texts(office))


def test_a_plan_that_is_cancelled_stays_as_it_is(desk, office):
    before = policy(desk).plans
    dialog = change(office, "Annual", PlanDialog)
    dialog.price.set_text("1")
    office.bot.keyClick(dialog, Qt.Key.Key_Escape)
    office.until(lambda: office.dialogs() == [])
    assert policy(desk).plans == before
