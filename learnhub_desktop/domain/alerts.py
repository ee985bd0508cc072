"""Fraud alerts: what a reviewer may decide, and what follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from learnhub_desktop.domain.states import (
    AlertLevel,
    AlertStatus,
    PaymentMethod,
    PaymentStatus,
    RuleAction,
)


class AlertRefusal(StrEnum):
    CHANGED_MEANWHILE = "changed_meanwhile"
    NOT_BLOCKED = "not_blocked"
    RELEASED_ALREADY = "released_already"
    NOT_WAITING = "not_waiting"
    CONFIRMED_FRAUD = "confirmed_fraud"
    HOLDS_A_PURCHASE = "holds_a_purchase"


DECISIONS: Final = (
    AlertStatus.REVIEWED,
    AlertStatus.FALSE_POSITIVE,
    AlertStatus.CONFIRMED_FRAUD,
)


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """``action`` BLOCK: the purchase was refused; REQUIRE_VERIFICATION: it waits; FLAG: it went on."""

    alert_id: int
    payment_id: int | None
    user_id: int | None
    course_id: int | None
    status: AlertStatus
    level: AlertLevel
    action: RuleAction | None
    score: int
    data: Mapping[str, Any]
    released_at: datetime | None
    created_at: datetime
    row_version: int


@dataclass(frozen=True, slots=True)
class AlertExtra:
    """Names beside an alert, and who decided on it."""

    student_name: str
    student_email: str
    course_title: str | None
    reviewed_at: datetime | None
    reviewed_by: str | None
    review_comment: str | None


@dataclass(frozen=True, slots=True)
class RulePart:
    """One rule's part in an alert's score, as it stood when the purchase was made."""

    name: str
    says: str
    score: int
    shadow: bool
    seen: Mapping[str, Any]

    def seen_text(self) -> str:
        """The figures in words: "charges 7"; empty where another program made the alert."""
        return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in self.seen.items())


def parts_of(data: Mapping[str, Any]) -> tuple[RulePart, ...]:
    """The rules in an alert's JSON; what other programs wrote there is taken as it is."""
    rules = data.get("rules")
    if not isinstance(rules, list):
        plain = {k: v for k, v in data.items() if isinstance(v, str | int | float)}
        return (RulePart("Another program", "its own rule", 0, False, plain),) if plain else ()
    return tuple(
        RulePart(
            name=str(entry.get("name", "")),
            says=str(entry.get("says", "")),
            score=int(entry.get("score", 0)),
            shadow=bool(entry.get("shadow", False)),
            seen=dict(entry.get("seen") or {}),
        )
        for entry in rules
        if isinstance(entry, dict)
    )


@dataclass(frozen=True, slots=True)
class RecentPayment:
    payment_id: int
    course_title: str | None
    amount: Decimal
    currency: str
    method: PaymentMethod | None
    status: PaymentStatus
    country: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AlertDetail:
    """An alert with what a reviewer weighs: each rule's part, and the student's payments.

    ``may_release`` and ``may_verify`` say whether the purchase can be let through now, and
    ``may_charge`` that a reviewer did so and the card, or the balance, is to be charged;
    ``why_not`` says in a sentence why it cannot, where one might expect it. ``may_buy``: it
    was blocked and released, and the release was not used yet.
    """

    facts: AlertFacts
    student_name: str
    student_email: str
    course_title: str | None
    amount: Decimal | None
    currency: str | None
    payment_status: PaymentStatus | None
    parts: tuple[RulePart, ...]
    recent: tuple[RecentPayment, ...]
    reviewed_at: datetime | None
    reviewed_by: str | None
    review_comment: str | None
    may_release: bool
    may_verify: bool
    why_not: str
    may_charge: bool = False
    may_buy: bool = False
