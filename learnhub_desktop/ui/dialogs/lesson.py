"""A course's lessons: a new one, changes to one, and taking one out."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtWidgets import QWidget

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.domain.catalog import (
    MOST_MINUTES,
    Course,
    CourseDetail,
    Lesson,
    LessonDraft,
    LessonRemoval,
    check_url,
    count_of,
)
from learnhub_desktop.domain.changes import Changes
from learnhub_desktop.domain.text import LONG_TEXT_LENGTH, TITLE_LENGTH, check_text
from learnhub_desktop.services import lessons
from learnhub_desktop.ui.dialogs.dialog import FormDialog
from learnhub_desktop.ui.widgets.fields import CheckField, NoteField, NumberField, TextField
from learnhub_desktop.ui.widgets.parts import label

_check_title: Final = partial(
    check_text, field="title", label="The lesson’s title", longest=TITLE_LENGTH
)
_check_text: Final = partial(
    check_text,
    field="content",
    label="The lesson’s text",
    longest=LONG_TEXT_LENGTH,
    required=False,
)
_check_video: Final = partial(check_url, field="video_url", label="The video")


class _LessonForm(FormDialog):
    """What a lesson is; the new and the changed one share it."""

    def __init__(
        self, bridge: Bridge, title: str, primary: str, parent: QWidget, lesson: Lesson | None
    ) -> None:
        super().__init__(title, primary, parent)
        self._bridge = bridge
        self.title = TextField(
            "title", "Title", text=lesson.title if lesson else "", check=_check_title
        )
        self.minutes = NumberField(
            "duration_minutes",
            "Minutes",
            lowest=0,
            highest=MOST_MINUTES,
            number=lesson.duration_minutes if lesson else None,
            allow_empty=True,
            placeholder="Not known",
        )
        self.video = TextField(
            "video_url",
            "Video",
            text=lesson.video_url if lesson else "",
            check=_check_video,
            placeholder="https://…",
        )
        self.content = NoteField(
            "content",
            "Text",
            longest=LONG_TEXT_LENGTH,
            text=lesson.content if lesson else "",
            check=_check_text,
            lines=4,
        )
        for field in (self.title, self.minutes, self.video, self.content):
            self.add(field)

    def draft(self) -> LessonDraft:
        return LessonDraft(
            self.title.value(), self.content.value(), self.video.value(), self.minutes.value()
        )


class NewLessonDialog(_LessonForm):
    """``after`` is the lesson that it is to follow; None puts it at the end."""

    def __init__(
        self, bridge: Bridge, parent: QWidget, *, detail: CourseDetail, after: Lesson | None = None
    ) -> None:
        super().__init__(bridge, "New lesson", "Add lesson", parent, None)
        self._course_id = detail.course.course_id
        count = len(detail.lessons)
        self.body.insertWidget(0, label(detail.course.title, "soft", wrap=True))
        self.position = NumberField(
            "position",
            "Place",
            lowest=1,
            highest=count + 1,
            number=count + 1 if after is None else after.position + 1,
            hint=f"{count + 1} is the end." if count else "It is the first one.",
        )
        self.reopen = CheckField(
            "reopen",
            "Students who completed the course get it too",
            hint="Otherwise they stay completed.",
        )
        self.add(self.position)
        self.add(self.reopen)
        self.consequence.tell("Everybody’s progress is counted anew with one lesson more.")
        self.acts(self._add)

    async def _add(self) -> Changes:
        return await self._bridge.write(
            lessons.add_lesson,
            self._course_id,
            self.draft(),
            position=self.position.value(),
            reopen=self.reopen.value(),
        )


class EditLessonDialog(_LessonForm):
    def __init__(self, bridge: Bridge, parent: QWidget, *, lesson: Lesson) -> None:
        super().__init__(bridge, f"Edit lesson {lesson.position}", "Save changes", parent, lesson)
        self._lesson = lesson
        self.acts(self._save)

    async def _save(self) -> Changes:
        return await self._bridge.write(
            lessons.update_lesson,
            self._lesson.lesson_id,
            self.draft(),
            seen=lessons.draft_of(self._lesson),
        )


class RemoveLessonDialog(FormDialog):
    """Takes a lesson out of its course, once it is clear what students lose by that."""

    def __init__(self, bridge: Bridge, parent: QWidget, *, removal: LessonRemoval) -> None:
        super().__init__("Remove a lesson", "Remove the lesson", parent)
        self.cancel_button.setText("Keep it")
        self.enter_acts = False
        self._bridge = bridge
        self._removal = removal
        self.add_widget(label(removal.title, wrap=True))
        if removal.refusal is not None:
            self.consequence.tell(removal.refusal, tone="bad")
            self.primary_button.setEnabled(False)
        else:
            self.consequence.tell(_what_goes(removal), tone="warn")
        self.acts(self._remove)

    async def _remove(self) -> Changes:
        return await self._bridge.write(
            lessons.remove_lesson,
            self._removal.lesson_id,
            discard_progress=self._removal.done_count > 0,
        )


class ReopenDialog(FormDialog):
    """Lets students who completed a course do the lessons that came later."""

    def __init__(self, bridge: Bridge, parent: QWidget, *, course: Course) -> None:
        super().__init__("Reopen a course", "Reopen the course", parent)
        self.enter_acts = False
        self._bridge = bridge
        self._course_id = course.course_id
        self.add_widget(label(course.title, "soft", wrap=True))
        self.consequence.tell(
            "Who completed the course before lessons were added is not completed any more until "
            "the new ones are done. Access stays as it is.",
            tone="warn",
        )
        self.acts(self._reopen)

    async def _reopen(self) -> Changes:
        return await self._bridge.write(lessons.reopen_course, self._course_id)


def _what_goes(removal: LessonRemoval) -> str:
    said = ["The lesson goes for good, and everybody’s progress is counted anew."]
    if removal.quiz_count:
        goes = "goes" if removal.quiz_count == 1 else "go"
        said.append(f"{count_of(removal.quiz_count, 'quiz', 'quizzes')} {goes} with it.")
    if removal.done_count:
        has = count_of(removal.done_count, "student has", "students have")
        said.append(f"{has} done it, which is forgotten.")
    return " ".join(said)
