"""Fraud rules, what they look at, and alerts."""

from __future__ import annotations

from learnhub_desktop.db.repositories.base import Repository


class FraudRepository(Repository):
    """Fraud rules, what they look at, and alerts."""
