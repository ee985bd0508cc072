"""Fraud scoring: rules are data, and one engine evaluates them.

A rule's condition is a JSON object: ``measure`` names what is looked at, the other entries
are its numbers. Every measure is counted under the student's row lock, so that attempts at
the same moment see each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

from learnhub_desktop.domain.states import AlertLevel, RuleAction, RuleState, RuleType
from learnhub_desktop.errors import InvalidInput

MEASURES: Final[dict[str, tuple[RuleType, tuple[str, ...], str]]] = {
    # measure: its rule type, its numbers, and what it says
    "charges": (RuleType.VELOCITY, ("hours", "above"), "more than {above} charges in {hours} h"),
    "spent": (RuleType.VELOCITY, ("hours", "above"), "more than {above} spent in {hours} h"),
    "amount": (RuleType.AMOUNT, ("above",), "amount above {above} in the school's currency"),
    "times_average": (RuleType.AMOUNT, ("above",), "more than {above} times the average"),
    "unusual_country": (
        RuleType.LOCATION,
        ("charges",),
        "another country than in at least {charges} earlier charges",
    ),
    "failures": (
        RuleType.PATTERN,
        ("minutes", "above"),
        "more than {above} failures in {minutes} min",
    ),
    "students_of_card": (
        RuleType.PATTERN,
        ("hours", "above"),
        "more than {above} students from one card in {hours} h",
    ),
}

# How far back a rule looks: counted in whole hours or minutes.
_WINDOWS: Final = frozenset({"hours", "minutes"})
_AMOUNTS: Final = frozenset({("spent", "above"), ("amount", "above")})


@dataclass(frozen=True)
class Rule:
    """``score`` is what it adds when it fires; ``version`` rises with each edit."""

    rule_id: int
    name: str
    rule_type: RuleType | None
    condition: Mapping[str, Any]
    action: RuleAction
    score: int
    level: AlertLevel
    state: RuleState
    version: int

    @property
    def measure(self) -> str:
        return str(self.condition.get("measure", ""))

    def number(self, name: str) -> Decimal:
        return Decimal(str(self.condition[name]))

    @cached_property
    def is_sound(self) -> bool:
        """Whether this version can evaluate it: another program may have written anything.

        Found out once: the same rules are read at nearly every purchase.
        """
        if self.rule_type is None or self.state is RuleState.OFF:
            return False
        try:
            check_condition(self.condition, self.rule_type)
        except InvalidInput:
            return False
        return True


def check_condition(condition: Mapping[str, Any], rule_type: RuleType) -> dict[str, Any]:
    """Return the condition with clean numbers; InvalidInput names what is wrong with it."""
    measure = str(condition.get("measure", ""))
    if measure not in MEASURES:
        raise InvalidInput("condition", f"“{measure[:40]}” is not something a rule can measure.")
    wanted_type, numbers, _said = MEASURES[measure]
    if wanted_type is not rule_type:
        raise InvalidInput("condition", f"A rule of type {rule_type} cannot measure {measure}.")
    clean = {name: check_number(str(condition.get(name, "")), name) for name in numbers}
    return {
        "measure": measure,
        **{
            name: int(number) if number == number.to_integral_value() else str(number)
            for name, number in clean.items()
        },
    }


def check_number(text: str, name: str, *, field: str = "condition") -> Decimal:
    """Return one number of a condition; InvalidInput where a rule cannot count with it."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise InvalidInput(field, f"The rule needs a number for “{name}”.") from None
    if not number.is_finite() or number < 0 or number > 1_000_000:
        raise InvalidInput(field, f"“{name}” must be between 0 and 1,000,000.")
    if name in _WINDOWS and (number < 1 or number != number.to_integral_value()):
        raise InvalidInput(field, f"“{name}” must be a whole number from 1 on.")
    return number


def is_money(measure: str, name: str) -> bool:
    """Whether that number of the measure's condition is an amount: others are counts and times."""
    return (measure, name) in _AMOUNTS


def describe(condition: Mapping[str, Any]) -> str:
    """The condition in words: "more than 5 charges in 24 h"."""
    known = MEASURES.get(str(condition.get("measure", "")))
    if known is None:
        return "a condition that this version does not know"
    return known[2].format(**{name: condition.get(name, "?") for name in known[1]})


@dataclass(frozen=True, slots=True)
class Needs:
    """The windows that the rules look at, so that the database is asked once for all."""

    charge_hours: tuple[int, ...] = ()
    failure_minutes: tuple[int, ...] = ()
    card_hours: tuple[int, ...] = ()


def needs_of(rules: Iterable[Rule]) -> Needs:
    charge_hours, failure_minutes, card_hours = set[int](), set[int](), set[int]()
    for rule in rules:
        if not rule.is_sound:
            continue
        if rule.measure in ("charges", "spent"):
            charge_hours.add(int(rule.number("hours")))
        elif rule.measure == "failures":
            failure_minutes.add(int(rule.number("minutes")))
        elif rule.measure == "students_of_card":
            card_hours.add(int(rule.number("hours")))
    return Needs(
        tuple(sorted(charge_hours)), tuple(sorted(failure_minutes)), tuple(sorted(card_hours))
    )


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the student and the card before this purchase is written.

    Charges count unless they failed. ``average`` is of completed charges in the purchase's
    currency, None without any. ``countries`` counts completed charges by country.
    """

    amount: Decimal
    currency: str
    school_currency: str
    country: str | None = None
    charges: Mapping[int, int] = field(default_factory=dict)  # by hours
    spent: Mapping[int, Decimal] = field(default_factory=dict)  # by hours
    failures: Mapping[int, int] = field(default_factory=dict)  # by minutes
    average: Decimal | None = None
    countries: Mapping[str, int] = field(default_factory=dict)
    students_of_card: Mapping[int, int] = field(default_factory=dict)  # by hours, this one too


@dataclass(frozen=True, slots=True)
class Hit:
    """One rule that fired, and the figures that made it fire."""

    rule: Rule
    seen: Mapping[str, Any]

    @property
    def counts(self) -> bool:
        return self.rule.state is RuleState.ON


class Verdict(StrEnum):
    PASS = "pass"
    FLAG = "flag"
    VERIFY = "verify"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Assessment:
    score: int
    verdict: Verdict
    level: AlertLevel
    hits: tuple[Hit, ...]

    @property
    def strongest(self) -> Hit | None:
        counted = [hit for hit in self.hits if hit.counts]
        return max(counted, key=lambda hit: hit.rule.score, default=None)

    @property
    def in_shadow(self) -> list[int]:
        """The rules that were only tried."""
        return [hit.rule.rule_id for hit in self.hits if not hit.counts]

    def as_facts(self) -> dict[str, Any]:
        """What the alert keeps: each rule's part in the score, and its figures."""
        return {
            "score": self.score,
            "verdict": str(self.verdict),
            "rules": [
                {
                    "rule_id": hit.rule.rule_id,
                    "version": hit.rule.version,
                    "name": hit.rule.name,
                    "says": describe(hit.rule.condition),
                    "action": str(hit.rule.action),
                    "score": hit.rule.score if hit.counts else 0,
                    "shadow": not hit.counts,
                    "seen": dict(hit.seen),
                }
                for hit in self.hits
            ],
        }


_ORDER: Final = (AlertLevel.LOW, AlertLevel.MEDIUM, AlertLevel.HIGH, AlertLevel.CRITICAL)


def assess(rules: Iterable[Rule], facts: Facts, *, block_score: int) -> Assessment:
    """Score one purchase. Rules in shadow are recorded and add nothing.

    Blocked at ``block_score`` (inside) or by a rule whose action is block; a rule that asks
    for verification holds the purchase unless it is blocked.
    """
    hits = tuple(
        Hit(rule, seen)
        for rule in rules
        if rule.is_sound and (seen := _fires(rule, facts)) is not None
    )
    counted = [hit.rule for hit in hits if hit.counts]
    score = sum(rule.score for rule in counted)
    actions = {rule.action for rule in counted}
    level = max((rule.level for rule in counted), key=_ORDER.index, default=AlertLevel.LOW)
    if score >= block_score or RuleAction.BLOCK in actions:
        return Assessment(score, Verdict.BLOCK, AlertLevel.CRITICAL, hits)
    if RuleAction.REQUIRE_VERIFICATION in actions:
        return Assessment(score, Verdict.VERIFY, level, hits)
    return Assessment(score, Verdict.FLAG if counted else Verdict.PASS, level, hits)


def _fires(rule: Rule, facts: Facts) -> dict[str, Any] | None:
    """The figures that made the rule fire, or None where it does not."""
    match rule.measure:
        case "charges":
            seen = facts.charges.get(int(rule.number("hours")), 0)
            return {"charges": seen} if seen > rule.number("above") else None
        case "spent":
            spent = facts.spent.get(int(rule.number("hours")), Decimal(0))
            return {"spent": str(spent)} if spent > rule.number("above") else None
        case "amount":
            # An amount in another currency cannot be compared with the threshold.
            if facts.currency != facts.school_currency:
                return None
            above = facts.amount > rule.number("above")
            return {"amount": str(facts.amount)} if above else None
        case "times_average":
            if facts.average is None or facts.amount <= facts.average * rule.number("above"):
                return None
            return {"amount": str(facts.amount), "average": str(facts.average)}
        case "unusual_country":
            earlier = sum(facts.countries.values())
            if facts.country is None or not earlier or earlier < rule.number("charges"):
                return None
            if facts.country in facts.countries:
                return None
            usual = max(facts.countries.items(), key=lambda entry: entry[1])[0]
            return {"country": facts.country, "usual": usual}
        case "failures":
            failed = facts.failures.get(int(rule.number("minutes")), 0)
            return {"failures": failed} if failed > rule.number("above") else None
        case "students_of_card":
            students = facts.students_of_card.get(int(rule.number("hours")), 0)
            return {"students": students} if students > rule.number("above") else None
    return None
