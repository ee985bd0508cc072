"""One database at several addresses: which member writes, and staying with it.

MySQL Group Replication with one primary or several, MariaDB Galera, and a server with plain
replicas all look alike from here: some member takes changes now, and another one may later.
"""

from __future__ import annotations

import logging
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from enum import IntEnum
from typing import Any, Final

import pymysql
from sqlalchemy import URL, Dialect, Engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from learnhub_desktop.db.wire import Wire
from learnhub_desktop.domain.connecting import DEFAULT_PORT, Address, read_address

log = logging.getLogger(__name__)

# How a URL names the addresses after its own: ?member=db2:3306&member=db3:3306
_MEMBER: Final = "member"
_READ_ONLY: Final = 1290
_DENIED: Final = (1142, 1227)
_UNKNOWN_VARIABLE: Final = 1193
_UNREACHABLE: Final = (2003, 2013)
# What another kind of program says in greeting breaks the driver in many ways.
_NO_MEMBER: Final = (pymysql.Error, ValueError, LookupError, ArithmeticError, struct.error)
# A machine that is gone says nothing; these probes notice it within 11 s.
_PROBES: Final = (
    ("TCP_KEEPIDLE", 5),
    ("TCP_KEEPALIVE", 5),
    ("TCP_KEEPINTVL", 2),
    ("TCP_KEEPCNT", 3),
    ("TCP_USER_TIMEOUT", 11_000),
)


class Standing(IntEnum):
    """What a member is good for now."""

    NEITHER = 0
    READS = 1
    WRITES = 2


def url_with(url: URL, further: tuple[Address, ...]) -> URL:
    """The URL that names further addresses of the same database."""
    return url.update_query_dict({_MEMBER: [str(each) for each in further]}) if further else url


def addresses_of(url: URL) -> tuple[Address, ...]:
    """Every address that the URL names, its own first."""
    named = url.query.get(_MEMBER, ())
    further = (named,) if isinstance(named, str) else named
    first = Address(url.host or "", url.port or DEFAULT_PORT)
    return (first, *(read_address(each) for each in further))


def without_members(url: URL) -> URL:
    """The URL for the driver, which knows one address only."""
    return url.difference_update_query([_MEMBER])


class Members:
    """The addresses of one database, and the one that took changes last.

    Every connection goes there first, so that a person reads what they have just written.
    """

    def __init__(self, addresses: tuple[Address, ...]) -> None:
        self.addresses: Final = addresses
        self.current = addresses[0]
        self._lock = threading.Lock()
        self._silent: set[Address] = set()
        self._has_stray_reads = False
        self._move_reads: Callable[[], None] = lambda: None

    def serve(self, *, reader: Engine, writer: Engine, killer: Engine) -> None:
        """Let the engines find their members here."""
        event.listen(writer, "do_connect", self._connect_writer)
        event.listen(reader, "do_connect", self._connect_reader)
        event.listen(killer, "do_connect", self._connect_any)
        self._move_reads = reader.dispose

    def _connect_writer(
        self, dialect: Dialect, entry: ConnectionPoolEntry, cargs: Any, cparams: dict[str, Any]
    ) -> Any:
        failures: list[Exception] = []
        for address, connection, standing in self._reached(cparams, failures):
            if standing is Standing.WRITES:
                self._settle_on(address)
                return connection
            connection.close()
        raise self._nobody(failures, "no member of the cluster takes changes at the moment")

    def _connect_reader(
        self, dialect: Dialect, entry: ConnectionPoolEntry, cargs: Any, cparams: dict[str, Any]
    ) -> Any:
        """The member that writes; while none does, one that answers truly."""
        failures: list[Exception] = []
        spare: tuple[Address, Any] | None = None
        for address, connection, standing in self._reached(cparams, failures):
            if standing is Standing.WRITES:
                if spare is not None:
                    spare[1].close()
                self._has_stray_reads |= address != self.current
                return connection
            if standing is Standing.READS and spare is None:
                spare = (address, connection)
            else:
                connection.close()
        if spare is None:
            raise self._nobody(failures, "no member of the cluster may answer at the moment")
        log.info("no member takes changes, so %s is read from", spare[0])
        self._has_stray_reads = True
        return spare[1]

    def _connect_any(
        self, dialect: Dialect, entry: ConnectionPoolEntry, cargs: Any, cparams: dict[str, Any]
    ) -> Any:
        failures: list[Exception] = []
        for _address, connection, _standing in self._reached(cparams, failures):
            return connection
        raise _most_telling(failures)

    def _nobody(self, failures: list[Exception], said: str) -> Exception:
        """Where at least one member was reached it is worth asking again in a moment."""
        if len(failures) < len(self.addresses):
            return pymysql.err.OperationalError(_READ_ONLY, said)
        return _most_telling(failures)

    def _reached(
        self, cparams: dict[str, Any], failures: list[Exception]
    ) -> Iterator[tuple[Address, Any, Standing]]:
        """Connect to one address after the other, the last good one first.

        Those that did not answer the last time come last: each may cost the whole time-out.
        """
        current, silent = self.current, set(self._silent)
        for address in sorted(self.addresses, key=lambda each: (each in silent, each != current)):
            try:
                connection = _open(address, cparams)
            except _NO_MEMBER as error:
                failures.append(error)
                self._silent.add(address)
                continue
            self._silent.discard(address)
            try:
                standing = look(connection)
            except _NO_MEMBER as error:
                failures.append(error)
                connection.close()
                continue
            yield address, connection, standing

    def _settle_on(self, address: Address) -> None:
        with self._lock:
            moved = address != self.current or self._has_stray_reads
            if address != self.current:
                log.warning("%s takes the changes from now on, no longer %s", address, self.current)
            self.current, self._has_stray_reads = address, False
        if moved:
            self._move_reads()


def _open(address: Address, cparams: dict[str, Any]) -> Any:
    connection = Wire(**{**cparams, "host": address.host, "port": address.port})
    wire: Any = getattr(connection, "_sock", None)
    for name, value in _PROBES:
        option = getattr(socket, name, None)
        if option is not None:
            with suppress(OSError):
                wire.setsockopt(socket.IPPROTO_TCP, option, value)
    return connection


def _most_telling(failures: list[Exception]) -> Exception:
    """The error of a server that answered rather than that of one which did not."""
    told = [each for each in failures if _is_an_answer(each)]
    return (told or failures)[0]


def _is_an_answer(failure: Exception) -> bool:
    if isinstance(getattr(failure, "original_exception", None), ssl.SSLError):
        return True
    return not (failure.args and failure.args[0] in _UNREACHABLE)


def look(connection: Any) -> Standing:
    """What the member at this connection is good for."""
    if "mariadb" in str(connection.get_server_info()).lower():
        return _look_at_galera(connection)
    return _look_at_group(connection)


def _look_at_group(connection: Any) -> Standing:
    found = _pairs(
        connection,
        "SHOW GLOBAL VARIABLES WHERE variable_name IN ('read_only', 'super_read_only',"
        " 'innodb_read_only', 'group_replication_group_name')",
    )
    refuses = any(found.get(f"{prefix}read_only") == "ON" for prefix in ("", "super_", "innodb_"))
    standing = Standing.READS if refuses else Standing.WRITES
    if not found.get("group_replication_group_name"):
        return standing
    try:
        rows = _rows(
            connection,
            "SELECT member_state, member_id = @@server_uuid"
            " FROM performance_schema.replication_group_members",
        )
    except pymysql.Error as error:
        if error.args[0] not in _DENIED:
            raise
        # An account that may not look knows at least that a member which lost its group makes
        # itself read-only, and that one which was started alone has agreed with nobody yet.
        agreed = _pairs(connection, "SHOW GLOBAL STATUS LIKE 'Gr_last_consensus_end_timestamp'")
        return standing if any(agreed.values()) else Standing.NEITHER
    is_online = any(is_own and state == "ONLINE" for state, is_own in rows)
    online = sum(1 for state, _ in rows if state in ("ONLINE", "RECOVERING"))
    # A member that was cut off from the others still takes statements, and never commits.
    return standing if is_online and online * 2 > len(rows) else Standing.NEITHER


def _look_at_galera(connection: Any) -> Standing:
    found = _pairs(
        connection,
        "SHOW GLOBAL VARIABLES WHERE variable_name IN"
        " ('read_only', 'innodb_read_only', 'wsrep_on')",
    )
    refuses = found.get("read_only") == "ON" or found.get("innodb_read_only") not in (None, "OFF")
    standing = Standing.READS if refuses else Standing.WRITES
    if found.get("wsrep_on") != "ON":
        return standing
    status = _pairs(
        connection,
        "SHOW GLOBAL STATUS WHERE variable_name IN ('wsrep_ready', 'wsrep_cluster_status')",
    )
    is_whole = status.get("wsrep_ready") == "ON" and status.get("wsrep_cluster_status") == "Primary"
    return standing if is_whole else Standing.NEITHER


def see_the_latest(connection: Any, *, writes: bool) -> None:
    """Let each transaction begin only when all that was committed elsewhere has arrived.

    Without it a member that lags shows a person the past. One primary has it all, once it has
    applied what its predecessor left, so only there a transaction that writes need not ask.
    A server in no cluster knows none of these variables.
    """
    if "mariadb" in str(connection.get_server_info()).lower():
        _run_if_known(connection, "SET SESSION wsrep_sync_wait = 1")
        return
    [one_primary] = _run_if_known(
        connection, "SELECT @@global.group_replication_single_primary_mode"
    ) or [None]
    if one_primary is not None:
        level = "BEFORE_ON_PRIMARY_FAILOVER" if writes and one_primary[0] else "BEFORE"
        _rows(connection, f"SET SESSION group_replication_consistency = '{level}'")


def _run_if_known(connection: Any, statement: str) -> list[Any]:
    try:
        return _rows(connection, statement)
    except pymysql.Error as error:
        if error.args[0] != _UNKNOWN_VARIABLE:
            raise
        return []


def _pairs(connection: Any, statement: str) -> dict[str, str]:
    return {str(row[0]).lower(): str(row[1]) for row in _rows(connection, statement)}


def _rows(connection: Any, statement: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())
