"""Make this folder ready to run: virtual environment, locked packages, what Qt needs.

Usage: ``set_up.py run`` for the program alone, ``set_up.py develop`` for its tests as well.
What is already there is left alone, so that a second call takes a moment. Runs on the
standard library of any Python from 3.11 on.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
ENVIRONMENT: Final = ROOT / ".venv"
SCRIPTS: Final = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")
LOCKS: Final = {"run": "requirements.txt", "develop": "requirements-dev.txt"}
OLDEST_PYTHON: Final = (3, 11)


def main() -> int:
    if len(sys.argv) != 2 or sys.argv[1] not in LOCKS:
        sys.exit(f"Usage: set_up.py {' | '.join(LOCKS)}")
    if sys.version_info < OLDEST_PYTHON:
        sys.exit("LearnHub needs Python 3.11 or newer; name one with `make PYTHON=python3.12 ...`.")
    purpose = sys.argv[1]
    _make_environment()
    _install_packages(purpose)
    _install_project()
    if sys.platform == "linux":
        # Only Linux leaves these to the system; elsewhere the wheels bring all that Qt loads.
        from tools import qt_system

        for need in qt_system.needs(pictures=purpose == "develop"):
            stamp = ENVIRONMENT / f"{need.name}.stamp"
            digest = _digest(LOCKS["run"])
            if not _holds(stamp, digest) and need.provide(SCRIPTS / "python"):
                stamp.write_text(digest, "utf-8")
    return 0


def _make_environment() -> None:
    if (SCRIPTS / "python").exists() and _runs([SCRIPTS / "python", "-c", ""]):
        return
    with _said(f"Creating .venv with Python {sys.version.split()[0]}"):
        command: list[str | Path] = [sys.executable, "-m", "venv", "--clear", ENVIRONMENT]
        # Debian keeps ensurepip in a package of its own; its pip can work on .venv from outside.
        if importlib.util.find_spec("ensurepip") is None:
            if importlib.util.find_spec("pip") is None:
                sys.exit("This Python has no pip. On Debian and Ubuntu: apt install python3-pip")
            command.insert(3, "--without-pip")
        subprocess.run(command, check=True)


def _install_packages(purpose: str) -> None:
    digests = {each: _digest(LOCKS[each]) for each in LOCKS}
    if _holds(ENVIRONMENT / f"{purpose}.stamp", digests[purpose]):
        return
    with _said(f"Installing the packages of {LOCKS[purpose]}, checked by hash"):
        _pip("install", "--require-hashes", "--no-deps", "--requirement", LOCKS[purpose])
    # The longer lock holds the shorter one.
    for each in ["run", "develop"] if purpose == "develop" else ["run"]:
        (ENVIRONMENT / f"{each}.stamp").write_text(digests[each], "utf-8")


def _install_project() -> None:
    stamp, digest = ENVIRONMENT / "project.stamp", _digest("pyproject.toml")
    if _holds(stamp, digest):
        return
    with _said("Installing LearnHub Desktop itself, editable"):
        _pip("install", "--no-deps", "--no-build-isolation", "--no-index", "--editable", ".")
    stamp.write_text(digest, "utf-8")


def _pip(*arguments: str) -> None:
    quiet = ("-qq", "--disable-pip-version-check", "--no-input")
    if _runs([SCRIPTS / "python", "-c", "import pip"]):
        command: list[str | Path] = [SCRIPTS / "python", "-m", "pip"]
    else:
        command = [sys.executable, "-m", "pip", "--python", SCRIPTS / "python"]
    subprocess.run([*command, *quiet, *arguments], cwd=ROOT, check=True)


def _digest(name: str) -> str:
    """Name what a stamp stands for: the file's content, and the folder, which .venv remembers."""
    return hashlib.sha256(f"{ROOT}\n".encode() + (ROOT / name).read_bytes()).hexdigest()


def _holds(stamp: Path, digest: str) -> bool:
    return stamp.exists() and stamp.read_text("utf-8") == digest


def _runs(command: list[str | Path]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@contextmanager
def _said(what: str) -> Iterator[None]:
    print(f"{what} ...", flush=True)
    started = time.monotonic()
    yield
    print(f"  done in {time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        # The command has already said on stderr what went wrong.
        sys.exit(f"Set-up stopped: {Path(error.cmd[0]).name} ended with an error.")
