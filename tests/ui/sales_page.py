"""A small page as a concrete one is written, on the made-up list."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.changes import Touched
from learnhub_desktop.domain.lists import Sort
from learnhub_desktop.models import formats
from learnhub_desktop.models.columns import Tone
from learnhub_desktop.ui.desk import Desk
from learnhub_desktop.ui.lists import ListReads
from learnhub_desktop.ui.pages.list_page import ListPage
from learnhub_desktop.ui.shortcuts import Action
from learnhub_desktop.ui.widgets.filters import (
    ChoiceFilter,
    DayFilter,
    FlagFilter,
    NamedFilter,
    NumberFilter,
)
from learnhub_desktop.ui.widgets.notices import Words
from learnhub_desktop.ui.widgets.side_panel import Event, Fact, Offer, Panel
from tests.ui.made_up import SALE_COLUMNS, TONES, MadeUpList, SaleRow


class SalesPage(ListPage[SaleRow]):
    key = "payments"
    title = "Payments"
    menu_title = "Payment"
    icon = "credit-card"
    right = Right.VIEW_PAYMENTS
    touched = Touched.PAYMENTS
    source = "payments"
    noun = ("payment", "payments")
    columns = SALE_COLUMNS
    sort = Sort("id", descending=True)
    search_hint = "Search: name, e-mail, id, status:unknown, amount>100"
    empty = Words("No payments yet. They come with the first enrolment.", "Enrol a student")
    empty_action = "payments.enrol"
    filters = (
        ChoiceFilter("state", "Status", tuple((state, state.replace("_", " ")) for state in TONES)),
        ChoiceFilter("method", "Method", (("card", "card"), ("paypal", "PayPal"))),
        DayFilter("made", "When"),
        NumberFilter("amount", "Amount", "USD"),
        FlagFilter("open", "Money not settled"),
        NamedFilter("student", "Student"),
    )
    action_table = (
        Action(
            "payments.enrol",
            "Enrol a student…",
            "Ctrl+N",
            page="payments",
            icon="plus",
            right=Right.ENROL,
            in_head=True,
            is_primary=True,
        ),
        Action(
            "payments.export",
            "Export…",
            "Ctrl+E",
            page="payments",
            icon="download-simple",
            in_head=True,
        ),
        Action("payments.refund", "Refund…", "Ctrl+R", page="payments", right=Right.REFUND),
        Action("payments.ask", "Ask now", "Ctrl+J", page="payments"),
        Action("payments.receipt", "Record the receipt…", "Ctrl+T", page="payments"),
    )

    def __init__(self, desk: Desk, made_up: MadeUpList) -> None:
        super().__init__(desk, ListReads(made_up.head, made_up.page))
        self.done: list[str] = []
        self.on("payments.enrol", lambda: self.done.append("enrol"))
        self.on("payments.export", lambda: self.done.append("export"))
        self.on("payments.refund", self._on_refund)
        self.on("payments.ask", lambda: self.done.append("ask"))
        self.on("payments.receipt", lambda: self.done.append("receipt"))

    def row_id(self, row: SaleRow) -> int:
        return row.sale_id

    def outline(self, row: SaleRow) -> Panel:
        return Panel(
            title=f"Payment {row.sale_id}",
            subtitle=f"{row.student} · {row.course}",
            amount=formats.money(row.amount, row.currency),
            state=row.state,
            state_tone=TONES[row.state],
        )

    async def detail(self, row: SaleRow) -> Panel:
        outline = self.outline(row)
        read = await self.desk.bridge.read(_read_reference, row.sale_id)
        return Panel(
            title=outline.title,
            subtitle=outline.subtitle,
            amount=outline.amount,
            state=outline.state,
            state_tone=outline.state_tone,
            sentence="The gateway did not answer. The seat stays held, and nothing is charged "
            "twice. It is asked again at 09:43.",
            facts=(
                Fact("Method", "card ending 4242"),
                Fact("Reference", read),
                Fact("Refundable", "until 8 Mar 2024, 80 % of it is used up", Tone.WARN),
            ),
            events=(
                Event("09:38:02", "Purchase started by M. Lind"),
                Event("09:38:02", "Seat 42 of 50 held"),
                Event("09:38:03", "Charge sent to the gateway"),
                Event("09:38:33", "No answer in 30 s: outcome unknown", Tone.WARN),
                Event("09:43:33", "Next question to the gateway"),
            ),
            offers=(
                Offer("payments.receipt", reason=self.refusal("payments.receipt")),
                Offer("payments.refund"),
                Offer("payments.ask", is_primary=True),
            ),
        )

    def refusal(self, name: str) -> str:
        if name == "payments.receipt":
            return "this payment was made by card."
        if name in ("payments.refund", "payments.ask") and self.current() is None:
            return "select one payment first."
        return ""

    def summary(self, rows: Sequence[SaleRow]) -> str:
        return formats.money(sum((row.amount for row in rows), Decimal(0)), "USD")

    def _on_refund(self) -> None:
        row = self.current()
        assert row is not None
        self.done.append(f"refund {row.sale_id}")


def _read_reference(uow: object, sale_id: int) -> str:
    return f"ch_3NfX2eZvKYlo2C0{sale_id}"
