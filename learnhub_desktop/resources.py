"""Where the files of `resources/` lie: beside the package in a checkout, inside it once installed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent
# The wheel carries the folder as `learnhub_desktop/_resources`, since a package named
# `resources` of its own would claim that name for every program on the machine.
_PLACES: Final = (_PACKAGE / "_resources", _PACKAGE.parent / "resources")


def folder() -> Path:
    """The folder with all resource files; FileNotFoundError if the installation lacks it."""
    for place in _PLACES:
        if place.is_dir():
            return place
    raise FileNotFoundError(f"LearnHub's resource files are missing from {_PACKAGE}.")


def path(name: str) -> Path:
    """The file ``name``, given with forward slashes such as ``marks/check.svg``."""
    found = folder() / name
    if not found.is_file():
        raise FileNotFoundError(f"The resource file {name} is missing from {folder()}.")
    return found


def text(name: str) -> str:
    return path(name).read_text(encoding="utf-8")
