"""A thousand buyers and a hundred seats: exactly a hundred are sold, and everybody is answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from learnhub_desktop.db import tables as t
from learnhub_desktop.gateways import EntryState
from tests.databases import SetClock
from tests.proofs.crowd import Place
from tests.proofs.rush import CONNECTIONS, rush
from tests.proofs.scale import SERVERS, scaled
from tests.services.desk import Desk
from tests.services.money_rows import make_sale

pytestmark = [pytest.mark.proof, pytest.mark.timeout(600)]

BUYERS = scaled(1_000, 200)
SEATS = BUYERS // 10


@SERVERS
@pytest.mark.parametrize("scarce", scaled(["course", "sale"], ["sale"]))
def test_as_many_seats_are_sold_as_there_are_and_every_buyer_is_answered(
    school: Desk, place: Place, tell: Callable[[str], None], scarce: str
) -> None:
    course = school.course(max_students=SEATS if scarce == "course" else SEATS + 5)
    bargain: dict[str, Any] = {}
    if scarce == "sale":
        times = {"start_time": SetClock().now.replace(year=2000)}
        times["end_time"] = SetClock().now.replace(year=2100)
        sale = school.make(make_sale, course, max_seats=SEATS, **times)
        bargain = {"sale_id": sale, "price": Decimal("4.90")}

    told = rush(school, [place], course, BUYERS, **bargain)

    assert told.outcomes() == {"completed": SEATS, "refused": BUYERS - SEATS}
    assert told.refusals() == {"course_full" if scarce == "course" else "sale_over"}
    assert school.seats(course) == SEATS
    paid = school.rows(t.payments, t.payments.c.course_id == course)
    assert Counter(each.status for each in paid) == {"completed": SEATS}
    keys = {each.idempotency_key for each in paid}
    charged = [each for each in school.sent() if each.key in keys]
    assert [each.state for each in charged] == [EntryState.APPROVED] * SEATS
    tell(
        f"{BUYERS} buyers, {SEATS} seats of a {scarce}, {CONNECTIONS} connections: {told.figures()}"
    )
