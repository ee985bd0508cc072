"""The log file: what happened, without names, e-mail addresses or passwords."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_BYTES: Final = 1_000_000
_FILES: Final = 5


def start(folder: Path, *, level: int = logging.INFO) -> Path:
    """Log to ``folder``/learnhub.log from now on, in at most five files; return its path."""
    path = folder / "learnhub.log"
    root = logging.getLogger()
    for handler in root.handlers:
        if isinstance(handler, RotatingFileHandler) and Path(handler.baseFilename) == path:
            return path
    handler = RotatingFileHandler(
        path, maxBytes=_BYTES, backupCount=_FILES, encoding="utf-8", delay=True
    )
    handler.setFormatter(logging.Formatter(_FORMAT))
    root.addHandler(handler)
    root.setLevel(level)
    # Statements with their values would put names and addresses into the log.
    logging.getLogger("sqlalchemy").setLevel(logging.WARNING)
    return path
