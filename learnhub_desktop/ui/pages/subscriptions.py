"""Subscriptions: who pays for which plan, until when, and what it opened."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, ClassVar, Final

from learnhub_desktop.domain import money
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.changes import Touched
from learnhub_desktop.domain.lists import Filter, ListQuery, Sort
from learnhub_desktop.domain.states import SubscriptionStatus, say
from learnhub_desktop.domain.subscriptions import SubscriptionDetail, SubscriptionRow
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.models.columns import Column
from learnhub_desktop.models.subscriptions import SUBSCRIPTION_COLUMNS
from learnhub_desktop.services import asking, subscription_reads, subscriptions
from learnhub_desktop.ui.desk import Desk
from learnhub_desktop.ui.dialogs.dialog import ask
from learnhub_desktop.ui.dialogs.open_course import OpenCourseDialog
from learnhub_desktop.ui.dialogs.sign_up import SignUpDialog
from learnhub_desktop.ui.dialogs.subscription import (
    BillNowDialog,
    CancelSubscriptionDialog,
    ChangeCardDialog,
    ChangePlanDialog,
)
from learnhub_desktop.ui.pages.list_page import ListPage
from learnhub_desktop.ui.panels import subscription as panels
from learnhub_desktop.ui.shortcuts import Action
from learnhub_desktop.ui.widgets.filters import ChoiceFilter, DayFilter, FilterKind, NamedFilter
from learnhub_desktop.ui.widgets.notices import Words
from learnhub_desktop.ui.widgets.side_panel import Panel

SUBSCRIPTION_FILTERS: Final[tuple[FilterKind, ...]] = (
    ChoiceFilter("status", "Status", tuple((str(each), say(each)) for each in SubscriptionStatus)),
    # Filled with the school's own plans.
    ChoiceFilter("plan", "Plan", ()),
    ChoiceFilter(
        "attention",
        "Needs attention",
        (
            ("due", "due now"),
            ("past_due", "past due"),
            ("unsettled", "charge not settled"),
            ("ending", "ends with its period"),
            ("never_paid", "never paid"),
        ),
    ),
    DayFilter("bills_on", "Next bill"),
    DayFilter("paid_until", "Paid until"),
    NamedFilter("student", "Student"),
)


def _action(name: str, text: str, shortcut: str, icon: str, right: Right) -> Action:
    return Action(name, text, shortcut, page="subscriptions", icon=icon, right=right)


_NEW: Final = Action(
    "subscription_new",
    "Sign up…",
    "Ctrl+N",
    page="subscriptions",
    icon="plus",
    right=Right.TAKE_PAYMENT,
    in_head=True,
    is_primary=True,
)


class SubscriptionsPage(ListPage[SubscriptionRow]):
    key: ClassVar[str] = "subscriptions"
    title: ClassVar[str] = "Subscriptions"
    menu_title: ClassVar[str] = "Subscription"
    icon: ClassVar[str] = "repeat"
    right: ClassVar[Right | None] = Right.VIEW_PAYMENTS
    # Its charges, the courses that it opened and its student's name stand here too.
    touched: ClassVar[Touched] = (
        Touched.SUBSCRIPTIONS | Touched.PAYMENTS | Touched.STUDENTS | Touched.ENROLMENTS
    )
    source: ClassVar[str] = "subscriptions"
    noun: ClassVar[tuple[str, str]] = ("subscription", "subscriptions")
    columns: ClassVar[Sequence[Column[Any]]] = SUBSCRIPTION_COLUMNS
    filters: ClassVar[Sequence[FilterKind]] = SUBSCRIPTION_FILTERS
    sort: ClassVar[Sort] = Sort("created", descending=True)
    search_hint: ClassVar[str] = "Search: name, e-mail, number, status:past_due"
    empty: ClassVar[Words] = Words(
        "No subscriptions yet. Sign the first student up for a plan.", "Sign up", "repeat"
    )
    empty_action: ClassVar[str] = "subscription_new"
    action_table: ClassVar[tuple[Action, ...]] = (
        _NEW,
        _action("subscription_open", "Open a course…", "Ctrl+B", "book-open", Right.ENROL),
        _action("bill_now", "Bill now…", "Ctrl+Shift+B", "money", Right.RUN_JOBS),
        _action("subscription_ask", "Ask now", "Ctrl+G", "question", Right.VIEW_PAYMENTS),
        _action("change_plan", "Change plan…", "F2", "pencil-simple", Right.TAKE_PAYMENT),
        _action("change_card", "Change card…", "Ctrl+D", "credit-card", Right.TAKE_PAYMENT),
        _action("cancel_subscription", "Cancel…", "Ctrl+Shift+C", "x-circle", Right.TAKE_PAYMENT),
        _action(
            *("resume_subscription", "Resume", "Ctrl+R", "arrow-clockwise"), Right.TAKE_PAYMENT
        ),
        _action("subscription_student", "Show student", "Ctrl+U", "student", Right.VIEW_STUDENTS),
        _action(
            *("subscription_payments", "Show payments", "Ctrl+P", "receipt"), Right.VIEW_PAYMENTS
        ),
    )

    def __init__(self, desk: Desk, gateways: Gateways) -> None:
        super().__init__(desk)
        self.gateways = gateways
        self._detail: SubscriptionDetail | None = None
        self.bills = panels.BillList()
        self.courses = panels.OpenedList()
        self.side.add_section("Periods", self.bills)
        self.side.add_section("Courses opened", self.courses)
        self.bills.asked.connect(self._show_payment)
        self.courses.asked.connect(self._show_course)
        self.list.query_changed.connect(self._show_retries)
        self.on("subscription_new", self._start_new)
        for name, work in self._works().items():
            self.on(name, partial(self._begin, name, work))

    def _works(self) -> dict[str, Callable[[SubscriptionDetail], Awaitable[None]]]:
        return {
            "subscription_open": self._open_course,
            "bill_now": self._bill_now,
            "subscription_ask": self._ask_gateway,
            "change_plan": self._change_plan,
            "change_card": self._change_card,
            "cancel_subscription": self._cancel,
            "resume_subscription": self._resume,
            "subscription_student": self._show_student,
            "subscription_payments": self._show_payments,
        }

    # What the list page asks

    def row_id(self, row: SubscriptionRow) -> int:
        return row.subscription_id

    def outline(self, row: SubscriptionRow) -> Panel:
        self._show_sections(None)
        return panels.subscription_outline(row)

    async def detail(self, row: SubscriptionRow) -> Panel:
        before = self._detail
        detail = await self.desk.bridge.read(
            subscription_reads.get_subscription, row.subscription_id
        )
        self._detail = detail
        is_other = before is None or self.row_id(before.row) != row.subscription_id
        self._show_sections(detail, is_other=is_other)
        return panels.subscription_panel(detail, now=self.desk.clock(), zone=self.desk.zone)

    def summary(self, rows: Sequence[SubscriptionRow]) -> str:
        """What those that run bring in a period, a currency apart."""
        return money.totals((row.price, row.currency) for row in rows if row.is_running)

    def refusal(self, name: str) -> str:
        if name == "subscription_new":
            return "" if self.gateways.online else "this school has no gateway for cards."
        row = self.current()
        if row is None:
            return "select one subscription first."
        detail = self._detail
        if detail is None or detail.row.subscription_id != row.subscription_id:
            return ""  # Not read yet: the action reads it, and asks again.
        return panels.refusal(name, detail)

    def entered(self) -> None:
        super().entered()
        self.tasks.start("plans", self._read_plans)

    async def _read_plans(self) -> None:
        plans = await self.desk.bridge.read(subscription_reads.list_plans)
        self.chips.set_kind(
            ChoiceFilter("plan", "Plan", tuple((each.plan_type, each.title) for each in plans))
        )

    def _show_sections(self, detail: SubscriptionDetail | None, *, is_other: bool = True) -> None:
        if detail is not None:
            self.bills.show_bills(detail.bills, is_other=is_other)
            self.courses.show_courses(detail.courses)
        has_courses = detail is not None and (detail.row.is_running or detail.courses != ())
        self.side.show_section(self.bills, detail is not None and bool(detail.bills))
        self.side.show_section(self.courses, has_courses)

    def _show_retries(self, query: ListQuery) -> None:
        """Where those past due are looked for, the next try is what one wants to see."""
        wanted = {*query.values("attention"), *query.values("status")}
        self.table.head.set_shown("retry", "past_due" in wanted)

    # Actions

    def _begin(self, name: str, work: Callable[[SubscriptionDetail], Awaitable[None]]) -> None:
        row = self.current()
        # A second press while the first is still at it would only cancel its waiting.
        if row is not None and not self.tasks.is_running(f"{name} {row.subscription_id}"):
            self.tasks.start(f"{name} {row.subscription_id}", self._do, name, row, work)

    async def _do(
        self,
        name: str,
        row: SubscriptionRow,
        work: Callable[[SubscriptionDetail], Awaitable[None]],
    ) -> None:
        """Look again before acting: the screen may be older than the last change."""
        detail = await self.desk.bridge.read(
            subscription_reads.get_subscription, row.subscription_id
        )
        if reason := panels.refusal(name, detail):
            self.desk.messages.warn(f"{self._table[name].plain} is not possible: {reason}")
            self.refresh_panel()
            return
        await work(detail)

    def _start_new(self) -> None:
        if not self.tasks.is_running("new"):
            self.tasks.start("new", self._sign_up)

    async def _sign_up(self) -> None:
        await ask(SignUpDialog(self.desk.bridge, self.gateways, self))

    async def _open_course(self, detail: SubscriptionDetail) -> None:
        await ask(OpenCourseDialog(detail, self.desk.actor, self.desk.bridge, self))

    async def _bill_now(self, detail: SubscriptionDetail) -> None:
        await ask(BillNowDialog(detail, self.gateways, self.desk.bridge, self))

    async def _ask_gateway(self, detail: SubscriptionDetail) -> None:
        payment_id = detail.row.open_charge_id
        assert payment_id is not None
        self.desk.messages.note(f"Asking the gateway about payment {payment_id}…")
        await self.desk.bridge.run(asking.ask_now, payment_id, gateways=self.gateways)

    async def _change_plan(self, detail: SubscriptionDetail) -> None:
        plans = await self.desk.bridge.read(subscription_reads.list_plans)
        await ask(ChangePlanDialog(detail, plans, self.desk.bridge, self))

    async def _change_card(self, detail: SubscriptionDetail) -> None:
        await ask(ChangeCardDialog(detail, self.gateways, self.desk.bridge, self))

    async def _cancel(self, detail: SubscriptionDetail) -> None:
        await ask(CancelSubscriptionDialog(detail, self.desk.bridge, self))

    async def _resume(self, detail: SubscriptionDetail) -> None:
        await self.desk.bridge.write(subscriptions.resume, detail.row.subscription_id)

    async def _show_student(self, detail: SubscriptionDetail) -> None:
        self.desk.go("students", select=detail.row.student_id)

    async def _show_payments(self, detail: SubscriptionDetail) -> None:
        student = Filter("student", (str(detail.row.student_id),))
        self.desk.go("payments", filters=(student,))

    def _show_payment(self, payment_id: int) -> None:
        self.desk.go("payments", select=payment_id)

    def _show_course(self, course_id: int) -> None:
        self.desk.go("catalog", select=course_id)
