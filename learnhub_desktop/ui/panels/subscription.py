"""What the side panel shows of one subscription: how it stands, its bills, what it opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, tzinfo
from functools import partial
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from learnhub_desktop.domain import money
from learnhub_desktop.domain.progress import say_percent
from learnhub_desktop.domain.subscriptions import (
    BillRow,
    OpenedCourse,
    Standing,
    SubscriptionDetail,
    SubscriptionRow,
)
from learnhub_desktop.models import formats
from learnhub_desktop.models.columns import LEFT, RIGHT
from learnhub_desktop.models.payments import method_name
from learnhub_desktop.models.subscriptions import (
    STANDING_TONES,
    STANDING_WORDS,
    bill_state,
)
from learnhub_desktop.ui.dialogs.money import line
from learnhub_desktop.ui.widgets.parts import (
    Badge,
    ElidedButton,
    asking,
    button,
    clear,
    label,
    two_columns,
)
from learnhub_desktop.ui.widgets.side_panel import Fact, Offer, Panel, moment_fact

_FIRST_BILLS: Final = 5
_FIRST_COURSES: Final = 6


def subscription_outline(row: SubscriptionRow) -> Panel:
    """What the row itself tells, until the rest is read."""
    return Panel(
        title=f"Subscription {row.subscription_id}",
        subtitle=f"{line(row.student_name, row.plan_title)}\n{row.student_email}",
        amount=money.text(row.price, row.currency),
        state=STANDING_WORDS[row.standing],
        state_tone=STANDING_TONES[row.standing],
    )


def subscription_panel(detail: SubscriptionDetail, *, now: datetime, zone: tzinfo) -> Panel:
    return replace(
        subscription_outline(detail.row),
        sentence=detail.says,
        facts=_facts(detail, now, zone),
        offers=offers(detail),
    )


def _facts(detail: SubscriptionDetail, now: datetime, zone: tzinfo) -> tuple[Fact, ...]:
    row, today = detail.row, now.astimezone(zone).date()

    def day(name: str, on: date | None) -> Fact:
        return Fact(
            name,
            "" if on is None else formats.day(on, today=today),
            tooltip="" if on is None else formats.long_day(on),
        )

    at = partial(moment_fact, now=now, zone=zone)
    began = row.standing is not Standing.NEVER_PAID
    following = detail.next_plan
    changes = following is not None and following.plan_type != row.plan_type
    charged = ("" if detail.method is None else method_name(detail.method), detail.gateway)
    method = ", ".join(part for part in charged if part)
    found = (
        day("Paid until", row.current_period_end if began else None),
        Fact("Then", following.title if following is not None and changes else ""),
        at("Next try", row.next_retry_at if row.is_running else None),
        at("Past due since", detail.past_due_since if row.is_running else None),
        Fact("Method", method if detail.has_card else "no card"),
        at("Ended", detail.cancelled_at),
        Fact("Reason", detail.cancel_reason or ""),
        day("Since", row.start_date),
    )
    return tuple(fact for fact in found if fact.text)


# What can be done


def offers(detail: SubscriptionDetail) -> tuple[Offer, ...]:
    """What makes sense now, the likely one primary; why not where one might expect it."""
    row = detail.row
    found = [Offer("subscription_student", text="Student")]
    if row.open_charge_id is not None:
        found.append(Offer("subscription_ask", is_primary=True))
    if not row.is_running:
        return tuple(found)
    is_waiting = row.open_charge_id is not None
    # A card that was declined is what keeps it from being paid.
    is_stuck = row.standing is Standing.PAST_DUE and not detail.is_due
    found.append(Offer("change_plan", text="Plan…"))
    found.append(Offer("change_card", text="" if is_stuck else "Card…", is_primary=is_stuck))
    found.append(Offer("cancel_subscription"))
    if detail.is_over:
        found.append(Offer("subscription_open", refusal("subscription_open", detail)))
    elif row.cancel_at_period_end:
        found.append(Offer("resume_subscription", is_primary=not is_waiting))
    else:
        found.append(Offer("subscription_open", is_primary=not is_waiting))
    if not refusal("bill_now", detail):
        found.append(Offer("bill_now", is_primary=True))
    return tuple(found)


def refusal(name: str, detail: SubscriptionDetail) -> str:
    """Why the action is not possible on this subscription; empty where it is."""
    row = detail.row
    match name:
        case "subscription_student" | "subscription_payments":
            return ""
        case "subscription_ask":
            return "" if row.open_charge_id is not None else "its last charge is settled."
        case _ if not row.is_running:
            return "this subscription is not running any more."
        case "resume_subscription" if not row.cancel_at_period_end:
            return "it goes on by itself; nothing was cancelled."
        case "resume_subscription" if detail.is_over:
            return "its period has ended."
        case "subscription_open" if detail.is_over:
            return "what was paid has ended."
        case "bill_now":
            return _why_no_bill(detail)
        case "change_plan" if row.cancel_at_period_end:
            return "it ends with its period. Resume it first."
    return ""


def _why_no_bill(detail: SubscriptionDetail) -> str:
    row = detail.row
    if row.open_charge_id is not None:
        return f"payment {row.open_charge_id} is not settled yet. Ask about it first."
    if row.cancel_at_period_end:
        return "it ends with its period, and is not billed again."
    if not detail.has_card:
        return "it names no card that could be charged."
    if detail.is_due:
        return ""
    if row.next_retry_at is not None and detail.is_over:
        return "it is tried again by its schedule. Give it another card to try at once."
    return "its next period has not begun."


class BillList(QWidget):
    """A subscription's periods, the latest first: days, amount, state, and the way to its payment.

    Signals:
        asked: The number of the payment that a person wants to see.
    """

    asked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._grid = two_columns()
        self._more = button("", kind="link")
        _stack(self, self._grid, self._more)
        self._bills: tuple[BillRow, ...] = ()
        self._shows_all = False
        self._more.clicked.connect(self._on_more)

    def show_bills(self, bills: tuple[BillRow, ...], *, is_other: bool = True) -> None:
        """``is_other``: of another subscription than before, so the list is short again."""
        if bills == self._bills and not is_other:
            return
        self._bills = bills
        self._shows_all = self._shows_all and not is_other
        self._fill()

    def _on_more(self) -> None:
        self._shows_all = True
        self._fill()

    def _fill(self) -> None:
        shown = self._bills if self._shows_all else self._bills[:_FIRST_BILLS]
        clear(self._grid)
        for place, bill in enumerate(shown):
            self._add(2 * place, bill)
        self._more.setText(f"Show all {len(self._bills):,} periods")
        self._more.setVisible(len(shown) < len(self._bills))

    def _add(self, place: int, bill: BillRow) -> None:
        grid = self._grid
        period = label(_period(bill))
        grid.addWidget(period, place, 0, LEFT)
        grid.addWidget(label(money.text(bill.amount, bill.currency)), place, 1, RIGHT)
        if bill.payment_id is not None and bill.payment_status is not None:
            link = button(f"Payment {bill.payment_id}", kind="link")
            link.setAccessibleName(f"Payment {bill.payment_id} of {_period(bill)}")
            link.clicked.connect(asking(self.asked.emit, bill.payment_id))
            grid.addWidget(link, place + 1, 0, LEFT)
        else:
            # Its payment left with its closed year, or another program wrote the bill.
            grid.addWidget(label(_archived(bill), "hint"), place + 1, 0, LEFT)
        text, tone = bill_state(bill)
        badge = Badge(text, tone)
        if bill.tries:
            badge.setToolTip(formats.counted(bill.tries, "try", "tries") + " did not succeed")
        grid.addWidget(badge, place + 1, 1, RIGHT)


class OpenedList(QWidget):
    """The courses that a subscription opened.

    Signals:
        asked: The id of the course that a person wants to see.
    """

    asked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._nothing = label("None yet.", "soft")
        self._grid = two_columns()
        self._more = button("", kind="link")
        column = _stack(self, self._grid, self._more)
        column.insertWidget(0, self._nothing)
        self._courses: tuple[OpenedCourse, ...] = ()
        self._more.clicked.connect(self._show_all)

    def show_courses(self, courses: tuple[OpenedCourse, ...]) -> None:
        if courses != self._courses or not courses:
            self._courses = courses
            self._fill(courses[:_FIRST_COURSES])

    def _show_all(self) -> None:
        self._fill(self._courses)

    def _fill(self, shown: Sequence[OpenedCourse]) -> None:
        clear(self._grid)
        self._nothing.setVisible(not shown)
        for place, course in enumerate(shown):
            link = ElidedButton("link")
            link.setText(course.title)
            link.setToolTip(course.title)
            link.setAccessibleName(course.title)
            link.clicked.connect(asking(self.asked.emit, course.course_id))
            done = say_percent(course.progress_percent) if course.is_open else "ended"
            self._grid.addWidget(link, place, 0, LEFT)
            self._grid.addWidget(label(done, "soft"), place, 1, RIGHT)
        self._more.setText(f"Show all {len(self._courses):,} courses")
        self._more.setVisible(len(shown) < len(self._courses))


def _stack(widget: QWidget, grid: QGridLayout, more: QWidget) -> QVBoxLayout:
    column = QVBoxLayout(widget)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    column.addLayout(grid)
    column.addWidget(more, 0, Qt.AlignmentFlag.AlignLeft)
    more.hide()
    return column


def _period(bill: BillRow) -> str:
    """``10 Mar–10 Apr 2026``; other programs may leave the days out."""
    if bill.period_start is None or bill.period_end is None:
        return "A period"
    return formats.days(bill.period_start, bill.period_end)


def _archived(bill: BillRow) -> str:
    return "" if bill.payment_id is None else f"Payment {bill.payment_id}, archived"
