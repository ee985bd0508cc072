"""Changing a fraud rule or a plan."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any

from PySide6.QtWidgets import QWidget

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.domain import money
from learnhub_desktop.domain.changes import Changes
from learnhub_desktop.domain.school import Plan
from learnhub_desktop.domain.scoring import MEASURES, Rule, check_number, describe, is_money
from learnhub_desktop.domain.states import AlertLevel, RuleAction, RuleState, say
from learnhub_desktop.domain.text import check_text
from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.services import settings as services
from learnhub_desktop.ui.dialogs.dialog import FormDialog
from learnhub_desktop.ui.widgets.fields import (
    AmountField,
    CheckField,
    ChoiceField,
    NumberField,
    TextField,
)


class RuleDialog(FormDialog):
    """A rule's numbers, what it adds, and what it does when it fires."""

    def __init__(self, bridge: Bridge, rule: Rule, parent: QWidget) -> None:
        super().__init__(rule.name, "Save the rule", parent)
        self._bridge = bridge
        self._rule = rule
        names = MEASURES[rule.measure][1] if rule.measure in MEASURES else ()
        self.numbers = {
            name: TextField(
                f"number_{name}",
                name.capitalize(),
                text=str(rule.condition.get(name, "")),
                check=partial(_read_number, rule.measure, name),
            )
            for name in names
        }
        self.score = NumberField(
            "score", "Adds to the score", lowest=0, highest=1000, number=rule.score
        )
        self.action = ChoiceField(
            "action",
            "When it fires",
            [(action, _ACTIONS[action]) for action in RuleAction],
            value=rule.action,
        )
        self.level = ChoiceField(
            "level", "Level of its alert", [(level, say(level)) for level in AlertLevel],
            value=rule.level,
        )  # fmt: skip
        self.state = ChoiceField(
            "state",
            "State",
            [
                (RuleState.ON, "on"),
                (RuleState.SHADOW, "shadow: recorded, but adds nothing"),
                (RuleState.OFF, "off"),
            ],
            value=rule.state,
        )
        for field in (*self.numbers.values(), self.score, self.action, self.level, self.state):
            self.add(field)
            field.edited.connect(self._tell)
        self.acts(self._save)
        self._tell()

    def condition(self) -> dict[str, Any]:
        values = {name: str(field.value()) for name, field in self.numbers.items()}
        return {"measure": self._rule.measure, **values}

    def _tell(self) -> None:
        try:
            says = describe(self.condition())
        except InvalidInput:
            self.consequence.tell("")
            return
        self.consequence.tell(
            f"A purchase with {says} is judged by this from now on. Alerts that were raised "
            "keep the rule as it was."
        )

    async def _save(self) -> Changes:
        return await self._bridge.write(
            services.change_rule,
            self._rule.rule_id,
            condition=self.condition(),
            score=self.score.value(),
            action=self.action.value(),
            level=self.level.value(),
            state=self.state.value(),
            seen_version=self._rule.version,
        )


class PlanDialog(FormDialog):
    """A plan's name and price. Periods that are paid stay as they are."""

    def __init__(self, bridge: Bridge, plan: Plan, parent: QWidget) -> None:
        super().__init__(f"Plan “{plan.title}”", "Save the plan", parent)
        self._bridge = bridge
        self._plan = plan
        self.name = TextField(
            "title",
            "Name",
            text=plan.title,
            check=lambda text: check_text(
                text, field="title", label="The plan's name", longest=100
            ),
        )
        self.price = AmountField("price", "Price of a period", plan.currency, amount=plan.price)
        self.offered = CheckField("offered", "New subscribers may choose it", checked=plan.offered)
        for field in (self.name, self.price, self.offered):
            self.add(field)
        self.price.edited.connect(self._tell)
        self.acts(self._save)
        self._tell()

    def _tell(self) -> None:
        try:
            price = money.text(self.price.value(), self._plan.currency)
        except InvalidInput:
            self.consequence.tell("")
            return
        self.consequence.tell(
            f"Subscriptions of this plan are billed {price} from their next period on. What is "
            "paid stays as it is."
        )

    async def _save(self) -> Changes:
        return await self._bridge.write(
            services.change_plan,
            self._plan.plan_type,
            price=self.price.value(),
            offered=self.offered.value(),
            title=self.name.value(),
            seen_version=self._plan.row_version,
        )


_ACTIONS = {
    RuleAction.FLAG: "let the purchase through and raise an alert",
    RuleAction.BLOCK: "block the purchase",
    RuleAction.REQUIRE_VERIFICATION: "hold it until a reviewer decides",
}


def _read_number(measure: str, name: str, text: str) -> Decimal:
    field = f"number_{name}"
    if is_money(measure, name):
        text = str(money.parse_amount(text, field=field, allow_zero=True))
    return check_number(text.strip(), name, field=field)
