"""Schools for tests: a fresh SQLite file for each test, copied from one that was made once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection

from learnhub_desktop.db.engine import open_engines
from learnhub_desktop.db.school import NewSchool, create_school
from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.actors import Role, actor_of
from learnhub_desktop.domain.states import SchoolKind
from tests.factories import NOW


class SetClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self, connection: Connection) -> datetime:
        return self.now


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "school.db"
    engines = open_engines(f"sqlite:///{path}")
    create_school(engines, NewSchool(name="Test school", kind=SchoolKind.TEST))
    with engines.writer.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engines.dispose()
    return path


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def database(sqlite_template: Path, tmp_path: Path, clock: SetClock) -> Iterator[Database]:
    """A school of one file, with a clock that the test sets."""
    path = tmp_path / "school.db"
    shutil.copy(sqlite_template, path)
    opened = Database(open_engines(f"sqlite:///{path}"), label="school.db", clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def uow(database: Database, clock: SetClock) -> Iterator[UnitOfWork]:
    """A unit of work by an administrator whose every write is undone after the test."""
    with database.engines.writer.connect() as connection:
        yield UnitOfWork(connection, actor=actor_of("tester", Role.ADMIN), clock=clock)
        connection.rollback()
