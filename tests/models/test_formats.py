from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from learnhub_desktop.models import formats

OSLO = ZoneInfo("Europe/Oslo")
NOW = datetime(2024, 2, 7, 12, 0, tzinfo=UTC)  # Wednesday 13:00 in Oslo


@pytest.mark.parametrize(
    "at, shown",
    [
        (datetime(2024, 2, 7, 8, 42, tzinfo=UTC), "Today 09:42"),
        (datetime(2024, 2, 6, 23, 30, tzinfo=UTC), "Today 00:30"),
        (datetime(2024, 2, 3, 16, 20, tzinfo=UTC), "Sat 17:20"),
        (datetime(2024, 2, 1, 0, 0, tzinfo=UTC), "Thu 01:00"),
        (datetime(2024, 1, 31, 12, 0, tzinfo=UTC), "31 Jan"),
        (datetime(2023, 2, 3, 12, 0, tzinfo=UTC), "3 Feb 2023"),
        (datetime(2024, 2, 8, 12, 0, tzinfo=UTC), "Tomorrow 13:00"),
        (datetime(2025, 2, 8, 12, 0, tzinfo=UTC), "8 Feb 2025"),
        (None, "–"),
    ],
)
def test_a_moment_is_short_and_local(at, shown):
    assert formats.moment(at, now=NOW, zone=OSLO) == shown


@pytest.mark.parametrize(
    "zone, shown",
    [
        (OSLO, "Saturday 3 February 2024, 17:20:09 CET (UTC+01:00)"),
        (UTC, "Saturday 3 February 2024, 16:20:09 UTC"),
        (ZoneInfo("America/Sao_Paulo"), "Saturday 3 February 2024, 13:20:09 UTC-03:00"),
        (ZoneInfo("Asia/Kolkata"), "Saturday 3 February 2024, 21:50:09 IST (UTC+05:30)"),
    ],
)
def test_a_full_moment_names_its_zone(zone, shown):
    assert formats.moment_full(datetime(2024, 2, 3, 16, 20, 9, tzinfo=UTC), zone=zone) == shown


@pytest.mark.parametrize(
    "amount, currency, shown",
    [
        (Decimal("1250"), "USD", "1,250.00 USD"),
        (Decimal("9.99"), "", "9.99"),
        (Decimal("-49"), "EUR", "-49.00 EUR"),
        (None, "EUR", "–"),
    ],
)
def test_money_has_two_decimals_and_its_currency(amount, currency, shown):
    assert formats.money(amount, currency) == shown


def test_counts_have_separators():
    assert formats.count(1_104_207) == "1,104,207"
    assert formats.counted(1, "payment", "payments") == "1 payment"
    assert formats.counted(0, "payment", "payments") == "0 payments"


@pytest.mark.parametrize(
    "value, shown",
    [(Decimal("99.6"), "99 %"), (Decimal(100), "100 %"), (0, "0 %"), (12.5, "12 %"), (None, "–")],
)
def test_only_what_is_finished_shows_a_hundred_percent(value, shown):
    assert formats.percent(value) == shown


@pytest.mark.parametrize(
    "length, shown",
    [
        (timedelta(seconds=59), "under a minute"),
        (timedelta(minutes=5, seconds=59), "5 min"),
        (timedelta(hours=3, minutes=20), "3 h 20 min"),
        (timedelta(hours=2), "2 h"),
        (timedelta(days=1, hours=5), "1 day"),
        (timedelta(days=4000), "4,000 days"),
        (timedelta(seconds=-5), "under a minute"),
    ],
)
def test_durations_are_whole_words(length, shown):
    assert formats.duration(length) == shown


@pytest.mark.parametrize(
    "first, last, shown",
    [
        (date(2024, 2, 1), date(2024, 2, 8), "1–8 Feb 2024"),
        (date(2024, 1, 28), date(2024, 2, 3), "28 Jan–3 Feb 2024"),
        (date(2023, 12, 30), date(2024, 1, 2), "30 Dec 2023 – 2 Jan 2024"),
        (date(2024, 2, 3), date(2024, 2, 3), "3 Feb 2024"),
    ],
)
def test_a_range_of_days_says_no_more_than_it_must(first, last, shown):
    assert formats.days(first, last) == shown


def test_how_long_ago():
    assert formats.ago(NOW - timedelta(minutes=5), now=NOW) == "5 min ago"
    assert formats.ago(NOW, now=NOW) == "just now"


@pytest.mark.parametrize(
    ("shown", "inside"),
    [
        ("Today 09:42", "today 09:42"),
        ("Tomorrow", "tomorrow"),
        ("Sat 17:20", "Sat 17:20"),
        ("3 Feb 2024", "3 Feb 2024"),
    ],
)
def test_in_a_sentence_only_the_words_for_a_day_lose_their_capital(shown, inside):
    assert formats.inside(shown) == inside
