"""Ending an enrolment without a refund, once it is clear what that means."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.domain.changes import Changes
from learnhub_desktop.domain.progress import StudentCourse
from learnhub_desktop.domain.students import PersonRow
from learnhub_desktop.services import enrolments
from learnhub_desktop.ui.dialogs.access import check_reason
from learnhub_desktop.ui.dialogs.dialog import FormDialog
from learnhub_desktop.ui.widgets.fields import TextField
from learnhub_desktop.ui.widgets.parts import label


class CancelEnrolmentDialog(FormDialog):
    def __init__(
        self, bridge: Bridge, parent: QWidget, *, person: PersonRow, course: StudentCourse
    ) -> None:
        super().__init__("Cancel the enrolment without a refund", "End the enrolment", parent)
        # "Cancel" beside "End the enrolment" could be taken for either.
        self.cancel_button.setText("Keep it")
        self.enter_acts = False
        self._bridge = bridge
        self._enrolment_id = course.enrolment_id
        self.add_widget(label(f"{person.name} · {course.title}", "soft", wrap=True))
        self.reason = TextField(
            "reason", "Reason", check=check_reason, hint="Kept with the enrolment, for colleagues."
        )
        self.add(self.reason)
        ends = "Access ends now" if course.access.is_open else "Access stays closed"
        self.consequence.tell(
            f"{ends}, the seat becomes free, and no money goes back. What was done of the course "
            "is kept. To give money back, refund the payment instead.",
            tone="warn",
        )
        self.acts(self._cancel)

    async def _cancel(self) -> Changes:
        return await self._bridge.write(
            enrolments.cancel_enrolment, self._enrolment_id, reason=self.reason.value()
        )
