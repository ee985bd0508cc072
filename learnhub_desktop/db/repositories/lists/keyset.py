"""Where a page begins: conditions that continue a sorted list from a row of it.

Always the OR form: both servers read the whole index for a row constructor, `(a, b) > (x, y)`.
NULL sorts first on all three databases, and last when descending.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, or_

from learnhub_desktop.db.repositories.lists.source import Condition, Expression, SortKey


def order_by(key: SortKey, row_id: Expression, *, descending: bool) -> list[ColumnElement[Any]]:
    columns = key.parts if key.unique else (*key.parts, row_id)
    return [column.desc() if descending else column.asc() for column in columns]


def from_row(
    key: SortKey, row_id: Expression, values: Sequence[Any], last_id: int, *, descending: bool
) -> Condition:
    """The rows from the one with these sort values and this id on, itself included."""
    ways: list[Condition] = []
    equal: list[Condition] = []
    for part, value in zip(key.parts, values, strict=True):
        beyond = _beyond(part, value, nullable=key.nullable, descending=descending)
        if beyond is not None:
            ways.append(and_(*equal, beyond))
        equal.append(part.is_(None) if value is None else part == value)
    ways.append(and_(*equal, row_id <= last_id if descending else row_id >= last_id))
    condition = or_(*ways)
    if key.parts and values[0] is not None and not (key.nullable and descending):
        # True of every such row; SQLite takes an index's start only from a condition like this.
        first = key.parts[0]
        return and_(first <= values[0] if descending else first >= values[0], condition)
    return condition


def _beyond(part: Expression, value: Any, *, nullable: bool, descending: bool) -> Condition | None:
    """The rows whose value comes strictly later; None where nothing does."""
    if value is None:
        return None if descending else part.is_not(None)
    later: Condition = part < value if descending else part > value
    return or_(later, part.is_(None)) if nullable and descending else later
