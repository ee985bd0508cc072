"""Payments: what came in, what went back, and what nobody knows yet."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, ClassVar, Final

from PySide6.QtGui import QGuiApplication

from learnhub_desktop.domain import money
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.changes import Touched
from learnhub_desktop.domain.lists import Sort
from learnhub_desktop.domain.payments import PaymentRow
from learnhub_desktop.domain.refunds import RefundReason
from learnhub_desktop.domain.states import PaymentKind, PaymentStatus, say
from learnhub_desktop.domain.timeline import PaymentDetail
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.models.columns import Column
from learnhub_desktop.models.payments import METHOD_NAMES, PAYMENT_COLUMNS
from learnhub_desktop.services import asking, payments, refund_rules
from learnhub_desktop.ui.desk import Desk
from learnhub_desktop.ui.dialogs.dialog import ask
from learnhub_desktop.ui.dialogs.payout import CancelPayoutDialog, PayoutDialog
from learnhub_desktop.ui.dialogs.receipt import CancelHoldDialog, ReceiptDialog
from learnhub_desktop.ui.dialogs.refund import RefundDialog
from learnhub_desktop.ui.dialogs.verify import ChargeDialog
from learnhub_desktop.ui.pages.list_page import ListPage
from learnhub_desktop.ui.panels import payment as panels
from learnhub_desktop.ui.shortcuts import Action
from learnhub_desktop.ui.widgets.filters import (
    ChoiceFilter,
    DayFilter,
    FilterKind,
    NamedFilter,
    NumberFilter,
)
from learnhub_desktop.ui.widgets.notices import Words
from learnhub_desktop.ui.widgets.side_panel import Panel

PAYMENT_FILTERS: Final[tuple[FilterKind, ...]] = (
    ChoiceFilter("status", "Status", tuple((str(each), say(each)) for each in PaymentStatus)),
    ChoiceFilter(
        "attention",
        "Needs attention",
        (
            ("unknown", "unknown"),
            ("unknown_hour", "unknown for an hour"),
            ("unknown_day", "unknown for a day"),
            ("unknown_week", "unknown for a week"),
            ("hold_expired", "hold has run out"),
            ("refund_open", "refund not finished"),
            ("access_kept", "money back, access kept"),
            ("refund_failed", "refund failed"),
            ("refund_due", "refund due"),
        ),
    ),
    DayFilter("created", "When"),
    ChoiceFilter("method", "Method", tuple((str(m), name) for m, name in METHOD_NAMES.items())),
    ChoiceFilter("kind", "Kind", (("charge", "charges"), ("refund", "refunds"))),
    NumberFilter("amount", "Amount"),
    NamedFilter("student", "Student"),
    NamedFilter("course", "Course"),
)


def _action(name: str, text: str, shortcut: str, icon: str, right: Right) -> Action:
    return Action(name, text, shortcut, page="payments", icon=icon, right=right)


class PaymentsPage(ListPage[PaymentRow]):
    key: ClassVar[str] = "payments"
    title: ClassVar[str] = "Payments"
    menu_title: ClassVar[str] = "Payment"
    icon: ClassVar[str] = "credit-card"
    right: ClassVar[Right | None] = Right.VIEW_PAYMENTS
    # A name that was changed, or deleted, stands in these rows too.
    touched: ClassVar[Touched] = Touched.PAYMENTS | Touched.STUDENTS
    source: ClassVar[str] = "payments"
    noun: ClassVar[tuple[str, str]] = ("payment", "payments")
    columns: ClassVar[Sequence[Column[Any]]] = PAYMENT_COLUMNS
    filters: ClassVar[Sequence[FilterKind]] = PAYMENT_FILTERS
    sort: ClassVar[Sort] = Sort("created", descending=True)
    search_hint: ClassVar[str] = "Search: name, e-mail, number, status:unknown"
    empty: ClassVar[Words] = Words(
        "No payments yet. The first appears when a student is enrolled.", icon="credit-card"
    )
    action_table: ClassVar[tuple[Action, ...]] = (
        _action("refund", "Refund…", "Ctrl+R", "arrow-u-up-left", Right.REFUND),
        _action("ask_gateway", "Ask now", "Ctrl+G", "question", Right.VIEW_PAYMENTS),
        _action("record_receipt", "Record receipt…", "Ctrl+T", "receipt", Right.RECORD_RECEIPT),
        _action("record_payout", "Record payout…", "Ctrl+P", "money", Right.RECORD_RECEIPT),
        _action("cancel_payout", "Cancel refund…", "Ctrl+Shift+P", "x", Right.RECORD_RECEIPT),
        _action("cancel_hold", "Cancel hold…", "Ctrl+H", "x-circle", Right.TAKE_PAYMENT),
        _action("charge_payment", "Charge now…", "Ctrl+Shift+C", "credit-card", Right.TAKE_PAYMENT),
        _action("payment_student", "Show student", "Ctrl+U", "student", Right.VIEW_STUDENTS),
        _action(
            "payment_charge", "Show charge", "Ctrl+O", "arrow-u-down-left", Right.VIEW_PAYMENTS
        ),
        _action("copy_reference", "Copy reference", "Ctrl+Shift+R", "copy", Right.VIEW_PAYMENTS),
        _action("payment_alert", "Show alert", "Ctrl+J", "shield-warning", Right.VIEW_ALERTS),
    )

    def __init__(self, desk: Desk, gateways: Gateways) -> None:
        super().__init__(desk)
        self.gateways = gateways
        self._detail: PaymentDetail | None = None
        self.refunds = panels.RefundList()
        self.side.add_section("Refunds", self.refunds)
        self.refunds.asked.connect(self.list.select)
        self.list.reloaded.connect(self._name_chips)
        for name, work in self._works().items():
            self.on(name, partial(self._begin, name, work))

    def _works(self) -> dict[str, Callable[[PaymentDetail], Awaitable[None]]]:
        return {
            "refund": self._refund,
            "ask_gateway": self._ask_gateway,
            "record_receipt": self._record_receipt,
            "record_payout": self._record_payout,
            "cancel_payout": self._cancel_payout,
            "cancel_hold": self._cancel_hold,
            "charge_payment": self._charge,
            "payment_student": self._show_student,
            "payment_charge": self._show_charge,
            "copy_reference": self._copy_reference,
            "payment_alert": self._show_alert,
        }

    # What the list page asks

    def row_id(self, row: PaymentRow) -> int:
        return row.payment_id

    def outline(self, row: PaymentRow) -> Panel:
        self._show_refunds(())
        return panels.payment_outline(row)

    async def detail(self, row: PaymentRow) -> Panel:
        detail = await self.desk.bridge.read(payments.get_payment, row.payment_id)
        self._detail = detail
        self._show_refunds(detail.refunds)
        return panels.payment_panel(detail, now=self.desk.clock(), zone=self.desk.zone)

    def summary(self, rows: Sequence[PaymentRow]) -> str:
        """What came in less what went back, a currency apart."""
        return money.totals(
            (-row.amount if row.kind is PaymentKind.REFUND else row.amount, row.currency)
            for row in rows
        )

    def refusal(self, name: str) -> str:
        row = self.current()
        if row is None:
            return "select one payment first."
        detail = self._detail
        if detail is None or detail.row.payment_id != row.payment_id:
            return ""  # Not read yet: the action reads it, and asks again.
        return self._refusal(name, detail)

    def _refusal(self, name: str, detail: PaymentDetail) -> str:
        return panels.refusal(name, detail, now=self.desk.clock(), zone=self.desk.zone)

    def _name_chips(self) -> None:
        """A person knows names: the query only holds the number of a student or a course."""
        row = self.model.row(0)
        if row is None:
            return
        names = {"student": f"Student: {row.student_name}", "course": f"Course: {row.title}"}
        for wanted, chip in zip(self.list.query.filters, self.chips.chips, strict=False):
            if wanted.name in names and len(wanted.values) == 1:
                chip.words.setText(names[wanted.name].replace("&", "&&"))

    def _show_refunds(self, refunds: tuple[PaymentRow, ...]) -> None:
        self.refunds.show_refunds(refunds, now=self.desk.clock(), zone=self.desk.zone)
        self.side.show_section(self.refunds, bool(refunds))

    # Actions

    def _begin(self, name: str, work: Callable[[PaymentDetail], Awaitable[None]]) -> None:
        row = self.current()
        # A second press while the first is still at it would only cancel its waiting.
        if row is not None and not self.tasks.is_running(f"{name} {row.payment_id}"):
            self.tasks.start(f"{name} {row.payment_id}", self._do, name, row.payment_id, work)

    async def _do(
        self, name: str, payment_id: int, work: Callable[[PaymentDetail], Awaitable[None]]
    ) -> None:
        """Look again before acting: the screen may be older than the last change."""
        detail = await self.desk.bridge.read(payments.get_payment, payment_id)
        if reason := self._refusal(name, detail):
            self.desk.messages.warn(f"{self._table[name].plain} is not possible: {reason}")
            self.refresh_panel()
            return
        await work(detail)

    async def _refund(self, detail: PaymentDetail) -> None:
        row = detail.row
        # A refund that failed is tried anew: its charge is refunded by the same amount.
        charge_id = row.refunds_payment_id or row.payment_id
        preview = await self.desk.bridge.read(refund_rules.preview, charge_id)
        reason = RefundReason.SEAT_GONE if row.refund_due else RefundReason.CUSTOMER_REQUEST
        dialog = RefundDialog(preview, self.desk.bridge, self.gateways, self, reason=reason)
        if row.refunds_payment_id is not None:
            dialog.amount.set_text(f"{min(row.amount, preview.left):.2f}")
        await ask(dialog)

    async def _ask_gateway(self, detail: PaymentDetail) -> None:
        payment_id = detail.stuck_refund_id or detail.row.payment_id
        self.desk.messages.note(f"Asking the gateway about payment {payment_id}…")
        await self.desk.bridge.run(asking.ask_now, payment_id, gateways=self.gateways)

    async def _record_receipt(self, detail: PaymentDetail) -> None:
        await ask(ReceiptDialog(detail.row, self.desk.bridge, self, now=self.desk.clock()))

    async def _record_payout(self, detail: PaymentDetail) -> None:
        effect = await self._effect_of(detail.row)
        await ask(PayoutDialog(detail.row, effect, self.desk.bridge, self))

    async def _effect_of(self, refund: PaymentRow) -> str:
        """What ends once this refund is paid out; empty where part of the charge is left."""
        assert refund.refunds_payment_id is not None
        read, charge_id = self.desk.bridge.read, refund.refunds_payment_id
        charge = await read(payments.get_payment, charge_id)
        back = sum(
            (r.amount for r in charge.refunds if r.status is PaymentStatus.COMPLETED), refund.amount
        )
        if back < charge.row.amount:
            return ""
        if not self.desk.actor.may(Right.REFUND):
            return "What it had bought ends with it."
        return (await read(refund_rules.preview, charge_id)).effect

    async def _cancel_payout(self, detail: PaymentDetail) -> None:
        await ask(CancelPayoutDialog(detail.row, self.desk.bridge, self))

    async def _cancel_hold(self, detail: PaymentDetail) -> None:
        await ask(CancelHoldDialog(detail.row, self.desk.bridge, self.desk.zone, self))

    async def _charge(self, detail: PaymentDetail) -> None:
        assert detail.alert_id is not None
        await ask(
            ChargeDialog(
                detail.alert_id,
                detail.row,
                self.desk.bridge,
                self.gateways,
                self,
                zone=self.desk.zone,
            )
        )

    async def _show_student(self, detail: PaymentDetail) -> None:
        self.desk.go("students", select=detail.row.student_id)

    async def _show_charge(self, detail: PaymentDetail) -> None:
        assert detail.row.refunds_payment_id is not None
        self.list.select(detail.row.refunds_payment_id)

    async def _copy_reference(self, detail: PaymentDetail) -> None:
        assert detail.row.gateway_reference is not None
        QGuiApplication.clipboard().setText(detail.row.gateway_reference)
        self.desk.messages.note(f"Copied {detail.row.gateway_reference}.")

    async def _show_alert(self, detail: PaymentDetail) -> None:
        self.desk.go("alerts", select=detail.alert_id)
