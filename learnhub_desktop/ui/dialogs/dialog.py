"""The one kind of dialog: it collects input or confirms money, and never blocks the window."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.ui import theme
from learnhub_desktop.ui.tasks import Failure, TaskScope
from learnhub_desktop.ui.widgets.consequence import ConsequenceBox
from learnhub_desktop.ui.widgets.fields import Field

_WIDTH: Final = 440
_SHORTEST: Final = 120
_MARGIN: Final = 24
_BAR_GAP: Final = 8


class FormDialog(QDialog):
    """One column of fields, the consequence above the buttons, a primary button that names the act.

    A concrete dialog adds its fields and gives ``act``, a coroutine function that does the
    work and returns its result. A refusal is shown at its field, or above the buttons, and
    the dialog stays open with all that was typed.

    Signals:
        done_with: What ``act`` returned.
    """

    done_with = Signal(object)

    def __init__(self, title: str, primary: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setModal(True)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        # Enter acts only where nothing is lost: a dialog that moves money turns it off.
        self.enter_acts = True
        self.result_value: Any = None
        self.fields: dict[str, Field] = {}
        self._act: Callable[[], Awaitable[Any]] | None = None
        self._tasks = TaskScope(self, self._on_failure)

        self.heading = QLabel(title)
        theme.set_role(self.heading, part="name")
        self.heading.setWordWrap(True)
        self.body = QVBoxLayout()
        self.body.setSpacing(12)
        inner = QWidget()
        inner.setProperty("clear", "true")
        self._inside = QVBoxLayout(inner)
        self._inside.setContentsMargins(0, 0, 0, 0)
        self._inside.addLayout(self.body)
        self._inside.addStretch(1)
        self._scroll = _Fields()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(inner)
        self._scroll.verticalScrollBar().rangeChanged.connect(self._keep_off_bar)
        self._inner = inner
        inner.installEventFilter(self)
        self.consequence = ConsequenceBox()
        self._error = QLabel()
        self._error.setWordWrap(True)
        theme.set_role(self._error, part="error")
        self._error.hide()
        self.cancel_button = QPushButton("Cancel")
        self.primary_button = QPushButton(primary)
        self.primary_button.setProperty("kind", "primary")
        self.cancel_button.setAutoDefault(False)
        self.primary_button.setAutoDefault(False)

        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.primary_button)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(16)
        column.addWidget(self.heading)
        column.addWidget(self._scroll, 1)
        column.addWidget(self.consequence)
        column.addWidget(self._error)
        column.addLayout(buttons)
        self.setMinimumWidth(_WIDTH)

        self.cancel_button.clicked.connect(self.reject)
        self.primary_button.clicked.connect(self.submit)

    def add(self, field: Field) -> Field:
        """Put a field below those that stand already."""
        self.fields[field.name] = field
        self.body.addWidget(field)
        field.edited.connect(self._on_edited)
        return field

    def add_widget(self, widget: QWidget) -> None:
        self.body.addWidget(widget)

    def acts(self, act: Callable[[], Awaitable[Any]]) -> None:
        """Give the work that the primary button does; its result closes the dialog."""
        self._act = act

    @property
    def is_busy(self) -> bool:
        return self._tasks.is_running("act")

    def submit(self) -> None:
        """Check every field, then act. The first that is wrong gets the focus."""
        if self.is_busy or not self.primary_button.isEnabled():
            return
        wrong = [field for field in self.fields.values() if not field.insist()]
        if wrong:
            wrong[0].editor.setFocus()
            self._scroll.ensureWidgetVisible(wrong[0])
            return
        self._tell_error("")
        self._set_busy(True)
        self._tasks.start("act", self._run)

    def open(self) -> None:
        self.fit()
        super().open()
        first = next((f for f in self.fields.values() if f.isEnabled() and not f.isHidden()), None)
        if first is not None:
            first.editor.setFocus()

    def fit(self) -> None:
        """As tall as its fields and the consequence need, up to what the window shows."""
        self._fit(shortest=0)

    def _fit(self, *, shortest: int) -> None:
        self.ensurePolished()
        width = max(self.width(), _WIDTH)
        around = _height(self._column, width) - self._scroll.minimumHeight()
        # The window may be smaller than a dialog needs, as the one of the first start is.
        room = self.screen().availableGeometry().height()
        margins = self._column.contentsMargins()
        inside = width - margins.left() - margins.right()
        wanted = _height(self._inside, inside) + 2
        self._scroll.setMinimumHeight(min(wanted, max(_SHORTEST, room - around - _MARGIN)))
        self.resize(width, max(shortest, _height(self._column, width)))

    def _keep_off_bar(self, _lowest: int, highest: int) -> None:
        """Without a scroll bar the fields are as wide as what stands below them."""
        self._inside.setContentsMargins(0, 0, _BAR_GAP if highest else 0, 0)

    def event(self, event: QEvent) -> bool:
        handled = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest and self.isVisible():
            # Something says more than before. Growing alone keeps it from bouncing as one types.
            self._fit(shortest=self.height())
        return handled

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # What changes inside a scroll area is not told to the layout around it.
        if event.type() == QEvent.Type.LayoutRequest and watched is self._inner:
            QCoreApplication.postEvent(self, QEvent(QEvent.Type.LayoutRequest))
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            with_control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            if self.primary_button.hasFocus() or self.enter_acts or with_control:
                self.submit()
            return
        super().keyPressEvent(event)

    async def _run(self) -> None:
        assert self._act is not None
        try:
            self.result_value = await self._act()
        finally:
            self._set_busy(False)
        self.done_with.emit(self.result_value)
        self.accept()

    def _set_busy(self, busy: bool) -> None:
        self.primary_button.setEnabled(not busy)
        for field in self.fields.values():
            field.editor.setEnabled(not busy)
        self.setCursor(Qt.CursorShape.BusyCursor if busy else Qt.CursorShape.ArrowCursor)

    def _on_failure(self, failure: Failure) -> None:
        error = failure.error
        field = self.fields.get(error.field) if isinstance(error, InvalidInput) else None
        if field is not None:
            field.refuse(str(error))
            field.editor.setFocus()
        else:
            self._tell_error(str(error))

    def _tell_error(self, sentence: str) -> None:
        self._error.setText(sentence)
        self._error.setVisible(bool(sentence))

    def error_text(self) -> str:
        return self._error.text()

    def _on_edited(self) -> None:
        self._tell_error("")


class _Fields(QScrollArea):
    """Asks for exactly the height that it is told: its own guess leaves gaps in short dialogs."""

    def sizeHint(self) -> QSize:
        return QSize(_WIDTH, self.minimumHeight())

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.minimumHeight())


def _height(layout: QLayout, width: int) -> int:
    """What the layout needs at that width, where wrapped text decides on the height."""
    if layout.hasHeightForWidth():
        return layout.totalHeightForWidth(width)
    return layout.totalSizeHint().height()


async def ask(dialog: FormDialog) -> Any:
    """Open the dialog and wait for its result; None where it was cancelled.

    Nothing blocks meanwhile: a nested event loop would break the tasks that run.
    """
    closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def on_finished(_code: int) -> None:
        if not closed.done():
            closed.set_result(None)

    dialog.finished.connect(on_finished)
    dialog.open()
    await closed
    return dialog.result_value
