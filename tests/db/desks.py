"""What desks do to a school in tests of transactions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import func, select

from learnhub_desktop.db.tables import users
from learnhub_desktop.db.transactions import Database, UnitOfWork
from tests.databases import alone
from tests.factories import make_course, make_student
from tests.waiting import wait_until


def count_users(uow: UnitOfWork, email: str) -> int:
    found = uow.connection.scalar(
        select(func.count()).select_from(users).where(users.c.email == email)
    )
    return int(found or 0)


@contextmanager
def made_courses(database: Database, number: int) -> Iterator[list[int]]:
    with database.engines.writer.connect() as connection:
        ids = [make_course(connection) for _ in range(number)]
        connection.commit()
    yield ids


def add_student(uow: UnitOfWork, email: str) -> int:
    return make_student(uow.connection, email=email)


def kill(database: Database, uow: UnitOfWork) -> None:
    """Kill the transaction's connection and wait until the server has let go of it."""
    driver: Any = uow.connection.connection.dbapi_connection
    number = driver.thread_id()
    with alone(database) as other:
        other.exec_driver_sql(f"KILL CONNECTION {number}")
        wait_until(
            lambda: (
                not other.exec_driver_sql(
                    f"SELECT COUNT(*) FROM information_schema.processlist WHERE id = {number}"
                ).scalar()
            )
        )
