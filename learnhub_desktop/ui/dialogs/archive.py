"""Taking a course out of the catalog with a reason, and bringing it back to another instructor."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtWidgets import QWidget

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.domain.archiving import ArchivePreview
from learnhub_desktop.domain.changes import Changes
from learnhub_desktop.domain.text import NOTE_LENGTH, check_text
from learnhub_desktop.services import archiving
from learnhub_desktop.ui.dialogs.dialog import FormDialog
from learnhub_desktop.ui.dialogs.pickers import instructor_picker
from learnhub_desktop.ui.widgets.fields import NoteField
from learnhub_desktop.ui.widgets.parts import label

_check_reason: Final = partial(check_text, field="reason", label="The reason", longest=NOTE_LENGTH)


class ArchiveDialog(FormDialog):
    def __init__(self, bridge: Bridge, parent: QWidget, *, preview: ArchivePreview) -> None:
        super().__init__("Archive a course", "Archive the course", parent)
        self.enter_acts = False
        self._bridge = bridge
        self._course_id = preview.course_id
        self.add_widget(label(preview.title, "soft", wrap=True))
        self.reason = NoteField(
            "reason",
            "Reason",
            longest=NOTE_LENGTH,
            check=_check_reason,
            lines=2,
            hint="Kept with the course, for colleagues.",
        )
        self.add(self.reason)
        if preview.refusal is not None:
            self.consequence.tell(preview.refusal, tone="bad")
            self.primary_button.setEnabled(False)
        else:
            said = " ".join(preview.consequences)
            self.consequence.tell(f"{said} It can be restored at any time.", tone="warn")
        self.acts(self._archive)

    async def _archive(self) -> Changes:
        return await self._bridge.write(
            archiving.archive_course, self._course_id, reason=self.reason.value()
        )


class RestoreDialog(FormDialog):
    """Asked only where the instructor of an archived course has left."""

    def __init__(self, bridge: Bridge, parent: QWidget, *, course_id: int, title: str) -> None:
        super().__init__("Restore a course", "Restore the course", parent)
        self._bridge = bridge
        self._course_id = course_id
        self.add_widget(label(title, "soft", wrap=True))
        self.instructor = instructor_picker(
            bridge, hint="The instructor of this course has left. Choose who takes it over."
        )
        self.add(self.instructor)
        self.consequence.tell(
            "The course becomes what it was before it was archived. Sales that ended stay ended."
        )
        self.acts(self._restore)

    async def _restore(self) -> Changes:
        return await self._bridge.write(
            archiving.restore_course,
            self._course_id,
            instructor_id=self.instructor.value(),
        )
