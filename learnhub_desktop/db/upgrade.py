"""Bringing a schema up to date: revisions, then triggers and views, then the version's number.

Everything here may break off at any statement and be run again. On SQLite it is one
transaction, and the file is copied first.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.schema import CreateTable

from learnhub_desktop.db import objects
from learnhub_desktop.db.definer import Definer, provide
from learnhub_desktop.db.engine import Engines
from learnhub_desktop.db.lease import lease
from learnhub_desktop.db.tables import schema_info
from learnhub_desktop.db.version import (
    OLDEST_CLIENT,
    SCHEMA_VERSION,
    UNFINISHED,
    Standing,
    check_version,
    standing,
)
from learnhub_desktop.errors import (
    LearnHubError,
    NotAllowed,
    SchemaMismatch,
    SchemaProblem,
)

# An ALTER waits for every open transaction on its table, by default for a year, and all
# other desks then wait behind it.
_LOCK_WAIT: Final = "SET SESSION lock_wait_timeout = 20"


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What an upgrade did. ``copy`` is the SQLite file as it was before, where one was made."""

    before: int
    after: int
    objects_made: tuple[str, ...]
    definer: str | None
    copy: Path | None = None

    @property
    def changed(self) -> bool:
        return self.before != self.after or bool(self.objects_made)


def upgrade(engines: Engines) -> Upgraded:
    """Bring the school up to this program's schema.

    SchemaMismatch where there is no school or a newer one; NotAllowed where this account
    may not change what must be changed.
    """
    with engines.writer.connect() as connection:
        found = standing(connection)
        if found is None or found.schema_version == UNFINISHED or not found.has_settings:
            check_version(connection)
    assert found is not None  # else check_version has raised
    if found.schema_version > SCHEMA_VERSION:
        raise SchemaMismatch(
            f"This school is of version {found.schema_version}, and this program makes version "
            f"{SCHEMA_VERSION}. Upgrade it with the newer LearnHub.",
            problem=SchemaProblem.NEWER,
        )
    return bring_up(engines)


def bring_up(engines: Engines) -> Upgraded:
    """Make or change the schema, whatever is there of it, and declare it whole."""
    if engines.killer is None:
        with _file_for_upgrade(engines.writer) as connection:
            return _bring_up_file(connection)
    with engines.writer.connect() as connection:
        connection.exec_driver_sql(_LOCK_WAIT)
        ensure_schema_info(connection)
        connection.commit()
        with lease(engines):
            try:
                found = _found(connection)
                definer = _choose_definer(connection, found)
                migrate(connection)
                made = objects.apply(connection, definer=definer.account)
                _write_version(connection, definer.account)
                connection.commit()
            finally:
                # The lease is given back on another connection, which needs this row.
                connection.rollback()
        # The session's own settings leave with it.
        connection.invalidate()
    return Upgraded(found.schema_version, SCHEMA_VERSION, tuple(made), definer.account)


def lay_foundation(connection: Connection, version: int) -> None:
    """Make the tables as they were at that version, without triggers and views, for a restore."""
    ensure_schema_info(connection)
    migrate(connection, f"{version:04}")


def migrate(connection: Connection, revision: str = "head") -> None:
    """Run the revisions that are missing, up to and with ``revision``, in the open transaction."""
    # Only an upgrade needs Alembic, and importing it takes longer than opening a school.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "learnhub_desktop.db:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def ensure_schema_info(connection: Connection) -> None:
    """Make the table of the version and of the lease: it stands before the first revision."""
    connection.execute(CreateTable(schema_info, if_not_exists=True))
    if connection.scalar(select(schema_info.c.info_id)) is None:
        row = insert(schema_info).values(
            info_id=1, schema_version=UNFINISHED, oldest_client=UNFINISHED
        )
        # Two creators at once: the second finds the first one's row.
        connection.execute(row.prefix_with("IGNORE", dialect="mysql"))


def _found(connection: Connection) -> Standing:
    found = standing(connection)
    return found or Standing(UNFINISHED, UNFINISHED, has_settings=False, definer=None)


def _write_version(connection: Connection, definer: str | None) -> None:
    connection.execute(
        update(schema_info)
        .where(schema_info.c.info_id == 1)
        .values(schema_version=SCHEMA_VERSION, oldest_client=OLDEST_CLIENT, definer=definer)
    )


def _choose_definer(connection: Connection, found: Standing) -> Definer:
    """The account that will own triggers and views; never a person's where it was not before."""
    definer = provide(connection)
    if definer.account is None and found.definer is not None:
        if objects.outdated(connection, definer=found.definer):
            raise NotAllowed(
                f"The triggers of this school belong to the account {found.definer}, and your "
                f"account may not make them in its name. The server said: {definer.why_not}"
            )
        return Definer(found.definer)
    return definer


@contextmanager
def _file_for_upgrade(writer: Engine) -> Iterator[Connection]:
    """A connection on which tables may be made anew: foreign keys are off until it is given back.

    The setting takes no effect inside a transaction.
    """
    with writer.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        driver.execute("PRAGMA foreign_keys = OFF")
        try:
            yield connection
        finally:
            connection.rollback()
            driver.execute("PRAGMA foreign_keys = ON")


def _bring_up_file(connection: Connection) -> Upgraded:
    found = _found(connection)  # the first statement takes the file's one write lock
    copy = None
    if found.schema_version != UNFINISHED and (
        found.schema_version < SCHEMA_VERSION or objects.outdated(connection, definer=None)
    ):
        copy = _copy_file(connection)
    ensure_schema_info(connection)
    if UNFINISHED < found.schema_version < SCHEMA_VERSION:
        # A table cannot be made anew beneath a trigger or view that names it.
        objects.drop_all(connection)
    migrate(connection)
    made = objects.apply(connection, definer=None)
    orphan = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if orphan is not None:
        raise LearnHubError(
            f"A row of {orphan[0]} refers to a row of {orphan[2]} that is not there, so the file "
            "was left as it was."
        )
    _write_version(connection, None)
    connection.commit()
    return Upgraded(found.schema_version, SCHEMA_VERSION, tuple(made), None, copy)


def _copy_file(connection: Connection) -> Path:
    """Copy the file beside itself, as it was committed last; return the copy's path."""
    path = Path(str(connection.engine.url.database))
    number = 1
    while True:
        target = path.with_name(f"{path.stem}-before-upgrade-{number}{path.suffix}")
        if not target.exists():
            break
        number += 1
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as made:
        source.backup(made)
        made.execute("PRAGMA journal_mode = DELETE")
    return target
