"""After a reviewer's word: letting a blocked purchase through, and charging an approved one."""

from __future__ import annotations

from datetime import tzinfo
from typing import Final

from PySide6.QtWidgets import QWidget

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.domain import money
from learnhub_desktop.domain.alerts import AlertDetail
from learnhub_desktop.domain.changes import Changes
from learnhub_desktop.domain.moments import say_moment
from learnhub_desktop.domain.payments import PaymentRow
from learnhub_desktop.domain.purchases import Purchase
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.domain.text import NOTE_LENGTH, check_text
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.services import alerts
from learnhub_desktop.ui.dialogs import acts
from learnhub_desktop.ui.dialogs.money import MoneyDialog, about, line
from learnhub_desktop.ui.widgets.card import CardField
from learnhub_desktop.ui.widgets.fields import NoteField
from learnhub_desktop.ui.widgets.parts import label

_SAME_CARD: Final = "The same card again, as the gateway’s token. A card’s number is never kept."


class ReleaseDialog(MoneyDialog):
    """Permits a blocked purchase once; its result is ``Changes``."""

    def __init__(self, detail: AlertDetail, bridge: Bridge, parent: QWidget) -> None:
        alert_id = detail.facts.alert_id
        super().__init__(f"Release the purchase of alert {alert_id}", "Release it once", parent)
        self._alert_id = alert_id
        self._bridge = bridge
        self.comment = NoteField(
            "comment",
            "Why it is all right",
            longest=NOTE_LENGTH,
            lines=3,
            check=lambda text: check_text(
                text, field="comment", label="The reason", longest=NOTE_LENGTH
            ),
            placeholder="Called back: on a journey.",
        )
        self.add_widget(label(line(detail.student_name, detail.course_title), "soft", wrap=True))
        self.add(self.comment)
        price = "the same amount"
        if detail.amount is not None and detail.currency is not None:
            price = money.text(detail.amount, detail.currency)
        self.consequence.tell(
            f"Nothing is charged now. {detail.student_name} may buy this course once more for "
            f"{price}, and the fraud rules let it pass. The alert is closed as a false positive.",
            tone="warn",
        )
        self.acts(self._release)

    async def _release(self) -> Changes:
        return await self._bridge.write(
            alerts.release, self._alert_id, comment=self.comment.value()
        )


class ChargeDialog(MoneyDialog):
    """Charges a purchase that a reviewer approved; its result is a ``Purchase``."""

    def __init__(
        self,
        alert_id: int,
        row: PaymentRow,
        bridge: Bridge,
        gateways: Gateways,
        parent: QWidget,
        *,
        zone: tzinfo,
        country: str | None = None,
    ) -> None:
        amount = money.text(row.amount, row.currency)
        super().__init__(f"Charge payment {row.payment_id}", f"Charge {amount}", parent)
        self._alert_id = alert_id
        self._row = row
        self._bridge = bridge
        self._gateways = gateways
        self.cancel_button.setText("Later")
        self.card: CardField | None = None
        self.add_widget(label(about(row), "soft", wrap=True))
        source = f"from the balance of {row.student_name}"
        if row.method is not PaymentMethod.ACCOUNT_BALANCE:
            source = "by the card that was approved"
            self.card = CardField(gateways.named(row.gateway or ""), hint=_SAME_CARD)
            self.card.show_owner(row.student_id, country)
            self.add(self.card)
        held = ""
        if row.hold_expires_at is not None:
            held = f" The seat is held until {say_moment(row.hold_expires_at, zone)}."
        self.consequence.tell(
            f"{amount} is charged {source}, and {row.student_name} gets access to “{row.title}”."
            f"{held}"
        )
        self.acts(self._charge)

    async def _charge(self) -> Purchase:
        return await self._bridge.run_kept(
            acts.of_charge(self._row, self._alert_id),
            alerts.charge_verified,
            self._alert_id,
            card=None if self.card is None else self.card.value(),
            gateways=self._gateways,
        )
