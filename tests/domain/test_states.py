"""The legal moves, each named, and all others refused in words."""

from __future__ import annotations

from itertools import product

import pytest

from learnhub_desktop.domain.states import (
    ENROLMENT_MOVES,
    PAYMENT_MOVES,
    EnrolmentStatus,
    IllegalMove,
    PaymentStatus,
    move_enrolment,
    move_payment,
    say,
)
from learnhub_desktop.errors import RuleRefused

PAYMENTS = {
    "pending unknown",
    "pending completed",
    "pending failed",
    "unknown completed",
    "unknown failed",
    "failed completed",
    "completed partially_refunded",
    "completed refunded",
    "completed disputed",
    "partially_refunded refunded",
    "partially_refunded disputed",
    "disputed completed",
    "disputed partially_refunded",
    "disputed refunded",
}
ENROLMENTS = {
    "pending active",
    "pending cancelled",
    "pending refunded",
    "active completed",
    "active refunded",
    "active cancelled",
    "completed active",
    "completed refunded",
    "completed cancelled",
    "refunded pending",
    "refunded active",
    "cancelled pending",
    "cancelled active",
}


def test_the_table_of_moves_is_the_one_that_was_agreed() -> None:
    assert {f"{old} {new}" for old, every in PAYMENT_MOVES.items() for new in every} == PAYMENTS
    assert {f"{old} {new}" for old, every in ENROLMENT_MOVES.items() for new in every} == ENROLMENTS
    assert set(PAYMENT_MOVES) == set(PaymentStatus)
    assert set(ENROLMENT_MOVES) == set(EnrolmentStatus)


@pytest.mark.parametrize("old, new", list(product(PaymentStatus, PaymentStatus)))
def test_a_payment_moves_only_as_agreed(old: PaymentStatus, new: PaymentStatus) -> None:
    if f"{old} {new}" in PAYMENTS:
        assert move_payment(old, new) is new
        return
    with pytest.raises(RuleRefused) as refused:
        move_payment(old, new)
    assert refused.value.reason is IllegalMove.PAYMENT


@pytest.mark.parametrize("old, new", list(product(EnrolmentStatus, EnrolmentStatus)))
def test_an_enrolment_moves_only_as_agreed(old: EnrolmentStatus, new: EnrolmentStatus) -> None:
    if f"{old} {new}" in ENROLMENTS:
        assert move_enrolment(old, new) is new
        return
    with pytest.raises(RuleRefused) as refused:
        move_enrolment(old, new)
    assert refused.value.reason is IllegalMove.ENROLMENT


def test_an_illegal_move_is_said_in_words() -> None:
    with pytest.raises(RuleRefused) as payment:
        move_payment(PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.PENDING)
    with pytest.raises(RuleRefused) as enrolment:
        move_enrolment(EnrolmentStatus.CANCELLED, EnrolmentStatus.REFUNDED)

    assert str(payment.value) == "A payment that is partly refunded cannot become pending."
    assert str(enrolment.value) == "An enrolment that is cancelled cannot become refunded."


@pytest.mark.parametrize(
    "state, said",
    [
        (PaymentStatus.PARTIALLY_REFUNDED, "partly refunded"),
        (PaymentStatus.COMPLETED, "completed"),
        ("require_verification", "ask for verification"),
        ("false_positive", "false positive"),
    ],
)
def test_states_have_words_for_people(state: str, said: str) -> None:
    assert say(state) == said
