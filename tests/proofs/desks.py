"""What a workstation of a proof does; each function is called in a process of its own."""

from __future__ import annotations

import random
import time
from decimal import Decimal
from functools import partial
from typing import Any

from learnhub_desktop.domain.purchases import Order, Purchase
from learnhub_desktop.domain.refunds import Refusal
from learnhub_desktop.errors import RuleRefused
from learnhub_desktop.services import purchases, refunds
from learnhub_desktop.services.purchases import Card
from learnhub_desktop.services.refund_rules import RefundOrder
from learnhub_desktop.services.refund_words import Refund
from tests.proofs.crowd import Told, tell
from tests.proofs.random_desk import RandomDesk
from tests.services.desk import Desk

WAIT_S = 30.0


def buy(desk: Desk, order: Order, isolation: str | None = None) -> Purchase:
    return purchases.buy(
        desk.database, order, gateways=desk.gateways, wait_s=WAIT_S, isolation=isolation
    )


def buy_one_after_the_other(desk: Desk, orders: list[Order]) -> list[tuple[Told, float]]:
    """What each buyer was told, and after how many seconds."""
    answers = []
    for order in orders:
        began_at = time.monotonic()
        told = tell(partial(buy, desk, order))
        answers.append((told, time.monotonic() - began_at))
    return answers


def hold(desk: Desk, order: Order, isolation: str | None = None) -> Any:
    """Only the transaction that claims the seat, without the look before it."""
    return desk.database.write_at(isolation, purchases.hold, order, Card(), "manual")


def refund(desk: Desk, order: RefundOrder, isolation: str | None = None) -> Refund:
    return refunds.refund(
        desk.database, order, gateways=desk.gateways, wait_s=WAIT_S, isolation=isolation
    )


def refund_again_and_again(
    desk: Desk, payment_id: int, amounts: list[str], isolation: str | None = None
) -> list[str]:
    """Refund one amount after the other, each time with a fresh look at the screen."""
    done = []
    for amount in amounts:
        while True:
            order = desk.refund_order(payment_id, amount=Decimal(amount), confirmed_again=True)
            try:
                refund(desk, order, isolation)
            except RuleRefused as error:
                if error.reason is Refusal.STALE_SCREEN:
                    continue
                break
            done.append(amount)
            break
    return done


def work_at_random(
    desk: Desk, seed: int, acts: int, students: list[int], courses: list[int]
) -> dict[str, int]:
    return RandomDesk(desk, random.Random(seed), students, courses).work(acts)
