"""Gateways that do what a simulated one never does by itself."""

from __future__ import annotations

from typing import Any

import pytest

from learnhub_desktop.gateways import KeyReused
from learnhub_desktop.gateways.port import (
    Answer,
    ChargeRequest,
    Entry,
    GatewayUnreachable,
    Lookup,
    RefundRequest,
    VoidAnswer,
    VoidOutcome,
    no_answer,
)
from tests.services.desk import Desk


def lose_request(patch: pytest.MonkeyPatch, desk: Desk, call: str = "charge") -> None:
    """The request never arrives, and nobody can know: no answer, and nothing in the book."""

    def lost(request: ChargeRequest | RefundRequest) -> Answer:
        return no_answer(request)

    patch.setattr(desk.gateway, call, lost)


def say_reused(patch: pytest.MonkeyPatch, desk: Desk, call: str) -> None:
    """The gateway knows the key from something else."""

    def reused(request: ChargeRequest | RefundRequest) -> Answer:
        raise KeyReused(request.key, ("amount",))

    patch.setattr(desk.gateway, call, reused)


def answer_void(patch: pytest.MonkeyPatch, desk: Desk, outcome: VoidOutcome) -> None:
    def void(key: str) -> VoidAnswer:
        return VoidAnswer(key, outcome)

    patch.setattr(desk.gateway, "void", void)


def lose_void(patch: pytest.MonkeyPatch, desk: Desk) -> None:
    def void(key: str) -> VoidAnswer:
        raise GatewayUnreachable("Payment gateway not reachable.")

    patch.setattr(desk.gateway, "void", void)


def find(patch: pytest.MonkeyPatch, desk: Desk, entry: Entry | None, **values: Any) -> None:
    """What the next look-ups find under any key."""

    def lookup(key: str) -> Lookup:
        return Lookup(key, entry, **values)

    patch.setattr(desk.gateway, "lookup", lookup)


def arrive_late(patch: pytest.MonkeyPatch, desk: Desk, call: str) -> None:
    """The request is not there yet when it is looked for, and is there when it is voided."""
    move, late = getattr(desk.gateway, call), []
    void = desk.gateway.void

    def lost(request: ChargeRequest | RefundRequest) -> Answer:
        late.append(request)
        return no_answer(request)

    def arrived(key: str) -> VoidAnswer:
        while late:
            move(late.pop())
        return void(key)

    patch.setattr(desk.gateway, call, lost)
    patch.setattr(desk.gateway, "void", arrived)
