"""Where tests and their servers put their many small files."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

_ROOM_IN_MEMORY: Final = 2 * 1024**3  # bytes


def roomy_folder() -> Path:
    """Return a folder in memory if there is one with room, else where temporary files go."""
    memory = Path("/dev/shm")
    usable = memory.is_dir() and os.access(memory, os.W_OK)
    if usable and shutil.disk_usage(memory).free > _ROOM_IN_MEMORY:
        return memory
    return Path(tempfile.gettempdir())
