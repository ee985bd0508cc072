"""How much of a proof is run: all of it by `make prove`, a part of it by every test run."""

from __future__ import annotations

import os
from typing import Final, TypeVar

import pytest

T = TypeVar("T")

PROVE: Final = os.environ.get("LEARNHUB_PROVE") == "1"


def scaled(prove: T, test: T) -> T:
    """The first in `make prove`, the second else."""
    return prove if PROVE else test


# Where the two servers do alike, a test run asks one of them.
SERVERS: Final = pytest.mark.parametrize(
    "any_server", scaled(["mysql", "mariadb"], ["mysql"]), indirect=True
)
LEVELS: Final = pytest.mark.parametrize(
    "isolation", [None, "REPEATABLE READ", "SERIALIZABLE"], ids=lambda level: level or "default"
)


def is_left_out(item: pytest.Item) -> bool:
    """Whether only `make prove` runs it: another level of isolation on the second server."""
    values = (
        item.callspec.params
        if isinstance(item, pytest.Function) and hasattr(item, "callspec")
        else {}
    )
    return not PROVE and values.get("any_server") == "mariadb" and bool(values.get("isolation"))
