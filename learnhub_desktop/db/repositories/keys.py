"""Idempotency keys and what they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert, select, update

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.repositories.base import Repository
from learnhub_desktop.domain.purchases import parameters_hash
from learnhub_desktop.domain.states import KeyState

CALLER: Final = "caller"


@dataclass(frozen=True, slots=True)
class StoredKey:
    """``result`` tells what became of it, or, while the first call is at it, which call that is."""

    key: str
    operation: str
    parameters: Mapping[str, Any]
    parameters_hash: str
    state: KeyState
    payment_id: int | None
    result: Mapping[str, Any]
    created_at: datetime

    def is_by(self, caller: str) -> bool:
        """Whether this very call is the one that is still at it."""
        is_open = self.state is KeyState.IN_PROGRESS
        return is_open and bool(caller) and self.result.get(CALLER) == caller


class KeyRepository(Repository):
    """Idempotency keys and what they stand for."""

    def find(self, key: str) -> StoredKey | None:
        c = t.idempotency.c
        row = self.connection.execute(
            select(
                c.idempotency_key,
                c.operation,
                c.parameters,
                c.parameters_hash,
                c.state,
                c.payment_id,
                c.result,
                c.created_at,
            ).where(c.idempotency_key == key)
        ).one_or_none()
        if row is None:
            return None
        return StoredKey(
            *row[:2], dict(row.parameters), row.parameters_hash, KeyState(row.state),
            row.payment_id, dict(row.result or {}), row.created_at,
        )  # fmt: skip

    def was_used_in_the_archive(self, key: str) -> bool:
        """Keys are never used again, also after their payment has left for the archive."""
        found = self.connection.scalar(
            select(t.payments_archive.c.payment_id)
            .where(t.payments_archive.c.idempotency_key == key)
            .limit(1)
        )
        return found is not None

    def add(
        self,
        key: str,
        operation: str,
        parameters: Mapping[str, Any],
        *,
        account: str,
        now: datetime,
        payment_id: int | None,
        result: Mapping[str, Any] | None = None,
        caller: str = "",
    ) -> None:
        """Store the key, last in its transaction; with a result the act is done.

        Without one ``caller`` names the call that is at it, so that a call whose COMMIT went
        unanswered knows its own work again.
        """
        at_it = {CALLER: caller} if caller else None
        self.connection.execute(
            insert(t.idempotency).values(
                idempotency_key=key,
                operation=operation,
                parameters=dict(parameters),
                parameters_hash=parameters_hash(parameters),
                state=KeyState.IN_PROGRESS if result is None else KeyState.DONE,
                payment_id=payment_id,
                result=at_it if result is None else dict(result),
                account=account,
                created_at=now,
                finished_at=None if result is None else now,
            )
        )

    def hand_over(self, key: str, caller: str) -> None:
        """Name the call that is at it now."""
        c = t.idempotency.c
        self.connection.execute(
            update(t.idempotency)
            .where(c.idempotency_key == key, c.state == KeyState.IN_PROGRESS)
            .values(result={CALLER: caller})
        )

    def finish(self, key: str, result: Mapping[str, Any], now: datetime) -> None:
        c = t.idempotency.c
        self.connection.execute(
            update(t.idempotency)
            .where(c.idempotency_key == key)
            .values(state=KeyState.DONE, result=dict(result), finished_at=now)
        )
