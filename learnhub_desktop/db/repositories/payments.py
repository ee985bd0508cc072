"""Payments and their events."""

from __future__ import annotations

from learnhub_desktop.db.repositories.base import Repository


class PaymentRepository(Repository):
    """Payments and their events."""
