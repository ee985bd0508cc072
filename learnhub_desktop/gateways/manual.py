"""Bank transfer and cash: people move the money, and finance records it."""

from __future__ import annotations

from learnhub_desktop.domain.states import GatewayKind
from learnhub_desktop.gateways.port import (
    Answer,
    ChargeRequest,
    Lookup,
    Outcome,
    RefundRequest,
    VoidAnswer,
    VoidOutcome,
)


class ManualGateway:
    """Nothing is ever sent, so it is always reachable and never silent.

    The receipt, or the hand that paid a refund out, is recorded on the payment itself.
    """

    @property
    def name(self) -> str:
        return GatewayKind.MANUAL.value

    @property
    def by_hand(self) -> bool:
        return True

    @property
    def notice(self) -> str | None:
        return None

    def charge(self, request: ChargeRequest) -> Answer:
        return Answer(
            key=request.key,
            outcome=Outcome.PENDING,
            amount=request.amount,
            currency=request.currency,
            message="Waiting for the money: record the receipt when it has come.",
        )

    def refund(self, request: RefundRequest) -> Answer:
        return Answer(
            key=request.key,
            outcome=Outcome.PENDING,
            amount=request.amount,
            currency=request.currency,
            message="To be paid out by hand: record it when it is done.",
        )

    def lookup(self, key: str) -> Lookup:
        return Lookup(key, None)

    def void(self, key: str) -> VoidAnswer:
        return VoidAnswer(key, VoidOutcome.VOIDED)

    def card_fingerprint(self, card: str) -> str | None:
        return None

    def country(self, card: str) -> str | None:
        return None

    def close(self) -> None:
        return None
