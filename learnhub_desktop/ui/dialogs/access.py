"""Access for longer: how long, why, and until when that is before the button."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import partial
from typing import Final

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.domain.changes import Changes
from learnhub_desktop.domain.extensions import MOST_MONTHS, Extension, ExtensionDecision
from learnhub_desktop.domain.moments import say_last_day
from learnhub_desktop.domain.progress import StudentCourse
from learnhub_desktop.domain.students import PersonRow
from learnhub_desktop.domain.text import check_text
from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.services import access
from learnhub_desktop.ui.dialogs.dialog import FormDialog
from learnhub_desktop.ui.widgets.fields import ChoiceField, DateField, NumberField, TextField
from learnhub_desktop.ui.widgets.parts import label

REASON_LENGTH: Final = 500
check_reason: Final = partial(check_text, field="reason", label="The reason", longest=REASON_LENGTH)
_PAUSE_MS: Final = 120
_USUAL_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class _Months:
    """So many months; None asks for the number."""

    months: int | None


_DAY: Final = "day"
_LIFE: Final = "life"
_SPANS: Final = (
    (_Months(1), "1 month more"),
    (_Months(3), "3 months more"),
    (_Months(6), "6 months more"),
    (_Months(12), "1 year more"),
    (_Months(None), "Another number of months"),
    (_DAY, "Until a certain day"),
    (_LIFE, "For life"),
)


class ExtendAccessDialog(FormDialog):
    """Asks the server what the chosen span comes to, and says it above the button."""

    def __init__(
        self,
        bridge: Bridge,
        parent: QWidget,
        *,
        person: PersonRow,
        course: StudentCourse,
        now: datetime,
        zone: tzinfo,
    ) -> None:
        super().__init__("Extend access", "Extend access", parent)
        self._bridge = bridge
        self._person = person
        self._course = course
        self._zone = zone
        self.add_widget(label(f"{person.name} · {course.title}", "soft", wrap=True))
        self.add_widget(label(f"Now: {course.access.sentence}", wrap=True))
        self.span = ChoiceField("span", "Give access", _SPANS)
        self.months = NumberField("months", "Months more", lowest=1, highest=MOST_MONTHS, number=2)
        until = course.access.until
        start = max(now, until) if until is not None and course.access.is_open else now
        self.until = DateField(
            "until",
            "Last day of access",
            day=(start.astimezone(zone) + timedelta(days=_USUAL_DAYS)).date(),
            hint="The day counts whole.",
        )
        self.reason = TextField(
            "reason", "Reason", check=check_reason, hint="Kept with the access, for colleagues."
        )
        for field in (self.span, self.months, self.until, self.reason):
            self.add(field)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._fit_fields()
        self.acts(self._extend)

        self._pause.timeout.connect(self._look)
        self.span.edited.connect(self._on_span_chosen)
        self.months.edited.connect(self._look_soon)
        self.until.edited.connect(self._look_soon)
        self._look_soon()

    @property
    def is_settled(self) -> bool:
        """Whether the consequence in view is that of the span in view."""
        return not (self._pause.isActive() or self._tasks.is_running("preview"))

    def wanted(self) -> Extension:
        """The extension asked for; InvalidInput names the field that makes no sense."""
        span = self.span.value()
        if isinstance(span, _Months):
            return Extension(months=self.months.value() if span.months is None else span.months)
        return Extension(lifetime=True) if span == _LIFE else Extension(until_on=self.until.value())

    def _on_span_chosen(self) -> None:
        self._fit_fields()
        self._look_soon()

    def _fit_fields(self) -> None:
        span = self.span.value()
        self.months.setVisible(isinstance(span, _Months) and span.months is None)
        self.until.setVisible(span == _DAY)
        self.fit()

    def _look_soon(self) -> None:
        # What is said above the button must never belong to another choice.
        self.primary_button.setEnabled(False)
        self._tasks.cancel("preview")
        self._pause.start()

    def _look(self) -> None:
        try:
            wanted = self.wanted()
        except InvalidInput as refused:
            self.consequence.tell(str(refused), tone="warn")
            return
        self._tasks.start("preview", self._preview, wanted)

    async def _preview(self, wanted: Extension) -> None:
        try:
            decision = await self._bridge.read(
                access.preview_extension,
                self._person.user_id,
                self._course.course_id,
                extension=wanted,
            )
        except InvalidInput as refused:
            self.consequence.tell(str(refused), tone="warn")
            return
        if decision.refusal is not None:
            self.consequence.tell(decision.message, tone="warn")
            return
        self.consequence.tell(self._sentence(decision))
        self.primary_button.setEnabled(True)

    def _sentence(self, decision: ExtensionDecision) -> str:
        until = (
            "for life"
            if decision.expires_at is None
            else f"until {say_last_day(decision.expires_at, self._zone)}"
        )
        return (
            f"{self._person.name} can open “{self._course.title}” {until}. "
            "No money moves and no seat changes hands."
        )

    async def _extend(self) -> Changes:
        return await self._bridge.write(
            access.extend_access,
            self._person.user_id,
            self._course.course_id,
            extension=self.wanted(),
            reason=self.reason.value(),
            seen_until=self._course.access.until,
        )
