"""Files that prove themselves: written whole or not at all, and held against a checksum."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from learnhub_desktop.errors import InvalidInput

_MODULUS: Final = 1 << 256
# What damage to a zip comes to, wherever it lies: a bad checksum, a cut stream, a flag that
# says it is encrypted or packed in another way.
DAMAGED_ZIP: Final = (zipfile.BadZipFile, KeyError, EOFError, RuntimeError, zlib.error)


class LineSum:
    """The checksum of lines, in whatever order they come."""

    def __init__(self) -> None:
        self._total = 0
        self.rows = 0

    def add(self, line: bytes) -> None:
        self.rows += 1
        self._total += int.from_bytes(hashlib.sha256(line).digest(), "big")

    def __str__(self) -> str:
        return f"{self._total % _MODULUS:064x}"


@contextmanager
def whole_or_nothing(path: Path, *, field: str) -> Iterator[Path]:
    """A name beside the file; it takes the file's own only when everything is on the disk.

    InvalidInput for ``field`` where it cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        part.unlink(missing_ok=True)
        yield part
        with part.open("r+b") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except (OSError, sqlite3.Error) as error:
        why = getattr(error, "strerror", None) or error
        raise InvalidInput(field, f"{path.name} cannot be written: {why}.") from error
    finally:
        part.unlink(missing_ok=True)
