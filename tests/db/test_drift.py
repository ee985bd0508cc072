"""The migrated schema is the one that the code describes, on all three databases.

A change of the schema shows here as a difference to `tests/db/fingerprints`. Renew these files
with ``LEARNHUB_RENEW_FINGERPRINTS=1 .venv/bin/python -m pytest tests/db/test_drift.py`` and
read what changed before committing them.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from difflib import unified_diff
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, make_url, text

from learnhub_desktop.db import objects
from learnhub_desktop.db.fingerprint import fingerprint
from learnhub_desktop.db.school import create, ensure_database
from learnhub_desktop.db.tables import metadata
from learnhub_desktop.db.transactions import Database
from learnhub_desktop.db.upgrade import upgrade
from tests.databases import ALL_KINDS, TEST_SCHOOL, new_database, opened
from tests.servers.server import Server

EXPECTED = Path(__file__).parent / "fingerprints"
RENEW = "LEARNHUB_RENEW_FINGERPRINTS"


def kind_and_release(connection: Connection) -> tuple[str, str]:
    """The name of the file to compare with, and the release whose words it holds."""
    if connection.dialect.name == "sqlite":
        return "sqlite", "any SQLite"
    version = str(connection.scalar(text("SELECT VERSION()")))
    kind = "mariadb" if "MariaDB" in version else "mysql"
    return kind, ".".join(version.split(".")[:2])


def test_the_schema_is_the_one_on_file(any_connection: Connection) -> None:
    kind, release = kind_and_release(any_connection)
    path = EXPECTED / f"{kind}.txt"
    now = fingerprint(any_connection)
    if os.environ.get(RENEW) == "1":
        path.write_text("\n".join([f"# {release}", *now]) + "\n", "utf-8")
    head, *expected = path.read_text("utf-8").splitlines()
    if head != f"# {release}":
        pytest.skip(f"{path.name} holds the words of {head[2:]}, and this server is {release}")

    assert list(unified_diff(expected, now, path.name, "database", n=0, lineterm="")) == []


def test_alembic_finds_no_difference(any_connection: Connection) -> None:
    assert differences(any_connection) == []


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(
        connection,
        opts={
            "target_metadata": metadata,
            # SQLite's own word for who writes; it is made with the triggers that read it.
            "include_object": lambda item, name, *rest: name != "audit_context",
            "autogenerate_plugins": [
                "alembic.autogenerate.*",
                "alembic.ext.checkconstraint_byname",
            ],
        },
    )
    found = compare_metadata(context, metadata)
    if connection.dialect.name == "sqlite":
        return list(found)
    # That cents are whole is a CHECK of SQLite alone; Alembic knows no such condition.
    return [each for each in found if not str(getattr(each[1], "name", "")).endswith("_whole")]


def test_migrating_makes_what_the_tables_in_the_code_say(
    any_school: Database, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with any_school.engines.reader.connect() as connection:
        migrated = fingerprint(connection)
    with ExitStack() as stack:
        if any_school.is_server:
            server = request.getfixturevalue(f"{any_school.label}_server")
            url = stack.enter_context(new_database(server))
            ensure_database(make_url(url), tls=None)
        else:
            url = f"sqlite:///{tmp_path / 'made.db'}"
        database = stack.enter_context(opened(url, "made"))
        with database.engines.writer.connect() as connection:
            metadata.create_all(connection)
            objects.apply(connection, definer=None)
            made = fingerprint(connection)

    assert made == migrated


def test_a_cluster_with_several_writers_would_take_every_table(server_school: Database) -> None:
    """Group Replication wants InnoDB and a primary key, and refuses keys that cascade."""
    with server_school.engines.reader.connect() as connection:
        lines = [line.split(" | ") for line in fingerprint(connection)]
    tables = {line[1] for line in lines if line[0] == "table"}

    assert {line[2] for line in lines if line[0] == "table"} == {"InnoDB"}
    assert {line[1] for line in lines if line[0] == "key" and line[2] == "PRIMARY"} == tables
    assert {tuple(line[6:8]) for line in lines if line[0] == "reference"} == {
        ("RESTRICT", "RESTRICT")
    }


def test_text_compares_alike_on_both_servers(server_school: Database) -> None:
    with server_school.engines.reader.connect() as connection:
        lines = [line.split(" | ") for line in fingerprint(connection)]
    collations = {line[5] for line in lines if line[0] == "column" and line[5] != "-"}
    made_under = {line[9] for line in lines if line[0] == "trigger"}

    # MariaDB keeps JSON as text that compares by code point.
    assert collations == {"utf8mb4_unicode_520_ci", "utf8mb4_bin"}
    assert made_under == {"utf8mb4_unicode_520_ci"}


@pytest.fixture(scope="module", params=ALL_KINDS)
def scratch(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A school that these tests may spoil."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path_factory.mktemp('scratch') / 'school.db'}"
        else:
            server: Server = request.getfixturevalue(f"{request.param}_server")
            url = stack.enter_context(new_database(server))
        create(url, TEST_SCHOOL)
        yield stack.enter_context(opened(url, request.param))


def change_sqlite_text(table: str, old: str, new: str) -> list[str]:
    """What edits a table's definition in place, as a damaged migration might."""
    quoted = [part.replace("'", "''") for part in (old, new)]
    return [
        "PRAGMA writable_schema = ON",
        f"UPDATE sqlite_master SET sql = replace(sql, '{quoted[0]}', '{quoted[1]}')"
        f" WHERE name = '{table}'",
        "PRAGMA writable_schema = RESET",
    ]


SPOILED = {
    "a CHECK is dropped": (
        change_sqlite_text("payments", "CONSTRAINT ck_payments_amount CHECK (amount > 0), ", ""),
        ["ALTER TABLE payments DROP CONSTRAINT ck_payments_amount"],
        "ck_payments_amount",
    ),
    "a CHECK is changed": (
        change_sqlite_text("reviews", "rating BETWEEN 1 AND 5", "rating BETWEEN 0 AND 5"),
        [
            "ALTER TABLE reviews DROP CONSTRAINT ck_reviews_rating,"
            " ADD CONSTRAINT ck_reviews_rating CHECK (rating BETWEEN 0 AND 5)"
        ],
        "ck_reviews_rating",
    ),
    "a trigger is dropped": (
        ["DROP TRIGGER payments_refuse_delete"],
        ["DROP TRIGGER payments_before_delete"],
        "payments_",
    ),
    "a trigger is changed": (
        [
            "DROP TRIGGER audit_log_refuse_update",
            "CREATE TRIGGER audit_log_refuse_update BEFORE UPDATE ON audit_log BEGIN SELECT 1; END",
        ],
        [
            "DROP TRIGGER audit_log_before_update",
            "CREATE TRIGGER audit_log_before_update BEFORE UPDATE ON audit_log"
            " FOR EACH ROW SET @nothing = 1",
        ],
        "audit_log_",
    ),
    "a view is dropped": (["DROP VIEW ledger"], ["DROP VIEW ledger"], "ledger"),
    "a view is changed": (
        [
            "DROP VIEW active_users",
            "CREATE VIEW active_users AS SELECT * FROM users",
        ],
        ["CREATE OR REPLACE VIEW active_users AS SELECT * FROM users"],
        "active_users",
    ),
    "a collation is changed": (
        change_sqlite_text("users", "email VARCHAR(254)", "email VARCHAR(254) COLLATE NOCASE"),
        [
            "ALTER TABLE users MODIFY email VARCHAR(254) NOT NULL COLLATE utf8mb4_general_ci",
        ],
        "email",
    ),
    "a generated expression is changed": (
        change_sqlite_text("fraud_alerts", "WHEN 'critical' THEN 4", "WHEN 'critical' THEN 5"),
        [
            "ALTER TABLE fraud_alerts MODIFY severity INTEGER GENERATED ALWAYS AS"
            " (CASE alert_level WHEN 'critical' THEN 5 ELSE 1 END) STORED"
        ],
        "severity",
    ),
    "a foreign key is dropped": (
        change_sqlite_text(
            "lessons",
            "CONSTRAINT fk_lessons_course_id FOREIGN KEY(course_id) REFERENCES courses"
            " (course_id) ON DELETE RESTRICT ON UPDATE RESTRICT, ",
            "",
        ),
        ["ALTER TABLE lessons DROP FOREIGN KEY fk_lessons_course_id"],
        "fk_lessons_course_id",
    ),
    "an index is dropped": (
        ["DROP INDEX ix_users_search_text"],
        ["DROP INDEX ix_users_search_text ON users"],
        "ix_users_search_text",
    ),
    "a default is changed": (
        change_sqlite_text("courses", "'active' NOT NULL", "'draft' NOT NULL"),
        ["ALTER TABLE courses ALTER status SET DEFAULT 'draft'"],
        "status",
    ),
}


@pytest.mark.parametrize("what", SPOILED)
def test_the_fingerprint_shows_that(what: str, scratch: Database) -> None:
    on_sqlite, on_servers, named = SPOILED[what]
    with scratch.engines.reader.connect() as connection:
        before = fingerprint(connection)
    run(scratch, on_servers if scratch.is_server else on_sqlite)
    with scratch.engines.reader.connect() as connection:
        after = fingerprint(connection)

    differing = set(before) ^ set(after)
    assert differing
    assert any(named in line for line in differing)


def run(database: Database, statements: list[str]) -> None:
    """Run statements that no transaction may hold."""
    if database.is_server:
        with database.engines.writer.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
        return
    with closing(sqlite3.connect(str(database.engines.writer.url.database))) as file:
        file.isolation_level = None
        for statement in statements:
            file.execute(statement)


def test_an_upgrade_makes_spoiled_triggers_and_views_again(new_url: str) -> None:
    create(new_url, TEST_SCHOOL)
    with opened(new_url, "spoiled") as database:
        with database.engines.reader.connect() as connection:
            whole = fingerprint(connection)
        for what in ("a trigger is dropped", "a trigger is changed", "a view is dropped"):
            run(database, SPOILED[what][database.is_server])
        made = upgrade(database.engines).objects_made
        with database.engines.reader.connect() as connection:
            assert fingerprint(connection) == whole

    assert len(made) == 3
    assert "ledger" in made
