"""The jobs themselves: what each does, and that running it again changes nothing."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.purchases import PurchaseOutcome
from learnhub_desktop.domain.states import JobState, PaymentMethod
from learnhub_desktop.errors import DatabaseUnavailable, ServerBusy
from learnhub_desktop.gateways.moods import Mood
from learnhub_desktop.jobs import asking, pruning, renewing, summarising
from learnhub_desktop.jobs.registry import JOBS
from learnhub_desktop.jobs.runner import run_due, run_one
from learnhub_desktop.services import renewals
from tests.factories import make_payment
from tests.services import gateways_in_trouble as trouble
from tests.services.desk import Desk
from tests.services.money_rows import change_settings
from tests.services.subscribers import at, charges, day, give_card, row, subscribe


def run(desk: Desk, job: Any) -> Any:
    return job(desk.database, desk.gateways)


class TestAskGateway:
    def test_it_settles_what_is_due_and_nothing_sooner(self, desk: Desk) -> None:
        bought = desk.buy(desk.student(), desk.course(), card="tok_lost_answer")
        assert run(desk, asking.run).message == "No payment is due to be asked about."
        desk.pass_time(minutes=5)

        asked = run(desk, asking.run)

        assert asked.message == "Asked about 1: 1 settled."
        assert desk.payment(bought.payment_id).status == "completed"
        assert run(desk, asking.run).counts["asked"] == 0

    def test_an_unpaid_transfer_gives_its_seat_back_at_the_end_of_its_hold(
        self, desk: Desk
    ) -> None:
        course = desk.course(max_students=1)
        held = desk.buy(desk.student(), course, method=PaymentMethod.BANK_TRANSFER, card=None)
        desk.pass_time(days=6, hours=23)
        assert run(desk, asking.run).counts["asked"] == 0
        desk.pass_time(hours=1)

        assert run(desk, asking.run).message == "Asked about 1: 1 settled."
        assert desk.payment(held.payment_id).reason_code == "hold_expired"
        assert desk.seats(course) == 0

    def test_a_gateway_that_is_down_leaves_all_open_and_is_asked_later_and_later(
        self, desk: Desk
    ) -> None:
        bought = desk.buy(desk.student(), desk.course(), card="tok_lost_answer")
        desk.gateway.set_mood(Mood.UNREACHABLE)
        waited = []
        for _ in range(4):
            due_at = desk.payment(bought.payment_id).next_check_at
            waited.append(due_at - desk.clock.now)
            desk.clock.now = due_at
            assert run(desk, asking.run).message == "Asked about 1: 0 settled, 1 still open."

        assert waited == [
            timedelta(minutes=5),
            timedelta(hours=1),
            timedelta(days=1),
            timedelta(days=1),
        ]
        assert desk.payment(bought.payment_id).status == "unknown"

    def test_an_unsettled_refund_is_asked_about_too(self, desk: Desk) -> None:
        bought = desk.buy(desk.student(), desk.course())
        desk.gateway.set_mood(Mood.LOST_ANSWER)
        refund = desk.refund(bought.payment_id)
        desk.gateway.set_mood(Mood.APPROVE)
        desk.pass_time(minutes=5)

        assert run(desk, asking.run).message == "Asked about 1: 1 settled."
        assert desk.payment(refund.refund_id).status == "completed"
        assert desk.payment(bought.payment_id).status == "refunded"

    @pytest.mark.proof
    def test_a_workstation_that_wakes_up_after_the_job_charges_nobody(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        student, course = desk.student(), desk.course(max_students=1)
        charge, asleep = desk.gateway.charge, []

        def sleep(request: Any) -> Any:
            """The request leaves the workstation only after the job has been at the gateway."""
            desk.pass_time(minutes=20)
            asleep.append(run(desk, asking.run))
            return charge(request)

        with monkeypatch.context() as patch:
            patch.setattr(desk.gateway, "charge", sleep)
            bought = desk.buy(student, course)

        assert asleep[0].message == "Asked about 1: 1 settled."
        assert bought.outcome is PurchaseOutcome.DECLINED
        assert [entry.state for entry in desk.sent() if entry.state == "approved"] == []
        assert (desk.payment(bought.payment_id).status, desk.seats(course)) == ("failed", 0)

    def test_what_cannot_be_asked_stops_no_other(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        course = desk.course()
        for _ in range(2):
            desk.buy(desk.student(), course, card="tok_lost_answer")
        made = desk.make(
            make_payment,
            desk.student(),
            status="unknown",
            payment_gateway="another",
            idempotency_key="theirs",
            next_check_at=desk.clock.now,
        )
        desk.made_up = True
        desk.pass_time(minutes=5)

        asked = run(desk, asking.run)

        assert asked.message == "Asked about 3: 2 settled, 1 could not be asked about."
        [problem] = asked.problems
        assert problem.startswith(f"Payment {made}: This payment went through the gateway")


class TestRenewals:
    def test_each_due_subscription_is_billed_and_each_outcome_counted(self, desk: Desk) -> None:
        paid, declined, later = (subscribe(desk, name=name) for name in ("Ada", "Bo", "Cy"))
        give_card(desk, declined, "tok_declined")
        desk.make(
            lambda c: c.execute(
                t.subscriptions.update()
                .where(t.subscriptions.c.subscription_id == later)
                .values(next_billing_date=day("2026-04-11"))
            )
        )
        desk.clock.now = at("2026-04-10T00:05")

        result = run(desk, renewing.run)

        assert result.message == "2 were due: 1 paid, 1 declined."
        assert charges(desk, paid) == ["completed", "completed"]
        assert charges(desk, later) == ["completed"]
        assert run(desk, renewing.run).message == "No subscription is due."

    @pytest.mark.proof
    def test_a_deadlock_never_marks_past_due(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first, second = subscribe(desk), subscribe(desk, name="Bo")
        desk.clock.now = at("2026-04-10T00:05")
        renew = renewals.renew

        def lose(database: Any, subscription_id: int, **values: Any) -> Any:
            if subscription_id == first:
                raise ServerBusy("school.db is busy. Nothing was changed; try again in a moment.")
            return renew(database, subscription_id, **values)

        with monkeypatch.context() as patch:
            patch.setattr(renewals, "renew", lose)
            result = run(desk, renewing.run)

        assert result.message == "2 were due: 1 paid, 1 could not be billed."
        assert result.problems == (
            f"Subscription {first}: school.db is busy. Nothing was changed; try again in a moment.",
        )
        assert (row(desk, first).status, row(desk, first).next_retry_at) == ("active", None)
        assert run(desk, renewing.run).message == "1 subscription was due: 1 paid."
        assert charges(desk, second) == ["completed", "completed"]

    def test_a_lost_database_ends_it(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        subscribe(desk)
        desk.clock.now = at("2026-04-10T00:05")

        def lose(*args: Any, **values: Any) -> Any:
            raise DatabaseUnavailable("school.db cannot be reached.")

        monkeypatch.setattr(renewals, "renew", lose)
        with pytest.raises(DatabaseUnavailable):
            run(desk, renewing.run)

    def test_one_that_waits_for_the_gateway_is_told(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        subscribe(desk)
        desk.clock.now = at("2026-04-10T00:05")
        with monkeypatch.context() as patch:
            trouble.lose_request(patch, desk)
            unknown = run(desk, renewing.run)

        assert unknown.message == "1 subscription was due: 1 without an answer yet."
        assert run(desk, renewing.run).message == (
            "1 subscription was due: 1 billed by another desk or still being charged."
        )

    def test_retries_are_taken_up_when_their_time_comes(self, desk: Desk) -> None:
        subscription_id = subscribe(desk)
        desk.clock.now = at("2026-04-10T00:05")
        desk.gateway.set_mood(Mood.UNREACHABLE)
        assert run(desk, renewing.run).message == "1 subscription was due: 1 not sent."
        desk.gateway.set_mood(Mood.APPROVE)
        assert run(desk, renewing.run_retries).message == "No subscription is due."
        desk.pass_time(minutes=5)

        assert run(desk, renewing.run_retries).message == "1 subscription was due: 1 paid."
        assert charges(desk, subscription_id) == ["completed", "failed", "completed"]


class TestRevenue:
    def test_yesterday_and_every_day_since_the_last_run(self, desk: Desk) -> None:
        course = desk.course()
        desk.buy(desk.student(), course)
        desk.clock.now = at("2026-03-11T01:00")
        assert run_one(desk.database, desk.gateways, "revenue").result.message == (
            "Counted the revenue of 2026-03-10."
        )
        desk.clock.now = at("2026-03-13T12:00")
        desk.buy(desk.student(), course)
        desk.clock.now = at("2026-03-15T01:00")

        ran = run_one(desk.database, desk.gateways, "revenue")

        # The day that was counted last is counted again.
        assert ran.result.message == "Counted the revenue of 2026-03-10 to 2026-03-14."
        assert ran.result.counts == {"days": 5, "through": 20260314}
        assert lines(desk) == [
            (day("2026-03-10"), Decimal("49.00")),
            (day("2026-03-13"), Decimal("49.00")),
        ]

    def test_a_school_that_never_ran_it_is_filled_from_its_first_payment(self, desk: Desk) -> None:
        desk.buy(desk.student(), desk.course())
        desk.clock.now = at("2026-03-12T01:00")

        assert run(desk, summarising.run).message == (
            "Counted the revenue of 2026-03-10 to 2026-03-11."
        )
        assert run(desk, summarising.run).counts["days"] == 2
        assert lines(desk) == [(day("2026-03-10"), Decimal("49.00"))]

    def test_an_empty_school_has_nothing_to_count(self, desk: Desk) -> None:
        assert run(desk, summarising.run).message == "No payment was settled before today."

    def test_yesterday_is_that_of_the_schools_time_zone(self, desk: Desk) -> None:
        desk.make(change_settings, time_zone="America/New_York")
        desk.clock.now = at("2026-03-11T03:00")
        desk.buy(desk.student(), desk.course())

        assert run(desk, summarising.run).message == "No payment was settled before today."
        desk.clock.now = at("2026-03-11T04:00")
        assert run(desk, summarising.run).message == "Counted the revenue of 2026-03-10."
        assert lines(desk) == [(day("2026-03-10"), Decimal("49.00"))]


def lines(desk: Desk) -> list[tuple[Any, Decimal]]:
    return [(each.summary_date, each.total_revenue) for each in desk.rows(t.daily_revenue_summary)]


class TestPruning:
    def test_old_runs_go_and_what_was_done_with_years_stays(self, desk: Desk) -> None:
        for job in ("ask-gateway", "archive-year"):
            desk.make(
                lambda c, job=job: c.execute(
                    t.job_runs.insert().values(job=job, due_at=at("2026-02-08T11:59"), state="done")
                )
            )
        run_one(desk.database, desk.gateways, "ask-gateway")

        pruned = run(desk, pruning.run)

        assert pruned.counts["runs_removed"] == 1
        assert pruned.message.endswith(" and 1 old run of jobs.")
        assert sorted(each.job for each in desk.rows(t.job_runs)) == [
            "archive-year",
            "ask-gateway",
        ]
        assert run(desk, pruning.run).counts["runs_removed"] == 0


def test_every_job_of_a_fresh_school_is_done_and_has_nothing_to_do(desk: Desk) -> None:
    ran = run_due(desk.database, desk.gateways)

    assert [(each.result.job, each.state) for each in ran] == [
        (name, JobState.DONE) for name in JOBS
    ]
    assert [each.result.problems for each in ran] == [()] * 5
