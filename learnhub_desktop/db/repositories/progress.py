"""Lessons done, quiz attempts, reviews."""

from __future__ import annotations

from learnhub_desktop.db.repositories.base import Repository


class ProgressRepository(Repository):
    """Lessons done, quiz attempts, reviews."""
