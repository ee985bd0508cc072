"""Many more buyers than seats, all at once, and how long each waits for an answer."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from tests.factories import make_student
from tests.proofs import desks
from tests.proofs.crowd import Job, Place, Told, at_once
from tests.services.desk import Desk

CONNECTIONS: Final = 32


@dataclass(frozen=True)
class Rush:
    """What each buyer was told, and after how many seconds."""

    answers: list[tuple[Told, float]]
    elapsed_s: float

    def outcomes(self) -> Counter[str]:
        return Counter(told.outcome for told, _ in self.answers)

    def refusals(self) -> set[str]:
        return {told.reason for told, _ in self.answers if told.outcome == "refused"}

    def figures(self) -> str:
        waits = sorted(seconds for _, seconds in self.answers)
        return (
            f"{dict(self.outcomes())} in {self.elapsed_s:.1f} s; "
            f"answers p50 {median(waits) * 1000:.0f} ms, "
            f"p99 {waits[len(waits) * 99 // 100] * 1000:.0f} ms"
        )


def rush(school: Desk, places: Sequence[Place], course: int, buyers: int, **chosen: Any) -> Rush:
    """Let so many new students buy the course; the processes take the places by turns."""
    students: list[int] = school.make(_new_students, buyers)
    orders = [school.order(student, course, **chosen) for student in students]
    jobs = [
        Job(desks.buy_one_after_the_other, {"orders": orders[n::CONNECTIONS]})
        for n in range(CONNECTIONS)
    ]
    here, *others = places
    began_at = time.monotonic()
    answers = [each for told in at_once(here, jobs, others) for each in told]
    return Rush(answers, time.monotonic() - began_at)


def _new_students(connection: Any, count: int) -> list[int]:
    return [make_student(connection, name=f"Buyer {n}") for n in range(count)]
