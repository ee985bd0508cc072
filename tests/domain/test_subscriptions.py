from datetime import UTC, date, datetime, timedelta

import pytest

from learnhub_desktop.domain.subscriptions import next_period_end, parse_schedule, retry_at


@pytest.mark.parametrize(
    "anchor, months, ends",
    [
        (date(2026, 1, 31), 1, ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]),
        (date(2024, 1, 31), 1, ["2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31"]),
        (date(2026, 1, 30), 1, ["2026-02-28", "2026-03-30", "2026-04-30", "2026-05-30"]),
        (date(2026, 12, 31), 1, ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]),
        (date(2024, 2, 29), 12, ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]),
        (date(2026, 8, 15), 1, ["2026-09-15", "2026-10-15", "2026-11-15", "2026-12-15"]),
    ],
)
def test_periods_are_counted_from_the_first_day(anchor, months, ends):
    found, end = [], anchor
    for _ in ends:
        end = next_period_end(anchor, end, months)
        found.append(end.isoformat())
    assert found == ends


def test_a_change_of_plan_keeps_the_first_day():
    # Monthly from 31 January to 28 February, then annual.
    assert next_period_end(date(2026, 1, 31), date(2026, 2, 28), 12) == date(2027, 2, 28)
    # And back to monthly: March has its 31st again.
    assert next_period_end(date(2026, 1, 31), date(2027, 2, 28), 1) == date(2027, 3, 31)


def test_steps_of_a_schedule_that_cannot_be_read_are_left_out():
    assert parse_schedule(f"3, 5,²,soon,{'9' * 5_000},,7") == (3, 5, 7)


def test_retries_follow_the_schedule_and_then_end():
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    days = timedelta(days=1)
    schedule = parse_schedule("3,5,7")
    assert [retry_at(now, tries, schedule, days) for tries in (1, 2, 3, 4)] == [
        datetime(2026, 3, 4, 12, tzinfo=UTC),
        datetime(2026, 3, 6, 12, tzinfo=UTC),
        datetime(2026, 3, 8, 12, tzinfo=UTC),
        None,
    ]
