"""Fixtures that hand real servers to tests, and mark the tests that use them.

``mysql_server``, ``mariadb_server`` and ``any_server`` (each test once on both) are shared by
the whole test run; ``start_server`` and ``start_cluster`` make servers for one test, which it may kill.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, Literal, NoReturn, Protocol, overload

import pytest

from tests.servers.cluster import Cluster, Galera, GroupReplication
from tests.servers.private import PrivateServer, shared
from tests.servers.programs import KINDS, Kind, ServerMissing
from tests.servers.server import Server, named

_FIXTURES: Final = {"mysql_server", "mariadb_server", "any_server", "start_server", "start_cluster"}


ClusterKind = Literal["one primary", "three primaries", "galera"]


class StartServer(Protocol):
    def __call__(
        self, kind: Kind, *, durable: bool = False, options: Sequence[str] = ()
    ) -> PrivateServer: ...


@pytest.fixture(scope="session")
def mysql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A MySQL for the whole run; never stopped by a test."""
    yield from _shared("mysql", tmp_path_factory)


@pytest.fixture(scope="session")
def mariadb_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A MariaDB for the whole run; never stopped by a test."""
    yield from _shared("mariadb", tmp_path_factory)


@pytest.fixture(scope="session", params=KINDS)
def any_server(request: pytest.FixtureRequest) -> Server:
    """Each server in turn, so that a test runs on both."""
    server: Server = request.getfixturevalue(f"{request.param}_server")
    return server


@pytest.fixture
def start_server() -> Iterator[StartServer]:
    """Start servers that belong to one test alone; they are gone after it."""
    with ExitStack() as opened:

        def start(
            kind: Kind, *, durable: bool = False, options: Sequence[str] = ()
        ) -> PrivateServer:
            try:
                server = PrivateServer(kind, durable=durable, options=options)
                return opened.enter_context(server)
            except ServerMissing as missing:
                _do_without(missing)

        yield start


class StartCluster(Protocol):
    @overload
    def __call__(
        self, kind: Literal["one primary", "three primaries"], *, options: Sequence[str] = ()
    ) -> GroupReplication: ...

    @overload
    def __call__(self, kind: ClusterKind, *, options: Sequence[str] = ()) -> Cluster: ...


@pytest.fixture
def start_cluster() -> Iterator[StartCluster]:
    """Start three members that belong to one test alone; they are gone after it."""
    with ExitStack() as opened:

        def start(kind: ClusterKind, *, options: Sequence[str] = ()) -> Any:
            several = kind == "three primaries"
            try:
                if kind == "galera":
                    return opened.enter_context(Galera(options=options))
                cluster = GroupReplication(several_primaries=several, options=options)
                return opened.enter_context(cluster)
            except ServerMissing as missing:
                _do_without(missing)

        yield start


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test that uses a server, before ``-m`` chooses, so that none is forgotten."""
    for item in items:
        if _FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.server)


def _shared(kind: Kind, folders: pytest.TempPathFactory) -> Iterator[Server]:
    try:
        if url := os.environ.get(f"LEARNHUB_TEST_{kind.upper()}_URL"):
            yield named(kind, url)
        else:
            with shared(kind, _meeting_point(folders)) as server:
                yield server
    except ServerMissing as missing:
        _do_without(missing)


def _meeting_point(folders: pytest.TempPathFactory) -> Path:
    """Return the folder that all workers of this run know."""
    own = folders.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def _do_without(missing: ServerMissing) -> NoReturn:
    if os.environ.get("LEARNHUB_REQUIRE_SERVERS") == "1":
        pytest.fail(str(missing), pytrace=False)
    pytest.skip(str(missing))
