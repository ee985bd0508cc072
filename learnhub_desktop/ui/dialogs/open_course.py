"""Opening a course with a subscription: which one, its seat, and until when, before the button."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.domain.actors import Actor, Right
from learnhub_desktop.domain.changes import Changes
from learnhub_desktop.domain.moments import say_date
from learnhub_desktop.domain.subscriptions import OpeningPreview, SubscriptionDetail
from learnhub_desktop.services import subscription_reads, subscriptions
from learnhub_desktop.services.purchase_checks import REASON_LENGTH
from learnhub_desktop.ui.dialogs.dialog import FormDialog
from learnhub_desktop.ui.dialogs.enrol_fields import OverrideField
from learnhub_desktop.ui.dialogs.enrol_words import has_to_complete
from learnhub_desktop.ui.dialogs.pickers import course_picker
from learnhub_desktop.ui.dialogs.subscription import about


class OpenCourseDialog(FormDialog):
    """Opens one course; its result is ``Changes``. No money moves."""

    def __init__(
        self, detail: SubscriptionDetail, actor: Actor, bridge: Bridge, parent: QWidget
    ) -> None:
        super().__init__("Open a course", "Open the course", parent)
        self._detail = detail
        self._actor = actor
        self._bridge = bridge
        self._preview: OpeningPreview | None = None
        self.course = course_picker(bridge)
        self.override = OverrideField(longest=REASON_LENGTH)
        self.add_widget(about(detail))
        self.add(self.course)
        self.add(self.override)
        self.acts(self._open_it)
        self.course.picked.connect(self._on_picked)
        self._show_preview()

    @property
    def is_looking(self) -> bool:
        return self._tasks.is_running("look")

    def _on_picked(self, course_id: int | None) -> None:
        self._preview = None
        self._show_preview()
        if course_id is None:
            self._tasks.cancel("look")
        else:
            self._tasks.start("look", self._look, course_id)

    async def _look(self, course_id: int) -> None:
        self._preview = await self._bridge.read(
            subscription_reads.preview_opening, self._detail.row.subscription_id, course_id
        )
        self._show_preview()
        if self.primary_button.isEnabled():
            needs_reason = not self.override.isHidden()
            (self.override.editor if needs_reason else self.primary_button).setFocus()

    def _show_preview(self) -> None:
        preview = self._preview
        missing = () if preview is None or preview.refusal else preview.missing
        may_let_in = self._actor.may(Right.OVERRIDE_PREREQUISITES)
        self.override.setVisible(bool(missing) and may_let_in)
        refusal = "" if preview is None else preview.refusal
        name = self._detail.row.student_name
        if missing and not may_let_in:
            refusal = has_to_complete(name, missing)
        self.primary_button.setEnabled(preview is not None and not refusal)
        if preview is None:
            self.consequence.tell("")
        elif refusal:
            self.consequence.tell(refusal, tone="bad")
        else:
            if missing:
                self.override.show_missing(name, missing)
            self.consequence.tell(_consequence(preview), tone="warn" if missing else "info")
        self.fit()

    def _set_busy(self, busy: bool) -> None:
        super()._set_busy(busy)
        if not busy:
            self._show_preview()

    async def _open_it(self) -> Changes:
        assert self._preview is not None
        return await self._bridge.write(
            subscriptions.open_course,
            self._detail.row.subscription_id,
            self._preview.course_id,
            override_reason=self.override.value() if self._preview.missing else None,
        )


def _consequence(preview: OpeningPreview) -> str:
    seat = "A seat is taken"
    if preview.seats_left is not None:
        last = preview.seats_left == 1
        seat = "The last seat is taken" if last else f"One of {preview.seats_left:,} seats is taken"
    return (
        f"{seat}, and nothing is charged. Access runs until {say_date(preview.until)}, and on each "
        "time the subscription is paid."
    )
