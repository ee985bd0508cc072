"""Before a person starts a job: how many cards it would charge, or which days it counts."""

from __future__ import annotations

from datetime import date, timedelta

from PySide6.QtWidgets import QWidget

from learnhub_desktop.domain.jobs import AnyPlan
from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.models import formats
from learnhub_desktop.ui.dialogs.dialog import FormDialog
from learnhub_desktop.ui.dialogs.money import MoneyDialog
from learnhub_desktop.ui.widgets.fields import DateField
from learnhub_desktop.ui.widgets.parts import label


class RunJobDialog(MoneyDialog):
    """Asks before cards are charged; its result is True."""

    def __init__(self, plan: AnyPlan, due: int, parent: QWidget) -> None:
        super().__init__(f"Run “{plan.title}” now", "Run it now", parent)
        self.add_widget(label(plan.says, "soft", wrap=True))
        if due:
            subject = formats.counted(due, "subscription is", "subscriptions are")
            self.consequence.tell(
                f"{subject} due. Each is billed once, however often this runs; those that were "
                "cancelled end instead.",
                tone="warn",
            )
            self.primary_button.setText(f"Bill {due:,} now")
        else:
            self.consequence.tell("No subscription is due, so nothing is charged.")
            self.enter_acts = True
        self.acts(self._agree)

    async def _agree(self) -> bool:
        return True


class CountDaysDialog(FormDialog):
    """Asks which days are to be counted again; its result is the first and the last of them."""

    def __init__(self, parent: QWidget, *, today: date) -> None:
        super().__init__("Count days again", "Count them", parent)
        self._today = today
        yesterday = today - timedelta(days=1)
        self.first = DateField("first", "From", day=yesterday.replace(day=1))
        self.last = DateField("last", "To", day=yesterday)
        self.add(self.first)
        self.add(self.last)
        self.acts(self._agree)
        self._tell_consequence()

    def _on_edited(self) -> None:
        super()._on_edited()
        self._tell_consequence()

    def days(self) -> tuple[date, date]:
        """Both ends are inside; InvalidInput where they make no sense."""
        first, last = self.first.value(), self.last.value()
        if last < first:
            raise InvalidInput("last", "The last day cannot be before the first.")
        if last > self._today:
            raise InvalidInput("last", "This day has not come yet.")
        return first, last

    def _tell_consequence(self) -> None:
        try:
            first, last = self.days()
        except InvalidInput as refused:
            self.consequence.tell(str(refused), tone="bad")
            self.primary_button.setEnabled(False)
            return
        self.primary_button.setEnabled(True)
        count = (last - first).days + 1
        self.primary_button.setText(f"Count {formats.counted(count, 'day', 'days')}")
        self.consequence.tell(
            "The revenue of each day is counted anew from its payments and refunds, and takes the "
            "place of what was counted before. No money moves."
        )

    async def _agree(self) -> tuple[date, date]:
        return self.days()
