"""Seats of a flash sale, beside those of its course."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.purchases import PurchaseRefusal
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.errors import RuleRefused
from learnhub_desktop.services import enrolments, purchases, settling
from learnhub_desktop.services.purchases import Card
from tests.factories import NOW
from tests.services.desk import Desk
from tests.services.money_rows import make_sale


def buy_in(desk: Desk, course: int, sale: int, **values: Any) -> Any:
    student = values.pop("student", None) or desk.student()
    return desk.buy(student, course, **{"price": Decimal("4.90"), "sale_id": sale, **values})


def taken(desk: Desk, sale: int) -> int:
    return int(desk.row(t.flash_sales, t.flash_sales.c.sale_id == sale).seats_taken)


def test_a_sale_sells_at_its_price_and_counts_both_seats(desk: Desk) -> None:
    course = desk.course(max_students=5)
    sale = desk.make(make_sale, course, max_seats=2)
    student = desk.student()

    shown = desk.read(enrolments.preview, student, course)
    bought = desk.buy(student, course, price=shown.price, sale_id=shown.sale_id)

    assert (shown.price, shown.sale_id) == (Decimal("4.90"), sale)
    assert desk.payment(bought.payment_id).flash_sale_id == sale
    assert (taken(desk, sale), desk.seats(course)) == (1, 1)


def test_a_refund_frees_the_courses_seat_and_not_the_sales(desk: Desk) -> None:
    course = desk.course()
    sale = desk.make(make_sale, course)
    bought = buy_in(desk, course, sale)

    desk.refund(bought.payment_id)

    assert (taken(desk, sale), desk.seats(course)) == (1, 0)


def test_a_declined_card_gives_both_seats_back(desk: Desk) -> None:
    course = desk.course()
    sale = desk.make(make_sale, course)

    buy_in(desk, course, sale, card="tok_declined")

    assert (taken(desk, sale), desk.seats(course)) == (0, 0)


@pytest.mark.parametrize(
    "sale, course, reason, sentence",
    [
        ({"max_seats": 0}, {}, PurchaseRefusal.SALE_OVER, "The sale is over or sold out."),
        (
            {"end_time": NOW - timedelta(seconds=1)},
            {},
            PurchaseRefusal.SALE_OVER,
            "The sale is over or sold out.",
        ),
        (
            {"start_time": NOW + timedelta(seconds=1)},
            {},
            PurchaseRefusal.SALE_OVER,
            "The sale is over or sold out.",
        ),
        (
            {"discount_price": Decimal("9.90")},
            {},
            PurchaseRefusal.PRICE_CHANGED,
            "The sale's price is 9.90 USD, not 4.90 USD. Nothing was charged.",
        ),
        (
            {},
            {"max_students": 3, "enrolled_students": 3},
            PurchaseRefusal.COURSE_FULL,
            "“SQL” is full: all 3 seats are taken.",
        ),
    ],
)
def test_a_sale_sells_no_seat_that_it_or_its_course_has_not(
    desk: Desk,
    sale: dict[str, Any],
    course: dict[str, Any],
    reason: PurchaseRefusal,
    sentence: str,
) -> None:
    course_id = desk.course(**course)
    sale_id = desk.make(make_sale, course_id, **sale)
    order = desk.order(desk.student(), course_id, price=Decimal("4.90"), sale_id=sale_id)

    for act in (desk.place, lambda o: desk.write(purchases.hold, o, Card(), "simulated")):
        with pytest.raises(RuleRefused) as refused:
            act(order)
        assert (refused.value.reason, str(refused.value)) == (reason, sentence)
    assert taken(desk, sale_id) == 0
    assert desk.payments() == []


def test_a_sale_of_another_course_is_none(desk: Desk) -> None:
    sale = desk.make(make_sale, desk.course())

    with pytest.raises(RuleRefused, match=r"^There is no such sale of this course\.$"):
        buy_in(desk, desk.course(), sale)


def test_a_sale_is_for_new_students(desk: Desk) -> None:
    student, course = desk.student(), desk.course()
    sale = desk.make(make_sale, course)
    desk.buy(student, course)

    assert desk.read(enrolments.preview, student, course).sale_id is None
    with pytest.raises(RuleRefused) as refused:
        buy_in(desk, course, sale, student=student)

    assert str(refused.value) == (
        "The sale is for new students, and Ada is in “SQL” already. Nothing was charged."
    )
    assert taken(desk, sale) == 0


def test_a_sale_of_a_course_that_is_free_in_it_has_no_payment(desk: Desk) -> None:
    course = desk.course()
    sale = desk.make(make_sale, course, discount_price=Decimal(0))

    bought = buy_in(desk, course, sale, price=Decimal(0))

    assert (bought.payment_id, taken(desk, sale)) == (None, 1)


def test_a_late_receipt_takes_the_sales_seat_again_at_the_agreed_price(desk: Desk) -> None:
    course = desk.course()
    sale = desk.make(make_sale, course, max_seats=1)
    waiting = buy_in(desk, course, sale, method=PaymentMethod.BANK_TRANSFER)
    desk.pass_time(days=30)
    settling.resolve(desk.database, waiting.payment_id, gateways=desk.gateways)
    assert (taken(desk, sale), desk.seats(course)) == (0, 0)

    place = desk.where(waiting.payment_id)
    paid = desk.write(settling.record_receipt, place, reference="T-1", amount=Decimal("4.90"))

    assert paid.changes.message.startswith("Enrolled Ada in “SQL”. 4.90 USD paid by bank transfer.")
    assert (taken(desk, sale), desk.seats(course)) == (1, 1)


def test_a_late_receipt_for_a_sale_that_sold_out_is_due_back(desk: Desk) -> None:
    course = desk.course()
    sale = desk.make(make_sale, course, max_seats=1, end_time=NOW + timedelta(days=90))
    waiting = buy_in(desk, course, sale, method=PaymentMethod.BANK_TRANSFER)
    desk.pass_time(days=30)
    settling.resolve(desk.database, waiting.payment_id, gateways=desk.gateways)
    buy_in(desk, course, sale)

    place = desk.where(waiting.payment_id)
    paid = desk.write(settling.record_receipt, place, reference="T-1", amount=Decimal("4.90"))

    assert paid.changes.warning
    assert desk.payment(waiting.payment_id).refund_due
    assert (taken(desk, sale), desk.seats(course)) == (1, 1)
