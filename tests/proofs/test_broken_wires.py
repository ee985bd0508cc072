"""Deadlocks, killed connections and lost answers, on real servers: nothing half done."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import make_url

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.purchases import PurchaseOutcome
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.errors import DatabaseUnavailable, LearnHubError, OutcomeUnknown
from learnhub_desktop.gateways.port import Answer, ChargeRequest, RefundRequest
from learnhub_desktop.services import settling
from learnhub_desktop.services.refund_words import RefundOutcome
from tests.db.proxy import Proxy
from tests.proofs.broken import is_running, killed_at
from tests.proofs.checks import faults
from tests.proofs.crowd import Place, open_desk
from tests.proofs.scale import SERVERS
from tests.services.desk import Desk
from tests.waiting import wait_until

pytestmark = pytest.mark.proof


@SERVERS
def test_a_purchase_killed_at_any_of_its_statements_is_made_whole(school: Desk) -> None:
    """Once at each statement in turn: the transaction runs again, and all of it stands."""
    number, killed = 0, True
    while killed:
        number += 1
        student, course = school.student(), school.course()
        with killed_at(school.database, number=number) as cut:
            bought = school.buy(student, course)
        killed = cut.killed == 1
        assert bought.outcome is PurchaseOutcome.COMPLETED, f"killed at {cut.begun[number - 1]}"
        assert school.seats(course) == 1

    # The last round met no end of its wire: each statement had its turn.
    assert number == len(cut.begun) + 1
    assert number > 10


@SERVERS
def test_a_refund_killed_at_any_of_its_statements_is_made_whole(school: Desk) -> None:
    number, killed = 0, True
    while killed:
        number += 1
        student, course = school.student(), school.course()
        payment_id = school.buy(student, course).payment_id or 0
        order = school.refund_order(payment_id)
        with killed_at(school.database, number=number) as cut:
            refunded = school.give_back(order)
        killed = cut.killed == 1
        assert refunded.outcome is RefundOutcome.COMPLETED, f"killed at {cut.begun[number - 1]}"
        assert (school.seats(course), school.payment(payment_id).status) == (0, "refunded")

    assert number == len(cut.begun) + 1
    assert number > 10


@SERVERS
@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE users", DatabaseUnavailable),
        # The COMMIT goes out with these, so it is not known what a server made of them.
        ("UPDATE courses", OutcomeUnknown),
        ("INSERT INTO enrollments", OutcomeUnknown),
        ("INSERT INTO payments ", OutcomeUnknown),
        ("INSERT INTO payment_events", OutcomeUnknown),
        ("INSERT INTO idempotency", OutcomeUnknown),
        ("COMMIT", OutcomeUnknown),
    ],
)
def test_a_hold_that_is_killed_each_time_leaves_nothing(
    school: Desk, statement: str, told: type[LearnHubError]
) -> None:
    student, course = school.student(), school.course()
    order = school.order(student, course)

    with (
        killed_at(school.database, begins=statement, times=9) as cut,
        pytest.raises(LearnHubError) as raised,
    ):
        school.place(order)

    assert type(raised.value) is told

    assert cut.killed == 2
    assert school.rows(t.payments, t.payments.c.user_id == student) == []
    assert school.rows(t.enrollments, t.enrollments.c.student_id == student) == []
    assert school.rows(t.idempotency, t.idempotency.c.idempotency_key == order.key) == []
    assert school.seats(course) == 0
    assert school.gateway.lookup(order.key).entry is None
    assert school.place(order).outcome is PurchaseOutcome.COMPLETED


@SERVERS
@pytest.mark.parametrize(
    "statement", ["UPDATE enrollments", "INSERT INTO course_access", "UPDATE payments"]
)
def test_a_settling_that_is_killed_each_time_is_finished_later(
    school: Desk, statement: str
) -> None:
    student, course = school.student(), school.course()
    order = school.order(student, course)

    with (
        killed_at(school.database, begins=statement, times=9),
        pytest.raises(OutcomeUnknown) as unknown,
    ):
        school.place(order)

    assert unknown.value.key == order.key
    [payment] = school.rows(t.payments, t.payments.c.idempotency_key == order.key)
    # Half done it is not: the seat is held, the money taken, and all of the rest is to come.
    assert payment.status == "pending"
    assert school.enrolment(student, course).status == "pending"
    assert faults(school) == []
    school.make(run_out_of_time, payment.payment_id)
    settled = settling.resolve(school.database, payment.payment_id, gateways=school.gateways)
    assert settled.outcome is PurchaseOutcome.COMPLETED
    assert school.seats(course) == 1


def run_out_of_time(connection: Any, payment_id: int) -> None:
    connection.execute(
        t.payments.update()
        .where(t.payments.c.payment_id == payment_id)
        .values(hold_expires_at=t.payments.c.created_at)
    )


@contextmanager
def heavy_lock(desk: Desk, course_id: int) -> Iterator[Callable[[str], None]]:
    """Another program that holds the course, and has so much to lose that it wins a deadlock."""
    engine = desk.database.engines.writer
    with engine.connect() as connection:
        for number in range(200):
            connection.exec_driver_sql(
                "INSERT INTO cards (card_fingerprint) VALUES (%s)", (f"heavy {number}",)
            )
        connection.exec_driver_sql(
            "SELECT course_id FROM courses WHERE course_id = %s FOR UPDATE", (course_id,)
        )
        yield lambda statement: connection.exec_driver_sql(statement) and None
        connection.rollback()


@pytest.mark.parametrize("act", ["hold", "reserve"])
def test_a_deadlock_is_run_again_as_a_whole(
    school: Desk, caplog: pytest.LogCaptureFixture, act: str
) -> None:
    """The other program locks course, then student; the purchase student, then course."""
    caplog.set_level(logging.INFO, logger="learnhub_desktop.db.transactions")
    student, course = school.student(), school.course()
    payment_id = school.buy(student, course).payment_id or 0
    buyer = open_desk(Place(str(school.database.engines.writer.url), school_folder(school)))
    order = school.order(student, course)
    back = school.refund_order(payment_id)

    with ThreadPoolExecutor(1) as pool, heavy_lock(school, course) as other:
        buying = pool.submit(lambda: buyer.place(order) if act == "hold" else buyer.give_back(back))
        wait_until(lambda: is_running(school.database, "SELECT %%FROM courses%%FOR UPDATE%%"))
        # Each waits for the other now; the purchase has written less, so it is the victim.
        other(f"SELECT user_id FROM users WHERE user_id = {student} FOR UPDATE")
        wait_until(lambda: f"attempt 1 of {act} is run again" in caplog.text)
    done = buying.result(timeout=30)

    assert done.outcome in (PurchaseOutcome.COMPLETED, RefundOutcome.COMPLETED)
    assert "Deadlock found" in caplog.text
    assert school.seats(course) == (1 if act == "hold" else 0)
    buyer.database.close()


def school_folder(desk: Desk) -> Any:
    return desk.gateway._book.path.parent


@contextmanager
def through_a_wire(desk: Desk) -> Iterator[tuple[Desk, Proxy]]:
    """The same school through a wire that can swallow the answer to a COMMIT."""
    url = make_url(desk.database.engines.writer.url)
    with Proxy(url.host or "", url.port or 0) as proxy:
        there = url.set(port=proxy.port).render_as_string(hide_password=False)
        far = open_desk(Place(there, school_folder(desk)))
        yield far, proxy
        far.database.close()


@pytest.mark.parametrize("method", [PaymentMethod.CREDIT_CARD, PaymentMethod.ACCOUNT_BALANCE])
def test_a_hold_whose_commit_went_unanswered_is_charged_once(
    school: Desk, method: PaymentMethod
) -> None:
    student, course = school.student(account_balance=Decimal(60)), school.course()
    order = school.order(student, course, method=method)
    with through_a_wire(school) as (far, proxy):
        proxy.swallow_next_commit = True

        bought = far.place(order)

        assert proxy.swallowed == 1
    assert bought.outcome is PurchaseOutcome.COMPLETED
    assert len(school.rows(t.payments, t.payments.c.user_id == student)) == 1
    assert school.seats(course) == 1
    is_card = method is PaymentMethod.CREDIT_CARD
    assert school.balance(student) == (Decimal(60) if is_card else Decimal(11))


@pytest.mark.parametrize("act", ["charge", "refund"])
def test_an_answer_whose_commit_went_unanswered_is_written_once(
    school: Desk, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    student, course = school.student(), school.course()
    payment_id = 0 if act == "charge" else school.buy(student, course).payment_id or 0
    with through_a_wire(school) as (far, proxy):
        move: Callable[[Any], Answer] = getattr(far.gateway, act)

        def then_cut(request: ChargeRequest | RefundRequest) -> Answer:
            answer = move(request)
            proxy.swallow_next_commit = True
            return answer

        monkeypatch.setattr(far.gateway, act, then_cut)
        if act == "charge":
            done: Any = far.buy(student, course)
        else:
            done = far.refund(payment_id)

        assert proxy.swallowed == 1
    assert done.outcome in (PurchaseOutcome.COMPLETED, RefundOutcome.COMPLETED)
    last = "completion_confirmed" if act == "charge" else "access_ended"
    assert school.events(done.payment_id).count(last) == 1
    assert school.seats(course) == (1 if act == "charge" else 0)


def test_no_lock_is_held_while_the_gateway_thinks(
    school: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    student, course = school.student(), school.course(max_students=2)
    charge, asked, go = school.gateway.charge, threading.Event(), threading.Event()

    def slowly(request: ChargeRequest) -> Answer:
        asked.set()
        assert go.wait(timeout=30)
        return charge(request)

    slow = open_desk(Place(str(school.database.engines.writer.url), school_folder(school)))
    monkeypatch.setattr(slow.gateway, "charge", slowly)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(slow.buy, student, course)
        assert asked.wait(timeout=30)
        # The same student and the same course, meanwhile, without any wait.
        other = school.buy(student, school.course())
        neighbour = school.buy(school.student(), course)
        go.set()
        first = waiting.result(timeout=30)
    slow.database.close()

    assert [each.outcome for each in (other, neighbour, first)] == [PurchaseOutcome.COMPLETED] * 3
    assert school.seats(course) == 2
