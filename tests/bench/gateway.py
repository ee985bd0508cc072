"""A gateway that takes every charge at once: only the database's part is measured."""

from __future__ import annotations

from typing import NoReturn

from learnhub_desktop.gateways import Answer, ChargeRequest, Lookup, Outcome, VoidAnswer
from learnhub_desktop.gateways.port import RefundRequest


class ReadyGateway:
    """The port's charge; a bench asks for nothing else."""

    name = "simulated"
    by_hand = False
    notice = None

    def charge(self, request: ChargeRequest) -> Answer:
        reference = f"R-{request.key}"
        return Answer(request.key, Outcome.APPROVED, request.amount, request.currency, reference)

    def refund(self, request: RefundRequest) -> NoReturn:
        raise NotImplementedError

    def lookup(self, key: str) -> Lookup:
        raise NotImplementedError

    def void(self, key: str) -> VoidAnswer:
        raise NotImplementedError

    def card_fingerprint(self, card: str) -> str:
        return card

    def country(self, card: str) -> str:
        return "US"

    def close(self) -> None:
        """It holds nothing open."""
