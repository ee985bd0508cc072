"""Waiting for what another process or thread does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

_PATIENCE_S: Final = 20.0


def wait_until(condition: Callable[[], bool], *, longest_s: float = _PATIENCE_S) -> None:
    deadline = time.monotonic() + longest_s
    while not condition():
        assert time.monotonic() < deadline, f"this did not come true in {longest_s:.0f} s"
        time.sleep(0.002)
