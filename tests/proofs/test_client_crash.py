"""A power cut at a workstation at each point between two steps of a purchase and of a refund.

Whatever was reached: the books add up at once, nothing is charged or refunded twice, and both
the janitor and the same key, pressed once more after a restart, bring it to its end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from learnhub_desktop.db import tables as t
from learnhub_desktop.gateways import EntryState
from learnhub_desktop.jobs import asking
from learnhub_desktop.services import subscriptions
from tests.factories import NOW
from tests.proofs.checks import faults
from tests.proofs.crowd import Job, Place, open_desk
from tests.proofs.dying import killed_at
from tests.proofs.scale import SERVERS, scaled
from tests.services.desk import Desk
from tests.services.subscribers import at, bills, renew, row, subscribe

pytestmark = pytest.mark.proof

LATER = {"minutes": 20}
# The card, where the process dies, what it leaves (None: nothing), and how it ends.
PURCHASES = scaled(
    [
        ("visa", "before hold", None, None),
        ("visa", "at the commit of hold", None, None),
        ("visa", "after hold", "pending", "failed"),
        ("visa", "before charge", "pending", "failed"),
        ("visa", "after charge", "pending", "completed"),
        ("visa", "at the commit of settle", "pending", "completed"),
        ("visa", "after settle", "completed", "completed"),
        ("declined", "after charge", "pending", "failed"),
        ("declined", "at the commit of decline", "pending", "failed"),
        ("declined", "after decline", "failed", "failed"),
        ("unreachable", "at the commit of decline", "pending", "failed"),
        ("lost_answer", "at the commit of mark_unknown", "pending", "completed"),
        ("lost_answer", "after mark_unknown", "unknown", "completed"),
    ],
    [
        ("visa", "at the commit of hold", None, None),
        ("visa", "after hold", "pending", "failed"),
        ("visa", "after charge", "pending", "completed"),
        ("visa", "at the commit of settle", "pending", "completed"),
        ("visa", "after settle", "completed", "completed"),
    ],
)
REFUNDS = scaled(
    [
        ("visa", "before reserve", None, None),
        ("visa", "at the commit of reserve", None, None),
        ("visa", "after reserve", "pending", "failed"),
        ("visa", "before refund", "pending", "failed"),
        ("visa", "after refund", "pending", "completed"),
        ("visa", "at the commit of settle", "pending", "completed"),
        ("visa", "after settle", "completed", "completed"),
        ("refund_declined", "after refund", "pending", "failed"),
        ("refund_declined", "at the commit of fail", "pending", "failed"),
        ("refund_pending", "at the commit of still_open", "pending", "pending"),
        ("refund_pending", "after still_open", "pending", "pending"),
    ],
    [
        ("visa", "at the commit of reserve", None, None),
        ("visa", "after reserve", "pending", "failed"),
        ("visa", "after refund", "pending", "completed"),
        ("visa", "at the commit of settle", "pending", "completed"),
        ("visa", "after settle", "completed", "completed"),
    ],
)
# What a janitor is asked about that dies itself, and where.
JANITORS = scaled(
    [
        ("after hold", "before lookup", "failed"),
        ("after hold", "after lookup", "failed"),
        ("after hold", "after void", "failed"),
        ("after hold", "at the commit of give_up", "failed"),
        ("after hold", "after give_up", "failed"),
        ("after charge", "after lookup", "completed"),
        ("after charge", "at the commit of settle", "completed"),
        ("after charge", "after settle", "completed"),
    ],
    [
        ("after hold", "after void", "failed"),
        ("after charge", "at the commit of settle", "completed"),
    ],
)
PERIODS = scaled(
    [
        ("before begin_renewal", None, "completed"),
        ("at the commit of begin_renewal", None, "completed"),
        ("after begin_renewal", "pending", "failed"),
        ("after charge", "pending", "completed"),
        ("at the commit of settle", "pending", "completed"),
        ("after settle", "completed", "completed"),
    ],
    [("after charge", "pending", "completed")],
)


@pytest.fixture
def office(place: Place) -> Iterator[Desk]:
    """A desk at the school whose clock stands still; in the end the books must add up."""
    desk = open_desk(place, NOW)
    yield desk
    wrong = faults(desk)
    desk.database.close()
    desk.gateway.close()
    assert wrong == []


def dies(place: Place, desk: Desk, point: str, call: Callable[..., Any], **values: Any) -> None:
    assert killed_at(place, desk.clock.now, Job(call, values), point), f"nothing reached {point}"
    assert faults(desk) == []


def ask_gateway(desk: Desk) -> None:
    asking.run(desk.database, desk.gateways)


def twenty_minutes_later(desk: Desk, then: str, key: str, end: str | None) -> None:
    """Where the janitor comes first, it brings what was begun under the key to its end."""
    desk.pass_time(**LATER)
    if then == "the janitor":
        ask_gateway(desk)
        assert status_of(desk, key) == end
        assert faults(desk) == []


def moved(desk: Desk, key: str) -> list[str]:
    """The states of what the gateway's book has under a key."""
    return [str(each.state) for each in desk.sent() if each.key == key]


def status_of(desk: Desk, key: str) -> str | None:
    rows = desk.rows(t.payments, t.payments.c.idempotency_key == key)
    return str(rows[0].status) if rows else None


@SERVERS
@pytest.mark.parametrize("then", ["the janitor", "the same key"])
@pytest.mark.parametrize(("card", "point", "left", "end"), PURCHASES)
def test_a_purchase_whose_desk_dies_is_brought_to_its_end(
    office: Desk, place: Place, card: str, point: str, left: str | None, end: str | None, then: str
) -> None:
    student, course = office.student(), office.course()
    order = office.order(student, course, card=f"tok_{card}_{student}")

    dies(place, office, point, Desk.place, order=order)

    assert status_of(office, order.key) == left
    twenty_minutes_later(office, then, order.key, end)
    # The same key tells how it ended, or does what was not begun.
    told = office.place(order)
    end = end or "completed"
    assert told.outcome == ("completed" if end == "completed" else "declined")
    assert status_of(office, order.key) == end
    assert office.seats(course) == (1 if end == "completed" else 0)
    assert moved(office, order.key).count(EntryState.APPROVED) == office.seats(course)


@SERVERS
@pytest.mark.parametrize("then", ["the janitor", "the same key"])
@pytest.mark.parametrize(("card", "point", "left", "end"), REFUNDS)
def test_a_refund_whose_desk_dies_is_brought_to_its_end(
    office: Desk, place: Place, card: str, point: str, left: str | None, end: str | None, then: str
) -> None:
    student, course = office.student(), office.course()
    paid = office.buy(student, course, card=f"tok_{card}_{student}").payment_id or 0
    order = office.refund_order(paid)

    dies(place, office, point, Desk.give_back, order=order)

    assert status_of(office, order.key) == left
    twenty_minutes_later(office, then, order.key, end)
    told = office.give_back(order)
    end = end or "completed"
    assert (told.outcome, status_of(office, order.key)) == (end, end)
    if end == "pending":
        office.gateway.settle_refund(order.key, paid=True)
        office.pass_time(days=2)
        ask_gateway(office)
        end = "completed"
    is_back = end == "completed"
    assert office.payment(paid).status == ("refunded" if is_back else "completed")
    assert office.payment(paid).refunded_amount == (49 if is_back else 0)
    assert office.enrolment(student, course).status == ("refunded" if is_back else "active")
    assert office.seats(course) == (0 if is_back else 1)
    assert moved(office, order.key).count(EntryState.APPROVED) == (1 if is_back else 0)


@SERVERS
@pytest.mark.parametrize(("first", "point", "end"), JANITORS)
def test_a_janitor_that_dies_is_followed_by_the_next(
    office: Desk, place: Place, first: str, point: str, end: str
) -> None:
    student, course = office.student(), office.course()
    order = office.order(student, course)
    dies(place, office, first, Desk.place, order=order)
    office.pass_time(**LATER)

    dies(place, office, point, ask_gateway)

    ask_gateway(office)
    assert status_of(office, order.key) == end
    assert office.seats(course) == (1 if end == "completed" else 0)
    assert moved(office, order.key).count(EntryState.APPROVED) == office.seats(course)


@SERVERS
@pytest.mark.parametrize(("point", "left", "end"), PERIODS)
def test_a_renewal_whose_desk_dies_bills_its_period_once(
    office: Desk, place: Place, point: str, left: str | None, end: str
) -> None:
    subscription_id = subscribe(office)
    first, due = (
        row(office, subscription_id).start_date,
        row(office, subscription_id).next_billing_date,
    )
    office.clock.now = at(f"{due}T12:00")

    dies(place, office, point, renew, subscription_id=subscription_id)

    key = f"renew-{subscription_id}-{due:%Y%m%d}-0"
    assert status_of(office, key) == left
    office.pass_time(**LATER)
    ask_gateway(office)
    renew(office, subscription_id)
    assert status_of(office, key) == end
    # What the gateway never got is sent again an hour later, under a key of its own.
    office.pass_time(hours=2)
    renew(office, subscription_id)
    assert [each[2] for each in bills(office, subscription_id)] == ["completed"] * 2
    paid = [each.key for each in office.sent() if each.key.startswith(key[:-1])]
    assert paid == [key if end == "completed" else f"{key[:-1]}1"]
    assert row(office, subscription_id).current_period_end > due > first
    # Other proofs in this school live later, and would find it due.
    office.write(subscriptions.cancel, subscription_id, now=True, reason="The test is over")
