"""The whole schema, made at once."""

from __future__ import annotations

from typing import Final

from learnhub_desktop.db.migrations.v0001 import (
    archive,
    catalog,
    enrolments,
    fraud,
    operation,
    payments,
    people,
    subscriptions,
)

revision: Final = "0001"
down_revision: Final = None


def upgrade() -> None:
    for topic in (
        people,
        catalog,
        subscriptions,
        enrolments,
        payments,
        archive,
        fraud,
        operation,
    ):
        topic.create()
