"""What all dialogs share that move money or end what it bought."""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QWidget

from learnhub_desktop.domain.payments import PaymentRow
from learnhub_desktop.errors import LearnHubError
from learnhub_desktop.ui.dialogs.dialog import FormDialog

# The key is the dialog's alone. Where it is sent again, the call before has ended: for nobody's
# answer is there anything to wait.
NOBODY_ELSE_S: Final = 0.0
# Without this mark a name in Arabic or Hebrew would turn the whole line around.
_LEFT_TO_RIGHT: Final = "\u200e"


class Declined(LearnHubError):
    """The gateway said no: nothing was charged, and another card may be tried at once."""


class MoneyDialog(FormDialog):
    """Enter alone does nothing, and what has begun is waited for.

    Closed while a gateway is at it, the dialog could not tell any more what became of it.
    """

    def __init__(self, title: str, primary: str, parent: QWidget) -> None:
        super().__init__(title, primary, parent)
        self.enter_acts = False

    def reject(self) -> None:
        if self.is_busy:
            self.consequence.tell("Still at it: the answer is on its way.", tone="info")
        else:
            super().reject()


def line(*parts: str | None) -> str:
    """What is there of the parts, in one line: ``Ola Nordmann · Python Basics``."""
    return _LEFT_TO_RIGHT + " · ".join(part for part in parts if part)


def about(row: PaymentRow) -> str:
    return line(row.student_name, row.title)
