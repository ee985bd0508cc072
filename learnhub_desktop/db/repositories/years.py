"""Payments of closed years: moved to the archive, exported, dropped."""

from __future__ import annotations

from learnhub_desktop.db.repositories.base import Repository


class YearRepository(Repository):
    """Payments of closed years: moved to the archive, exported, dropped."""
