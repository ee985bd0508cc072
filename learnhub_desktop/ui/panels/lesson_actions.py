"""What can be done with the lessons and quizzes of a course."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.catalog import Lesson, Quiz
from learnhub_desktop.domain.changes import Changes
from learnhub_desktop.errors import NotFound
from learnhub_desktop.services import lessons
from learnhub_desktop.ui.dialogs.dialog import FormDialog, ask
from learnhub_desktop.ui.dialogs.lesson import (
    EditLessonDialog,
    NewLessonDialog,
    RemoveLessonDialog,
    ReopenDialog,
)
from learnhub_desktop.ui.dialogs.quiz import QuizDialog, RemoveQuizDialog
from learnhub_desktop.ui.pages.page import Page
from learnhub_desktop.ui.panels.course import CourseView
from learnhub_desktop.ui.panels.lessons import LessonsPanel, Part
from learnhub_desktop.ui.shortcuts import Action

PAGE: Final = "catalog"
Work = Callable[[CourseView, Part | None], Awaitable[None]]


def course_action(
    name: str, text: str, shortcut: str, icon: str, right: Right = Right.EDIT_CATALOG
) -> Action:
    return Action(name, text, shortcut, page=PAGE, icon=icon, right=right)


LESSON_ACTIONS: Final = (
    course_action("lesson_new", "New lesson…", "Ctrl+L", "plus"),
    course_action("quiz_new", "New quiz…", "Ctrl+Shift+N", "question"),
    course_action("part_edit", "Edit lesson or quiz…", "F4", "note-pencil"),
    course_action("lesson_up", "Move lesson up", "Alt+Up", "arrow-up"),
    course_action("lesson_down", "Move lesson down", "Alt+Down", "arrow-down"),
    course_action("part_remove", "Remove lesson or quiz…", "Ctrl+Del", "trash"),
    course_action("course_reopen", "Reopen for who completed it…", "Ctrl+Shift+O", "lock-open"),
)
_WITHOUT_BUTTON: Final = ("course_reopen",)
_NEED_A_LESSON: Final = ("quiz_new", "lesson_up", "lesson_down")
_NEED_A_PART: Final = ("part_edit", "part_remove")


class LessonActions:
    """Does them on the lesson or quiz that was selected when they were asked for."""

    def __init__(self, page: Page, panel: LessonsPanel) -> None:
        self._page = page
        self._panel = panel
        known = [action for action in LESSON_ACTIONS if page.may(action.name)]
        panel.add_buttons([action for action in known if action.name not in _WITHOUT_BUTTON])
        panel.asked.connect(page.trigger)
        panel.lessons.opened.connect(lambda _: page.trigger("part_edit"))

    def works(self) -> dict[str, Work]:
        return {
            "lesson_new": self._new_lesson,
            "quiz_new": self._new_quiz,
            "part_edit": self._edit_part,
            "lesson_up": partial(self._move, -1),
            "lesson_down": partial(self._move, 1),
            "part_remove": self._remove_part,
            "course_reopen": self._reopen,
        }

    def refusal(self, name: str, count: int) -> str:
        """Why it cannot be done to what is selected of a course of ``count`` lessons."""
        part, chosen = self._panel.lessons.part(), self._panel.lessons.lesson()
        if name in _NEED_A_PART and part is None:
            return "Select a lesson or a quiz first."
        if name in _NEED_A_LESSON and chosen is None:
            return "Select a lesson first."
        if name == "lesson_up" and chosen is not None and chosen.position <= 1:
            return "It is the first one already."
        if name == "lesson_down" and chosen is not None and chosen.position >= count:
            return "It is the last one already."
        return ""

    async def _new_lesson(self, view: CourseView, part: Part | None) -> None:
        dialog = NewLessonDialog(
            self._page.desk.bridge, self._page, detail=view.detail, after=_lesson_of(view, part)
        )
        made: Changes | None = await ask(dialog)
        if made is not None and made.subject_id is not None:
            self._panel.lessons.want_lesson(made.subject_id)

    async def _new_quiz(self, view: CourseView, part: Part | None) -> None:
        lesson = _lesson_of(view, part)
        if lesson is None:
            raise NotFound("This lesson is gone. Look at the course again.")
        await ask(
            QuizDialog(
                self._page.desk.bridge,
                self._page,
                lesson=lesson,
                course_lessons=view.detail.lessons,
            )
        )

    async def _edit_part(self, view: CourseView, part: Part | None) -> None:
        lesson, quiz = _fresh(view, part)
        if quiz is None:
            dialog: FormDialog = EditLessonDialog(self._page.desk.bridge, self._page, lesson=lesson)
        else:
            dialog = QuizDialog(
                self._page.desk.bridge,
                self._page,
                lesson=lesson,
                course_lessons=view.detail.lessons,
                quiz=quiz,
            )
        await ask(dialog)

    async def _remove_part(self, view: CourseView, part: Part | None) -> None:
        lesson, quiz = _fresh(view, part)
        if quiz is not None:
            await ask(RemoveQuizDialog(self._page.desk.bridge, self._page, quiz=quiz))
            return
        removal = await self._page.desk.bridge.read(lessons.preview_removal, lesson.lesson_id)
        await ask(RemoveLessonDialog(self._page.desk.bridge, self._page, removal=removal))

    async def _move(self, by: int, view: CourseView, part: Part | None) -> None:
        lesson, _ = _fresh(view, part)
        position = lesson.position + by
        if 1 <= position <= len(view.detail.lessons):
            await self._page.desk.bridge.write(
                lessons.move_lesson, lesson.lesson_id, position=position
            )

    async def _reopen(self, view: CourseView, _: Part | None) -> None:
        await ask(ReopenDialog(self._page.desk.bridge, self._page, course=view.detail.course))


def _lesson_of(view: CourseView, part: Part | None) -> Lesson | None:
    """The lesson that is meant, as it stands now; None where it is gone or none was."""
    wanted = part.lesson_id if part is not None else None
    return next((each for each in view.detail.lessons if each.lesson_id == wanted), None)


def _fresh(view: CourseView, part: Part | None) -> tuple[Lesson, Quiz | None]:
    """The selected lesson, and the quiz if one is selected, as they stand now."""
    if part is None:
        raise NotFound("Select a lesson or a quiz first.")
    for lesson in view.detail.lessons:
        if isinstance(part, Lesson) and lesson.lesson_id == part.lesson_id:
            return lesson, None
        for quiz in lesson.quizzes:
            if isinstance(part, Quiz) and quiz.quiz_id == part.quiz_id:
                return lesson, quiz
    gone = "quiz" if isinstance(part, Quiz) else "lesson"
    raise NotFound(f"This {gone} is gone. Look at the course again.")
