"""What a database error means is decided by its code, and said in one plain sentence."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pymysql
import pytest
from sqlalchemy import Connection, insert, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from learnhub_desktop.db.engine import open_engines
from learnhub_desktop.db.failures import Meaning, ServerRefusal, code_of, for_people, meaning_of
from learnhub_desktop.db.tables import course_tags, courses, payments, users
from learnhub_desktop.db.transactions import Database
from learnhub_desktop.errors import (
    DatabaseUnavailable,
    InvalidInput,
    LearnHubError,
    NotAllowed,
    RuleRefused,
    SchemaMismatch,
    ServerBusy,
)
from tests.databases import alone
from tests.db.driver_errors import wrapped
from tests.factories import make_course, make_enrolment, make_payment, make_student

CODES = {
    Meaning.RETRY: (1205, 1213, 1180, 3101, 1020, 3572),
    Meaning.LOST: (2002, 2003, 2006, 2013, 2055, 4031, 1053, 1927, 1040, 1203, 1226),
    Meaning.NOT_WRITABLE: (1290, 1836, 1047, 1792, 3100),
    Meaning.STOPPED: (1317, 3024, 1969, 1028),
    Meaning.REFUSED: (1644, 3819, 4025, 1062, 1586, 1451, 1452, 1048, 1264, 1265, 1406, 1690, 1366),
    Meaning.DENIED: (1044, 1045, 1142, 1143, 1227, 1370, 1419, 1698, 3118, 4151),
    Meaning.NO_SCHOOL: (1049, 1146, 1054),
    Meaning.BUG: (1064, 3098, 1364, 1442),
}


@pytest.mark.parametrize(
    ("code", "meaning"),
    [(code, meaning) for meaning, codes in CODES.items() for code in codes],
)
@pytest.mark.parametrize(
    "kind", [pymysql.err.OperationalError, pymysql.err.IntegrityError, pymysql.err.InternalError]
)
def test_a_code_means_the_same_in_whatever_class_it_comes(
    kind: type[Exception], code: int, meaning: Meaning
) -> None:
    assert meaning_of(wrapped(kind(code, "as the server says it"))) is meaning


@pytest.mark.parametrize(
    ("original", "invalidated"),
    [(pymysql.err.InterfaceError(0, ""), False), (pymysql.err.InterfaceError(), True)],
)
def test_a_socket_that_was_closed_already_is_a_lost_server(
    original: Exception, invalidated: bool
) -> None:
    assert meaning_of(wrapped(original, invalidated=invalidated)) is Meaning.LOST


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (1213, ServerBusy),
        (2013, DatabaseUnavailable),
        (1040, DatabaseUnavailable),
        (1290, DatabaseUnavailable),
        (3024, ServerBusy),
        (1644, RuleRefused),
        (3819, RuleRefused),
        (1062, RuleRefused),
        (1452, RuleRefused),
        (1406, InvalidInput),
        (1142, NotAllowed),
        (1146, SchemaMismatch),
    ],
)
def test_what_a_person_can_act_on_is_said_in_one_or_two_sentences(
    code: int, error: type[LearnHubError]
) -> None:
    told = for_people(wrapped(pymysql.err.OperationalError(code, "Something")), label="school")

    assert type(told) is error
    assert 1 <= str(told).count(". ") + 1 <= 2


def test_a_bug_is_not_told_as_something_else() -> None:
    assert for_people(wrapped(pymysql.err.ProgrammingError(1064, "syntax")), label="school") is None


def test_a_trigger_that_a_cluster_broke_off_reading_is_read_again() -> None:
    said = "Trigger 'courses_before_update' has an error in its body: 'You have an error in ...'"

    assert meaning_of(wrapped(pymysql.err.ProgrammingError(1064, said))) is Meaning.RETRY


def test_a_full_pool_says_so() -> None:
    assert str(for_people(PoolTimeout(), label="school")) == (
        "school is busy: every connection is in use. Try again in a moment."
    )


def failure(call: Callable[[], object]) -> DBAPIError:
    with pytest.raises(DBAPIError) as raised:
        call()
    return raised.value


def sentence(error: DBAPIError) -> str:
    return str(for_people(error, label="school"))


def test_a_duplicate_says_what_there_is_already(any_connection: Connection) -> None:
    connection = any_connection
    student_id, course_id = make_student(connection, email="a@example.org"), make_course(connection)
    make_payment(connection, student_id, idempotency_key="k", transaction_id="t")
    make_enrolment(connection, student_id, course_id)
    connection.execute(insert(course_tags).values(course_id=course_id, tag="sql"))

    def said(call: Callable[[], object]) -> str:
        with connection.begin_nested() as savepoint:
            error = failure(call)
            savepoint.rollback()
        assert meaning_of(error) is Meaning.REFUSED
        return sentence(error)

    assert said(lambda: make_student(connection, email="a@example.org")) == (
        "There is already an account with this e-mail address."
    )
    assert said(lambda: make_payment(connection, student_id, idempotency_key="k")) == (
        "This key was used for another payment."
    )
    assert said(lambda: make_payment(connection, student_id, transaction_id="t")) == (
        "A payment with this transaction id exists already."
    )
    assert said(lambda: make_enrolment(connection, student_id, course_id)) == (
        "This student is in the course already."
    )
    assert said(
        lambda: connection.execute(insert(course_tags).values(course_id=course_id, tag="sql"))
    ) == ("The course has this tag already.")


def test_a_row_that_is_gone_says_so(any_connection: Connection) -> None:
    error = failure(lambda: make_payment(any_connection, 999_999))

    assert meaning_of(error) is Meaning.REFUSED
    assert sentence(error) == (
        "Something this refers to is gone or still in use. Reload and try again."
    )


def test_a_check_and_a_trigger_are_told_apart(any_connection: Connection) -> None:
    student_id = make_student(any_connection)
    payment_id = make_payment(any_connection, student_id)

    def refused(call: Callable[[], object]) -> RuleRefused:
        with any_connection.begin_nested() as savepoint:
            told = for_people(failure(call), label="school")
            savepoint.rollback()
        assert isinstance(told, RuleRefused)
        return told

    by_check = refused(lambda: make_payment(any_connection, student_id, amount=Decimal("0.00")))
    by_trigger = refused(
        lambda: any_connection.execute(
            update(payments).where(payments.c.payment_id == payment_id).values(status="pending")
        )
    )

    assert by_check.reason is ServerRefusal.CHECK
    assert by_trigger.reason is ServerRefusal.TRIGGER
    assert str(by_trigger) == "A payment that is completed cannot become pending."


def test_text_that_is_too_long_names_its_column(server_school: Database) -> None:
    with alone(server_school) as connection:
        told = for_people(failure(lambda: make_student(connection, name="x" * 201)), label="school")

    assert isinstance(told, InvalidInput)
    assert told.field == "name"


def test_a_table_that_is_missing_means_no_school(any_connection: Connection) -> None:
    error = failure(lambda: any_connection.execute(text("SELECT 1 FROM no_such_table")))

    assert meaning_of(error) is Meaning.NO_SCHOOL


def test_a_statement_that_is_wrong_is_a_bug(any_connection: Connection) -> None:
    error = failure(lambda: any_connection.execute(text("SELECT FROM WHERE")))

    assert meaning_of(error) is Meaning.BUG


def deadlock(database: Database) -> DBAPIError:
    """Two connections that lock two courses in opposite order; return the victim's error."""
    with alone(database) as connection:
        first, second = make_course(connection), make_course(connection)
        connection.commit()
    locked = threading.Barrier(2)
    lost: list[DBAPIError] = []

    def lock(own: int, others: int) -> None:
        with alone(database) as connection:
            touch = update(courses).values(level="beginner")
            connection.execute(touch.where(courses.c.course_id == own))
            locked.wait()
            try:
                connection.execute(touch.where(courses.c.course_id == others))
            except DBAPIError as error:
                lost.append(error)

    threads = [
        threading.Thread(target=lock, args=pair) for pair in ((first, second), (second, first))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (error,) = lost
    return error


def test_a_real_deadlock_is_worth_another_try(server_school: Database) -> None:
    error = deadlock(server_school)

    assert code_of(error) == 1213
    assert meaning_of(error) is Meaning.RETRY


def test_a_real_wait_for_a_lock_is_worth_another_try(server_school: Database) -> None:
    with alone(server_school) as holder, alone(server_school) as waiting:
        course_id = make_course(holder)
        holder.commit()
        touch = update(courses).where(courses.c.course_id == course_id).values(level="beginner")
        holder.execute(touch)
        waiting.exec_driver_sql("SET SESSION innodb_lock_wait_timeout = 1")
        error = failure(lambda: waiting.execute(touch.values(level="advanced")))

    assert code_of(error) == 1205
    assert meaning_of(error) is Meaning.RETRY


def test_a_real_killed_connection_is_lost(server_school: Database) -> None:
    with alone(server_school) as victim, alone(server_school) as killer:
        driver: Any = victim.connection.dbapi_connection
        killer.exec_driver_sql(f"KILL CONNECTION {driver.thread_id()}")
        error = failure(lambda: victim.exec_driver_sql("SELECT SLEEP(5)"))

        assert meaning_of(error) is Meaning.LOST
        victim.invalidate()


def test_a_real_time_limit_is_a_stopped_statement(server_school: Database) -> None:
    with alone(server_school) as connection:
        if connection.dialect.is_mariadb:
            connection.exec_driver_sql("SET SESSION max_statement_time = 0.05")
        else:
            connection.exec_driver_sql("SET SESSION max_execution_time = 50")
        error = failure(
            lambda: connection.exec_driver_sql(
                "SELECT COUNT(*) FROM information_schema.columns a, information_schema.columns b,"
                " information_schema.columns c"
            )
        )

    assert meaning_of(error) is Meaning.STOPPED


def test_a_real_write_by_a_reader_is_refused(any_school: Database) -> None:
    with any_school.engines.reader.connect() as connection:
        error = failure(lambda: connection.execute(update(users).values(country="DE")))

    assert meaning_of(error) in (Meaning.NOT_WRITABLE, Meaning.DENIED)


def test_a_file_that_is_no_database_says_so(tmp_path: Path) -> None:
    path = tmp_path / "school.db"
    path.write_text("Dear diary, " * 200)
    engines = open_engines(f"sqlite:///{path}")
    error = failure(lambda: engines.reader.connect())
    engines.dispose()

    assert isinstance(error.orig, sqlite3.DatabaseError)
    assert meaning_of(error) is Meaning.LOST
    assert "file is not a database" in sentence(error)


def test_a_file_that_may_not_be_written_says_so(database: Database) -> None:
    with database.engines.writer.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA query_only = ON")
        connection.exec_driver_sql("BEGIN")
        error = failure(lambda: make_student(connection))
        connection.exec_driver_sql("PRAGMA query_only = OFF")
        connection.rollback()

    assert meaning_of(error) is Meaning.DENIED


def test_a_file_that_is_locked_is_worth_another_try(database: Database) -> None:
    path = str(database.engines.writer.url.database)
    holder = sqlite3.connect(path, isolation_level=None)
    waiting = sqlite3.connect(path, isolation_level=None, timeout=0)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError) as raised:
        waiting.execute("BEGIN IMMEDIATE")
    holder.close()
    waiting.close()

    assert meaning_of(wrapped(raised.value)) is Meaning.RETRY
