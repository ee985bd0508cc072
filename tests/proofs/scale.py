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
_LEVELS: Final = (None, "REPEATABLE READ", "SERIALIZABLE")
LEVELS: Final = pytest.mark.parametrize(
    ("any_server", "isolation"),
    [
        pytest.param(server, level, id=f"{server}-{level or 'default'}")
        for server in ("mysql", "mariadb")
        for level in (_LEVELS if server == "mysql" else scaled(_LEVELS, (None,)))
    ],
    indirect=["any_server"],
)
