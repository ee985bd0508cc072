"""A course's lessons in order, each with its quizzes below it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from learnhub_desktop.domain.catalog import Lesson, Quiz, count_of
from learnhub_desktop.models.columns import LEFT, RIGHT
from learnhub_desktop.ui import icons, theme
from learnhub_desktop.ui.shortcuts import Action
from learnhub_desktop.ui.widgets.cells import equal_digits
from learnhub_desktop.ui.widgets.parts import icon_button, label

Part = Lesson | Quiz

_ROW: Final = 30
_MOST_ROWS: Final = 12
_NUMBER_WIDTH: Final = 30
_ICON: Final = 14
_PAD: Final = 8
_PART: Final = Qt.ItemDataRole.UserRole
Index = QModelIndex | QPersistentModelIndex


class LessonList(QListWidget):
    """Signals:
    opened: A lesson or quiz, by Enter or a double click.
    """

    opened = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._wanted: tuple[str, int] | None = None
        self.setAccessibleName("Lessons and quizzes")
        self.setFont(equal_digits(self.font()))
        self.setItemDelegate(_LessonCells(self))
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setUniformItemSizes(True)
        self.itemDoubleClicked.connect(lambda item: self.opened.emit(item.data(_PART)))

    def want_lesson(self, lesson_id: int) -> None:
        """Select this lesson, now or as soon as it is shown."""
        self._wanted = ("lesson", lesson_id)
        self._select_wanted()

    def show_lessons(self, lessons: Sequence[Lesson]) -> None:
        """Show them and stay at the same lesson or quiz, wherever it stands now."""
        chosen = _key(self.part())
        self.blockSignals(True)
        self.clear()
        for lesson in lessons:
            self._add(lesson, f"Lesson {lesson.position}: {lesson.title}")
            for quiz in lesson.quizzes:
                self._add(quiz, f"Quiz: {quiz.title}")
        self._select_key(chosen)
        self._select_wanted()
        self.blockSignals(False)
        self.setVisible(self.count() > 0)
        self.setFixedHeight(min(self.count(), _MOST_ROWS) * _ROW + 4)

    def part(self) -> Part | None:
        """The lesson or quiz that is selected."""
        item = self.currentItem()
        found: Part | None = None if item is None else item.data(_PART)
        return found

    def lesson(self) -> Lesson | None:
        """The selected lesson, or the one whose quiz is selected."""
        for place in range(self.currentRow(), -1, -1):
            if isinstance(part := self._at(place), Lesson):
                return part
        return None

    def _select_wanted(self) -> None:
        if self._wanted is not None and self._select_key(self._wanted):
            self._wanted = None

    def _select_key(self, key: tuple[str, int] | None) -> bool:
        for place in range(self.count()):
            if key is not None and _key(self._at(place)) == key:
                self.setCurrentRow(place)
                return True
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        part = self.part()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and part is not None:
            self.opened.emit(part)
        else:
            super().keyPressEvent(event)

    def _add(self, part: Part, said: str) -> None:
        item = QListWidgetItem(said)
        item.setData(_PART, part)
        item.setSizeHint(QSize(0, _ROW))
        item.setToolTip(_tooltip(part))
        self.addItem(item)

    def _at(self, place: int) -> Part | None:
        item = self.item(place)
        found: Part | None = None if item is None else item.data(_PART)
        return found


class _LessonCells(QStyledItemDelegate):
    """Number, title and minutes of a lesson; a quiz stands indented below it."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        tokens = theme.tokens()
        rect = option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme.colour("selected"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, theme.colour("hover"))
        part = index.data(_PART)
        if not isinstance(part, Lesson | Quiz):
            return
        inside = rect.adjusted(_PAD, 0, -_PAD, 0)
        painter.setPen(tokens.soft)
        right = _right_words(part)
        painter.drawText(inside, RIGHT, right)
        room = option.fontMetrics.horizontalAdvance(right) + (_PAD if right else 0)
        inside.setRight(inside.right() - room)
        if isinstance(part, Lesson):
            number = QRect(inside)
            number.setWidth(_NUMBER_WIDTH - _PAD)
            painter.drawText(number, RIGHT, str(part.position))
            inside.setLeft(inside.left() + _NUMBER_WIDTH)
        else:
            inside.setLeft(inside.left() + _NUMBER_WIDTH)
            top = inside.center().y() - _ICON // 2
            icons.icon("question").paint(painter, inside.left(), top, _ICON, _ICON)
            inside.setLeft(inside.left() + _ICON + 6)
        painter.setPen(tokens.text)
        elided = option.fontMetrics.elidedText(
            part.title, Qt.TextElideMode.ElideRight, inside.width()
        )
        painter.drawText(inside, LEFT, elided)


class LessonsPanel(QWidget):
    """The list with a button for each thing that can be done about it.

    Signals:
        asked: The name of a page's action.
    """

    asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.buttons: dict[str, QToolButton] = {}
        self.lessons = LessonList()
        self.empty = label(wrap=True, part="soft")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self._line = QHBoxLayout()
        self._line.setSpacing(2)
        # Above the list, however long that is: below it they would be out of sight.
        column.addLayout(self._line)
        column.addWidget(self.lessons)
        column.addWidget(self.empty)

    def add_buttons(self, actions: Sequence[Action]) -> None:
        """Put a button for each of these actions above the list."""
        for action in actions:
            made = icon_button(action.icon, action.plain, action.shortcut)
            made.clicked.connect(partial(self._ask, action.name))
            self.buttons[action.name] = made
            self._line.addWidget(made)
        self._line.addStretch(1)

    def show_lessons(self, lessons: Sequence[Lesson], *, may_edit: bool) -> None:
        self.lessons.show_lessons(lessons)
        self.empty.setVisible(not lessons)
        self.empty.setText(
            "No lessons yet. Add the first one." if may_edit else "This course has no lessons."
        )
        for made in self.buttons.values():
            made.setVisible(may_edit)

    def _ask(self, name: str, _checked: bool = False) -> None:
        self.asked.emit(name)


def _key(part: Part | None) -> tuple[str, int] | None:
    if part is None:
        return None
    return ("quiz", part.quiz_id) if isinstance(part, Quiz) else ("lesson", part.lesson_id)


def _right_words(part: Part) -> str:
    if isinstance(part, Lesson):
        return "" if part.duration_minutes is None else f"{part.duration_minutes:,} min"
    return "" if part.passing_score is None else f"{part.passing_score:,} to pass"


def _tooltip(part: Part) -> str:
    if isinstance(part, Lesson):
        return f"{part.title}\nDone by {count_of(part.done_count, 'student')}"
    return f"{part.title}\n{count_of(part.attempt_count, 'result')} of students"
