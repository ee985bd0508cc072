"""Write the two lock files anew from pyproject.toml: versions and hashes, no address.

``requirements.txt`` is what the program runs with, ``requirements-dev.txt`` holds the tests'
and the linters' packages besides. Both name the hash of every wheel of a version, so that one
lock serves Linux, macOS and Windows and all Python versions from 3.11.

Usage: ``make lock``, or ``make lock UPGRADE=1`` to take newer versions.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tomllib
import venv
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
WORKSHOP: Final = ROOT / "build" / "lock"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--upgrade", action="store_true", help="take newer versions")
    upgrade = parser.parse_args().upgrade
    compiler = _compiler()
    _lock(compiler, "requirements.txt", "--output-file=requirements.txt", upgrade=upgrade)
    _lock(
        compiler,
        "requirements-dev.txt",
        "--output-file=requirements-dev.txt",
        "--extra=dev",
        "--constraints=requirements.txt",
        upgrade=upgrade,
    )
    return 0


def _compiler() -> Path:
    """Return uv from a virtual environment of its own, so that the project need not carry it."""
    scripts = WORKSHOP / ("Scripts" if os.name == "nt" else "bin")
    if not (scripts / "uv").exists():
        venv.create(WORKSHOP, with_pip=True, clear=True)
        subprocess.run([scripts / "python", "-m", "pip", "install", "--quiet", "uv"], check=True)
    return scripts / "uv"


def _lock(compiler: Path, name: str, *options: str, upgrade: bool) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    command: list[str | Path] = [
        *(compiler, "--no-config", "pip", "compile", "pyproject.toml", "-"),
        *("--quiet", "--universal", "--python-version=3.11", "--generate-hashes"),
        *("--no-annotate", "--custom-compile-command=make lock"),
        *options,
        *(["--upgrade"] if upgrade else []),
    ]
    # The project is installed without build isolation, so its build tools are locked as well.
    build_tools = "\n".join(project["build-system"]["requires"])
    subprocess.run(command, input=build_tools, text=True, cwd=ROOT, check=True)
    lock = (ROOT / name).read_text("utf-8")
    if "://" in lock:
        sys.exit(f"{name} names an address. Take the index out of uv's settings and try again.")
    packages = sum("==" in line and line.endswith("\\") for line in lock.splitlines())
    print(f"{name}: {packages} packages, {lock.count('--hash=')} hashes")


if __name__ == "__main__":
    sys.exit(main())
