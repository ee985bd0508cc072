"""How often a purchase asks the database, and how long it keeps others waiting."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pymysql
import pytest
from sqlalchemy import Connection, event

from learnhub_desktop.db import wire
from learnhub_desktop.db.transactions import Database
from learnhub_desktop.db.wire import Wire
from learnhub_desktop.domain.purchases import Order, PurchaseOutcome, new_key
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.errors import RuleRefused
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.services import purchases, settling
from tests.bench.gateway import ReadyGateway
from tests.databases import alone
from tests.factories import make_course, make_student
from tests.services.desk import Desk
from tests.services.money_rows import make_sale

GATEWAYS = Gateways(ReadyGateway())
SALE_PRICE = Decimal("4.90")


@contextmanager
def statements(desk: Desk) -> Iterator[list[str]]:
    """What is sent to the database to write, COMMIT included, in order."""
    sent: list[str] = []
    engine = desk.database.engines.writer

    def before(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        sent.append(statement)

    def committed(connection: Any) -> None:
        sent.append("COMMIT")

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "commit", committed)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", before)
        event.remove(engine, "commit", committed)


def test_a_loser_writes_nothing_and_takes_no_lock(desk: Desk) -> None:
    course = desk.course(max_students=1)
    desk.buy(desk.student(), course)
    student = desk.student()

    with statements(desk) as sent, pytest.raises(RuleRefused) as refused:
        desk.buy(student, course)

    assert str(refused.value) == "“SQL” is full: its only seat is taken."
    assert sent == []


def test_two_transactions_make_a_purchase_by_card_and_one_by_transfer(desk: Desk) -> None:
    course, another, student = desk.course(), desk.course(), desk.student()

    with statements(desk) as by_card:
        desk.buy(student, course)
    with statements(desk) as by_transfer:
        desk.buy(student, another, method=PaymentMethod.BANK_TRANSFER)

    assert by_card.count("COMMIT") == 2
    assert by_transfer.count("COMMIT") == 1


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every packet that a desk sends to its server from now on: each is a round trip."""
    packets: list[str] = []
    send = pymysql.connections.Connection._execute_command  # type: ignore[attr-defined]  # not in the stubs

    def note(self: Any, command: int, text: str | bytes) -> None:
        if isinstance(self, Wire):
            packets.append(text if isinstance(text, str) else text.decode())
        send(self, command, text)

    monkeypatch.setattr(pymysql.connections.Connection, "_execute_command", note)
    # On a busy machine seconds pass, and a connection is asked whether it lives.
    monkeypatch.setattr(wire, "_FRESH_S", 600.0)
    return packets


@dataclass
class Shop:
    """A course of a school on a server, with a sale of some seats."""

    school: Database
    course_id: int
    sale_id: int

    def student(self) -> int:
        with self.school.engines.writer.connect() as connection:
            student_id = make_student(connection)
            connection.commit()
        return student_id

    def order(self, student_id: int, *, in_sale: bool = True) -> Order:
        return Order(
            key=new_key("buy"),
            student_id=student_id,
            course_id=self.course_id,
            price=SALE_PRICE if in_sale else Decimal("49.00"),
            currency="USD",
            method=PaymentMethod.CREDIT_CARD,
            card=f"tok_visa_{student_id}",
            sale_id=self.sale_id if in_sale else None,
        )

    def buy(self, order: Order) -> PurchaseOutcome:
        return purchases.buy(self.school, order, gateways=GATEWAYS).outcome


@pytest.fixture
def shop(server_school: Database) -> Shop:
    now = datetime.now(UTC)
    with server_school.engines.writer.connect() as connection:
        course_id = make_course(connection, price=Decimal("49.00"), max_students=20)
        sale_id = make_sale(
            connection,
            course_id,
            max_seats=3,
            discount_price=SALE_PRICE,
            start_time=now - timedelta(hours=1),
            end_time=now + timedelta(hours=1),
        )
        connection.commit()
    shop = Shop(server_school, course_id, sale_id)
    # Both pools have a connection then, and it knows what it is used for.
    shop.buy(shop.order(shop.student()))
    return shop


def first_words(packet: str) -> list[str]:
    """The first two words of each statement that went out together."""
    return [" ".join(each.split()[:2]) for each in packet.split(";")]


@pytest.mark.parametrize("in_sale", [True, False])
def test_six_round_trips_make_a_purchase(shop: Shop, sent: list[str], in_sale: bool) -> None:
    order = shop.order(shop.student(), in_sale=in_sale)
    sent.clear()

    assert shop.buy(order) is PurchaseOutcome.COMPLETED

    # A look; hold: open, place; settle: open, lock, write. COMMIT goes with the last of each.
    claim = "UPDATE flash_sales," if in_sale else "UPDATE courses"
    assert [first_words(packet) for packet in sent] == [
        ["SELECT json_array(1)" if in_sale else "SELECT json_array(CASE"],
        [
            "SET @learnhub_operation",
            "UPDATE users",
            "INSERT INTO",
            "SELECT json_array(idempotency.idempotency_key",
        ],
        [claim, *["INSERT INTO"] * 4, "COMMIT"],
        [
            "SET @learnhub_operation",
            "SELECT json_array(users.user_id,",
            "SELECT json_array(payments.status,",
        ],
        ["SELECT STRAIGHT_JOIN"],
        [
            "UPDATE enrollments",
            "INSERT INTO",
            "UPDATE payments",
            "INSERT INTO",
            "UPDATE idempotency",
            "COMMIT",
        ],
    ]


def test_one_round_trip_from_the_claim_of_the_sale_to_its_release(
    shop: Shop, sent: list[str]
) -> None:
    order = shop.order(shop.student())
    sent.clear()

    shop.buy(order)

    claim = next(n for n, packet in enumerate(sent) if "UPDATE flash_sales" in packet)
    assert sent[claim].endswith(";COMMIT")
    # Settling holds the course alone, from its lock to the second COMMIT.
    lock = next(n for n, packet in enumerate(sent) if "STRAIGHT_JOIN" in packet)
    assert [packet.endswith(";COMMIT") for packet in sent[lock:]] == [False, True]
    assert [n for n, packet in enumerate(sent) if "flash_sales" in packet and n > claim] == []


def test_a_loser_is_told_in_one_round_trip_without_a_lock(shop: Shop, sent: list[str]) -> None:
    for _ in range(2):
        shop.buy(shop.order(shop.student()))
    order = shop.order(shop.student())
    sent.clear()

    with pytest.raises(RuleRefused) as refused:
        shop.buy(order)

    assert str(refused.value) == "The sale is over or sold out."
    [packet] = sent
    assert packet.startswith("SELECT ") and ";" not in packet and "FOR UPDATE" not in packet


def test_who_has_paid_before_is_counted_in_two_round_trips_more(
    shop: Shop, sent: list[str]
) -> None:
    student = shop.student()
    shop.buy(shop.order(student, in_sale=False))
    another = Shop(shop.school, shop.course_id, shop.sale_id)
    with shop.school.engines.writer.connect() as connection:
        another.course_id = make_course(connection, price=Decimal("49.00"))
        connection.commit()
    order = another.order(student, in_sale=False)
    sent.clear()

    assert another.buy(order) is PurchaseOutcome.COMPLETED

    assert len(sent) == 8


def is_free(connection: Connection, table: str, key: str, number: int) -> bool:
    """Whether nobody holds a lock on the row."""
    try:
        connection.exec_driver_sql(
            f"SELECT 1 FROM {table} WHERE {key} = {number} FOR UPDATE NOWAIT"
        )
    except Exception as error:  # noqa: BLE001  # which code it is differs
        assert "lock" in str(error).lower()
        return False
    finally:
        connection.rollback()
    return True


def until_locked(connection: Connection, table: str, key: str, number: int) -> None:
    """Wait until somebody holds a lock on the row."""
    waited = threading.Event()
    for _ in range(500):
        if not is_free(connection, table, key, number):
            return
        waited.wait(0.01)
    raise AssertionError(f"{table} {number} was never locked")


def test_a_sale_is_locked_before_its_course(shop: Shop) -> None:
    order = shop.order(shop.student())

    with (
        ThreadPoolExecutor(1) as pool,
        alone(shop.school) as holder,
        alone(shop.school) as looker,
    ):
        lock = f"SELECT 1 FROM courses WHERE course_id = {shop.course_id} FOR UPDATE"
        holder.exec_driver_sql(lock)
        bought: Future[PurchaseOutcome] = pool.submit(shop.buy, order)
        # It has the sale while it waits for the course.
        until_locked(looker, "flash_sales", "sale_id", shop.sale_id)
        holder.rollback()
        assert bought.result() is PurchaseOutcome.COMPLETED


def test_a_course_is_locked_before_the_enrolment_and_the_payment(shop: Shop) -> None:
    order = shop.order(shop.student())
    held = purchases.reserve(shop.school, order, gateways=GATEWAYS)
    assert isinstance(held, settling.Held)

    with (
        ThreadPoolExecutor(1) as pool,
        alone(shop.school) as holder,
        alone(shop.school) as looker,
    ):
        place = held.place
        lock = f"SELECT 1 FROM enrollments WHERE enrollment_id = {place.enrollment_id} FOR UPDATE"
        holder.exec_driver_sql(lock)
        settled = pool.submit(settling.charge, shop.school, held, gateways=GATEWAYS)
        # It has the course while it waits for the enrolment, and not the payment yet.
        until_locked(looker, "courses", "course_id", shop.course_id)
        assert is_free(looker, "payments", "payment_id", place.payment_id)
        holder.rollback()
        assert settled.result().outcome is PurchaseOutcome.COMPLETED
