"""What can be done with a course: looked at afresh, refused in words, or opened as a dialog."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.archiving import ArchiveRefusal
from learnhub_desktop.domain.catalog import CourseRow
from learnhub_desktop.domain.changes import Changes
from learnhub_desktop.domain.lists import ListQuery
from learnhub_desktop.domain.progress import CourseProgress
from learnhub_desktop.domain.states import CourseStatus
from learnhub_desktop.domain.students import EnrolmentRow
from learnhub_desktop.errors import NotFound, RuleRefused
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.services import archiving, catalog, lists, progress, sales
from learnhub_desktop.services import settings as school_settings
from learnhub_desktop.ui.dialogs.archive import ArchiveDialog, RestoreDialog
from learnhub_desktop.ui.dialogs.course import CourseDialog
from learnhub_desktop.ui.dialogs.dialog import FormDialog, ask
from learnhub_desktop.ui.dialogs.enrol import EnrolDialog
from learnhub_desktop.ui.dialogs.enrol_many import EnrolManyDialog
from learnhub_desktop.ui.dialogs.prerequisites import PrerequisitesDialog
from learnhub_desktop.ui.dialogs.sale import EndSaleDialog, SaleCourse, SaleDialog
from learnhub_desktop.ui.dialogs.tags import TagsDialog
from learnhub_desktop.ui.pages.course_students import show_course
from learnhub_desktop.ui.pages.page import Page
from learnhub_desktop.ui.panels.course import CourseView, as_reason, open_sale, refusal
from learnhub_desktop.ui.panels.course_sections import CourseTabs
from learnhub_desktop.ui.panels.lesson_actions import (
    LESSON_ACTIONS,
    PAGE,
    LessonActions,
    Work,
    course_action,
)
from learnhub_desktop.ui.panels.lessons import Part
from learnhub_desktop.ui.shortcuts import Action

_LATEST: Final = 5
_EDIT, _ENROL = Right.EDIT_CATALOG, Right.ENROL


COURSE_ACTIONS: Final = (
    Action(
        "course_new",
        "New course…",
        "Ctrl+N",
        page=PAGE,
        icon="plus",
        right=_EDIT,
        in_head=True,
        is_primary=True,
    ),  # fmt: skip
    course_action("course_enrol", "Enrol a student…", "Ctrl+B", "user-plus", _ENROL),
    course_action("course_enrol_list", "Enrol a list…", "Ctrl+Shift+B", "list-plus", _ENROL),
    course_action(
        "course_students", "Show its students", "Ctrl+U", "users-three", Right.VIEW_STUDENTS
    ),
    course_action("course_edit", "Edit…", "F2", "pencil-simple", _EDIT),
    course_action("course_tags", "Tags…", "Ctrl+G", "tag", _EDIT),
    course_action(
        "course_prerequisites", "Prerequisites…", "Ctrl+Shift+G", "tree-structure", _EDIT
    ),
    course_action("course_publish", "Make active", "Ctrl+P", "eye", _EDIT),
    course_action("course_unpublish", "Make a draft again", "Ctrl+Shift+P", "eye-slash", _EDIT),
    course_action("sale_start", "Start a sale…", "Ctrl+T", "percent", _EDIT),
    course_action("sale_end", "End the sale…", "Ctrl+Shift+T", "prohibit", _EDIT),
    course_action("course_archive", "Archive…", "Ctrl+Shift+D", "archive", Right.ARCHIVE_COURSE),
    course_action(
        "course_restore", "Restore", "Ctrl+Shift+R", "arrow-counter-clockwise", Right.ARCHIVE_COURSE
    ),
    *LESSON_ACTIONS,
)


class CourseActions:
    """Does the catalog's actions on the selected course and, in it, the selected lesson or quiz.

    ``selected`` are the courses that are selected, ``made`` is told the id of a new course.
    """

    def __init__(
        self,
        page: Page,
        tabs: CourseTabs,
        gateways: Gateways,
        *,
        selected: Callable[[], Sequence[CourseRow]],
        made: Callable[[int], None],
    ) -> None:
        self.view: CourseView | None = None
        self._page = page
        self._desk = page.desk
        self._tabs = tabs
        self._gateways = gateways
        self._selected = selected
        self._made = made
        self._lessons = LessonActions(page, tabs.lessons)
        self._works: dict[str, Work] = {
            "course_enrol": self._enrol,
            "course_enrol_list": self._enrol_list,
            "course_students": self._show_students,
            "course_edit": self._edit,
            "course_tags": self._edit_tags,
            "course_prerequisites": self._edit_prerequisites,
            "course_publish": partial(self._set_status, CourseStatus.ACTIVE),
            "course_unpublish": partial(self._set_status, CourseStatus.DRAFT),
            "sale_start": self._start_sale,
            "sale_end": self._end_sale,
            "course_archive": self._archive,
            "course_restore": self._restore,
            **self._lessons.works(),
        }
        page.on("course_new", self._begin_new)
        for name in self._works:
            page.on(name, partial(self._begin, name))
        tabs.students.asked.connect(page.trigger)
        tabs.about.asked.connect(page.trigger)

    # What the panel shows

    async def read(self, course_id: int) -> CourseView:
        """The course with all that the panel tells of it, as it stands now."""
        read = self._desk.bridge.read
        rows, detail, course_sales, (counts, people) = await asyncio.gather(
            read(lists.rows, "courses", (course_id,)),
            read(catalog.get_course, course_id),
            read(sales.list_sales, course_id),
            self._read_students(course_id),
        )
        if not rows:
            raise NotFound("This course is gone. Reload and look again.")
        now = self._desk.clock()
        return CourseView(rows[0], detail, open_sale(course_sales, now), counts, people, now)

    async def _read_students(
        self, course_id: int
    ) -> tuple[CourseProgress | None, tuple[EnrolmentRow, ...] | None]:
        if not self._desk.actor.may(Right.VIEW_STUDENTS):
            return None, None
        query = (
            ListQuery("course_students")
            .with_filter("course", str(course_id))
            .with_filter("standing", "seat_held")
            .with_sort("enrolled", descending=True)
        )
        read = self._desk.bridge.read
        counts, latest = await asyncio.gather(
            read(progress.course_progress_summary, course_id),
            read(lists.page, query, first=0, count=_LATEST, anchor=None),
        )
        return counts, latest.rows

    def refusal(self, name: str) -> str:
        """Why an action is not possible on what is selected; empty while that is not known."""
        if name == "course_new":
            return ""
        rows = self._selected()
        if name == "sale_start" and len(rows) > 1:
            return "" if _can_be_sold(rows) else "none of them is active and costs something."
        if len(rows) != 1:
            return "select one course first."
        view = self.view
        if view is not None and view.row.course_id != rows[0].course_id:
            view = None
        reason = refusal(name, rows[0], view)
        if not reason and view is not None:
            reason = self._lessons.refusal(name, len(view.detail.lessons))
        return as_reason(reason)

    # What is done

    def _begin(self, name: str) -> None:
        rows, part = self._selected(), self._tabs.lessons.lessons.part()
        if name == "sale_start" and len(rows) > 1:
            self._page.tasks.start(name, self._start_many, tuple(rows))
        # A second press while the first is still at it would only open the dialog twice.
        elif rows and not self._page.tasks.is_running(f"{name} {rows[0].course_id}"):
            key = f"{name} {rows[0].course_id}"
            self._page.tasks.start(key, self._do, name, rows[0].course_id, part)

    async def _do(self, name: str, course_id: int, part: Part | None) -> None:
        """Look again before acting: the screen may be older than the last change."""
        view = await self.read(course_id)
        if reason := refusal(name, view.row, view):
            self._desk.messages.warn(f"{_plain(name)} is not possible: {as_reason(reason)}")
            self._page.reload()
            return
        await self._works[name](view, part)

    def _begin_new(self) -> None:
        if not self._page.tasks.is_running("course_new"):
            self._page.tasks.start("course_new", self._new)

    async def _new(self) -> None:
        school = await self._desk.bridge.read(school_settings.get_school)
        dialog = CourseDialog(self._desk.bridge, self._page, currency=school.currency)
        made: Changes | None = await ask(dialog)
        if made is not None and made.subject_id is not None:
            self._made(made.subject_id)

    async def _edit(self, view: CourseView, _: Part | None) -> None:
        course = view.detail.course
        await self._open(
            CourseDialog(
                self._desk.bridge, self._page, currency=course.currency, detail=view.detail
            )
        )

    async def _edit_tags(self, view: CourseView, _: Part | None) -> None:
        await self._open(TagsDialog(self._desk.bridge, self._page, detail=view.detail))

    async def _edit_prerequisites(self, view: CourseView, _: Part | None) -> None:
        await self._open(PrerequisitesDialog(self._desk.bridge, self._page, detail=view.detail))

    async def _enrol(self, view: CourseView, _: Part | None) -> None:
        await self._open(
            EnrolDialog(
                self._desk.bridge,
                self._gateways,
                self._desk.actor,
                self._page,
                course_id=view.row.course_id,
            )
        )

    async def _enrol_list(self, view: CourseView, _: Part | None) -> None:
        await self._open(
            EnrolManyDialog(
                self._desk.bridge,
                self._desk.actor,
                self._page,
                detail=view.detail,
                clock=self._desk.clock,
                zone=self._desk.zone,
            )
        )

    async def _show_students(self, view: CourseView, _: Part | None) -> None:
        show_course(self._desk.go, view.row.course_id)

    async def _set_status(self, status: CourseStatus, view: CourseView, _: Part | None) -> None:
        await self._desk.bridge.write(catalog.set_status, view.row.course_id, status)

    async def _archive(self, view: CourseView, _: Part | None) -> None:
        preview = await self._desk.bridge.read(archiving.preview_archive, view.row.course_id)
        await self._open(ArchiveDialog(self._desk.bridge, self._page, preview=preview))

    async def _restore(self, view: CourseView, _: Part | None) -> None:
        row = view.row
        try:
            await self._desk.bridge.write(archiving.restore_course, row.course_id)
        except RuleRefused as error:
            if error.reason is not ArchiveRefusal.NO_INSTRUCTOR:
                raise
            await self._open(
                RestoreDialog(
                    self._desk.bridge, self._page, course_id=row.course_id, title=row.title
                )
            )

    async def _start_sale(self, view: CourseView, _: Part | None) -> None:
        await self._start_many((view.row,))

    async def _start_many(self, rows: tuple[CourseRow, ...]) -> None:
        # A sale lasts until midnight at the school, wherever the person sits.
        school = await self._desk.bridge.read(school_settings.get_school)
        await self._open(
            SaleDialog(
                self._desk.bridge,
                self._page,
                courses=_can_be_sold(rows),
                clock=self._desk.clock,
                zone=school.zone,
            )
        )

    async def _end_sale(self, view: CourseView, _: Part | None) -> None:
        assert view.sale is not None
        await self._open(EndSaleDialog(self._desk.bridge, self._page, sale=view.sale))

    async def _open(self, dialog: FormDialog) -> None:
        await ask(dialog)


def _can_be_sold(rows: Sequence[CourseRow]) -> list[SaleCourse]:
    return [
        SaleCourse(row.course_id, row.title, row.price, row.currency)
        for row in rows
        if row.status is CourseStatus.ACTIVE and row.price
    ]


def _plain(name: str) -> str:
    return next(action.plain for action in COURSE_ACTIONS if action.name == name)
