"""A transfer or cash: recording that the money came, or giving the seat back that waits for it."""

from __future__ import annotations

from datetime import datetime, tzinfo

from PySide6.QtWidgets import QWidget

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.domain import money
from learnhub_desktop.domain.moments import say_moment
from learnhub_desktop.domain.payments import PaymentRow
from learnhub_desktop.domain.purchases import Purchase
from learnhub_desktop.domain.states import PaymentStatus
from learnhub_desktop.domain.text import check_text
from learnhub_desktop.services import outcomes, payments
from learnhub_desktop.services.holds import REFERENCE_LENGTH
from learnhub_desktop.ui.dialogs.money import MoneyDialog, about
from learnhub_desktop.ui.widgets.fields import AmountField, TextField
from learnhub_desktop.ui.widgets.parts import label


def check_reference(text: str) -> str:
    return check_text(text, field="reference", label="The reference", longest=REFERENCE_LENGTH)


class ReceiptDialog(MoneyDialog):
    """Books money that came by transfer or in cash; its result is a ``Purchase``."""

    def __init__(self, row: PaymentRow, bridge: Bridge, parent: QWidget, *, now: datetime) -> None:
        amount = money.text(row.amount, row.currency)
        super().__init__(f"Receipt for payment {row.payment_id}", f"Record {amount}", parent)
        self._row = row
        self._bridge = bridge
        self._ran_out = row.status is PaymentStatus.FAILED or (
            row.hold_expires_at is not None and row.hold_expires_at <= now
        )
        self.reference = TextField(
            "reference",
            "Reference",
            check=check_reference,
            placeholder="Statement 31, line 7",
            hint="Where the money can be found again: a bank statement, a receipt’s number.",
        )
        self.amount = AmountField(
            "amount",
            "Amount that came",
            row.currency,
            amount=row.amount,
            hint=f"The agreed amount is {amount}.",
        )
        self.add_widget(label(about(row), "soft", wrap=True))
        self.add(self.reference)
        self.add(self.amount)
        self.acts(self._record)
        self._tell_consequence()

    def _on_edited(self) -> None:
        super()._on_edited()
        self._tell_consequence()

    def _tell_consequence(self) -> None:
        row = self._row
        amount = money.text(row.amount, row.currency)
        if self.amount.error() or self.amount.value() != row.amount:
            self.consequence.tell(
                f"Only the agreed {amount} can be recorded. Another amount has to go back.",
                tone="warn",
            )
        elif self._ran_out:
            self.consequence.tell(
                f"The hold has run out, so a seat in “{row.title}” is claimed again. Where none is "
                f"left, {amount} is booked all the same and has to go back.",
                tone="warn",
            )
        else:
            self.consequence.tell(
                f"{amount} is booked as received. {row.student_name} gets access to “{row.title}”."
            )

    async def _record(self) -> Purchase:
        place = await self._bridge.read(payments.find_place, self._row.payment_id)
        return await self._bridge.write(
            outcomes.record_receipt,
            place,
            reference=self.reference.value(),
            amount=self.amount.value(),
        )


class CancelHoldDialog(MoneyDialog):
    """Gives a seat back whose money will not come; its result is a ``Purchase``."""

    def __init__(self, row: PaymentRow, bridge: Bridge, zone: tzinfo, parent: QWidget) -> None:
        super().__init__(f"Cancel the hold of payment {row.payment_id}", "Cancel the hold", parent)
        self._row = row
        self._bridge = bridge
        self.cancel_button.setText("Keep it")
        self.add_widget(label(about(row), "soft", wrap=True))
        if row.hold_expires_at is not None:
            until = say_moment(row.hold_expires_at, zone)
            self.add_widget(label(f"It would run out by itself on {until}."))
        self.consequence.tell(
            f"The seat in “{row.title}” becomes free. Nothing was charged, and "
            f"{money.text(row.amount, row.currency)} is not expected any more.",
            tone="warn",
        )
        self.acts(self._cancel)

    async def _cancel(self) -> Purchase:
        place = await self._bridge.read(payments.find_place, self._row.payment_id)
        return await self._bridge.write(outcomes.cancel_hold, place)
