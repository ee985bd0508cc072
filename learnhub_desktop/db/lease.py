"""The lease of an upgrade: two administrators do not change the schema at once."""

from __future__ import annotations

import logging
import os
import platform
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from learnhub_desktop.db.engine import Engines
from learnhub_desktop.errors import ServerBusy

log = logging.getLogger(__name__)

# A program that died holds its lease no longer than this.
LEASE_S: Final = 60
_RENEW_EVERY_S: Final = 20.0

_CLAIM: Final = (
    "UPDATE schema_info SET lease_owner = %s,"
    f" lease_until = UTC_TIMESTAMP(6) + INTERVAL {LEASE_S} SECOND"
    " WHERE info_id = 1 AND (lease_owner IS NULL OR lease_until < UTC_TIMESTAMP(6))"
)
_RENEW: Final = (
    f"UPDATE schema_info SET lease_until = UTC_TIMESTAMP(6) + INTERVAL {LEASE_S} SECOND"
    " WHERE info_id = 1 AND lease_owner = %s"
)
_GIVE_BACK: Final = (
    "UPDATE schema_info SET lease_owner = NULL, lease_until = NULL"
    " WHERE info_id = 1 AND lease_owner = %s"
)
_HOLDER: Final = "SELECT lease_owner FROM schema_info WHERE info_id = 1"


@contextmanager
def lease(engines: Engines) -> Iterator[None]:
    """Hold the school's upgrade lease on a server; ServerBusy where somebody else holds it.

    A thread renews it, since one statement on a large table may take longer than the lease.
    SQLite needs none: its one writer's transaction keeps everybody else out.
    """
    engine = engines.killer  # each statement commits by itself, on a connection of its own
    if engine is None:
        yield
        return
    owner = f"{platform.node() or 'a computer'}, process {os.getpid()}, {os.urandom(4).hex()}"
    with engine.connect() as connection:
        if connection.exec_driver_sql(_CLAIM, (owner,)).rowcount != 1:
            holder = connection.exec_driver_sql(_HOLDER).scalar()
            raise ServerBusy(
                f"This school is being set up or upgraded right now ({holder}). "
                "Try again when that is done."
            )
    stop = threading.Event()
    renewer = threading.Thread(
        target=_keep, args=(engine, owner, stop), name="upgrade-lease", daemon=True
    )
    renewer.start()
    try:
        yield
    finally:
        stop.set()
        renewer.join()
        _run(engine, _GIVE_BACK, owner)


def _keep(engine: Engine, owner: str, stop: threading.Event) -> None:
    while not stop.wait(_RENEW_EVERY_S):
        _run(engine, _RENEW, owner)


def _run(engine: Engine, statement: str, owner: str) -> None:
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(statement, (owner,))
    except DBAPIError as error:
        # The upgrade itself meets the same broken server and says so; a lease runs out.
        log.warning("the upgrade's lease could not be renewed: %s", error)
