"""Rules of the house that a linter cannot say. Imports between layers are import-linter's."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "learnhub_desktop"
LONGEST_FILE = 400

# Files past the limit, each with the reason why it is not split by topic.
LONG_FILES: dict[str, str] = {}


@dataclass(frozen=True)
class Rule:
    """Names that must not stand in a folder, and the files that are excused, each for a reason."""

    title: str
    banned: frozenset[str]
    where: str = ""
    excused: dict[str, str] = field(default_factory=dict)


RULES = [
    Rule(
        "widgets live in ui, app and tour",
        frozenset({"PySide6.QtWidgets"}),
        excused={
            "ui": "the widgets",
            "app.py": "makes the application and its window",
            "tour.py": "drives the window through its widgets",
            "tour": "drives the window through its widgets",
        },
    ),
    Rule(
        "threads are started by the bridge",
        frozenset(
            """threading.Thread threading.Timer _thread multiprocessing multiprocessing.Process
            concurrent.futures.ThreadPoolExecutor concurrent.futures.ProcessPoolExecutor
            futures.ThreadPoolExecutor futures.ProcessPoolExecutor QtCore.QThread
            QtCore.QThreadPool QtCore.QRunnable PySide6.QtCore.QThread
            PySide6.QtCore.QThreadPool PySide6.QtCore.QRunnable
            .to_thread .run_in_executor""".split()
        ),
        excused={
            "bridge.py": "the door between the Qt thread and the workers",
            "db/lease.py": "renews an upgrade's lease while one statement of it takes minutes",
        },
    ),
    Rule(
        "only Database commits",
        frozenset({".commit", ".rollback"}),
        excused={
            "db/transactions.py": "the one place that ends a transaction",
            "db/school.py": "makes the schema, before there is a Database",
            "db/wire.py": "the driver's own call, left out where it would tell nothing",
            "db/upgrade.py": "changes the schema, which servers commit statement by statement",
            "db/restore.py": "fills an empty schema in portions, before there is a Database",
            "gateways": "the simulated gateway keeps a book of its own, outside our database",
        },
    ),
    Rule(
        "dialogs open(); a nested event loop breaks the tasks that run",
        frozenset(
            """.exec .exec_ QMessageBox.about QMessageBox.critical QMessageBox.information
            QMessageBox.question QMessageBox.warning QInputDialog.getDouble QInputDialog.getInt
            QInputDialog.getItem QInputDialog.getMultiLineText QInputDialog.getText
            QFileDialog.getExistingDirectory QFileDialog.getOpenFileName
            QFileDialog.getOpenFileNames QFileDialog.getSaveFileName QColorDialog.getColor
            QFontDialog.getFont""".split()
        ),
    ),
    Rule(
        "only the tour turns the event loop by hand",
        frozenset({".processEvents", ".sendPostedEvents"}),
        excused={
            "tour.py": "stands in for a person, outside the loop",
            "tour": "stands in for a person, outside the loop",
        },
    ),
    Rule(
        "the rules take time as an argument",
        frozenset({".now", ".today", ".utcnow", "time.time", "time.monotonic"}),
        where="domain",
    ),
    Rule(
        "a service asks the server for the time",
        frozenset({"datetime.now", "datetime.utcnow", "date.today", "time.time"}),
        where="services",
    ),
    *(
        Rule(f"{layer} never sleeps on the Qt thread", frozenset({"time.sleep"}), where=layer)
        for layer in ("ui", "models")
    ),
]


def names_in(source: str) -> Iterator[str]:
    """Yield what a file imports and calls.

    An import gives each name with its module and the module itself; an attribute gives the last
    two parts of its name (``QMessageBox.question``), a call ``.question`` besides.
    """
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=module, names=names):
                yield module or ""
                yield from (f"{module}.{alias.name}" for alias in names)
            case ast.Call(func=ast.Attribute(attr=attribute)):
                yield f".{attribute}"
            case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=name):
                yield f"{owner}.{name}"


@cache
def names_in_file(path: Path) -> frozenset[str]:
    return frozenset(names_in(path.read_text("utf-8")))


def breaches(rule: Rule) -> list[str]:
    found = []
    for path in sorted((PACKAGE / rule.where).rglob("*.py")):
        place = path.relative_to(PACKAGE)
        if place.parts[0] in rule.excused or place.as_posix() in rule.excused:
            continue
        found += [f"{place}: {name}" for name in sorted(names_in_file(path) & rule.banned)]
    return found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.title)
def test_the_house_keeps_its_rule(rule: Rule) -> None:
    assert breaches(rule) == []


@pytest.mark.parametrize(
    "source, name",
    [
        ("from PySide6.QtWidgets import QWidget", "PySide6.QtWidgets"),
        ("from PySide6 import QtWidgets", "PySide6.QtWidgets"),
        ("import PySide6.QtWidgets", "PySide6.QtWidgets"),
        ("from threading import Thread", "threading.Thread"),
        ("import threading; threading.Thread(target=print)", "threading.Thread"),
        ("from PySide6 import QtCore; QtCore.QThread()", "QtCore.QThread"),
        ("dialog.exec()", ".exec"),
        ("make_dialog().exec()", ".exec"),
        ("connection.commit()", ".commit"),
        ("QMessageBox.question(None, '', '')", "QMessageBox.question"),
        ("QtWidgets.QMessageBox.question(None, '', '')", "QMessageBox.question"),
        ("datetime.now(UTC)", "datetime.now"),
        ("import datetime; datetime.datetime.now()", "datetime.now"),
    ],
)
def test_the_checker_sees(source: str, name: str) -> None:
    assert name in names_in(source)


def translated_f_strings(source: str) -> list[int]:
    """Return the lines where ``tr`` gets a text that is put together before it is looked up."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and re.search(r"(^|\.)(tr|translate)$", ast.unparse(node.func))
        and any(isinstance(each, ast.JoinedStr | ast.BinOp) for each in node.args)
    ]


def _when_it_translates(source: str) -> str:
    """The source, or nothing where no text of it is translated: to read a tree takes long."""
    return source if re.search(r"\b(tr|translate)\(", source) else ""


def test_texts_are_translated_before_they_are_filled_in() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for line in translated_f_strings(_when_it_translates(path.read_text("utf-8")))
    ]
    assert found == []


@pytest.mark.parametrize(
    "source, lines",
    [
        ('self.tr(f"{n} seats")', [1]),
        ('tr("%s seats" % n)', [1]),
        ('self.tr("{0} seats").format(n)', []),
        ("text.translate(table)", []),
    ],
)
def test_the_checker_sees_texts_filled_in_too_early(source: str, lines: list[int]) -> None:
    assert translated_f_strings(source) == lines


def python_files() -> list[Path]:
    """Return the files of the repository: those that git knows or would add."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("this folder is not a git repository")
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).exists()]


def test_files_are_short_enough_to_read() -> None:
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text("utf-8").splitlines())
        for path in python_files()
    }
    too_long = {name for name, length in lengths.items() if length > LONGEST_FILE}

    assert too_long == set(LONG_FILES)


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_a_lock_holds_versions_and_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    entries = re.findall(
        r"^(\S+?)==[^\n]*?( \\\n +--hash=sha256:[0-9a-f]{64})+$", text, re.MULTILINE
    )

    assert "://" not in text
    assert len(entries) == text.count("\n") - text.count("--hash=") - text.count("#")
