"""A job in a process of its own: the very program that a timer calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.states import GatewayKind
from learnhub_desktop.jobs.apart import Ended, JobProcess, JobProcesses
from learnhub_desktop.services import settings
from tests.services.desk import Desk
from tests.waiting import wait_until


def end_of(process: JobProcess) -> Ended:
    wait_until(lambda: process.ended() is not None, longest_s=60)
    ended = process.ended()
    assert ended is not None and process.ended() == ended
    return ended


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process finds no settings of whoever runs the tests, and leaves none."""
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path))


def test_it_runs_what_is_due_and_says_what_was_done(desk: Desk, at_home: None) -> None:
    path = desk.database.engines.writer.url.database
    manual = {"gateway": GatewayKind.MANUAL}
    desk.write(
        settings.change_settings, manual, seen_version=desk.read(settings.get_school).row_version
    )

    ended = end_of(JobProcesses(f"sqlite:///{path}").start())

    assert ended.problem == ""
    assert "No payment is due to be asked about." in ended.said
    assert len(desk.rows(t.job_runs)) == 5


def test_what_keeps_it_from_beginning_is_its_problem(tmp_path: Path, at_home: None) -> None:
    gone = tmp_path / "gone.db"

    ended = end_of(JobProcesses(f"sqlite:///{gone}").start("renewals"))

    assert ended == Ended((), f"There is no school in {gone}. Make one: learnhub db create.")
