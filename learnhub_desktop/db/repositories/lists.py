"""Pages, anchors and counts of every list."""

from __future__ import annotations

from learnhub_desktop.db.repositories.base import Repository


class ListRepository(Repository):
    """Pages, anchors and counts of every list."""
