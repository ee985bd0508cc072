"""What the course's own SQL gets wrong when it is run as written, and what happens here instead.

Each was measured on a real server: a failed statement leaves its transaction open, a
duplicate transaction id is reported as a success, a limit of one sells four seats, a refund
without a payment frees a seat each time it is called, an unused key returns another customer.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.purchases import PurchaseOutcome
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.errors import RuleRefused
from learnhub_desktop.gateways.port import Answer, ChargeRequest
from learnhub_desktop.services import enrolments, purchases
from learnhub_desktop.services.purchases import Card
from tests.proofs import desks
from tests.proofs.crowd import Job, Place, at_once
from tests.services.desk import Desk
from tests.services.money_rows import make_sale

pytestmark = pytest.mark.proof


def test_a_failed_statement_leaves_no_open_transaction_that_the_next_purchase_commits(
    school: Desk,
) -> None:
    """In the seed the next START TRANSACTION commits the failed one's enrolment, unpaid."""
    student, course = school.student(), school.course()
    order = school.order(student, course, method=PaymentMethod.CASH)
    connections = set()

    def hold_then_fail(uow: UnitOfWork) -> None:
        connections.add(uow.connection.connection.dbapi_connection.thread_id())  # type: ignore[union-attr]  # PyMySQL's own
        purchases.hold(uow, order, Card(), "manual")
        uow.payments.add(user_id=student, amount=Decimal(-1), currency="USD")

    def look(uow: UnitOfWork) -> int:
        connections.add(uow.connection.connection.dbapi_connection.thread_id())  # type: ignore[union-attr]  # PyMySQL's own
        return len(uow.connection.execute(t.enrollments.select()).all())

    before = school.write(look)
    with pytest.raises(RuleRefused, match="refused a value that is not allowed"):
        school.write(hold_then_fail)
    after = school.write(look)
    other = school.buy(school.student(), course)

    assert len(connections) == 1  # all on the same connection, as in the seed
    assert after == before
    assert other.outcome is PurchaseOutcome.COMPLETED
    assert school.rows(t.enrollments, t.enrollments.c.student_id == student) == []
    assert school.rows(t.payments, t.payments.c.user_id == student) == []
    assert school.seats(course) == 1


def test_a_duplicate_transaction_id_keeps_no_lock_and_is_not_told_as_the_last_calls_success(
    school: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the seed it fails in the handler, keeps the course locked and reports SUCCESS."""
    course = school.course(max_students=10)
    first = school.buy(school.student(name="Ada"), course)
    known = school.payment(first.payment_id).transaction_id
    charge = school.gateway.charge

    def same_reference(request: ChargeRequest) -> Answer:
        return replace(charge(request), reference=known)

    monkeypatch.setattr(school.gateway, "charge", same_reference)
    second = school.buy(school.student(name="Bob"), course)
    monkeypatch.undo()

    # The money came, so it is booked; the id stays the first one's alone.
    assert second.outcome is PurchaseOutcome.COMPLETED
    assert second.changes.message.startswith("Enrolled Bob in “SQL”.")
    assert school.payment(second.payment_id).transaction_id is None
    assert school.payment(second.payment_id).gateway_reference == known
    with pytest.raises(RuleRefused) as refused:
        school.write(_write_payment, second, known)
    assert str(refused.value) == "A payment with this transaction id exists already."
    # Nobody holds the course: another desk sells it at once.
    with school.database.engines.writer.connect() as connection:
        connection.exec_driver_sql(
            "SELECT course_id FROM courses WHERE course_id = %s FOR UPDATE NOWAIT", (course,)
        )
        connection.rollback()
    assert school.buy(school.student(name="Eve"), course).outcome is PurchaseOutcome.COMPLETED
    assert school.seats(course) == 3


def _write_payment(uow: UnitOfWork, purchase: Any, transaction_id: str) -> None:
    payment = uow.payments.get(purchase.payment_id)
    uow.enrolments.lock_course(payment.course_id or 0)
    uow.payments.add(
        user_id=payment.user_id,
        course_id=payment.course_id,
        amount=payment.amount,
        currency=payment.currency,
        transaction_id=transaction_id,
    )


def test_a_limit_of_one_sells_one_seat_and_no_fourth_seat_by_flash_sale(
    school: Desk, place: Place
) -> None:
    """In the seed a purchase checks no limit, and a sale none but its own: four are sold."""
    course = school.course(max_students=1)
    sale = school.make(
        make_sale,
        course,
        start_time=school.clock.now.replace(year=2000),
        end_time=school.clock.now.replace(year=2100),
    )
    in_sale = {"price": Decimal("4.90"), "sale_id": sale}
    orders = [
        school.order(school.student(), course, **(in_sale if number % 2 else {}))
        for number in range(8)
    ]

    told = at_once(place, [Job(desks.buy, {"order": order}) for order in orders])

    assert Counter(each.outcome for each in told) == {"completed": 1, "refused": 7}
    assert school.seats(course) == 1
    [taken] = school.rows(t.flash_sales, t.flash_sales.c.sale_id == sale)
    [sold] = school.rows(t.payments, t.payments.c.course_id == course)
    assert taken.seats_taken == (1 if sold.flash_sale_id == sale else 0)


def test_a_refund_called_three_times_without_a_payment_frees_no_seat(school: Desk) -> None:
    """In the seed the seats go 10, 9, 8, 7."""
    course = school.course(max_students=10)
    students = [school.student() for _ in range(10)]
    for student in students[1:]:
        school.write(
            enrolments.enrol_by_hand, student_id=student, course_id=course, reason="A class"
        )
    pending = school.buy(students[0], course, method=PaymentMethod.BANK_TRANSFER)

    for _ in range(3):
        with pytest.raises(RuleRefused) as refused:
            school.refund(pending.payment_id or 0)
        assert str(refused.value) == (
            "This payment is not completed yet, so there is nothing to refund."
        )

    assert school.seats(course) == 10
    assert {school.enrolment(student, course).status for student in students} == {
        "pending",
        "active",
    }
    assert len(school.rows(t.payments, t.payments.c.course_id == course)) == 1


def test_a_refund_called_three_times_with_a_payment_frees_one_seat(
    school: Desk, place: Place
) -> None:
    course = school.course(max_students=10)
    for _ in range(3):
        school.buy(school.student(), course)
    student = school.student()
    payment_id = school.buy(student, course).payment_id or 0
    orders = [school.refund_order(payment_id) for _ in range(3)]

    told = at_once(place, [Job(desks.refund, {"order": order}) for order in orders])

    assert Counter(each.outcome for each in told) == {"completed": 1, "refused": 2}
    assert {each.sentence for each in told if each.outcome == "refused"} <= {
        "All of this payment is on its way back.",
        "All of this payment went back already.",
    }
    assert school.seats(course) == 3


def test_an_unused_key_never_returns_another_customers_payment(school: Desk) -> None:
    """In the seed SELECT ... INTO without a row keeps the value of the call before."""
    ada, bob = school.student(name="Ada"), school.student(name="Bob")
    course = school.course()
    first = school.buy(ada, course, key="seed-key-of-ada")

    second = school.buy(bob, course, key="seed-key-of-bob")

    assert second.payment_id != first.payment_id
    assert not second.replayed
    assert second.changes.message.startswith("Enrolled Bob in “SQL”.")
    payment = school.payment(second.payment_id)
    assert (payment.user_id, payment.idempotency_key) == (bob, "seed-key-of-bob")
    assert len([each for each in school.sent() if each.key.startswith("seed-key")]) == 2


def test_a_purchase_that_fails_after_its_seat_was_claimed_tells_its_own_failure(
    school: Desk,
) -> None:
    """Two calls in a row on one connection: the second knows nothing of the first's success."""
    course = school.course(max_students=10)
    assert school.buy(school.student(name="Ada"), course).outcome is PurchaseOutcome.COMPLETED
    poor = school.student(name="Bob", account_balance=Decimal(1))

    with pytest.raises(RuleRefused) as refused:
        school.buy(poor, course, method=PaymentMethod.ACCOUNT_BALANCE)

    assert str(refused.value) == (
        "The balance of Bob holds 1.00 USD, and 49.00 USD is needed. Nothing was charged."
    )
    assert school.seats(course) == 1
