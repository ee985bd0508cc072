"""A quiz result that came in outside the program."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.domain.catalog import HIGHEST_SCORE
from learnhub_desktop.domain.changes import Changes
from learnhub_desktop.domain.progress import QuizResult, StudentCourse
from learnhub_desktop.domain.students import PersonRow
from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.models import formats
from learnhub_desktop.services import progress
from learnhub_desktop.ui.dialogs.dialog import FormDialog
from learnhub_desktop.ui.widgets.fields import ChoiceField, NumberField
from learnhub_desktop.ui.widgets.parts import label


class QuizAttemptDialog(FormDialog):
    """``course`` has at least one quiz."""

    def __init__(
        self, bridge: Bridge, parent: QWidget, *, person: PersonRow, course: StudentCourse
    ) -> None:
        super().__init__("Record a quiz result", "Record result", parent)
        self._bridge = bridge
        self._person = person
        self.add_widget(label(f"{person.name} · {course.title}", "soft", wrap=True))
        self.quiz = ChoiceField(
            "quiz",
            "Quiz",
            [(quiz, quiz.title or quiz.lesson_title) for quiz in course.quizzes],
            value=_likely(course.quizzes),
        )
        self.score = NumberField("score", "Score", lowest=0, highest=HIGHEST_SCORE)
        self.add(self.quiz)
        self.add(self.score)
        self.acts(self._record)
        self.quiz.edited.connect(self._tell)
        self.score.edited.connect(self._tell)
        self._tell()

    def open(self) -> None:
        super().open()
        if self.quiz.box.count() == 1:
            self.score.line.setFocus()

    def _tell(self) -> None:
        try:
            score: int | None = self.score.value()
        except InvalidInput:
            score = None
        self.consequence.tell(_consequence(self.quiz.value(), score))

    async def _record(self) -> Changes:
        return await self._bridge.write(
            progress.record_attempt,
            self._person.user_id,
            self.quiz.value().quiz_id,
            score=self.score.value(),
        )


def _likely(quizzes: tuple[QuizResult, ...]) -> QuizResult:
    """The first that is not passed yet."""
    return next((quiz for quiz in quizzes if not quiz.is_passed), quizzes[0])


def _consequence(quiz: QuizResult, score: int | None) -> str:
    """What is known of the quiz, and what the typed score makes of it."""
    so_far = (
        "No attempt yet."
        if quiz.best_score is None
        else f"Best of {formats.counted(quiz.attempts, 'attempt', 'attempts')} so far: "
        f"{quiz.best_score:,}."
    )
    if score is None:
        needed = "" if quiz.passing_score is None else f" {quiz.passing_score:,} passes."
        return f"{so_far}{needed}"
    best = score if quiz.best_score is None else max(score, quiz.best_score)
    if quiz.passing_score is None:
        return f"{so_far} The best result is then {best:,}."
    if best >= quiz.passing_score:
        return f"{so_far} The best result is then {best:,}, which passes."
    return f"{so_far} The best result is then {best:,}; {quiz.passing_score:,} is needed to pass."
