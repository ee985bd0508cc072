"""Flash sales: a lower price for a time and a number of seats, of one course or of many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from decimal import Decimal
from functools import partial
from typing import Final

from PySide6.QtWidgets import QWidget

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.domain import money
from learnhub_desktop.domain.catalog import count_of
from learnhub_desktop.domain.changes import Changes
from learnhub_desktop.domain.moments import end_of_day, say_day
from learnhub_desktop.domain.sales import SaleRow, check_percent, check_seats, reduced
from learnhub_desktop.domain.text import check_text
from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.services import sales
from learnhub_desktop.ui.dialogs.dialog import FormDialog
from learnhub_desktop.ui.widgets.fields import ChoiceField, DateField, NumberField, TextField
from learnhub_desktop.ui.widgets.parts import label

_USUAL_PERCENT: Final = 20
_USUAL_SEATS: Final = 20
_USUAL_DAYS: Final = 7
_check_campaign: Final = partial(
    check_text,
    field="campaign",
    label="The campaign’s name",
    longest=sales.CAMPAIGN_LENGTH,
    required=False,
)


@dataclass(frozen=True, slots=True)
class SaleCourse:
    """A course that may be on sale, at its own price."""

    course_id: int
    title: str
    price: Decimal
    currency: str


class SaleDialog(FormDialog):
    """Starts a sale of the courses that were chosen, or of all that can be bought.

    ``zone`` is the school's: a sale lasts until the end of its last day there.
    """

    def __init__(
        self,
        bridge: Bridge,
        parent: QWidget,
        *,
        courses: Sequence[SaleCourse],
        clock: Callable[[], datetime],
        zone: tzinfo,
    ) -> None:
        super().__init__("Start a sale", "Start the sale", parent)
        self.enter_acts = False
        self._bridge = bridge
        self._courses = tuple(courses)
        self._clock = clock
        self._zone = zone
        today = clock().astimezone(zone).date()
        chosen = f"“{courses[0].title}”" if len(courses) == 1 else count_of(len(courses), "course")
        self.which = ChoiceField(
            "courses",
            "Courses",
            [(False, f"Only {chosen}"), (True, "All active courses that cost something")],
        )
        self.percent = NumberField(
            "percent_off", "Per cent off", lowest=1, highest=99, number=_USUAL_PERCENT
        )
        self.seats = NumberField(
            "max_seats",
            "Seats",
            lowest=1,
            highest=1_000_000,
            number=_USUAL_SEATS,
            hint="So many are sold at this price, of each course.",
        )
        self.first = DateField("start_time", "First day", day=today, earliest=today)
        self.last = DateField(
            "end_time",
            "Last day",
            day=today + timedelta(days=_USUAL_DAYS),
            earliest=today,
            hint="It ends at midnight of that day.",
        )
        self.campaign = TextField(
            "campaign", "Campaign", check=_check_campaign, placeholder="May stay empty"
        )
        for field in (
            self.which, self.percent, self.seats, self.first, self.last, self.campaign,
        ):  # fmt: skip
            self.add(field)
        self.acts(self._start)
        self._tell_consequence()

    def open(self) -> None:
        super().open()
        self.percent.line.setFocus()
        self.percent.line.selectAll()

    def _on_edited(self) -> None:
        super()._on_edited()
        self._tell_consequence()

    def _tell_consequence(self) -> None:
        try:
            percent = check_percent(self.percent.value())
            seats = check_seats(self.seats.value())
            last = say_day(end_of_day(self.last.value(), self._zone), self._zone)
        except InvalidInput:
            self.consequence.tell("")
            return
        self.consequence.tell(
            f"{self._new_price(percent)} for {count_of(seats, 'seat')}, until {last}. What is "
            "paid or held already stays as it is, and a course has one sale at a time.",
            tone="info",
        )

    def _new_price(self, percent: int) -> str:
        if self.which.value():
            return f"Every active course costs {percent} % less"
        if len(self._courses) > 1:
            return f"{count_of(len(self._courses), 'course')} cost {percent} % less"
        course = self._courses[0]
        now = money.text(reduced(course.price, percent), course.currency)
        return (
            f"“{course.title}” costs {now} instead of {money.text(course.price, course.currency)}"
        )

    async def _start(self) -> Changes:
        first, now = self.first.value(), self._clock()
        is_today = first <= now.astimezone(self._zone).date()
        midnight = datetime.combine(first, time(), tzinfo=self._zone).astimezone(UTC)
        ids = None if self.which.value() else [course.course_id for course in self._courses]
        return await self._bridge.write(
            sales.start_sale,
            ids,
            percent_off=self.percent.value(),
            max_seats=self.seats.value(),
            start_time=now if is_today else midnight,
            end_time=end_of_day(self.last.value(), self._zone),
            campaign=self.campaign.value(),
        )


class EndSaleDialog(FormDialog):
    def __init__(self, bridge: Bridge, parent: QWidget, *, sale: SaleRow) -> None:
        super().__init__("End a sale", "End the sale", parent)
        self.cancel_button.setText("Keep it")
        self.enter_acts = False
        self._bridge = bridge
        self._sale_id = sale.sale_id
        self.add_widget(label(sale.course_title, "soft", wrap=True))
        full = money.text(sale.full_price, sale.currency)
        self.consequence.tell(
            f"New students pay {full} again from now on. Holds that were made at the sale’s price "
            f"keep it. {count_of(sale.seats_taken, 'seat')} of {sale.max_seats:,} "
            f"{'was' if sale.seats_taken == 1 else 'were'} sold.",
            tone="warn",
        )
        self.acts(self._end)

    async def _end(self) -> Changes:
        return await self._bridge.write(sales.end_sale, self._sale_id)
