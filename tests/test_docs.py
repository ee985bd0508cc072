"""The documentation: links that lead somewhere, commands that exist, examples that still do that."""

from __future__ import annotations

import io
import logging
import re
import shlex
import sys
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

import pytest

from learnhub_desktop.cli import main
from learnhub_desktop.cli.parser import WrongUse, build
from learnhub_desktop.domain.states import ENROLMENT_MOVES, HOLDS_A_SEAT, PAYMENT_MOVES

ROOT: Final = Path(__file__).parents[1]
PAGES: Final = tuple(sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]))
NAMES: Final = [str(page.relative_to(ROOT)) for page in PAGES]

_LINK: Final = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_HEADING: Final = re.compile(r"^#{1,6} +(?P<words>.+)$", re.MULTILINE)
_FENCE: Final = re.compile(r"^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE: Final = re.compile(r"`(?P<text>[^`\n]+)`")
# Folders of one person's machine, and hosts that hand out packages.
_MACHINE: Final = re.compile(
    r"/home/|/Users/|/work/|/root/|/tmp/|[A-Z]:\\\\|pypi|pythonhosted|/simple/"
)
_PLACEHOLDER: Final = re.compile(r"\b(?:FILE|DIR|ALERT|TEXT|NAME)\b")
_VARYING: Final = (
    (re.compile(r"\d{1,2} [A-Z][a-z]+ \d{4}(?: at \d\d:\d\d)?"), "DAY"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:]+\+00:00"), "MOMENT"),
    (re.compile(r"^\d{4}: not over yet"), "YEAR: not over yet"),
    (re.compile(r"^\d{4} is not over yet"), "YEAR is not over yet"),
    (re.compile(r"[\d,]+ bytes, [\d,]+ rows"), "SIZE"),
    (re.compile(r"\([\d,]+ rows\)"), "SIZE"),
    (re.compile(r"Saved to \S*/"), "Saved to "),
)


def pages() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("page", PAGES, ids=NAMES)


def without_code(text: str) -> str:
    return _INLINE.sub("", _FENCE.sub("", text))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    found = set()
    for heading in _HEADING.finditer(_FENCE.sub("", page.read_text("utf-8"))):
        words = heading["words"].strip().lower().replace("`", "")
        found.add(re.sub(r"[^\w\- ]", "", words).replace(" ", "-"))
    return found


@pages()
def test_every_link_leads_to_a_page_and_a_heading_that_are_there(page: Path) -> None:
    missing = []
    for link in _LINK.finditer(without_code(page.read_text("utf-8"))):
        target, _, anchor = link["target"].partition("#")
        if "://" in target:
            continue
        file = page if not target else (page.parent / target).resolve()
        if not file.is_file() or (anchor and anchor not in anchors(file)):
            missing.append(link["target"])
    assert missing == []


@pages()
def test_no_page_names_a_machine_or_a_registry(page: Path) -> None:
    assert _MACHINE.findall(page.read_text("utf-8")) == []


def commands(page: Path) -> Iterator[str]:
    """What the page shows as a command of ours, in its blocks and in its lines."""
    text = page.read_text("utf-8")
    for block in _FENCE.finditer(text):
        for line in block["text"].splitlines():
            if line.startswith("$ learnhub "):
                yield line.removeprefix("$ ")
    for inline in _INLINE.finditer(_FENCE.sub("", text)):
        if inline["text"].startswith("learnhub "):
            yield inline["text"]


@pages()
def test_every_command_that_a_page_names_is_one(page: Path) -> None:
    unknown, parser = [], build()
    for command in commands(page):
        words = shlex.split(_PLACEHOLDER.sub("1", command))[1:]
        try:
            parser.parse_args(words)
        except WrongUse as error:
            # In a sentence a command may stand without what it still needs.
            if "required" not in str(error):
                unknown.append((command, str(error)))
    assert unknown == []


def test_every_command_has_its_example_on_the_command_lines_page() -> None:
    shown = " ".join(commands(ROOT / "docs/command-line.md"))
    wanted = [
        *(f"db {part}" for part in ("create", "check", "verify", "backup", "restore", "upgrade")),
        *("import courses", "import students", "enrol", "refund", "archive", "restore"),
        *("jobs run", "jobs list", "years list", "years archive", "years export", "years drop"),
        *("sample", "tour"),
    ]
    assert [name for name in wanted if f"learnhub {name}" not in shown] == []


def tables(page: str, heading: str) -> list[list[list[str]]]:
    """The tables of one section, each as its rows of cells without the head."""
    section = (ROOT / page).read_text("utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    found = [
        [[cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines()[2:]]
        for part in section.split("\n\n")
        if part.startswith("|")
    ]
    assert found
    return found


def test_the_legal_moves_are_those_of_the_program() -> None:
    payments, enrolments = tables("docs/money.md", "States")
    assert _moves(payments) == PAYMENT_MOVES
    assert _moves(enrolments) == ENROLMENT_MOVES
    assert {cells[0] for cells in enrolments if cells[1] == "yes"} == HOLDS_A_SEAT


def _moves(told: list[list[str]]) -> dict[str, set[str]]:
    return {cells[0]: set(cells[2].split(", ")) - {""} for cells in told}


class Screen(io.TextIOWrapper):
    """What a terminal would show: both streams in the order in which they were written."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)

    def take(self) -> list[str]:
        shown = self.buffer.getvalue().decode()  # type: ignore[attr-defined]  # it is a BytesIO
        self.seek(0)
        self.truncate()
        return [line for line in shown.splitlines() if line]


def session(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Each command of the page's ``console`` blocks with the lines that it should print."""
    for block in _FENCE.finditer(page.read_text("utf-8")):
        if block["kind"] != "console":
            continue
        for part in re.split(r"^\$ ", block["text"], flags=re.MULTILINE)[1:]:
            command, *lines = part.splitlines()
            yield command, lines


def test_the_examples_of_the_command_line_still_do_what_they_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DATA", "CONFIG", "LOG"):
        monkeypatch.setenv(f"LEARNHUB_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.delenv("LEARNHUB_DATABASE", raising=False)
    monkeypatch.chdir(tmp_path)
    screen, code = Screen(), 0
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setattr(sys, "stderr", screen)
    wrong = []
    try:
        for command, wanted in session(ROOT / "docs/command-line.md"):
            program, *words = shlex.split(command)
            match program:
                case "cat":
                    # The page shows the file, and so the file is what the page shows.
                    Path(words[0]).write_text("\n".join(wanted) + "\n", "utf-8")
                    continue
                case "export":
                    monkeypatch.setenv(*words[0].split("=", 1))
                    continue
                case "echo":
                    shown = [str(code)]
                case _:
                    code = main(words)
                    shown = screen.take()
            if not _agree(wanted, shown):
                wrong.append((command, shown))
    finally:
        _forget_log()
    assert wrong == []


def _agree(wanted: list[str], shown: list[str]) -> bool:
    """Whether what was shown is what the page says, where ``…`` stands for anything."""
    pattern = re.escape("\n".join(map(_steady, wanted)))
    pattern = pattern.replace(re.escape("…/"), "").replace(re.escape("…"), ".*")
    return bool(re.fullmatch(pattern, "\n".join(map(_steady, shown)), re.DOTALL))


def _steady(line: str) -> str:
    """The line without what differs from one run to the next."""
    for varying, word in _VARYING:
        line = varying.sub(word, line)
    return line


def _forget_log() -> None:
    """The next test logs to a folder of its own."""
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, RotatingFileHandler)]:
        root.removeHandler(handler)
        handler.close()
