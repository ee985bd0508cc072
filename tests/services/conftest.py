"""What tests of services share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from learnhub_desktop.db.invariants import invariants
from learnhub_desktop.db.transactions import Database
from learnhub_desktop.domain.findings import Severity
from tests.databases import SetClock
from tests.services.desk import Desk, open_gateway


@pytest.fixture
def desk(database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Desk]:
    """A desk at a school of one file, with a gateway of its own; in the end all must add up."""
    with open_gateway(tmp_path) as gateway:
        desk = Desk(database, gateway, clock)
        yield desk
        found = [] if desk.made_up else desk.ask(invariants)
        assert [each.sentence for each in found if each.severity is Severity.PROBLEM] == []
