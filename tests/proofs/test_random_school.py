"""Random stories of a school, on SQLite for their breadth and on a real server for the truth."""

from __future__ import annotations

import itertools
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from learnhub_desktop.db.engine import Engines
from learnhub_desktop.db.repositories import (
    EnrolmentRepository,
    KeyRepository,
)
from learnhub_desktop.db.school import create
from learnhub_desktop.db.transactions import Database
from tests.databases import TEST_SCHOOL, SetClock, new_database
from tests.factories import NOW
from tests.proofs.crowd import Place, open_desk
from tests.proofs.scale import PROVE, SERVERS, scaled
from tests.proofs.school_machine import SchoolMachine
from tests.servers.server import Server
from tests.services.desk import Desk, open_gateway

pytestmark = [pytest.mark.proof, pytest.mark.timeout(1_800)]

OWN = settings(
    deadline=None,
    database=None,
    # A test run tells the same stories each time; `make prove` tells new ones.
    derandomize=not PROVE,
    suppress_health_check=list(HealthCheck),
    # A story that went wrong is told again shorter where there is time for it.
    phases=[Phase.explicit, Phase.generate, *scaled([Phase.shrink], [])],
    print_blob=PROVE,
)


@pytest.fixture
def new_school(
    sqlite_template: Path, sqlite_engines: Engines, tmp_path: Path
) -> Iterator[Callable[[], Desk]]:
    """Each call opens a new school with a new book; the one before is gone."""
    numbers, opened = itertools.count(), []

    def make() -> Desk:
        while opened:
            opened.pop().gateway.close()
        sqlite_engines.dispose()
        path = Path(sqlite_engines.writer.url.database or "")
        for old in path.parent.glob(f"{path.name}*"):
            old.unlink()
        shutil.copy(sqlite_template, path)
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        clock = SetClock()
        desk = Desk(
            Database(sqlite_engines, label="school.db", clock=clock), open_gateway(folder), clock
        )
        opened.append(desk)
        return desk

    yield make
    for desk in opened:
        desk.gateway.close()
        desk.database.close()


def test_whatever_happens_to_a_school_all_adds_up_after_each_step(
    new_school: Callable[[], Desk], tell: Callable[[str], None]
) -> None:
    counts: Counter[str] = Counter()
    stories = settings(OWN, max_examples=scaled(150, 12), stateful_step_count=scaled(60, 40))

    run_state_machine_as_test(lambda: SchoolMachine(new_school(), counts), settings=stories)

    tell(told(counts))


@pytest.mark.parametrize(
    ("owner", "lost"),
    scaled(
        [
            (EnrolmentRepository, "free_seat"),
            (EnrolmentRepository, "end_access"),
            (EnrolmentRepository, "free_sale_seat"),
            (KeyRepository, "finish"),
        ],
        [(EnrolmentRepository, "free_seat")],
    ),
)
def test_a_program_that_forgets_one_step_is_found_out_by_these_stories(
    new_school: Callable[[], Desk], monkeypatch: pytest.MonkeyPatch, owner: type, lost: str
) -> None:
    monkeypatch.setattr(owner, lost, lambda *args, **values: None)
    stories = settings(
        OWN, max_examples=200, stateful_step_count=60, phases=[Phase.explicit, Phase.generate]
    )

    with pytest.raises(AssertionError):
        run_state_machine_as_test(lambda: SchoolMachine(new_school(), Counter()), settings=stories)


@SERVERS
def test_whatever_happens_to_a_school_on_a_server_all_adds_up_after_each_step(
    any_server: Server, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    """One school for all stories: each has students and courses of its own, and a later day."""
    counts: Counter[str] = Counter()
    stories = settings(
        OWN,
        max_examples=scaled(25, 4),
        stateful_step_count=scaled(50, 25),
        # What is in the school grows, so here a story cannot be told again as it was.
        phases=[Phase.explicit, Phase.generate],
    )
    with new_database(any_server) as url:
        create(url, TEST_SCHOOL)
        desk = open_desk(Place(url, tmp_path), NOW)

        run_state_machine_as_test(lambda: SchoolMachine(desk, counts), settings=stories)

        desk.database.close()
    desk.gateway.close()
    tell(told(counts))


def told(counts: Counter[str]) -> str:
    """Stories and steps, then how often each thing was done."""
    first = f"{counts.pop('stories')} stories, {counts.pop('steps')} steps"
    return f"{first}: " + ", ".join(f"{what} {count}" for what, count in sorted(counts.items()))
