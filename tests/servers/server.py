"""A running server: where it listens, and who may come in."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

import pymysql

from tests.servers.programs import NAMES, Kind, ServerMissing

LOOPBACK: Final = "127.0.0.1"


class Server:
    """The address of one server, with its administrator's account."""

    def __init__(self, kind: Kind, host: str, port: int, user: str, password: str) -> None:
        self.kind: Final = kind
        self.host: Final = host
        self.port = port
        self.user: Final = user
        self.password: Final = password
        self.version = ""

    def url(self, database: str = "") -> str:
        """Return SQLAlchemy's address of one database on this server."""
        secret = f":{quote(self.password, safe='')}" if self.password else ""
        account = f"{quote(self.user, safe='')}{secret}"
        return f"mysql+pymysql://{account}@{self.host}:{self.port}/{database}"

    def connect(self, database: str | None = None, **options: Any) -> Any:
        """Return a new connection of the administrator, which commits each statement."""
        return pymysql.connect(
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password,
            database=database,
            **{"charset": "utf8mb4", "autocommit": True, "connect_timeout": 10, **options},
        )

    def read_version(self) -> str:
        """Ask the server for its version, and keep the answer."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT VERSION()")
            self.version = str(cursor.fetchone()[0])
        return self.version


def named(kind: Kind, url: str) -> Server:
    """Return a server that somebody else runs, by an address like ``mysql://root@host:3306``.

    Raises ServerMissing where it cannot be reached or is of the other kind.
    """
    parts = urlsplit(url)
    server = Server(
        kind,
        parts.hostname or LOOPBACK,
        parts.port or 3306,
        unquote(parts.username or "root"),
        unquote(parts.password or ""),
    )
    try:
        is_mariadb = "mariadb" in server.read_version().lower()
    except pymysql.Error as error:
        raise ServerMissing(
            f"The {NAMES[kind]} at {server.host}:{server.port} does not let us in: {error}."
        ) from error
    if is_mariadb != (kind == "mariadb"):
        raise ServerMissing(
            f"The server at {server.host}:{server.port} is {server.version}, not {NAMES[kind]}."
        )
    return server
