"""`db check` says in words whether a database fits, and what is lost where it does not."""

from __future__ import annotations

import sqlite3
import ssl
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url, update

from learnhub_desktop.db.checks import check, judge_version
from learnhub_desktop.db.engine import open_engines
from learnhub_desktop.db.school import create, ensure_database
from learnhub_desktop.db.tables import courses, schema_info
from learnhub_desktop.db.tls import context_for, fetch_certificate, is_verifying
from learnhub_desktop.db.transactions import Database
from learnhub_desktop.domain.findings import Finding, Severity
from learnhub_desktop.settings import Profile, Tls
from tests.databases import TEST_SCHOOL, opened
from tests.factories import make_course
from tests.servers.fixtures import StartServer
from tests.servers.programs import KINDS, Kind
from tests.servers.server import Server


@pytest.mark.parametrize(
    ("version", "severity", "sentence"),
    [
        ("9.7.4", "ok", "MySQL 9.7.4 is a version that LearnHub is tested with."),
        ("9.1.0-commercial", "ok", "MySQL 9.1.0 is a version that LearnHub is tested with."),
        (
            "8.4.2",
            "warning",
            "MySQL 8.4.2 is expected to work, but only MySQL 9.7 has been tested.",
        ),
        # After 9.7 the numbers are those of the calendar.
        (
            "26.10.0",
            "warning",
            "MySQL 26.10.0 is expected to work, but only MySQL 9.7 has been tested.",
        ),
        (
            "8.0.36-0ubuntu0.22.04.1",
            "problem",
            "MySQL 8.0.36 is too old. LearnHub needs MySQL 8.4 or newer.",
        ),
        ("5.7.44-log", "problem", "MySQL 5.7.44 is too old. LearnHub needs MySQL 8.4 or newer."),
        (
            "10.11.19-MariaDB-0+deb12u1-log",
            "ok",
            "MariaDB 10.11.19 is a version that LearnHub is tested with.",
        ),
        (
            "11.4.3-MariaDB",
            "warning",
            "MariaDB 11.4.3 is expected to work, but only MariaDB 10.11 has been tested.",
        ),
        (
            "10.6.18-MariaDB",
            "problem",
            "MariaDB 10.6.18 is too old. LearnHub needs MariaDB 10.11 or newer.",
        ),
    ],
)
def test_a_version_is_judged_by_its_number(version: str, severity: str, sentence: str) -> None:
    assert judge_version(version) == Finding(Severity(severity), "server", sentence)


def sentences(findings: list[Finding], severity: Severity) -> list[str]:
    return [each.sentence for each in findings if each.severity is severity]


def test_a_file_that_fits_gives_no_warning(database: Database) -> None:
    findings = check(database.engines)

    assert {each.severity for each in findings} == {Severity.OK}
    assert {each.topic for each in findings} == {
        "file",
        "schema",
        "triggers",
        "durability",
        "integrity",
    }


def test_a_server_that_fits_has_no_problem_but_speed_before_safety(
    server_school: Database,
) -> None:
    findings = check(server_school.engines)

    # The servers of the tests are set up to be fast.
    assert [each.topic for each in findings if each.severity is Severity.PROBLEM] == ["durability"]
    assert "1 seat" not in " ".join(sentences(findings, Severity.WARNING))


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_is_set_up_badly_hears_what_is_lost(
    kind: Kind, start_server: StartServer
) -> None:
    server = start_server(
        kind,
        options=[
            "--innodb-flush-log-at-trx-commit=0",
            "--sync-binlog=0",
            "--log-bin=log",
            "--server-id=1",
            "--binlog-format=STATEMENT",
            "--default-time-zone=+02:00",
            "--sql-mode=",
            "--max-connections=40",
            "--log-bin-trust-function-creators=1",
        ],
    )
    ensure_database(make_url(server.url("school")), tls=None)
    with opened(server.url("school"), "school") as database:
        findings = check(database.engines)

    assert sentences(findings, Severity.PROBLEM) == [
        "This database holds no school yet. "
        "An administrator can set one up with `learnhub db create`.",
        "innodb_flush_log_at_trx_commit is 0: if the server’s program or its machine stops, about "
        "the last second of confirmed payments is lost. Set it to 1.",
        "binlog_format is STATEMENT, with which READ COMMITTED cannot write. Set it to ROW.",
    ]
    assert sentences(findings, Severity.WARNING) == [
        "sync_binlog is 0: after a power cut a replica, or a restore from the binary log, may "
        "miss confirmed payments. Set it to 1.",
        "NOW() is of the time zone +02:00 here: what other programs write with it is off. "
        "Set default_time_zone = '+00:00'.",
        "sql_mode is not strict: values of other programs that do not fit are cut without a "
        "word. Add STRICT_ALL_TABLES.",
        "40 connections are enough for 5 workstations with up to 8 each. Raise max_connections, "
        "or put a proxy in between.",
    ]


def test_a_server_that_takes_no_changes_says_so(start_server: StartServer) -> None:
    server = start_server("mariadb", options=["--read-only=1"])
    ensure_database(make_url(server.url("school")), tls=None)
    with opened(server.url("school"), "school") as database:
        problems = sentences(check(database.engines), Severity.PROBLEM)

    assert "The server is read-only at the moment: nothing can be saved." in problems


@pytest.fixture
def own_school(any_server: Server) -> Iterator[Database]:
    """A school that a test may spoil, on each server."""
    name = f"lh_{uuid.uuid4().hex[:12]}"
    create(any_server.url(name), TEST_SCHOOL)
    with opened(any_server.url(name), name) as database:
        yield database
    ask(any_server, f"DROP DATABASE {name}", f"DROP USER IF EXISTS '{name}'@'%'")


def ask(server: Server, *statements: str) -> None:
    with server.connect() as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def test_what_other_programs_and_hands_have_done_is_seen(own_school: Database) -> None:
    with own_school.engines.writer.connect() as connection:
        course_id = make_course(connection)
        connection.execute(
            update(courses).where(courses.c.course_id == course_id).values(enrolled_students=1)
        )
        connection.commit()
        connection.exec_driver_sql("DROP TRIGGER audit_log_before_delete")
    findings = check(own_school.engines)

    assert (
        "1 course counts other seats than enrolments hold: another program takes seats without "
        "counting them. `learnhub db verify` shows which."
    ) in sentences(findings, Severity.WARNING)
    assert (
        "Missing or changed by hand: audit_log_before_delete. `learnhub db upgrade` makes them "
        "again."
    ) in sentences(findings, Severity.PROBLEM)


def test_triggers_that_belong_to_a_person_are_a_risk(own_school: Database) -> None:
    with own_school.engines.writer.connect() as connection:
        connection.exec_driver_sql("DROP TRIGGER users_after_delete")
        connection.exec_driver_sql(
            "CREATE TRIGGER users_after_delete AFTER DELETE ON users FOR EACH ROW SET @x = 1"
        )
        connection.execute(update(schema_info).values(definer=None))
        connection.commit()
    warnings = sentences(check(own_school.engines), Severity.WARNING)

    assert any(
        each.startswith("Triggers belong to the account learnhub_definer@localhost, root@")
        for each in warnings
    )


def test_an_account_hears_what_it_may_not(own_school: Database, any_server: Server) -> None:
    name = own_school.label
    ask(
        any_server,
        f"CREATE USER '{name}'@'%' IDENTIFIED BY 'Right 1!'",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON `{name}`.* TO '{name}'@'%'",
    )
    url = own_school.engines.writer.url.set(username=name, password="Right 1!")
    with opened(url.render_as_string(hide_password=False), name) as limited:
        findings = check(limited.engines)
    warnings = sentences(findings, Severity.WARNING)

    assert f"The school gives the account {name} no role." in sentences(findings, Severity.PROBLEM)
    assert (
        "This account may not see the school’s triggers. Let an administrator run the check."
    ) in warnings
    assert any("it lacks ALTER, CREATE, CREATE USER" in each for each in warnings)


@pytest.mark.parametrize("pinned", [True, False])
def test_encryption_is_only_good_with_a_certificate_that_is_checked(
    mysql_server: Server, pinned: bool
) -> None:
    url = mysql_server.url("mysql")
    pin = fetch_certificate("127.0.0.1", mysql_server.port).fingerprint
    profile = Profile("x", host="127.0.0.1", tls=Tls.PINNED, pin=pin)
    unchecked = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    unchecked.check_hostname = False
    unchecked.verify_mode = ssl.CERT_NONE
    context = context_for(profile) if pinned else unchecked
    engines = open_engines(url, tls=context)
    findings = [each for each in check(engines, tls=context) if each.topic == "encryption"]
    engines.dispose()

    assert is_verifying(context) is pinned
    assert findings[0].severity is (Severity.OK if pinned else Severity.PROBLEM)
    assert findings[0].sentence.startswith("Encrypted (TLS")


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "school.db"
    create(f"sqlite:///{path}", TEST_SCHOOL)
    with closing(sqlite3.connect(path)) as file:
        file.execute("DROP TRIGGER payments_refuse_delete")
        file.execute("INSERT INTO lessons (course_id, title) VALUES (7, 'Lost')")
        file.commit()
    with opened(f"sqlite:///{path}", "school.db") as database:
        problems = sentences(check(database.engines), Severity.PROBLEM)

    assert problems == [
        "Missing or changed by hand: payments_refuse_delete. `learnhub db upgrade` makes them "
        "again.",
        "1 row refers to something that is not there.",
    ]
