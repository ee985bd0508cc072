"""What tests of services share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from learnhub_desktop.db.transactions import Database
from tests.databases import SetClock
from tests.services.desk import Desk, open_gateway


@pytest.fixture
def desk(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Desk]:
    """A desk at a school of one file, with a gateway of its own."""
    with open_gateway(tmp_path) as gateway:
        yield Desk(database, gateway, clock)
