"""What a committed write touched, so that each page knows whether to reload."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Flag, auto


class Touched(Flag):
    """The lists that a write may have changed. The `changes` feed names the same entities."""

    NOTHING = 0
    CATALOG = auto()
    STUDENTS = auto()
    ENROLMENTS = auto()
    PAYMENTS = auto()
    ALERTS = auto()
    SUBSCRIPTIONS = auto()
    SETTINGS = auto()
    PEOPLE = auto()
    JOBS = auto()


@dataclass(frozen=True, slots=True)
class Undo:
    """The inverse of an action: a service's name in the pages' table of undoable actions."""

    action: str
    arguments: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Changes:
    """The outcome of one write.

    ``message`` is a whole sentence for the message line: what happened, what it
    means for money and access. ``subject_id`` is the id of the row that was made or
    changed. ``warning`` marks an outcome that a person must look at.
    """

    touched: Touched
    message: str = ""
    subject_id: int | None = None
    undo: Undo | None = None
    warning: bool = False
