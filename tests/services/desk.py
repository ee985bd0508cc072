"""A school with a simulated gateway: what a test of money buys, refunds and looks at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, select

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.purchases import Order, Purchase, new_key
from learnhub_desktop.domain.refunds import RefundReason
from learnhub_desktop.domain.settlement import Place
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.gateways import Gateways, create_book
from learnhub_desktop.gateways.port import Entry
from learnhub_desktop.gateways.simulated import SimulatedGateway
from learnhub_desktop.services import purchases, refunds
from learnhub_desktop.services.asking import ask_now
from learnhub_desktop.services.refund_rules import RefundOrder
from learnhub_desktop.services.refund_words import Refund
from tests import factories
from tests.databases import SetClock
from tests.services import money_rows

T = TypeVar("T")
BOOK_ID = "book-of-the-desk"
# Each leaves out what another row would have to say beside it.
_HALF_TRUTHS: tuple[Callable[..., Any], ...] = (
    factories.make_enrolment,
    factories.make_payment,
    money_rows.change_payment,
    money_rows.do_lessons,
    money_rows.set_progress,
)


def no_wait(seconds: float) -> None:
    """A late answer takes no time in a test."""


def open_gateway(folder: Path) -> SimulatedGateway:
    """The gateway whose book lies in ``folder``; made where there is none yet."""
    path = folder / "desk.gateway"
    if not path.exists():
        create_book(path, book_id=BOOK_ID)
    return SimulatedGateway(path, BOOK_ID, wait=no_wait)


@dataclass
class Desk:
    """One workstation of a school. Everything it does is committed.

    ``made_up``: rows were written that no program leaves together, so the school need not
    add up in the end.
    """

    database: Database
    gateway: SimulatedGateway
    clock: SetClock
    made_up: bool = False

    @property
    def gateways(self) -> Gateways:
        return Gateways(self.gateway)

    def make(self, factory: Callable[..., T], *args: Any, **values: Any) -> T:
        """Insert a row with a factory, and commit it."""
        self.made_up |= factory in _HALF_TRUTHS or "enrolled_students" in values
        with self.database.engines.writer.connect() as connection:
            made = factory(connection, *args, **values)
            connection.commit()
        return made

    def student(self, **values: Any) -> int:
        student_id = self.make(factories.make_student, **{"name": "Ada", **values})
        if values.get("account_balance"):
            self.make(money_rows.explain_balance, student_id)
        return student_id

    def course(self, **values: Any) -> int:
        return self.make(factories.make_course, **{"title": "SQL", **values})

    def card_of(self, student_id: int) -> str:
        """The card that every student but a thief has for themselves."""
        return f"tok_visa_{student_id}"

    def order(self, student_id: int, course_id: int, **values: Any) -> Order:
        chosen: dict[str, Any] = {
            "key": new_key("buy"),
            "price": Decimal("49.00"),
            "currency": "USD",
            "method": PaymentMethod.CREDIT_CARD,
            "card": self.card_of(student_id),
            **values,
        }
        return Order(student_id=student_id, course_id=course_id, **chosen)

    def buy(self, student_id: int, course_id: int, **values: Any) -> Purchase:
        return self.place(self.order(student_id, course_id, **values))

    def place(self, order: Order, *, wait_s: float = 0.0) -> Purchase:
        return purchases.buy(self.database, order, gateways=self.gateways, wait_s=wait_s)

    def refund_order(self, payment_id: int, **values: Any) -> RefundOrder:
        chosen: dict[str, Any] = {
            "key": new_key("refund"),
            "reason": RefundReason.CUSTOMER_REQUEST,
            "seen_refunded": self.payment(payment_id).refunded_amount,
            **values,
        }
        return RefundOrder(payment_id=payment_id, **chosen)

    def refund(self, payment_id: int, **values: Any) -> Refund:
        return self.give_back(self.refund_order(payment_id, **values))

    def give_back(self, order: RefundOrder, *, wait_s: float = 0.0) -> Refund:
        return refunds.refund(self.database, order, gateways=self.gateways, wait_s=wait_s)

    def ask_about(self, payment_id: int | None) -> Purchase | Refund:
        """Have the gateway asked what became of a payment or refund."""
        return ask_now(self.database, payment_id or 0, gateways=self.gateways)

    def pass_time(self, **units: float) -> datetime:
        self.clock.now += timedelta(**units)
        return self.clock.now

    def write(self, call: Callable[..., T], *args: Any, **values: Any) -> T:
        return self.database.write(call, *args, **values)

    def read(self, call: Callable[..., T], *args: Any, **values: Any) -> T:
        return self.database.read(call, *args, **values)

    def where(self, payment_id: int) -> Place:
        return self.database.read(_place, payment_id)

    def ask(self, look: Callable[[Connection], T]) -> T:
        with self.database.engines.reader.connect() as connection:
            return look(connection)

    def row(self, table: Any, *conditions: Any) -> Row[Any]:
        return self.ask(lambda c: c.execute(select(table).where(*conditions)).one())

    def rows(self, table: Any, *conditions: Any) -> list[Row[Any]]:
        return self.ask(lambda c: list(c.execute(select(table).where(*conditions)).all()))

    def payment(self, payment_id: int | None) -> Row[Any]:
        return self.row(t.payments, t.payments.c.payment_id == payment_id)

    def payments(self) -> list[Row[Any]]:
        return self.rows(t.payments)

    def enrolment(self, student_id: int, course_id: int) -> Row[Any]:
        c = t.enrollments.c
        return self.row(t.enrollments, c.student_id == student_id, c.course_id == course_id)

    def access(self, student_id: int, course_id: int) -> Row[Any]:
        c = t.course_access.c
        return self.row(t.course_access, c.student_id == student_id, c.course_id == course_id)

    def seats(self, course_id: int) -> int:
        return int(self.row(t.courses, t.courses.c.course_id == course_id).enrolled_students)

    def balance(self, student_id: int) -> Decimal:
        return Decimal(self.row(t.users, t.users.c.user_id == student_id).account_balance)

    def alert(self, alert_id: int | None) -> Row[Any]:
        return self.row(t.fraud_alerts, t.fraud_alerts.c.alert_id == alert_id)

    def events(self, payment_id: int | None) -> list[str]:
        c = t.payment_events.c
        statement = select(c.event_type).where(c.payment_id == payment_id).order_by(c.event_id)
        return self.ask(lambda connection: list(connection.scalars(statement)))

    def sent(self) -> list[Entry]:
        """What the gateway's book holds, oldest first."""
        return list(self.gateway.entries())


def _place(uow: UnitOfWork, payment_id: int) -> Place:
    return uow.payments.place(payment_id)
