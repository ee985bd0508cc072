"""The locked account that owns the triggers and views of a server.

A trigger runs with the rights of its definer and stops working when that account is dropped:
every INSERT then fails. So they belong to an account that is no person and that nobody can
log in to, and no person's leaving breaks anything.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from learnhub_desktop.db.failures import Meaning, code_of, meaning_of

# At localhost: nobody logs in with it, and so it is not even named to other computers.
ACCOUNT: Final = "`learnhub_definer`@`localhost`"
# What the bodies of triggers and views do; nothing of ours deletes.
_RIGHTS: Final = "SELECT, INSERT, UPDATE, TRIGGER"
_PROBE: Final = "learnhub_definer_probe"
_CANNOT_CREATE_USER: Final = 1396
_NAMED_BY_A_VIEW: Final = 4006


@dataclass(frozen=True, slots=True)
class Definer:
    """``account`` is quoted for SQL; None where the connected account must stand in."""

    account: str | None
    why_not: str = ""


def provide(connection: Connection) -> Definer:
    """Make the account, grant it what triggers and views need, and see whether it may be used."""
    try:
        _create_account(connection)
        connection.exec_driver_sql(
            f"GRANT {_RIGHTS} ON {_schema_pattern(connection)}.* TO {ACCOUNT}"
        )
        connection.exec_driver_sql(
            f"CREATE OR REPLACE DEFINER = {ACCOUNT} VIEW {_PROBE} AS SELECT 1 AS probe"
        )
        connection.exec_driver_sql(f"DROP VIEW {_PROBE}")
    except DBAPIError as error:
        if meaning_of(error) is Meaning.DENIED or code_of(error) == _CANNOT_CREATE_USER:
            return Definer(None, str(getattr(error.orig, "args", ("", ""))[1]))
        raise
    return Definer(ACCOUNT)


def _create_account(connection: Connection) -> None:
    try:
        # A random password that nobody keeps, on an account that is locked besides. It is a
        # parameter, so that no error's text holds it.
        connection.exec_driver_sql(
            f"CREATE USER IF NOT EXISTS {ACCOUNT} IDENTIFIED BY %s ACCOUNT LOCK",
            (f"Lh1!{secrets.token_urlsafe(24)}",),
        )
    except DBAPIError as error:
        # Once a view names the account MySQL wants one more right for this statement, also
        # where there is nothing to create.
        if code_of(error) != _NAMED_BY_A_VIEW:
            raise


def _schema_pattern(connection: Connection) -> str:
    """The database's name as GRANT reads it: there an underscore stands for any letter."""
    name = str(connection.exec_driver_sql("SELECT DATABASE()").scalar_one()).replace("`", "``")
    literal = connection.exec_driver_sql(
        "SHOW GLOBAL VARIABLES LIKE 'partial_revokes'"
    ).one_or_none()
    if literal is not None and literal[1] == "ON":
        return f"`{name}`"
    return "`" + name.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%") + "`"
