"""The school's settings: who may change what, and what is refused in which words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.actors import Role
from learnhub_desktop.domain.changes import Touched
from learnhub_desktop.domain.states import AlertLevel, RuleAction, RuleState
from learnhub_desktop.errors import InvalidInput, NotAllowed, NotFound, RuleRefused
from learnhub_desktop.services import settings
from learnhub_desktop.services.settings import SettingsRefusal
from tests.services.course_rows import acting_as
from tests.services.money_rows import change_settings, make_rule


def change(uow: UnitOfWork, **values: Any) -> Any:
    seen = uow.settings.get().row_version
    return settings.change_settings(uow, values, seen_version=seen)


def rule(uow: UnitOfWork, name: str) -> Any:
    return next(each for each in uow.fraud.all_rules() if each.name == name)


def change_rule(uow: UnitOfWork, rule_id: int, **values: Any) -> Any:
    chosen: dict[str, Any] = {
        "condition": {"measure": "amount", "above": "750.00"},
        "score": 35,
        "action": RuleAction.FLAG,
        "level": AlertLevel.HIGH,
        "state": RuleState.ON,
        "seen_version": 1,
        **values,
    }
    return settings.change_rule(uow, rule_id, **chosen)


def test_the_page_shows_settings_plans_and_rules(uow: UnitOfWork) -> None:
    policy = settings.get_policy(uow)

    assert (policy.settings.refund_days, policy.settings.refund_progress_percent) == (30, 20)
    assert [(plan.plan_type, plan.price) for plan in policy.plans] == [
        ("monthly", Decimal("29.00")),
        ("annual", Decimal("290.00")),
    ]
    assert len(policy.rules) == 6


def test_several_settings_are_saved_at_once(uow: UnitOfWork) -> None:
    changes = change(
        uow,
        school_name="  Night School ",
        refund_days="14",
        currency="eur",
        time_zone="Europe/Berlin",
        band_colour="#b3261e",
        retry_declined_days="3, 5 ,7,14",
    )

    saved = uow.settings.get()
    assert changes.message == "Saved the settings. They hold for every desk from now on."
    assert changes.touched == Touched.SETTINGS
    assert (saved.school_name, saved.refund_days, saved.currency) == ("Night School", 14, "EUR")
    assert (saved.time_zone, saved.band_colour) == ("Europe/Berlin", "#B3261E")
    assert saved.retry_declined_days == "3,5,7,14"


def test_nothing_changed_is_said(uow: UnitOfWork) -> None:
    changes = change(uow, refund_days=30, school_name="Test school")

    assert (changes.message, changes.touched) == (
        "Nothing was changed in the settings.",
        Touched.NOTHING,
    )


def test_a_band_can_be_taken_away(uow: UnitOfWork) -> None:
    change(uow, band_colour="#112233")
    change(uow, band_colour="")

    assert uow.settings.get().band_colour is None


WRONG: list[tuple[str, Any, str]] = [
    ("refund_days", "soon", "The days for a refund must be a whole number."),
    ("refund_days", "1.5", "The days for a refund must be a whole number."),
    ("refund_days", -1, "The days for a refund must be between 0 and 3,650."),
    ("refund_progress_percent", 101, "The progress for a refund must be between 0 and 100."),
    ("hold_minutes_card", 0, "The hold for cards, in minutes, must be between 1 and 1,440."),
    ("block_score", 0, "The score that blocks must be between 1 and 10,000."),
    ("school_name", " ", "The school's name cannot be empty."),
    (
        "school_name",
        "x" * 10_000,
        "The school's name can have at most 100 characters; this has 10,000.",
    ),
    ("currency", "EURO", "“EURO” is not a currency code such as USD."),
    ("time_zone", "Berlin", "“Berlin” is not a time zone such as Europe/Berlin."),
    ("time_zone", "", "“” is not a time zone such as Europe/Berlin."),
    ("time_zone", "../etc/passwd", "“../etc/passwd” is not a time zone such as Europe/Berlin."),
    ("band_colour", "red", "A colour is written as #RRGGBB, such as #B3261E."),
    ("gateway", "stripe", "“stripe” is not a gateway that this version knows."),
    ("retry_declined_days", "3;5", "A schedule is whole numbers with commas, such as 3,5,7."),
    ("retry_declined_days", "0,1", "A schedule is whole numbers with commas, such as 3,5,7."),
    ("retry_declined_days", "", "A schedule is whole numbers with commas, such as 3,5,7."),
    (
        "retry_declined_days",
        "9" * 5_000,
        "A schedule is whole numbers with commas, such as 3,5,7.",
    ),
    ("retry_declined_days", "3,²", "A schedule is whole numbers with commas, such as 3,5,7."),
    (
        "retry_unreachable_minutes",
        ",".join("1" * 11),
        "A schedule has at most ten steps.",
    ),
    ("kind", "production", "“kind” is not a setting that can be changed here."),
    ("gateway_book_id", "x", "“gateway_book_id” is not a setting that can be changed here."),
]


@pytest.mark.parametrize("name, value, sentence", WRONG)
def test_what_cannot_be_saved_is_said_of_its_field(
    uow: UnitOfWork, name: str, value: Any, sentence: str
) -> None:
    before = uow.settings.get()

    with pytest.raises(InvalidInput) as wrong:
        change(uow, refund_progress_percent=25, **{name: value}) if (
            name != "refund_progress_percent"
        ) else change(uow, **{name: value})

    assert (wrong.value.field, str(wrong.value)) == (name, sentence)
    assert uow.settings.get() == before


def test_another_administrators_change_is_not_overwritten_unseen(uow: UnitOfWork) -> None:
    seen = uow.settings.get().row_version
    change(uow, refund_days=14)

    with pytest.raises(RuleRefused) as refused:
        settings.change_settings(uow, {"refund_days": 60}, seen_version=seen)

    assert refused.value.reason is SettingsRefusal.CHANGED_MEANWHILE
    assert uow.settings.get().refund_days == 14


@pytest.mark.parametrize(
    "school, sentence",
    [
        (
            {"kind": "production", "gateway": "manual"},
            "The simulated gateway moves no money: it is for test and sample schools only.",
        ),
        (
            {"gateway": "manual", "gateway_book_id": None},
            "This school was made without a simulated gateway's book.",
        ),
    ],
)
def test_a_real_school_never_gets_the_simulated_gateway(
    uow: UnitOfWork, school: dict[str, Any], sentence: str
) -> None:
    change_settings(uow.connection, **school)

    with pytest.raises(RuleRefused) as refused:
        change(uow, gateway="simulated")

    assert str(refused.value) == sentence


@pytest.mark.parametrize("role", [Role.STAFF, Role.FINANCE, Role.INSTRUCTOR])
def test_only_an_administrator_changes_anything(uow: UnitOfWork, role: Role) -> None:
    other = acting_as(uow, role)
    calls = (
        lambda: change(other, refund_days=1),
        lambda: settings.change_plan(
            other, "monthly", price=Decimal(1), offered=True, title="M", seen_version=1
        ),
        lambda: change_rule(other, 1),
    )

    for call in calls:
        with pytest.raises(NotAllowed, match="may not change the school's settings"):
            call()


def test_a_plan_gets_another_price_and_name(uow: UnitOfWork) -> None:
    changes = settings.change_plan(
        uow, "monthly", price=Decimal(35), offered=False, title=" Every month ", seen_version=1
    )

    plan = uow.settings.plans()[0]
    assert changes.message == (
        "The plan “Every month” now costs 35.00 USD; periods that are paid stay as they are."
    )
    assert (plan.price, plan.offered, plan.title) == (Decimal(35), False, "Every month")
    with pytest.raises(RuleRefused, match="changed this plan meanwhile"):
        settings.change_plan(
            uow, "monthly", price=Decimal(1), offered=True, title="M", seen_version=1
        )


def test_a_plan_costs_something_and_must_be_there(uow: UnitOfWork) -> None:
    with pytest.raises(InvalidInput, match=r"^The amount must be above zero\.$"):
        settings.change_plan(
            uow, "monthly", price=Decimal(0), offered=True, title="M", seen_version=1
        )
    with pytest.raises(NotFound, match=r"^There is no plan “weekly”\.$"):
        settings.change_plan(
            uow, "weekly", price=Decimal(1), offered=True, title="W", seen_version=1
        )


def test_a_rule_is_changed_and_its_version_rises(uow: UnitOfWork) -> None:
    large = rule(uow, "Large amount")

    changes = change_rule(uow, large.rule_id)

    saved = rule(uow, "Large amount")
    assert changes.message == ("Saved the rule “Large amount”. It holds for purchases from now on.")
    assert (saved.version, saved.score, saved.level) == (2, 35, AlertLevel.HIGH)
    assert saved.condition == {"measure": "amount", "above": 750}
    with pytest.raises(RuleRefused, match="changed this rule meanwhile"):
        change_rule(uow, large.rule_id)


@pytest.mark.parametrize(
    "values, sentence",
    [
        ({"score": -1}, "A score is between 0 and 1,000."),
        ({"score": 1_001}, "A score is between 0 and 1,000."),
        (
            {"condition": {"measure": "charges", "hours": 24, "above": 5}},
            "A rule of type amount cannot measure charges.",
        ),
        ({"condition": {"measure": "amount"}}, "The rule needs a number for “above”."),
        (
            {"condition": {"measure": "amount", "above": "-1"}},
            "“above” must be between 0 and 1,000,000.",
        ),
        (
            {"condition": {"measure": "x" * 99}},
            f"“{'x' * 40}” is not something a rule can measure.",
        ),
    ],
)
def test_a_rule_that_cannot_be_evaluated_is_not_saved(
    uow: UnitOfWork, values: dict[str, Any], sentence: str
) -> None:
    large = rule(uow, "Large amount")

    with pytest.raises(InvalidInput) as wrong:
        change_rule(uow, large.rule_id, **values)

    assert str(wrong.value) == sentence
    assert rule(uow, "Large amount") == large


def test_rules_that_are_not_ours_are_left_alone(uow: UnitOfWork) -> None:
    other = make_rule(uow.connection, {"max": 5}, rule_type=None)

    with pytest.raises(InvalidInput, match=r"^This rule was made by another program\.$"):
        change_rule(uow, other)
    with pytest.raises(NotFound, match=r"^There is no fraud rule with the number 99\.$"):
        change_rule(uow, 99)
