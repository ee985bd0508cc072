"""Students: who is here, how far they are, and where their access is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Final

from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.catalog import count_of
from learnhub_desktop.domain.changes import Changes, Touched
from learnhub_desktop.domain.lists import Filter, ListQuery, Sort
from learnhub_desktop.domain.states import UserType
from learnhub_desktop.domain.students import MovementRow, StudentRow, TaughtCourse
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.models.columns import Column
from learnhub_desktop.models.countries import country_name
from learnhub_desktop.models.students import STUDENT_COLUMNS
from learnhub_desktop.services import students
from learnhub_desktop.ui.desk import Desk
from learnhub_desktop.ui.dialogs.dialog import ask
from learnhub_desktop.ui.dialogs.person import NewPersonDialog
from learnhub_desktop.ui.pages.list_page import ListPage
from learnhub_desktop.ui.panels.movements import MOVEMENTS, MovementList
from learnhub_desktop.ui.panels.student import NO_COURSES, row_outline, student_panel
from learnhub_desktop.ui.panels.student_actions import StudentActions, student_actions
from learnhub_desktop.ui.panels.student_courses import CourseCards
from learnhub_desktop.ui.shortcuts import Action
from learnhub_desktop.ui.widgets.filters import (
    ChoiceFilter,
    DayFilter,
    FilterKind,
    NumberFilter,
)
from learnhub_desktop.ui.widgets.notices import Words
from learnhub_desktop.ui.widgets.side_panel import Panel

STUDENT_FILTERS: Final[tuple[FilterKind, ...]] = (
    ChoiceFilter("enrolments", "Enrolled", (("with", "in a course"), ("without", "in none"))),
    ChoiceFilter(
        "standing",
        "Progress",
        (
            ("not_started", "a course not started"),
            ("in_progress", "a course under way"),
            ("finished", "a course finished"),
            ("waiting", "a course not paid yet"),
        ),
    ),
    ChoiceFilter("access", "Access", (("open", "open somewhere"), ("ended", "ended somewhere"))),
    NumberFilter("progress", "Average progress", "%"),
    # Filled with the countries that there are.
    ChoiceFilter("country", "Country", ()),
    DayFilter("created", "Since"),
    ChoiceFilter(
        "type",
        "Account type",
        (
            (UserType.STUDENT, "students"),
            (UserType.INSTRUCTOR, "instructors"),
            (UserType.ADMIN, "administrators"),
        ),
    ),
    ChoiceFilter("deleted", "Deleted accounts", (("no", "hidden"), ("yes", "only these"))),
)
_HIDE_DELETED: Final = (Filter("deleted", ("no",)),)
_EVERYBODY: Final = (Filter("type", tuple(UserType)),)


class StudentsPage(ListPage[StudentRow]):
    """Every student, also those without a course; a filter shows the instructors instead."""

    key: ClassVar[str] = "students"
    title: ClassVar[str] = "Students"
    menu_title: ClassVar[str] = "Student"
    icon: ClassVar[str] = "student"
    right: ClassVar[Right | None] = Right.VIEW_STUDENTS
    # Who pays or gives back money changes where access is.
    touched: ClassVar[Touched] = (
        Touched.STUDENTS | Touched.ENROLMENTS | Touched.PAYMENTS | Touched.CATALOG
    )
    source: ClassVar[str] = "students"
    noun: ClassVar[tuple[str, str]] = ("account", "accounts")
    columns: ClassVar[Sequence[Column[Any]]] = STUDENT_COLUMNS
    filters: ClassVar[Sequence[FilterKind]] = STUDENT_FILTERS
    sort: ClassVar[Sort] = Sort("name")
    search_hint: ClassVar[str] = "Search: name, e-mail, number, country:DE"
    empty: ClassVar[Words] = Words(
        "No students yet. Add the first one, or import a list.", "New student", "student"
    )
    empty_action: ClassVar[str] = "student_new"
    nothing_selected: ClassVar[str] = "Select a student to see their courses and their access."
    action_table: ClassVar[tuple[Action, ...]] = (
        Action(
            "student_new",
            "New student…",
            "Ctrl+N",
            page="students",
            icon="user-plus",
            right=Right.EDIT_STUDENTS,
            in_head=True,
            is_primary=True,
        ),
        Action(
            "instructor_new",
            "New instructor…",
            "Ctrl+Shift+N",
            page="students",
            icon="chalkboard-teacher",
            right=Right.EDIT_STUDENTS,
        ),
        Action(
            "students_by_course",
            "By course…",
            "Ctrl+Shift+G",
            page="students",
            icon="users-three",
            right=Right.VIEW_STUDENTS,
            in_head=True,
        ),
        *student_actions("students", "student"),
    )

    def __init__(self, desk: Desk, gateways: Gateways) -> None:
        super().__init__(desk)
        self.list.query = replace(self.list.query, filters=_HIDE_DELETED)
        self.courses = CourseCards(clock=desk.clock, zone=desk.zone)
        self.movements = MovementList()
        self.side.add_section("Courses", self.courses)
        self.side.add_section("Balance", self.movements)
        self.student = StudentActions(
            self, self.courses, gateways, prefix="student", selected=self._selected_id
        )
        self.on("student_new", partial(self._start_new, UserType.STUDENT))
        self.on("instructor_new", partial(self._start_new, UserType.INSTRUCTOR))
        self.on("students_by_course", partial(desk.go, "course_students"))

    # What the list page asks

    def row_id(self, row: StudentRow) -> int:
        return row.user_id

    def outline(self, row: StudentRow) -> Panel:
        self.courses.show_nothing("")
        self._show_section(row.user_type)
        self._show_movements(())
        return row_outline(row)

    async def detail(self, row: StudentRow) -> Panel:
        detail, courses = await self.student.read(row.user_id)
        taught: list[TaughtCourse] = []
        if detail.taught and self.desk.actor.may(Right.VIEW_CATALOG):
            taught = await self.desk.bridge.read(students.list_taught, row.user_id, live_only=True)
        moved: Sequence[MovementRow] = ()
        if detail.balance is not None:
            moved = await self.desk.bridge.read(
                students.list_movements, row.user_id, limit=MOVEMENTS
            )
        self._show_movements(moved)
        self._show_section(detail.person.user_type)
        self.courses.show_courses(self.student.views(detail, courses), nothing=NO_COURSES)
        return student_panel(
            detail,
            taught,
            now=self.desk.clock(),
            zone=self.desk.zone,
            name=self.student.name,
        )

    def summary(self, rows: Sequence[StudentRow]) -> str:
        return count_of(sum(row.enrolment_count for row in rows), "enrolment")

    def open_row(self, row: StudentRow) -> None:
        """Go to the courses, where the arrows choose one and Enter opens what can be done."""
        self.side.show()
        if not self.courses.enter():
            super().open_row(row)

    def refusal(self, name: str) -> str:
        return self.student.refusal(name)

    def entered(self) -> None:
        super().entered()
        # Not after each change: where there are a million accounts it takes half a second.
        self.tasks.start("countries", self._read_countries)

    async def _read_countries(self) -> None:
        codes = await self.desk.bridge.read(students.list_countries)
        named = sorted(((code, country_name(code)) for code in codes), key=lambda pair: pair[1])
        self.chips.set_kind(ChoiceFilter("country", "Country", tuple(named)))

    # Students and everybody else are two lists

    def show_place(self, filters: tuple[Filter, ...] | None, select: int | None) -> None:
        if filters is not None and any(wanted.name == "type" for wanted in filters):
            self._is_first = False
            self.search.clear()
            query = ListQuery(self.source, filters=filters, sort=self.list.query.sort)
            self.list.show(_right_list(query), select=select)
        else:
            super().show_place(filters, select)

    def _on_query_asked(self, query: ListQuery) -> None:
        super()._on_query_asked(_right_list(query))

    def _on_missed(self, row_id: int) -> None:
        query = self.list.query
        if query.filters == _EVERYBODY and not query.text:
            self.desk.messages.note("That account is not there any more.")
        elif query.filters or query.text:
            super()._on_missed(row_id)
        else:
            # It is no student, so it is an instructor or an administrator, if anybody.
            wanted = ListQuery(self.source, filters=_EVERYBODY, sort=query.sort)
            self.list.show(_right_list(wanted), select=row_id)

    # Inside

    def _selected_id(self) -> int | None:
        row = self.current()
        return None if row is None else row.user_id

    def _show_section(self, user_type: UserType) -> None:
        self.side.show_section(self.courses, user_type is UserType.STUDENT)

    def _show_movements(self, moved: Sequence[MovementRow]) -> None:
        self.movements.show_movements(moved, now=self.desk.clock(), zone=self.desk.zone)
        self.side.show_section(self.movements, bool(moved))

    def _start_new(self, user_type: UserType) -> None:
        if not self.tasks.is_running("new"):
            self.tasks.start("new", self._new, user_type)

    async def _new(self, user_type: UserType) -> None:
        dialog = NewPersonDialog(self.desk.bridge, self, user_type=user_type)
        made: Changes | None = await ask(dialog)
        if made is not None and made.subject_id is not None:
            self.list.select(made.subject_id)


def _right_list(query: ListQuery) -> ListQuery:
    """The list of students, or of all accounts where the account type is asked for."""
    return replace(query, source="accounts" if query.values("type") else "students")
