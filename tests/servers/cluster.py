"""Three servers that are one database: MySQL Group Replication, and MariaDB Galera.

Each member is a private server with a keeper of its own, so that nothing stays behind whatever
happens to the test run.
"""

from __future__ import annotations

import socket
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import Any, Final, Self
from urllib.parse import quote

import pymysql

from tests.servers.private import PrivateServer, ServerFailed
from tests.servers.programs import Kind, galera_library
from tests.servers.server import LOOPBACK

SIZE: Final = 3
_PATIENCE_S: Final = 90.0
_GROUP_OPTIONS: Final = (
    "--gtid-mode=ON",
    "--enforce-gtid-consistency=ON",
    "--log-bin=bin",
    "--plugin-load-add=group_replication.so",
    "--report-host=127.0.0.1",
    "--loose-group-replication-start-on-boot=OFF",
    "--loose-group-replication-bootstrap-group=OFF",
    "--loose-group-replication-communication-stack=XCOM",
)

_GALERA_OPTIONS: Final = (
    "--wsrep-on=ON",
    "--binlog-format=ROW",
    "--default-storage-engine=InnoDB",
    "--innodb-autoinc-lock-mode=2",
    f"--wsrep-node-address={LOOPBACK}",
    "--wsrep-sst-method=skip",
)

_STATE: Final = "# GALERA saved state\nversion: 2.1\nuuid: {}\nseqno: {}\nsafe_to_bootstrap: 1\n"


class Cluster(ABC):
    """Members that hold the same rows. ``members`` stay in one order, whatever their state."""

    def __init__(self, members: Sequence[PrivateServer]) -> None:
        self.members = tuple(members)

    def __enter__(self) -> Self:
        with ExitStack() as opened:  # what was started is closed again where a step fails
            self._start(opened)
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._opened.close()

    @abstractmethod
    def _start(self, opened: ExitStack) -> None:
        """Bring all members together; ``opened`` closes each that was started."""

    @property
    def kind(self) -> Kind:
        return self.members[0].kind

    @abstractmethod
    def writers(self) -> list[PrivateServer]:
        """The members that write."""

    def url(self, database: str = "", *, first: int = 0) -> str:
        """The address of one database on all members, told from the ``first`` one on."""
        told_first, *others = (*self.members[first:], *self.members[:first])
        further = "&".join(f"member={quote(f'{each.host}:{each.port}')}" for each in others)
        return f"{told_first.url(database)}?{further}"

    def ask(self, member: PrivateServer, statement: str) -> Any:
        """The rows that one member answers with."""
        with member.connect() as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()


class GroupReplication(Cluster):
    """Three MySQL servers in one group, with one member that writes or with three."""

    def __init__(
        self, *, several_primaries: bool = False, durable: bool = False, options: Sequence[str] = ()
    ) -> None:
        ports = _free_ports(SIZE)
        seeds = ",".join(f"{LOOPBACK}:{port}" for port in ports)
        modes = ("OFF", "ON") if several_primaries else ("ON", "OFF")
        shared = (
            *_GROUP_OPTIONS,
            f"--loose-group-replication-group-name={uuid.uuid4()}",
            f"--loose-group-replication-group-seeds={seeds}",
            f"--loose-group-replication-single-primary-mode={modes[0]}",
            f"--loose-group-replication-enforce-update-everywhere-checks={modes[1]}",
            *options,
        )
        super().__init__(
            [
                PrivateServer(
                    "mysql",
                    durable=durable,
                    options=(
                        *shared,
                        f"--server-id={number}",
                        f"--loose-group-replication-local-address={LOOPBACK}:{port}",
                    ),
                )
                for number, port in enumerate(ports, start=1)
            ]
        )

    def _start(self, opened: ExitStack) -> None:
        for member in self.members:
            opened.callback(member.close)
        # Side by side: making their system tables takes seconds.
        with ThreadPoolExecutor(len(self.members)) as pool:
            for started in [pool.submit(member.start) for member in self.members]:
                started.result()
        for member in self.members:
            self._prepare(member)
        self.bootstrap(self.members[0])
        for member in self.members[1:]:
            self.join(member)

    def bootstrap(self, member: PrivateServer) -> None:
        """Begin the group with this member."""
        self._run(member, "SET GLOBAL group_replication_bootstrap_group = ON")
        self._run(member, "START GROUP_REPLICATION")
        self._run(member, "SET GLOBAL group_replication_bootstrap_group = OFF")

    def join(self, member: PrivateServer) -> None:
        """Bring a member that runs into the group, and wait until it has caught up."""
        self._run(member, "START GROUP_REPLICATION")
        _wait_until(lambda: self.state(member) == "ONLINE", "a member joins the group")

    def state(self, member: PrivateServer) -> str:
        """What a member says of itself: ONLINE, RECOVERING, ERROR, OFFLINE."""
        rows = self.ask(
            member,
            "SELECT member_state FROM performance_schema.replication_group_members"
            " WHERE member_id = @@server_uuid",
        )
        return str(rows[0][0]) if rows else "OFFLINE"

    def writers(self) -> list[PrivateServer]:
        """As any member that is reached sees them; none during a vote."""
        for member in self.members:
            try:
                rows = self.ask(
                    member,
                    "SELECT member_port FROM performance_schema.replication_group_members"
                    " WHERE member_role = 'PRIMARY' AND member_state = 'ONLINE'",
                )
            except pymysql.Error:
                continue
            if rows:
                ports = {int(row[0]) for row in rows}
                return [each for each in self.members if each.port in ports]
        return []

    def primary(self) -> PrivateServer:
        [only] = self.writers()
        return only

    def switch_to(self, member: PrivateServer) -> None:
        """Let another member write from now on, as an administrator does before an upgrade."""
        [[identity]] = self.ask(member, "SELECT @@server_uuid")
        self._run(self.primary(), f"SELECT group_replication_set_as_primary('{identity}')")
        _wait_until(lambda: self.writers() == [member], "another member becomes primary")

    def _prepare(self, member: PrivateServer) -> None:
        # None of this may be replicated: each member does it for itself.
        statements = (
            "SET SESSION SQL_LOG_BIN = 0",
            "CREATE USER 'replica'@'%' IDENTIFIED BY 'Between members 1'",
            "GRANT REPLICATION SLAVE, CONNECTION_ADMIN, BACKUP_ADMIN, GROUP_REPLICATION_STREAM"
            " ON *.* TO 'replica'@'%'",
            "RESET BINARY LOGS AND GTIDS",
            "CHANGE REPLICATION SOURCE TO SOURCE_USER = 'replica',"
            " SOURCE_PASSWORD = 'Between members 1' FOR CHANNEL 'group_replication_recovery'",
            "SET GLOBAL group_replication_recovery_get_public_key = ON",
        )
        with member.connect() as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def _run(self, member: PrivateServer, statement: str) -> None:
        self.ask(member, statement)


class Galera(Cluster):
    """Three MariaDB servers in one Galera cluster; each of them writes."""

    def __init__(self, *, durable: bool = False, options: Sequence[str] = ()) -> None:
        library = galera_library()
        ports = _free_ports(2 * SIZE)
        own, increments = ports[:SIZE], ports[SIZE:]
        history = uuid.uuid4()
        name = f"learnhub-{uuid.uuid4().hex[:16]}"  # at most 32 letters
        super().__init__(
            [
                PrivateServer(
                    "mariadb",
                    durable=durable,
                    options=(
                        *_GALERA_OPTIONS,
                        f"--wsrep-provider={library}",
                        f"--wsrep-cluster-name={name}",
                        f"--wsrep-node-name=member{number}",
                        f"--wsrep-cluster-address=gcomm://{_others(own, port)}",
                        f"--wsrep-provider-options=gmcast.listen_addr=tcp://{LOOPBACK}:{port};"
                        f"ist.recv_addr={LOOPBACK}:{increment};gcache.size=16M",
                        *options,
                    ),
                    # Each joining is one entry of the cluster's history, so that each comes
                    # with all that there is, and nothing has to be sent.
                    files={"grastate.dat": _STATE.format(history, number - 1)},
                )
                for number, (port, increment) in enumerate(zip(own, increments, strict=True), 1)
            ]
        )

    def _start(self, opened: ExitStack) -> None:
        for member in self.members:
            opened.callback(member.close)
            member.start()
            _wait_until(partial(self._is_synced, member), "a member joins the cluster")

    def writers(self) -> list[PrivateServer]:
        return [each for each in self.members if each.pid is not None and self._is_synced(each)]

    def _is_synced(self, member: PrivateServer) -> bool:
        [[_name, state]] = self.ask(member, "SHOW STATUS LIKE 'wsrep_local_state_comment'")
        return bool(state == "Synced")


def _others(ports: Sequence[int], own: int) -> str:
    """Whom a Galera member greets; nobody for the first one, which founds the cluster."""
    before = ports[: list(ports).index(own)]
    return ",".join(f"{LOOPBACK}:{port}" for port in before)


def _free_ports(count: int) -> list[int]:
    """Ports that nobody listens on; all are held until the last is known."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((LOOPBACK, 0))
        return [int(each.getsockname()[1]) for each in sockets]


def _wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise ServerFailed(f"{_PATIENCE_S:.0f} s were not enough until {what}.")
        time.sleep(0.05)
