"""Courses, their tags and prerequisites."""

from __future__ import annotations

from learnhub_desktop.db.repositories.base import Repository


class CourseRepository(Repository):
    """Courses, their tags and prerequisites."""
