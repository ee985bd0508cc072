"""Changing a student's balance by hand: by how much, why, and what it is then."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from PySide6.QtWidgets import QWidget

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.domain import money
from learnhub_desktop.domain.balances import ADDS, TAKES, AdjustmentReason
from learnhub_desktop.domain.changes import Changes
from learnhub_desktop.domain.states import say
from learnhub_desktop.domain.students import StudentDetail
from learnhub_desktop.errors import InvalidInput, RuleRefused
from learnhub_desktop.services import balances, students
from learnhub_desktop.ui.dialogs.money import MoneyDialog
from learnhub_desktop.ui.tasks import Failure
from learnhub_desktop.ui.widgets.fields import AmountField, ChoiceField
from learnhub_desktop.ui.widgets.parts import label

_ADD: Final = 1
_TAKE: Final = -1


class BalanceDialog(MoneyDialog):
    """Adds to the balance or takes from it; its result is ``Changes``."""

    def __init__(self, bridge: Bridge, parent: QWidget, *, detail: StudentDetail) -> None:
        super().__init__("Change the balance", "Change the balance", parent)
        assert detail.balance is not None  # who may change a balance may see it
        self._bridge = bridge
        self._name = detail.person.name
        self._student_id = detail.person.user_id
        self._balance: Decimal = detail.balance
        self._currency = detail.balance_currency
        self.about = label(part="soft", wrap=True)
        self.way = ChoiceField("way", "What to do", ((_ADD, "Add"), (_TAKE, "Take away")))
        self.amount = AmountField("amount", "Amount", self._currency)
        self.reason = ChoiceField("reason", "Reason", _options(_ADD))
        self.add_widget(self.about)
        for field in (self.way, self.amount, self.reason):
            self.add(field)
        self.acts(self._adjust)
        self.way.edited.connect(self._on_way_chosen)
        self._tell_consequence()

    def _on_way_chosen(self) -> None:
        self.reason.set_options(_options(self.way.value()))
        self._tell_consequence()

    def _on_edited(self) -> None:
        super()._on_edited()
        self._tell_consequence()

    def _signed(self) -> Decimal | None:
        """What is asked for; None while no amount stands there."""
        try:
            amount: Decimal = self.amount.value()
        except InvalidInput:
            return None
        way: int = self.way.value()
        return way * amount

    def _tell_consequence(self) -> None:
        signed = self._signed()
        now = money.text(self._balance, self._currency)
        self.about.setText(f"{self._name} has {now} on the balance.")
        if signed is None:
            self.consequence.tell("Say by how much.", tone="idle")
            self.primary_button.setText("Change the balance")
            return
        shown = money.text(abs(signed), self._currency)
        self.primary_button.setText(f"Add {shown}" if signed > 0 else f"Take {shown} away")
        after = self._balance + signed
        if after < 0:
            self.consequence.tell(f"Only {now} can be taken away.", tone="bad")
            return
        then = money.text(after, self._currency)
        self.consequence.tell(
            f"The balance goes from {now} to {then}. {_about_money(self.reason.value(), shown)}",
            tone="warn",
        )

    async def _adjust(self) -> Changes:
        signed = self._signed()
        assert signed is not None  # the field was checked before
        return await self._bridge.write(
            balances.adjust_balance,
            self._student_id,
            signed,
            reason=self.reason.value(),
            seen=self._balance,
        )

    def _on_failure(self, failure: Failure) -> None:
        super()._on_failure(failure)
        if isinstance(failure.error, RuleRefused):
            self._tasks.start("look again", self._look_again, str(failure.error))

    async def _look_again(self, said: str) -> None:
        """Show the balance as it is now, and why it was refused as it stood before."""
        detail = await self._bridge.read(students.get_student, self._student_id)
        if detail.balance is not None:
            self._balance = detail.balance
        self._tell_consequence()
        self._tell_error(said)
        self.fit()


def _options(way: int) -> list[tuple[AdjustmentReason, str]]:
    return [(each, say(each).capitalize()) for each in (ADDS if way == _ADD else TAKES)]


def _about_money(reason: AdjustmentReason, amount: str) -> str:
    """What has to happen outside the program, since no gateway is asked."""
    match reason:
        case AdjustmentReason.PAID_IN:
            return f"Nothing is charged: {amount} must have come in already."
        case AdjustmentReason.PAID_OUT:
            return f"Nothing is sent: hand {amount} to the student, or transfer it."
    return "No other money moves."
