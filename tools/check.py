"""Run every check of the project, a line each, and tell at the end which of them failed.

``--without-servers`` leaves out the tests that need MySQL or MariaDB. A server that is missing
is a failure here, never a skip: what was not run was not shown.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
SCRIPTS: Final = Path(sys.executable).parent

# Their output is shown only when they find something.
SILENT_CHECKS: Final = {
    "ruff check": [str(SCRIPTS / "ruff"), "check", "."],
    "ruff format": [str(SCRIPTS / "ruff"), "format", "--check", "."],
    "types (mypy --strict)": [str(SCRIPTS / "mypy")],
    "layers (import-linter)": [str(SCRIPTS / "lint-imports"), "--no-logo"],
}
PYTEST: Final = [
    *(sys.executable, "-m", "pytest", "--no-header"),
    *("--numprocesses=auto", "--maxprocesses=4", "--dist=worksteal"),
]


def main() -> int:
    started = time.monotonic()
    with_servers = "--without-servers" not in sys.argv[1:]
    if (
        with_servers
        and subprocess.run([sys.executable, "-m", "tests.servers"], cwd=ROOT).returncode
    ):
        return 1
    failed = [name for name, command in SILENT_CHECKS.items() if not _passes(name, command)]
    if not _tests_pass("tests without a server", "not server"):
        failed.append("tests without a server")
    if with_servers and not _tests_pass("tests on MySQL and MariaDB", "server"):
        failed.append("tests on MySQL and MariaDB")
    minutes, seconds = divmod(round(time.monotonic() - started), 60)
    print(f"{'Failed: ' + ', '.join(failed) if failed else 'All is well'}", end="")
    print(f" ({minutes} min {seconds} s).")
    return 1 if failed else 0


def _passes(name: str, command: list[str]) -> bool:
    started = time.monotonic()
    print(f"{name:28}", end="", flush=True)
    finished = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    passed = finished.returncode == 0
    print(f"{'ok' if passed else 'FAILED':8}{time.monotonic() - started:6.1f} s", flush=True)
    if not passed:
        print(finished.stdout, flush=True)
    return passed


def _tests_pass(name: str, marks: str) -> bool:
    print(f"{name}:", flush=True)
    environment = {**os.environ, "LEARNHUB_REQUIRE_SERVERS": "1"}
    return subprocess.run([*PYTEST, "-m", marks], cwd=ROOT, env=environment).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
