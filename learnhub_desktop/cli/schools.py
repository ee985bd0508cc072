"""`learnhub db`: making, checking, saving and restoring schools."""

from __future__ import annotations

import uuid
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from ssl import SSLContext
from typing import Any, Final

from learnhub_desktop import opening, passwords, settings
from learnhub_desktop.cli.choosing import (
    chosen_profile,
    new_profile,
    opened_database,
    showing_certificate,
)
from learnhub_desktop.cli.terminal import Done, ExitCode, Terminal
from learnhub_desktop.db import backup as backups
from learnhub_desktop.db import checks
from learnhub_desktop.db import school as schools
from learnhub_desktop.db.backup import Step
from learnhub_desktop.db.connecting import address
from learnhub_desktop.db.engine import Engines, open_engines
from learnhub_desktop.db.failures import told
from learnhub_desktop.db.restore import restore as restore_school
from learnhub_desktop.db.school import NewSchool
from learnhub_desktop.db.tls import context_for
from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.db.upgrade import Upgraded
from learnhub_desktop.db.upgrade import upgrade as upgrade_school
from learnhub_desktop.db.verify import verify_school
from learnhub_desktop.domain.book import Book
from learnhub_desktop.domain.catalog import count_of
from learnhub_desktop.domain.findings import Finding, Severity, Topic
from learnhub_desktop.domain.states import SchoolKind
from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.gateways import create_book
from learnhub_desktop.gateways.simulated import SimulatedGateway
from learnhub_desktop.services.gateways import book_path
from learnhub_desktop.settings import Profile

_SHOWN: Final = 50


def create(options: Namespace, terminal: Terminal) -> Done:
    """Make an empty school; a test or sample school with a new book of its gateway."""
    profile = new_profile(options)
    new = schools.check_new_school(
        NewSchool(
            name=options.name,
            currency=options.currency,
            time_zone=options.time_zone,
            kind=SchoolKind(options.kind),
        )
    )
    password = passwords.find(profile)
    with _no_half_file(profile), _new_book(new) as named:
        terminal.show("Making the school")
        with showing_certificate(profile), opening.reached(profile):
            made = schools.create(address(profile, password), named, tls=context_for(profile))
    values = {
        "database": profile.label,
        "school_name": named.name,
        "kind": named.kind,
        "currency": named.currency,
        "time_zone": named.time_zone,
        "gateway": named.chosen_gateway,
        "gateway_book_id": named.gateway_book_id,
        "schema_version": made.after,
        "definer": made.definer,
    }
    return Done(values, (f"Made the school “{named.name}” in {profile.label}.",))


@contextmanager
def _new_book(new: NewSchool) -> Iterator[NewSchool]:
    """The school with its simulated gateway's book, which goes again if the school is not made."""
    if new.kind is SchoolKind.PRODUCTION:
        yield new
        return
    book_id = str(uuid.uuid4())
    path = book_path(settings.books_folder(), book_id)
    create_book(path, book_id=book_id)
    try:
        yield replace(new, gateway_book_id=book_id)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


@contextmanager
def _no_half_file(profile: Profile) -> Iterator[None]:
    """Remove the file of a school that could not be made, unless it was there before."""
    path = None if profile.path is None else Path(profile.path)
    if path is None or path.exists():
        yield
        return
    try:
        yield
    except BaseException as error:
        for rest in ("", "-wal", "-shm"):
            with suppress(OSError):
                path.with_name(path.name + rest).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise InvalidInput(
                "database", f"No file can be made in {path.parent}: {error.strerror or error}."
            ) from error
        raise


def upgrade(options: Namespace, terminal: Terminal) -> Done:
    """Bring the school up to this program's version. A file is copied first."""
    profile = chosen_profile(options)
    opening.require_file(profile)
    terminal.show("Upgrading the school")
    with (
        showing_certificate(profile),
        opening.reached(profile),
        told(profile.label),
        _patient(profile, context_for(profile)) as engines,
    ):
        done = upgrade_school(engines)
    values = {
        "database": profile.label,
        "before": done.before,
        "after": done.after,
        "changed": done.changed,
        "objects_made": list(done.objects_made),
        "definer": done.definer,
        "copy": done.copy,
    }
    return Done(values, _say_upgraded(done, profile))


def _say_upgraded(done: Upgraded, profile: Profile) -> tuple[str, ...]:
    if not done.changed:
        return (f"{profile.label} is up to date (version {done.after}).",)
    said = f"Upgraded {profile.label} from version {done.before} to {done.after}."
    if done.before == done.after:
        made = count_of(len(done.objects_made), "trigger or view", "triggers and views")
        said = f"Made {made} of {profile.label} anew (version {done.after})."
    return (said,) if done.copy is None else (said, f"As it was before: {done.copy}")


def check(options: Namespace, terminal: Terminal) -> Done:
    """Say in words whether this database and this program fit each other."""
    profile = chosen_profile(options)
    opening.require_file(profile)
    terminal.show("Looking at the database")
    tls = context_for(profile)
    with showing_certificate(profile), opening.reached(profile), _patient(profile, tls) as engines:
        findings = checks.check(engines, tls=tls)
        if not any(
            finding.topic == "schema" and finding.severity is Severity.PROBLEM
            for finding in findings
        ):
            findings += _book_findings(Database(engines, label=profile.label))
    return _told_findings(
        tuple(findings),
        {"database": profile.label},
        [],
        fine=f"{profile.label} and this program fit.",
    )


def _book_findings(database: Database) -> list[Finding]:
    """Whether this computer has the book of the school's simulated gateway."""
    book_id = database.read(_book_id)
    if book_id is None:
        return []
    if book_path(settings.books_folder(), book_id).is_file():
        said = "The simulated gateway's book is on this computer."
        return [Finding(Severity.OK, "gateway", said)]
    said = (
        "The simulated gateway's book is not on this computer, so cards cannot be charged here. "
        "It stays where the school was made."
    )
    return [Finding(Severity.WARNING, "gateway", said)]


def _book_id(uow: UnitOfWork) -> str | None:
    return uow.settings.get().gateway_book_id


@contextmanager
def _patient(profile: Profile, tls: SSLContext | None) -> Iterator[Engines]:
    """Engines that need no school yet, and wait for an answer as long as it takes."""
    engines = open_engines(address(profile, passwords.find(profile)), tls=tls, patient=True)
    try:
        yield engines
    finally:
        engines.dispose()


def verify(options: Namespace, terminal: Terminal) -> Done:
    """Count every kept number again; with ``--repair`` correct those that differ."""
    with opened_database(options) as database, _books(database) as (books, missing):
        result = verify_school(
            database,
            repair=options.repair,
            told=lambda topic: terminal.show(f"Counting {topic}"),
            books=books,
        )
    lines = [f"Repaired: {finding.sentence}" for finding in result.repaired]
    return _told_findings(
        (*result.findings, *missing),
        {"repaired": [asdict(finding) for finding in result.repaired]},
        lines,
        fine="Every number is what a recount gives.",
    )


@contextmanager
def _books(database: Database) -> Iterator[tuple[dict[str, Book], list[Finding]]]:
    """The book of the school's simulated gateway; a finding where it cannot be compared."""
    book_id = database.read(_book_id)
    if book_id is None:
        yield {}, []
        return
    path = book_path(settings.books_folder(), book_id)
    if not path.is_file():
        yield {}, [Finding(Severity.WARNING, Topic.BOOK, _NO_BOOK)]
        return
    with SimulatedGateway(path, book_id) as gateway:
        yield {gateway.name: gateway.entries}, []


_NO_BOOK: Final = (
    "The simulated gateway's book is not on this computer, so payments were not compared with it."
)


def _told_findings(
    findings: tuple[Finding, ...], values: dict[str, Any], lines: list[str], *, fine: str
) -> Done:
    """Findings as lines, in their order; a problem among them makes the command fail."""
    counts = Counter(finding.severity for finding in findings)
    problems, warnings = counts[Severity.PROBLEM], counts[Severity.WARNING]
    values = {
        **values,
        "findings": [asdict(finding) for finding in findings],
        "problems": problems,
        "warnings": warnings,
    }
    lines += [f"{_MARKS[each.severity]}{each.sentence}" for each in findings[:_SHOWN]]
    if len(findings) > _SHOWN:
        lines.append(f"… and {len(findings) - _SHOWN:,} more; --json lists all.")
    if problems:
        noun = count_of(problems, "problem")
        found = f"{noun} found." if not values.get("repaired") else f"{noun} left."
        return Done(values, tuple(lines), code=ExitCode.REFUSED, problem=found)
    if not warnings:
        lines.append(fine)
    return Done(values, tuple(lines))


_MARKS: Final = {
    Severity.OK: "OK: ",
    Severity.WARNING: "Warning: ",
    Severity.PROBLEM: "Problem: ",
}


def backup(options: Namespace, terminal: Terminal) -> Done:
    with opened_database(options) as database:
        made = backups.backup(
            database.engines, Path(options.file).absolute(), told_step=_shows(terminal)
        )
    rows = "" if made.rows is None else f", {count_of(made.rows, 'row')}"
    values = {"path": made.path, "bytes": made.bytes, "rows": made.rows}
    return Done(values, (f"Saved to {made.path} ({made.bytes:,} bytes{rows}).",))


def restore(options: Namespace, terminal: Terminal) -> Done:
    profile = new_profile(options)
    with showing_certificate(profile), opening.reached(profile):
        made = restore_school(
            Path(options.file).absolute(),
            address(profile, passwords.find(profile)),
            tls=context_for(profile),
            told_step=_shows(terminal),
        )
    values = {
        "database": profile.label,
        "school_name": made.school,
        "made_at": made.made_at,
        "rows": made.rows,
    }
    rows = count_of(made.rows, "row")
    return Done(
        values,
        (f"Restored “{made.school}” of {made.made_at} into {profile.label} ({rows}).",),
    )


def _shows(terminal: Terminal) -> Any:
    def show(step: Step) -> None:
        terminal.show(f"{step.what}: {step.done:,} of {step.total:,}")

    return show
