"""Find the programs of a real MySQL and a real MariaDB, or unpack them, without root."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal, get_args

from tests.servers import debian

Kind = Literal["mysql", "mariadb"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

NAMES: Final[dict[Kind, str]] = {"mysql": "MySQL", "mariadb": "MariaDB"}
VARIABLES: Final[dict[Kind, str]] = {"mysql": "LEARNHUB_MYSQLD", "mariadb": "LEARNHUB_MARIADBD"}
OLDEST: Final[dict[Kind, tuple[int, int]]] = {"mysql": (8, 4), "mariadb": (10, 11)}

# MariaDB also installs its program as mysqld, and an ordinary user's PATH lacks the sbin folders.
_PROGRAMS: Final[dict[Kind, tuple[str, ...]]] = {
    "mysql": ("mysqld",),
    "mariadb": ("mariadbd", "mysqld"),
}
_GALERA_VARIABLE: Final = "LEARNHUB_GALERA"
_GALERA_LIBRARIES: Final = (
    "/usr/lib/galera/libgalera_smm.so",
    "/usr/lib/libgalera_smm.so",
    "/usr/lib64/galera-4/libgalera_smm.so",
)
_MORE_FOLDERS: Final = ("/usr/local/sbin", "/usr/sbin", "/usr/libexec")


class ServerMissing(Exception):
    """There is no server program of this kind; the text tells in one sentence what to do."""


@dataclass(frozen=True, slots=True)
class Program:
    """A server program that runs on this machine.

    ``command`` begins with the loader where the program was unpacked. ``root`` is the folder
    of an unpacked program; None for one that the system installed.
    """

    kind: Kind
    command: tuple[str, ...]
    version: str
    root: Path | None

    @property
    def path(self) -> Path:
        return Path(self.command[-1])

    @property
    def folders(self) -> tuple[str, ...]:
        """Options that tell an unpacked program where its files are."""
        if self.root is None:
            return ()
        usr = self.root / "usr"
        return (
            f"--basedir={usr}",
            f"--lc-messages-dir={usr / 'share/mysql'}",
            f"--character-sets-dir={usr / 'share/mysql/charsets'}",
            f"--plugin-dir={usr / 'lib/mysql/plugin'}",
        )


@cache
def find(kind: Kind) -> Program:
    """Return the program that a variable names, that is on PATH, or that Debian packages hold.

    Raises ServerMissing where none of the three is to be had.
    """
    named = os.environ.get(VARIABLES[kind])
    if named:
        program, problem = _look_at(kind, (named,), None)
        if program is None:
            raise ServerMissing(f"{VARIABLES[kind]} names {named}, but {problem}.")
        return program
    found_unfit = []
    search_path = os.pathsep.join([os.environ.get("PATH", os.defpath), *_MORE_FOLDERS])
    for name in _PROGRAMS[kind]:
        path = shutil.which(name, path=search_path)
        if path is None:
            continue
        program, problem = _look_at(kind, (path,), None)
        if program is not None:
            return program
        found_unfit.append(f" ({problem})")
    try:
        root = debian.unpacked(kind)
        command = debian.command(kind, root)
    except debian.NotPossible as error:
        raise ServerMissing(
            f"{NAMES[kind]} is missing{''.join(found_unfit)}: {error}; install it, "
            f"or name its server program in {VARIABLES[kind]}, "
            f"or a running server in LEARNHUB_TEST_{kind.upper()}_URL."
        ) from error
    program, problem = _look_at(kind, command, root)
    if program is None:
        raise ServerMissing(f"{root} holds no usable {NAMES[kind]}: {problem}; remove the folder.")
    return program


@cache
def galera_library() -> Path:
    """Return the library that makes MariaDB a cluster's member; ServerMissing as in `find`."""
    named = os.environ.get(_GALERA_VARIABLE)
    for path in [named] if named else _GALERA_LIBRARIES:
        if Path(path).is_file():
            return Path(path)
    if named:
        raise ServerMissing(f"{_GALERA_VARIABLE} names {named}, but there is no such file.")
    try:
        return debian.file_of("galera", debian.unpacked("galera"))
    except debian.NotPossible as error:
        raise ServerMissing(
            f"Galera is missing: {error}; install it, or name its library in {_GALERA_VARIABLE}."
        ) from error


def _look_at(kind: Kind, command: tuple[str, ...], root: Path | None) -> tuple[Program | None, str]:
    """Return the program if it fits, and else what is wrong with it."""
    try:
        said = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False)
    except OSError as error:
        return None, f"it does not start: {error.strerror}"
    match = re.search(r"Ver ((\d+)\.(\d+)\S*)", said.stdout)
    if match is None:
        return None, f"it does not tell its version: {(said.stderr or said.stdout).strip()[:200]}"
    is_kind: Kind = "mariadb" if "mariadb" in said.stdout.lower() else "mysql"
    if is_kind != kind:
        return None, f"{command[-1]} is {NAMES[is_kind]}"
    if (int(match[2]), int(match[3])) < OLDEST[kind]:
        oldest = ".".join(map(str, OLDEST[kind]))
        return None, f"{command[-1]} is {match[1]}, older than {oldest}"
    return Program(kind, command, match[1], root), ""
