"""The school's settings, for those who may: one policy for all desks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain import money
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.changes import Changes, Touched
from learnhub_desktop.domain.school import Plan, SchoolSettings, check_time_zone
from learnhub_desktop.domain.scoring import Rule, check_condition
from learnhub_desktop.domain.states import (
    AlertLevel,
    GatewayKind,
    RuleAction,
    RuleState,
    SchoolKind,
)
from learnhub_desktop.domain.subscriptions import LONGEST_STEP
from learnhub_desktop.domain.text import check_text, read_whole
from learnhub_desktop.errors import InvalidInput, NotFound, RuleRefused


class SettingsRefusal(StrEnum):
    CHANGED_MEANWHILE = "changed_meanwhile"
    GATEWAY = "gateway"


_COLOUR: Final = re.compile(r"#[0-9A-Fa-f]{6}")
_RANGES: Final[dict[str, tuple[int, int, str]]] = {
    "refund_days": (0, 3650, "The days for a refund"),
    "refund_progress_percent": (0, 100, "The progress for a refund"),
    "hold_minutes_card": (1, 1_440, "The hold for cards, in minutes,"),
    "hold_minutes_transfer": (1, 129_600, "The hold for transfers, in minutes,"),
    "hold_minutes_cash": (1, 129_600, "The hold for cash, in minutes,"),
    "hold_minutes_verification": (1, 129_600, "The hold for verification, in minutes,"),
    "block_score": (1, 10_000, "The score that blocks"),
}


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that the Settings page shows."""

    settings: SchoolSettings
    plans: tuple[Plan, ...]
    rules: tuple[Rule, ...]


def get_policy(uow: UnitOfWork) -> Policy:
    uow.actor.require(Right.VIEW_SETTINGS)
    return Policy(uow.settings.get(), uow.settings.plans(), uow.fraud.all_rules())


def get_school(uow: UnitOfWork) -> SchoolSettings:
    """Name, colour, currency and zone: what every window needs, whatever its rights."""
    return uow.settings.get()


def change_settings(uow: UnitOfWork, changed: Mapping[str, Any], *, seen_version: int) -> Changes:
    """Change some of the settings. ``seen_version`` is the row version on the screen.

    The kind of a school and its gateway's book are set when it is made, never here.
    """
    uow.actor.require(Right.EDIT_SETTINGS)
    settings = uow.settings.lock()
    if settings.row_version != seen_version:
        raise RuleRefused(
            SettingsRefusal.CHANGED_MEANWHILE,
            "Another administrator changed the settings meanwhile. Reload and look again.",
        )
    values = {name: _clean(name, value, settings) for name, value in changed.items()}
    values = {name: value for name, value in values.items() if value != getattr(settings, name)}
    if not values:
        return Changes(Touched.NOTHING, "Nothing was changed in the settings.")
    uow.settings.update(values)
    return Changes(
        Touched.SETTINGS,
        "Saved the settings. They hold for every desk from now on.",
        subject_id=1,
    )


def _clean(name: str, value: Any, settings: SchoolSettings) -> Any:
    if name in _RANGES:
        return _whole(name, value)
    match name:
        case "school_name":
            return check_text(str(value), field=name, label="The school's name", longest=100)
        case "currency":
            return money.check_currency(str(value))
        case "time_zone":
            return check_time_zone(str(value))
        case "band_colour":
            return _colour(value)
        case "gateway":
            return _gateway(str(value), settings)
        case "retry_declined_days" | "retry_unreachable_minutes":
            return _schedule(name, str(value))
    raise InvalidInput(name, f"“{name}” is not a setting that can be changed here.")


def _whole(name: str, value: Any) -> int:
    lowest, highest, label = _RANGES[name]
    try:
        number = int(str(value).strip())
    except ValueError:
        raise InvalidInput(name, f"{label} must be a whole number.") from None
    if not lowest <= number <= highest:
        raise InvalidInput(name, f"{label} must be between {lowest:,} and {highest:,}.")
    return number


def _colour(value: Any) -> str | None:
    text = str(value or "").strip()
    if not text:
        return None
    if not _COLOUR.fullmatch(text):
        raise InvalidInput("band_colour", "A colour is written as #RRGGBB, such as #B3261E.")
    return text.upper()


def _gateway(value: str, settings: SchoolSettings) -> GatewayKind:
    if value not in set(GatewayKind):
        raise InvalidInput("gateway", f"“{value[:40]}” is not a gateway that this version knows.")
    kind = GatewayKind(value)
    if kind is GatewayKind.SIMULATED and settings.kind is SchoolKind.PRODUCTION:
        raise RuleRefused(
            SettingsRefusal.GATEWAY,
            "The simulated gateway moves no money: it is for test and sample schools only.",
        )
    if kind is GatewayKind.SIMULATED and settings.gateway_book_id is None:
        raise RuleRefused(
            SettingsRefusal.GATEWAY, "This school was made without a simulated gateway's book."
        )
    return kind


def _schedule(name: str, value: str) -> str:
    # A step of nothing would ask again at once, for ever: it is no number here.
    steps = [read_whole(part.strip(), most=LONGEST_STEP) or None for part in value.split(",")]
    if None in steps:
        raise InvalidInput(name, "A schedule is whole numbers with commas, such as 3,5,7.")
    if len(steps) > 10:
        raise InvalidInput(name, "A schedule has at most ten steps.")
    return ",".join(str(step) for step in steps)


def change_plan(
    uow: UnitOfWork,
    plan_type: str,
    *,
    price: Decimal,
    offered: bool,
    title: str,
    seen_version: int,
) -> Changes:
    """Change a plan's price for periods billed from now on, its name, and whether it is offered."""
    uow.actor.require(Right.EDIT_SETTINGS)
    price = money.check_amount(price, field="price")
    title = check_text(title, field="title", label="The plan's name", longest=100)
    plan = uow.settings.lock_plan(plan_type)
    if plan.row_version != seen_version:
        raise RuleRefused(
            SettingsRefusal.CHANGED_MEANWHILE,
            "Another administrator changed this plan meanwhile. Reload and look again.",
        )
    uow.settings.update_plan(plan_type, price=price, offered=offered, title=title)
    return Changes(
        Touched.SETTINGS | Touched.SUBSCRIPTIONS,
        f"The plan “{title}” now costs {money.text(price, plan.currency)}; "
        "periods that are paid stay as they are.",
    )


def change_rule(
    uow: UnitOfWork,
    rule_id: int,
    *,
    condition: Mapping[str, Any],
    score: int,
    action: RuleAction,
    level: AlertLevel,
    state: RuleState,
    seen_version: int,
) -> Changes:
    """Change a fraud rule's threshold and weight. Alerts keep the version that raised them."""
    uow.actor.require(Right.EDIT_SETTINGS)
    uow.settings.lock()
    rule = next((rule for rule in uow.fraud.all_rules() if rule.rule_id == rule_id), None)
    if rule is None:
        raise NotFound(f"There is no fraud rule with the number {rule_id}.")
    if rule.version != seen_version:
        raise RuleRefused(
            SettingsRefusal.CHANGED_MEANWHILE,
            "Another administrator changed this rule meanwhile. Reload and look again.",
        )
    if not 0 <= score <= 1000:
        raise InvalidInput("score", "A score is between 0 and 1,000.")
    if rule.rule_type is None:
        raise InvalidInput("condition", "This rule was made by another program.")
    uow.fraud.update_rule(
        rule_id,
        rule_condition=check_condition(condition, rule.rule_type),
        score=score,
        action=action,
        alert_level=level,
        state=state,
    )
    return Changes(
        Touched.SETTINGS, f"Saved the rule “{rule.name}”. It holds for purchases from now on."
    )
