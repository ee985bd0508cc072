"""Two schedules for a charge that did not go through: declined, and not sent."""

from __future__ import annotations

from datetime import timedelta

import pytest

from learnhub_desktop.domain.subscriptions import BillingOutcome
from learnhub_desktop.gateways.moods import Mood
from learnhub_desktop.services import subscriptions
from tests.services import gateways_in_trouble as trouble
from tests.services.desk import Desk
from tests.services.subscribers import (
    at,
    bills,
    charges,
    day,
    give_card,
    order,
    place,
    renew,
    row,
    subscribe,
)


class TestDeclined:
    """Only a declined charge makes a subscription past due."""

    def test_it_is_past_due_and_tried_by_the_schools_schedule(self, desk: Desk) -> None:
        subscription_id = subscribe(desk)
        give_card(desk, subscription_id, "tok_declined")
        desk.clock.now = at("2026-04-10T06:00")

        declined = renew(desk, subscription_id)

        assert declined.outcome is BillingOutcome.DECLINED
        assert declined.changes.message == (
            "The card was declined. Ada's subscription was not charged."
        )
        subscription = row(desk, subscription_id)
        assert (subscription.status, subscription.past_due_since) == (
            "past_due",
            at("2026-04-10T06:00"),
        )
        assert subscription.next_retry_at == at("2026-04-13T06:00")
        assert subscription.current_period_end == day("2026-04-10")

    @pytest.mark.proof
    def test_the_mark_survives_whatever_is_called_next(self, desk: Desk) -> None:
        subscription_id = subscribe(desk)
        give_card(desk, subscription_id, "tok_declined")
        desk.clock.now = at("2026-04-10T06:00")
        renew(desk, subscription_id)

        assert renew(desk, subscription_id).outcome is BillingOutcome.NOT_DUE
        desk.gateway.set_mood(Mood.UNREACHABLE)
        desk.clock.now = at("2026-04-13T06:00")
        assert renew(desk, subscription_id).outcome is BillingOutcome.NOT_SENT

        subscription = row(desk, subscription_id)
        assert (subscription.status, subscription.past_due_since) == (
            "past_due",
            at("2026-04-10T06:00"),
        )

    def test_the_last_decline_ends_it_with_its_access_and_seats(self, desk: Desk) -> None:
        subscription_id, course = subscribe(desk), desk.course(max_students=1)
        student = row(desk, subscription_id).user_id
        desk.write(subscriptions.open_course, subscription_id, course)
        give_card(desk, subscription_id, "tok_declined")

        tried = []
        for moment in ("2026-04-10T06:00", "2026-04-13T06:00", "2026-04-18T06:00"):
            desk.clock.now = at(moment)
            assert renew(desk, subscription_id).outcome is BillingOutcome.DECLINED
            tried.append(row(desk, subscription_id).next_retry_at)
        assert tried == [at("2026-04-13T06:00"), at("2026-04-18T06:00"), at("2026-04-25T06:00")]
        assert desk.seats(course) == 1

        desk.clock.now = at("2026-04-25T06:00")
        assert renew(desk, subscription_id).outcome is BillingOutcome.DECLINED

        subscription = row(desk, subscription_id)
        assert (subscription.status, subscription.next_billing_date) == ("expired", None)
        assert (subscription.next_retry_at, subscription.retry_count) == (None, 4)
        assert desk.enrolment(student, course).status == "cancelled"
        assert desk.access(student, course).ended_at == desk.clock.now
        assert desk.seats(course) == 0
        assert charges(desk, subscription_id) == ["completed", *["failed"] * 4]
        # The seat and the student are free for what comes next.
        assert place(desk, order(student)).changes.message.startswith("Ada's subscription is paid")

    def test_a_retry_that_succeeds_pays_the_same_period(self, desk: Desk) -> None:
        subscription_id, course = subscribe(desk), desk.course()
        student = row(desk, subscription_id).user_id
        desk.write(subscriptions.open_course, subscription_id, course)
        give_card(desk, subscription_id, "tok_declined")
        desk.clock.now = at("2026-04-10T06:00")
        renew(desk, subscription_id)
        give_card(desk, subscription_id, "tok_visa")
        desk.clock.now = at("2026-04-13T06:00")

        assert renew(desk, subscription_id).outcome is BillingOutcome.PAID

        subscription = row(desk, subscription_id)
        assert (subscription.status, subscription.past_due_since) == ("active", None)
        assert (subscription.retry_count, subscription.next_retry_at) == (0, None)
        assert bills(desk, subscription_id)[-1] == ("2026-04-10", "2026-05-10", "completed")
        assert desk.access(student, course).access_expires_at == at("2026-05-10T00:00")

    def test_a_new_card_is_tried_at_once(self, desk: Desk) -> None:
        subscription_id = subscribe(desk)
        give_card(desk, subscription_id, "tok_declined")
        desk.clock.now = at("2026-04-10T06:00")
        renew(desk, subscription_id)
        desk.pass_time(hours=1)

        said = desk.write(
            subscriptions.change_card, subscription_id, card="tok_visa", fingerprint=None
        )

        assert said.message == "Ada's new card is charged within minutes."
        assert renew(desk, subscription_id).outcome is BillingOutcome.PAID


class TestNotSent:
    """A gateway that is not reachable is nobody's fault."""

    def test_it_stays_active_and_is_tried_by_its_own_schedule(self, desk: Desk) -> None:
        subscription_id = subscribe(desk)
        desk.gateway.set_mood(Mood.UNREACHABLE)
        desk.clock.now = at("2026-04-10T06:00")
        retries = []
        for _ in range(6):
            assert renew(desk, subscription_id).outcome is BillingOutcome.NOT_SENT
            subscription = row(desk, subscription_id)
            assert (subscription.status, subscription.past_due_since) == ("active", None)
            retries.append(subscription.next_retry_at - desk.clock.now)
            desk.clock.now = subscription.next_retry_at

        # The last step is repeated for ever.
        assert retries == [
            timedelta(minutes=5),
            timedelta(hours=1),
            timedelta(hours=4),
            timedelta(days=1),
            timedelta(days=1),
            timedelta(days=1),
        ]
        desk.gateway.set_mood(Mood.APPROVE)
        assert renew(desk, subscription_id).outcome is BillingOutcome.PAID

    def test_it_does_not_count_as_declined(self, desk: Desk) -> None:
        subscription_id = subscribe(desk)
        give_card(desk, subscription_id, "tok_declined")
        desk.clock.now = at("2026-04-10T06:00")
        renew(desk, subscription_id)
        desk.gateway.set_mood(Mood.UNREACHABLE)
        for _ in range(5):
            desk.clock.now = row(desk, subscription_id).next_retry_at
            assert renew(desk, subscription_id).outcome is BillingOutcome.NOT_SENT
        desk.gateway.set_mood(Mood.APPROVE)
        desk.clock.now = row(desk, subscription_id).next_retry_at

        # The second decline, so five days: the tries without a gateway used up none.
        assert renew(desk, subscription_id).outcome is BillingOutcome.DECLINED
        subscription = row(desk, subscription_id)
        assert subscription.status == "past_due"
        assert subscription.next_retry_at == desk.clock.now + timedelta(days=5)

    def test_a_charge_that_was_never_received_is_no_decline(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        subscription_id = subscribe(desk)
        desk.clock.now = at("2026-04-10T06:00")
        with monkeypatch.context() as patch:
            trouble.lose_request(patch, desk)
            unknown = renew(desk, subscription_id)
        assert unknown.outcome is BillingOutcome.UNKNOWN
        desk.pass_time(minutes=20)

        given_up = desk.ask_about(unknown.payment_id)

        assert given_up.outcome == "declined"
        assert row(desk, subscription_id).status == "active"
        assert row(desk, subscription_id).next_retry_at == desk.clock.now + timedelta(minutes=5)
        desk.pass_time(minutes=5)
        assert renew(desk, subscription_id).outcome is BillingOutcome.PAID
        assert bills(desk, subscription_id)[-1] == ("2026-04-10", "2026-05-10", "completed")
