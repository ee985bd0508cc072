"""From the command line to a command, which is loaded only when it is asked for."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import suppress

from learnhub_desktop import __version__
from learnhub_desktop.cli.terminal import Done, Terminal

Command = Callable[[Namespace, Terminal], Done]


def run(arguments: Sequence[str]) -> int:
    terminal = Terminal(as_json="--json" in arguments)
    if list(arguments) == ["--version"]:
        return terminal.finish(Done({}, (f"LearnHub Desktop {__version__}",)))
    # The words that options may have stand in modules that the version does not need.
    from learnhub_desktop.cli.parser import WrongUse, build

    parser = build()
    try:
        for argument in arguments:
            if not _is_text(argument):
                parser.error("an argument is not text in UTF-8")
        options = parser.parse_args(arguments)
        if options.command is None:
            parser.error("name a command, such as enrol")
    except WrongUse as error:
        return terminal.finish(Done({}, code=error.code, problem=str(error)))
    except SystemExit as end:
        # `--help` was written; whoever read it may have gone before its end.
        with suppress(OSError):
            sys.stdout.flush()
        return end.code if isinstance(end.code, int) else 0
    terminal.as_json = options.json
    from learnhub_desktop.cli import guard

    return guard.run(lambda where: _find(options)(options, where), terminal)


def _is_text(argument: str) -> bool:
    """Whether a database and a terminal can take it: a shell hands over any bytes."""
    try:
        argument.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\0" not in argument


def _find(options: Namespace) -> Command:
    """The function behind a command. Each module loads what its own commands need."""
    match options.command:
        case "db":
            return _find_db(options.part)
        case "sample" | "tour":
            from learnhub_desktop.cli import showing

            return showing.sample if options.command == "sample" else showing.tour
        case "import":
            from learnhub_desktop.cli import importing

            return importing.run
        case "enrol":
            from learnhub_desktop.cli import enrolling

            return enrolling.enrol
        case "refund":
            from learnhub_desktop.cli import refunding

            return refunding.refund
        case "archive" | "restore":
            from learnhub_desktop.cli import archiving

            return archiving.archive if options.command == "archive" else archiving.restore
        case "jobs":
            from learnhub_desktop.cli import jobs

            return jobs.run if options.part == "run" else jobs.show
        case "years":
            return _find_years(options.part)
    raise AssertionError(options.command)


def _find_years(part: str) -> Command:
    from learnhub_desktop.cli import years

    match part:
        case "list":
            return years.show
        case "archive":
            return years.archive
        case "export":
            return years.export
        case "drop":
            return years.drop
    raise AssertionError(part)


def _find_db(part: str) -> Command:
    from learnhub_desktop.cli import schools

    match part:
        case "create":
            return schools.create
        case "upgrade":
            return schools.upgrade
        case "check":
            return schools.check
        case "verify":
            return schools.verify
        case "backup":
            return schools.backup
        case "restore":
            return schools.restore
    raise AssertionError(part)
