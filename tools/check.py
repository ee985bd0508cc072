"""Run every check of the project, a line each, and tell at the end which of them failed.

``--without-servers`` leaves out the tests that need MySQL or MariaDB. A server that is missing
is a failure here, never a skip: what was not run was not shown.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.folders import roomy_folder

ROOT: Final = Path(__file__).resolve().parent.parent
SCRIPTS: Final = Path(sys.executable).parent

# Their output is shown only when they find something. The slowest comes first: they run side by
# side. "tests can be read" leaves the tests' bytecode behind, which every worker then shares.
SILENT_CHECKS: Final = {
    "types (mypy --strict)": [str(SCRIPTS / "mypy")],
    "ruff check": [str(SCRIPTS / "ruff"), "check", "."],
    "ruff format": [str(SCRIPTS / "ruff"), "format", "--check", "."],
    "layers (import-linter)": [str(SCRIPTS / "lint-imports"), "--no-logo"],
    "tests can be read": [sys.executable, "-m", "pytest", "--no-header", "--collect-only", "-qq"],
}
# The quick ones come first. Servers and windows wait much, so those share the time they wait.
_RULES: Final = {"rules and services, without a server": "not server and not whole"}
WITHOUT_SERVERS: Final = {**_RULES, "window and command line": "whole and not server"}
WITH_SERVERS: Final = {
    **_RULES,
    "window, command line, MySQL and MariaDB": "server or whole",
}
PYTEST: Final = [
    *(sys.executable, "-m", "pytest", "--no-header"),
    f"--numprocesses={min(4, (os.cpu_count() or 1) + 1)}",
    "--dist=worksteal",
]


@dataclass(frozen=True)
class Check:
    """How one of the silent checks ended."""

    name: str
    passed: bool
    seconds: float
    output: str


def main() -> int:
    started = time.monotonic()
    with_servers = "--without-servers" not in sys.argv[1:]
    if (
        with_servers
        and subprocess.run([sys.executable, "-m", "tests.servers"], cwd=ROOT).returncode
    ):
        return 1
    with _folder_for_tests() as folder:
        environment = {**os.environ, "TMPDIR": folder, "LEARNHUB_REQUIRE_SERVERS": "1"}
        # Without bytecode each of the workers would rewrite every test for itself.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        failed = _run_silent_checks(environment)
        for name, marks in (WITH_SERVERS if with_servers else WITHOUT_SERVERS).items():
            if not _tests_pass(name, marks, environment):
                failed.append(name)
    minutes, seconds = divmod(round(time.monotonic() - started), 60)
    print(f"{'Failed: ' + ', '.join(failed) if failed else 'All is well'}", end="")
    print(f" ({minutes} min {seconds} s).")
    return 1 if failed else 0


@contextmanager
def _folder_for_tests() -> Iterator[str]:
    """A folder for the tests' files, which is gone after them."""
    with tempfile.TemporaryDirectory(prefix="learnhub-tests-", dir=roomy_folder()) as it:
        # Servers run under another account and read certificates in there.
        Path(it).chmod(0o755)
        yield it


def _run_silent_checks(environment: dict[str, str]) -> list[str]:
    """Run them two at a time, tell of each, and return the names of those that failed."""

    def run(name: str) -> Check:
        started = time.monotonic()
        finished = subprocess.run(
            SILENT_CHECKS[name],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        took = time.monotonic() - started
        return Check(name, finished.returncode == 0, took, finished.stdout)

    failed = []
    with ThreadPoolExecutor(max_workers=2) as pool:
        for check in pool.map(run, SILENT_CHECKS):
            print(f"{check.name:28}{'ok' if check.passed else 'FAILED':8}{check.seconds:6.1f} s")
            if not check.passed:
                print(check.output)
                failed.append(check.name)
            sys.stdout.flush()
    return failed


def _tests_pass(name: str, marks: str, environment: dict[str, str]) -> bool:
    print(f"{name}:", flush=True)
    return subprocess.run([*PYTEST, "-m", marks], cwd=ROOT, env=environment).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
