"""What all tests share: no window on the screen, servers, and the list of what was proven."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pytest

# Before anything imports Qt. A developer who wants to watch sets the variable.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

pytest_plugins = ["tests.databases", "tests.servers.fixtures"]

# What drives the program as a person or a shell does: a second a test, where a rule takes none.
_WHOLE: Final = {"cli", "proofs", "ui", "test_docs.py", "test_sample.py", "test_tour.py"}


def _drives_the_whole(path: Path) -> bool:
    here = Path(__file__).parent
    return any(path.is_relative_to(here / name) for name in _WHOLE)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Import no window where none is asked for: that alone takes each worker two seconds."""
    left_out = "not whole" in config.option.markexpr and _drives_the_whole(collection_path)
    return True if left_out else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what drives the whole program, before ``-m`` chooses."""
    for item in items:
        if _drives_the_whole(item.path):
            item.add_marker(pytest.mark.whole)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List by name what the tests marked ``proof`` have shown, with their figures if any."""
    proofs = {
        (report.nodeid.split("::")[-1], outcome): [
            text for name, text in report.user_properties if name == "figures"
        ]
        for outcome in ("passed", "failed", "error", "skipped")
        for report in terminalreporter.getreports(outcome)
        if "proof" in getattr(report, "keywords", ())  # a failed collection has none
    }
    if proofs:
        terminalreporter.section("guarantees, and whether they held")
    for (name, outcome), figures in sorted(proofs.items()):
        sentence = name.removeprefix("test_").replace("_", " ").replace("[", "  [")
        terminalreporter.line(f"{outcome:8}{sentence}")
        for text in figures:
            terminalreporter.line(f"{'':10}{text}")
