"""A school on each real server for the proofs, and its gateway's book."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from learnhub_desktop.db.school import create
from tests.databases import TEST_SCHOOL, new_database
from tests.proofs.checks import faults
from tests.proofs.crowd import Place, open_desk
from tests.proofs.scale import is_left_out
from tests.servers.server import Server
from tests.services.desk import Desk


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    gone = [item for item in items if is_left_out(item)]
    config.hook.pytest_deselected(items=gone)
    items[:] = [item for item in items if item not in gone]


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Print a figure of this proof in the summary of the run."""
    return lambda text: record_property("figures", text)


@pytest.fixture(scope="session")
def place(any_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A school on each server, where only the program's own services have written."""
    with new_database(any_server) as url:
        create(url, TEST_SCHOOL)
        yield Place(url, tmp_path_factory.mktemp(f"book_{any_server.kind}"))


@pytest.fixture
def school(place: Place) -> Iterator[Desk]:
    """A desk at that school; after each proof the books must add up."""
    desk = open_desk(place)
    yield desk
    wrong = faults(desk)
    desk.database.close()
    desk.gateway.close()
    assert wrong == []
