"""Idempotency keys and what they stand for."""

from __future__ import annotations

from learnhub_desktop.db.repositories.base import Repository


class KeyRepository(Repository):
    """Idempotency keys and what they stand for."""
