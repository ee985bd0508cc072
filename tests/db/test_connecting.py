"""Every way in which a school cannot be opened has its own plain answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import make_url, update

from learnhub_desktop.db import connecting
from learnhub_desktop.db.connecting import probe
from learnhub_desktop.db.school import ensure_database
from learnhub_desktop.db.tables import schema_info
from learnhub_desktop.db.transactions import Database
from learnhub_desktop.domain.connecting import Outcome, Reach
from learnhub_desktop.settings import Profile, Tls
from tests.db.strangers import answering, on_this_computer, profile_of
from tests.servers.server import Server


def test_a_school_that_can_be_opened_is_named(any_school: Database) -> None:
    profile = profile_of(any_school)

    assert probe(profile, None) == Outcome(
        Reach.READY, f"“Test school” is ready in {profile.label}.", school="Test school"
    )


def test_a_school_that_is_not_there_yet_is_told_apart(new_server_url: str) -> None:
    url = make_url(new_server_url)
    profile = Profile(
        "new", host=str(url.host), port=url.port or 0, database=str(url.database),
        account="root", tls=Tls.OFF,
    )  # fmt: skip
    no_database = probe(profile, None)
    ensure_database(url, tls=None)
    no_school = probe(profile, None)

    assert no_database.reach is Reach.NO_DATABASE
    assert no_database.sentence == f"{url.host}:{url.port} has no database of that name."
    assert no_school.reach is Reach.NO_SCHOOL


@pytest.mark.parametrize(
    ("values", "reach"),
    [
        ({"schema_version": 2, "oldest_client": 2}, Reach.NEWER),
        ({"schema_version": 0, "oldest_client": 0}, Reach.NO_SCHOOL),
    ],
)
def test_a_school_of_another_version_says_so(
    database: Database, values: dict[str, int], reach: Reach
) -> None:
    with database.engines.writer.connect() as connection:
        connection.execute(update(schema_info).values(**values))
        connection.commit()

    assert probe(profile_of(database), None).reach is reach


def test_an_older_school_says_so(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("learnhub_desktop.db.version.SCHEMA_VERSION", 2)

    assert probe(profile_of(database), None).reach is Reach.OLDER


def test_a_file_that_is_missing_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "no.db"
    outcome = probe(Profile("no", path=str(path)), None)

    assert outcome == Outcome(Reach.NO_FILE, f"There is no file {path}.")
    assert not path.exists()


def test_a_file_of_another_kind_is_told(tmp_path: Path) -> None:
    path = tmp_path / "diary.db"
    path.write_text("Dear diary, " * 100)
    outcome = probe(Profile("diary", path=str(path)), None)

    assert outcome == Outcome(Reach.BAD_FILE, "diary.db cannot be used: file is not a database.")


def test_a_name_that_nobody_has() -> None:
    outcome = probe(Profile("typo", host="no-such-host.invalid", account="ada"), None)

    assert outcome.reach is Reach.NO_HOST
    assert outcome.sentence == (
        "no-such-host.invalid:3306 cannot be reached: there is no computer of that name."
    )


def test_a_port_where_nobody_answers() -> None:
    outcome = probe(on_this_computer(1), None)

    assert outcome.reach is Reach.REFUSED
    assert outcome.sentence == (
        "127.0.0.1:1 cannot be reached: no server answers there. "
        "Check the port, or whether it runs."
    )


@pytest.mark.parametrize(
    ("greeting", "reach"),
    [
        (b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", Reach.NOT_A_SERVER),
        (b"220 mail.example ESMTP\r\n", Reach.NOT_A_SERVER),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", Reach.NOT_A_SERVER),
        (b"\x05\x00\x00\x00\x0a5.x\x00", Reach.NOT_A_SERVER),
    ],
)
def test_a_port_where_another_program_answers(
    greeting: bytes, reach: Reach, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "_TIMEOUT_S", 1)
    with answering(lambda connection: connection.sendall(greeting)) as port:
        assert probe(on_this_computer(port), None).reach is reach


def test_a_port_where_somebody_listens_and_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "_TIMEOUT_S", 0.2)
    with answering(lambda connection: None) as port:
        assert probe(on_this_computer(port), None).reach is Reach.TIMED_OUT


def test_a_port_that_hangs_up_at_once() -> None:
    with answering(lambda connection: connection.close()) as port:
        assert probe(on_this_computer(port), None).reach is Reach.UNREACHABLE


@pytest.fixture
def account(any_server: Server) -> Iterator[str]:
    """An account with a password on the server, and no right to anything."""
    with any_server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE USER 'probe'@'%' IDENTIFIED BY 'Right 1!'")
        try:
            yield "probe"
        finally:
            cursor.execute("DROP USER 'probe'@'%'")


def run(server: Server, statement: str) -> None:
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(statement)


def test_an_account_that_is_not_let_in_is_told_why(
    server_school: Database, any_server: Server, account: str
) -> None:
    profile = profile_of(server_school, account=account)
    database = profile.database

    assert probe(profile, "Wrong 1!").reach is Reach.WRONG_PASSWORD
    assert probe(profile, None).reach is Reach.WRONG_PASSWORD
    assert probe(replace(profile, account="nobody"), "Right 1!").reach is Reach.WRONG_PASSWORD
    assert probe(profile, "Right 1!").reach is Reach.NO_RIGHT

    run(any_server, f"GRANT SELECT ON `{database}`.* TO 'probe'@'%'")
    assert probe(profile, "Right 1!").reach is Reach.READY

    run(any_server, "ALTER USER 'probe'@'%' ACCOUNT LOCK")
    assert probe(profile, "Right 1!").reach is Reach.ACCOUNT_LOCKED
    run(any_server, "ALTER USER 'probe'@'%' ACCOUNT UNLOCK")

    run(any_server, "ALTER USER 'probe'@'%' PASSWORD EXPIRE")
    assert probe(profile, "Right 1!").reach is Reach.PASSWORD_EXPIRED


def test_a_server_that_is_full_says_so(
    server_school: Database, any_server: Server, account: str
) -> None:
    run(any_server, "ALTER USER 'probe'@'%' WITH MAX_USER_CONNECTIONS 1")
    profile = profile_of(server_school, account=account)
    run(any_server, f"GRANT SELECT ON `{profile.database}`.* TO 'probe'@'%'")
    only = Server(any_server.kind, any_server.host, any_server.port, "probe", "Right 1!")
    with only.connect():
        outcome = probe(profile, "Right 1!")

    assert outcome.reach is Reach.TOO_MANY


def test_an_account_that_must_encrypt_is_not_let_in_without(
    server_school: Database, mysql_server: Server
) -> None:
    run(mysql_server, "CREATE USER 'careful'@'%' IDENTIFIED BY 'Right 1!' REQUIRE SSL")
    try:
        url = server_school.engines.writer.url
        profile = on_this_computer(mysql_server.port, account="careful", database=url.database)
        assert probe(profile, "Right 1!").reach is Reach.WRONG_PASSWORD
    finally:
        run(mysql_server, "DROP USER 'careful'@'%'")
