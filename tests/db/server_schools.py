"""A school on each real server, made once a run and emptied of nothing: tests roll back."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from learnhub_desktop.db.engine import open_engines
from learnhub_desktop.db.school import NewSchool, create_school
from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.actors import Role, actor_of
from learnhub_desktop.domain.states import SchoolKind
from tests.databases import SetClock
from tests.servers.server import Server


@pytest.fixture(scope="session")
def server_school(any_server: Server) -> Iterator[Database]:
    """An empty school on the server; what a test commits there stays for the next one."""
    name = f"lists_{any_server.kind}_{os.getpid()}"
    with any_server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    engines = open_engines(any_server.url(name))
    create_school(engines, NewSchool(name="Test school", kind=SchoolKind.TEST))
    yield Database(engines, label=name, clock=SetClock(), actor=actor_of("tester", Role.ADMIN))
    engines.dispose()
    with any_server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")


@pytest.fixture
def server_uow(server_school: Database, clock: SetClock) -> Iterator[UnitOfWork]:
    """As ``uow``, on a real server: whatever is written is rolled back."""
    with server_school.engines.writer.connect() as connection:
        yield UnitOfWork(connection, actor=actor_of("tester", Role.ADMIN), clock=clock)
        connection.rollback()
