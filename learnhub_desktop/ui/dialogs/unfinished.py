"""What was left in the middle: each act, what became of it, and how to finish it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from functools import partial
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from learnhub_desktop.models import formats
from learnhub_desktop.models.columns import Tone
from learnhub_desktop.services.unfinished import Stage, Unfinished
from learnhub_desktop.ui.widgets.parts import Badge, button, clear, label, selectable

_WIDTH: Final = 560
_TALLEST: Final = 460
_STAGES: Final = {
    Stage.NOT_BEGUN: ("not begun", Tone.IDLE),
    Stage.OPEN: ("not known yet", Tone.WARN),
    Stage.KNOWN: ("settled", Tone.GOOD),
}
START, ASK, SHOW, FORGET = "start", "ask", "show", "forget"


class UnfinishedDialog(QDialog):
    """Signals:
    asked: What to do ("start", "ask", "show" or "forget"), and with which ``Unfinished``.
    """

    asked = Signal(str, object)

    def __init__(
        self,
        parent: QWidget,
        *,
        may_start: Callable[[Unfinished], bool],
        clock: Callable[[], datetime],
        zone: tzinfo,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Left in the middle")
        self.setModal(True)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._may_start = may_start
        self._clock = clock
        self._zone = zone
        self.cards: dict[str, _Card] = {}
        inside = QWidget()
        inside.setProperty("clear", "true")
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 0, 8, 0)
        self._column.setSpacing(8)
        self._column.addStretch(1)
        self._inside = inside
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(inside)
        self.close_button = button("Close")
        self.close_button.clicked.connect(self.accept)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        column.addWidget(label("Left in the middle", "name"))
        column.addWidget(
            label(
                "LearnHub ended, or lost its database, before it was told what became of these. "
                "Nothing is charged and nothing goes back twice.",
                "soft",
                wrap=True,
            )
        )
        column.addWidget(self._scroll, 1)
        column.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignRight)
        self.setFixedWidth(_WIDTH)

    def show_acts(self, found: Sequence[Unfinished]) -> None:
        """Show how they stand now; those that are settled stay until the dialog is closed."""
        for one in found:
            card = self.cards.get(one.act.key)
            if card is None:
                card = self.cards[one.act.key] = _Card()
                card.asked.connect(self.asked)
                self._column.insertWidget(self._column.count() - 1, card)
            began = formats.moment(one.act.begun_at, now=self._clock(), zone=self._zone)
            full = formats.moment_full(one.act.begun_at, zone=self._zone)
            card.show_act(one, began, full, may_start=self._may_start(one))
        self._fit()

    def forget(self, key: str) -> None:
        card = self.cards.pop(key, None)
        if card is not None:
            card.hide()
            card.deleteLater()
        if not self.cards:
            self.accept()

    def _fit(self) -> None:
        width = _WIDTH - 48
        wanted = self._column.totalHeightForWidth(width - 8) + 2
        self._scroll.setMinimumHeight(min(wanted, _TALLEST))
        layout = self.layout()
        assert layout is not None
        self.resize(_WIDTH, layout.totalHeightForWidth(_WIDTH))


class _Card(QFrame):
    asked = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("card", "true")
        self.what = selectable(label(part="heading", wrap=True))
        self.says = selectable(label(wrap=True))
        self.began = label(part="soft")
        self.badge = Badge()
        self.buttons: dict[str, QWidget] = {}
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.badge)
        head.addWidget(self.began)
        head.addStretch(1)
        self._acts = QHBoxLayout()
        self._acts.setSpacing(8)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self.what)
        column.addWidget(self.says)
        column.addLayout(self._acts)

    def show_act(self, one: Unfinished, began: str, full: str, *, may_start: bool) -> None:
        self.badge.show_state(*_STAGES[one.stage])
        self.began.setText(f"begun {formats.inside(began)}")
        self.began.setToolTip(full)
        self.what.setText(one.what)
        self.says.setText(one.says)
        self.setAccessibleName(one.what)
        self._show_buttons(one, may_start=may_start)

    def _show_buttons(self, one: Unfinished, *, may_start: bool) -> None:
        clear(self._acts)
        self.buttons.clear()
        offered = []
        if one.payment_id is not None:
            offered.append((SHOW, "Show payment"))
        if one.stage is Stage.NOT_BEGUN:
            offered.append((FORGET, "Forget it"))
            if may_start:
                offered.append((START, "Start again…"))
        elif one.may_ask:
            offered.append((ASK, "Ask now"))
        self._acts.addStretch(1)
        for name, text in offered:
            made = button(text, kind="primary" if name in (START, ASK) else "")
            made.setAccessibleName(f"{text} {one.what}")
            made.clicked.connect(partial(self._ask, name, one))
            self._acts.addWidget(made)
            self.buttons[name] = made

    def _ask(self, name: str, one: Unfinished, *_: object) -> None:
        self.asked.emit(name, one)
