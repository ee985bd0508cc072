"""The folder of public example files that may lie beside the repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).parents[2] / "shared" / "data"


def shared_data(*parts: str) -> Path:
    """The path of a file or folder in it; the test is skipped where it is not there."""
    folder = Path(os.environ.get("LEARNHUB_DATA") or _BESIDE)
    path = folder.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"the example files are not here: {'/'.join(parts)} (set LEARNHUB_DATA)")
    return path
