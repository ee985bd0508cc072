"""A thousand buyers and a hundred seats: exactly a hundred are sold, and everybody is answered."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from statistics import median
from typing import Any

import pytest

from learnhub_desktop.db import tables as t
from learnhub_desktop.gateways import EntryState
from tests.databases import SetClock
from tests.factories import make_student
from tests.proofs import desks
from tests.proofs.crowd import Job, Place, at_once
from tests.proofs.scale import SERVERS, scaled
from tests.services.desk import Desk
from tests.services.money_rows import make_sale

pytestmark = [pytest.mark.proof, pytest.mark.timeout(600)]

CONNECTIONS = 32
BUYERS = scaled(1_000, 200)
SEATS = BUYERS // 10


def new_students(connection: Any) -> list[int]:
    return [make_student(connection, name=f"Buyer {n}") for n in range(BUYERS)]


@SERVERS
@pytest.mark.parametrize("scarce", scaled(["course", "sale"], ["sale"]))
def test_as_many_seats_are_sold_as_there_are_and_every_buyer_is_answered(
    school: Desk, place: Place, tell: Callable[[str], None], scarce: str
) -> None:
    students: list[int] = school.make(new_students)
    course = school.course(max_students=SEATS if scarce == "course" else SEATS + 5)
    bargain: dict[str, Any] = {}
    if scarce == "sale":
        times = {"start_time": SetClock().now.replace(year=2000)}
        times["end_time"] = SetClock().now.replace(year=2100)
        sale = school.make(make_sale, course, max_seats=SEATS, **times)
        bargain = {"sale_id": sale, "price": Decimal("4.90")}
    orders = [school.order(student, course, **bargain) for student in students]
    jobs = [
        Job(desks.buy_one_after_the_other, {"orders": orders[n::CONNECTIONS]})
        for n in range(CONNECTIONS)
    ]

    began_at = time.monotonic()
    told = [each for answers in at_once(place, jobs) for each in answers]
    elapsed_s = time.monotonic() - began_at

    outcomes = Counter(each.outcome for each, _ in told)
    assert outcomes == {"completed": SEATS, "refused": BUYERS - SEATS}
    full = "course_full" if scarce == "course" else "sale_over"
    assert {each.reason for each, _ in told if each.outcome == "refused"} == {full}
    assert school.seats(course) == SEATS
    paid = school.rows(t.payments, t.payments.c.course_id == course)
    assert Counter(each.status for each in paid) == {"completed": SEATS}
    keys = {each.idempotency_key for each in paid}
    charged = [each for each in school.sent() if each.key in keys]
    assert [each.state for each in charged] == [EntryState.APPROVED] * SEATS
    waits = sorted(seconds for _, seconds in told)
    tell(
        f"{BUYERS} buyers, {SEATS} seats of a {scarce}, {CONNECTIONS} connections: "
        f"{dict(outcomes)} in {elapsed_s:.1f} s; "
        f"answers p50 {median(waits) * 1000:.0f} ms, p99 {waits[BUYERS * 99 // 100] * 1000:.0f} ms"
    )
