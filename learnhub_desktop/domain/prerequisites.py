"""Which courses must be completed first. No course can, by any way round, ask for itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum


class PrerequisiteRefusal(StrEnum):
    ITSELF = "itself"
    CYCLE = "cycle"
    ARCHIVED = "archived"


def find_cycle(
    course_id: int, wanted: Iterable[int], required: Mapping[int, Iterable[int]]
) -> tuple[int, ...] | None:
    """The shortest way from the course over its wanted prerequisites back to itself.

    ``required`` holds the prerequisites of all courses as they stand; what it says of the
    course itself is replaced by ``wanted``. The way begins and ends with the course: (1, 2, 1).
    None where there is no such way.
    """
    came_from: dict[int, int] = {}
    front = []
    for first in wanted:
        if first == course_id:
            return (course_id, course_id)
        if first not in came_from:
            came_from[first] = course_id
            front.append(first)
    while front:
        following = []
        for step in front:
            for target in required.get(step, ()):
                if target == course_id:
                    return _way(course_id, step, came_from)
                if target not in came_from:
                    came_from[target] = step
                    following.append(target)
        front = following
    return None


def _way(course_id: int, last: int, came_from: Mapping[int, int]) -> tuple[int, ...]:
    steps = [course_id, last]
    while steps[-1] != course_id:
        steps.append(came_from[steps[-1]])
    return tuple(reversed(steps))


def say_cycle(cycle: Iterable[int], titles: Mapping[int, str]) -> str:
    """``A → B → A``: each course needs the next one first."""
    return " → ".join(titles.get(step, f"course {step}") for step in cycle)
