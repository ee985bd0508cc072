"""A wire that is cut while a transaction is being saved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from learnhub_desktop.errors import DatabaseUnavailable, OutcomeUnknown
from tests.services.desk import Desk


def lose_commit(
    monkeypatch: pytest.MonkeyPatch,
    desk: Desk,
    name: str,
    *,
    kept: bool,
    times: int = 1,
    then_unreachable: bool = False,
) -> list[str]:
    """Lose the answer to the COMMIT of the service ``name``, whether or not it was ``kept``.

    Returns the names of all transactions that were begun, in order.
    """
    write_at: Callable[..., Any] = desk.database.write_at
    begun: list[str] = []
    left = [times]

    def write(isolation: str | None, call: Callable[..., Any], *args: Any, **values: Any) -> Any:
        begun.append(call.__name__)
        if call.__name__ == name and left[0] > 0:
            left[0] -= 1
            if kept:
                write_at(isolation, call, *args, **values)
            raise OutcomeUnknown("The connection to school.db broke while it was being saved.")
        if then_unreachable and call.__name__ == name:
            raise DatabaseUnavailable("school.db cannot be reached.")
        return write_at(isolation, call, *args, **values)

    monkeypatch.setattr(desk.database, "write_at", write)
    return begun
