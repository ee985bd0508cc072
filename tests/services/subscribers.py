"""Students who subscribe: what tests of subscriptions share."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.purchases import Purchase, new_key
from learnhub_desktop.domain.subscriptions import Billed
from learnhub_desktop.services import renewals, subscriptions
from learnhub_desktop.services.subscriptions import SignUp
from tests.services.desk import Desk

PRICES = {"monthly": Decimal("29.00"), "annual": Decimal("290.00")}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def order(student_id: int, plan: str = "monthly", **values: Any) -> SignUp:
    chosen: dict[str, Any] = {
        "key": new_key("subscribe"),
        "price": PRICES[plan],
        "currency": "USD",
        "card": "tok_visa",
        **values,
    }
    return SignUp(student_id=student_id, plan_type=plan, **chosen)


def sign_up(desk: Desk, student_id: int, plan: str = "monthly", **values: Any) -> Purchase:
    return place(desk, order(student_id, plan, **values))


def place(desk: Desk, signing: SignUp) -> Purchase:
    return subscriptions.sign_up(desk.database, signing, gateways=desk.gateways, wait_s=0.0)


def subscribe(desk: Desk, plan: str = "monthly", **values: Any) -> int:
    """A student with a paid subscription; returns the subscription."""
    student = desk.student(**values)
    paid = sign_up(desk, student, plan)
    found: int = desk.payment(paid.payment_id).subscription_id
    return found


def renew(desk: Desk, subscription_id: int) -> Billed:
    return renewals.renew(desk.database, subscription_id, gateways=desk.gateways)


def give_card(desk: Desk, subscription_id: int, card: str) -> None:
    """Change the card's token as it is stored, and nothing else."""

    def change(connection: Any) -> None:
        connection.execute(
            t.subscriptions.update()
            .where(t.subscriptions.c.subscription_id == subscription_id)
            .values(payment_token=card)
        )

    desk.make(change)


def row(desk: Desk, subscription_id: int) -> Row[Any]:
    return desk.row(t.subscriptions, t.subscriptions.c.subscription_id == subscription_id)


def bills(desk: Desk, subscription_id: int) -> list[tuple[str, str, str]]:
    """(start, end, status) of each bill, oldest first."""
    c = t.subscription_payments.c
    found = desk.rows(t.subscription_payments, c.subscription_id == subscription_id)
    return sorted(
        (str(each.billing_period_start), str(each.billing_period_end), str(each.status))
        for each in found
    )


def charges(desk: Desk, subscription_id: int) -> list[str]:
    """The states of its charges, oldest first."""
    found = desk.rows(t.payments, t.payments.c.subscription_id == subscription_id)
    return [str(each.status) for each in sorted(found, key=lambda each: int(each.payment_id))]


def day(text: str) -> date:
    return date.fromisoformat(text)
