"""The list of jobs, as the window and the command line show it."""

from __future__ import annotations

from datetime import timedelta

from learnhub_desktop.services import jobs as services
from tests.jobs.counting import PLAN, Counting, claim, due
from tests.services.desk import Desk
from tests.services.subscribers import at


class TestList:
    def test_a_job_with_its_last_run_and_its_next_time(self, desk: Desk) -> None:
        due(desk, Counting())
        desk.pass_time(minutes=2)

        [line] = desk.read(services.list_jobs, [PLAN])

        assert (line.name, line.plan.title) == ("count", "Count")
        assert line.next_due_at == at("2026-03-10T12:05")
        assert line.last is not None
        assert (line.last.message, line.last.problems) == (
            "Counted to five.",
            ("The fifth is odd.",),
        )
        assert not line.is_running and not line.is_late

    def test_a_running_one(self, desk: Desk) -> None:
        claim(desk)
        [line] = desk.read(services.list_jobs, [PLAN])
        assert line.is_running and not line.is_late

    def test_one_that_nobody_ever_ran_is_late(self, desk: Desk) -> None:
        [line] = desk.read(services.list_jobs, [PLAN])
        assert line.last is None and line.is_late

    def test_one_that_nobody_has_run_for_long_is_late(self, desk: Desk) -> None:
        due(desk, Counting())
        desk.pass_time(minutes=35)
        assert not desk.read(services.list_jobs, [PLAN])[0].is_late
        desk.pass_time(minutes=1)
        assert desk.read(services.list_jobs, [PLAN])[0].is_late

    def test_its_runs_the_latest_first(self, desk: Desk) -> None:
        for _ in range(3):
            due(desk, Counting())
            desk.pass_time(minutes=5)

        listed = desk.read(services.list_runs, "count", limit=2)

        assert [each.due_at for each in listed] == [
            at("2026-03-10T12:10"),
            at("2026-03-10T12:05"),
        ]

    def test_the_lease_is_longer_than_a_step(self) -> None:
        assert timedelta(minutes=3) == services.LEASE
