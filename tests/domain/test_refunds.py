"""Who gets how much back, and until when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from learnhub_desktop.domain.refunds import (
    ChargeFacts,
    Policy,
    Refusal,
    check_amount,
    decide,
    last_day,
)
from learnhub_desktop.domain.states import PaymentKind, PaymentStatus

BOUGHT = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
CHARGE = ChargeFacts(
    kind=PaymentKind.CHARGE,
    status=PaymentStatus.COMPLETED,
    amount=Decimal("49.00"),
    currency="USD",
    refunded=Decimal("0.00"),
    counted_from=BOUGHT,
    progress_percent=Decimal("0.00"),
)


def policy(zone: str = "UTC", *, days: int = 30, percent: int = 20) -> Policy:
    return Policy(days, percent, ZoneInfo(zone))


def at(text: str) -> datetime:
    """A moment with its offset, as aware UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


# Each zone's last moment inside, and the first one outside. In New York clocks go forward on
# 8 March and in Berlin on 29 March 2026; in Berlin they go back on 25 October. In Lord Howe
# they move by half an hour. Havana puts its clocks back at one in the night, to midnight.
WINDOWS = [
    ("UTC", "2026-03-10T00:00+00:00", "2026-04-09T23:59:59.999999+00:00"),
    ("UTC", "2026-03-10T23:59:59.999999+00:00", "2026-04-09T23:59:59.999999+00:00"),
    ("Asia/Tokyo", "2026-03-10T14:59:59+00:00", "2026-04-09T23:59:59.999999+09:00"),
    ("Asia/Tokyo", "2026-03-10T15:00:00+00:00", "2026-04-10T23:59:59.999999+09:00"),
    ("America/Los_Angeles", "2026-03-10T06:30+00:00", "2026-04-08T23:59:59.999999-07:00"),
    ("America/New_York", "2026-03-07T23:30-05:00", "2026-04-06T23:59:59.999999-04:00"),
    ("Europe/Berlin", "2026-03-10T00:30+01:00", "2026-04-09T23:59:59.999999+02:00"),
    ("Europe/Berlin", "2026-10-20T12:00+02:00", "2026-11-19T23:59:59.999999+01:00"),
    ("Europe/Berlin", "2026-09-25T12:00+02:00", "2026-10-25T23:59:59.999999+01:00"),
    ("Australia/Lord_Howe", "2026-03-20T12:00+11:00", "2026-04-19T23:59:59.999999+10:30"),
    ("Asia/Kathmandu", "2026-01-30T23:00+05:45", "2026-03-01T23:59:59.999999+05:45"),
    ("America/Havana", "2026-10-02T12:00-04:00", "2026-11-01T23:59:59.999999-05:00"),
]


@pytest.mark.parametrize("zone, bought, last", WINDOWS)
def test_the_thirtieth_day_in_the_schools_zone_is_inside(zone: str, bought: str, last: str) -> None:
    charge = replace(CHARGE, counted_from=at(bought))
    inside = at(last)
    after = datetime.fromtimestamp(inside.timestamp() + 0.001, tz=UTC)

    assert last_day(at(bought), policy(zone)) == inside
    assert decide(charge, policy(zone), now=inside).refusal is None
    assert decide(charge, policy(zone), now=after).refusal is Refusal.TOO_LATE


def test_the_last_hour_of_a_day_that_has_it_twice_is_inside() -> None:
    """In Asuncion, until 2024, clocks went back at midnight: 23:59 came twice."""
    bought = at("2024-02-22T12:00-03:00")

    assert last_day(bought, policy("America/Asuncion")) == at("2024-03-23T23:59:59.999999-04:00")


@pytest.mark.parametrize(
    "days, zone, sentence",
    [
        (30, "UTC", "The 30 days for a refund ended on 9 April 2026."),
        (1, "UTC", "The 1 day for a refund ended on 11 March 2026."),
        (0, "UTC", "Refunds are granted on the day of purchase only, which was 10 March 2026."),
        (30, "Pacific/Auckland", "The 30 days for a refund ended on 10 April 2026."),
        (1_000, "UTC", "The 1,000 days for a refund ended on 4 December 2028."),
    ],
)
def test_too_late_names_the_day(days: int, zone: str, sentence: str) -> None:
    decision = decide(CHARGE, policy(zone, days=days), now=at("2030-01-01T00:00+00:00"))

    assert (decision.refusal, decision.message) == (Refusal.TOO_LATE, sentence)
    assert decision.is_policy
    assert decision.left == Decimal(49)


@pytest.mark.parametrize(
    "percent, granted, said",
    [
        ("0.00", True, ""),
        ("19.99", True, ""),
        ("20.00", True, ""),
        ("20.01", False, "20.01 %"),
        ("20.50", False, "20.5 %"),
        ("33.33", False, "33.33 %"),
        ("100.00", False, "100 %"),
    ],
)
def test_twenty_per_cent_of_progress_is_inside(percent: str, granted: bool, said: str) -> None:
    charge = replace(CHARGE, progress_percent=Decimal(percent))

    decision = decide(charge, policy(), now=BOUGHT)

    assert decision.refusal is (None if granted else Refusal.TOO_MUCH_DONE)
    if not granted:
        assert decision.message == (
            f"{said} of the course is done; refunds are granted up to 20 %."
        )
        assert decision.is_policy


@pytest.mark.parametrize(
    "limit, percent, granted", [(0, "0.00", True), (0, "0.01", False), (100, "100.00", True)]
)
def test_the_limit_of_progress_is_a_setting(limit: int, percent: str, granted: bool) -> None:
    charge = replace(CHARGE, progress_percent=Decimal(percent))

    assert (decide(charge, policy(percent=limit), now=BOUGHT).refusal is None) is granted


def test_progress_does_not_count_where_there_is_none() -> None:
    charge = replace(CHARGE, progress_percent=None)

    assert decide(charge, policy(), now=BOUGHT).refusal is None


def test_what_is_due_back_has_no_limit() -> None:
    charge = replace(CHARGE, progress_percent=Decimal(100), refund_due=True)

    assert decide(charge, policy(), now=at("2030-01-01T00:00+00:00")).refusal is None


IMPOSSIBLE: list[tuple[dict[str, Any], Refusal, str]] = [
    ({"kind": PaymentKind.REFUND}, Refusal.NOT_A_CHARGE, "This is a refund itself."),
    (
        {"status": PaymentStatus.REFUNDED, "refunded": Decimal(49)},
        Refusal.NOTHING_LEFT,
        "All of this payment went back already.",
    ),
    (
        {"status": PaymentStatus.PARTIALLY_REFUNDED, "refunded": Decimal(49)},
        Refusal.NOTHING_LEFT,
        "All of this payment is on its way back.",
    ),
    (
        {"status": PaymentStatus.PENDING},
        Refusal.NOT_COMPLETED,
        "This payment is not completed yet, so there is nothing to refund.",
    ),
    (
        {"status": PaymentStatus.UNKNOWN},
        Refusal.NOT_COMPLETED,
        "It is not known yet whether this payment went through. Ask the gateway first.",
    ),
    (
        {"status": PaymentStatus.FAILED},
        Refusal.NOT_COMPLETED,
        "This payment failed, so there is nothing to refund.",
    ),
    (
        {"status": PaymentStatus.DISPUTED},
        Refusal.NOT_COMPLETED,
        "This payment is disputed at the card's bank, which decides where the money goes.",
    ),
]


@pytest.mark.parametrize("values, refusal, sentence", IMPOSSIBLE)
def test_what_cannot_be_refunded_says_why_and_nobody_may_grant_it(
    values: dict[str, Any], refusal: Refusal, sentence: str
) -> None:
    decision = decide(replace(CHARGE, **values), policy(), now=BOUGHT)

    assert (decision.refusal, decision.message) == (refusal, sentence)
    assert not decision.is_policy
    assert decision.left == 0


@pytest.mark.parametrize(
    "wanted, granted", [("0.01", True), ("29.00", True), ("29.01", False), ("49.00", False)]
)
def test_no_more_than_is_left(wanted: str, granted: bool) -> None:
    charge = replace(CHARGE, status=PaymentStatus.PARTIALLY_REFUNDED, refunded=Decimal("20.00"))

    decision = check_amount(Decimal(wanted), charge)

    assert decision.left == Decimal("29.00")
    assert decision.message == ("" if granted else "Only 29.00 USD of this payment is left.")
