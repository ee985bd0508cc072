"""Which lessons a student has done, and how long one of them took."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QWidget

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.domain.catalog import MOST_MINUTES
from learnhub_desktop.domain.changes import Changes
from learnhub_desktop.domain.progress import LessonMark, StudentCourse, percentage, say_percent
from learnhub_desktop.domain.states import EnrolmentStatus
from learnhub_desktop.domain.students import PersonRow
from learnhub_desktop.models import formats
from learnhub_desktop.services import progress
from learnhub_desktop.ui.dialogs.dialog import FormDialog
from learnhub_desktop.ui.widgets.fields import ChoiceField, Field, NumberField
from learnhub_desktop.ui.widgets.parts import button, label

_ROW: Final = 28
_MOST_SHOWN: Final = 10
_LESSON: Final = Qt.ItemDataRole.UserRole


class LessonsField(Field):
    """Lessons in order, each with a check box; the space bar toggles the one in focus."""

    def __init__(
        self, name: str, text: str, marks: Sequence[LessonMark], *, now: datetime, zone: tzinfo
    ) -> None:
        self.list = QListWidget()
        super().__init__(name, text, self.list, hint="Space toggles a lesson.")
        for number, mark in enumerate(marks, start=1):
            self.list.addItem(_item(number, mark, now=now, zone=zone))
        self.list.setFixedHeight(min(max(len(marks), 1), _MOST_SHOWN) * _ROW + 12)
        if marks:
            self.list.setCurrentRow(_first_open(marks))
        self.all_button = button("All", kind="link")
        self.none_button = button("None", kind="link")
        both = QHBoxLayout()
        both.setSpacing(0)
        both.addWidget(self.all_button)
        both.addWidget(self.none_button)
        both.addStretch(1)
        self._column.insertLayout(1, both)

        self.list.itemChanged.connect(self._on_edited)
        self.all_button.clicked.connect(lambda: self._check_all(Qt.CheckState.Checked))
        self.none_button.clicked.connect(lambda: self._check_all(Qt.CheckState.Unchecked))

    def value(self) -> frozenset[int]:
        """Ids of the lessons that are checked."""
        items = (self.list.item(row) for row in range(self.list.count()))
        return frozenset(
            item.data(_LESSON) for item in items if item.checkState() == Qt.CheckState.Checked
        )

    def _check_all(self, state: Qt.CheckState) -> None:
        self.list.blockSignals(True)
        for row in range(self.list.count()):
            self.list.item(row).setCheckState(state)
        self.list.blockSignals(False)
        self._on_edited()


class MarkLessonsDialog(FormDialog):
    """Lessons checked here become done, lessons unchecked are taken back."""

    def __init__(
        self,
        bridge: Bridge,
        parent: QWidget,
        *,
        person: PersonRow,
        course: StudentCourse,
        marks: Sequence[LessonMark],
        now: datetime,
        zone: tzinfo,
    ) -> None:
        super().__init__("Mark lessons done", "Mark done", parent)
        self._bridge = bridge
        self._person = person
        self._course = course
        self._marks = tuple(marks)
        self._before = frozenset(mark.lesson_id for mark in marks if mark.is_done)
        self.add_widget(label(f"{person.name} · {course.title}", "soft", wrap=True))
        self.lessons = LessonsField("lessons", "Lessons done", marks, now=now, zone=zone)
        self.add(self.lessons)
        self.acts(self._mark)
        self.lessons.edited.connect(self._tell)
        self._tell()

    @property
    def _changed(self) -> tuple[frozenset[int], frozenset[int]]:
        """Lessons to mark done, and lessons to take back."""
        checked = self.lessons.value()
        return checked - self._before, self._before - checked

    def _tell(self) -> None:
        done, taken_back = self._changed
        self.primary_button.setEnabled(bool(done or taken_back))
        self.primary_button.setText(_act(len(done), len(taken_back)))
        self.consequence.tell(
            _consequence(self._course.status, len(self.lessons.value()), len(self._marks)),
            tone="warn" if self._is_reopened else "info",
        )

    @property
    def _is_reopened(self) -> bool:
        is_completed = self._course.status is EnrolmentStatus.COMPLETED
        return is_completed and bool(self._changed[1])

    async def _mark(self) -> Changes:
        done, taken_back = self._changed
        return await self._bridge.write(
            progress.set_lessons,
            self._person.user_id,
            self._course.course_id,
            done=sorted(done),
            not_done=sorted(taken_back),
        )


class MinutesDialog(FormDialog):
    """How many minutes the student has spent on one lesson in all."""

    def __init__(
        self,
        bridge: Bridge,
        parent: QWidget,
        *,
        person: PersonRow,
        course: StudentCourse,
        marks: Sequence[LessonMark],
    ) -> None:
        super().__init__("Record time spent", "Record time", parent)
        self._bridge = bridge
        self._person = person
        self._course = course
        self.add_widget(label(f"{person.name} · {course.title}", "soft", wrap=True))
        options = [(mark, f"{number}.  {mark.title}") for number, mark in enumerate(marks, start=1)]
        self.lesson = ChoiceField("lesson", "Lesson", options, value=marks[_first_open(marks)])
        self.minutes = NumberField("minutes", "Minutes in all", lowest=0, highest=MOST_MINUTES)
        self.add(self.lesson)
        self.add(self.minutes)
        self.acts(self._record)
        self.lesson.edited.connect(self._tell)
        self._tell()

    def _tell(self) -> None:
        spent = self.lesson.value().minutes_spent
        self.consequence.tell(
            f"So far {formats.counted(spent, 'minute', 'minutes')}; "
            "the number entered takes its place."
        )

    async def _record(self) -> Changes:
        return await self._bridge.write(
            progress.record_minutes,
            self._person.user_id,
            self._course.course_id,
            self.lesson.value().lesson_id,
            minutes=self.minutes.value(),
        )


def _item(number: int, mark: LessonMark, *, now: datetime, zone: tzinfo) -> QListWidgetItem:
    notes = []
    if mark.done_at is not None:
        notes.append(f"done {formats.moment(mark.done_at, now=now, zone=zone)}")
    if mark.minutes_spent:
        notes.append(f"{mark.minutes_spent:,} min")
    text = f"{number}.  {mark.title}" + (f"   ({', '.join(notes)})" if notes else "")
    item = QListWidgetItem(text)
    item.setData(_LESSON, mark.lesson_id)
    item.setToolTip(mark.title)
    item.setFlags(
        Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable
    )
    item.setCheckState(Qt.CheckState.Checked if mark.is_done else Qt.CheckState.Unchecked)
    return item


def _first_open(marks: Sequence[LessonMark]) -> int:
    """Where the student goes on: the first lesson that is not done, or the first of all."""
    return next((row for row, mark in enumerate(marks) if not mark.is_done), 0)


def _act(done: int, taken_back: int) -> str:
    """What the button says: it names the act."""
    if done and taken_back:
        return f"Mark {done:,} done, take {taken_back:,} back"
    if taken_back:
        return f"Take {formats.counted(taken_back, 'lesson', 'lessons')} back"
    return f"Mark {formats.counted(done, 'lesson', 'lessons')} done" if done else "Mark done"


def _consequence(status: EnrolmentStatus, done: int, total: int) -> str:
    percent = say_percent(percentage(done, total))
    said = f"{done:,} of {formats.counted(total, 'lesson', 'lessons')} done: {percent}."
    if status is EnrolmentStatus.ACTIVE and 0 < total <= done:
        return f"{said} That completes the course."
    if status is EnrolmentStatus.COMPLETED and done < total:
        return f"{said} The course is then open again, no longer completed."
    return said
