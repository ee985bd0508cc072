"""One course's students: who has not started, who is where, who has finished."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Final

from PySide6.QtWidgets import QVBoxLayout

from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.changes import Touched
from learnhub_desktop.domain.lists import Filter, ListQuery, Sort
from learnhub_desktop.domain.students import EnrolmentRow
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.models.columns import Column
from learnhub_desktop.models.students import COURSE_STUDENT_COLUMNS
from learnhub_desktop.services import progress
from learnhub_desktop.ui.desk import Desk, Go
from learnhub_desktop.ui.dialogs.choose_course import ChooseCourseDialog
from learnhub_desktop.ui.dialogs.dialog import ask
from learnhub_desktop.ui.pages.list_page import ListPage
from learnhub_desktop.ui.panels.standings import EVERYBODY, FILTER_NAMES, Standings
from learnhub_desktop.ui.panels.student import NO_COURSES, enrolment_outline, student_panel
from learnhub_desktop.ui.panels.student_actions import StudentActions, student_actions
from learnhub_desktop.ui.panels.student_courses import CourseCards
from learnhub_desktop.ui.panels.student_refusals import Act
from learnhub_desktop.ui.shortcuts import Action
from learnhub_desktop.ui.widgets.filters import (
    ChoiceFilter,
    DayFilter,
    FilterKind,
    NumberFilter,
)
from learnhub_desktop.ui.widgets.notices import Words
from learnhub_desktop.ui.widgets.side_panel import Panel

KEY: Final = "course_students"
_OWN: Final = ("course", *FILTER_NAMES)
_FILTERS: Final[tuple[FilterKind, ...]] = (
    ChoiceFilter(
        "access",
        "Access",
        (
            ("open", "open"),
            ("ended", "ended"),
            ("lifetime", "for life"),
            ("none", "never given"),
        ),
    ),
    NumberFilter("progress", "Progress", "%"),
    DayFilter("enrolled", "Enrolled"),
    ChoiceFilter(
        "source",
        "Enrolled by",
        (
            ("purchase", "a purchase"),
            ("subscription", "a subscription"),
            ("staff", "staff"),
            ("free", "a free course"),
        ),
    ),
)


def show_course(go: Go, course_id: int, *, enrolment_id: int | None = None) -> None:
    """Send the person to a course's students, for pages that show courses."""
    go(KEY, filters=(Filter("course", (str(course_id),)),), select=enrolment_id)


class CourseStudentsPage(ListPage[EnrolmentRow]):
    """Those who have done the least come first, the longest enrolled of them on top."""

    key: ClassVar[str] = KEY
    title: ClassVar[str] = "Students by course"
    menu_title: ClassVar[str] = "Student"
    icon: ClassVar[str] = "users-three"
    beneath: ClassVar[str] = "students"
    right: ClassVar[Right | None] = Right.VIEW_STUDENTS
    touched: ClassVar[Touched] = (
        Touched.STUDENTS | Touched.ENROLMENTS | Touched.PAYMENTS | Touched.CATALOG
    )
    source: ClassVar[str] = "course_students"
    noun: ClassVar[tuple[str, str]] = ("student", "students")
    columns: ClassVar[Sequence[Column[Any]]] = COURSE_STUDENT_COLUMNS
    filters: ClassVar[Sequence[FilterKind]] = _FILTERS
    sort: ClassVar[Sort] = Sort("progress")
    search_hint: ClassVar[str] = "Search: name, e-mail, progress<20"
    empty: ClassVar[Words] = Words(
        "Nobody was ever enrolled in this course.", "Another course", "users-three"
    )
    empty_action: ClassVar[str] = "choose_course"
    nothing_selected: ClassVar[str] = "Select a student to see how far they are."
    action_table: ClassVar[tuple[Action, ...]] = (
        Action(
            "choose_course",
            "Choose course…",
            "Ctrl+G",
            page=KEY,
            icon="books",
            right=Right.VIEW_STUDENTS,
            in_head=True,
            is_primary=True,
        ),
        Action(
            "all_students",
            "All students",
            "Ctrl+Shift+G",
            page=KEY,
            icon="student",
            right=Right.VIEW_STUDENTS,
            in_head=True,
        ),
        Action(
            "recount_course",
            "Count progress again",
            "Ctrl+Shift+R",
            page=KEY,
            icon="arrows-clockwise",
            right=Right.MARK_PROGRESS,
        ),
        *student_actions(KEY, "course_student", without=(Act.BY_COURSE,)),
    )

    def __init__(self, desk: Desk, gateways: Gateways) -> None:
        super().__init__(desk)
        self.courses = CourseCards(clock=desk.clock, zone=desk.zone)
        self.side.add_section("Courses", self.courses)
        self.standings = Standings()
        column = self.layout()
        assert isinstance(column, QVBoxLayout)
        column.insertWidget(1, self.standings)
        self.student = StudentActions(
            self, self.courses, gateways, prefix="course_student", selected=self._selected_id
        )
        self.on("choose_course", self._start_choosing)
        self.on("all_students", partial(desk.go, "students"))
        self.on("recount_course", self._start_recount)
        self.standings.asked.connect(self._on_standing_asked)
        self.list.reloaded.connect(self._count)
        self._show_choice()

    @property
    def course_id(self) -> int | None:
        """The course whose students are shown; None until one is chosen."""
        values = self.list.query.values("course")
        return int(values[0]) if values else None

    # What the list page asks

    def row_id(self, row: EnrolmentRow) -> int:
        return row.enrollment_id

    def outline(self, row: EnrolmentRow) -> Panel:
        self.courses.show_nothing("")
        return enrolment_outline(row)

    async def detail(self, row: EnrolmentRow) -> Panel:
        detail, courses = await self.student.read(row.student_id)
        # The course that one came for stands first.
        courses.sort(key=lambda course: course.course_id != row.course_id)
        self.courses.show_courses(
            self.student.views(detail, courses), nothing=NO_COURSES, choose=self._to_choose(row)
        )
        panel = student_panel(
            detail, (), now=self.desk.clock(), zone=self.desk.zone, name=self.student.name
        )
        # The course is what one came for; the balance can be looked up among all students.
        return replace(panel, facts=())

    def _to_choose(self, row: EnrolmentRow) -> int | None:
        """This course for another student; after a reload whichever card was chosen."""
        return None if self.courses.is_read else row.course_id

    def open_row(self, row: EnrolmentRow) -> None:
        self.side.show()
        if not self.courses.enter():
            super().open_row(row)

    def refusal(self, name: str) -> str:
        if name == "recount_course":
            return "" if self.course_id is not None else "Choose a course first."
        return self.student.refusal(name)

    # A list of nothing until a course is chosen

    def entered(self) -> None:
        if self.course_id is None:
            self._is_first = False
            self._is_due = False
            self._show_choice()
        super().entered()

    def reload(self) -> None:
        if self.course_id is not None:
            super().reload()

    def show_place(self, filters: tuple[Filter, ...] | None, select: int | None) -> None:
        if filters is not None:
            self._is_first = False
            self.search.clear()
            query = ListQuery(self.source, filters=filters, sort=self.list.query.sort)
            # Someone who is looked for may stand anywhere, also among those who left.
            self.list.show(_complete(query) if select is None else query, select=select)
        elif self.course_id is not None:
            super().show_place(None, select)

    def return_to(self, place: Any) -> None:
        if place is not None and not place.query.values("course"):
            self.list.query = place.query
            self._show_choice()
        else:
            super().return_to(place)

    def command(self, name: str) -> None:
        if self.course_id is None and name in ("filter", "clear_filters", "sort", "select_all"):
            self.desk.messages.note("Choose a course first.")
        else:
            super().command(name)

    def _on_query_asked(self, query: ListQuery) -> None:
        super()._on_query_asked(self._with_own(query))

    def _clear_all(self) -> None:
        self.search.clear()
        self._typing.stop()
        self.place_left.emit()
        self.list.show(self._with_own(ListQuery(self.source, sort=self.list.query.sort)))

    def _on_missed(self, row_id: int) -> None:
        self.desk.messages.note("That student is not in this list any more.")

    def _on_query_changed(self, query: ListQuery) -> None:
        # The course and the standing have their own place above the chips.
        bare = replace(query, filters=tuple(f for f in query.filters if f.name not in _OWN))
        super()._on_query_changed(bare)
        self.standings.show_query(query)
        self._show_choosing(False)

    def _with_own(self, query: ListQuery) -> ListQuery:
        """The query with this page's course and standing, which the chips know nothing of."""
        own = tuple(f for f in self.list.query.filters if f.name in _OWN)
        others = tuple(f for f in query.filters if f.name not in _OWN)
        return replace(query, filters=(*own, *others))

    # Inside

    def _selected_id(self) -> int | None:
        row = self.current()
        return None if row is None else row.student_id

    def _show_choosing(self, is_choosing: bool) -> None:
        """Without a course there is nothing to search, to count or to filter."""
        self.search.setEnabled(not is_choosing)
        self.standings.setVisible(not is_choosing)
        self.chips.setVisible(not is_choosing)

    def _show_choice(self) -> None:
        self._show_choosing(True)
        words = Words("Choose a course to see who is where in it.", "Choose course", "users-three")
        self.card.show_notice(words, self._start_choosing)

    def _start_choosing(self) -> None:
        if not self.tasks.is_running("choose"):
            self.tasks.start("choose", self._choose)

    def _start_recount(self) -> None:
        if self.course_id is not None and not self.tasks.is_running("recount"):
            self.tasks.start("recount", self._recount, self.course_id)

    async def _recount(self, course_id: int) -> None:
        await self.desk.bridge.write(progress.refresh_course, course_id)

    async def _choose(self) -> None:
        course_id: int | None = await ask(ChooseCourseDialog(self.desk.bridge, self))
        if course_id is not None:
            show_course(self.desk.go, course_id)

    def _on_standing_asked(self, wanted: Filter) -> None:
        query = self.list.query
        kept = tuple(f for f in query.filters if f.name not in FILTER_NAMES)
        self.place_left.emit()
        self.list.show(replace(query, filters=(*kept, wanted)))

    def _count(self) -> None:
        if self.course_id is not None:
            self.tasks.start("count", self._show_counts, self.course_id)

    async def _show_counts(self, course_id: int) -> None:
        counted = await self.desk.bridge.read(progress.course_progress_summary, course_id)
        if course_id == self.course_id:
            self.standings.show_counts(counted, now=self.desk.clock(), zone=self.desk.zone)


def _complete(query: ListQuery) -> ListQuery:
    """With a standing: those who are in the course, unless the query names another."""
    if any(wanted.name in FILTER_NAMES for wanted in query.filters):
        return query
    return replace(query, filters=(*query.filters, EVERYBODY))
