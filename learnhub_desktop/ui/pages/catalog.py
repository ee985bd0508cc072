"""The catalog: every course, what is in it, and who may still come in."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.catalog import CourseRow, count_of
from learnhub_desktop.domain.changes import Touched
from learnhub_desktop.domain.lists import Filter, Sort
from learnhub_desktop.domain.states import CourseStatus, Level, UserType
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.models.catalog import COURSE_COLUMNS
from learnhub_desktop.models.columns import Column
from learnhub_desktop.services import catalog, students
from learnhub_desktop.ui.desk import Desk
from learnhub_desktop.ui.pages.list_page import ListPage
from learnhub_desktop.ui.panels.course import course_panel, row_panel
from learnhub_desktop.ui.panels.course_actions import COURSE_ACTIONS, CourseActions
from learnhub_desktop.ui.panels.course_sections import CourseTabs, SeatsBar
from learnhub_desktop.ui.panels.lesson_actions import PAGE
from learnhub_desktop.ui.shortcuts import Action
from learnhub_desktop.ui.widgets.filters import (
    ChoiceFilter,
    DayFilter,
    FilterKind,
    NumberFilter,
)
from learnhub_desktop.ui.widgets.notices import Words
from learnhub_desktop.ui.widgets.side_panel import Panel

# More would not be looked through in a menu; the search field takes tag:… for the rest.
_MOST_CHOICES: Final = 200
_CHOICES_KEPT_S: Final = 20.0
CATALOG_FILTERS: Final[tuple[FilterKind, ...]] = (
    ChoiceFilter("status", "Status", tuple((str(each), str(each)) for each in CourseStatus)),
    ChoiceFilter(
        "level",
        "Level",
        (*((str(each), str(each)) for each in Level), ("all", "all levels")),
    ),
    ChoiceFilter(
        "seats", "Seats", (("free", "some free"), ("full", "full"), ("unlimited", "no limit"))
    ),
    ChoiceFilter("instructor", "Instructor", ()),
    ChoiceFilter("tag", "Tag", ()),
    NumberFilter("price", "Price"),
    NumberFilter("rating", "Rating"),
    DayFilter("created", "Added"),
)


class CatalogPage(ListPage[CourseRow]):
    key: ClassVar[str] = PAGE
    title: ClassVar[str] = "Catalog"
    menu_title: ClassVar[str] = "Course"
    icon: ClassVar[str] = "books"
    right: ClassVar[Right | None] = Right.VIEW_CATALOG
    touched: ClassVar[Touched] = Touched.CATALOG | Touched.ENROLMENTS | Touched.STUDENTS
    source: ClassVar[str] = "courses"
    noun: ClassVar[tuple[str, str]] = ("course", "courses")
    columns: ClassVar[Sequence[Column[Any]]] = COURSE_COLUMNS
    filters: ClassVar[Sequence[FilterKind]] = CATALOG_FILTERS
    sort: ClassVar[Sort] = Sort("title")
    search_hint: ClassVar[str] = "Search: title, instructor, price<50, tag:sql"
    empty: ClassVar[Words] = Words(
        "No courses yet. Make the first one, or import a file of courses.", "New course", "books"
    )
    empty_action: ClassVar[str] = "course_new"
    action_table: ClassVar[tuple[Action, ...]] = COURSE_ACTIONS

    def __init__(self, desk: Desk, gateways: Gateways) -> None:
        super().__init__(desk)
        self._choices_read_at = -_CHOICES_KEPT_S
        self.seats = SeatsBar()
        self.tabs = CourseTabs()
        self.side.add_section("", self.seats)
        self.side.add_section("", self.tabs)
        self.course = CourseActions(
            self, self.tabs, gateways, selected=self._selected, made=self.list.select
        )
        self.tabs.about.tag_asked.connect(self._show_tag)
        self.tabs.about.course_asked.connect(self.list.select)
        self.list.reloaded.connect(self._start_choices)

    # What the list page asks

    def row_id(self, row: CourseRow) -> int:
        return row.course_id

    def outline(self, row: CourseRow) -> Panel:
        self.seats.show_row(row)
        self.tabs.hide()
        return row_panel(row)

    async def detail(self, row: CourseRow) -> Panel:
        view = await self.course.read(row.course_id)
        self.course.view = view
        actor = self.desk.actor
        is_open = view.row.status is not CourseStatus.ARCHIVED
        self.seats.show_row(view.row)
        self.tabs.show_course(
            view,
            may_edit=is_open and actor.may(Right.EDIT_CATALOG),
            may_enrol=actor.may(Right.ENROL),
            zone=self.desk.zone,
        )
        self.tabs.show()
        return course_panel(view, zone=self.desk.zone)

    def summary(self, rows: Sequence[CourseRow]) -> str:
        """Seats taken, and what each course would bring once, a currency apart."""
        taken = count_of(sum(row.seats_taken for row in rows), "seat taken", "seats taken")
        return taken if len(rows) > 1 else ""

    def refusal(self, name: str) -> str:
        return self.course.refusal(name)

    # Inside

    def _selected(self) -> tuple[CourseRow, ...]:
        return self.list.selection().rows

    def _show_tag(self, tag: str) -> None:
        self.desk.go(PAGE, filters=(Filter("tag", (tag,)),))

    def _start_choices(self) -> None:
        # The list may be read again each second while other desks work; these change rarely.
        if time.monotonic() - self._choices_read_at > _CHOICES_KEPT_S:
            self._choices_read_at = time.monotonic()
            self.tasks.start("choices", self._read_choices)

    async def _read_choices(self) -> None:
        """Fill the filters whose choices are the school's own."""
        tags = await self.desk.bridge.read(catalog.list_tags)
        self.chips.set_kind(
            ChoiceFilter("tag", "Tag", tuple((tag, tag) for tag in tags[:_MOST_CHOICES]))
        )
        if not self.desk.actor.may(Right.VIEW_STUDENTS):
            return
        people = await self.desk.bridge.read(
            students.search_people, "", user_type=UserType.INSTRUCTOR, limit=_MOST_CHOICES
        )
        # Namesakes are told apart by their address.
        names = Counter(person.name for person in people)
        self.chips.set_kind(
            ChoiceFilter(
                "instructor",
                "Instructor",
                tuple(
                    (
                        str(person.user_id),
                        person.name
                        if names[person.name] == 1
                        else f"{person.name} ({person.email})",
                    )
                    for person in people
                ),
            )
        )
