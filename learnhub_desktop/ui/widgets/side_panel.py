"""The frame beside a table: what the selected row is, what happened to it, what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from learnhub_desktop.models import formats
from learnhub_desktop.models.columns import Tone
from learnhub_desktop.ui.shortcuts import Action
from learnhub_desktop.ui.widgets.notices import Notice, Words
from learnhub_desktop.ui.widgets.parts import (
    Badge,
    FlowLayout,
    asking,
    button,
    clear,
    label,
    rule,
    selectable,
    set_tone,
    with_shortcut,
)

NARROWEST: Final = 264
USUAL: Final = 304
_WHEN_WIDTH: Final = 76
_LONG_WORD: Final = 18


@dataclass(frozen=True, slots=True)
class Fact:
    name: str
    text: str
    tone: Tone | None = None
    tooltip: str = ""


def moment_fact(name: str, at: datetime | None, *, now: datetime, zone: tzinfo) -> Fact:
    """A moment as a fact, in full in its tool tip; without text where there is none."""
    text = "" if at is None else formats.moment(at, now=now, zone=zone)
    return Fact(name, text, tooltip=formats.moment_full(at, zone=zone))


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a timeline: ``when`` is short, its tool tip the full moment."""

    when: str
    text: str
    tone: Tone | None = None
    tooltip: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """An action of the page that makes sense now, or ``reason`` why it is not possible."""

    action: str
    reason: str = ""
    is_primary: bool = False
    text: str = ""  # instead of the action's own, such as "Refund 49.00 USD…"


@dataclass(frozen=True, slots=True)
class Panel:
    """What a side panel shows of one row, from the top."""

    title: str
    subtitle: str = ""
    amount: str = ""
    state: str = ""
    state_tone: Tone = Tone.IDLE
    sentence: str = ""
    sentence_tone: Tone | None = None
    facts: tuple[Fact, ...] = ()
    events: tuple[Event, ...] = ()
    events_title: str = "What happened"
    offers: tuple[Offer, ...] = ()


class SidePanel(QFrame):
    """Shows a ``Panel``, then the sections that a page added, and the offers below all.

    ``home`` gets the keyboard when the button that had it is gone.

    Signals:
        asked: The name of the action whose button was pressed.
    """

    asked = Signal(str)

    def __init__(self, actions: Sequence[Action], nothing: str) -> None:
        super().__init__()
        self.panel: Panel | None = None
        self.home: QWidget | None = None
        self._actions = {action.name: action for action in actions}
        self._nothing = Words(nothing, icon="cursor")
        self.setProperty("card", "true")
        self.setAccessibleName("Details")
        self.setMinimumWidth(NARROWEST)
        self._notice = Notice()
        self._content = QWidget()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(1, 1, 1, 1)
        outer.addWidget(self._notice)
        outer.addWidget(self._content)
        self._build()
        self.show_nothing()

    def _build(self) -> None:
        self.title = selectable(label(part="name", wrap=True))
        self.subtitle = selectable(label(part="soft", wrap=True))
        self.amount = selectable(label(part="amount"))
        self.state = Badge()
        # What it comes to and how it stands are read in one glance, and the line is saved below.
        self._stand = QWidget()
        flow = FlowLayout(self._stand, spacing=12)
        flow.addWidget(self.amount)
        flow.addWidget(self.state)
        self.sentence = selectable(label(wrap=True))
        self._facts = QWidget()
        self._facts_grid = QGridLayout(self._facts)
        self._facts_grid.setContentsMargins(0, 0, 0, 0)
        self._facts_grid.setHorizontalSpacing(12)
        self._facts_grid.setVerticalSpacing(6)
        self._facts_grid.setColumnStretch(1, 1)
        self._events_title = label(part="heading")
        self._events = QWidget()
        self._events_grid = QGridLayout(self._events)
        self._events_grid.setContentsMargins(0, 0, 0, 0)
        self._events_grid.setHorizontalSpacing(8)
        self._events_grid.setVerticalSpacing(6)
        self._events_grid.setColumnStretch(1, 1)
        inside = QWidget()
        inside.setProperty("clear", "true")
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(16, 16, 16, 12)
        self._column.setSpacing(8)
        parts: tuple[QWidget, ...] = (
            *(self.title, self.subtitle, self._stand, self.sentence),
            *(self._facts, self._events_title, self._events),
        )
        for part in parts:
            self._column.addWidget(part)
        self._column.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(inside)
        self._foot = QWidget()
        self._foot_column = QVBoxLayout(self._foot)
        self._foot_column.setContentsMargins(16, 12, 16, 16)
        self._foot_column.setSpacing(8)
        self._rule = rule()
        column = QVBoxLayout(self._content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.area, 1)
        column.addWidget(self._rule)
        column.addWidget(self._foot)

    def add_section(self, title: str, widget: QWidget) -> None:
        """Put a widget of the page's own below the timeline; hidden with the panel's rows."""
        section = QWidget()
        column = QVBoxLayout(section)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(6)
        if title:
            column.addWidget(label(title, "heading"))
        column.addWidget(widget)
        self._column.insertWidget(self._column.count() - 1, section)

    def show_section(self, widget: QWidget, is_shown: bool) -> None:
        """Show or hide what ``add_section`` put here, with its title."""
        section = widget.parentWidget()
        assert section is not None
        section.setVisible(is_shown)

    def show_nothing(self, sentence: str = "") -> None:
        """No row is selected, or several are: ``sentence`` says so, else the usual one."""
        self.panel = None
        words = Words(sentence, icon=self._nothing.icon) if sentence else self._nothing
        self._notice.say(words)
        self._notice.show()
        self._hide_content()

    def show_blank(self) -> None:
        """There are no rows that could be selected."""
        self.panel = None
        self._notice.hide()
        self._hide_content()

    def _hide_content(self) -> None:
        focused = self._content.focusWidget()
        if focused is not None and focused.hasFocus() and self.home is not None:
            self.home.setFocus()
        self._content.hide()

    def show_panel(self, panel: Panel) -> None:
        """Show a row. Equal panels change nothing, so a reload does not flicker."""
        if panel == self.panel:
            return
        is_other = self.panel is None or panel.title != self.panel.title
        self.panel = panel
        self.setUpdatesEnabled(False)
        for part, text in (
            (self.title, panel.title),
            (self.subtitle, panel.subtitle),
            (self.amount, panel.amount),
            (self.sentence, panel.sentence),
        ):
            part.setText(text)
            part.setVisible(bool(text))
        self.state.show_state(panel.state, panel.state_tone)
        self.state.setVisible(bool(panel.state))
        self._stand.setVisible(bool(panel.amount or panel.state))
        set_tone(self.sentence, panel.sentence_tone)
        self._show_facts(panel.facts)
        self._show_events(panel)
        self._show_offers(panel.offers)
        self._notice.hide()
        self._content.show()
        if is_other:
            self.area.verticalScrollBar().setValue(0)
        self.setUpdatesEnabled(True)

    def offer_button(self, action: str) -> QWidget | None:
        """The button of an offered action, for who must bring the keyboard to it."""
        return self._foot.findChild(QWidget, f"offer {action}")

    def _show_facts(self, facts: tuple[Fact, ...]) -> None:
        clear(self._facts_grid)
        for row, fact in enumerate(facts):
            longest = max((len(word) for word in fact.text.split()), default=0)
            text = selectable(label(fact.text, wrap=True))
            text.setToolTip(fact.tooltip or (fact.text if longest > _LONG_WORD else ""))
            set_tone(text, fact.tone)
            self._facts_grid.addWidget(label(fact.name, "soft"), 2 * row, 0, _TOP)
            if longest > _LONG_WORD:
                # A reference has no spaces to break at, so it gets the whole width.
                text.setMinimumWidth(1)
                self._facts_grid.addWidget(text, 2 * row + 1, 0, 1, 2)
            else:
                self._facts_grid.addWidget(text, 2 * row, 1, _TOP)
        self._facts.setVisible(bool(facts))

    def _show_events(self, panel: Panel) -> None:
        clear(self._events_grid)
        self._events_grid.setColumnMinimumWidth(0, _WHEN_WIDTH)
        for row, event in enumerate(panel.events):
            text = label(event.text, wrap=True)
            set_tone(text, event.tone)
            when = label(event.when, "soft")
            when.setToolTip(event.tooltip)
            self._events_grid.addWidget(when, row, 0, _TOP)
            self._events_grid.addWidget(text, row, 1, _TOP)
        self._events_title.setText(panel.events_title)
        for part in (self._events_title, self._events):
            part.setVisible(bool(panel.events))

    def _show_offers(self, offers: tuple[Offer, ...]) -> None:
        focused = self.focusWidget()
        name = focused.objectName() if focused is not None and focused.hasFocus() else ""
        clear(self._foot_column)
        known = [offer for offer in offers if offer.action in self._actions]
        for offer in known:
            if offer.reason:
                plain = self._actions[offer.action].plain
                self._foot_column.addWidget(
                    label(f"{plain} is not possible: {offer.reason}", "hint", wrap=True)
                )
        possible = [offer for offer in known if not offer.reason]
        buttons = QWidget()
        flow = _Buttons(buttons, has_primary=any(offer.is_primary for offer in possible))
        for offer in sorted(possible, key=lambda offer: offer.is_primary):
            flow.addWidget(self._offer_button(offer))
        self._foot_column.addWidget(buttons)
        self._foot.setVisible(bool(known))
        self._rule.setVisible(bool(known))
        # What was pressed is made anew; who came with the keyboard stays on it. Without a
        # widget that has the keyboard no shortcut would work any more.
        if name:
            again = self.findChild(QWidget, name) or self.home
            if again is not None:
                again.setFocus()

    def _offer_button(self, offer: Offer) -> QWidget:
        action = self._actions[offer.action]
        made = button(
            offer.text or action.text,
            kind="primary" if offer.is_primary else "",
            tooltip=with_shortcut(action.plain, action.shortcut),
        )
        made.setObjectName(f"offer {offer.action}")
        made.clicked.connect(asking(self.asked.emit, offer.action))
        return made


class _Buttons(FlowLayout):
    """Buttons in lines; the last one, where it is the primary, stands at the lower right."""

    def __init__(self, parent: QWidget, *, has_primary: bool) -> None:
        super().__init__(parent)
        self._has_primary = has_primary

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        last = self.itemAt(self.count() - 1)
        if self._has_primary and last is not None:
            box = last.geometry()
            last.setGeometry(box.translated(rect.right() - box.right(), 0))


_TOP: Final = Qt.AlignmentFlag.AlignTop
