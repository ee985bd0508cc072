from datetime import timedelta
from decimal import Decimal

import pytest

from learnhub_desktop.domain.sales import SaleRefusal, SaleState, reduced
from learnhub_desktop.errors import InvalidInput, RuleRefused
from learnhub_desktop.services import sales
from tests.factories import NOW, make_course

DAY = timedelta(days=1)


def start(uow, course_ids, **changed):
    values = {
        "percent_off": 50,
        "max_seats": 100,
        "start_time": NOW,
        "end_time": NOW + DAY,
        **changed,
    }
    return sales.start_sale(uow, course_ids, **values)


@pytest.mark.parametrize(
    "price, percent_off, left",
    [("49.99", 50, "25.00"), ("0.01", 50, "0.01"), ("100.00", 90, "10.00"), ("9.95", 33, "6.67")],
)
def test_a_reduced_price_is_rounded_half_up(price, percent_off, left):
    assert reduced(Decimal(price), percent_off) == Decimal(left)


def test_all_live_courses_are_put_on_sale_at_once(uow):
    cheap = make_course(uow.connection, price=Decimal("20.00"))
    dear = make_course(uow.connection, price=Decimal("99.99"))
    make_course(uow.connection, status="archived")
    make_course(uow.connection, price=Decimal("0.00"))
    changes = start(uow, None)
    assert changes.message == "Started a sale of 2 courses: 50 % off for 100 seats each."
    assert [sale.price for sale in sales.list_sales(uow, cheap)] == [Decimal("10.00")]
    assert [sale.price for sale in sales.list_sales(uow, dear)] == [Decimal("50.00")]


def test_a_second_sale_in_the_same_time_is_refused_and_none_is_started(uow):
    one, two = make_course(uow.connection, title="Logic"), make_course(uow.connection)
    start(uow, [one])
    with pytest.raises(RuleRefused) as refused:
        start(uow, [one, two], start_time=NOW + timedelta(hours=1))
    assert refused.value.reason is SaleRefusal.OVERLAPS
    assert (
        str(refused.value)
        == "There is a sale of “Logic” in that time already. Nothing was started."
    )
    assert sales.list_sales(uow, two) == ()


def test_a_sale_of_an_archived_course_is_refused(uow):
    with pytest.raises(RuleRefused) as refused:
        start(uow, [make_course(uow.connection, status="archived")])
    assert refused.value.reason is SaleRefusal.NOT_LIVE


@pytest.mark.parametrize(
    "changed, field",
    [
        ({"percent_off": 0}, "percent_off"),
        ({"percent_off": 100}, "percent_off"),
        ({"max_seats": 0}, "max_seats"),
        ({"end_time": NOW}, "end_time"),
        ({"start_time": NOW - 2 * DAY, "end_time": NOW - DAY}, "end_time"),
        ({"campaign": "x" * 101}, "campaign"),
    ],
)
def test_what_cannot_be_is_refused_by_field(uow, changed, field):
    with pytest.raises(InvalidInput) as refused:
        start(uow, [make_course(uow.connection)], **changed)
    assert refused.value.field == field


def test_an_ended_sale_is_over(uow, clock):
    course = make_course(uow.connection, title="Logic")
    start(uow, [course])
    (sale,) = sales.list_sales(uow, course)
    assert sale.state(NOW) is SaleState.RUNNING
    assert sales.end_sale(uow, sale.sale_id).message == "Ended the sale of “Logic”."
    (sale,) = sales.list_sales(uow, course)
    assert sale.state(NOW + timedelta(seconds=1)) is SaleState.OVER
    with pytest.raises(RuleRefused):
        sales.end_sale(uow, sale.sale_id)


def test_a_sale_that_is_called_off_never_begins_and_leaves_its_time_free(uow, clock):
    course = make_course(uow.connection, title="Logic")
    planned = {"start_time": NOW + DAY, "end_time": NOW + 3 * DAY}
    start(uow, [course], **planned)
    (sale,) = sales.list_sales(uow, course)

    sales.end_sale(uow, sale.sale_id)

    (sale,) = sales.list_sales(uow, course)
    assert [sale.state(NOW), sale.state(NOW + 2 * DAY)] == [SaleState.OVER, SaleState.OVER]
    with pytest.raises(RuleRefused) as refused:
        sales.end_sale(uow, sale.sale_id)
    assert str(refused.value) == "The sale of “Logic” is over already."
    start(uow, [course], start_time=NOW + DAY - timedelta(hours=1), end_time=NOW + 2 * DAY)
    assert uow.enrolments.find_live_sale(course, NOW + DAY + timedelta(hours=1)) is not None


def test_seats_left_are_shown_with_each_sale(uow):
    course = make_course(uow.connection)
    start(uow, [course], max_seats=3)
    (sale,) = sales.list_sales(uow, course)
    price = (sale.price, sale.currency)
    for _ in range(3):
        assert uow.enrolments.claim_sale(sale.sale_id, course, NOW, price=price)

    (sale,) = sales.list_sales(uow, course)
    assert (sale.seats_left, sale.state(NOW)) == (0, SaleState.SOLD_OUT)
    assert not uow.enrolments.claim_sale(sale.sale_id, course, NOW, price=price)
