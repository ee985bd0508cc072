"""Errors of a driver, as SQLAlchemy hands them over."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, OperationalError


def wrapped(original: BaseException, *, invalidated: bool = False) -> DBAPIError:
    return OperationalError("SELECT 1", None, original, connection_invalidated=invalidated)
