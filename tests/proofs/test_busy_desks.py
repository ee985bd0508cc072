"""Desks that do everything at once to the same few students and courses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.proofs import desks
from tests.proofs.checks import faults, unsettled
from tests.proofs.crowd import Job, Place, at_once
from tests.services.desk import Desk
from tests.services.money_rows import make_sale

pytestmark = pytest.mark.proof

DESKS, ACTS = 6, 25


def test_desks_in_each_others_way_never_lock_each_other_out_and_the_books_add_up(
    school: Desk, place: Place, tell: Callable[[str], None]
) -> None:
    students = [school.student(account_balance=Decimal(300)) for _ in range(4)]
    courses = [school.course(max_students=2) for _ in range(3)]
    times = {"start_time": school.clock.now.replace(year=2000)}
    times["end_time"] = school.clock.now.replace(year=2100)
    school.make(make_sale, courses[0], max_seats=3, **times)
    jobs = [
        Job(
            desks.work_at_random,
            {"seed": seed, "acts": ACTS, "students": students, "courses": courses},
        )
        for seed in range(DESKS)
    ]

    told = at_once(place, jobs)

    total: Counter[str] = Counter()
    for each in told:
        total.update(each)
    tell(f"{DESKS} desks, {ACTS} acts each: {dict(total)}")
    assert total["deadlocks"] == 0
    assert total["done"] > DESKS * ACTS / 4
    assert faults(school) == []
    for payment_id in unsettled(school):
        school.ask_about(payment_id)
    assert faults(school) == []
    assert all(school.seats(course) <= 2 for course in courses)
