"""What the enrolment dialog says: the ways to pay, what each does, and what the button is called."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from learnhub_desktop.domain import money
from learnhub_desktop.domain.moments import say_day
from learnhub_desktop.domain.purchases import BY_HAND_METHODS, GATEWAY_METHODS, PurchasePreview
from learnhub_desktop.domain.school import SchoolSettings
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.models import formats
from learnhub_desktop.services.purchase_checks import listed


class Unpaid(StrEnum):
    """Ways into a course that move no money."""

    FREE = "free"
    BY_HAND = "by_hand"


Way = PaymentMethod | Unpaid

METHODS: Final = {
    PaymentMethod.CREDIT_CARD: "Card",
    PaymentMethod.PAYPAL: "PayPal",
    PaymentMethod.STRIPE: "Stripe",
    PaymentMethod.BANK_TRANSFER: "Bank transfer",
    PaymentMethod.CASH: "Cash",
}
CHARGED: Final = {
    PaymentMethod.CREDIT_CARD: "to the card",
    PaymentMethod.PAYPAL: "by PayPal",
    PaymentMethod.STRIPE: "by Stripe",
}


def ways(
    preview: PurchasePreview, *, takes_cards: bool, takes_payments: bool
) -> list[tuple[Way, str]]:
    """How this student can come into this course, the most usual first.

    ``takes_cards``: the school has a gateway for them; ``takes_payments``: the account may.
    """
    if preview.price == 0:
        return [(Unpaid.FREE, "Nothing to pay: the course is free")]
    found: list[tuple[Way, str]] = []
    if takes_payments:
        found += [
            (method, words)
            for method, words in METHODS.items()
            if takes_cards or method not in GATEWAY_METHODS
        ]
        if preview.balance > 0:
            found.append((PaymentMethod.ACCOUNT_BALANCE, _balance_words(preview)))
    if not preview.extends:
        found.append((Unpaid.BY_HAND, "Without payment, by hand"))
    return found


def _balance_words(preview: PurchasePreview) -> str:
    words = f"Account balance: {money.text(preview.balance, preview.balance_currency)}"
    return f"{words}, not enough" if balance_is_short(preview) else words


def balance_is_short(preview: PurchasePreview) -> bool:
    return preview.balance_currency != preview.currency or preview.balance < preview.price


def button_words(preview: PurchasePreview, way: Way) -> str:
    """What the primary button does, in its own words."""
    amount = money.text(preview.price, preview.currency)
    goal = "extend access" if preview.extends else "enrol"
    match way:
        case Unpaid.FREE:
            return "Extend access for free" if preview.extends else "Enrol for free"
        case Unpaid.BY_HAND:
            return "Enrol without payment"
        case PaymentMethod.BANK_TRANSFER:
            return "Wait for the transfer" if preview.extends else "Hold a seat for the transfer"
        case PaymentMethod.CASH:
            return "Wait for the cash" if preview.extends else "Hold a seat for the cash"
        case PaymentMethod.ACCOUNT_BALANCE:
            return f"Take {amount} and {goal}"
    return f"Charge {amount} and {goal}"


def consequence(preview: PurchasePreview, way: Way, settings: SchoolSettings) -> str:
    """What pressing the button does to the money, the seat and the access."""
    if way in BY_HAND_METHODS:
        assert isinstance(way, PaymentMethod)
        return _waits(preview, way, settings)
    return f"{_money(preview, way)} {_place(preview)} {access_words(preview, settings)}"


def _money(preview: PurchasePreview, way: Way) -> str:
    amount = money.text(preview.price, preview.currency)
    match way:
        case Unpaid.FREE:
            return "Nothing is charged."
        case Unpaid.BY_HAND:
            return f"Nothing is charged, and {amount} is not expected either."
        case PaymentMethod.ACCOUNT_BALANCE:
            left = money.text(max(Decimal(0), preview.balance - preview.price), preview.currency)
            return f"{amount} is taken from the balance; {left} is left."
    assert isinstance(way, PaymentMethod)
    return f"{amount} is charged {CHARGED[way]} now."


def _waits(preview: PurchasePreview, way: PaymentMethod, settings: SchoolSettings) -> str:
    """Money that comes later: what is held until then, and who books it."""
    hold = formats.duration(timedelta(minutes=settings.hold_minutes(way)))
    amount = money.text(preview.price, preview.currency)
    comes = "the cash comes" if way is PaymentMethod.CASH else "the transfer comes"
    then = "access is extended" if preview.extends else "access opens"
    held = "The price is kept" if preview.extends else f"{_seat(preview)} is held"
    return (
        f"{held} for {hold}, and {amount} is expected. When {comes}, record its receipt under "
        f"Payments: then {then}."
    )


def _place(preview: PurchasePreview) -> str:
    name = preview.student_name
    return f"{name} stays in the course." if preview.extends else f"{_seat(preview)} is taken."


def _seat(preview: PurchasePreview) -> str:
    if preview.seats_left is None:
        return "A seat"
    if preview.seats_left == 1:
        return "The last seat"
    return f"One of the {preview.seats_left:,} seats that are left"


def access_words(preview: PurchasePreview, settings: SchoolSettings) -> str:
    if preview.access_until is None:
        return "Access is for life."
    return f"Access runs until {say_day(preview.access_until, settings.zone)}."


def has_to_complete(student_name: str, missing: tuple[str, ...]) -> str:
    """To whom has no right to pass over prerequisites."""
    return (
        f"{student_name} has to complete {listed(missing)} first. Your account may not enrol "
        "without prerequisites; ask an administrator."
    )
