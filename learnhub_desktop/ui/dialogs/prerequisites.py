"""Which courses must be completed before another."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.domain.catalog import CourseDetail
from learnhub_desktop.domain.changes import Changes
from learnhub_desktop.services import prerequisites
from learnhub_desktop.ui.dialogs.dialog import FormDialog
from learnhub_desktop.ui.dialogs.pickers import course_picker
from learnhub_desktop.ui.widgets.parts import clear, icon_button, label


class PrerequisitesDialog(FormDialog):
    """Adds courses by typing and takes them off; all is saved at once."""

    def __init__(self, bridge: Bridge, parent: QWidget, *, detail: CourseDetail) -> None:
        super().__init__("Prerequisites", "Save", parent)
        self._bridge = bridge
        self._course = detail.course
        self.needed = {name.course_id: name.title for name in detail.prerequisites}
        self.add_widget(label(f"Before “{detail.course.title}” a student completes:", wrap=True))
        self.rows = _Rows()
        self.add_widget(self.rows)
        self.course = course_picker(bridge, title="Add a course", without=detail.course.course_id)
        # It is no field of the form: empty is right, and a choice moves into the list above.
        self.add_widget(self.course)
        self.acts(self._save)
        self.course.picked.connect(self._on_picked)
        self.rows.removed.connect(self._remove)
        self._show()

    def open(self) -> None:
        super().open()
        self.course.line.setFocus()

    def _on_picked(self, course_id: int | None) -> None:
        if course_id is None:
            return
        self.needed.setdefault(course_id, self.course.line.text())
        self.course.clear()
        self._tell_error("")
        self._show()

    def _remove(self, course_id: int) -> None:
        del self.needed[course_id]
        self._tell_error("")
        self._show()
        self.course.line.setFocus()

    def _show(self) -> None:
        self.rows.show_rows(self.needed.items())
        self.consequence.tell(
            "Who has not completed them can be enrolled only with a reason. Students who are in "
            "the course already stay."
            if self.needed
            else "Everybody can enrol, without any other course first."
        )
        self.fit()

    async def _save(self) -> Changes:
        return await self._bridge.write(
            prerequisites.set_prerequisites,
            self._course.course_id,
            list(self.needed),
            seen_version=self._course.row_version,
        )


class _Rows(QWidget):
    """One line a course, with a cross that takes it off.

    Signals:
        removed: The id of the course whose cross was pressed.
    """

    removed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.crosses: dict[int, QWidget] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)

    def show_rows(self, courses: Iterable[tuple[int, str]]) -> None:
        clear(self._column)
        self.crosses = {}
        for course_id, title in courses:
            self._column.addWidget(self._make_row(course_id, title))
        if not self.crosses:
            self._column.addWidget(label("No other course.", "soft"))

    def _make_row(self, course_id: int, title: str) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        cross = icon_button("x", f"Remove {title}")
        cross.clicked.connect(lambda: self.removed.emit(course_id))
        line.addWidget(label(title, wrap=True), 1)
        line.addWidget(cross)
        self.crosses[course_id] = cross
        return row
