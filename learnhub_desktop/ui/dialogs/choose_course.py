"""Choosing the course whose students are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtWidgets import QWidget

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.domain.catalog import CourseRow, count_of
from learnhub_desktop.domain.lists import ListQuery
from learnhub_desktop.domain.states import CourseStatus, say
from learnhub_desktop.services import lists
from learnhub_desktop.ui.dialogs.dialog import FormDialog
from learnhub_desktop.ui.widgets.picker import Choice, PickerField

_FOUND: Final = 20


class ChooseCourseDialog(FormDialog):
    """Its result is the course's id. Archived courses have students too."""

    def __init__(self, bridge: Bridge, parent: QWidget) -> None:
        super().__init__("Students of which course?", "Show students", parent)
        self._bridge = bridge
        self.course = PickerField(
            "course",
            "Course",
            self._find,
            missing="Choose the course: type a part of its title.",
            placeholder="Title or instructor",
        )
        self.add(self.course)
        self.acts(self._choose)
        # Nothing is changed by looking, so the choice itself is enough.
        self.course.picked.connect(self._on_picked)

    def open(self) -> None:
        super().open()
        self.course.look()

    async def _find(self, text: str) -> Sequence[Choice]:
        query = ListQuery("courses").with_text(text)
        if not text:
            query = query.with_sort("seats", descending=True)
        page = await self._bridge.read(lists.page, query, first=0, count=_FOUND, anchor=None)
        return [_choice(row) for row in page.rows]

    async def _choose(self) -> int:
        course_id: int = self.course.value()
        return course_id

    def _on_picked(self, course_id: int | None) -> None:
        if course_id is not None:
            self.submit()


def _choice(row: CourseRow) -> Choice:
    state = "" if row.status is CourseStatus.ACTIVE else f" · {say(row.status)}"
    return Choice(row.course_id, row.title, f"{count_of(row.seats_taken, 'student')}{state}")
