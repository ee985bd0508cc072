"""Snapshots of archived courses."""

from __future__ import annotations

from learnhub_desktop.db.repositories.base import Repository


class ArchiveRepository(Repository):
    """Snapshots of archived courses."""
