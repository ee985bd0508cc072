"""Schools for tests: a fresh SQLite file for each test, copied from one that was made once.

`any_school` is one school on each of SQLite, MySQL and MariaDB, and `server_school` one on
each server; the whole run shares them, so a test brings its own rows and leaves the schema
as it is. `new_url` and `new_server_url` name a database that does not exist yet.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from learnhub_desktop.db.engine import Engines, open_engines
from learnhub_desktop.db.school import NewSchool, create, create_school
from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.actors import Role, actor_of
from learnhub_desktop.domain.states import SchoolKind
from tests.factories import NOW
from tests.servers.server import Server

TEST_SCHOOL = NewSchool(name="Test school", kind=SchoolKind.TEST)
ALL_KINDS = (
    "sqlite",
    pytest.param("mysql", marks=pytest.mark.server),
    pytest.param("mariadb", marks=pytest.mark.server),
)


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
    create_school(engines, TEST_SCHOOL)
    with engines.writer.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engines.dispose()
    return path


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture(scope="session")
def sqlite_engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    """Engines that every test's school uses in turn: they keep the statements they compiled."""
    engines = open_engines(f"sqlite:///{tmp_path_factory.mktemp('school') / 'school.db'}")
    yield engines
    engines.dispose()


@pytest.fixture
def database(sqlite_template: Path, sqlite_engines: Engines, clock: SetClock) -> Iterator[Database]:
    """A school of one file, with a clock that the test sets."""
    path = Path(sqlite_engines.writer.url.database or "")
    for old in path.parent.glob(f"{path.name}*"):
        old.unlink()
    shutil.copy(sqlite_template, path)
    opened = Database(sqlite_engines, label="school.db", clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def own_database(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """A school with engines of its own, for a test that changes them for good."""
    yield from _copy_of(sqlite_template, tmp_path, "own.db")


@pytest.fixture(scope="session")
def empty_school(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A school in which nothing is ever committed."""
    yield from _copy_of(sqlite_template, tmp_path_factory.mktemp("empty"), "empty.db")


@pytest.fixture
def uow(empty_school: Database, clock: SetClock) -> Iterator[UnitOfWork]:
    """A unit of work by an administrator whose every write is undone after the test."""
    with undone(empty_school) as connection:
        yield UnitOfWork(connection, actor=actor_of("tester", Role.ADMIN), clock=clock)


@contextmanager
def new_database(server: Server) -> Iterator[str]:
    """The address of a database that nobody has made yet; it is dropped in the end."""
    name = f"lh_{uuid.uuid4().hex[:12]}"
    try:
        yield server.url(name)
    finally:
        with server.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {name}")


@contextmanager
def opened(url: str, label: str) -> Iterator[Database]:
    database = Database(open_engines(url), label=label)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def undone(database: Database) -> Iterator[Connection]:
    """A writing connection whose every change is undone in the end."""
    with database.engines.writer.connect() as connection:
        yield connection
        connection.rollback()


@contextmanager
def alone(database: Database) -> Iterator[Connection]:
    """A connection to the same server as another program has one; it is rolled back."""
    engine = create_engine(
        database.engines.writer.url, isolation_level="READ COMMITTED", poolclass=NullPool
    )
    with engine.connect() as connection:
        yield connection


@pytest.fixture(scope="session")
def sqlite_school(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    yield from _copy_of(sqlite_template, tmp_path_factory.mktemp("shared"), "sqlite")


@pytest.fixture(scope="session")
def mysql_school(mysql_server: Server) -> Iterator[Database]:
    yield from _school_on(mysql_server)


@pytest.fixture(scope="session")
def mariadb_school(mariadb_server: Server) -> Iterator[Database]:
    yield from _school_on(mariadb_server)


def _copy_of(template: Path, folder: Path, label: str) -> Iterator[Database]:
    path = folder / "school.db"
    shutil.copy(template, path)
    with opened(f"sqlite:///{path}", label) as database:
        yield database


def _school_on(server: Server) -> Iterator[Database]:
    with new_database(server) as url:
        create(url, TEST_SCHOOL)
        with opened(url, server.kind) as database:
            yield database


@pytest.fixture(scope="session", params=ALL_KINDS)
def any_school(request: pytest.FixtureRequest) -> Database:
    """One school on each kind of database, shared by the whole run."""
    school: Database = request.getfixturevalue(f"{request.param}_school")
    return school


@pytest.fixture
def any_connection(any_school: Database) -> Iterator[Connection]:
    """A writing connection to `any_school` whose every change is undone after the test."""
    with undone(any_school) as connection:
        yield connection


@pytest.fixture(scope="session")
def server_school(any_server: Server, request: pytest.FixtureRequest) -> Database:
    """The school on each server, shared by the whole run, for tests that must commit."""
    school: Database = request.getfixturevalue(f"{any_server.kind}_school")
    return school


@pytest.fixture
def server_uow(server_school: Database, clock: SetClock) -> Iterator[UnitOfWork]:
    """As ``uow``, on each server: whatever is written is undone after the test."""
    with undone(server_school) as connection:
        yield UnitOfWork(connection, actor=actor_of("tester", Role.ADMIN), clock=clock)


@pytest.fixture(params=ALL_KINDS)
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database that does not exist, on each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'new.db'}"
        return
    with new_database(request.getfixturevalue(f"{request.param}_server")) as url:
        yield url


@pytest.fixture
def new_server_url(any_server: Server) -> Iterator[str]:
    """The address of a database that does not exist, on each server."""
    with new_database(any_server) as url:
        yield url
