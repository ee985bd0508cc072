"""How much of a proof is run: all of it by `make prove`, a small part by every test run."""

from __future__ import annotations

import os
from typing import Final, TypeVar

T = TypeVar("T")

PROVE: Final = os.environ.get("LEARNHUB_PROVE") == "1"


def scaled(prove: T, test: T) -> T:
    """The first in `make prove`, the second else."""
    return prove if PROVE else test
