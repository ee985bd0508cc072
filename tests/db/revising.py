"""What tests of upgrades share: dying at a statement, and a revision that is yet to come."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, Engine, event

from learnhub_desktop.db.migrations import steps


class Broken(Exception):
    """The program died."""


# What changes something for good. What only looks, or is done each time anew, does not count.
_PROGRESS = re.compile(
    r"\s*(CREATE TABLE (?!IF)|ALTER|CREATE (OR REPLACE )?DEFINER|INSERT|DELETE|UPDATE)"
    r"(?!.*definer_probe)",
    re.S,
)


@contextmanager
def dying_after(engine: Engine, statements: int) -> Iterator[None]:
    """Raise Broken after that many statements that change something."""
    done = 0

    def count(connection: Connection, cursor: Any, statement: str, *rest: Any) -> None:
        nonlocal done
        done += _PROGRESS.match(statement) is not None
        if done == statements:
            raise Broken

    event.listen(engine, "after_cursor_execute", count)
    try:
        yield
    finally:
        event.remove(engine, "after_cursor_execute", count)


@contextmanager
def revising(connection: Connection) -> Iterator[None]:
    """What surrounds a revision's steps."""
    with Operations.context(MigrationContext.configure(connection)):
        yield


def revise() -> None:
    """The steps of some later revision."""
    steps.ensure_table(
        "badges",
        sa.Column("badge_id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("title", sa.String(50), nullable=False),
    )
    steps.ensure_indexes("badges", ("title",), ("title", "badge_id"))
    steps.ensure_column(
        "badges", sa.Column("points", sa.Integer(), server_default=sa.text("3"), nullable=False)
    )
    steps.ensure_check("badges", "ck_badges_points", "points < 100")
    steps.ensure_check("badges", "ck_badges_title", "title <> 'a, b) '")
