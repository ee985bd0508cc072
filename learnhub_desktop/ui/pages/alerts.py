"""Fraud alerts: a queue that is worked down by key, the worst and oldest first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, ClassVar, Final

from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.alerts import AlertDetail
from learnhub_desktop.domain.changes import Changes, Touched
from learnhub_desktop.domain.fraud import AlertRow
from learnhub_desktop.domain.lists import Filter, ListQuery, Sort
from learnhub_desktop.domain.states import AlertLevel, AlertStatus, RuleAction, say
from learnhub_desktop.domain.text import NOTE_LENGTH, check_text
from learnhub_desktop.errors import InvalidInput, RuleRefused
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.models.alerts import ALERT_COLUMNS
from learnhub_desktop.models.columns import Column
from learnhub_desktop.services import alerts, payments
from learnhub_desktop.ui.desk import Desk
from learnhub_desktop.ui.dialogs.dialog import ask
from learnhub_desktop.ui.dialogs.enrol import EnrolDialog
from learnhub_desktop.ui.dialogs.verify import ChargeDialog, ReleaseDialog
from learnhub_desktop.ui.lists import ListState
from learnhub_desktop.ui.pages.list_page import ListPage
from learnhub_desktop.ui.panels import alert as panels
from learnhub_desktop.ui.shortcuts import Action
from learnhub_desktop.ui.widgets.fields import NoteField
from learnhub_desktop.ui.widgets.filters import (
    ChoiceFilter,
    DayFilter,
    FilterKind,
    NamedFilter,
    NumberFilter,
)
from learnhub_desktop.ui.widgets.notices import Words
from learnhub_desktop.ui.widgets.side_panel import Panel

_QUEUE: Final = (Filter("status", (str(AlertStatus.PENDING),)),)
_ACTION_WORDS: Final = {
    RuleAction.FLAG: "let through",
    RuleAction.BLOCK: "blocked",
    RuleAction.REQUIRE_VERIFICATION: "held for a decision",
}
ALERT_FILTERS: Final[tuple[FilterKind, ...]] = (
    ChoiceFilter("status", "Status", tuple((str(each), say(each)) for each in AlertStatus)),
    ChoiceFilter("level", "Level", tuple((str(each), say(each)) for each in AlertLevel)),
    ChoiceFilter(
        "action", "Purchase", tuple((str(each), words) for each, words in _ACTION_WORDS.items())
    ),
    DayFilter("created", "When"),
    NumberFilter("score", "Score"),
    NamedFilter("student", "Student"),
    NamedFilter("payment", "Payment"),
)


def _action(name: str, text: str, shortcut: str, icon: str, right: Right) -> Action:
    return Action(name, text, shortcut, page="alerts", icon=icon, right=right)


class AlertsPage(ListPage[AlertRow]):
    key: ClassVar[str] = "alerts"
    title: ClassVar[str] = "Fraud alerts"
    menu_title: ClassVar[str] = "Alert"
    icon: ClassVar[str] = "shield-warning"
    right: ClassVar[Right | None] = Right.VIEW_ALERTS
    touched: ClassVar[Touched] = Touched.ALERTS | Touched.PAYMENTS | Touched.STUDENTS
    source: ClassVar[str] = "alerts"
    noun: ClassVar[tuple[str, str]] = ("alert", "alerts")
    columns: ClassVar[Sequence[Column[Any]]] = ALERT_COLUMNS
    filters: ClassVar[Sequence[FilterKind]] = ALERT_FILTERS
    sort: ClassVar[Sort] = Sort("level", descending=True)
    search_hint: ClassVar[str] = "Search: name, e-mail, course, level:critical, score>50"
    empty: ClassVar[Words] = Words(
        "No alerts. A purchase that the fraud rules notice appears here.", icon="shield-check"
    )
    action_table: ClassVar[tuple[Action, ...]] = (
        _action("confirm_fraud", "Confirm fraud", "F2", "shield-warning", Right.REVIEW_ALERT),
        _action("false_positive", "False positive", "F3", "shield-check", Right.REVIEW_ALERT),
        _action("mark_reviewed", "Reviewed", "F4", "check", Right.REVIEW_ALERT),
        _action("decline_purchase", "Decline", "F6", "x-circle", Right.RELEASE_PAYMENT),
        _action("approve_purchase", "Approve", "F7", "check-circle", Right.RELEASE_PAYMENT),
        _action("release_purchase", "Release…", "Ctrl+L", "lock-open", Right.RELEASE_PAYMENT),
        _action(
            "charge_verified", "Charge now…", "Ctrl+Shift+C", "credit-card", Right.TAKE_PAYMENT
        ),
        _action("buy_released", "Buy again…", "Ctrl+B", "shopping-cart", Right.ENROL),
        _action("alert_comment", "Comment", "Ctrl+T", "chat-text", Right.REVIEW_ALERT),
        _action("alert_payment", "Show payment", "Ctrl+P", "credit-card", Right.VIEW_PAYMENTS),
        _action("alert_student", "Show student", "Ctrl+U", "student", Right.VIEW_STUDENTS),
    )

    def __init__(self, desk: Desk, gateways: Gateways) -> None:
        super().__init__(desk)
        self.gateways = gateways
        self._detail: AlertDetail | None = None
        self._commented: int | None = None  # the alert that the comment is written for
        self._place = 0
        self.list.query = ListQuery(self.source, filters=_QUEUE, sort=self.list.query.sort)
        self.rules = panels.RuleParts()
        self.recent = panels.RecentPayments()
        self.comment = NoteField(
            "comment", "Comment", longest=NOTE_LENGTH, lines=1, check=_check_comment
        )
        self.comment.label.hide()
        self.comment.setEnabled(desk.actor.may(Right.REVIEW_ALERT))
        self.side.add_section("Why it was noticed", self.rules)
        self.side.add_section("Comment", self.comment)
        self.side.add_section("Other payments of this student", self.recent)
        for name, status in _DECISIONS.items():
            self.on(name, partial(self._begin, name, partial(self._review, status)))
        for name, work in self._works().items():
            self.on(name, partial(self._begin, name, work))
        self.on("alert_comment", self._to_comment)
        self.recent.all_asked.connect(self._show_payments)
        self.list.reloaded.connect(self._keep_place)
        self.list.selection_changed.connect(self._note_place)
        self.list.query_changed.connect(self._show_status)

    def _works(self) -> dict[str, Callable[[AlertDetail], Awaitable[None]]]:
        return {
            "decline_purchase": self._decline,
            "approve_purchase": self._approve,
            "release_purchase": self._release,
            "charge_verified": self._charge,
            "buy_released": self._buy,
            "alert_payment": self._show_payment,
            "alert_student": self._show_student,
        }

    # What the list page asks

    def row_id(self, row: AlertRow) -> int:
        return row.alert_id

    def outline(self, row: AlertRow) -> Panel:
        self._show_sections(False)
        if self._commented != row.alert_id:
            self._commented = row.alert_id
            self.comment.set_text("")
        return panels.alert_outline(row)

    async def detail(self, row: AlertRow) -> Panel:
        detail = await self.desk.bridge.read(alerts.get_alert, row.alert_id)
        self._detail = detail
        now, zone = self.desk.clock(), self.desk.zone
        self.rules.show_parts(detail.parts, detail.currency)
        others = tuple(p for p in detail.recent if p.payment_id != detail.facts.payment_id)
        may_open = self.may("alert_payment")
        self.recent.show_payments(others, now=now, zone=zone, may_open=may_open)
        self._show_sections(True)
        return panels.alert_panel(detail, self.desk.actor, now=now, zone=zone)

    def refusal(self, name: str) -> str:
        row = self.current()
        if row is None:
            return "select one alert first."
        detail = self._detail_of(row)
        if detail is None:
            # A decision is on what was seen, never on what is hidden or still on its way.
            hidden = "what the rules saw is hidden. Space in the list shows the side panel."
            return hidden if self.side.isHidden() else "it is still being read."
        return panels.refusal(name, detail, self.desk.actor)

    def _show_sections(self, shown: bool) -> None:
        for part in (self.rules, self.recent):
            self.side.show_section(part, shown)

    def _detail_of(self, row: AlertRow) -> AlertDetail | None:
        detail = self._detail
        return detail if detail is not None and detail.facts.alert_id == row.alert_id else None

    def _on_state_changed(self, state: ListState) -> None:
        query = self.list.query
        if state is ListState.NO_MATCH and query.filters == _QUEUE and not query.text:
            words = Words("All alerts are decided.", "Show all alerts", "shield-check")
            self.card.show_notice(words, self._clear_all)
        else:
            super()._on_state_changed(state)

    def _show_status(self, query: ListQuery) -> None:
        """Where all rows have one status the chip says it, and the column's room is the names'."""
        self.table.head.set_shown("status", len(query.values("status")) != 1)

    # The queue

    def _keep_place(self) -> None:
        """Where the selected alert left the list, the one that took its place is next."""
        if self.model.total and not self.table.selected_count():
            self.table.go_to(min(self._place, self.model.total - 1))

    def _note_place(self) -> None:
        number = self.table.current_number()
        if number is not None:
            self._place = number

    def _select_next(self, alert_id: int) -> None:
        """Go on to the alert below, or above at the end: it may stay in this list."""
        if self.comment.editor.hasFocus():
            self.table.setFocus()
        number = self.model.number_of(alert_id)
        row = self.current()
        if number is None or row is None or row.alert_id != alert_id:
            return  # A person went elsewhere meanwhile, and stays there.
        following = number + 1 if number + 1 < self.model.total else number - 1
        if following >= 0:
            self.table.go_to(following)

    def _to_comment(self) -> None:
        self.side.show()
        self.comment.editor.setFocus()
        self.side.area.ensureWidgetVisible(self.comment)

    # Actions

    def _begin(self, name: str, work: Callable[[AlertDetail], Awaitable[None]]) -> None:
        row = self.current()
        detail = None if row is None else self._detail_of(row)
        if detail is not None and not self.tasks.is_running(f"act {detail.facts.alert_id}"):
            self.tasks.start(f"act {detail.facts.alert_id}", self._do, detail, work)

    async def _do(
        self, detail: AlertDetail, work: Callable[[AlertDetail], Awaitable[None]]
    ) -> None:
        try:
            await work(detail)
        except InvalidInput as error:
            self.comment.refuse(str(error))
            self.comment.editor.setFocus()
        except RuleRefused:
            self.refresh_panel()
            raise

    async def _review(self, decision: AlertStatus, detail: AlertDetail) -> None:
        alert_id = detail.facts.alert_id
        await self.desk.bridge.write(
            alerts.review_alert,
            alert_id,
            decision=decision,
            seen_version=detail.facts.row_version,
            comment=self.comment.value(),
        )
        self._detail = None  # It has another version now.
        self._select_next(alert_id)

    async def _decline(self, detail: AlertDetail) -> None:
        await self._settle(alerts.decline_verification, detail.facts.alert_id)
        self._select_next(detail.facts.alert_id)

    async def _approve(self, detail: AlertDetail) -> None:
        await self._settle(alerts.approve_verification, detail.facts.alert_id)
        again = await self.desk.bridge.read(alerts.get_alert, detail.facts.alert_id)
        if again.may_charge and self.may("charge_verified"):
            await self._charge(again)
        self._select_next(detail.facts.alert_id)

    async def _settle(self, decide: Callable[..., Changes], alert_id: int) -> None:
        comment = self.comment.value()
        waiting = await self.desk.bridge.read(alerts.find_verification, alert_id)
        await self.desk.bridge.write(decide, waiting, comment=comment)

    async def _release(self, detail: AlertDetail) -> None:
        released = await ask(ReleaseDialog(detail, self.desk.bridge, self))
        if released is not None and self.may("buy_released"):
            await self._buy(detail)

    async def _charge(self, detail: AlertDetail) -> None:
        payment_id = detail.facts.payment_id
        assert payment_id is not None
        bridge = self.desk.bridge
        payment = await bridge.read(payments.get_payment, payment_id)
        country = next((p.country for p in detail.recent if p.payment_id == payment_id), None)
        await ask(
            ChargeDialog(
                detail.facts.alert_id,
                payment.row,
                bridge,
                self.gateways,
                self,
                zone=self.desk.zone,
                country=country,
            )
        )

    async def _buy(self, detail: AlertDetail) -> None:
        facts = detail.facts
        await ask(
            EnrolDialog(
                self.desk.bridge,
                self.gateways,
                self.desk.actor,
                self,
                student_id=facts.user_id,
                course_id=facts.course_id,
                released_alert_id=facts.alert_id,
            )
        )

    async def _show_payment(self, detail: AlertDetail) -> None:
        self.desk.go("payments", select=detail.facts.payment_id)

    async def _show_student(self, detail: AlertDetail) -> None:
        self.desk.go("students", select=detail.facts.user_id)

    def _show_payments(self) -> None:
        detail = self._detail
        if detail is not None and detail.facts.user_id is not None:
            student = Filter("student", (str(detail.facts.user_id),))
            self.desk.go("payments", filters=(student,))


_DECISIONS: Final = {
    "confirm_fraud": AlertStatus.CONFIRMED_FRAUD,
    "false_positive": AlertStatus.FALSE_POSITIVE,
    "mark_reviewed": AlertStatus.REVIEWED,
}


def _check_comment(text: str) -> str:
    return check_text(
        text, field="comment", label="The comment", longest=NOTE_LENGTH, required=False
    )
