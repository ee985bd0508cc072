"""Subscriptions and their plans."""

from __future__ import annotations

from learnhub_desktop.db.repositories.base import Repository


class SubscriptionRepository(Repository):
    """Subscriptions and their plans."""
