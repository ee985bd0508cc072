"""A gateway that shows the key of each charge and refund before it sends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from learnhub_desktop.gateways import (
    Answer,
    ChargeRequest,
    Gateway,
    Gateways,
    Lookup,
    RefundRequest,
    VoidAnswer,
)


def announcing(gateways: Gateways, announce: Callable[[str], None]) -> Gateways:
    """The same gateways; whatever moves money tells its key first, so that a command that
    dies while the gateway answers leaves the key with the person who ran it."""
    if gateways.online is None:
        return gateways
    return replace(gateways, online=_Announcing(gateways.online, announce))


class _Announcing:
    def __init__(self, gateway: Gateway, announce: Callable[[str], None]) -> None:
        self._gateway = gateway
        self._announce = announce

    @property
    def name(self) -> str:
        return self._gateway.name

    @property
    def by_hand(self) -> bool:
        return self._gateway.by_hand

    @property
    def notice(self) -> str | None:
        return self._gateway.notice

    def charge(self, request: ChargeRequest) -> Answer:
        self._announce(request.key)
        return self._gateway.charge(request)

    def refund(self, request: RefundRequest) -> Answer:
        self._announce(request.key)
        return self._gateway.refund(request)

    def lookup(self, key: str) -> Lookup:
        return self._gateway.lookup(key)

    def void(self, key: str) -> VoidAnswer:
        return self._gateway.void(key)

    def card_fingerprint(self, card: str) -> str | None:
        return self._gateway.card_fingerprint(card)

    def country(self, card: str) -> str | None:
        return self._gateway.country(card)

    def close(self) -> None:
        self._gateway.close()
