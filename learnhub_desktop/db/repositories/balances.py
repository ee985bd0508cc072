"""Account balances and their movements."""

from __future__ import annotations

from learnhub_desktop.db.repositories.base import Repository


class BalanceRepository(Repository):
    """Account balances and their movements."""
