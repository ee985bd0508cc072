"""Below a course's facts: its seats, and by tab its lessons, its students, and what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from functools import partial
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QTabBar, QVBoxLayout, QWidget

from learnhub_desktop.domain.catalog import CourseName, CourseRow, count_of
from learnhub_desktop.domain.progress import CourseProgress, say_percent
from learnhub_desktop.domain.states import CourseStatus, EnrolmentStatus
from learnhub_desktop.models.catalog import seats_words
from learnhub_desktop.ui.panels.course import CourseView, moment_words
from learnhub_desktop.ui.panels.lessons import LessonsPanel
from learnhub_desktop.ui.widgets.bar import Bar
from learnhub_desktop.ui.widgets.chips import Chip
from learnhub_desktop.ui.widgets.parts import FlowLayout, button, clear, label, selectable

TABS: Final = ("Lessons", "Students", "About")
_LESSONS, _STUDENTS = range(2)
# A button does not wrap; a longer name would make the whole panel wider.
_LINK_WIDTH: Final = 190


class SeatsBar(QWidget):
    """How full a course is; without a limit only how many are in it."""

    def __init__(self) -> None:
        super().__init__()
        self.words = label()
        self.free = label(part="soft")
        self.bar = Bar()
        line = QHBoxLayout()
        line.addWidget(self.words)
        line.addStretch(1)
        line.addWidget(self.free)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(line)
        column.addWidget(self.bar)

    def show_row(self, row: CourseRow) -> None:
        if row.max_students is None:
            self.words.setText(f"{count_of(row.seats_taken, 'seat')} taken")
        else:
            self.words.setText(f"{row.seats_taken:,} of {row.max_students:,} seats taken")
            self.bar.show_percent(100 * row.seats_taken / max(1, row.max_students))
        self.free.setText(seats_words(row))
        self.bar.setVisible(row.max_students is not None)


class StudentsTab(QWidget):
    """Who enrolled last, and how many are where.

    Signals:
        asked: The name of a page's action.
    """

    asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.summary = label(wrap=True)
        self.rows = QWidget()
        self._grid = QGridLayout(self.rows)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(0, 1)
        self.all_button = button("", kind="link")
        self.list_button = button("Enrol a list…", kind="link")
        line = QHBoxLayout()
        line.setSpacing(4)
        line.addWidget(self.all_button)
        line.addWidget(self.list_button)
        line.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.summary)
        column.addWidget(self.rows)
        column.addLayout(line)
        self.all_button.clicked.connect(lambda: self.asked.emit("course_students"))
        self.list_button.clicked.connect(lambda: self.asked.emit("course_enrol_list"))

    def show_course(self, view: CourseView, *, may_enrol: bool) -> None:
        clear(self._grid)
        people = view.students or ()
        for row, person in enumerate(people):
            done = say_percent(person.progress_percent)
            waiting = person.status is EnrolmentStatus.PENDING
            name = label(person.student_name)
            name.setToolTip(person.student_email)
            self._grid.addWidget(name, row, 0)
            self._grid.addWidget(
                label("not paid yet" if waiting else done, "soft"),
                row,
                1,
                Qt.AlignmentFlag.AlignRight,
            )
        self.rows.setVisible(bool(people))
        self.summary.setText(_summary(view.progress))
        self.all_button.setText("Show all of them")
        self.all_button.setVisible(bool(people))
        self.list_button.setVisible(may_enrol and view.row.status is CourseStatus.ACTIVE)


class AboutTab(QWidget):
    """Tags, prerequisites, description.

    Signals:
        asked: The name of a page's action.
        tag_asked: A tag whose courses are wanted.
        course_asked: The id of a course to go to.
    """

    asked = Signal(str)
    tag_asked = Signal(str)
    course_asked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.tags = QWidget()
        self._tags = FlowLayout(self.tags, spacing=6)
        self.needed = QWidget()
        self._needed = _column(self.needed)
        self.description = selectable(label(wrap=True))
        self.history = label(part="hint", wrap=True)
        self.tags_button = button("Change tags…", kind="link")
        self.needed_button = button("Change prerequisites…", kind="link")
        column = _column(self)
        column.setSpacing(6)
        for part in (
            self.description, label("Tags", "heading"), self.tags, self.tags_button,
            label("Complete first", "heading"), self.needed, self.needed_button, self.history,
        ):  # fmt: skip
            is_button = part in (self.tags_button, self.needed_button)
            column.addWidget(part, 0, Qt.AlignmentFlag.AlignLeft if is_button else _FULL)
        self.tags_button.clicked.connect(lambda: self.asked.emit("course_tags"))
        self.needed_button.clicked.connect(lambda: self.asked.emit("course_prerequisites"))

    def show_course(self, view: CourseView, *, may_edit: bool, zone: tzinfo) -> None:
        detail = view.detail
        self.description.setText(detail.course.description)
        self.description.setVisible(bool(detail.course.description))
        self._show_tags(detail.tags)
        self._show_needed(detail.prerequisites, detail.required_by)
        for part in (self.tags_button, self.needed_button):
            part.setVisible(may_edit)
        self.history.setText(_history(view, zone))

    def _show_tags(self, tags: Sequence[str]) -> None:
        clear(self._tags)
        for tag in tags:
            chip = Chip(tag, may_open=True)
            chip.cross.hide()
            chip.words.setToolTip(f"Show all courses with the tag {tag}")
            chip.words.setAccessibleName(f"Tag {tag}")
            chip.opened.connect(partial(self.tag_asked.emit, tag))
            self._tags.addWidget(chip)
        if not tags:
            self._tags.addWidget(label("No tags.", "soft"))

    def _show_needed(self, needed: Sequence[CourseName], by: Sequence[CourseName]) -> None:
        clear(self._needed)
        for course in needed:
            self._needed.addWidget(self._link(course), 0, Qt.AlignmentFlag.AlignLeft)
        if not needed:
            self._needed.addWidget(label("No other course.", "soft"))
        if by:
            self._needed.addWidget(label("It comes before:", "soft"))
            for course in by:
                self._needed.addWidget(self._link(course), 0, Qt.AlignmentFlag.AlignLeft)

    def _link(self, course: CourseName) -> QWidget:
        """A course's name; a click selects it in the list."""
        text = course.title
        if course.status is not CourseStatus.ACTIVE:
            text = f"{text} ({course.status})"
        made = button("", kind="link", tooltip=f"Go to {course.title}")
        shown = made.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, _LINK_WIDTH)
        made.setText(shown.replace("&", "&&"))
        made.setAccessibleName(f"Go to {course.title}")
        made.clicked.connect(partial(self._go, course.course_id))
        return made

    def _go(self, course_id: int) -> None:
        self.course_asked.emit(course_id)


class CourseTabs(QWidget):
    """One tab at a time; the one that a person chose stays for the next course."""

    def __init__(self) -> None:
        super().__init__()
        self.bar = QTabBar()
        self.bar.setDrawBase(False)
        self.bar.setExpanding(False)
        self.bar.setUsesScrollButtons(False)
        self.bar.setAccessibleName("Course details")
        self.lessons = LessonsPanel()
        self.students = StudentsTab()
        self.about = AboutTab()
        self._pages: tuple[QWidget, ...] = (self.lessons, self.students, self.about)
        column = _column(self)
        column.setSpacing(10)
        column.addWidget(self.bar)
        for title, page in zip(TABS, self._pages, strict=True):
            self.bar.addTab(title)
            column.addWidget(page)
        self.bar.currentChanged.connect(self._on_tab_chosen)
        self._on_tab_chosen(0)

    def show_course(
        self, view: CourseView, *, may_edit: bool, may_enrol: bool, zone: tzinfo
    ) -> None:
        lessons = view.detail.lessons
        self.bar.setTabText(_LESSONS, f"Lessons {len(lessons):,}")
        self.bar.setTabVisible(_STUDENTS, view.progress is not None)
        self.lessons.show_lessons(lessons, may_edit=may_edit)
        self.students.show_course(view, may_enrol=may_enrol)
        self.about.show_course(view, may_edit=may_edit, zone=zone)

    def show_tab(self, page: QWidget) -> None:
        self.bar.setCurrentIndex(self._pages.index(page))

    def _on_tab_chosen(self, chosen: int) -> None:
        # A stack of pages would be as tall as its tallest page, with a hole below the others.
        for place, page in enumerate(self._pages):
            page.setVisible(place == chosen)


def _summary(progress: CourseProgress | None) -> str:
    """``24 in it: 5 finished, 12 under way, 7 not started.``"""
    if progress is None or not (progress.enrolled or progress.ended):
        return "Nobody is in it yet."
    counts = (
        (progress.completed, "finished"),
        (progress.under_way, "under way"),
        (progress.not_started, "not started"),
        (progress.waiting, "not paid yet"),
        (progress.ended, "ended"),
    )
    said = ", ".join(f"{number:,} {words}" for number, words in counts if number)
    return f"{progress.enrolled:,} in it: {said}." if progress.enrolled else f"{said}."


def _history(view: CourseView, zone: tzinfo) -> str:
    course = view.detail.course
    at = partial(moment_words, now=view.now, zone=zone)
    lines = [f"Added {at(course.created_at)}, changed {at(course.updated_at)}."]
    if course.external_id:
        lines.append(f"Number in the other system: {course.external_id}.")
    for archive in view.detail.archives:
        restored = "" if archive.restored_at is None else f", restored {at(archive.restored_at)}"
        lines.append(f"Archived {at(archive.archived_at)}{restored}: {archive.reason}")
    return "\n".join(lines)


_FULL: Final = Qt.AlignmentFlag(0)


def _column(widget: QWidget) -> QVBoxLayout:
    column = QVBoxLayout(widget)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2)
    return column
