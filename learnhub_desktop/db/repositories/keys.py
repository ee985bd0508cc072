"""Idempotency keys and what they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, insert, select, update

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.prepared import Prepared
from learnhub_desktop.db.repositories.base import KEY, Repository, one_by
from learnhub_desktop.domain.purchases import parameters_hash
from learnhub_desktop.domain.states import KeyState

CALLER: Final = "caller"

_C: Final = t.idempotency.c
_BY_KEY, _ = one_by(
    select(
        _C.idempotency_key,
        _C.operation,
        _C.parameters,
        _C.parameters_hash,
        _C.state,
        _C.payment_id,
        _C.result,
        _C.created_at,
    ),
    _C.idempotency_key,
)
_IN_ARCHIVE, _ = one_by(
    select(t.payments_archive.c.payment_id).limit(1), t.payments_archive.c.idempotency_key
)
ADD_KEY: Final = Prepared(
    insert(t.idempotency).inline(),
    columns=(
        "idempotency_key operation parameters parameters_hash state payment_id result account"
        " created_at finished_at"
    ).split(),
)
FINISH_KEY: Final = Prepared(
    update(t.idempotency)
    .where(_C.idempotency_key == bindparam("key", type_=_C.idempotency_key.type))
    .values(
        state=KeyState.DONE,
        result=bindparam("result", type_=_C.result.type),
        finished_at=bindparam("finished_at", type_=_C.finished_at.type),
    )
)


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
        row = self.connection.execute(_BY_KEY, {KEY: key}).one_or_none()
        if row is None:
            return None
        return StoredKey(
            key=row.idempotency_key,
            operation=row.operation,
            parameters=dict(row.parameters),
            parameters_hash=row.parameters_hash,
            state=KeyState(row.state),
            payment_id=row.payment_id,
            result=dict(row.result or {}),
            created_at=row.created_at,
        )

    def was_used_in_the_archive(self, key: str) -> bool:
        """Keys are never used again, also after their payment has left for the archive."""
        return self.connection.scalar(_IN_ARCHIVE, {KEY: key}) is not None

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
        values = key_values(
            key, operation, parameters, account=account, now=now, result=result, caller=caller
        )
        self.store(values, payment_id)

    def store(self, values: Mapping[str, Any], payment_id: int | None) -> None:
        """`add`, of what `key_values` made."""
        ADD_KEY.run(self.connection, **values, payment_id=payment_id)

    def hand_over(self, key: str, caller: str) -> None:
        """Name the call that is at it now."""
        c = t.idempotency.c
        self.connection.execute(
            update(t.idempotency)
            .where(c.idempotency_key == key, c.state == KeyState.IN_PROGRESS)
            .values(result={CALLER: caller})
        )

    def finish(self, key: str, result: Mapping[str, Any], now: datetime) -> None:
        FINISH_KEY.run(self.connection, key=key, result=dict(result), finished_at=now)


def key_values(
    key: str,
    operation: str,
    parameters: Mapping[str, Any],
    *,
    account: str,
    now: datetime,
    result: Mapping[str, Any] | None = None,
    caller: str = "",
) -> dict[str, Any]:
    """What `ADD_KEY` writes, but for the payment's id."""
    at_it = {CALLER: caller} if caller else None
    return {
        "idempotency_key": key,
        "operation": operation,
        "parameters": dict(parameters),
        "parameters_hash": parameters_hash(parameters),
        "state": KeyState.IN_PROGRESS if result is None else KeyState.DONE,
        "result": at_it if result is None else dict(result),
        "account": account,
        "created_at": now,
        "finished_at": None if result is None else now,
    }
