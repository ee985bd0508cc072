"""The fields that only an enrolment asks for: how it is paid, and why a rule is passed over."""

from __future__ import annotations

from typing import Final

from learnhub_desktop.domain import money
from learnhub_desktop.domain.actors import Actor, Right
from learnhub_desktop.domain.purchases import PurchasePreview
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.domain.text import check_text
from learnhub_desktop.services.purchase_checks import REASON_LENGTH, listed
from learnhub_desktop.ui.dialogs.enrol_words import Way, balance_is_short, ways
from learnhub_desktop.ui.widgets.fields import ChoiceField, TextField

# Two reasons, for no payment and for no prerequisites, share one column.
_OVERRIDE_LENGTH: Final = 200
_BY_HAND_LENGTH: Final = REASON_LENGTH - _OVERRIDE_LENGTH - 40


class WayField(ChoiceField):
    """How it is paid. A balance that is too small stays in the list and says so."""

    def __init__(self, actor: Actor, *, takes_cards: bool) -> None:
        super().__init__("method", "Payment", ())
        self._takes_cards = takes_cards
        self._takes_payments = actor.may(Right.TAKE_PAYMENT)
        self._ways: list[tuple[Way, str]] = []
        self._short = ""

    @property
    def is_choice(self) -> bool:
        """Whether there is more than one way."""
        return len(self._ways) > 1

    def way(self) -> Way | None:
        """The chosen way, None where there is none at all."""
        if not self._ways:
            return None
        way: Way = self.value()
        return way

    def show_ways(self, preview: PurchasePreview) -> None:
        """Offer the ways into this course; the one that was chosen stays, where it still is."""
        found = ways(preview, takes_cards=self._takes_cards, takes_payments=self._takes_payments)
        if found != self._ways:
            chosen = self.way()
            self._ways = found
            self.set_options(found)
            self.choose(chosen)
        self._short = ""
        if balance_is_short(preview):
            balance = money.text(preview.balance, preview.balance_currency)
            price = money.text(preview.price, preview.currency)
            self._short = f"The balance of {balance} is not enough for {price}."
        self._show_line()

    def error(self) -> str:
        if self.way() is PaymentMethod.ACCOUNT_BALANCE and self._short:
            return self._short
        return super().error()


def reason_field() -> TextField:
    """Why nothing is paid."""
    return TextField(
        "reason",
        "Reason for no payment",
        check=lambda text: check_text(
            text, field="reason", label="The reason", longest=_BY_HAND_LENGTH
        ),
        placeholder="Scholarship, employee, replaces another course",
    )


class OverrideField(TextField):
    """Why a student is let in without what has to be completed first."""

    def __init__(self, *, longest: int = _OVERRIDE_LENGTH) -> None:
        super().__init__(
            "override",
            "Reason to let the student in",
            check=lambda text: check_text(
                text, field="override", label="The reason", longest=longest
            ),
            placeholder="Learnt it elsewhere",
        )

    def show_missing(self, student_name: str, missing: tuple[str, ...]) -> None:
        words = f"Reason to let {student_name} in without {listed(missing)}"
        self.label.setText(words)
        self.editor.setAccessibleName(words)
