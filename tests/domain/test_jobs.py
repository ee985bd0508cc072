from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from learnhub_desktop.domain.jobs import Daily, Every

BERLIN = ZoneInfo("Europe/Berlin")


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "now, last, following",
    [
        ("2026-03-10T12:04:59", "2026-03-10T12:00", "2026-03-10T12:05"),
        ("2026-03-10T12:05:00", "2026-03-10T12:05", "2026-03-10T12:10"),
        ("2026-03-10T00:00:00", "2026-03-10T00:00", "2026-03-10T00:05"),
    ],
)
def test_every_five_minutes_is_due_at_full_five_minutes(now, last, following):
    schedule = Every(5)
    assert schedule.last_due(utc(now), BERLIN) == utc(last)
    assert schedule.next_due(utc(now), BERLIN) == utc(following)


@pytest.mark.parametrize(
    "now, last, following",
    [
        # 02:30 in Berlin is 01:30 UTC in winter and 00:30 UTC in summer.
        ("2026-01-10T01:29", "2026-01-09T01:30", "2026-01-10T01:30"),
        ("2026-01-10T01:30", "2026-01-10T01:30", "2026-01-11T01:30"),
        ("2026-07-10T00:30", "2026-07-10T00:30", "2026-07-11T00:30"),
        # On 29 March 2026 there is no 02:30 in Berlin; the job runs all the same, once.
        ("2026-03-29T12:00", "2026-03-29T01:30", "2026-03-30T00:30"),
        # On 25 October 2026 there are two; it runs at the first.
        ("2026-10-25T12:00", "2026-10-25T00:30", "2026-10-26T01:30"),
    ],
)
def test_daily_is_due_once_a_day_in_the_schools_zone(now, last, following):
    schedule = Daily(time(2, 30))
    assert schedule.last_due(utc(now), BERLIN) == utc(last)
    assert schedule.next_due(utc(now), BERLIN) == utc(following)
