"""What a payment gateway's own book tells of one charge or refund."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Protocol


class BookEntry(Protocol):
    """``kind`` is "charge" or "refund", ``state`` "approved", "declined" or "pending".

    ``payment_id`` is the school's own number, which went along; ``charge_key`` names the
    charge that a refund gives back.
    """

    @property
    def key(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def payment_id(self) -> int: ...
    @property
    def amount(self) -> Decimal: ...
    @property
    def currency(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def charge_key(self) -> str | None: ...


Book = Callable[[], Iterable[BookEntry]]
