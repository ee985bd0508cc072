"""A subscription that runs: its plan, its card, its end, and billing what is due."""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QWidget

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.domain.catalog import count_of
from learnhub_desktop.domain.changes import Changes
from learnhub_desktop.domain.moments import say_date
from learnhub_desktop.domain.school import Plan
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.domain.subscriptions import Billed, SubscriptionDetail
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.services import renewals, subscriptions
from learnhub_desktop.ui.dialogs import plan_words as words
from learnhub_desktop.ui.dialogs.access import check_reason
from learnhub_desktop.ui.dialogs.dialog import FormDialog
from learnhub_desktop.ui.dialogs.enrol_words import CHARGED
from learnhub_desktop.ui.dialogs.money import MoneyDialog, line
from learnhub_desktop.ui.widgets.card import CARD_TITLES, CardField
from learnhub_desktop.ui.widgets.fields import ChoiceField, TextField
from learnhub_desktop.ui.widgets.parts import label

_LATER, _NOW = "later", "now"
_USUAL: Final = PaymentMethod.CREDIT_CARD


def about(detail: SubscriptionDetail) -> QWidget:
    row = detail.row
    return label(line(row.student_name, row.plan_title, row.student_email), "soft", wrap=True)


class ChangePlanDialog(FormDialog):
    """Bills another plan from the next period on; its result is ``Changes``."""

    def __init__(
        self, detail: SubscriptionDetail, plans: tuple[Plan, ...], bridge: Bridge, parent: QWidget
    ) -> None:
        super().__init__("Change the plan", "Change the plan", parent)
        self.enter_acts = False
        self._detail = detail
        self._bridge = bridge
        self._billed = detail.row.next_plan_type or detail.row.plan_type
        offered = [plan for plan in plans if plan.offered or plan.plan_type == self._billed]
        self.plan = ChoiceField(
            "plan", "From the next period on", [(each, words.plan_choice(each)) for each in offered]
        )
        others = (each for each in offered if each.plan_type != self._billed)
        self.plan.choose(next(others, None))
        self.add_widget(about(detail))
        self.add(self.plan)
        self.acts(self._change)
        self.plan.edited.connect(self._tell_consequence)
        self._tell_consequence()

    def _tell_consequence(self) -> None:
        plan: Plan = self.plan.value()
        is_same = plan.plan_type == self._billed
        self.primary_button.setEnabled(not is_same)
        if is_same:
            self.consequence.tell(f"“{plan.title}” is what is billed already.", tone="idle")
            return
        detail = self._detail
        until = say_date(detail.row.current_period_end)
        amount = f"{words.price_of(plan)} {words.every(plan.period_months)}"
        if detail.is_over:
            self.consequence.tell(f"{amount} from the next charge on. Nothing is charged now.")
        else:
            self.consequence.tell(
                f"{amount} from {until} on. What is paid until then stays as it is, and nothing is "
                "charged now."
            )

    def _set_busy(self, busy: bool) -> None:
        super()._set_busy(busy)
        if not busy:
            self._tell_consequence()

    async def _change(self) -> Changes:
        plan: Plan = self.plan.value()
        return await self._bridge.write(
            subscriptions.change_plan, self._detail.row.subscription_id, plan.plan_type
        )


class ChangeCardDialog(FormDialog):
    """Charges another card from now on; its result is ``Changes``."""

    def __init__(
        self, detail: SubscriptionDetail, gateways: Gateways, bridge: Bridge, parent: QWidget
    ) -> None:
        super().__init__("Give it another card", "Use this card", parent)
        self.enter_acts = False
        self._detail = detail
        self._bridge = bridge
        method = detail.method or _USUAL
        self._gateway = (
            gateways.named(detail.gateway) if detail.gateway else gateways.for_method(method)
        )
        self.card = CardField(self._gateway, title=CARD_TITLES.get(method, "Card"))
        self.card.show_owner(detail.row.student_id, detail.country)
        self.add_widget(about(detail))
        self.add(self.card)
        self.consequence.tell(self._consequence())
        self.acts(self._change)

    def _consequence(self) -> str:
        detail = self._detail
        if detail.next_plan is None:
            return "Nothing is charged any more, unless the subscription is resumed."
        price = words.price_of(detail.next_plan)
        if detail.row.next_retry_at is not None:
            return f"Nothing is charged now. {price} is due, and is tried with this card next."
        return (
            f"Nothing is charged now. {price} is charged with this card on "
            f"{say_date(detail.row.current_period_end)}."
        )

    async def _change(self) -> Changes:
        card = self.card.value()
        return await self._bridge.write(
            subscriptions.change_card,
            self._detail.row.subscription_id,
            card=card,
            fingerprint=self._gateway.card_fingerprint(card),
        )


class CancelSubscriptionDialog(FormDialog):
    """Ends it at its period's end or now; its result is ``Changes``."""

    def __init__(self, detail: SubscriptionDetail, bridge: Bridge, parent: QWidget) -> None:
        super().__init__("Cancel the subscription", "End it", parent)
        # "Cancel" beside "End it" could be taken for either.
        self.cancel_button.setText("Keep it")
        self.enter_acts = False
        self._detail = detail
        self._bridge = bridge
        until = say_date(detail.row.current_period_end)
        ways = [(_NOW, "Now")]
        if not detail.is_over and not detail.row.cancel_at_period_end:
            ways.insert(0, (_LATER, f"On {until}, when what is paid ends"))
        self.when = ChoiceField("when", "When", ways)
        self.when.setVisible(len(ways) > 1)
        self.reason = TextField(
            "reason",
            "Reason",
            check=check_reason,
            hint="Kept with the subscription, for colleagues.",
        )
        self.add_widget(about(detail))
        self.add(self.when)
        self.add(self.reason)
        self.acts(self._cancel)
        self.when.edited.connect(self._tell_consequence)
        self._tell_consequence()

    def _tell_consequence(self) -> None:
        detail = self._detail
        until = say_date(detail.row.current_period_end)
        is_now = self.when.value() == _NOW
        opened = detail.row.open_courses
        courses = f"The {count_of(opened, 'course')} that it opened"
        if opened == 1:
            courses = "The course that it opened"
        if is_now:
            said = ["Nothing more is charged."]
            if opened:
                seats = "its seat becomes" if opened == 1 else "their seats become"
                verb = "closes" if opened == 1 else "close"
                said.append(f"{courses} {verb} now, and {seats} free.")
            if not detail.is_over:
                said.append(
                    f"What is paid until {until} does not come back by itself; refund its payment "
                    "for that."
                )
        else:
            said = [f"Nothing more is charged. It runs until {until}, and can be resumed before."]
            if opened:
                verb = "closes" if opened == 1 else "close"
                said.append(f"{courses} {verb} then.")
        self.consequence.tell(" ".join(said), tone="warn" if is_now else "info")
        self.primary_button.setText("End it now" if is_now else f"End it on {until}")

    async def _cancel(self) -> Changes:
        return await self._bridge.write(
            subscriptions.cancel,
            self._detail.row.subscription_id,
            now=self.when.value() == _NOW,
            reason=self.reason.value(),
        )


class BillNowDialog(MoneyDialog):
    """Charges the period that is due; its result is ``Billed``.

    The key is the period's own, so that nobody can bill it twice, on this desk or another.
    """

    def __init__(
        self, detail: SubscriptionDetail, gateways: Gateways, bridge: Bridge, parent: QWidget
    ) -> None:
        assert detail.next_plan is not None and detail.next_period is not None
        price = words.price_of(detail.next_plan)
        super().__init__("Bill the next period", f"Charge {price}", parent)
        self._subscription_id = detail.row.subscription_id
        self._gateways = gateways
        self._bridge = bridge
        self.add_widget(about(detail))
        source = CHARGED.get(detail.method or _USUAL, "to the card")
        courses = ""
        if detail.row.open_courses:
            courses = f" Access to {count_of(detail.row.open_courses, 'course')} goes on with it."
        self.consequence.tell(
            f"{price} is charged {source} now, for {words.period(detail.next_period)}.{courses}"
        )
        self.acts(self._bill)

    async def _bill(self) -> Billed:
        return await self._bridge.run(
            renewals.renew, self._subscription_id, gateways=self._gateways
        )
