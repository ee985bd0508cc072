"""Who owns the triggers of a server, and who may make them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pymysql
import pytest
import sqlalchemy as sa
from sqlalchemy import select

from learnhub_desktop.db.definer import ACCOUNT
from learnhub_desktop.db.failures import told
from learnhub_desktop.db.school import create
from learnhub_desktop.db.tables import schema_info
from learnhub_desktop.db.transactions import Database
from learnhub_desktop.db.upgrade import upgrade
from learnhub_desktop.errors import (
    NotAllowed,
)
from tests.databases import TEST_SCHOOL, opened
from tests.servers.server import Server


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


def test_an_account_with_the_rights_of_an_upgrade_can_do_one_again(
    any_server: Server, new_database_name: str
) -> None:
    # The views of a school name the definer by then, which MySQL's CREATE USER minds.
    held = {
        "mysql": ("CREATE USER, SET_ANY_DEFINER ON *.*", "SUPER ON *.*"),
        "mariadb": ("CREATE USER, SET USER ON *.*", "SUPER ON *.*"),
    }[any_server.kind]
    with account(any_server, new_database_name, *held) as url:
        name = f"owner_{new_database_name[-8:]}"
        granted = f"GRANT ALL ON `{new_database_name}`.* TO '{name}'@'%' WITH GRANT OPTION"
        ask(any_server, granted)
        create(url, TEST_SCHOOL)
        ask(any_server, f"REVOKE SUPER ON *.* FROM '{name}'@'%'")
        with opened(url, "own") as database:
            again = upgrade(database.engines)

    assert not again.changed
    assert again.definer == ACCOUNT


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
