"""Lessons in order, and their quizzes."""

from __future__ import annotations

from learnhub_desktop.db.repositories.base import Repository


class LessonRepository(Repository):
    """Lessons in order, and their quizzes."""
