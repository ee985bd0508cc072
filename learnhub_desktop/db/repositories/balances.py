"""Account balances and their movements."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import select, update

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.repositories.base import Repository
from learnhub_desktop.domain import money
from learnhub_desktop.domain.states import MovementKind


class BalanceRepository(Repository):
    """Account balances and their movements."""

    def move(
        self,
        user_id: int,
        amount: Decimal,
        currency: str,
        *,
        kind: MovementKind,
        payment_id: int | None,
        now: datetime,
        reason: str | None = None,
    ) -> bool:
        """Add a signed amount to the balance; False where it would fall below zero.

        False too where the balance is kept in another currency. Each movement is a row.
        """
        c = t.users.c
        moved = self.connection.execute(
            update(t.users)
            .where(
                c.user_id == user_id,
                c.balance_currency == currency,
                c.account_balance + amount >= money.ZERO,
            )
            .values(account_balance=c.account_balance + amount)
        )
        if moved.rowcount != 1:
            return False
        after = self.connection.scalar(select(c.account_balance).where(c.user_id == user_id))
        self.insert(
            t.balance_movements,
            user_id=user_id,
            payment_id=payment_id,
            kind=kind,
            amount=amount,
            currency=currency,
            balance_after=after,
            reason=reason,
            created_at=now,
        )
        return True
