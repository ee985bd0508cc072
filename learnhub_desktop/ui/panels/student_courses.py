"""A student's courses one below the other: how far, until when, and what to do next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction, QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from learnhub_desktop.domain.access import NextStep
from learnhub_desktop.domain.catalog import count_of
from learnhub_desktop.domain.progress import StudentCourse, say_percent
from learnhub_desktop.models import formats
from learnhub_desktop.models.columns import Tone
from learnhub_desktop.models.students import ACCESS_TONES, quiz_result, standing
from learnhub_desktop.ui.theme import set_role
from learnhub_desktop.ui.widgets.bar import Bar
from learnhub_desktop.ui.widgets.parts import (
    Badge,
    FlowLayout,
    Picture,
    button,
    icon_button,
    label,
    set_tone,
)

_ICONS: Final = {True: "lock-open", False: "lock"}
_MOST_QUIZZES: Final = 6


@dataclass(frozen=True, slots=True)
class CourseAct:
    """One thing that can be done with a student's course; ``reason`` is why not now."""

    name: str
    text: str
    shortcut: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CourseStep:
    """The next step that the answer about access offers, and the words on its button."""

    step: NextStep
    text: str


@dataclass(frozen=True, slots=True)
class CourseView:
    """A course with what may be done about it. ``likely`` names the act with a button of its own."""

    course: StudentCourse
    steps: tuple[CourseStep, ...] = ()
    acts: tuple[CourseAct, ...] = ()
    likely: str = ""


class CourseCard(QFrame):
    """Signals:
    chosen: The keyboard or the mouse came to this card.
    asked: The name of an act.
    stepped: A ``NextStep``.
    """

    chosen = Signal()
    asked = Signal(str)
    stepped = Signal(object)

    def __init__(self, view: CourseView, *, now: datetime, zone: tzinfo) -> None:
        super().__init__()
        self.view = view
        course = view.course
        self.setProperty("card", "true")
        self.setProperty("chosen", "false")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(
            f"{course.title}, {course.status_words}, {say_percent(course.progress_percent)}. "
            f"{course.access.sentence}"
        )
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(12, 10, 12, 10)
        self._column.setSpacing(6)
        self._add_head(course)
        self._add_progress(course)
        self._add_access(course)
        self.details = self._make_details(course, now=now, zone=zone)
        self._column.addWidget(self.details)
        self._add_buttons(view)
        self.show_chosen(False)

    def show_chosen(self, is_chosen: bool) -> None:
        """Only the chosen card tells everything; the others stay short."""
        set_role(self, chosen="true" if is_chosen else "false")
        self.details.setVisible(is_chosen)
        if self.likely_button is not None:
            self.likely_button.setVisible(is_chosen)
        # Where the course is open nothing waits to be done, so the step may wait as well.
        is_pressing = bool(self.step_buttons) and not self.view.course.access.is_open
        has_any = bool(self.step_buttons) or self.likely_button is not None
        self.buttons.setVisible(is_pressing or (is_chosen and has_any))

    def open_menu(self) -> QMenu:
        """All acts; one that is not possible says why in its place."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for act in self.view.acts:
            text = act.text.replace("&", "&&")
            if act.reason:
                text = f"{text.removesuffix('…')}: {_short(act.reason)}"
            entry = QAction(text if not act.shortcut else f"{text}\t{act.shortcut}", menu)
            entry.setEnabled(not act.reason)
            entry.triggered.connect(_emitting(self.asked.emit, act.name))
            menu.addAction(entry)
        menu.popup(self.more_button.mapToGlobal(QPoint(0, self.more_button.height() + 2)))
        return menu

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.chosen.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.chosen.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Menu):
            self.open_menu()
        else:
            super().keyPressEvent(event)

    def _add_head(self, course: StudentCourse) -> None:
        self.title = label(course.title, "heading", wrap=True)
        self.badge = Badge(*standing(course.status, course.lessons_done))
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.title, 1)
        head.addWidget(self.badge, 0, Qt.AlignmentFlag.AlignTop)
        self._column.addLayout(head)

    def _add_progress(self, course: StudentCourse) -> None:
        said = (
            f"{course.lessons_done:,} of {count_of(course.lessons_total, 'lesson')} · "
            f"{say_percent(course.progress_percent)}"
            if course.lessons_total
            else "This course has no lessons yet"
        )
        self.progress = label(said, "soft")
        self.bar = Bar(float(course.progress_percent))
        self._column.addWidget(self.bar)
        self.more_button = icon_button("dots-three", f"All actions for {course.title}", "Return")
        self.more_button.clicked.connect(self._on_more)
        line = QHBoxLayout()
        line.addWidget(self.progress, 1)
        line.addWidget(self.more_button)
        self._column.addLayout(line)
        self.more_button.setHidden(not self.view.acts)

    def _add_access(self, course: StudentCourse) -> None:
        answer, tone = course.access, ACCESS_TONES[course.access.state]
        self.access = label(answer.sentence, wrap=True)
        # Green sentences all the way down would shout; a lock that is open says it.
        set_tone(self.access, tone if tone in (Tone.WARN, Tone.BAD) else None)
        picture = Picture(_ICONS[answer.is_open], tone.value)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self.access, 1)
        self._column.addLayout(line)
        self.advice = label(answer.advice, "hint", wrap=True)
        self._column.addWidget(self.advice)
        self.advice.setHidden(not answer.advice)

    def _make_details(self, course: StudentCourse, *, now: datetime, zone: tzinfo) -> QWidget:
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)

        def add(name: str, text: str, tone: Tone | None = None, tooltip: str = "") -> None:
            line = QHBoxLayout()
            line.setSpacing(8)
            said = label(text, wrap=True)
            set_tone(said, tone)
            said.setToolTip(tooltip)
            line.addWidget(label(name, "soft"), 0, Qt.AlignmentFlag.AlignTop)
            line.addWidget(said, 1)
            column.addLayout(line)

        def moment(name: str, at: datetime | None, otherwise: str = "") -> None:
            if at is not None or otherwise:
                text = formats.moment(at, now=now, zone=zone) if at else otherwise
                add(name, text, tooltip=formats.moment_full(at, zone=zone))

        moment("Enrolled", course.enrolled_at)
        moment("Last activity", course.last_activity_at, "none yet")
        moment("Completed", course.completed_at)
        if course.minutes_spent:
            add("Time spent", _minutes(course.minutes_spent))
        for quiz in course.quizzes[:_MOST_QUIZZES]:
            text, tone = quiz_result(quiz)
            add(quiz.title or quiz.lesson_title, text, tone, _attempts(quiz.attempts))
        left = course.quizzes[_MOST_QUIZZES:]
        if left:
            passed = sum(1 for quiz in left if quiz.is_passed)
            add(f"{len(left):,} more quizzes", f"{passed:,} passed")
        return made

    def _add_buttons(self, view: CourseView) -> None:
        self.buttons = QWidget()
        flow = FlowLayout(self.buttons)
        self.step_buttons = []
        for step in view.steps:
            made = button(step.text)
            made.clicked.connect(_emitting(self.stepped.emit, step.step))
            self.step_buttons.append(made)
            flow.addWidget(made)
        likely = next((act for act in view.acts if act.name == view.likely), None)
        self.likely_button = None
        if likely is not None and not likely.reason:
            self.likely_button = button(
                likely.text.replace(" done", ""), tooltip=f"{likely.text} ({likely.shortcut})"
            )
            self.likely_button.clicked.connect(_emitting(self.asked.emit, likely.name))
            flow.addWidget(self.likely_button)
        self._column.addWidget(self.buttons)

    def _on_more(self) -> None:
        self.chosen.emit()
        self.open_menu()


class CourseCards(QWidget):
    """Signals:
    asked: The name of an act on ``current()``.
    stepped: A ``NextStep`` for ``current()``.
    moved: Another card is chosen.
    """

    asked = Signal(str)
    stepped = Signal(object)
    moved = Signal()

    def __init__(self, *, clock: Callable[[], datetime], zone: tzinfo) -> None:
        super().__init__()
        self.cards: list[CourseCard] = []
        self._clock = clock
        self._zone = zone
        self._views: tuple[CourseView, ...] | None = None
        self._chosen: int | None = None
        self._nothing = label(part="soft", wrap=True)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self._column.addWidget(self._nothing)
        self.setAccessibleName("Courses")
        self.show_nothing("")

    @property
    def is_read(self) -> bool:
        """Whether the courses in view are known, even if there are none."""
        return self._views is not None

    def current(self) -> StudentCourse | None:
        card = self._card()
        return None if card is None else card.view.course

    def show_nothing(self, sentence: str) -> None:
        """Nothing is known yet, or nobody is selected."""
        self._drop_cards()
        self._views = None
        self._chosen = None
        self._nothing.setText(sentence)
        self._nothing.setVisible(bool(sentence))

    def show_courses(
        self, views: Sequence[CourseView], *, nothing: str, choose: int | None = None
    ) -> None:
        """Show them; the chosen course stays chosen unless ``choose`` names another."""
        wanted = self._chosen if choose is None else choose
        if tuple(views) != self._views:
            self._views = tuple(views)
            self._make_cards()
        self._nothing.setText(nothing)
        self._nothing.setVisible(not views)
        ids = [view.course.course_id for view in views]
        self.choose(wanted if wanted in ids else ids[0] if ids else None)

    def choose(self, course_id: int | None) -> None:
        changed = course_id != self._chosen
        self._chosen = course_id
        for card in self.cards:
            card.show_chosen(card.view.course.course_id == course_id)
        if changed:
            self.moved.emit()

    def enter(self) -> bool:
        """Bring the keyboard to the chosen card; False where there is none."""
        card = self._card()
        if card is None:
            return False
        card.setFocus(Qt.FocusReason.TabFocusReason)
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        card = self._card()
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
        if card is None or not step:
            super().keyPressEvent(event)
            return
        place = self.cards.index(card) + step
        if 0 <= place < len(self.cards):
            self.cards[place].setFocus(Qt.FocusReason.TabFocusReason)

    def _card(self) -> CourseCard | None:
        return next(
            (card for card in self.cards if card.view.course.course_id == self._chosen), None
        )

    def _drop_cards(self) -> None:
        for card in self.cards:
            self._column.removeWidget(card)
            # What is deleted later must not be seen until then.
            card.hide()
            card.deleteLater()
        self.cards = []

    def _make_cards(self) -> None:
        had_focus = any(card.isAncestorOf(self.focusWidget() or self) for card in self.cards)
        had_focus = had_focus or any(card.hasFocus() for card in self.cards)
        self._drop_cards()
        for view in self._views or ():
            card = CourseCard(view, now=self._clock(), zone=self._zone)
            card.chosen.connect(_emitting(self.choose, view.course.course_id))
            card.asked.connect(self.asked)
            card.stepped.connect(_emitting_chosen(self, view.course.course_id))
            self.cards.append(card)
            self._column.addWidget(card)
            # Only what is shown takes the keyboard back.
            card.show()
        if had_focus:
            self.enter()


def _emitting(run: Callable[..., object], value: object) -> Callable[..., None]:
    """What a signal carries of its own is of no interest here."""

    def call(*_: object) -> None:
        run(value)

    return call


def _emitting_chosen(cards: CourseCards, course_id: int) -> Callable[[object], None]:
    def call(step: object) -> None:
        cards.choose(course_id)
        cards.stepped.emit(step)

    return call


def _short(reason: str) -> str:
    """The reason's first sentence, small enough for a menu."""
    return reason.split(". ")[0].split("; ")[0].removesuffix(".")


def _minutes(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return f"{hours:,} h {rest} min" if hours else f"{rest} min"


def _attempts(attempts: int) -> str:
    return formats.counted(attempts, "attempt", "attempts")
