"""Statements that go to the driver as they are: the same values, errors and listeners."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, event, exists, func, insert, select, update
from sqlalchemy.exc import DBAPIError

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.failures import Meaning, meaning_of
from learnhub_desktop.db.prepared import Answer, NotMatched, Part, Prepared, together
from learnhub_desktop.db.transactions import Database
from tests.factories import NOW, make_course, make_student

KEY = bindparam("key", type_=t.courses.c.course_id.type)
ADD_EVENT = Prepared(
    insert(t.payment_events).inline(),
    columns=("payment_id", "event_type", "event_data", "created_at"),
)
ADD_PAYMENT = Prepared(
    insert(t.payments).inline(),
    columns=("user_id", "amount", "currency", "status", "comment", "created_at"),
)


@pytest.fixture
def connection(any_connection: Connection) -> Connection:
    return any_connection


def payment(connection: Connection, **values: Any) -> dict[str, Any]:
    return {
        "user_id": make_student(connection),
        "amount": Decimal("0.10"),
        "currency": "USD",
        "status": "completed",
        "comment": None,
        "created_at": NOW,
        **values,
    }


@pytest.mark.parametrize(
    "title", ["100 % “safe” \\ 'n' \"quotes\"; --", "%(key)s and %%", "Ünïcödé 😀"]
)
def test_values_come_back_as_any_other_statement_gives_them(
    connection: Connection, title: str
) -> None:
    course_id = make_course(connection, title=title, price=Decimal("49.00"), created_at=NOW)
    c, r = t.courses.c, t.fraud_detection_rules.c
    statement = select(
        c.course_id,
        c.title,
        c.price,
        c.created_at,
        c.max_students,
        c.status == "active",
        exists().where(c.course_id == -1),
        select(func.count()).where(t.flash_sales.c.course_id == KEY).scalar_subquery(),
        select(r.rule_condition).order_by(r.rule_id).limit(1).scalar_subquery(),
        func.sum(c.price).over(),
    ).where(c.course_id == KEY)

    row = Prepared(statement).row(connection, key=course_id)

    rule = {"measure": "charges", "hours": 24, "above": 5}
    assert row == (
        course_id, title, Decimal("49.00"), NOW, None, True, False, 0, rule, Decimal("49.00")
    )  # fmt: skip
    assert row == tuple(connection.execute(statement, {"key": course_id}).one())


def test_several_go_together_and_hand_ids_on(connection: Connection) -> None:
    event_values = {"event_type": "initiated", "event_data": {"a": "1;'"}, "created_at": NOW}

    paid, noted = together(
        connection,
        Part(ADD_PAYMENT, payment(connection, comment="50 %; \\ ”'")),
        Part(ADD_EVENT, event_values, "payment_id"),
    )

    e = t.payment_events.c
    found = connection.execute(
        select(e.payment_id, e.event_data).where(e.event_id == noted.row_id)
    ).one()
    assert found == (paid.row_id, {"a": "1;'"})
    comment = select(t.payments.c.comment).where(t.payments.c.payment_id == paid.row_id)
    assert connection.scalar(comment) == "50 %; \\ ”'"


RENAME = Prepared(
    update(t.courses)
    .where(t.courses.c.course_id == KEY)
    .values(title=bindparam("title", type_=t.courses.c.title.type))
)


def test_what_needs_a_match_is_run_only_after_one(connection: Connection) -> None:
    course_id = make_course(connection, title="SQL")
    values = payment(connection, comment="guarded")
    event_values = {"event_type": "initiated", "event_data": {}, "created_at": NOW}

    def rename_and_pay(key: int) -> list[Answer]:
        return together(
            connection,
            Part(RENAME, {"key": key, "title": "Advanced SQL"}),
            Part(ADD_PAYMENT, values, after=1),
            Part(ADD_EVENT, event_values, "payment_id"),
        )

    payments = select(t.payments.c.payment_id).where(t.payments.c.comment == "guarded")
    with pytest.raises(NotMatched):
        rename_and_pay(-1)
    assert connection.scalars(payments).all() == []

    # The transaction goes on: only what was guarded was not run.
    renamed, paid, _ = rename_and_pay(course_id)
    assert renamed.matched == 1
    assert connection.scalars(payments).all() == [paid.row_id]


def test_the_first_that_fails_ends_it_and_says_why(connection: Connection) -> None:
    before = select(func.count()).select_from(t.payment_events)
    count = connection.scalar(before)

    with pytest.raises(DBAPIError) as failed:
        together(
            connection,
            Part(ADD_PAYMENT, payment(connection, amount=Decimal("-1.00"), comment="Secret word")),
            Part(
                ADD_EVENT,
                {"payment_id": 1, "event_type": "initiated", "event_data": {}, "created_at": NOW},
            ),
        )

    assert meaning_of(failed.value) is Meaning.REFUSED
    assert "Secret word" not in str(failed.value)
    assert connection.scalar(before) == count


def test_a_listener_hears_of_each(any_school: Database) -> None:
    heard: list[str] = []

    def hear(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        heard.append(statement.split()[0])

    with any_school.engines.writer.connect() as connection:
        values = payment(connection)
        event.listen(connection, "before_cursor_execute", hear)
        Prepared(select(t.courses.c.title).where(t.courses.c.course_id == KEY)).row(
            connection, key=1
        )
        together(connection, Part(ADD_PAYMENT, values), Part(ADD_PAYMENT, values))
        connection.rollback()

    assert heard == ["SELECT", "INSERT", "INSERT"]


def test_a_statement_alone_begins_no_transaction(any_school: Database) -> None:
    title = Prepared(select(t.courses.c.title).where(t.courses.c.course_id == KEY))
    with any_school.engines.reader.connect() as connection:
        assert title.alone(connection, key=-1) is None
        assert not connection.in_transaction()
        assert title.row(connection, key=-1) is None
        assert connection.in_transaction()
