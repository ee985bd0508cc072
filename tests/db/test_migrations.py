"""Schools are made and upgraded by revisions that may break off anywhere and run again."""

from __future__ import annotations

import itertools
import re
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pymysql
import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, event, select, text, update

from learnhub_desktop.db import school as schools
from learnhub_desktop.db import upgrade as upgrades
from learnhub_desktop.db.definer import ACCOUNT
from learnhub_desktop.db.engine import open_engines
from learnhub_desktop.db.failures import told
from learnhub_desktop.db.fingerprint import fingerprint
from learnhub_desktop.db.lease import lease
from learnhub_desktop.db.migrations import steps
from learnhub_desktop.db.school import NewSchool, SchoolRefusal, create
from learnhub_desktop.db.tables import courses, schema_info, school_settings, users
from learnhub_desktop.db.transactions import Database
from learnhub_desktop.db.upgrade import upgrade
from learnhub_desktop.db.version import SCHEMA_VERSION, check_version
from learnhub_desktop.domain.states import GatewayKind, SchoolKind
from learnhub_desktop.errors import (
    InvalidInput,
    LearnHubError,
    NotAllowed,
    RuleRefused,
    SchemaMismatch,
    SchemaProblem,
    ServerBusy,
)
from tests.databases import TEST_SCHOOL, opened
from tests.factories import make_course, make_enrolment, make_student
from tests.servers.server import Server


class Broken(Exception):
    """The program died."""


# What changes something for good. What only looks, or is done each time anew, does not count.
_PROGRESS = re.compile(
    r"\s*(CREATE TABLE (?!IF)|ALTER|CREATE (OR REPLACE )?DEFINER|INSERT|DELETE|UPDATE)"
    r"(?!.*definer_probe)",
    re.S,
)


@contextmanager
def dying_after(engine: Engine, statements: int) -> Iterator[None]:
    """Raise Broken after that many statements that change something."""
    done = 0

    def count(connection: Connection, cursor: Any, statement: str, *rest: Any) -> None:
        nonlocal done
        done += _PROGRESS.match(statement) is not None
        if done == statements:
            raise Broken

    event.listen(engine, "after_cursor_execute", count)
    try:
        yield
    finally:
        event.remove(engine, "after_cursor_execute", count)


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


@pytest.mark.parametrize("what", ["a revision fails", "the settings fail"])
def test_a_school_that_could_not_be_made_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def fail(*args: object) -> None:
        raise Broken

    if what == "a revision fails":
        monkeypatch.setattr(upgrades, "migrate", fail)
    else:
        monkeypatch.setattr(schools, "make_administrator", fail)
    with pytest.raises(Broken):
        create(f"sqlite:///{tmp_path / 'new.db'}", TEST_SCHOOL)

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInput, match="No file can be made in"):
        create(f"sqlite:///{tmp_path / 'file' / 'new.db'}", TEST_SCHOOL)


def test_the_newest_revision_is_the_one_the_program_works_with() -> None:
    config = Config()
    config.set_main_option("script_location", "learnhub_desktop.db:migrations")

    assert ScriptDirectory.from_config(config).get_heads() == [f"{SCHEMA_VERSION:04}"]


def test_a_school_is_made_with_its_settings_rules_and_plans(new_url: str) -> None:
    create(
        new_url,
        NewSchool(name="  École d’été ", currency="eur", time_zone="Europe/Paris"),
    )
    with opened(new_url, "new") as database:
        settings = database.read(lambda uow: uow.settings.get())
        with database.engines.reader.connect() as connection:
            check_version(connection)
            plans = connection.execute(
                text("SELECT plan_type, currency FROM subscription_plans ORDER BY plan_type")
            ).all()
            rules = connection.scalar(text("SELECT COUNT(*) FROM fraud_detection_rules"))
            audited = connection.scalar(
                text("SELECT operation FROM audit_log WHERE entity = 'school_settings'")
            )

    assert settings.school_name == "École d’été"
    assert (settings.currency, settings.time_zone) == ("EUR", "Europe/Paris")
    assert settings.kind is SchoolKind.PRODUCTION
    assert settings.gateway is GatewayKind.MANUAL
    assert [tuple(plan) for plan in plans] == [("annual", "EUR"), ("monthly", "EUR")]
    assert rules == 6
    assert audited == "fill_school"


def test_whoever_makes_a_school_on_a_server_administers_it(server_school: Database) -> None:
    actor = server_school.actor()

    assert (actor.account, actor.role) == ("root", "admin")


@pytest.mark.parametrize(
    ("school", "field"),
    [
        (NewSchool(name=" "), "name"),
        (NewSchool(name="x" * 101), "name"),
        (NewSchool(currency="JPY"), "currency"),
        (NewSchool(currency="dollars"), "currency"),
        (NewSchool(time_zone="Mars/Olympus"), "time_zone"),
        (NewSchool(time_zone="../../etc/passwd"), "time_zone"),
        (NewSchool(gateway=GatewayKind.SIMULATED), "gateway"),
    ],
)
def test_a_school_that_cannot_be_is_refused_before_anything_is_made(
    school: NewSchool, field: str, tmp_path: Path
) -> None:
    path = tmp_path / "new.db"
    with pytest.raises(InvalidInput) as refused:
        create(f"sqlite:///{path}", school)

    assert refused.value.field == field
    assert not path.exists()


@pytest.mark.parametrize(
    ("kind", "gateway"),
    [
        (SchoolKind.PRODUCTION, GatewayKind.MANUAL),
        (SchoolKind.TEST, GatewayKind.SIMULATED),
        (SchoolKind.SAMPLE, GatewayKind.SIMULATED),
    ],
)
def test_only_a_real_school_takes_payments_by_hand(kind: SchoolKind, gateway: GatewayKind) -> None:
    assert NewSchool(kind=kind).chosen_gateway is gateway


def test_a_second_school_in_the_same_database_is_refused(new_url: str) -> None:
    create(new_url, TEST_SCHOOL)
    with pytest.raises(RuleRefused, match="holds a school already") as refused:
        create(new_url, TEST_SCHOOL)

    assert refused.value.reason is SchoolRefusal.EXISTS


def test_a_database_of_another_program_is_left_alone(new_url: str) -> None:
    schools.ensure_database(sa.make_url(new_url), tls=None)
    with opened(new_url, "other") as database:
        with database.engines.writer.connect() as connection:
            connection.exec_driver_sql("CREATE TABLE users (id INTEGER PRIMARY KEY)")
            connection.commit()
        with pytest.raises(RuleRefused, match="tables of another program"):
            create(new_url, TEST_SCHOOL)
        with database.engines.reader.connect() as connection:
            assert sa.inspect(connection).get_table_names() == ["users"]


def test_a_school_that_was_not_filled_is_finished_by_creating_it_again(new_url: str) -> None:
    schools.ensure_database(sa.make_url(new_url), tls=None)
    with opened(new_url, "half") as database:
        upgrades.bring_up(database.engines)
        with (
            database.engines.reader.connect() as connection,
            pytest.raises(SchemaMismatch, match="is not finished"),
        ):
            check_version(connection)
        create(new_url, TEST_SCHOOL)
        with database.engines.reader.connect() as connection:
            check_version(connection)


def test_a_database_without_a_school_says_so(new_url: str) -> None:
    schools.ensure_database(sa.make_url(new_url), tls=None)
    with opened(new_url, "empty") as database:
        with (
            database.engines.reader.connect() as connection,
            pytest.raises(SchemaMismatch, match="holds no school yet") as mismatch,
        ):
            check_version(connection)
        with pytest.raises(SchemaMismatch, match="holds no school yet"):
            upgrade(database.engines)

    assert mismatch.value.problem is SchemaProblem.NO_SCHOOL


@pytest.mark.parametrize(
    ("version", "oldest_client", "problem", "sentence"),
    [
        (
            SCHEMA_VERSION + 1,
            SCHEMA_VERSION + 1,
            SchemaProblem.NEWER,
            "This school is of a newer version (2) than this program (1). "
            "Install the newer LearnHub on this computer.",
        ),
    ],
)
def test_a_newer_school_is_refused_by_an_older_program(
    any_connection: Connection,
    version: int,
    oldest_client: int,
    problem: SchemaProblem,
    sentence: str,
) -> None:
    any_connection.execute(
        update(schema_info).values(schema_version=version, oldest_client=oldest_client)
    )
    with pytest.raises(SchemaMismatch) as mismatch:
        check_version(any_connection)

    assert mismatch.value.problem is problem
    assert str(mismatch.value) == sentence


def test_a_newer_school_may_still_let_this_program_in(any_connection: Connection) -> None:
    any_connection.execute(
        update(schema_info).values(schema_version=SCHEMA_VERSION + 1, oldest_client=1)
    )
    check_version(any_connection)


def test_an_older_school_asks_for_an_upgrade(
    any_connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("learnhub_desktop.db.version.SCHEMA_VERSION", 2)
    with pytest.raises(SchemaMismatch) as mismatch:
        check_version(any_connection)

    assert mismatch.value.problem is SchemaProblem.OLDER
    assert str(mismatch.value) == (
        "This school is of an older version (1) than this program (2). "
        "An administrator can bring it up to date with `learnhub db upgrade`."
    )


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
def test_of_two_who_make_the_same_school_one_is_told_so(new_server_url: str) -> None:
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def make() -> None:
        start.wait()
        try:
            create(new_server_url, TEST_SCHOOL)
            outcomes.append("made")
        except (ServerBusy, RuleRefused) as refused:
            outcomes.append(type(refused).__name__)

    makers = [threading.Thread(target=make) for _ in range(2)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    with (
        opened(new_server_url, "made") as database,
        database.engines.reader.connect() as connection,
    ):
        check_version(connection)
        settings = connection.scalar(select(sa.func.count()).select_from(school_settings))

    assert outcomes.count("made") == 1
    assert settings == 1


def ask(server: Server, *statements: str) -> list[tuple[Any, ...]]:
    """Run statements as the administrator; return the last one's rows."""
    with server.connect() as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall())


@pytest.mark.proof
def test_triggers_and_views_belong_to_a_locked_account(
    server_school: Database, any_server: Server
) -> None:
    database = server_school.engines.writer.url.database
    definers = ask(
        any_server,
        f"SELECT definer FROM information_schema.triggers WHERE trigger_schema = '{database}'"
        f" UNION SELECT definer FROM information_schema.views WHERE table_schema = '{database}'",
    )
    with server_school.engines.reader.connect() as connection:
        recorded = connection.scalar(select(schema_info.c.definer))
    locked = ask(any_server, f"SHOW CREATE USER {ACCOUNT}")

    assert definers == [("learnhub_definer@localhost",)]
    assert recorded == ACCOUNT
    assert "ACCOUNT LOCK" in locked[0][0]


@contextmanager
def account(server: Server, database: str, *grants: str) -> Iterator[str]:
    """A person's account that owns one database; yields the database's address for it."""
    name = f"owner_{database[-8:]}"
    ask(
        server,
        f"CREATE USER '{name}'@'%' IDENTIFIED BY 'A secret, 1'",
        f"GRANT ALL ON `{database}`.* TO '{name}'@'%'",
        *(f"GRANT {grant} TO '{name}'@'%'" for grant in grants),
    )
    try:
        address = sa.make_url(server.url(database)).set(username=name, password="A secret, 1")
        yield address.render_as_string(hide_password=False)
    finally:
        ask(server, f"DROP USER '{name}'@'%'")


@pytest.fixture
def new_database_name(request: pytest.FixtureRequest) -> Iterator[str]:
    name = f"lh_{uuid.uuid4().hex[:12]}"
    yield name
    for fixture in ("any_server", "mysql_server"):
        if fixture in request.fixturenames:
            ask(request.getfixturevalue(fixture), f"DROP DATABASE IF EXISTS {name}")


def test_an_account_that_may_make_no_triggers_is_told_what_is_missing(
    mysql_server: Server, new_database_name: str
) -> None:
    with (
        account(mysql_server, new_database_name) as url,
        pytest.raises(NotAllowed) as refused,
    ):
        create(url, TEST_SCHOOL)

    assert str(refused.value) == (
        f"{new_database_name} on 127.0.0.1 keeps a binary log and lets only a SUPER account make "
        "triggers. Use such an account, or ask for log_bin_trust_function_creators=1 while the "
        "school is set up."
    )


def test_an_account_that_may_not_make_the_definer_stands_in_for_it(
    any_server: Server, new_database_name: str
) -> None:
    # SUPER lets it make triggers in any name, but not an account.
    with account(any_server, new_database_name, "SUPER ON *.*") as url:
        made = create(url, TEST_SCHOOL)
        with opened(url, "own") as database, database.engines.reader.connect() as connection:
            recorded = connection.scalar(select(schema_info.c.definer))

    assert made.definer is None
    assert recorded is None


def test_triggers_of_the_definer_are_not_taken_over_by_a_person(
    any_server: Server, new_database_name: str
) -> None:
    create(any_server.url(new_database_name), TEST_SCHOOL)
    with account(any_server, new_database_name) as url, opened(url, "own") as database:
        assert not upgrade(database.engines).changed
        ask(any_server, f"DROP TRIGGER {new_database_name}.users_after_insert")
        with pytest.raises(NotAllowed, match="belong to the account `learnhub_definer`"):
            upgrade(database.engines)


def test_a_missing_right_is_named() -> None:
    error = sa.exc.OperationalError(
        "CREATE VIEW",
        None,
        pymysql.err.OperationalError(1227, "Access denied; you need (at least one of) the SUPER or "
                            "SET_ANY_DEFINER privilege(s) for this operation"),
    )  # fmt: skip
    with pytest.raises(NotAllowed) as refused, told("school on db.example"):
        raise error

    assert str(refused.value) == (
        "Your account on school on db.example lacks a right of the server: "
        "SUPER or SET_ANY_DEFINER."
    )


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


@contextmanager
def revising(connection: Connection) -> Iterator[None]:
    """What surrounds a revision's steps."""
    with Operations.context(MigrationContext.configure(connection)):
        yield


def revise() -> None:
    """The steps of some later revision."""
    steps.ensure_table(
        "badges",
        sa.Column("badge_id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("title", sa.String(50), nullable=False),
    )
    steps.ensure_indexes("badges", ("title",), ("title", "badge_id"))
    steps.ensure_column(
        "badges", sa.Column("points", sa.Integer(), server_default=sa.text("3"), nullable=False)
    )
    steps.ensure_check("badges", "ck_badges_points", "points < 100")
    steps.ensure_check("badges", "ck_badges_title", "title <> 'a, b) '")


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
