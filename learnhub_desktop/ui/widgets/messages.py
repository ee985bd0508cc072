"""The message line: what happened, what is selected, where one is connected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from PySide6.QtCore import QPoint, QPropertyAnimation, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import (
    QFrame,
    QGraphicsOpacityEffect,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from learnhub_desktop.domain.changes import Changes, Undo
from learnhub_desktop.models import formats
from learnhub_desktop.models.columns import Tone
from learnhub_desktop.ui.tasks import Failure
from learnhub_desktop.ui.theme import set_role
from learnhub_desktop.ui.widgets.parts import (
    ElidedButton,
    Picture,
    button,
    icon_button,
    label,
    set_tone,
)

OUTCOME_MS: Final = 8_000
_FADE_MS: Final = 400
_KEPT: Final = 50
_LIST_WIDTH: Final = 640
_LIST_HEIGHT: Final = 320
_ICONS: Final = {
    Tone.GOOD: "check-circle",
    Tone.WARN: "warning",
    Tone.BAD: "warning-circle",
    Tone.INFO: "info",
    Tone.IDLE: "info",
}


@dataclass(slots=True)
class Message:
    """``is_unread`` holds for what stays in view until a person has read it."""

    text: str
    tone: Tone
    at: datetime
    undo: Undo | None = None
    retry: Callable[[], None] | None = None
    is_unread: bool = False


class MessageLine(QFrame):
    """Outcomes fade after a while; errors and warnings stay until they are read.

    All are kept in a list that opens with a click on the message.

    Signals:
        undo_asked: The ``Undo`` of the last outcome.
    """

    undo_asked = Signal(object)

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        zone: tzinfo,
        outcome_ms: int = OUTCOME_MS,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.messages: list[Message] = []
        self._clock = clock
        self._zone = zone
        self._shown: Message | None = None
        self._undo: Undo | None = None
        self.setProperty("foot", "true")
        self.setFixedHeight(36)
        self._build()
        self._clear()
        self._timer = QTimer(self, singleShot=True, interval=outcome_ms)

        self._timer.timeout.connect(self._fade.start)
        self._fade.finished.connect(self._after_outcome)
        self.text.clicked.connect(self.open_list)
        self._act.clicked.connect(self._on_act)
        self._dismiss.clicked.connect(self._on_dismissed)
        self._unread.clicked.connect(self.open_list)

    def _build(self) -> None:
        self._picture = Picture("info")
        self.text = ElidedButton("message")
        self._act = button("", kind="link")
        self._dismiss = icon_button("x", "Mark as read")
        self._unread = button("", kind="warning")
        self.selection = label(part="soft")
        self._dot = Picture("circle", size=10)
        self.connection = label(part="soft")
        left = QWidget()
        line = QHBoxLayout(left)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        for part in (self._picture, self.text, self._act, self._dismiss):
            line.addWidget(part)
        line.addStretch(1)
        self._effect = QGraphicsOpacityEffect(left)
        self._effect.setEnabled(False)
        left.setGraphicsEffect(self._effect)
        self._fade = QPropertyAnimation(self._effect, b"opacity", self)
        self._fade.setDuration(_FADE_MS)
        self._fade.setStartValue(1.0)
        self._fade.setEndValue(0.0)
        self._fade.stateChanged.connect(
            lambda now, before: self._effect.setEnabled(now == QPropertyAnimation.State.Running)
        )
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 0, 16, 0)
        layout.setSpacing(6)
        layout.addWidget(left, 1)
        layout.addWidget(self._unread)
        layout.addSpacing(10)
        layout.addWidget(self.selection)
        layout.addSpacing(10)
        layout.addWidget(self._dot)
        layout.addWidget(self.connection)

    # What is told

    def outcome(self, changes: Changes) -> None:
        """Tell what a write did, with the way back where there is one."""
        self._undo = changes.undo
        if changes.message:
            tone = Tone.WARN if changes.warning else Tone.GOOD
            self._add(Message(changes.message, tone, self._clock(), undo=changes.undo))

    def note(self, text: str) -> None:
        """Tell something that changed nothing, such as that rows were copied."""
        self._add(Message(text, Tone.IDLE, self._clock()))

    def warn(self, text: str) -> None:
        self._add(Message(text, Tone.WARN, self._clock()))

    def fail(self, failure: Failure) -> None:
        """Tell an expected error, with Retry where that can help."""
        self._add(Message(failure.text, Tone.BAD, self._clock(), retry=failure.retry))

    def show_selection(self, text: str) -> None:
        """``1 selected · 120.00 USD``; empty where nothing is."""
        self.selection.setText(text)

    def show_connection(self, text: str, *, is_reachable: bool = True) -> None:
        """``learnhub@db1 · finance``, and whether it answers."""
        self.connection.setText(text if is_reachable else f"{text} · not reachable")
        set_role(self.connection, tone="" if is_reachable else "bad")
        self._dot.set_icon("circle-fill", "good" if is_reachable else "bad")

    def answers_again(self, label: str) -> None:
        """The database is back: what its absence left to be read is settled."""
        for message in self.messages:
            if message.retry is not None:
                message.is_unread = False
        self.note(f"{label} answers again.")

    def take_undo(self) -> Undo | None:
        """The way back from the last outcome, once."""
        undo, self._undo = self._undo, None
        if self._shown is not None and self._shown.undo is undo:
            self._act.hide()
        return undo

    def open_list(self) -> None:
        """Show all messages above the line; whoever sees them has read them."""
        for message in self.messages:
            message.is_unread = False
        self._list = _MessageList(self.messages, self._clock(), self._zone, self)
        self._list.open_above(self)
        self._after_outcome()

    # Inside

    def _add(self, message: Message) -> None:
        message.is_unread = message.tone in (Tone.BAD, Tone.WARN)
        last = self.messages[-1] if self.messages else None
        # A server that is away says so at each try; once is enough to read.
        if last is not None and last.is_unread and last.text == message.text:
            self.messages.pop()
        self.messages.append(message)
        del self.messages[:-_KEPT]
        self._show(message)
        event = QAccessibleAnnouncementEvent(self, message.text)
        if message.is_unread:
            event.setPoliteness(QAccessible.AnnouncementPoliteness.Assertive)
        QAccessible.updateAccessibility(event)

    def _show(self, message: Message) -> None:
        self._shown = message
        self._fade.stop()
        if message.is_unread:
            self._timer.stop()
        else:
            self._timer.start()
        token = "soft" if message.tone is Tone.IDLE else message.tone.value
        self._picture.set_icon(_ICONS[message.tone], token)
        set_tone(self.text, None if message.tone is Tone.IDLE else message.tone)
        self.text.setText(message.text)
        self.text.setAccessibleName(message.text)
        self.text.setToolTip(f"{message.text}\nClick for all messages")
        self._picture.show()
        self.text.show()
        act = "Undo" if message.undo is not None else "Retry" if message.retry else ""
        self._act.setText(act)
        self._act.setVisible(bool(act))
        self._dismiss.setVisible(message.is_unread)
        self._count_unread()

    def _clear(self) -> None:
        self._shown = None
        for part in (self._picture, self._act, self._dismiss):
            part.hide()
        self.text.setText("")
        self.text.setToolTip("")
        self.text.setAccessibleName("No message")
        # Hidden it would give its room to its neighbours; without focus nobody misses it.
        self.text.setVisible(bool(self.messages))
        self._count_unread()

    def _after_outcome(self) -> None:
        """Show again what has not been read, or nothing."""
        unread = [message for message in self.messages if message.is_unread]
        if unread:
            self._show(unread[-1])
        else:
            self._clear()

    def _count_unread(self) -> None:
        others = sum(m.is_unread and m is not self._shown for m in self.messages)
        self._unread.setVisible(others > 0)
        self._unread.setText("1 unread message" if others == 1 else f"{others} unread messages")

    def _on_dismissed(self) -> None:
        if self._shown is not None:
            self._shown.is_unread = False
        self._after_outcome()

    def _on_act(self) -> None:
        message = self._shown
        if message is None:
            return
        message.is_unread = False
        if message.undo is not None and self.take_undo() is not None:
            self.undo_asked.emit(message.undo)
        elif message.retry is not None:
            message.retry()
        if self._shown is message:
            self._after_outcome()


class _MessageList(QFrame):
    """All messages, the newest first."""

    def __init__(
        self, messages: list[Message], now: datetime, zone: tzinfo, parent: QWidget
    ) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("popup", "true")
        self.setAccessibleName("Messages")
        inside = QWidget()
        inside.setProperty("clear", "true")
        grid = QGridLayout(inside)
        grid.setContentsMargins(16, 12, 16, 12)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        for row, message in enumerate(reversed(messages)):
            text = label(message.text, wrap=True)
            set_tone(text, None if message.tone is Tone.IDLE else message.tone)
            grid.addWidget(
                label(formats.moment(message.at, now=now, zone=zone), "soft"),
                row,
                0,
                Qt.AlignmentFlag.AlignTop,
            )
            grid.addWidget(text, row, 1)
        if not messages:
            grid.addWidget(label("Nothing has happened yet.", "soft"), 0, 0)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.addWidget(scroll)
        self._inside = inside
        scroll.setFocus()

    def open_above(self, line: QWidget) -> None:
        width = min(_LIST_WIDTH, line.width() - 16)
        height = min(_LIST_HEIGHT, self._inside.heightForWidth(width - 2) + 4)
        self.resize(width, height)
        self.move(line.mapToGlobal(QPoint(8, -height - 4)))
        self.show()
