"""The tags of a course, by which it is found."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.domain.catalog import CourseDetail
from learnhub_desktop.domain.changes import Changes
from learnhub_desktop.services import catalog
from learnhub_desktop.ui.dialogs.dialog import FormDialog
from learnhub_desktop.ui.widgets.parts import label
from learnhub_desktop.ui.widgets.tags import TagsField


class TagsDialog(FormDialog):
    """Enter adds what was typed, and saves when nothing is typed."""

    def __init__(self, bridge: Bridge, parent: QWidget, *, detail: CourseDetail) -> None:
        super().__init__("Tags", "Save tags", parent)
        self._bridge = bridge
        self._course = detail.course
        self.add_widget(label(detail.course.title, "soft", wrap=True))
        self.tags = TagsField(detail.tags, hint="Several at once: with commas between them.")
        self.add(self.tags)
        self.acts(self._save)

    def open(self) -> None:
        super().open()
        self._tasks.start("tags", self._read_tags)

    async def _read_tags(self) -> None:
        self.tags.set_known(await self._bridge.read(catalog.list_tags))

    async def _save(self) -> Changes:
        return await self._bridge.write(
            catalog.set_tags,
            self._course.course_id,
            self.tags.value(),
            seen_version=self._course.row_version,
        )
