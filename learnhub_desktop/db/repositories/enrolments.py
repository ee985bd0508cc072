"""Enrolments: seats, states and holds."""

from __future__ import annotations

from learnhub_desktop.db.repositories.base import Repository


class EnrolmentRepository(Repository):
    """Enrolments: seats, states and holds."""
