"""Until when a student may open a course."""

from __future__ import annotations

from learnhub_desktop.db.repositories.base import Repository


class AccessRepository(Repository):
    """Until when a student may open a course."""
