"""Schools are upgraded by revisions that may break off anywhere and run again."""

from __future__ import annotations

import itertools
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, select, text

from learnhub_desktop.db import school as schools
from learnhub_desktop.db import upgrade as upgrades
from learnhub_desktop.db.engine import open_engines
from learnhub_desktop.db.fingerprint import fingerprint
from learnhub_desktop.db.lease import lease
from learnhub_desktop.db.migrations import steps
from learnhub_desktop.db.school import create
from learnhub_desktop.db.tables import courses, schema_info, users
from learnhub_desktop.db.transactions import Database
from learnhub_desktop.db.upgrade import upgrade
from learnhub_desktop.db.version import SCHEMA_VERSION, check_version
from learnhub_desktop.errors import (
    LearnHubError,
    SchemaMismatch,
    ServerBusy,
)
from tests.databases import TEST_SCHOOL, opened
from tests.db.revising import Broken, dying_after, revise, revising
from tests.factories import make_course, make_enrolment, make_student


@pytest.mark.proof
def test_a_schema_that_broke_off_after_any_statement_is_made_whole_by_another_run(
    new_server_url: str, server_school: Database
) -> None:
    with server_school.engines.reader.connect() as connection:
        whole = fingerprint(connection)
    schools.ensure_database(sa.make_url(new_server_url), tls=None)
    engines = open_engines(new_server_url)
    deaths = 0
    # One step at a time while tables are made, then now early, now late in a trigger's steps.
    for budget in itertools.chain([1] * 70, itertools.cycle(range(1, 12))):
        try:
            with dying_after(engines.writer, budget):
                upgrades.bring_up(engines)
        except Broken:
            deaths += 1
            continue
        break
    with engines.reader.connect() as connection:
        made = fingerprint(connection)
    engines.dispose()

    assert made == whole
    assert deaths > 100


def test_a_file_that_broke_off_is_as_it_was(tmp_path: Path) -> None:
    engines = open_engines(f"sqlite:///{tmp_path / 'new.db'}")
    with pytest.raises(Broken), dying_after(engines.writer, 40):
        upgrades.bring_up(engines)
    with engines.reader.connect() as connection:
        tables = sa.inspect(connection).get_table_names()
    engines.dispose()

    assert tables == []


def test_the_newest_revision_is_the_one_the_program_works_with() -> None:
    config = Config()
    config.set_main_option("script_location", "learnhub_desktop.db:migrations")

    assert ScriptDirectory.from_config(config).get_heads() == [f"{SCHEMA_VERSION:04}"]


@pytest.mark.proof
def test_two_administrators_do_not_upgrade_at_once(new_server_url: str) -> None:
    create(new_server_url, TEST_SCHOOL)
    with opened(new_server_url, "leased") as database:
        with (
            lease(database.engines),
            pytest.raises(ServerBusy, match="is being set up or upgraded right now"),
        ):
            upgrade(database.engines)
        assert not upgrade(database.engines).changed


def test_a_lease_of_a_program_that_died_runs_out(new_server_url: str) -> None:
    create(new_server_url, TEST_SCHOOL)
    with opened(new_server_url, "leased") as database:
        with database.engines.writer.connect() as connection:
            connection.exec_driver_sql(
                "UPDATE schema_info SET lease_owner = 'a dead one',"
                " lease_until = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND"
            )
            connection.commit()
        upgrade(database.engines)
        with database.engines.reader.connect() as connection:
            assert connection.scalar(select(schema_info.c.lease_owner)) is None


@pytest.mark.proof
def test_nothing_slips_in_uncounted_while_triggers_are_replaced(new_server_url: str) -> None:
    create(new_server_url, TEST_SCHOOL)
    with opened(new_server_url, "busy") as database:
        with database.engines.writer.connect() as connection:
            course_id = make_course(connection)
            connection.commit()
        stop = threading.Event()
        enrolled = []

        def enrol(uow: Any) -> None:
            make_enrolment(uow.connection, make_student(uow.connection), course_id)

        def keep_enrolling() -> None:
            while not stop.is_set():
                database.write(enrol)
                enrolled.append(1)

        clerks = [threading.Thread(target=keep_enrolling) for _ in range(2)]
        for clerk in clerks:
            clerk.start()
        try:
            for _ in range(3):
                with database.engines.writer.connect() as connection:
                    # Every trigger is taken for one of another version.
                    connection.exec_driver_sql("UPDATE schema_objects SET checksum = 'old'")
                    connection.commit()
                upgrade(database.engines)
        finally:
            stop.set()
            for clerk in clerks:
                clerk.join()
        with database.engines.reader.connect() as connection:
            counted = connection.scalar(
                select(courses.c.total_enrollments).where(courses.c.course_id == course_id)
            )
            audited = connection.scalar(
                text("SELECT COUNT(*) FROM audit_log WHERE entity = 'enrollments'")
            )

    assert counted == audited == len(enrolled) > 10


def test_a_file_is_copied_before_it_is_changed(tmp_path: Path) -> None:
    path = tmp_path / "school.db"
    create(f"sqlite:///{path}", TEST_SCHOOL)
    with closing(sqlite3.connect(path)) as file:
        file.execute("DROP VIEW ledger")
        file.commit()
    with opened(f"sqlite:///{path}", "school.db") as database:
        done = upgrade(database.engines)
        again = upgrade(database.engines)
    with closing(sqlite3.connect(tmp_path / "school-before-upgrade-1.db")) as copy:
        views = copy.execute("SELECT name FROM sqlite_master WHERE type = 'view'").fetchall()
        check = copy.execute("PRAGMA integrity_check").fetchone()

    assert done.copy == tmp_path / "school-before-upgrade-1.db"
    assert done.objects_made == ("ledger",)
    assert ("ledger",) not in views
    assert check == ("ok",)
    assert again.copy is None


def test_a_file_whose_rows_refer_to_nothing_is_not_upgraded(tmp_path: Path) -> None:
    path = tmp_path / "school.db"
    create(f"sqlite:///{path}", TEST_SCHOOL)
    with closing(sqlite3.connect(path)) as file:
        file.execute("DROP VIEW ledger")
        file.execute("INSERT INTO lessons (course_id, title) VALUES (999, 'Lost')")
        file.commit()
    with (
        opened(f"sqlite:///{path}", "school.db") as database,
        pytest.raises(LearnHubError, match="A row of lessons refers to a row of courses"),
    ):
        upgrade(database.engines)
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("SELECT name FROM sqlite_master WHERE name = 'ledger'").fetchall() == []


def test_foreign_keys_hold_again_after_an_upgrade(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'school.db'}"
    create(url, TEST_SCHOOL)
    with opened(url, "school.db") as database:
        upgrade(database.engines)
        with database.engines.writer.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_the_steps_of_a_revision_can_be_run_again(new_url: str) -> None:
    schools.ensure_database(sa.make_url(new_url), tls=None)
    with opened(new_url, "revised") as database:
        with database.engines.writer.connect() as connection:
            with revising(connection):
                revise()
            once = fingerprint(connection)
            connection.exec_driver_sql("INSERT INTO badges (title) VALUES ('first')")
            with revising(connection):
                revise()
            connection.commit()
            points = connection.scalar(text("SELECT points FROM badges"))
            twice = fingerprint(connection)
        with database.engines.writer.connect() as connection:
            with pytest.raises(sa.exc.DBAPIError):
                connection.exec_driver_sql("INSERT INTO badges (title, points) VALUES ('x', 100)")
            connection.rollback()

    assert once == twice
    assert points == 3


def test_a_file_keeps_rows_indexes_and_ids_when_a_check_is_added(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'school.db'}"
    create(url, TEST_SCHOOL)
    with opened(url, "school.db") as database:
        with database.engines.writer.connect() as connection:
            student_id = make_student(connection, name="Ada, (the first)")
            connection.execute(sa.delete(users).where(users.c.user_id == make_student(connection)))
            connection.commit()
        with upgrades._file_for_upgrade(database.engines.writer) as connection:
            before = set(fingerprint(connection))
            upgrades.objects.drop_all(connection)
            with revising(connection):
                steps.ensure_check("users", "ck_users_name", "name <> ''")
            upgrades.objects.apply(connection, definer=None)
            after = set(fingerprint(connection))
            connection.commit()
        with database.engines.writer.connect() as connection:
            name = connection.scalar(select(users.c.name).where(users.c.user_id == student_id))
            next_id = make_student(connection)

    assert after - before == {"constraint | users | CONSTRAINT ck_users_name CHECK (name <> '')"}
    assert before - after == set()
    assert name == "Ada, (the first)"
    assert next_id == student_id + 2


def pretend_next_revision(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if this program were the next one, which has one revision more."""
    monkeypatch.setattr(upgrades, "SCHEMA_VERSION", 2)
    monkeypatch.setattr("learnhub_desktop.db.version.SCHEMA_VERSION", 2)
    migrate = upgrades.migrate

    def migrate_further(connection: Connection, revision: str = "head") -> None:
        migrate(connection, revision)
        with revising(connection):
            revise()
            steps.ensure_column("users", sa.Column("phone", sa.String(40)))
            steps.ensure_check("users", "ck_users_phone", "phone <> ''")

    monkeypatch.setattr(upgrades, "migrate", migrate_further)


@pytest.mark.proof
def test_an_older_school_is_upgraded_with_everything_in_it(
    new_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(new_url, TEST_SCHOOL)
    with opened(new_url, "older") as database:
        with database.engines.writer.connect() as connection:
            student_id = make_student(connection, name="Ada")
            make_enrolment(connection, student_id, make_course(connection))
            connection.commit()
        with database.engines.reader.connect() as connection:
            before = set(fingerprint(connection))
        with monkeypatch.context() as newer:
            pretend_next_revision(newer)
            with (
                database.engines.reader.connect() as connection,
                pytest.raises(SchemaMismatch, match="older version"),
            ):
                check_version(connection)
            done = upgrade(database.engines)
            again = upgrade(database.engines)
            with database.engines.reader.connect() as connection:
                check_version(connection)
        with database.engines.reader.connect() as connection:
            after = set(fingerprint(connection))
            # Yesterday's program may go on: nothing that it needs has gone.
            check_version(connection)
            name = connection.scalar(select(users.c.name).where(users.c.user_id == student_id))
            counted = connection.scalar(select(courses.c.total_enrollments))

    assert (done.before, done.after, again.changed) == (1, 2, False)
    assert (done.copy is not None) is new_url.startswith("sqlite")
    assert (name, counted) == ("Ada", 1)
    assert before - after == set()
    assert any("ck_users_phone" in line for line in after)
    assert any("ck_badges_points" in line for line in after)


def test_a_file_can_be_opened_as_it_was_before_its_upgrade(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'school.db'}"
    create(url, TEST_SCHOOL)
    with monkeypatch.context() as newer, opened(url, "school.db") as database:
        pretend_next_revision(newer)
        done = upgrade(database.engines)
    with (
        opened(f"sqlite:///{done.copy}", "copy") as copy,
        copy.engines.reader.connect() as connection,
    ):
        check_version(connection)
        assert connection.scalar(select(schema_info.c.schema_version)) == 1
