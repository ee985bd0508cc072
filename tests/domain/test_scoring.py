"""Fraud rules: what each measures, to its edge, and what they come to together."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from learnhub_desktop.domain.scoring import (
    Assessment,
    Facts,
    Needs,
    Rule,
    Verdict,
    assess,
    check_condition,
    describe,
    needs_of,
)
from learnhub_desktop.domain.states import AlertLevel, RuleAction, RuleState, RuleType
from learnhub_desktop.errors import InvalidInput

FACTS = Facts(amount=Decimal("49.00"), currency="USD", school_currency="USD")
TYPES = {
    "charges": RuleType.VELOCITY,
    "spent": RuleType.VELOCITY,
    "amount": RuleType.AMOUNT,
    "times_average": RuleType.AMOUNT,
    "unusual_country": RuleType.LOCATION,
    "failures": RuleType.PATTERN,
    "students_of_card": RuleType.PATTERN,
}


def make_rule(measure: str, numbers: dict[str, Any], **values: Any) -> Rule:
    return Rule(
        **{
            "rule_id": 1,
            "name": "A rule",
            "rule_type": TYPES.get(measure, RuleType.AMOUNT),
            "condition": {"measure": measure, **numbers},
            "action": RuleAction.FLAG,
            "score": 30,
            "level": AlertLevel.MEDIUM,
            "state": RuleState.ON,
            "version": 1,
            **values,
        }
    )


CASES: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any] | None]] = [
    # measure, its numbers, the facts, the figures that fired (None: it does not fire)
    ("charges", {"hours": 24, "above": 5}, {"charges": {24: 5}}, None),
    ("charges", {"hours": 24, "above": 5}, {"charges": {24: 6}}, {"charges": 6}),
    ("charges", {"hours": 24, "above": 0}, {}, None),
    ("charges", {"hours": 1, "above": 5}, {"charges": {24: 99}}, None),
    ("spent", {"hours": 24, "above": "500"}, {"spent": {24: Decimal("500.00")}}, None),
    (
        "spent",
        {"hours": 24, "above": "500"},
        {"spent": {24: Decimal("500.01")}},
        {"spent": "500.01"},
    ),
    ("amount", {"above": "500.00"}, {"amount": Decimal("500.00")}, None),
    ("amount", {"above": "500.00"}, {"amount": Decimal("500.01")}, {"amount": "500.01"}),
    (
        "amount",
        {"above": "500.00"},
        {"amount": Decimal("900.00"), "currency": "EUR"},
        None,
    ),
    ("times_average", {"above": 5}, {"amount": Decimal("9999.00")}, None),
    (
        "times_average",
        {"above": 5},
        {"amount": Decimal("50.00"), "average": Decimal("10.00")},
        None,
    ),
    (
        "times_average",
        {"above": 5},
        {"amount": Decimal("50.01"), "average": Decimal("10.00")},
        {"amount": "50.01", "average": "10.00"},
    ),
    ("unusual_country", {"charges": 3}, {"country": "FR", "countries": {"DE": 2}}, None),
    (
        "unusual_country",
        {"charges": 3},
        {"country": "FR", "countries": {"DE": 2, "AT": 1}},
        {"country": "FR", "usual": "DE"},
    ),
    ("unusual_country", {"charges": 3}, {"country": "DE", "countries": {"DE": 3}}, None),
    ("unusual_country", {"charges": 3}, {"country": None, "countries": {"DE": 3}}, None),
    ("unusual_country", {"charges": 0}, {"country": "FR", "countries": {}}, None),
    ("failures", {"minutes": 60, "above": 2}, {"failures": {60: 2}}, None),
    ("failures", {"minutes": 60, "above": 2}, {"failures": {60: 3}}, {"failures": 3}),
    ("students_of_card", {"hours": 24, "above": 2}, {"students_of_card": {24: 2}}, None),
    (
        "students_of_card",
        {"hours": 24, "above": 2},
        {"students_of_card": {24: 3}},
        {"students": 3},
    ),
]


@pytest.mark.parametrize("measure, numbers, facts, seen", CASES)
def test_a_rule_fires_above_its_threshold_and_not_at_it(
    measure: str, numbers: dict[str, Any], facts: dict[str, Any], seen: dict[str, Any] | None
) -> None:
    found = assess([make_rule(measure, numbers)], replace(FACTS, **facts), block_score=100)

    assert [dict(hit.seen) for hit in found.hits] == ([] if seen is None else [seen])
    assert found.score == (0 if seen is None else 30)


def fired(*rules: dict[str, Any], block_score: int = 100) -> Assessment:
    """Rules that all fire on a purchase of 49.00."""
    made = [
        make_rule("amount", {"above": 1}, rule_id=number, **values)
        for number, values in enumerate(rules, start=1)
    ]
    return assess(made, FACTS, block_score=block_score)


VERDICTS: list[tuple[list[dict[str, Any]], int, Verdict, AlertLevel]] = [
    ([], 0, Verdict.PASS, AlertLevel.LOW),
    ([{"score": 30}], 30, Verdict.FLAG, AlertLevel.MEDIUM),
    ([{"score": 0}], 0, Verdict.FLAG, AlertLevel.MEDIUM),
    ([{"score": 50}, {"score": 49}], 99, Verdict.FLAG, AlertLevel.MEDIUM),
    ([{"score": 50}, {"score": 50}], 100, Verdict.BLOCK, AlertLevel.CRITICAL),
    ([{"score": 50}, {"score": 80}], 130, Verdict.BLOCK, AlertLevel.CRITICAL),
    ([{"score": 1, "action": RuleAction.BLOCK}], 1, Verdict.BLOCK, AlertLevel.CRITICAL),
    (
        [{"score": 30, "action": RuleAction.REQUIRE_VERIFICATION, "level": AlertLevel.HIGH}],
        30,
        Verdict.VERIFY,
        AlertLevel.HIGH,
    ),
    (
        [{"score": 60, "action": RuleAction.REQUIRE_VERIFICATION}, {"score": 40}],
        100,
        Verdict.BLOCK,
        AlertLevel.CRITICAL,
    ),
    (
        [{"level": AlertLevel.LOW}, {"level": AlertLevel.HIGH}, {"level": AlertLevel.MEDIUM}],
        90,
        Verdict.FLAG,
        AlertLevel.HIGH,
    ),
    ([{"score": 100, "state": RuleState.SHADOW}], 0, Verdict.PASS, AlertLevel.LOW),
    (
        [{"score": 30}, {"action": RuleAction.BLOCK, "state": RuleState.SHADOW}],
        30,
        Verdict.FLAG,
        AlertLevel.MEDIUM,
    ),
    ([{"score": 100, "state": RuleState.OFF}], 0, Verdict.PASS, AlertLevel.LOW),
]


@pytest.mark.parametrize("rules, score, verdict, level", VERDICTS)
def test_scores_add_up_and_a_hundred_blocks(
    rules: list[dict[str, Any]], score: int, verdict: Verdict, level: AlertLevel
) -> None:
    found = fired(*rules)

    assert (found.score, found.verdict, found.level) == (score, verdict, level)


def test_the_score_that_blocks_is_a_setting() -> None:
    assert fired({"score": 30}, block_score=30).verdict is Verdict.BLOCK
    assert fired({"score": 29}, block_score=30).verdict is Verdict.FLAG


def test_the_strongest_rule_names_the_alert_and_shadow_never_does() -> None:
    found = fired(
        {"score": 20, "name": "Weak"},
        {"score": 40, "name": "Strong"},
        {"score": 90, "name": "Tried", "state": RuleState.SHADOW},
    )

    assert found.strongest is not None and found.strongest.rule.name == "Strong"
    assert fired().strongest is None
    assert found.in_shadow == [3]
    assert [
        (part["name"], part["score"], part["shadow"]) for part in found.as_facts()["rules"]
    ] == [
        ("Weak", 20, False),
        ("Strong", 40, False),
        ("Tried", 0, True),
    ]


@pytest.mark.parametrize(
    "measure, numbers",
    [
        ("charges", {}),
        ("charges", {"hours": 24}),
        ("charges", {"hours": "a day", "above": 5}),
        ("charges", {"hours": 0, "above": 5}),
        ("charges", {"hours": 1.5, "above": 5}),
        ("amount", {"above": None}),
        ("amount", {"above": "NaN"}),
        ("amount", {"above": "Infinity"}),
        ("amount", {"above": -1}),
        ("moon", {"above": 1}),
        ("", {}),
    ],
)
def test_a_rule_that_cannot_be_read_does_not_fire_and_asks_for_nothing(
    measure: str, numbers: dict[str, Any]
) -> None:
    rule = make_rule(measure, numbers)

    assert not rule.is_sound
    assert needs_of([rule]) == Needs()
    facts = replace(FACTS, amount=Decimal(9999), charges={24: 99})
    assert assess([rule], facts, block_score=100).hits == ()


def test_the_windows_are_asked_for_once_each() -> None:
    rules = [
        make_rule("charges", {"hours": 24, "above": 5}),
        make_rule("spent", {"hours": 24, "above": 5}),
        make_rule("charges", {"hours": 1, "above": 2}, state=RuleState.SHADOW),
        make_rule("charges", {"hours": 48, "above": 2}, state=RuleState.OFF),
        make_rule("failures", {"minutes": 60, "above": 2}),
        make_rule("students_of_card", {"hours": 24, "above": 2}),
        make_rule("amount", {"above": 500}),
    ]

    assert needs_of(rules) == Needs((1, 24), (60,), (24,))


@pytest.mark.parametrize(
    "condition, said",
    [
        ({"measure": "charges", "hours": 24, "above": 5}, "more than 5 charges in 24 h"),
        ({"measure": "amount", "above": "500.00"}, "amount above 500.00 in the school's currency"),
        ({"measure": "times_average", "above": 5}, "more than 5 times the average"),
        ({"measure": "charges", "hours": 24}, "more than ? charges in 24 h"),
        ({}, "a condition that this version does not know"),
    ],
)
def test_a_condition_is_said_in_words(condition: dict[str, Any], said: str) -> None:
    assert describe(condition) == said


@pytest.mark.parametrize(
    "condition, rule_type, clean",
    [
        (
            {"measure": "charges", "hours": "24", "above": 5.0, "more": 1},
            RuleType.VELOCITY,
            {"measure": "charges", "hours": 24, "above": 5},
        ),
        (
            {"measure": "amount", "above": "499.50"},
            RuleType.AMOUNT,
            {"measure": "amount", "above": "499.50"},
        ),
    ],
)
def test_a_condition_is_kept_with_clean_numbers(
    condition: dict[str, Any], rule_type: RuleType, clean: dict[str, Any]
) -> None:
    assert check_condition(condition, rule_type) == clean


@pytest.mark.parametrize(
    "condition, sentence",
    [
        ({"measure": "moon"}, "“moon” is not something a rule can measure."),
        ({"measure": "amount", "above": 1}, "A rule of type velocity cannot measure amount."),
        ({"measure": "charges", "hours": 24}, "The rule needs a number for “above”."),
        (
            {"measure": "charges", "hours": 24, "above": 1_000_001},
            "“above” must be between 0 and 1,000,000.",
        ),
        (
            {"measure": "charges", "hours": "1.5", "above": 1},
            "“hours” must be a whole number from 1 on.",
        ),
    ],
)
def test_a_condition_that_cannot_be_kept_says_why(condition: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInput) as wrong:
        check_condition(condition, RuleType.VELOCITY)

    assert (wrong.value.field, str(wrong.value)) == ("condition", sentence)
