from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from learnhub_desktop.domain.moments import end_of_day, say_day, say_last_day, say_moment

TOKYO = ZoneInfo("Asia/Tokyo")
BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")


def test_a_day_is_said_in_the_schools_time_zone() -> None:
    assert say_day(datetime(2026, 3, 2, 20, 0, tzinfo=UTC), TOKYO) == "3 March 2026"


def test_a_moment_is_said_with_its_day_and_time() -> None:
    assert say_moment(datetime(2026, 12, 1, 4, 5, tzinfo=UTC), UTC) == "1 December 2026 at 04:05"


def test_a_day_ends_with_its_last_second_in_the_schools_zone() -> None:
    assert end_of_day(date(2026, 12, 31), NEW_YORK) == datetime(2027, 1, 1, 4, 59, 59, tzinfo=UTC)


def test_a_day_on_which_clocks_change_ends_at_its_own_midnight() -> None:
    assert end_of_day(date(2026, 3, 28), BERLIN) == datetime(2026, 3, 28, 22, 59, 59, tzinfo=UTC)
    assert end_of_day(date(2026, 3, 29), BERLIN) == datetime(2026, 3, 29, 21, 59, 59, tzinfo=UTC)


def test_the_end_of_a_day_is_said_as_that_day() -> None:
    assert say_day(end_of_day(date(2026, 6, 30), NEW_YORK), NEW_YORK) == "30 June 2026"


def test_what_ends_at_midnight_was_open_until_the_day_before() -> None:
    assert say_last_day(datetime(2026, 3, 31, 22, 0, tzinfo=UTC), BERLIN) == "31 March 2026"
    assert say_last_day(datetime(2026, 3, 31, 22, 1, tzinfo=UTC), BERLIN) == "1 April 2026"
