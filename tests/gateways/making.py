"""Requests with sensible defaults: a test names only what matters to it."""

from __future__ import annotations

from decimal import Decimal

from learnhub_desktop.gateways.port import ChargeRequest, RefundRequest


def charge(
    key: str = "charge-1",
    *,
    payment_id: int = 7,
    amount: str = "49.00",
    currency: str = "USD",
    card: str = "tok_visa",
) -> ChargeRequest:
    return ChargeRequest(key, payment_id, Decimal(amount), currency, card)


def refund(
    key: str = "refund-1",
    *,
    charge_key: str = "charge-1",
    payment_id: int = 8,
    amount: str = "49.00",
    currency: str = "USD",
) -> RefundRequest:
    return RefundRequest(key, charge_key, payment_id, Decimal(amount), currency)
