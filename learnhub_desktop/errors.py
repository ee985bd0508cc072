"""Errors a person can do something about. Anything else that is raised is a bug."""

from __future__ import annotations

from enum import Enum, StrEnum


class LearnHubError(Exception):
    """Base of the expected errors; ``str(error)`` is shown to the user as it is."""


class RuleRefused(LearnHubError):
    """A domain rule said no. ``reason`` is for code and tests, the message for people."""

    def __init__(self, reason: Enum, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class InvalidInput(LearnHubError):
    """A value that a person typed cannot be used. ``field`` names the form field or option."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class NotFound(LearnHubError):
    """The record is gone: most often another desk archived it a moment ago."""


class NotAllowed(LearnHubError):
    """The account lacks the right for this action."""


class DatabaseUnavailable(LearnHubError):
    """The server could not be reached, or the connection broke. Nothing of a write was kept."""


class ServerBusy(DatabaseUnavailable):
    """Every retry met a lock. Nothing was changed."""


def is_lost(error: LearnHubError) -> bool:
    """Whether all that follows will fail too; a lock that is held for too long hits one act."""
    return isinstance(error, DatabaseUnavailable) and not isinstance(error, ServerBusy)


class OutcomeUnknown(LearnHubError):
    """It is not known whether the work was done; ``key`` settles it when used again."""

    def __init__(self, message: str, *, key: str | None = None) -> None:
        super().__init__(message)
        self.key = key


class SchemaProblem(StrEnum):
    NO_SCHOOL = "no school"
    OLDER = "older"
    NEWER = "newer"


class SchemaMismatch(LearnHubError):
    """The database is older or newer than this program, or holds no school at all."""

    def __init__(self, message: str, *, problem: SchemaProblem = SchemaProblem.NO_SCHOOL) -> None:
        super().__init__(message)
        self.problem = problem


class Superseded(Exception):
    """A newer read took this one's place; nobody waits for its rows any more."""
