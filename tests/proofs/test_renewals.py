"""Many workstations that renew, and that run what is due, at the same moment."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.jobs import Every, JobPlan
from learnhub_desktop.jobs import renewing
from learnhub_desktop.jobs.registry import Job as PlannedJob
from learnhub_desktop.jobs.runner import run_due
from learnhub_desktop.services import renewals
from tests.proofs.crowd import Job, Place, at_once
from tests.proofs.scale import scaled
from tests.services.desk import Desk
from tests.services.subscribers import bills, charges, row, subscribe

pytestmark = pytest.mark.proof

SUBSCRIBED, DESKS = scaled((10, 4), (5, 3))


def make_due(desk: Desk, subscription_id: int) -> tuple[date, date]:
    """As if it had been paid a month ago; returns the days that its paid period had."""
    today = row(desk, subscription_id).start_date
    # The first of a month, so that a month back and a month on are the same day.
    first = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    end = today.replace(day=1)
    s, b = t.subscriptions, t.subscription_payments
    values = {"start_date": first, "current_period_end": end, "next_billing_date": end}
    desk.make(
        lambda c: c.execute(
            s.update().where(s.c.subscription_id == subscription_id).values(**values)
        )
    )
    desk.make(
        lambda c: c.execute(
            b.update()
            .where(b.c.subscription_id == subscription_id)
            .values(billing_period_start=first, billing_period_end=end)
        )
    )
    return first, end


def renew(desk: Desk, subscription_id: int) -> str:
    return str(renewals.renew(desk.database, subscription_id, gateways=desk.gateways).outcome)


def run_renewals(desk: Desk, minutes: int) -> list[tuple[str, dict[str, int]]]:
    """Run the renewals if they are due, as `learnhub jobs run --due` does on each computer."""
    plan = JobPlan(renewing.NAME, "Renew subscriptions", Every(minutes), "Bills what is due.")
    ran = run_due(desk.database, desk.gateways, jobs={plan.name: PlannedJob(plan, renewing.run)})
    return [(str(each.state), dict(each.result.counts)) for each in ran]


def test_eight_processes_that_renew_one_subscription_bill_one_period(
    school: Desk, place: Place
) -> None:
    for _ in range(scaled(5, 2)):
        subscription_id = subscribe(school)
        first, end = make_due(school, subscription_id)

        told = at_once(place, [Job(renew, {"subscription_id": subscription_id})] * 8)

        assert Counter(told) == {"paid": 1, "not_due": 7}
        following = (end + timedelta(days=31)).replace(day=1)
        assert bills(school, subscription_id) == [
            (str(first), str(end), "completed"),
            (str(end), str(following), "completed"),
        ]
        assert charges(school, subscription_id) == ["completed", "completed"]


def test_eight_processes_that_renew_many_subscriptions_bill_each_once(
    school: Desk, place: Place
) -> None:
    subscribed = [subscribe(school, name=f"Student {number}") for number in range(SUBSCRIBED)]
    for subscription_id in subscribed:
        make_due(school, subscription_id)
    jobs = [Job(renew, {"subscription_id": each}) for each in subscribed for _ in range(DESKS)]

    told = at_once(place, jobs)

    assert Counter(told) == {"paid": SUBSCRIBED, "not_due": SUBSCRIBED * (DESKS - 1)}
    assert all(charges(school, each) == ["completed"] * 2 for each in subscribed)


def test_a_due_job_runs_once_though_eight_computers_begin_it(school: Desk, place: Place) -> None:
    subscribed = [subscribe(school, name=f"Student {number}") for number in range(3)]
    for subscription_id in subscribed:
        make_due(school, subscription_id)

    # Due once a day, so that no second due time comes while the test runs.
    told: list[Any] = at_once(place, [Job(run_renewals, {"minutes": 1_440})] * 8)

    ran = [each for runs in told for each in runs]
    assert [state for state, _counts in ran] == ["done"]
    assert ran[0][1]["paid"] == 3
    runs = school.rows(t.job_runs, t.job_runs.c.job == renewing.NAME)
    assert [each.state for each in runs] == ["done"]
    assert all(charges(school, each) == ["completed"] * 2 for each in subscribed)
