"""Refunds that people pay out by hand: recording that it is done, or that it will not be."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.domain import money
from learnhub_desktop.domain.payments import PaymentRow
from learnhub_desktop.domain.text import NOTE_LENGTH, check_text
from learnhub_desktop.services import payments, refunds
from learnhub_desktop.services.refund_words import Refund
from learnhub_desktop.ui.dialogs.money import MoneyDialog, about
from learnhub_desktop.ui.dialogs.receipt import check_reference
from learnhub_desktop.ui.widgets.fields import NoteField, TextField
from learnhub_desktop.ui.widgets.parts import label


class PayoutDialog(MoneyDialog):
    """Books a refund as paid out; its result is a ``Refund``.

    ``effect`` is what ends with it, in a sentence: empty where part of the charge is left.
    """

    def __init__(self, row: PaymentRow, effect: str, bridge: Bridge, parent: QWidget) -> None:
        amount = money.text(row.amount, row.currency)
        super().__init__(f"Payout of refund {row.payment_id}", f"Record {amount}", parent)
        self._row = row
        self._bridge = bridge
        self.reference = TextField(
            "reference",
            "Reference",
            check=check_reference,
            placeholder="Transfer 2214",
            hint="Where the payout can be found again: a transfer, a signed receipt.",
        )
        self.add_widget(label(about(row), "soft", wrap=True))
        self.add(self.reference)
        paid = f"{amount} is booked as paid out to {row.student_name}."
        self.consequence.tell(
            f"{paid} {effect or 'Access stays as it is.'}", tone="warn" if effect else "info"
        )
        self.acts(self._record)

    async def _record(self) -> Refund:
        place = await self._bridge.read(payments.find_place, self._row.payment_id)
        return await self._bridge.write(
            refunds.record_payout, place, reference=self.reference.value()
        )


class CancelPayoutDialog(MoneyDialog):
    """Gives a refund up that nobody will pay out; its result is a ``Refund``."""

    def __init__(self, row: PaymentRow, bridge: Bridge, parent: QWidget) -> None:
        super().__init__(f"Cancel refund {row.payment_id}", "Cancel the refund", parent)
        self._row = row
        self._bridge = bridge
        self.cancel_button.setText("Keep it")
        self.comment = NoteField(
            "comment",
            "Why it is not paid out",
            longest=NOTE_LENGTH,
            lines=2,
            check=lambda text: check_text(
                text, field="comment", label="The reason", longest=NOTE_LENGTH
            ),
        )
        self.add_widget(label(about(row), "soft", wrap=True))
        self.add(self.comment)
        self.consequence.tell(
            f"{money.text(row.amount, row.currency)} does not go back, and may be refunded anew. "
            "Access stays as it is.",
            tone="warn",
        )
        self.acts(self._cancel)

    async def _cancel(self) -> Refund:
        place = await self._bridge.read(payments.find_place, self._row.payment_id)
        return await self._bridge.write(refunds.cancel_payout, place, comment=self.comment.value())
