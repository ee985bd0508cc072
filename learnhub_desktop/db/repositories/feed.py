"""The feed of changes that other workstations made."""

from __future__ import annotations

from learnhub_desktop.db.repositories.base import Repository


class FeedRepository(Repository):
    """The feed of changes that other workstations made."""
