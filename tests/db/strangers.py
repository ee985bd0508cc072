"""Profiles of schools on this computer, and programs that are no database server."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from learnhub_desktop.db.transactions import Database
from learnhub_desktop.settings import Profile, Tls


def profile_of(database: Database, **changed: object) -> Profile:
    """A profile of a school on a test's server, which is on this computer."""
    url = database.engines.writer.url
    if not database.is_server:
        return Profile("school", path=str(url.database))
    made = Profile(
        "school",
        host=str(url.host),
        port=url.port or 3306,
        database=str(url.database),
        account=str(url.username),
        tls=Tls.OFF,
    )
    return replace(made, **changed)  # type: ignore[arg-type]


@contextmanager
def answering(greet: Callable[[socket.socket], None]) -> Iterator[int]:
    """A program that is no database server; yields its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    connections: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:  # the listener was closed
                return
            connections.append(connection)
            greet(connection)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()
        for connection in connections:
            connection.close()


def on_this_computer(port: int, **changed: object) -> Profile:
    made = Profile("test", host="127.0.0.1", port=port, account="ada", tls=Tls.OFF)
    return replace(made, **changed)  # type: ignore[arg-type]
