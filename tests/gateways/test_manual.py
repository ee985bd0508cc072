from __future__ import annotations

from decimal import Decimal

from learnhub_desktop.gateways.manual import ManualGateway
from learnhub_desktop.gateways.port import (
    Answer,
    Gateway,
    Lookup,
    Outcome,
    VoidAnswer,
    VoidOutcome,
)
from tests.gateways.making import charge, refund


def test_a_transfer_waits_for_its_receipt() -> None:
    assert ManualGateway().charge(charge()) == Answer(
        key="charge-1",
        outcome=Outcome.PENDING,
        amount=Decimal("49.00"),
        currency="USD",
        message="Waiting for the money: record the receipt when it has come.",
    )


def test_a_refund_is_paid_out_by_hand() -> None:
    answer = ManualGateway().refund(refund())
    assert (answer.outcome, answer.message) == (
        Outcome.PENDING,
        "To be paid out by hand: record it when it is done.",
    )


def test_it_never_knows_anything_and_voids_everything() -> None:
    gateway: Gateway = ManualGateway()
    assert gateway.lookup("charge-1") == Lookup("charge-1", None)
    assert gateway.void("charge-1") == VoidAnswer("charge-1", VoidOutcome.VOIDED)
    assert (gateway.name, gateway.by_hand, gateway.notice) == ("manual", True, None)
    assert gateway.card_fingerprint("tok_visa") is None
    assert gateway.country("tok_visa") is None
