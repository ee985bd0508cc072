"""What a key stands for, and how a difference is said."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from learnhub_desktop.domain.purchases import Order, differing, new_key, parameters_hash
from learnhub_desktop.domain.states import PaymentMethod

ORDER = Order(
    key="k",
    student_id=1,
    course_id=2,
    price=Decimal("49.00"),
    currency="USD",
    method=PaymentMethod.CREDIT_CARD,
    card="tok_visa",
)


def test_a_key_names_its_act_and_is_never_the_same() -> None:
    assert re.fullmatch(r"buy-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", new_key("buy"))
    assert new_key("buy") != new_key("buy")


def test_the_parameters_hold_no_token_and_no_reason() -> None:
    told = replace(ORDER, override_reason="Knows it").parameters("card_1")

    assert told == {
        "student_id": 1,
        "course_id": 2,
        "amount": "49.00",
        "currency": "USD",
        "payment_method": "credit_card",
        "card": "card_1",
        "released_alert_id": None,
        "sale_id": None,
    }


@pytest.mark.parametrize(
    "price", [Decimal(49), Decimal("49.0"), Decimal("49.00"), Decimal("4.9E1")]
)
def test_the_same_amount_has_the_same_hash(price: Decimal) -> None:
    wanted = parameters_hash(ORDER.parameters(None))

    assert parameters_hash(replace(ORDER, price=price).parameters(None)) == wanted


@pytest.mark.parametrize(
    "changed",
    [
        {"student_id": 3},
        {"course_id": 3},
        {"price": Decimal("49.01")},
        {"currency": "EUR"},
        {"method": PaymentMethod.PAYPAL},
        {"released_alert_id": 1},
        {"sale_id": 1},
    ],
)
def test_each_parameter_changes_the_hash(changed: dict[str, Any]) -> None:
    other = replace(ORDER, **changed)

    assert parameters_hash(other.parameters("c")) != parameters_hash(ORDER.parameters("c"))


@pytest.mark.parametrize("changed", [{"extends": True}, {"override_reason": "x"}, {"card": "y"}])
def test_what_the_screen_showed_does_not(changed: dict[str, Any]) -> None:
    other = replace(ORDER, **changed)

    assert parameters_hash(other.parameters("c")) == parameters_hash(ORDER.parameters("c"))


@pytest.mark.parametrize(
    "first, now, said",
    [
        ({"amount": "1.00"}, {"amount": "2.00"}, "the amount"),
        ({"card": "a", "amount": "1"}, {"card": "b", "amount": "2"}, "the amount and the card"),
        (
            {"sale_id": 1, "student_id": 1, "card": "a"},
            {"sale_id": 2, "student_id": 2, "card": "b"},
            "the student, the card and the sale",
        ),
        ({}, {"plan_type": "annual"}, "the plan"),
        ({}, {"gift_code": "spring"}, "gift code"),
        ({"amount": "1.00"}, {"amount": "1.00"}, "nothing"),
    ],
)
def test_what_differs_is_said_in_words(
    first: dict[str, Any], now: dict[str, Any], said: str
) -> None:
    assert differing(first, now) == said
