"""What a student would pay for a course and get for it, read at once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.errors import NotAllowed, NotFound
from learnhub_desktop.services import quotes, sales
from tests.databases import SetClock
from tests.factories import NOW, make_course, make_student
from tests.services.desk import Desk


def test_a_quote_tells_price_seats_and_where_the_student_lives(uow: UnitOfWork) -> None:
    student_id = make_student(uow.connection, country="NO")
    course_id = make_course(uow.connection, max_students=12)

    quote = quotes.get_quote(uow, student_id, course_id)

    assert (quote.preview.price, quote.full_price, quote.sale) == (
        *(Decimal("49.00"), Decimal("49.00"), None),
    )
    assert (quote.seats, quote.preview.seats_left, quote.country) == (12, 12, "NO")
    assert (quote.has_access, quote.access_now) == (False, None)


def test_a_sale_stands_beside_the_full_price(uow: UnitOfWork) -> None:
    student_id = make_student(uow.connection)
    course_id = make_course(uow.connection)
    sales.start_sale(
        uow,
        [course_id],
        percent_off=50,
        max_seats=2,
        start_time=NOW,
        end_time=NOW + timedelta(days=1),
    )

    quote = quotes.get_quote(uow, student_id, course_id)

    assert (quote.preview.price, quote.full_price) == (Decimal("24.50"), Decimal("49.00"))
    assert quote.sale is not None
    assert quote.sale.seats_left == 2


def test_open_access_is_told_with_its_end_and_ended_access_as_such(
    desk: Desk, clock: SetClock
) -> None:
    student_id, course_id = desk.student(), desk.course(access_months=12)
    desk.buy(student_id, course_id)

    quote = desk.read(quotes.get_quote, student_id, course_id)
    assert (quote.has_access, quote.access_now) == (True, NOW.replace(year=2027))

    clock.now += timedelta(days=400)
    quote = desk.read(quotes.get_quote, student_id, course_id)
    assert (quote.has_access, quote.access_now) == (False, NOW.replace(year=2027))
    assert quote.preview.extends


def test_who_is_gone_has_no_quote(uow: UnitOfWork) -> None:
    with pytest.raises(NotFound, match="gone"):
        quotes.get_quote(uow, 99, make_course(uow.connection))


def test_a_quote_is_for_those_who_may_enrol(uow: UnitOfWork) -> None:
    uow.actor = type(uow.actor)("reader", "Reader", None, frozenset())

    with pytest.raises(NotAllowed, match="enrol students"):
        quotes.get_quote(uow, 1, 1)
