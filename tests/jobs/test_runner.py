"""Running jobs: each due run once, taken over after a crash, stopped when asked."""

from __future__ import annotations

import pytest

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.actors import Role, actor_of
from learnhub_desktop.domain.jobs import Every, JobPlan, JobRefusal
from learnhub_desktop.domain.states import JobState
from learnhub_desktop.errors import DatabaseUnavailable, NotAllowed, NotFound, RuleRefused
from learnhub_desktop.jobs.runner import new_owner, run_due, run_one
from learnhub_desktop.services import jobs as services
from tests.jobs.counting import Counting, claim, due, jobs, runs
from tests.services.desk import Desk
from tests.services.lost_commits import lose_commit
from tests.services.subscribers import at


class TestDue:
    def test_a_due_run_is_done_once(self, desk: Desk) -> None:
        counting = Counting()

        assert due(desk, counting) == ["done"]
        assert due(desk, counting) == []

        [run] = runs(desk)
        assert (run.job, run.due_at, run.state) == ("count", at("2026-03-10T12:00"), "done")
        assert (run.started_at, run.finished_at) == (desk.clock.now, desk.clock.now)
        assert (run.done_count, run.total_count, run.lease_until) == (5, 5, None)
        assert run.message == "Counted to five."
        assert run.result == {"counted": 5, "problems": ["The fifth is odd."]}

    def test_it_is_due_again_at_its_next_time_and_not_before(self, desk: Desk) -> None:
        counting = Counting()
        due(desk, counting)
        desk.pass_time(minutes=4, seconds=59)
        assert due(desk, counting) == []

        desk.pass_time(seconds=1)

        assert due(desk, counting) == ["done"]
        assert counting.runs == 2

    def test_times_that_nobody_ran_are_done_in_one(self, desk: Desk) -> None:
        counting = Counting()
        due(desk, counting)
        desk.pass_time(hours=8)

        assert due(desk, counting) == ["done"]
        assert due(desk, counting) == []
        assert [each.due_at for each in runs(desk)] == [
            at("2026-03-10T12:00"),
            at("2026-03-10T20:00"),
        ]

    def test_a_job_that_fails_is_told_and_stops_no_other(self, desk: Desk) -> None:
        def fail(step: int) -> None:
            raise RuleRefused(JobRefusal.UNKNOWN_JOB, "The gateway's book is full.")

        failing, counting = Counting(fail), Counting()
        other = JobPlan("other", "Other", Every(5), "Counts too.")
        both = {**jobs(failing), **jobs(counting, other)}

        ran = run_due(desk.database, desk.gateways, jobs=both)

        assert [(each.state, each.result.message) for each in ran] == [
            (JobState.FAILED, "The gateway's book is full."),
            (JobState.DONE, "Counted to five."),
        ]
        # It is not tried again before its next time.
        assert run_due(desk.database, desk.gateways, jobs=both) == ()

    def test_a_bug_is_told_as_one_and_reaches_the_caller(self, desk: Desk) -> None:
        def break_down(step: int) -> None:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            due(desk, Counting(break_down))

        [run] = runs(desk)
        assert run.state == "failed"
        assert run.message == (
            "Something went wrong inside LearnHub; its log file has the details."
        )

    def test_a_terminal_that_is_left_cancels(self, desk: Desk) -> None:
        def leave(step: int) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            due(desk, Counting(leave))

        assert [(each.state, each.message) for each in runs(desk)] == [
            ("cancelled", "It was stopped at its terminal.")
        ]

    @pytest.mark.parametrize("name", ["claim_due", "finish", "beat"])
    @pytest.mark.parametrize("kept", [True, False])
    def test_a_lost_commit_runs_it_once(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str, kept: bool
    ) -> None:
        counting = Counting()
        lose_commit(monkeypatch, desk, name, kept=kept)

        assert due(desk, counting) == ["done"]
        assert (counting.runs, [each.state for each in runs(desk)]) == (1, ["done"])

    def test_an_account_without_the_right_runs_nothing(self, desk: Desk) -> None:
        desk.database._actor = actor_of("clerk", Role.STAFF)
        with pytest.raises(NotAllowed):
            due(desk, Counting())
        assert desk.rows(t.job_runs) == []


class TestCrashes:
    @pytest.mark.proof
    def test_a_run_whose_worker_crashed_is_taken_over_when_its_lease_ends(self, desk: Desk) -> None:
        counting = Counting()
        claim(desk)
        desk.pass_time(minutes=3)
        assert due(desk, counting) == []

        desk.pass_time(seconds=1)

        assert due(desk, counting) == ["done"]
        [run] = runs(desk)
        assert (run.state, run.started_at) == ("done", at("2026-03-10T12:03:01"))

    def test_after_its_next_time_the_later_run_does_its_work(self, desk: Desk) -> None:
        counting = Counting()
        claim(desk)
        desk.pass_time(minutes=7)

        assert due(desk, counting) == ["done"]
        assert [(each.state, each.message) for each in runs(desk)] == [
            ("failed", "Its worker was not heard of again. A later run did its work."),
            ("done", "Counted to five."),
        ]
        assert counting.runs == 1

    def test_a_run_that_a_person_asked_for_is_taken_over_too(self, desk: Desk) -> None:
        counting = Counting()
        due(desk, counting)
        desk.pass_time(minutes=1)
        desk.write(services.claim_now, "count", "ada on desk-2, process 7, 1")
        desk.pass_time(minutes=3, seconds=1)

        assert due(desk, counting) == ["done"]
        assert [each.state for each in runs(desk)] == ["done", "done"]
        assert counting.runs == 2

    def test_a_slow_worker_keeps_its_run_and_no_other_begins(self, desk: Desk) -> None:
        second = Counting()
        begun: list[list[str]] = []

        def look(step: int) -> None:
            desk.pass_time(minutes=2)
            begun.append(due(desk, second))

        assert due(desk, Counting(look)) == ["done"]

        # Ten minutes went by, and two due times with them.
        assert begun == [[], [], [], [], []]
        assert due(desk, second) == ["done"]

    def test_a_worker_that_slept_too_long_stops_and_writes_nothing_down(self, desk: Desk) -> None:
        other = Counting()

        def sleep(step: int) -> None:
            if step == 2:
                desk.pass_time(minutes=4)
                assert due(desk, other) == ["done"]

        counting = Counting(sleep)

        assert due(desk, counting) == ["cancelled"]
        assert counting.steps == [0, 1]
        assert [(each.state, each.message) for each in runs(desk)] == [("done", "Counted to five.")]

    def test_a_lost_database_leaves_the_run_to_whoever_comes_next(self, desk: Desk) -> None:
        def lose(step: int) -> None:
            raise DatabaseUnavailable("school.db cannot be reached.")

        with pytest.raises(DatabaseUnavailable):
            due(desk, Counting(lose))
        assert [each.state for each in runs(desk)] == ["running"]
        desk.pass_time(minutes=4)

        assert due(desk, Counting()) == ["done"]


class TestProgress:
    def test_it_is_told_between_two_steps_and_keeps_the_lease(self, desk: Desk) -> None:
        seen: list[tuple[int, int | None, object]] = []

        def look(step: int) -> None:
            desk.pass_time(minutes=1)
            [run] = runs(desk)
            seen.append((run.done_count, run.total_count, run.lease_until))

        due(desk, Counting(look))

        assert seen == [
            (0, None, at("2026-03-10T12:03")),
            (0, 5, at("2026-03-10T12:04")),
            (1, 5, at("2026-03-10T12:05")),
            (2, 5, at("2026-03-10T12:06")),
            (3, 5, at("2026-03-10T12:07")),
        ]

    def test_quick_steps_are_not_told_one_by_one(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        begun = lose_commit(monkeypatch, desk, "none", kept=True)

        run_due(desk.database, desk.gateways, jobs=jobs(Counting()), beat_every_s=60.0)

        assert begun == ["claim_due", "beat", "finish"]

    def test_the_caller_sees_every_step(self, desk: Desk) -> None:
        shown: list[tuple[str, int, int]] = []

        run_one(
            desk.database,
            desk.gateways,
            "count",
            jobs=jobs(Counting()),
            told=lambda name: lambda done, total: shown.append((name, done, total)),
        )

        assert shown == [("count", step, 5) for step in range(6)]


class TestCancelling:
    def test_a_running_job_stops_after_its_step(self, desk: Desk) -> None:
        said: list[str] = []

        def cancel(step: int) -> None:
            if step == 2:
                [run] = runs(desk)
                said.append(desk.write(services.cancel, run.run_id).message)

        counting = Counting(cancel)

        assert due(desk, counting) == ["cancelled"]
        assert said == ["The job stops after the step that it is at. What is done stays done."]
        assert counting.steps == [0, 1]
        [run] = runs(desk)
        assert (run.state, run.message) == (
            "cancelled",
            "Cancelled after 2 of 5. What is done stays done.",
        )

    def test_a_run_whose_worker_is_gone_is_cancelled_at_once(self, desk: Desk) -> None:
        run_id = claim(desk)
        desk.pass_time(minutes=4)

        said = desk.write(services.cancel, run_id)

        assert said.message == "Cancelled. Nobody was at it any more."
        assert [each.state for each in runs(desk)] == ["cancelled"]
        assert due(desk, Counting()) == []

    def test_what_has_ended_cannot_be_cancelled(self, desk: Desk) -> None:
        due(desk, Counting())
        [run] = runs(desk)

        with pytest.raises(RuleRefused) as refused:
            desk.write(services.cancel, run.run_id)

        assert refused.value.reason is JobRefusal.NOT_RUNNING
        assert str(refused.value) == (
            "This job is not running any more. It ended on 10 March 2026 at 12:00."
        )

    def test_a_run_that_is_not_there(self, desk: Desk) -> None:
        with pytest.raises(NotFound, match="There is no job run with the number 404"):
            desk.write(services.cancel, 404)


class TestByHand:
    def test_it_runs_besides_its_schedule(self, desk: Desk) -> None:
        counting = Counting()
        due(desk, counting)
        desk.pass_time(minutes=2)

        ran = run_one(desk.database, desk.gateways, "count", jobs=jobs(counting))

        assert (ran.state, ran.result.message) == (JobState.DONE, "Counted to five.")
        assert [each.due_at for each in runs(desk)] == [
            at("2026-03-10T12:00"),
            at("2026-03-10T12:02"),
        ]
        desk.pass_time(minutes=3)
        assert due(desk, counting) == ["done"]

    def test_twice_at_the_same_moment_by_the_clock(self, desk: Desk) -> None:
        for _ in range(3):
            run_one(desk.database, desk.gateways, "count", jobs=jobs(Counting()))
        assert [each.state for each in runs(desk)] == ["done"] * 3

    def test_while_it_runs_elsewhere_it_is_refused(self, desk: Desk) -> None:
        claim(desk)

        with pytest.raises(RuleRefused) as refused:
            run_one(desk.database, desk.gateways, "count", jobs=jobs(Counting()))

        assert refused.value.reason is JobRefusal.RUNNING_ALREADY
        assert str(refused.value) == "This job is running already, by ada on desk-2."

    def test_a_job_that_there_is_not(self, desk: Desk) -> None:
        with pytest.raises(RuleRefused) as refused:
            run_one(desk.database, desk.gateways, "sweep")
        assert str(refused.value) == (
            "There is no job “sweep”, only ask-gateway, renewals, retry-renewals, revenue, "
            "prune-changes."
        )

    def test_its_owner_is_named_by_account_and_computer(self, desk: Desk) -> None:
        desk.database._actor = actor_of("ada", Role.ADMIN)
        assert new_owner(desk.database).startswith("ada on ")
        assert new_owner(desk.database) != new_owner(desk.database)
