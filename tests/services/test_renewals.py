"""Renewals: each period billed once, retries by two schedules, and what ends."""

from __future__ import annotations

from decimal import Decimal

import pytest

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.subscriptions import BillingOutcome, SubscriptionRefusal
from learnhub_desktop.errors import DatabaseUnavailable, RuleRefused, ServerBusy
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.gateways.moods import Mood
from learnhub_desktop.services import renewals, subscriptions
from tests.factories import add
from tests.services import gateways_in_trouble as trouble
from tests.services.desk import Desk
from tests.services.lost_commits import lose_commit
from tests.services.money_rows import change_settings
from tests.services.subscribers import (
    at,
    bills,
    charges,
    day,
    give_card,
    renew,
    row,
    subscribe,
)


@pytest.mark.parametrize(
    "first_day, plan, ends",
    [
        ("2026-01-31", "monthly", ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]),
        ("2024-01-31", "monthly", ["2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31"]),
        ("2026-12-30", "monthly", ["2027-01-30", "2027-02-28", "2027-03-30", "2027-04-30"]),
        ("2024-02-29", "annual", ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]),
    ],
)
def test_periods_run_from_the_first_day_to_the_same_day(
    desk: Desk, first_day: str, plan: str, ends: list[str]
) -> None:
    desk.clock.now = at(f"{first_day}T12:00")
    subscription_id = subscribe(desk, plan)
    starts = [first_day, *ends[:-1]]
    for start in starts[1:]:
        desk.clock.now = at(f"{start}T00:05")
        assert renew(desk, subscription_id).outcome is BillingOutcome.PAID

    assert bills(desk, subscription_id) == [
        (start, end, "completed") for start, end in zip(starts, ends, strict=True)
    ]
    assert row(desk, subscription_id).next_billing_date == day(ends[-1])


def test_a_period_is_due_from_its_first_day_on(desk: Desk) -> None:
    subscription_id = subscribe(desk)
    desk.clock.now = at("2026-04-09T23:59:59")
    early = renew(desk, subscription_id)
    assert early.outcome is BillingOutcome.NOT_DUE
    assert early.changes.message == "Ada's next period is not due."

    desk.clock.now = at("2026-04-10T00:00")
    paid = renew(desk, subscription_id)

    assert paid.outcome is BillingOutcome.PAID
    assert paid.changes.message == (
        "Ada's subscription is paid: 29.00 USD by card. It runs until 10 May 2026."
    )


def test_the_day_begins_in_the_schools_time_zone(desk: Desk) -> None:
    desk.make(change_settings, time_zone="America/New_York")
    subscription_id = subscribe(desk)

    desk.clock.now = at("2026-04-10T03:59")
    assert renew(desk, subscription_id).outcome is BillingOutcome.NOT_DUE
    desk.clock.now = at("2026-04-10T04:00")
    assert renew(desk, subscription_id).outcome is BillingOutcome.PAID


@pytest.mark.proof
def test_a_renewal_called_twice_bills_one_period(desk: Desk) -> None:
    subscription_id = subscribe(desk)
    desk.clock.now = at("2026-04-10T06:00")

    first, second = renew(desk, subscription_id), renew(desk, subscription_id)

    assert (first.outcome, second.outcome) == (BillingOutcome.PAID, BillingOutcome.NOT_DUE)
    assert bills(desk, subscription_id) == [
        ("2026-03-10", "2026-04-10", "completed"),
        ("2026-04-10", "2026-05-10", "completed"),
    ]
    assert [entry.amount for entry in desk.sent()] == [Decimal("29.00"), Decimal("29.00")]


def test_a_period_that_is_over_is_not_billed_any_more(desk: Desk) -> None:
    subscription_id = subscribe(desk)

    # Nobody ran the job for three months, and nothing was open meanwhile.
    desk.clock.now = at("2026-07-01T00:05")
    assert renew(desk, subscription_id).outcome is BillingOutcome.PAID

    assert bills(desk, subscription_id) == [
        ("2026-03-10", "2026-04-10", "completed"),
        ("2026-06-10", "2026-07-10", "completed"),
    ]
    assert renew(desk, subscription_id).outcome is BillingOutcome.NOT_DUE


class TestUnknown:
    def test_nothing_is_sent_while_the_answer_is_missing(self, desk: Desk) -> None:
        subscription_id = subscribe(desk)
        desk.gateway.set_mood(Mood.LOST_ANSWER)
        desk.clock.now = at("2026-04-10T06:00")

        unknown = renew(desk, subscription_id)
        desk.gateway.set_mood(Mood.APPROVE)
        again = renew(desk, subscription_id)

        assert (unknown.outcome, again.outcome) == (BillingOutcome.UNKNOWN, BillingOutcome.NOT_DUE)
        assert again.changes.message == (
            f"Ada's period is being charged (payment {unknown.payment_id})."
        )
        assert len(desk.sent()) == 2
        found = desk.ask_about(unknown.payment_id)
        assert found.changes.message == (
            "Ada's subscription is paid: 29.00 USD by card. It runs until 10 May 2026."
        )
        assert bills(desk, subscription_id)[-1] == ("2026-04-10", "2026-05-10", "completed")

    def test_what_is_found_declined_makes_it_past_due(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        subscription_id = subscribe(desk)
        desk.clock.now = at("2026-04-10T06:00")
        give_card(desk, subscription_id, "tok_declined")
        with monkeypatch.context() as patch:
            charge = desk.gateway.charge

            def lost(request: object) -> object:
                charge(request)  # type: ignore[arg-type]
                return trouble.no_answer(request)  # type: ignore[arg-type]

            patch.setattr(desk.gateway, "charge", lost)
            unknown = renew(desk, subscription_id)
        assert unknown.outcome is BillingOutcome.UNKNOWN

        desk.ask_about(unknown.payment_id)

        assert row(desk, subscription_id).status == "past_due"

    def test_money_found_after_the_charge_was_given_up_goes_back(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        subscription_id = subscribe(desk)
        desk.clock.now = at("2026-04-10T06:00")
        with monkeypatch.context() as patch:
            trouble.lose_request(patch, desk)
            unknown = renew(desk, subscription_id)
        desk.ask_about(unknown.payment_id)

        # The key is voided, so what the gateway takes later under it is nothing.
        assert desk.payment(unknown.payment_id).status == "failed"
        assert row(desk, subscription_id).status == "active"


@pytest.mark.proof
def test_a_lost_lock_never_marks_past_due(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    subscription_id = subscribe(desk)
    desk.clock.now = at("2026-04-10T06:00")

    def busy(*args: object, **values: object) -> None:
        raise ServerBusy("school.db is busy. Nothing was changed; try again in a moment.")

    with monkeypatch.context() as patch, pytest.raises(ServerBusy):
        patch.setattr(desk.database, "write_at", busy)
        renew(desk, subscription_id)

    assert row(desk, subscription_id).status == "active"
    assert bills(desk, subscription_id) == [("2026-03-10", "2026-04-10", "completed")]
    assert renew(desk, subscription_id).outcome is BillingOutcome.PAID


@pytest.mark.parametrize("kept", [True, False])
def test_a_lost_commit_of_the_charge_bills_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    subscription_id = subscribe(desk)
    desk.clock.now = at("2026-04-10T06:00")
    lose_commit(monkeypatch, desk, "begin_renewal", kept=kept)

    assert renew(desk, subscription_id).outcome is BillingOutcome.PAID
    assert len(desk.sent()) == 2


def test_a_database_lost_after_the_charge_is_settled_by_asking(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscription_id = subscribe(desk)
    desk.clock.now = at("2026-04-10T06:00")
    with monkeypatch.context() as patch:
        lose_commit(patch, desk, "settle", kept=False, then_unreachable=True)
        with pytest.raises(Exception, match="could not be written down"):
            renew(desk, subscription_id)
    [waiting] = [each for each in desk.payments() if each.status == "pending"]
    desk.pass_time(minutes=20)

    desk.ask_about(waiting.payment_id)

    assert bills(desk, subscription_id)[-1] == ("2026-04-10", "2026-05-10", "completed")
    assert len(desk.sent()) == 2


def test_a_workstation_that_slept_past_its_hold_sends_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscription_id = subscribe(desk)
    desk.clock.now = at("2026-04-10T06:00")
    monkeypatch.setattr("learnhub_desktop.services.settling._MARGIN_S", 10_000.0)

    assert renew(desk, subscription_id).outcome is BillingOutcome.NOT_SENT
    assert (row(desk, subscription_id).status, len(desk.sent())) == ("active", 1)


def test_a_subscription_without_a_card_is_told_and_left_as_it_is(desk: Desk) -> None:
    subscription_id = subscribe(desk)
    give_card(desk, subscription_id, "")
    desk.clock.now = at("2026-04-10T06:00")

    with pytest.raises(RuleRefused) as refused:
        renew(desk, subscription_id)

    assert refused.value.reason is SubscriptionRefusal.METHOD
    assert str(refused.value) == (
        "Ada's subscription names no card that could be charged. Give it one."
    )
    assert row(desk, subscription_id).status == "active"


def test_a_subscription_that_another_program_made_is_billed(desk: Desk) -> None:
    student = desk.student()
    subscription_id = desk.make(
        add,
        t.subscriptions,
        user_id=student,
        plan_type="monthly",
        status="active",
        start_date=day("2026-01-31"),
        current_period_end=day("2026-02-28"),
        next_billing_date=day("2026-02-28"),
        payment_method="credit_card",
        payment_token="tok_visa",
    )
    desk.clock.now = at("2026-03-01T00:05")

    assert renew(desk, subscription_id).outcome is BillingOutcome.PAID
    assert bills(desk, subscription_id) == [("2026-02-28", "2026-03-31", "completed")]


def test_a_school_without_its_gateway_charges_nobody_and_still_ends_what_was_cancelled(
    desk: Desk,
) -> None:
    going_on, cancelled = subscribe(desk), subscribe(desk, name="Bo")
    desk.write(subscriptions.cancel, cancelled, now=False, reason="Moved")
    desk.clock.now = at("2026-04-10T06:00")
    by_hand = Gateways(online=None)

    with pytest.raises(RuleRefused, match="which this school does not have"):
        renewals.renew(desk.database, going_on, gateways=by_hand)
    ended = renewals.renew(desk.database, cancelled, gateways=by_hand)

    assert ended.outcome is BillingOutcome.ENDED
    assert charges(desk, going_on) == ["completed"]


def test_a_database_that_is_lost_before_anything_changes_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscription_id = subscribe(desk)
    desk.clock.now = at("2026-04-10T06:00")

    def lost(*args: object, **values: object) -> None:
        raise DatabaseUnavailable("school.db cannot be reached.")

    with monkeypatch.context() as patch, pytest.raises(DatabaseUnavailable):
        patch.setattr(desk.database, "write_at", lost)
        renewals.renew(desk.database, subscription_id, gateways=desk.gateways)

    assert len(desk.sent()) == 1
