"""How a subscription ends: cancelled, given back, or with its account."""

from __future__ import annotations

from datetime import timedelta

import pytest

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.subscriptions import BillingOutcome
from learnhub_desktop.errors import InvalidInput, RuleRefused
from learnhub_desktop.gateways.moods import Mood
from learnhub_desktop.services import accounts, subscriptions
from tests.services.desk import Desk
from tests.services.subscribers import (
    at,
    charges,
    renew,
    row,
    sign_up,
    subscribe,
)


class TestCancelling:
    def test_at_the_periods_end_it_stays_open_until_then(self, desk: Desk) -> None:
        subscription_id = subscribe(desk)

        said = desk.write(subscriptions.cancel, subscription_id, now=False, reason="Moved")

        assert said.message == (
            "Ada's subscription ends on 10 April 2026. Access stays until then."
        )
        assert row(desk, subscription_id).status == "active"
        desk.clock.now = at("2026-04-10T06:00")
        ended = renew(desk, subscription_id)
        assert ended.outcome is BillingOutcome.ENDED
        assert ended.changes.message == "Ada's subscription has ended, as was asked for."
        subscription = row(desk, subscription_id)
        assert (subscription.status, subscription.next_billing_date) == ("cancelled", None)
        assert len(desk.sent()) == 1

    def test_it_can_be_taken_back(self, desk: Desk) -> None:
        subscription_id = subscribe(desk)
        desk.write(subscriptions.cancel, subscription_id, now=False, reason="Moved")

        said = desk.write(subscriptions.resume, subscription_id)

        assert said.message == (
            "Ada's subscription goes on; the next period begins on 10 April 2026."
        )
        desk.clock.now = at("2026-04-10T06:00")
        assert renew(desk, subscription_id).outcome is BillingOutcome.PAID

    def test_now_it_ends_what_it_opened_and_frees_the_seats(self, desk: Desk) -> None:
        subscription_id, course = subscribe(desk), desk.course(max_students=1)
        student = row(desk, subscription_id).user_id
        desk.write(subscriptions.open_course, subscription_id, course)

        said = desk.write(subscriptions.cancel, subscription_id, now=True, reason="Moved")

        assert said.message == ("Ada's subscription has ended, with the access that it opened.")
        assert desk.enrolment(student, course).status == "cancelled"
        assert desk.access(student, course).ended_at == desk.clock.now
        assert desk.seats(course) == 0
        # No money goes back by itself.
        assert charges(desk, subscription_id) == ["completed"]

    def test_money_that_comes_after_the_end_must_go_back(self, desk: Desk) -> None:
        subscription_id = subscribe(desk)
        desk.clock.now = at("2026-04-10T06:00")
        desk.gateway.set_mood(Mood.LOST_ANSWER)
        unknown = renew(desk, subscription_id)
        desk.gateway.set_mood(Mood.APPROVE)
        desk.write(subscriptions.cancel, subscription_id, now=True, reason="Moved")

        asked = desk.ask_about(unknown.payment_id)

        assert asked.changes.message == (
            "29.00 USD of Ada came in for a subscription that has ended. The money must go back: "
            "refund it."
        )
        assert desk.payment(unknown.payment_id).refund_due
        assert row(desk, subscription_id).status == "cancelled"

    def test_what_has_ended_cannot_be_cancelled_again(self, desk: Desk) -> None:
        subscription_id = subscribe(desk)
        desk.write(subscriptions.cancel, subscription_id, now=True, reason="Moved")

        for again in (
            lambda: desk.write(subscriptions.cancel, subscription_id, now=True, reason="Again"),
            lambda: desk.write(subscriptions.resume, subscription_id),
            lambda: desk.write(subscriptions.change_plan, subscription_id, "annual"),
        ):
            with pytest.raises(RuleRefused, match="This subscription is not running"):
                again()

    def test_a_reason_is_needed(self, desk: Desk) -> None:
        with pytest.raises(InvalidInput) as refused:
            desk.write(subscriptions.cancel, subscribe(desk), now=True, reason=" ")
        assert refused.value.field == "reason"

    def test_deleting_the_account_stops_the_billing(self, desk: Desk) -> None:
        subscription_id = subscribe(desk)
        student = row(desk, subscription_id).user_id
        version = desk.row(t.users, t.users.c.user_id == student).row_version

        desk.write(accounts.delete_account, student, reason="requested", row_version=version)

        desk.clock.now = at("2026-04-10T06:00")
        assert renew(desk, subscription_id).outcome is BillingOutcome.NOT_DUE
        assert row(desk, subscription_id).status == "cancelled"
        assert len(desk.sent()) == 1


class TestRefunding:
    def test_a_full_refund_ends_the_subscription_and_its_access(self, desk: Desk) -> None:
        student, course = desk.student(), desk.course()
        paid = sign_up(desk, student)
        subscription_id = desk.payment(paid.payment_id).subscription_id
        desk.write(subscriptions.open_course, subscription_id, course)
        desk.pass_time(days=30)

        desk.refund(paid.payment_id)

        assert row(desk, subscription_id).status == "cancelled"
        assert desk.enrolment(student, course).status == "cancelled"
        assert desk.seats(course) == 0

    def test_past_thirty_days_of_the_period_it_is_refused(self, desk: Desk) -> None:
        paid = sign_up(desk, desk.student(), "annual")
        desk.clock.now += timedelta(days=31, hours=12)

        with pytest.raises(RuleRefused, match="30 days"):
            desk.refund(paid.payment_id)
