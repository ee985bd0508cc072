"""Students and instructors."""

from __future__ import annotations

from learnhub_desktop.db.repositories.base import Repository


class UserRepository(Repository):
    """Students and instructors."""
