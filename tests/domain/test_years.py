from datetime import UTC, datetime

import pytest

from learnhub_desktop.domain.years import (
    Kept,
    Partition,
    bounds,
    check_closed,
    pieces,
    say_kept,
)


def parts(*bounds):
    """Partitions from ``name<year`` words; a bare name is open upwards."""
    made = []
    for word in bounds:
        name, _, year = word.partition("<")
        made.append(Partition(name, datetime(int(year), 1, 1, tzinfo=UTC) if year else None))
    return made


@pytest.mark.parametrize(
    "partitions, year, old, made",
    [
        # As a school begins.
        ("p_first<2020 p_future", 2024, "p_future", "p2020_2023<2024 p2024<2025 p_future"),
        ("p_first<2020 p_future", 2020, "p_future", "p2020<2021 p_future"),
        ("p_first<2020 p_future", 2021, "p_future", "p2020<2021 p2021<2022 p_future"),
        ("p_first<2020 p_future", 2019, "p_first", "p_first<2019 p2019<2020"),
        (
            "p_first<2020 p_future",
            2015,
            "p_first",
            "p_first<2015 p2015<2016 p2016_2019<2020",
        ),
        # A year inside a longer stretch.
        (
            "p_first<2020 p2020_2023<2024 p2024<2025 p_future",
            2022,
            "p2020_2023",
            "p2020_2021<2022 p2022<2023 p2023<2024",
        ),
        (
            "p_first<2020 p2020_2023<2024 p_future",
            2020,
            "p2020_2023",
            "p2020<2021 p2021_2023<2024",
        ),
        # 2024 was dropped, and its range fell to the next year's partition.
        ("p_first<2020 p2023<2024 p2025<2026 p_future", 2024, "p2025", "p2024<2025 p2025<2026"),
        ("p2023<2024 p_future", 2025, "p_future", "p2024<2025 p2025<2026 p_future"),
    ],
)
def test_a_year_gets_a_partition_of_its_own(partitions, year, old, made):
    found = pieces(parts(*partitions.split()), year)

    assert found is not None
    assert found[0].name == old
    assert found[1] == parts(*made.split())


@pytest.mark.parametrize("year", [2023, 2024])
def test_a_year_that_has_one_needs_nothing(year):
    assert pieces(parts("p_first<2023", "p2023<2024", "p2024<2025", "p_future"), year) is None


def test_a_year_begins_and_ends_in_utc():
    assert bounds(2024) == (
        datetime(2024, 1, 1, tzinfo=UTC),
        datetime(2025, 1, 1, tzinfo=UTC),
    )


def test_a_year_is_closed_with_its_last_moment():
    assert check_closed(2025, datetime(2026, 1, 1, tzinfo=UTC)) == 2025


@pytest.mark.parametrize(
    "kept, said",
    [
        ({}, ""),
        ({Kept.OPEN: 1}, "1 stays: 1 not settled yet."),
        (
            {Kept.DISPUTED: 1_200, Kept.ALERT: 3},
            "1,203 stay: 1,200 disputed, 3 with a fraud alert that is still open.",
        ),
    ],
)
def test_what_stays_is_told_with_its_reason(kept, said):
    assert say_kept(kept) == said
