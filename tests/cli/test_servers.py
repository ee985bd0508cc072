"""Commands on real servers: the same answers, and those that only a server gives."""

import pytest

from learnhub_desktop.db.engine import open_engines
from tests.cli.conftest import add_rows
from tests.databases import opened


@pytest.fixture
def address(new_server_url):
    """The server's database as `--database` takes it, and its password apart."""
    return new_server_url.replace("mysql+pymysql", "mysql") + "?tls=off"


@pytest.fixture
def on_server(learnhub, address, monkeypatch, any_server):
    monkeypatch.setenv("LEARNHUB_PASSWORD", any_server.password)

    def run(*arguments):
        return learnhub(*arguments, "--database", address.replace(f":{any_server.password}@", "@"))

    return run


def test_a_school_lives_on_a_server_from_its_making_to_its_backup(
    on_server, address, new_server_url, home, learnhub
):
    made = on_server("db", "create", "--kind", "test", "--json")
    assert made.code == 0, made.err
    with opened(new_server_url, "server") as database:
        courses, _people = database.write(add_rows)

    sold = on_server(
        *("enrol", "--student", "ola@example.org", "--course", courses["Python Basics"]),
        *("--card", "tok_visa", "--json"),
    )
    assert (sold.code, sold.json["status"]) == (0, "completed")
    payment = sold.json["payment_id"]
    back = on_server("refund", payment, "--reason", "goodwill", "--amount", "9.00", "--json")
    assert (back.code, back.json["amount"]) == (0, "9.00")
    assert on_server("archive", courses["Python Basics"], "--reason", "Old").code == 0
    assert on_server("restore", courses["Python Basics"]).code == 0
    assert on_server("jobs", "run", "ask-gateway").code == 0
    # The servers of these tests save time by not waiting for the disk, and that is noticed.
    found = on_server("db", "check", "--json").json["findings"]
    assert {each["topic"] for each in found if each["severity"] == "problem"} == {"durability"}
    assert on_server("db", "verify").code == 0
    assert on_server("db", "upgrade").code == 0
    assert on_server("db", "backup", "server.zip").code == 0
    copy = f"sqlite:///{home.path}/copy.db"
    assert learnhub("db", "restore", "server.zip", "--database", copy).code == 0
    assert learnhub("db", "verify", "--database", copy).code == 0


def test_a_wrong_password_is_said_plainly(on_server, monkeypatch):
    monkeypatch.setenv("LEARNHUB_PASSWORD", "not the password")
    for command in (("jobs", "run", "ask-gateway"), ("db", "create"), ("db", "verify")):
        ended = on_server(*command)
        assert ended.code == 3, ended.err
        assert "does not know this account with this password" in ended.sentence


def test_a_database_that_is_not_there_is_said_plainly(on_server):
    ended = on_server("jobs", "run", "ask-gateway")
    assert ended.code == 3
    assert "has no database of that name" in ended.sentence


def test_a_server_that_goes_away_in_the_middle_is_said_plainly(
    on_server, address, new_server_url, any_server, monkeypatch
):
    assert on_server("db", "create", "--kind", "test").code == 0
    with opened(new_server_url, "server") as database:
        courses, _people = database.write(add_rows)

    from learnhub_desktop.services import archiving

    act = archiving.archive_course

    def cut(uow, course_id, *, reason):
        changes = act(uow, course_id, reason=reason)
        with any_server.connect() as other, other.cursor() as cursor:
            mine = uow.connection.exec_driver_sql("SELECT CONNECTION_ID()").scalar_one()
            cursor.execute(f"KILL {mine}")
        uow.connection.exec_driver_sql("SELECT 1")
        return changes

    monkeypatch.setattr(archiving, "archive_course", cut)
    ended = on_server("archive", courses["Draft"], "--reason", "x")
    assert ended.code == 3
    assert "cannot be reached" in ended.sentence

    engines = open_engines(new_server_url)
    with engines.reader.connect() as connection:
        kept = connection.exec_driver_sql("SELECT COUNT(*) FROM archived_courses").scalar_one()
    engines.dispose()
    assert kept == 0
