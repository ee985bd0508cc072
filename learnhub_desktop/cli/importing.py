"""`learnhub import`: a catalog or a list of students from a file."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Final

from learnhub_desktop.cli.choosing import opened
from learnhub_desktop.cli.terminal import Done, ExitCode, Terminal
from learnhub_desktop.db.transactions import Database
from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.exchange.columns import parse_choices
from learnhub_desktop.exchange.courses import COURSE_FIELDS, CourseLine, read_courses
from learnhub_desktop.exchange.imports import Imported
from learnhub_desktop.exchange.reading import Sheet, read_file
from learnhub_desktop.exchange.students import STUDENT_FIELDS, StudentLine, read_students
from learnhub_desktop.services import imports
from learnhub_desktop.services.imports import ImportReport

_SHOWN: Final = 20
_COURSES_ONLY: Final = ("instructor", "currency")

Lines = Imported[CourseLine] | Imported[StudentLine]


def run(options: Namespace, terminal: Terminal) -> Done:
    """Read the whole file first: one that cannot be used is refused before a school is opened."""
    sheet = read_file(Path(options.file), encoding=options.encoding)
    if options.what == "students":
        people = _read_students(sheet, options)
        with opened(options) as school:
            report = _import_students(school.database, people, options)
        return _told(report, people, options, sheet)
    courses = _read_courses(sheet, options)
    with opened(options) as school:
        report = _import_courses(school.database, courses, options)
    return _told(report, courses, options, sheet)


def _read_students(sheet: Sheet, options: Namespace) -> Imported[StudentLine]:
    for name in _COURSES_ONLY:
        if getattr(options, name) is not None:
            raise InvalidInput(name, f"--{name} goes with courses only.")
    return read_students(sheet, chosen=parse_choices(options.map, STUDENT_FIELDS))


def _read_courses(sheet: Sheet, options: Namespace) -> Imported[CourseLine]:
    chosen = parse_choices(options.map, COURSE_FIELDS)
    return read_courses(sheet, currency=options.currency, chosen=chosen)


# A dry run reads from one snapshot, on a connection that cannot write.


def _import_students(
    database: Database, people: Imported[StudentLine], options: Namespace
) -> ImportReport:
    if options.dry_run:
        return database.read(imports.import_students, people, dry_run=True)
    return database.write(imports.import_students, people)


def _import_courses(
    database: Database, courses: Imported[CourseLine], options: Namespace
) -> ImportReport:
    named = {"instructor_email": options.instructor, "currency": options.currency}
    if options.dry_run:
        return database.read(imports.import_courses, courses, **named, dry_run=True)
    return database.write(imports.import_courses, courses, **named)


def _told(report: ImportReport, lines: Lines, options: Namespace, sheet: Sheet) -> Done:
    values = {
        "read": report.read,
        "added": report.added,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "rejected": [{"line": row.line, "reason": row.reason} for row in report.rejected],
        "notes": list(report.notes),
        "message": report.changes.message,
        "dry_run": options.dry_run,
        "encoding": sheet.encoding,
        "columns": dict(lines.columns),
    }
    said = [report.changes.message, *report.notes]
    said += [f"Line {row.line:,}: {row.reason}" for row in report.rejected[:_SHOWN]]
    if len(report.rejected) > _SHOWN:
        said.append(f"… and {len(report.rejected) - _SHOWN:,} more; --json lists all.")
    if len(report.rejected) < report.read:
        return Done(values, tuple(said))
    problem = f"No row of “{Path(options.file).name}” could be used."
    return Done(values, tuple(said), code=ExitCode.REFUSED, problem=problem)
