"""The quizzes of a lesson: a new one, changes to one, and taking one out."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtWidgets import QWidget

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.domain.catalog import HIGHEST_SCORE, Lesson, Quiz, QuizDraft, count_of
from learnhub_desktop.domain.changes import Changes
from learnhub_desktop.domain.text import TITLE_LENGTH, check_text
from learnhub_desktop.services import lessons
from learnhub_desktop.ui.dialogs.dialog import FormDialog
from learnhub_desktop.ui.widgets.fields import ChoiceField, NumberField, TextField
from learnhub_desktop.ui.widgets.parts import label

_check_title: Final = partial(
    check_text, field="title", label="The quiz’s title", longest=TITLE_LENGTH
)


class QuizDialog(FormDialog):
    """A new quiz of ``lesson``, or changes to ``quiz``, which may move to another lesson."""

    def __init__(
        self,
        bridge: Bridge,
        parent: QWidget,
        *,
        lesson: Lesson,
        course_lessons: tuple[Lesson, ...],
        quiz: Quiz | None = None,
    ) -> None:
        title = "New quiz" if quiz is None else "Edit quiz"
        super().__init__(title, "Add quiz" if quiz is None else "Save changes", parent)
        self._bridge = bridge
        self._quiz = quiz
        self.title = TextField(
            "title", "Title", text=quiz.title if quiz else "", check=_check_title
        )
        self.score = NumberField(
            "passing_score",
            "Points to pass",
            lowest=0,
            highest=HIGHEST_SCORE,
            number=quiz.passing_score if quiz else None,
            allow_empty=True,
            placeholder="Not graded",
        )
        self.lesson = ChoiceField(
            "lesson_id",
            "Lesson",
            [(each.lesson_id, f"{each.position}. {each.title}") for each in course_lessons],
            value=lesson.lesson_id,
        )
        for field in (self.title, self.score, self.lesson):
            self.add(field)
        self.acts(self._add if quiz is None else self._save)

    def _draft(self) -> QuizDraft:
        return QuizDraft(self.title.value(), self.score.value())

    async def _add(self) -> Changes:
        return await self._bridge.write(lessons.add_quiz, self.lesson.value(), self._draft())

    async def _save(self) -> Changes:
        assert self._quiz is not None
        return await self._bridge.write(
            lessons.update_quiz,
            self._quiz.quiz_id,
            self._draft(),
            lesson_id=self.lesson.value(),
        )


class RemoveQuizDialog(FormDialog):
    """Takes a quiz out that nobody has tried; results of students are never thrown away."""

    def __init__(self, bridge: Bridge, parent: QWidget, *, quiz: Quiz) -> None:
        super().__init__("Remove a quiz", "Remove the quiz", parent)
        self.cancel_button.setText("Keep it")
        self.enter_acts = False
        self._bridge = bridge
        self._quiz_id = quiz.quiz_id
        self.add_widget(label(quiz.title, wrap=True))
        if quiz.attempt_count:
            has = count_of(quiz.attempt_count, "result is", "results are")
            self.consequence.tell(
                f"{has} kept of it, so it cannot be removed. It can move to another lesson.",
                tone="bad",
            )
            self.primary_button.setEnabled(False)
        else:
            self.consequence.tell("Nobody has tried it. It goes for good.", tone="warn")
        self.acts(self._remove)

    async def _remove(self) -> Changes:
        return await self._bridge.write(lessons.remove_quiz, self._quiz_id)
