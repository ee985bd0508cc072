"""What a crash or a forger could do to payments that the program itself has made."""

from __future__ import annotations

import itertools
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import insert

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.findings import Topic
from tests.db.damage import Damage, move
from tests.factories import NOW, add, make_course, make_enrolment, make_payment, make_student

_numbers = itertools.count(1)

PAID = (
    "initiated hold_placed payment_gateway_called payment_gateway_success enrollment_created "
    "access_granted completion_confirmed"
)
PERIOD_PAID = (
    "initiated payment_gateway_called payment_gateway_success access_extended completion_confirmed"
)
PERIOD_FAILED = "initiated payment_gateway_called payment_gateway_failed failed"


class DamagedMoney(Damage):
    """The small school with a payment of the program's own, and what could be wrong with it."""

    own_id = 0
    subscription_id = 0
    other_id = 0
    key = ""

    def own(self, events: str, status: str = "completed", **values: Any) -> int:
        """A payment with its key and events, as the program leaves it."""
        self.key = f"damaged-{next(_numbers)}"
        chosen: dict[str, Any] = {"payment_gateway": "simulated", **values}
        self.own_id = make_payment(
            self.connection, self.student_id, idempotency_key=self.key, status=status, **chosen
        )
        for event in events.split():
            self.connection.execute(
                insert(t.payment_events).values(
                    payment_id=self.own_id, event_type=event, created_at=NOW
                )
            )
        is_open = status in ("pending", "unknown")
        self.store_key(self.key, self.own_id, "in_progress" if is_open else "done")
        return self.own_id

    def store_key(self, key: str, payment_id: int, state: str) -> None:
        self.connection.execute(
            insert(t.idempotency).values(
                idempotency_key=key,
                operation="purchase",
                parameters_hash="0" * 64,
                parameters={},
                state=state,
                payment_id=payment_id,
            )
        )

    def subscribe(self, until: date, status: str = "active") -> int:
        self.subscription_id = add(
            self.connection,
            t.subscriptions,
            user_id=self.student_id,
            plan_type="monthly",
            status=status,
            start_date=date(2026, 3, 1),
            current_period_end=until,
        )
        return self.subscription_id

    def bill(self, charge_id: int, status: str = "completed") -> None:
        self.connection.execute(
            insert(t.subscription_payments).values(
                subscription_id=self.subscription_id,
                charge_payment_id=charge_id,
                amount=Decimal("29.00"),
                currency="USD",
                billing_period_start=date(2026, 3, 1),
                billing_period_end=date(2026, 4, 1),
                status=status,
            )
        )

    def hold(self) -> int:
        """A pending enrolment in a course of its own, which counts the seat."""
        other_id = make_student(self.connection)
        course_id = make_course(self.connection)
        self.other_id = make_enrolment(self.connection, other_id, course_id, status="pending")
        self.set(t.courses, course_id, enrolled_students=1)
        return other_id

    def story(self) -> None:
        self.own("initiated hold_placed payment_gateway_called")

    def silence(self) -> None:
        self.own("")

    def held_for_nobody(self) -> None:
        student_id = self.hold()
        make_payment(self.connection, student_id, enrollment_id=self.other_id, status="failed")

    def held_twice(self) -> None:
        student_id = self.hold()
        for _ in range(2):
            make_payment(self.connection, student_id, enrollment_id=self.other_id, status="pending")

    def held_without_payment(self) -> None:
        self.hold()

    def moved_twice(self) -> None:
        by_balance = {"payment_gateway": "balance", "payment_method": "account_balance"}
        events = "initiated hold_placed enrollment_created access_granted completion_confirmed"
        self.own(events, **by_balance)
        move(self.connection, self.student_id, "100.00", "100.00")
        for after in ("51.00", "2.00"):
            self.connection.execute(
                insert(t.balance_movements).values(
                    user_id=self.student_id,
                    payment_id=self.own_id,
                    kind="charge",
                    amount=Decimal("-49.00"),
                    currency="USD",
                    balance_after=Decimal(after),
                )
            )
        self.set(t.users, self.student_id, account_balance=Decimal("2.00"))

    def unpaid_bill(self) -> None:
        self.subscribe(date(2026, 4, 1))
        self.bill(
            self.own(PERIOD_FAILED, "failed", subscription_id=self.subscription_id), "completed"
        )

    def unbilled(self) -> None:
        self.subscribe(date(2026, 4, 1))
        self.own(PERIOD_PAID, subscription_id=self.subscription_id)

    def charged_at_once(self) -> None:
        self.subscribe(date(2026, 4, 1))
        for _ in range(2):
            make_payment(
                self.connection,
                self.student_id,
                subscription_id=self.subscription_id,
                status="pending",
            )

    def runs_on(self) -> None:
        self.subscribe(date(2026, 5, 1))
        self.bill(self.own(PERIOD_PAID, subscription_id=self.subscription_id))

    def plan_over(self) -> None:
        self.subscribe(date(2026, 4, 1), "expired")
        other_id = make_student(self.connection)
        course_id = make_course(self.connection)
        self.other_id = make_enrolment(
            self.connection,
            other_id,
            course_id,
            source="subscription",
            subscription_id=self.subscription_id,
        )
        self.set(t.courses, course_id, enrolled_students=1)
        self.connection.execute(
            insert(t.course_access).values(student_id=other_id, course_id=course_id)
        )

    def done_too_soon(self) -> None:
        self.own("initiated hold_placed payment_gateway_called", "pending")
        c = t.idempotency.c
        self.connection.execute(
            t.idempotency.update().where(c.idempotency_key == self.key).values(state="done")
        )

    def never_done(self) -> None:
        self.own(PAID)
        c = t.idempotency.c
        self.connection.execute(
            t.idempotency.update().where(c.idempotency_key == self.key).values(state="in_progress")
        )

    def key_of_another(self) -> None:
        self.key = f"damaged-{next(_numbers)}"
        self.store_key(self.key, self.charge_id, "done")


MONEY_CASES: dict[str, tuple[Topic, str, bool]] = {
    "story": (
        Topic.EVENTS,
        "Payment {own_id} is completed, but its events end with “payment gateway called”.",
        False,
    ),
    "silence": (Topic.EVENTS, "Payment {own_id} has no events.", False),
    "held_for_nobody": (
        Topic.HOLDS,
        "Enrolment {other_id} is pending, and holds a seat for nobody: its 1 payment is settled.",
        False,
    ),
    "held_twice": (
        Topic.HOLDS,
        "Enrolment {other_id} waits for 2 payments at once: it may be paid twice.",
        False,
    ),
    "held_without_payment": (
        Topic.HOLDS,
        "Enrolment {other_id} is pending without a payment. Another program may have made it.",
        False,
    ),
    "moved_twice": (
        Topic.BALANCES,
        "Payment {own_id} of 49.00 USD is completed, and it moved the balance by -98.00 USD.",
        False,
    ),
    "unpaid_bill": (Topic.SUBSCRIPTIONS, "is completed, and its charge {own_id} is failed.", False),
    "unbilled": (
        Topic.SUBSCRIPTIONS,
        "Payment {own_id} was paid for a subscription, and pays for no period.",
        False,
    ),
    "charged_at_once": (
        Topic.SUBSCRIPTIONS,
        "Subscription {subscription_id} waits for 2 charges at once: it may be paid twice.",
        False,
    ),
    "runs_on": (
        Topic.SUBSCRIPTIONS,
        "Subscription {subscription_id} runs until 2026-05-01, and is paid until 2026-04-01.",
        False,
    ),
    "plan_over": (
        Topic.SUBSCRIPTIONS,
        "Enrolment {other_id} is open by subscription {subscription_id}, which is expired.",
        False,
    ),
    "done_too_soon": (Topic.KEYS, "Payment {own_id} is pending, and its key is done.", False),
    "never_done": (Topic.KEYS, "Payment {own_id} is completed, and its key is not done.", False),
    "key_of_another": (
        Topic.KEYS,
        "Key {key} names payment {charge_id}, which has another key.",
        False,
    ),
}
