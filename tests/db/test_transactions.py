"""Transactions on real databases: retried as a whole, or nothing of them kept."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import func, insert, select, text, update

from learnhub_desktop.db.engine import open_engines
from learnhub_desktop.db.prepared import Part, Prepared, together
from learnhub_desktop.db.tables import courses, enrollments, users
from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.actors import Role
from learnhub_desktop.errors import (
    DatabaseUnavailable,
    OutcomeUnknown,
    RuleRefused,
    ServerBusy,
)
from tests.db.desks import add_student, count_users, kill, made_courses
from tests.db.proxy import Proxy
from tests.factories import NOW, make_course, make_enrolment, make_student


def test_what_is_written_is_there_for_the_next_read(any_school: Database) -> None:
    any_school.write(add_student, "kept@example.org")

    assert any_school.read(count_users, "kept@example.org") == 1


def test_a_row_that_had_the_new_values_before_is_a_row_that_was_found(
    any_school: Database,
) -> None:
    """Conditional updates decide by their number of rows, and a lease may be kept as it is."""

    def name_anew(uow: UnitOfWork) -> int:
        course_id = make_course(uow.connection, title="The same")
        changed = update(courses).where(courses.c.course_id == course_id)
        return uow.connection.execute(changed.values(title="The same")).rowcount

    assert any_school.write(name_anew) == 1


def test_what_raises_leaves_nothing(any_school: Database) -> None:
    def add_then_fail(uow: UnitOfWork) -> None:
        add_student(uow, "undone@example.org")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        any_school.write(add_then_fail)

    assert any_school.read(count_users, "undone@example.org") == 0


def test_what_only_locked_is_taken_back(any_school: Database) -> None:
    def lock_by_writing(uow: UnitOfWork) -> str:
        add_student(uow, "locked@example.org")
        uow.keep_nothing()
        return "it was done before"

    assert any_school.write(lock_by_writing) == "it was done before"
    assert any_school.read(count_users, "locked@example.org") == 0


ADD = Prepared(insert(users).inline(), columns=("email", "name", "search_text", "balance_currency"))


def add_last(uow: UnitOfWork, email: str) -> None:
    """Add a student by the transaction's last statement, with which its COMMIT goes out."""
    values = {"email": email, "name": "Ada", "search_text": "ada", "balance_currency": "USD"}
    together(uow.connection, Part(ADD, values), last=True)


def test_a_last_statement_is_kept_or_refused_like_any_other(any_school: Database) -> None:
    any_school.write(add_last, "last@example.org")
    assert any_school.read(count_users, "last@example.org") == 1

    with pytest.raises(RuleRefused, match="already an account with this e-mail"):
        any_school.write(add_last, "last@example.org")

    any_school.write(add_last, "after-it@example.org")
    assert any_school.read(count_users, "after-it@example.org") == 1


def test_a_connection_that_breaks_with_its_commit_on_the_way_is_not_run_again(
    server_school: Database,
) -> None:
    runs = 0

    def enrol(uow: UnitOfWork) -> None:
        nonlocal runs
        runs += 1
        add_student(uow, "before@example.org")
        kill(server_school, uow)
        add_last(uow, "cut@example.org")

    with pytest.raises(OutcomeUnknown, match="broke while the change was being saved"):
        server_school.write(enrol)

    assert runs == 1
    assert server_school.read(count_users, "before@example.org") == 0


@pytest.mark.proof
def test_a_deadlock_is_run_again_as_a_whole(server_school: Database) -> None:
    with made_courses(server_school, 2) as (first, second):
        pass
    met = threading.Barrier(2)
    runs: list[str] = []

    def touch_both(uow: UnitOfWork, name: str, order: tuple[int, int]) -> None:
        runs.append(name)
        for course_id in order:
            uow.connection.execute(
                update(courses)
                .where(courses.c.course_id == course_id)
                .values(enrolled_students=courses.c.enrolled_students + 1)
            )
            if len(runs) <= 2 and course_id == order[0]:
                met.wait(timeout=20)

    threads = [
        threading.Thread(target=server_school.write, args=(touch_both, name, order))
        for name, order in (("one", (first, second)), ("two", (second, first)))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with server_school.engines.reader.connect() as connection:
        seats = connection.scalars(
            select(courses.c.enrolled_students).where(courses.c.course_id.in_([first, second]))
        ).all()

    # One of them lost and ran again from its first statement: had only its second half been
    # kept, one of the courses would have a seat less.
    assert len(runs) == 3
    assert list(seats) == [2, 2]


@pytest.mark.proof
def test_a_connection_killed_in_the_middle_leaves_nothing_half_done(
    server_school: Database,
) -> None:
    runs = 0

    def enrol(uow: UnitOfWork) -> int:
        nonlocal runs
        runs += 1
        student_id = make_student(uow.connection, email="killed@example.org")
        if runs == 1:
            kill(server_school, uow)
        return make_enrolment(uow.connection, student_id, make_course(uow.connection))

    server_school.write(enrol)

    # The first half went with its connection; the whole was run again on a new one.
    assert runs == 2
    assert server_school.read(count_users, "killed@example.org") == 1


def test_a_connection_that_is_killed_each_time_gives_up_with_a_sentence(
    server_school: Database,
) -> None:
    def enrol(uow: UnitOfWork) -> int:
        kill(server_school, uow)
        return make_student(uow.connection, email="never@example.org")

    with pytest.raises(DatabaseUnavailable, match="cannot be reached"):
        server_school.write(enrol)

    assert server_school.read(count_users, "never@example.org") == 0


@pytest.mark.proof
def test_a_lost_answer_to_commit_is_never_taken_for_yes_or_no(server_school: Database) -> None:
    url = server_school.engines.writer.url
    with Proxy(str(url.host), url.port or 3306) as proxy:
        wired = Database(open_engines(url.set(host="127.0.0.1", port=proxy.port)), label="school")
        wired.actor()
        runs = 0

        def enrol(uow: UnitOfWork) -> int:
            nonlocal runs
            runs += 1
            proxy.swallow_next_commit = True
            return make_student(uow.connection, email=f"lost-{url.database}@example.org")

        with pytest.raises(OutcomeUnknown, match="broke while the change was being saved"):
            wired.write(enrol)
        wired.close()

    # Not run again: the row is there.
    assert (runs, proxy.swallowed) == (1, 1)
    assert server_school.read(count_users, f"lost-{url.database}@example.org") == 1


def test_a_lock_that_is_never_given_ends_with_a_sentence(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("learnhub_desktop.db.transactions._GIVE_UP_AFTER_S", 0.2)
    monkeypatch.setattr("learnhub_desktop.db.engine._LOCK_WAIT_S", 0.05)
    impatient = Database(open_engines(database.engines.writer.url), label="school.db")
    with database.engines.writer.connect() as holder:
        make_student(holder)
        with pytest.raises(ServerBusy, match=r"Nothing was changed; try again in a moment\."):
            impatient.write(add_student, "busy@example.org")
        holder.rollback()
    impatient.close()

    assert database.read(count_users, "busy@example.org") == 0


def test_writers_of_one_file_wait_for_each_other(database: Database) -> None:
    with made_courses(database, 1) as (course_id,):
        pass

    def take_seat(uow: UnitOfWork) -> None:
        uow.connection.execute(
            update(courses)
            .where(courses.c.course_id == course_id)
            .values(enrolled_students=courses.c.enrolled_students + 1)
        )

    threads = [
        threading.Thread(target=lambda: [database.write(take_seat) for _ in range(25)])
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.engines.reader.connect() as connection:
        assert connection.scalar(select(courses.c.enrolled_students)) == 75


def test_a_refusal_of_the_database_reaches_the_person(any_school: Database) -> None:
    any_school.write(add_student, "twice@example.org")
    with pytest.raises(RuleRefused, match="already an account with this e-mail"):
        any_school.write(add_student, "twice@example.org")


def test_a_bug_reaches_the_hook(any_school: Database) -> None:
    with pytest.raises(Exception, match="SELECT FROM"):
        any_school.write(lambda uow: uow.connection.execute(text("SELECT FROM")))


@pytest.mark.parametrize("level", ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
def test_a_write_runs_at_the_level_it_asks_for(server_school: Database, level: str) -> None:
    def level_now(uow: UnitOfWork) -> str:
        variable = "tx_isolation" if uow.connection.dialect.is_mariadb else "transaction_isolation"
        return str(uow.connection.exec_driver_sql(f"SELECT @@{variable}").scalar())

    assert server_school.write_at(level, level_now) == level.replace(" ", "-")
    # The connection goes back as it was.
    assert server_school.write(level_now) == "READ-COMMITTED"


def test_now_is_the_database_s_and_one_value_a_transaction(any_school: Database) -> None:
    first, second = any_school.read(lambda uow: (uow.now(), uow.now()))

    assert first is second
    assert first.utcoffset() is not None
    assert abs(first.timestamp() - time.time()) < 60


def test_a_clock_can_be_set_for_tests(database: Database) -> None:
    assert database.read(lambda uow: uow.now()) == NOW


def test_an_account_without_a_role_may_nothing(server_school: Database) -> None:
    with server_school.engines.writer.connect() as connection:
        connection.exec_driver_sql("UPDATE people SET disabled = 1 WHERE account = 'root'")
        connection.commit()
    try:
        stranger = Database(server_school.engines, label="school")
        assert stranger.actor().role is None
        assert stranger.actor().rights == frozenset()
    finally:
        with server_school.engines.writer.connect() as connection:
            connection.exec_driver_sql("UPDATE people SET disabled = 0 WHERE account = 'root'")
            connection.commit()


def test_whoever_may_open_a_file_may_do_everything_in_it(database: Database) -> None:
    assert database.actor().role is Role.ADMIN


def test_a_pool_that_is_used_up_says_so(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("learnhub_desktop.db.engine._POOL_TIMEOUT_S", 0.05)
    small = Database(open_engines(database.engines.writer.url), label="school.db")
    held = [small.engines.reader.connect() for _ in range(4)]
    with pytest.raises(ServerBusy, match="every connection is in use"):
        small.read(count_users, "any@example.org")
    for connection in held:
        connection.close()
    small.close()


def test_a_server_that_is_gone_is_told_in_a_sentence(server_school: Database) -> None:
    url = server_school.engines.writer.url.set(port=1)
    gone = Database(open_engines(url), label="school on db.example")
    with pytest.raises(DatabaseUnavailable) as told:
        gone.read(count_users, "any@example.org")
    gone.close()

    assert str(told.value) == (
        "school on db.example cannot be reached: no server answers there. "
        "Check the port, or whether it runs."
    )


def test_seats_are_not_lost_when_many_write_at_once(any_school: Database) -> None:
    with made_courses(any_school, 1) as (course_id,):
        pass

    def enrol(uow: UnitOfWork) -> None:
        uow.connection.execute(
            update(courses)
            .where(courses.c.course_id == course_id)
            .values(enrolled_students=courses.c.enrolled_students + 1)
        )
        make_enrolment(uow.connection, make_student(uow.connection), course_id)

    threads = [
        threading.Thread(target=lambda: [any_school.write(enrol) for _ in range(8)])
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with any_school.engines.reader.connect() as connection:
        mine = enrollments.c.course_id == course_id
        enrolled = connection.scalar(select(func.count()).select_from(enrollments).where(mine))
        seats, total = connection.execute(
            select(courses.c.enrolled_students, courses.c.total_enrollments).where(
                courses.c.course_id == course_id
            )
        ).one()

    assert enrolled == seats == total == 24
