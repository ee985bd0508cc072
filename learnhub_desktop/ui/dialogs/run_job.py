"""Before a person starts a job that charges cards: how many it would charge."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from learnhub_desktop.domain.jobs import JobPlan
from learnhub_desktop.models import formats
from learnhub_desktop.ui.dialogs.money import MoneyDialog
from learnhub_desktop.ui.widgets.parts import label


class RunJobDialog(MoneyDialog):
    """Asks before cards are charged; its result is True."""

    def __init__(self, plan: JobPlan, due: int, parent: QWidget) -> None:
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
