from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from learnhub_desktop.domain.revenue import RevenueDay, bounds
from learnhub_desktop.errors import InvalidInput, RuleRefused
from learnhub_desktop.jobs import closing
from learnhub_desktop.services import revenue
from tests.factories import make_course, make_enrolment, make_payment, make_student
from tests.services.closed_years import archive, make_past

DAY = date(2026, 3, 10)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def charge(connection, when, amount="49.00", **changed):
    student = make_student(connection)
    enrolment = make_enrolment(connection, student, make_course(connection))
    return make_payment(
        connection,
        student,
        amount=Decimal(amount),
        enrollment_id=enrolment,
        processed_at=at(when),
        **changed,
    )


def refund(connection, charge_id, when, amount):
    return make_payment(
        connection,
        make_student(connection),
        kind="refund",
        refunds_payment_id=charge_id,
        amount=Decimal(amount),
        processed_at=at(when),
    )


def test_a_day_counts_by_settlement_and_refunds_on_their_own_day(uow):
    c = uow.connection
    charge(c, "2026-03-09T23:59:59", "10.00")
    first = charge(c, "2026-03-10T00:00:00", "20.00", created_at=at("2026-03-01T00:00"))
    charge(c, "2026-03-10T23:59:59.999999", "30.00", status="refunded", refunded_amount=Decimal(30))
    charge(c, "2026-03-11T00:00:00", "40.00")
    refund(c, first, "2026-03-10T12:00", "5.00")
    refund(c, first, "2026-03-11T12:00", "6.00")
    assert revenue.summarise(uow, DAY) == [
        RevenueDay(DAY, "USD", Decimal("50.00"), 2, 2, 0, Decimal("5.00"), 1)
    ]


def test_running_it_again_after_a_refund_keeps_the_charge(uow):
    c = uow.connection
    paid = charge(c, "2026-03-10T09:00", "49.00")
    before = revenue.summarise(uow, DAY)
    refund(c, paid, "2026-03-12T09:00", "49.00")
    c.exec_driver_sql(
        "UPDATE payments SET refunded_amount = amount, status = 'refunded' WHERE payment_id = ?",
        (paid,),
    )
    assert revenue.summarise(uow, DAY) == before
    assert revenue.list_days(uow, DAY, DAY) == before


def test_currencies_are_never_mixed(uow):
    c = uow.connection
    charge(c, "2026-03-10T09:00", "49.00")
    charge(c, "2026-03-10T09:00", "45.00", currency="EUR")
    lines = revenue.summarise(uow, DAY)
    assert [(line.currency, line.revenue) for line in lines] == [
        ("EUR", Decimal("45.00")),
        ("USD", Decimal("49.00")),
    ]


def test_failed_and_open_payments_are_no_revenue(uow):
    c = uow.connection
    for status in ("failed", "pending", "unknown"):
        charge(c, "2026-03-10T09:00", status=status)
    assert revenue.summarise(uow, DAY) == []


@pytest.mark.parametrize(
    "day, hours", [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 5, 1), 24)]
)
def test_a_day_has_as_many_hours_as_its_zone_gives_it(day, hours):
    start, end = bounds(day, ZoneInfo("Europe/Berlin"))
    assert (end - start).total_seconds() == hours * 3600


def test_a_range_is_filled_a_day_at_a_time(database):
    database.write(lambda uow: charge(uow.connection, "2026-03-08T12:00"))
    seen = []
    filled = revenue.back_fill(
        database, date(2026, 3, 7), DAY, progress=lambda done, total: seen.append((done, total))
    )
    assert filled == 4
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    lines = database.read(revenue.list_days, date(2026, 3, 1), DAY)
    assert [(line.day, line.net) for line in lines] == [(date(2026, 3, 8), Decimal("49.00"))]


def test_a_range_that_ends_before_it_begins_is_refused(database):
    with pytest.raises(InvalidInput):
        revenue.back_fill(database, DAY, date(2026, 3, 9))


class TestClosedYears:
    """Days whose payments have left for the archive, or are gone."""

    DAYS = (date(2024, 2, 1), date(2024, 3, 10), date(2024, 4, 3))

    def test_a_day_counts_the_same_once_its_payments_are_in_the_archive(self, desk):
        make_past(desk)
        before = [desk.write(revenue.summarise, day) for day in self.DAYS]
        assert [(line.revenue, line.refunded) for (line,) in before] == [
            (Decimal("49.00"), Decimal("0.00")),
            (Decimal("0.00"), Decimal("49.00")),
            (Decimal("0.00"), Decimal("5.00")),
        ]

        archive(desk, 2024)

        assert [desk.write(revenue.summarise, day) for day in self.DAYS] == before

    def test_a_day_that_was_dropped_keeps_what_was_counted(self, desk, tmp_path):
        make_past(desk)
        kept = desk.write(revenue.summarise, self.DAYS[0])
        closing.archive(desk.database, 2024)
        closing.export(desk.database, 2024, tmp_path / "2024.zip")
        closing.drop(desk.database, 2024, tmp_path / "2024.zip")

        with pytest.raises(RuleRefused, match=r"^2024-02-01 cannot be counted again"):
            desk.write(revenue.summarise, self.DAYS[0])

        assert desk.read(revenue.list_days, self.DAYS[0], self.DAYS[0]) == kept
        assert desk.write(revenue.summarise, date(2025, 1, 10)) != []
