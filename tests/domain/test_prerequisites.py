"""Cycles of prerequisites, by any way round."""

from __future__ import annotations

import pytest

from learnhub_desktop.domain.prerequisites import find_cycle, say_cycle


@pytest.mark.parametrize(
    "wanted, required, cycle",
    [
        ([], {}, None),
        ([2], {}, None),
        ([1], {}, (1, 1)),
        ([2], {2: [1]}, (1, 2, 1)),
        ([2, 3], {3: [1]}, (1, 3, 1)),
        ([2], {2: [3], 3: [4], 4: [1]}, (1, 2, 3, 4, 1)),
        # Of two ways the shorter one is named.
        ([2, 5], {2: [3], 3: [1], 5: [1]}, (1, 5, 1)),
        # What the course asked for so far does not count: it is replaced.
        ([3], {1: [2], 2: [1]}, None),
        # Two ways to the same course are no cycle.
        ([2, 3], {2: [4], 3: [4]}, None),
        # A cycle among others, however it came about, does not make the search endless.
        ([2], {2: [3], 3: [2]}, None),
    ],
)
def test_a_cycle_is_found(
    wanted: list[int], required: dict[int, list[int]], cycle: tuple[int, ...] | None
) -> None:
    assert find_cycle(1, wanted, required) == cycle


def test_a_cycle_is_named_by_its_titles() -> None:
    titles = {1: "SQL Mastery", 2: "Databases"}

    assert say_cycle((1, 2, 1), titles) == "SQL Mastery → Databases → SQL Mastery"
