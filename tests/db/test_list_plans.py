"""How the servers read a list's page: by the index that has its order, sorting nothing."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, Table, event, insert

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.engine import open_engines
from learnhub_desktop.db.transactions import Database
from learnhub_desktop.domain.actors import Role, actor_of
from learnhub_desktop.domain.lists import ListQuery
from learnhub_desktop.services import lists
from tests.factories import NOW
from tests.servers.server import Server

STUDENTS = 20_000
COURSES = 20_000
PAYMENTS = 20_000
CHUNK = 2_000


@pytest.fixture(scope="module")
def large_school(any_server: Server) -> Iterator[Database]:
    """Tables alone, without the triggers: what is measured here only reads."""
    name = f"plans_{any_server.kind}_{os.getpid()}"
    with any_server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    engines = open_engines(any_server.url(name), patient=True)
    with engines.writer.connect() as connection:
        t.metadata.create_all(connection)
        fill(connection)
        connection.commit()
        for table in ("users", "courses", "payments", "fraud_alerts", "enrollments"):
            connection.exec_driver_sql(f"ANALYZE TABLE {table}").all()
    yield Database(engines, label=name, actor=actor_of("tester", Role.ADMIN))
    engines.dispose()
    with any_server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")


def fill(connection: Connection) -> None:
    chance = random.Random(7)

    def some_time() -> Any:
        return NOW - timedelta(seconds=chance.randrange(60_000_000))

    put(connection, t.users, [person(number, chance) for number in range(1, STUDENTS + 1)])
    put(
        connection,
        t.courses,
        [
            {
                "course_id": number,
                "instructor_id": number % 50 + 1,
                "title": f"Course {chance.randrange(10**6)}",
                "search_text": f"course {chance.randrange(10**6)}",
                "price": Decimal(chance.randrange(200)),
                "currency": "USD",
                "status": chance.choice(["active", "draft", "archived"]),
                "enrolled_students": chance.randrange(500),
                "avg_rating": Decimal(chance.randrange(501)) / 100,
                "created_at": some_time(),
            }
            for number in range(1, COURSES + 1)
        ],
    )
    put(
        connection,
        t.enrollments,
        [
            {
                "enrollment_id": number,
                "student_id": number,
                "course_id": number % 100 + 1,
                "enrolled_at": some_time(),
            }
            for number in range(51, STUDENTS + 1)
        ],
    )
    for table in (t.payments, t.payments_archive):
        put(
            connection,
            table,
            [
                {
                    "payment_id": number,
                    "user_id": number % STUDENTS + 1,
                    "course_id": number % 100 + 1,
                    "amount": Decimal(chance.randrange(100, 20_000)) / 100,
                    "currency": "USD",
                    "payment_method": chance.choice(["paypal", "cash", "credit_card"]),
                    "status": chance.choice(["completed"] * 9 + ["failed"]),
                    "created_at": some_time(),
                    "processed_at": some_time(),
                }
                for number in range(1, PAYMENTS + 1)
            ],
        )
    put(
        connection,
        t.fraud_alerts,
        [
            {
                "user_id": number % STUDENTS + 1,
                "alert_level": chance.choice(["low", "high", "critical"]),
                "status": chance.choice(["pending", "reviewed"]),
                "score": chance.randrange(200),
                "created_at": some_time(),
            }
            for number in range(1, PAYMENTS + 1)
        ],
    )


def person(number: int, chance: random.Random) -> dict[str, Any]:
    return {
        "user_id": number,
        "name": f"Person {number}",
        "email": f"person{number}@example.org",
        # The first fifty teach.
        "user_type": "instructor" if number <= 50 else "student",
        "balance_currency": "USD",
        "search_text": f"{chance.choice(['ada', 'ola', 'mia'])} {chance.randrange(10**6)}",
        "created_at": NOW - timedelta(seconds=chance.randrange(60_000_000)),
    }


def put(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    for first in range(0, len(rows), CHUNK):
        connection.execute(insert(table), rows[first : first + CHUNK])


@contextmanager
def statements_of(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """What is sent to the server meanwhile, with its parameters."""
    sent: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        sent.append((statement, parameters))

    event.listen(database.engines.reader, "before_cursor_execute", note)
    yield sent
    event.remove(database.engines.reader, "before_cursor_execute", note)


def plan(database: Database, query: ListQuery, *, from_the_middle: bool) -> list[tuple[Any, bool]]:
    """The index that each table of the page's first statement is read by, and "is it sorted"."""
    anchor = None
    if from_the_middle:
        anchors = database.read(lists.head, query).anchors
        anchor = anchors[len(anchors) // 2]
    first = anchor.position if anchor is not None else 0
    with statements_of(database) as sent:
        page = database.read(lists.page, query, first=first, count=100, anchor=anchor)
    assert len(page.rows) == 100
    # On a server the transaction of several statements is begun by one of its own.
    statement, parameters = next(each for each in sent if each[0] != "START TRANSACTION")
    with database.engines.reader.connect() as connection:
        is_mariadb = bool(getattr(connection.dialect, "is_mariadb", False))
        explain = "EXPLAIN " if is_mariadb else "EXPLAIN FORMAT=TRADITIONAL "
        steps = connection.exec_driver_sql(explain + statement, parameters).mappings()
        return [(step["key"], "filesort" in (step["Extra"] or "")) for step in steps]


SORTED_BY_AN_INDEX = [
    ("courses", "", "ix_courses_search_text"),
    ("courses", "id", "PRIMARY"),
    ("courses", "title", "ix_courses_search_text"),
    ("courses", "price", "ix_courses_price"),
    ("courses", "status", "ix_courses_status_title"),
    ("courses", "seats", "ix_courses_enrolled_students"),
    ("courses", "rating", "ix_courses_avg_rating"),
    ("courses", "created", "ix_courses_created_at"),
    ("students", "", "ix_users_user_type_search_text"),
    ("students", "id", "PRIMARY"),
    ("students", "name", "ix_users_user_type_search_text"),
    ("students", "email", "uq_users_email"),
    ("students", "created", "ix_users_user_type_created_at"),
    ("accounts", "id", "PRIMARY"),
    ("accounts", "name", "ix_users_search_text"),
    ("payments", "", "ix_payments_created_at"),
    ("payments", "id", "PRIMARY"),
    ("payments", "created", "ix_payments_created_at"),
    ("payments", "processed", "ix_payments_processed_at"),
    ("payments", "amount", "ix_payments_amount"),
    ("payments", "status", "ix_payments_status_created_at"),
    ("payments", "method", "ix_payments_payment_method_created_at"),
    ("archived_payments", "", "PRIMARY"),
    ("archived_payments", "id", "PRIMARY"),
    ("alerts", "", "ix_fraud_alerts_severity_created_at"),
    ("alerts", "id", "PRIMARY"),
    ("alerts", "level", "ix_fraud_alerts_severity_created_at"),
    ("alerts", "status", "ix_fraud_alerts_status_severity_created_at"),
    ("alerts", "score", "ix_fraud_alerts_score"),
    ("alerts", "created", "ix_fraud_alerts_created_at"),
    ("enrolments", "", "ix_enrollments_enrolled_at"),
    ("enrolments", "id", "PRIMARY"),
]


@pytest.mark.parametrize(
    "from_the_middle, descending", [(False, False), (True, True)], ids=["first up", "middle down"]
)
@pytest.mark.parametrize("source, column, index", SORTED_BY_AN_INDEX)
def test_a_page_is_read_in_the_order_of_an_index(
    large_school: Database,
    source: str,
    column: str,
    index: str,
    from_the_middle: bool,
    descending: bool,
) -> None:
    query = ListQuery(source)
    if column:
        query = query.with_sort(column, descending=descending)

    assert plan(large_school, query, from_the_middle=from_the_middle) == [(index, False)]


FILTERED_BY_AN_INDEX = [
    (ListQuery("payments").with_filter("status", "failed"), "ix_payments_status_created_at"),
    (ListQuery("alerts").with_filter("status", "pending"),
     "ix_fraud_alerts_status_severity_created_at"),
    (ListQuery("course_students").with_filter("course", "7").with_sort("id", descending=False),
     "ix_enrollments_course_id"),
]  # fmt: skip


@pytest.mark.parametrize("query, index", FILTERED_BY_AN_INDEX)
def test_a_filter_is_answered_by_an_index(
    large_school: Database, query: ListQuery, index: str
) -> None:
    ((used, _),) = plan(large_school, query, from_the_middle=False)

    assert str(used).startswith(index)
