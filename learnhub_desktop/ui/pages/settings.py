"""The school's settings: one policy for all desks."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from learnhub_desktop.domain import money
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.changes import Touched
from learnhub_desktop.domain.school import Plan, SchoolSettings
from learnhub_desktop.domain.scoring import Rule, describe
from learnhub_desktop.domain.states import GatewayKind, RuleState, say
from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.models.columns import Tone
from learnhub_desktop.services import settings as services
from learnhub_desktop.services.settings import Policy
from learnhub_desktop.ui.desk import Desk
from learnhub_desktop.ui.dialogs.policy import PlanDialog, RuleDialog
from learnhub_desktop.ui.pages.page import Page
from learnhub_desktop.ui.shortcuts import Action
from learnhub_desktop.ui.tasks import Failure, TaskScope
from learnhub_desktop.ui.theme import set_role
from learnhub_desktop.ui.widgets.fields import ChoiceField, Field, NumberField, TextField
from learnhub_desktop.ui.widgets.parts import Badge, button, clear, label

_RULE_TONES: Final = {
    RuleState.ON: Tone.GOOD,
    RuleState.SHADOW: Tone.INFO,
    RuleState.OFF: Tone.IDLE,
}
_GATEWAYS: Final = (
    (GatewayKind.MANUAL, "None: transfers and cash, recorded by hand"),
    (GatewayKind.SIMULATED, "Simulated: for test and sample schools, no money moves"),
)


class SettingsPage(Page):
    """Cards of fields; what was changed is saved at once, or not at all."""

    key: ClassVar[str] = "settings"
    title: ClassVar[str] = "Settings"
    menu_title: ClassVar[str] = "Settings"
    icon: ClassVar[str] = "sliders-horizontal"
    right: ClassVar[Right | None] = Right.VIEW_SETTINGS
    touched: ClassVar[Touched] = Touched.SETTINGS
    action_table: ClassVar[tuple[Action, ...]] = (
        Action(
            "save_settings",
            "Save the settings",
            "Ctrl+S",
            page="settings",
            icon="check",
            right=Right.EDIT_SETTINGS,
            in_head=True,
            is_primary=True,
        ),
        Action(
            "discard_settings",
            "Take back what was changed",
            "Ctrl+Shift+Z",
            page="settings",
            icon="arrow-counter-clockwise",
            right=Right.EDIT_SETTINGS,
        ),
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.fields: dict[str, Field] = {}
        self._shown: SchoolSettings | None = None
        self._rule_lines, self._plan_lines = QVBoxLayout(), QVBoxLayout()
        self._may_edit = desk.actor.may(Right.EDIT_SETTINGS)
        self._saving = TaskScope(self, self._on_refused)
        self.hint = label(part="soft")
        self._head_buttons = self.head_buttons()
        self._cards = QWidget()
        self._cards.setProperty("clear", "true")
        self._grid = QGridLayout(self._cards)
        self._grid.setContentsMargins(0, 0, 8, 0)
        self._grid.setSpacing(12)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self._cards)
        head = QHBoxLayout()
        head.addWidget(label(self.title, "page-name"))
        head.addSpacing(12)
        head.addWidget(self.hint)
        head.addStretch(1)
        for widget in self._head_buttons:
            head.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 12)
        column.setSpacing(12)
        column.addLayout(head)
        column.addWidget(scroll, 1)

        self.on("save_settings", self._save)
        self.on("discard_settings", self._discard)
        self.reload()

    def reload(self) -> None:
        self.tasks.start("reload", self._reload)

    def refusal(self, name: str) -> str:
        if self._shown is None:
            return "the settings are not loaded yet."
        return "" if self.changed() else "nothing was changed."

    def changed(self) -> dict[str, Any]:
        """What the fields say otherwise than the database; a wrong field counts as changed."""
        if self._shown is None:
            return {}
        found: dict[str, Any] = {}
        for name, field in self.fields.items():
            try:
                value = field.value()
            except InvalidInput:
                found[name] = None
                continue
            if value != getattr(self._shown, name):
                found[name] = value
        return found

    async def _reload(self) -> None:
        policy = await self.desk.bridge.read(services.get_policy)
        if self._shown is not None and self.changed():
            if policy.settings.row_version != self._shown.row_version:
                self.hint.setText("Another administrator changed the settings meanwhile.")
            self._show_lines(policy)
            return
        self._show(policy)

    def _show(self, policy: Policy) -> None:
        self._shown = policy.settings
        self.fields.clear()
        clear(self._grid)
        self._rule_lines, self._plan_lines = QVBoxLayout(), QVBoxLayout()
        left, right = QVBoxLayout(), QVBoxLayout()
        for column in (left, right):
            column.setSpacing(12)
        s = policy.settings
        left.addWidget(self._school_card(s))
        left.addWidget(self._refund_card(s))
        left.addWidget(self._hold_card(s))
        left.addStretch(1)
        right.addWidget(self._fraud_card(s))
        right.addWidget(self._plan_card())
        right.addWidget(self._gateway_card(s))
        right.addStretch(1)
        self._show_lines(policy)
        for position, column in enumerate((left, right)):
            holder = QWidget()
            holder.setLayout(column)
            column.setContentsMargins(0, 0, 0, 0)
            self._grid.addWidget(holder, 0, position)
            self._grid.setColumnStretch(position, 1)
        self._show_changed()

    def _school_card(self, s: SchoolSettings) -> QWidget:
        return self._card(
            "School",
            f"This is a {s.kind} school.",
            TextField("school_name", "Name", text=s.school_name),
            TextField("currency", "Currency of new prices", text=s.currency),
            TextField("time_zone", "Time zone: days are counted here", text=s.time_zone),
            TextField(
                "band_colour",
                "Colour of the band on top, such as #B3261E",
                text=s.band_colour or "",
                check=lambda text: text.strip().upper() or None,
                hint="So that nobody takes a test for the real school. Empty: no band.",
            ),
        )

    def _refund_card(self, s: SchoolSettings) -> QWidget:
        return self._card(
            "Refunds",
            "Within both limits a clerk refunds; past them finance can, with a reason.",
            _number(s, "refund_days", "Days after enrolling", 0, 3650),
            _number(s, "refund_progress_percent", "Progress at most, in per cent", 0, 100),
        )

    def _hold_card(self, s: SchoolSettings) -> QWidget:
        return self._card(
            "How long a seat is held unpaid",
            "In minutes. A day has 1,440, a week 10,080.",
            _number(s, "hold_minutes_card", "Card, PayPal, Stripe", 1, 1_440),
            _number(s, "hold_minutes_transfer", "Bank transfer", 1, 129_600),
            _number(s, "hold_minutes_cash", "Cash", 1, 129_600),
            _number(s, "hold_minutes_verification", "Waiting for a reviewer", 1, 129_600),
        )

    def _gateway_card(self, s: SchoolSettings) -> QWidget:
        return self._card(
            "Payments and renewals",
            "When a subscription's charge fails it is tried again after these steps.",
            ChoiceField("gateway", "Payment gateway", _GATEWAYS, value=s.gateway),
            TextField(
                "retry_declined_days",
                "Days after a declined charge",
                text=s.retry_declined_days,
                hint="Then the subscription ends.",
            ),
            TextField(
                "retry_unreachable_minutes",
                "Minutes after a gateway that was not reachable",
                text=s.retry_unreachable_minutes,
            ),
        )

    def _fraud_card(self, s: SchoolSettings) -> QWidget:
        return self._card(
            "Fraud",
            "Each rule that fires adds to a purchase's score; from this score on it is blocked.",
            _number(s, "block_score", "Score that blocks", 1, 10_000),
            lines=self._rule_lines,
        )

    def _plan_card(self) -> QWidget:
        return self._card(
            "Subscription plans",
            "A plan opens every active course while it is paid.",
            lines=self._plan_lines,
        )

    def _show_lines(self, policy: Policy) -> None:
        """Rules and plans, each with its state: what their dialogs have saved is never typed here,
        so it is shown whatever else is changed and not saved yet."""
        clear(self._rule_lines)
        clear(self._plan_lines)
        for rule in policy.rules:
            self._rule_lines.addWidget(
                self._line(
                    rule.name,
                    f"{describe(rule.condition)}: +{rule.score}, {say(rule.level)}, "
                    f"{say(rule.action)}",
                    Badge(say(rule.state), _RULE_TONES[rule.state]),
                    partial(self._edit_rule, rule),
                )
            )
        for plan in policy.plans:
            months = "month" if plan.period_months == 1 else f"{plan.period_months} months"
            state = Badge("offered", Tone.GOOD) if plan.offered else Badge("closed", Tone.IDLE)
            self._plan_lines.addWidget(
                self._line(
                    plan.title,
                    f"{money.text(plan.price, plan.currency)} every {months}",
                    state,
                    partial(self._edit_plan, plan),
                )
            )

    def _card(
        self, title: str, lead: str, *fields: Field, lines: QVBoxLayout | None = None
    ) -> QFrame:
        card = QFrame()
        card.setProperty("card", "true")
        column = QVBoxLayout(card)
        column.setContentsMargins(16, 14, 16, 16)
        column.setSpacing(10)
        column.addWidget(label(title, "name"))
        column.addWidget(label(lead, "soft", wrap=True))
        for field in fields:
            self.fields[field.name] = field
            field.editor.setEnabled(self._may_edit)
            field.edited.connect(self._show_changed)
            column.addWidget(field)
        if lines is not None:
            column.addLayout(lines)
        return card

    def _line(self, name: str, detail: str, state: QWidget, edit: Any) -> QWidget:
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 4, 0, 4)
        row.setSpacing(12)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(label(name, "heading"))
        texts.addWidget(label(detail, "soft", wrap=True))
        row.addLayout(texts, 1)
        row.addWidget(state, 0, Qt.AlignmentFlag.AlignVCenter)
        if self._may_edit:
            change = button("Change…", kind="link")
            change.setAccessibleName(f"Change {name}")
            change.clicked.connect(lambda *_: edit())
            row.addWidget(change, 0, Qt.AlignmentFlag.AlignVCenter)
        return made

    def _show_changed(self) -> None:
        changed = self.changed()
        count = len(changed)
        self.hint.setText("" if not count else f"{count} changed, not saved yet")
        for widget in self._head_buttons:
            widget.setEnabled(bool(count))
        set_role(self.hint, tone="warn" if count else "")

    def _save(self) -> None:
        wrong = [field for field in self.fields.values() if not field.insist()]
        if wrong:
            wrong[0].editor.setFocus()
            return
        if self._shown is not None:
            self._saving.start("save", self._write, self.changed(), self._shown.row_version)

    async def _write(self, changed: dict[str, Any], seen_version: int) -> None:
        await self.desk.bridge.write(services.change_settings, changed, seen_version=seen_version)
        self._shown = None
        await self._reload()

    def _discard(self) -> None:
        self._shown = None
        self.reload()

    def _edit_rule(self, rule: Rule) -> None:
        RuleDialog(self.desk.bridge, rule, self).open()

    def _edit_plan(self, plan: Plan) -> None:
        PlanDialog(self.desk.bridge, plan, self).open()

    def _on_refused(self, failure: Failure) -> None:
        error = failure.error
        field = self.fields.get(error.field) if isinstance(error, InvalidInput) else None
        if field is None:
            self.desk.messages.fail(failure)
        else:
            field.refuse(str(error))
            field.editor.setFocus()


def _number(s: SchoolSettings, name: str, words: str, lowest: int, highest: int) -> NumberField:
    return NumberField(name, words, lowest=lowest, highest=highest, number=getattr(s, name))
