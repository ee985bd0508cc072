"""A small school with its gateway, and a function that runs commands on it."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

import pytest

from learnhub_desktop import settings
from learnhub_desktop.cli import main
from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.catalog import CourseDraft
from learnhub_desktop.domain.states import CourseStatus, UserType
from learnhub_desktop.services import catalog, prerequisites, students
from tests.databases import opened

FOLDERS = ("DATA", "CONFIG", "LOG")


@dataclass(frozen=True)
class Ended:
    """What a command left behind. ``json`` fails unless stdout is exactly one JSON object."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        found = json.loads(self.out)
        assert isinstance(found, dict)
        assert self.out.count("\n") == 1
        return found

    @property
    def sentence(self) -> str:
        """The one line of stderr."""
        (line,) = self.err.splitlines()
        return line


@dataclass(frozen=True)
class Home:
    """The folders of one test. ``courses`` are ids by title, ``students`` by e-mail."""

    path: Path
    courses: dict[str, int]
    students: dict[str, int]

    @property
    def school(self) -> Path:
        return self.path / "school.db"

    def ask(self, query: str, *values: object) -> list[Any]:
        """What a statement gives on the school; single values where it has one column."""
        with self._opened() as school, school.engines.reader.connect() as connection:
            rows = connection.exec_driver_sql(query, values or None).all()
        return [row[0] if len(row) == 1 else tuple(row) for row in rows]

    def write(self, call: Callable[..., Any], *args: Any, **named: Any) -> Any:
        with self._opened() as school:
            return school.write(call, *args, **named)

    def _opened(self) -> AbstractContextManager[Database]:
        return opened(f"sqlite:///{self.school}", "school.db")


def add_rows(uow: UnitOfWork) -> tuple[dict[str, int], dict[str, int]]:
    """One instructor, three students, and a course of each kind that matters here."""

    def person(kind: UserType, name: str, email: str) -> int:
        made = students.create_person(uow, user_type=kind, name=name, email=email).subject_id
        assert made is not None
        return made

    def course(title: str, price: str, **more: Any) -> int:
        status = more.pop("status", CourseStatus.ACTIVE)
        draft = CourseDraft(title, ada, Decimal(price), "USD", **more)
        made = catalog.create_course(uow, draft, status=status).subject_id
        assert made is not None
        return made

    ada = person(UserType.INSTRUCTOR, "Ada Example", "ada@example.org")
    people = {
        "ola@example.org": person(UserType.STUDENT, "Ola Muster", "ola@example.org"),
        "bo@example.org": person(UserType.STUDENT, "Bo Sample", "bo@example.org"),
        "cy@example.org": person(UserType.STUDENT, "Cy Przykład", "cy@example.org"),
    }
    courses = {
        "Python Basics": course("Python Basics", "49.00"),
        "Python for Data": course("Python for Data", "89.00"),
        "First Aid": course("First Aid", "0.00"),
        "One Seat": course("One Seat", "20.00", max_students=1),
        "Draft": course("Draft", "15.00", status=CourseStatus.DRAFT),
    }
    prerequisites.set_prerequisites(uow, courses["Python for Data"], [courses["Python Basics"]])
    return courses, people


def _folders(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    for name in FOLDERS:
        monkeypatch.setenv(f"LEARNHUB_{name}_HOME", str(home / name.lower()))


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Home:
    path = tmp_path_factory.mktemp("cli")
    with pytest.MonkeyPatch.context() as patch:
        _folders(patch, path)
        code = main(["db", "create", "--kind", "test", "--database", f"sqlite:///{path}/school.db"])
        assert code == 0
    home = Home(path, {}, {})
    courses, people = home.write(add_rows)
    _forget_log()
    return Home(path, courses, people)


@pytest.fixture
def home(template: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A school of this test alone; `LEARNHUB_DATABASE` names it."""
    shutil.copytree(template.path, tmp_path, dirs_exist_ok=True)
    _folders(monkeypatch, tmp_path)
    monkeypatch.setenv("LEARNHUB_DATABASE", f"sqlite:///{tmp_path}/school.db")
    monkeypatch.delenv("LEARNHUB_PASSWORD", raising=False)
    monkeypatch.chdir(tmp_path)
    yield Home(tmp_path, template.courses, template.students)
    _forget_log()


@pytest.fixture
def learnhub(home: Home, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Run a command in this process."""

    def run(*arguments: object) -> Ended:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    return run


@pytest.fixture
def log_file(home: Home) -> Path:
    return settings.log_folder() / "learnhub.log"


def _forget_log() -> None:
    """Each test logs to a folder of its own."""
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, RotatingFileHandler)]:
        root.removeHandler(handler)
        handler.close()
