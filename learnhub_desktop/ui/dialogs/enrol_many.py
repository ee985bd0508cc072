"""Enrolling a pasted list by hand: who is meant, how far it is, and one result a line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import partial
from threading import Event
from typing import Final

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.domain.actors import Actor, Right
from learnhub_desktop.domain.catalog import CourseDetail, count_of
from learnhub_desktop.domain.enrolments import EnrolManyReport
from learnhub_desktop.domain.text import check_text
from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.exchange.pasted import read_pasted
from learnhub_desktop.models.columns import Column, Kind, Tone
from learnhub_desktop.models.window_model import WindowModel
from learnhub_desktop.services import enrolments, listed_students
from learnhub_desktop.services.enrolments import ListedStudent
from learnhub_desktop.services.listed_students import ListedPerson
from learnhub_desktop.services.purchase_checks import REASON_LENGTH, listed
from learnhub_desktop.ui.copying import as_table
from learnhub_desktop.ui.dialogs.dialog import FormDialog
from learnhub_desktop.ui.tasks import Failure
from learnhub_desktop.ui.widgets.bar import Bar
from learnhub_desktop.ui.widgets.fields import CheckField, NoteField, TextField
from learnhub_desktop.ui.widgets.parts import label
from learnhub_desktop.ui.widgets.table import TableView

MOST_LINES: Final = 2_000
_WIDTH: Final = 720
_TABLE_HEIGHT: Final = 240
_PAUSE_MS: Final = 250
_TICK_MS: Final = 100
_LONGEST: Final = 200_000
_check_reason: Final = partial(
    check_text, field="reason", label="The reason", longest=REASON_LENGTH
)


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One person of the list and what became of it; ``done`` None: not tried yet.

    ``number`` tells rows apart: several people may stand in one line.
    """

    number: int
    line: int
    text: str
    done: bool | None
    message: str

    @property
    def state(self) -> str:
        if self.done is None:
            return "ready"
        return "enrolled" if self.done else "not enrolled"


_TONES: Final = {None: Tone.INFO, True: Tone.GOOD, False: Tone.WARN}
_COLUMNS: Final[tuple[Column[ResultRow], ...]] = (
    Column(key="line", title="Line", value=lambda row: row.line, kind=Kind.NUMBER, width=60),
    Column(key="who", title="Who", value=lambda row: row.text, width=190, grow=1),
    Column(
        key="state",
        title="State",
        value=lambda row: row.state,
        kind=Kind.BADGE,
        tone=lambda row: _TONES[row.done],
        width=118,
    ),
    Column(key="result", title="Result", value=lambda row: row.message, width=300, grow=3),
)


class EnrolManyDialog(FormDialog):
    """Enrols each student of a list for itself; its result is an ``EnrolManyReport``.

    What is refused for one stops no other. It stays open with the results, and what was
    begun can be stopped between two lines.
    """

    def __init__(
        self,
        bridge: Bridge,
        actor: Actor,
        parent: QWidget,
        *,
        detail: CourseDetail,
        clock: Callable[[], datetime],
        zone: tzinfo,
    ) -> None:
        super().__init__("Enrol a list", "Enrol", parent)
        self.setMinimumWidth(_WIDTH)
        self.enter_acts = False
        self._bridge = bridge
        self._detail = detail
        self._people: tuple[ListedPerson, ...] = ()
        self._report: EnrolManyReport | None = None
        self._done = 0
        self._stop = Event()
        self._build(actor, clock, zone)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._tick = QTimer(self, interval=_TICK_MS)
        self.acts(self._enrol)
        self._pause.timeout.connect(self._read_list)
        self._tick.timeout.connect(self._show_progress)
        self.pasted.edited.connect(self._on_list_edited)
        self._tell_consequence()

    def _build(self, actor: Actor, clock: Callable[[], datetime], zone: tzinfo) -> None:
        detail = self._detail
        self.pasted = NoteField(
            "list",
            "Students",
            longest=_LONGEST,
            check=_check_list,
            lines=6,
            placeholder="ada@example.org\nAda Example\nExample, Ada <ada@example.org>",
            hint="Paste e-mail addresses or names, one a line, from anywhere.",
        )
        self.table = TableView(
            WindowModel(_COLUMNS, lambda row: row.number, clock=clock, zone=zone, parent=self),
            "Result of each line",
        )
        self.table.setFixedHeight(_TABLE_HEIGHT)
        self.table.copy_asked.connect(self._copy)
        self.table.selection_moved.connect(self._show_whole)
        self.whole = label(part="hint", wrap=True)
        self.whole.hide()
        self.bar = Bar()
        self.bar.hide()
        self.reason = TextField(
            "reason",
            "Reason for no payment",
            check=_check_reason,
            placeholder="Paid by the employer’s contract",
        )
        self.override = CheckField("override", "")
        needed = listed(tuple(name.title for name in detail.prerequisites))
        self.override.box.setText(f"Also those who have not completed {needed}".replace("&", "&&"))
        may_override = bool(detail.prerequisites) and actor.may(Right.OVERRIDE_PREREQUISITES)
        self.add_widget(label(detail.course.title, "soft", wrap=True))
        self.add(self.pasted)
        self.add_widget(self.table)
        self.add_widget(self.whole)
        self.add_widget(self.bar)
        self.add(self.reason)
        self.add(self.override)
        self.override.setVisible(may_override)
        self.table.hide()

    # The list

    @property
    def is_looking(self) -> bool:
        """Whether it is still found out who is meant."""
        return self._pause.isActive() or self._tasks.is_running("look")

    def _on_list_edited(self) -> None:
        self._people = ()
        self._pause.start()
        self._tell_consequence()

    def _read_list(self) -> None:
        self._tasks.start("look", self._look, self.pasted.note.toPlainText())

    async def _look(self, text: str) -> None:
        entries = read_pasted(text)
        if len(entries) > MOST_LINES:
            self.pasted.refuse(
                f"These are {len(entries):,} lines; at most {MOST_LINES:,} go at once."
            )
            return
        self._people = await self._bridge.read(listed_students.find_listed, entries)
        self._show_people()

    def _show_people(self) -> None:
        rows = [
            ResultRow(
                number, person.line, person.text, False if person.problem else None, person.problem
            )
            for number, person in enumerate(self._people)
        ]
        self._show_rows(rows)
        self._tell_consequence()
        self.fit()

    def _show_rows(self, rows: Sequence[ResultRow]) -> None:
        self.table.setVisible(bool(rows))
        self.table.set_short_rows(rows)

    def _show_whole(self) -> None:
        """A sentence that the table cuts off stands below it in full."""
        number = self.table.current_number()
        row = None if number is None else self.table.rows.row(number)
        self.whole.setText("" if row is None else row.message)
        self.whole.setVisible(bool(self.whole.text()))

    def _ready(self) -> list[ListedStudent]:
        return [ListedStudent(p.line, p.email) for p in self._people if p.email]

    def _tell_consequence(self) -> None:
        count = len(self._ready())
        self.primary_button.setEnabled(count > 0 and self._report is None)
        self.primary_button.setText(f"Enrol {count_of(count, 'student')}" if count else "Enrol")
        if count:
            self.consequence.tell(self._what_happens(count), tone="info")
        else:
            self.consequence.tell("")

    def _what_happens(self, count: int) -> str:
        course = self._detail.course
        said = (
            f"{count_of(count, 'student gets', 'students get')} the course, and nothing is charged."
        )
        left = len(self._people) - count
        if left:
            said += f" {count_of(left, 'line')} cannot be used."
        if course.max_students is not None:
            free = max(0, course.max_students - course.seats_taken)
            first = f", which go to the first {free:,}" if 0 < free < count else ""
            said += f" {count_of(free, 'seat is', 'seats are')} free{first}."
        return said

    # The act

    async def _enrol(self) -> EnrolManyReport:
        self._done = 0
        self._stop.clear()
        self.pasted.hide()
        self.bar.show()
        self._tick.start()
        try:
            return await self._bridge.run(
                enrolments.enrol_many,
                self._ready(),
                course_id=self._detail.course.course_id,
                reason=self.reason.value(),
                override_prerequisites=not self.override.isHidden() and self.override.value(),
                progress=self._note_progress,
                is_cancelled=self._stop.is_set,
            )
        finally:
            self._tick.stop()

    def _note_progress(self, done: int) -> None:
        """Called on a worker thread: only a number is left there, for the timer to show."""
        self._done = done

    def _show_progress(self) -> None:
        count = len(self._ready())
        self.bar.show_percent(100 * self._done / max(1, count))
        if self._stop.is_set():
            self.consequence.tell("Stopping after this line…", tone="idle")
        else:
            self.consequence.tell(f"{self._done:,} of {count:,} lines are done.", tone="idle")

    async def _run(self) -> None:
        """As any dialog acts, but the results stay in view until they are read."""
        assert self._act is not None
        try:
            self._report = await self._act()
        finally:
            self._set_busy(False)
        self.result_value = self._report
        self._show_report(self._report)
        self.done_with.emit(self._report)

    def _show_report(self, report: EnrolManyReport) -> None:
        told = iter(report.lines)
        rows = []
        for number, person in enumerate(self._people):
            line = next(told, None) if person.email else None
            done, message = (line.done, line.message) if line else (False, person.problem)
            rows.append(ResultRow(number, person.line, person.text, done, message))
        self._show_rows(rows)
        for part in (self.reason, self.override, self.bar):
            part.hide()
        refused = len(rows) - report.done_count
        said = f"Enrolled {count_of(report.done_count, 'student')}."
        if refused:
            said += f" {count_of(refused, 'line')} {'was' if refused == 1 else 'were'} not: each "
            said += "says why. Ctrl+C copies the lines that are selected."
        self.consequence.tell(said, tone="warn" if refused else "good")
        self.primary_button.hide()
        self.cancel_button.setText("Close")
        self.fit()
        # The keyboard walks through the results; Esc closes.
        self.table.setFocus()

    def _set_busy(self, busy: bool) -> None:
        super()._set_busy(busy)
        self.cancel_button.setText("Stop" if busy else "Cancel")
        if not busy:
            self._tell_consequence()

    def _on_failure(self, failure: Failure) -> None:
        self.pasted.show()
        self.bar.hide()
        super()._on_failure(failure)

    def reject(self) -> None:
        """Stop what runs; only then close."""
        if self.is_busy:
            self._stop.set()
            self._show_progress()
        elif self._report is not None:
            self.accept()
        else:
            super().reject()

    def _copy(self) -> None:
        """Put the selected lines on the clipboard, or all of them."""
        model = self.table.rows
        numbers = self.table.selected_numbers(MOST_LINES) or range(model.total)
        rows = [row for row in map(model.row, numbers) if row is not None]
        QGuiApplication.clipboard().setMimeData(as_table(model.columns, rows, model.zone))


def _check_list(text: str) -> str:
    if not text.strip():
        raise InvalidInput("list", "Paste at least one e-mail address or name.")
    return text
