"""Months that are too short, and access that purchases add to."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from learnhub_desktop.domain.billing import Grant, access_until, access_without, add_months

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def at(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "anchor, months, then",
    [
        ("2026-01-15", 1, "2026-02-15"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2026-01-31", 2, "2026-03-31"),
        ("2026-01-31", 3, "2026-04-30"),
        ("2026-01-31", 13, "2027-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2028-02-29", 1, "2028-03-29"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2028-02-29", 48, "2032-02-29"),
        ("2026-12-31", 1, "2027-01-31"),
        ("2026-12-31", 2, "2027-02-28"),
        ("2026-03-31", -1, "2026-02-28"),
        ("2026-03-10", -15, "2024-12-10"),
        ("2026-03-10", 0, "2026-03-10"),
        ("2026-03-10", 1_200, "2126-03-10"),
    ],
)
def test_months_are_counted_from_the_anchor(anchor: str, months: int, then: str) -> None:
    assert add_months(date.fromisoformat(anchor), months) == date.fromisoformat(then)


def test_the_time_of_day_stays() -> None:
    assert add_months(datetime(2026, 1, 31, 23, 59, tzinfo=UTC), 1) == datetime(
        2026, 2, 28, 23, 59, tzinfo=UTC
    )


@pytest.mark.parametrize(
    "current, is_open, months, until",
    [
        (None, False, 12, "2027-03-10T12:00"),
        (None, False, None, None),
        ("2026-06-30T08:00", True, 12, "2027-06-30T08:00"),
        ("2026-03-31T08:00", True, 1, "2026-04-30T08:00"),
        ("2026-06-30T08:00", True, None, None),
        (None, True, 12, None),  # lifetime stays lifetime
        ("2026-03-01T08:00", False, 1, "2026-04-10T12:00"),  # over: it begins anew
        ("2026-06-30T08:00", False, 1, "2026-04-10T12:00"),  # ended before its time
    ],
)
def test_a_purchase_adds_to_open_access_and_begins_anew_else(
    current: str | None, is_open: bool, months: int | None, until: str | None
) -> None:
    assert access_until(now=NOW, current=at(current), months=months, is_open=is_open) == at(until)


@pytest.mark.parametrize(
    "start, until, current, left",
    [
        # The last purchase goes: access ends where it had begun to add.
        ("2027-03-10T12:00", "2028-03-10T12:00", "2028-03-10T12:00", "2027-03-10T12:00"),
        # An earlier one goes: its 365 days go, and the leap year's 366 stay.
        ("2026-03-10T12:00", "2027-03-10T12:00", "2028-03-10T12:00", "2027-03-11T12:00"),
        # What staff added meanwhile stays.
        ("2027-03-10T12:00", "2028-03-10T12:00", "2028-04-10T12:00", "2027-04-10T12:00"),
        # Nothing ends before now.
        ("2025-03-10T12:00", "2026-06-10T12:00", "2026-06-10T12:00", "2026-03-10T12:00"),
        # Lifetime that it gave goes; lifetime that came later stays; a day set since stays.
        ("2027-03-10T12:00", None, None, "2027-03-10T12:00"),
        ("2025-03-10T12:00", None, None, "2026-03-10T12:00"),
        ("2026-03-10T12:00", "2027-03-10T12:00", None, None),
        ("2026-03-10T12:00", None, "2027-01-01T00:00", "2027-01-01T00:00"),
    ],
)
def test_what_one_purchase_had_added_can_be_taken_away(
    start: str, until: str | None, current: str | None, left: str | None
) -> None:
    begun = at(start)
    assert begun is not None

    assert access_without(Grant(begun, at(until)), current=at(current), now=NOW) == at(left)
