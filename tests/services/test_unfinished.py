"""What became of acts that were left in the middle, looked up by their keys."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from learnhub_desktop.domain.actors import Role, actor_of
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.errors import NotAllowed
from learnhub_desktop.gateways.moods import Mood
from learnhub_desktop.journal import Act, Operation
from learnhub_desktop.services import unfinished
from learnhub_desktop.services.unfinished import Stage, Unfinished
from tests.services.desk import Desk
from tests.services.subscribers import order as sign_up_order
from tests.services.subscribers import place as place_sign_up

AT = datetime(2026, 3, 10, 11, 58, tzinfo=UTC)


def act(operation: Operation, key: str, **parameters: Any) -> Act:
    values = {"amount": "49.00", "currency": "USD", **parameters}
    return Act(key, operation, {name: str(value) for name, value in values.items()}, AT)


def look(desk: Desk, one: Act) -> Unfinished:
    [found] = desk.read(unfinished.look_up, [one])
    return found


@pytest.fixture
def ada(desk: Desk) -> int:
    return desk.student(name="Ada Byron")


def test_what_nobody_began_is_told_as_such(desk: Desk, ada: int) -> None:
    course = desk.course()
    found = look(desk, act(Operation.PURCHASE, "buy-1", student_id=ada, course_id=course))

    assert (found.stage, found.payment_id, found.may_ask) == (Stage.NOT_BEGUN, None, False)
    assert found.what == "Ada Byron buys “SQL” for 49.00 USD."
    assert found.says == "It had not begun: nothing was charged, and no seat is held."


@pytest.mark.parametrize(
    "mood, stage, says",
    [
        (Mood.APPROVE, Stage.KNOWN, "Enrolled Ada Byron in “SQL”. 49.00 USD paid by card."),
        (Mood.DECLINE, Stage.KNOWN, "The card was declined. Ada Byron is not enrolled in “SQL”;"),
        (Mood.LOST_ANSWER, Stage.OPEN, "The gateway did not answer. Ada Byron's seat in “SQL”"),
    ],
)
def test_a_purchase_is_told_by_its_key(
    desk: Desk, ada: int, mood: Mood, stage: Stage, says: str
) -> None:
    course = desk.course()
    desk.gateway.set_mood(mood)
    bought = desk.buy(ada, course, key="buy-1")

    found = look(desk, act(Operation.PURCHASE, "buy-1", student_id=ada, course_id=course))

    assert (found.stage, found.payment_id) == (stage, bought.payment_id)
    assert found.says.startswith(says)
    assert found.may_ask == (stage is Stage.OPEN)


def test_a_free_course_has_no_payment_and_is_told_all_the_same(desk: Desk, ada: int) -> None:
    course = desk.course(price=Decimal(0))
    desk.buy(ada, course, key="buy-1", price=Decimal(0), method=PaymentMethod.CASH, card=None)

    found = look(
        desk, act(Operation.PURCHASE, "buy-1", student_id=ada, course_id=course, amount="0.00")
    )

    assert (found.stage, found.payment_id) == (Stage.KNOWN, None)
    assert found.says.startswith("Enrolled Ada Byron in “SQL”. Nothing to pay.")


def test_money_that_is_expected_is_an_outcome(desk: Desk, ada: int) -> None:
    course = desk.course()
    desk.buy(ada, course, key="buy-1", method=PaymentMethod.CASH, card=None)

    found = look(desk, act(Operation.PURCHASE, "buy-1", student_id=ada, course_id=course))

    assert found.stage is Stage.KNOWN
    assert found.says.startswith("A seat in “SQL” is held for Ada Byron until")


def test_a_sign_up_is_told_by_its_key(desk: Desk, ada: int) -> None:
    one = act(Operation.SUBSCRIPTION, "sub-1", student_id=ada, plan_type="annual", amount="290.00")
    assert look(desk, one).what == "Ada Byron signs up for the plan “Annual”, 290.00 USD."
    assert look(desk, one).stage is Stage.NOT_BEGUN

    place_sign_up(desk, sign_up_order(ada, "annual", key="sub-1"))

    assert look(desk, one).stage is Stage.KNOWN
    assert look(desk, one).says.startswith("Ada Byron's subscription is paid: 290.00 USD by card.")


def test_a_charge_goes_on_under_its_first_key_so_its_number_tells(desk: Desk, ada: int) -> None:
    desk.gateway.set_mood(Mood.LOST_ANSWER)
    payment = desk.buy(ada, desk.course()).payment_id
    assert payment is not None

    found = look(desk, act(Operation.CHARGE, f"charge-{payment}", payment_id=payment))

    assert (found.stage, found.payment_id, found.may_ask) == (Stage.OPEN, payment, True)
    assert found.what == f"49.00 USD of Ada Byron for “SQL” is charged (payment {payment})."


@pytest.mark.parametrize("card", ["tok_visa", "tok_refund_pending"])
def test_a_refund_that_the_gateway_has_is_an_outcome(desk: Desk, ada: int, card: str) -> None:
    payment = desk.buy(ada, desk.course(), card=card).payment_id
    assert payment is not None
    desk.refund(payment, key="back-1")

    assert look(desk, act(Operation.REFUND, "back-1", payment_id=payment)).stage is Stage.KNOWN


def test_a_file_that_was_changed_by_hand_breaks_nothing(desk: Desk) -> None:
    odd = {"student_id": "²", "course_id": "-1", "payment_id": "9" * 5_000, "amount": "much"}
    said = [
        look(desk, act(operation, "odd", **odd, plan_type="weekly")).what for operation in Operation
    ]
    assert said == [
        "A student buys a course for an amount.",
        "A payment of an amount.",
        "A student signs up for a plan, an amount.",
        "A payment of an amount.",
    ]


def test_who_may_not_see_payments_is_told_nothing(desk: Desk) -> None:
    desk.database._actor = actor_of("desk", Role.INSTRUCTOR)
    with pytest.raises(NotAllowed):
        look(desk, act(Operation.PURCHASE, "buy-1"))
