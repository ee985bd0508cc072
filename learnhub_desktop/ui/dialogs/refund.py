"""Giving money back: how much, why, where to, and what it ends, before the button is pressed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from PySide6.QtWidgets import QWidget

from learnhub_desktop.bridge import Bridge
from learnhub_desktop.domain import money
from learnhub_desktop.domain.purchases import new_key
from learnhub_desktop.domain.refunds import RefundReason, RefundTo, Refusal
from learnhub_desktop.domain.states import PaymentMethod, say
from learnhub_desktop.domain.text import NOTE_LENGTH, check_text
from learnhub_desktop.errors import InvalidInput, OutcomeUnknown, RuleRefused
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.services import refund_rules, refunds
from learnhub_desktop.services.purchase_words import METHOD_WORDS
from learnhub_desktop.services.refund_rules import RefundOrder
from learnhub_desktop.services.refund_words import Refund, RefundPreview
from learnhub_desktop.ui.dialogs import acts
from learnhub_desktop.ui.dialogs.money import NOBODY_ELSE_S, MoneyDialog, line
from learnhub_desktop.ui.tasks import Failure
from learnhub_desktop.ui.widgets.consequence import ConsequenceBox
from learnhub_desktop.ui.widgets.fields import (
    AmountField,
    CheckField,
    ChoiceField,
    NoteField,
    TextField,
)
from learnhub_desktop.ui.widgets.parts import label

OVERRIDE_LENGTH: Final = 500
_BACK_TO: Final = {
    PaymentMethod.CREDIT_CARD: "the card",
    PaymentMethod.PAYPAL: "PayPal",
    PaymentMethod.STRIPE: "Stripe",
}


class RefundDialog(MoneyDialog):
    """Refunds one payment, in part or in full; its result is a ``Refund``.

    The key is made once: whatever happens between two presses of the button, nothing goes
    back twice. Where another desk was quicker, what is left is read again and shown. ``key``
    is that of a refund which was left in the middle.
    """

    def __init__(
        self,
        preview: RefundPreview,
        bridge: Bridge,
        gateways: Gateways,
        parent: QWidget,
        *,
        reason: RefundReason = RefundReason.CUSTOMER_REQUEST,
        key: str = "",
    ) -> None:
        super().__init__(f"Refund payment {preview.payment_id}", "Refund", parent)
        self._bridge = bridge
        self._gateways = gateways
        self._key = key or new_key("refund")
        self._preview = preview
        self._is_unknown = False
        self.about = label(part="soft", wrap=True)
        self.policy = ConsequenceBox()
        self.amount = _RefundAmount(preview)
        self.reason = ChoiceField(
            "reason",
            "Reason",
            [(each, say(each).capitalize()) for each in RefundReason],
            value=reason,
        )
        self.where = ChoiceField("to", "Where to", _destinations(preview))
        self.override = TextField(
            "override",
            "Reason for the exception",
            check=_check_override,
            hint="It is kept beside the refund.",
        )
        self.comment = NoteField("comment", "Comment", longest=NOTE_LENGTH, lines=2)
        self.again = _Again("again", "")
        self.again.hide()
        self.add_widget(self.about)
        self.add_widget(self.policy)
        for field in (
            self.amount, self.reason, self.where, self.override, self.comment, self.again
        ):  # fmt: skip
            self.add(field)
        self.acts(self._refund)
        self.amount.edited.connect(self._on_amount_edited)
        self._show_preview()

    def open(self) -> None:
        super().open()
        self.amount.line.selectAll()

    # What is shown

    def _show_preview(self) -> None:
        preview = self._preview
        self.about.setText(f"{line(preview.student_name, preview.what)}\n{_story(preview)}")
        self.amount.show_preview(preview)
        self.where.setVisible(len(_destinations(preview)) > 1)
        self.override.setVisible(self._needs_override)
        words, tone = self._policy_words()
        self.policy.tell(words, tone=tone)
        self.primary_button.setEnabled(not self._is_refused)
        self.cancel_button.setText("Close" if self._is_refused else "Cancel")
        for field in self.fields.values():
            field.setEnabled(not self._is_refused and not self._is_unknown)
        self._tell_consequence()

    @property
    def _needs_override(self) -> bool:
        preview = self._preview
        return bool(preview.refusal) and preview.is_policy and preview.may_override

    @property
    def _is_refused(self) -> bool:
        return bool(self._preview.refusal) and not self._needs_override

    def _policy_words(self) -> tuple[str, str]:
        preview = self._preview
        if not preview.refusal:
            return "", "info"
        if self._needs_override:
            return f"{preview.refusal} You may grant it all the same, with a reason.", "warn"
        if preview.is_policy:
            return f"{preview.refusal} Finance can grant it all the same.", "bad"
        return preview.refusal, "bad"

    def _amount(self) -> Decimal | None:
        try:
            amount: Decimal = self.amount.value()
        except InvalidInput:
            return None
        return amount

    def _tell_consequence(self) -> None:
        preview, amount = self._preview, self._amount()
        if self._is_refused:
            self.consequence.tell("")
        elif amount is None:
            left = money.text(preview.left, preview.currency)
            self.consequence.tell(f"Say how much goes back: up to {left}.", tone="idle")
        else:
            is_full = amount == preview.left
            to_balance = self.where.value() is RefundTo.BALANCE
            self.consequence.tell(
                consequence(preview, amount, to_balance=to_balance),
                tone="warn" if is_full else "info",
            )
        shown = "" if amount is None else f" {money.text(amount, preview.currency)}"
        self.primary_button.setText(f"Refund{shown}")

    def _on_edited(self) -> None:
        super()._on_edited()
        self._tell_consequence()

    def _on_amount_edited(self) -> None:
        # "20.00 once more" says nothing of another amount.
        if not self.again.isHidden():
            self.again.hide()
            self.again.box.setChecked(False)
        if self.amount.is_too_much():
            self.amount.insist()

    # The work

    async def _refund(self) -> Refund:
        preview = self._preview
        order = RefundOrder(
            key=self._key,
            payment_id=preview.payment_id,
            reason=self.reason.value(),
            seen_refunded=preview.refunded,
            amount=self.amount.value(),
            comment=self.comment.value(),
            to=self.where.value(),
            override=self.override.value() if self._needs_override else None,
            confirmed_again=self.again.box.isChecked(),
        )
        return await self._bridge.run_kept(
            acts.of_refund(order, preview),
            refunds.refund,
            order,
            gateways=self._gateways,
            wait_s=NOBODY_ELSE_S,
        )

    def _on_failure(self, failure: Failure) -> None:
        super()._on_failure(failure)
        error = failure.error
        if isinstance(error, OutcomeUnknown):
            # The same key asks for the same once more; with other values it would be refused.
            self._is_unknown = True
            self._show_preview()
            self.primary_button.setText("Try the same again")
        elif isinstance(error, RuleRefused) and error.reason is Refusal.REPEATED:
            self._ask_again()
        elif isinstance(error, RuleRefused):
            # Nothing was done under the key, so everything may be changed again.
            self._is_unknown = False
            self._tasks.start("look again", self._look_again, str(error))

    def _ask_again(self) -> None:
        amount = money.text(self.amount.value(), self._preview.currency)
        self.again.box.setText(f"Yes, {amount} goes back a second time")
        self.again.show()
        self.fit()
        self.again.box.setFocus()

    async def _look_again(self, said: str) -> None:
        """Show how the payment stands now, and why it was refused as it stood before."""
        before = self._preview
        self._preview = await self._bridge.read(refund_rules.preview, before.payment_id)
        if self._preview.left != before.left:
            self.amount.set_text(f"{self._preview.left:.2f}")
        self._show_preview()
        self._tell_error(said)
        self.fit()
        self.amount.editor.setFocus()
        self.amount.line.selectAll()


class _RefundAmount(AmountField):
    """At most what is left, which stands below it."""

    def __init__(self, preview: RefundPreview) -> None:
        super().__init__("amount", "Amount", preview.currency, amount=preview.left)
        self._left = preview.left
        self._currency_code = preview.currency

    def show_preview(self, preview: RefundPreview) -> None:
        self._left = preview.left

    def value(self) -> Any:
        left = money.text(self._left, self._currency_code)
        if not self.line.text().strip():
            raise InvalidInput(self.name, f"Enter an amount, up to {left}.")
        amount = super().value()
        if amount > self._left:
            raise InvalidInput(self.name, f"Only {left} of this payment is left.")
        return amount

    def is_too_much(self) -> bool:
        try:
            amount: Decimal = super().value()
        except InvalidInput:
            return False
        return amount > self._left


class _Again(CheckField):
    """Asked only after the same amount went back within a day."""

    def value(self) -> bool:
        if not self.box.isChecked():
            raise InvalidInput(self.name, "Check this if it should go back again, or cancel.")
        return True


def _destinations(preview: RefundPreview) -> list[tuple[RefundTo, str]]:
    if preview.method is PaymentMethod.ACCOUNT_BALANCE:
        return [(RefundTo.ORIGINAL, "Back to the balance")]
    back = "Paid out by hand" if preview.by_hand else f"Back to {_origin(preview)}"
    found = [(RefundTo.ORIGINAL, back)]
    if preview.may_go_to_balance:
        found.append((RefundTo.BALANCE, "To the student's balance"))
    return found


def _origin(preview: RefundPreview) -> str:
    return "where it came from" if preview.method is None else _BACK_TO[preview.method]


def _story(preview: RefundPreview) -> str:
    """``49.00 USD paid by card. 20.00 USD went back, 29.00 USD is left.``"""
    paid = f"{money.text(preview.amount, preview.currency)} paid"
    if preview.method is not None:
        paid = f"{paid} {METHOD_WORDS[preview.method]}"
    if not preview.refunded:
        return f"{paid}."
    back = money.text(preview.refunded, preview.currency)
    left = money.text(preview.left, preview.currency)
    return f"{paid}. {back} went back or is on its way, {left} is left."


def consequence(preview: RefundPreview, amount: Decimal, *, to_balance: bool) -> str:
    """What the refund does to the money, the access and the seat."""
    shown = money.text(amount, preview.currency)
    is_full = amount == preview.left
    rest = money.text(preview.left - amount, preview.currency)
    after = preview.effect if is_full else f"{rest} is left, and access stays as it is."
    if to_balance or preview.method is PaymentMethod.ACCOUNT_BALANCE:
        return f"{shown} goes to the balance of {preview.student_name}. {after}"
    if preview.by_hand:
        once = f" Once that is recorded: {after[0].lower()}{after[1:]}" if is_full else f" {after}"
        return f"{shown} is to be paid out by hand.{once}"
    return f"{shown} goes back to {_origin(preview)}. {after}"


def _check_override(text: str) -> str:
    return check_text(text, field="override", label="The reason", longest=OVERRIDE_LENGTH)
