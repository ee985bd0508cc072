"""How many are where in a course: counts that filter the list when they are pressed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from learnhub_desktop.domain.catalog import count_of
from learnhub_desktop.domain.lists import Filter, ListQuery
from learnhub_desktop.domain.progress import CourseProgress
from learnhub_desktop.domain.states import EnrolmentStatus
from learnhub_desktop.models import formats
from learnhub_desktop.ui.widgets.parts import FlowLayout, button, label

# These filters are set by the counts, and by nothing else.
FILTER_NAMES: Final = ("standing", "status")


@dataclass(frozen=True, slots=True)
class _Standing:
    words: str
    filter: Filter
    tooltip: str


_STANDINGS: Final = (
    _Standing(
        "In the course",
        Filter("standing", ("not_started", "in_progress", "finished")),
        "All whose enrolment is open or completed",
    ),
    _Standing("Not started", Filter("standing", ("not_started",)), "No lesson done yet"),
    _Standing("Under way", Filter("standing", ("in_progress",)), "Some lessons done"),
    _Standing("Finished", Filter("standing", ("finished",)), "The course is completed"),
    _Standing(
        "Waiting for payment",
        Filter("status", (EnrolmentStatus.PENDING,)),
        "A seat is held, and the payment is awaited",
    ),
    _Standing(
        "Ended",
        Filter("status", (EnrolmentStatus.REFUNDED, EnrolmentStatus.CANCELLED)),
        "Refunded or cancelled",
    ),
)
EVERYBODY: Final = _STANDINGS[0].filter


class Standings(QWidget):
    """The course's name, what it comes to, and a button a standing.

    Signals:
        asked: The ``Filter`` of the standing that was pressed.
    """

    asked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.title = label("", "name")
        self.facts = label("", "soft")
        line = QHBoxLayout()
        line.setSpacing(12)
        line.addWidget(self.title)
        line.addWidget(self.facts)
        line.addStretch(1)
        self.buttons: list[QPushButton] = []
        self._group = QButtonGroup(self)
        counts = QWidget()
        flow = FlowLayout(counts)
        for place, standing in enumerate(_STANDINGS):
            made = button(standing.words, tooltip=standing.tooltip)
            made.setCheckable(True)
            self._group.addButton(made, place)
            self.buttons.append(made)
            flow.addWidget(made)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(line)
        column.addWidget(counts)
        self._group.idClicked.connect(self._on_clicked)

    def show_query(self, query: ListQuery) -> None:
        """Press the button of the standing that the list shows."""
        shown = {wanted.name: wanted for wanted in query.filters}
        # An exclusive group keeps one pressed, also where the list shows everybody.
        self._group.setExclusive(False)
        for standing, made in zip(_STANDINGS, self.buttons, strict=True):
            made.setChecked(shown.get(standing.filter.name) == standing.filter)
        self._group.setExclusive(True)

    def show_counts(self, counted: CourseProgress, *, now: datetime, zone: tzinfo) -> None:
        numbers = (
            counted.not_started + counted.under_way + counted.completed,
            counted.not_started,
            counted.under_way,
            counted.completed,
            counted.waiting,
            counted.ended,
        )
        for number, standing, made in zip(numbers, _STANDINGS, self.buttons, strict=True):
            made.setText(f"{standing.words}  {number:,}")
            made.setAccessibleName(f"{standing.words}: {number:,}")
        self.title.setText(counted.title)
        self.facts.setText(_facts(counted, now=now, zone=zone))

    def _on_clicked(self, place: int) -> None:
        self.asked.emit(_STANDINGS[place].filter)


def _facts(counted: CourseProgress, *, now: datetime, zone: tzinfo) -> str:
    said = [count_of(counted.lessons, "lesson")]
    if counted.not_started + counted.under_way + counted.completed:
        said.append(f"{formats.percent(counted.average_percent)} done on average")
    if counted.last_activity_at is not None:
        last = formats.moment(counted.last_activity_at, now=now, zone=zone)
        said.append(f"last activity {last}")
    if counted.stale:
        said.append(f"{counted.stale:,} to be counted again")
    return " · ".join(said)
