"""What the connected account of a server may do in the school's database."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

_FOR_TABLES: Final = frozenset(
    {
        "SELECT",
        "INSERT",
        "UPDATE",
        "DELETE",
        "CREATE",
        "ALTER",
        "DROP",
        "INDEX",
        "REFERENCES",
        "TRIGGER",
        "CREATE VIEW",
        "LOCK TABLES",
    }
)


def needed_for_upgrade(is_mariadb: bool) -> frozenset[str]:
    """Rights that making tables, and triggers in the definer's name, takes."""
    return _FOR_TABLES | {"CREATE USER", "SET USER" if is_mariadb else "SET_ANY_DEFINER"}


def held(connection: Connection) -> frozenset[str]:
    """The account's own rights, on the server and on this database, by their names."""
    account = str(connection.exec_driver_sql("SELECT CURRENT_USER()").scalar_one())
    name, _, host = account.rpartition("@")
    grantee = f"'{name}'@'{host}'"
    rights = connection.exec_driver_sql(
        "SELECT privilege_type FROM information_schema.user_privileges WHERE grantee = %s"
        # The pattern of a grant: an underscore stands for any letter unless it is escaped.
        " UNION SELECT privilege_type FROM information_schema.schema_privileges"
        " WHERE grantee = %s AND DATABASE() LIKE table_schema",
        (grantee, grantee),
    ).scalars()
    return frozenset(str(right).upper() for right in rights)
