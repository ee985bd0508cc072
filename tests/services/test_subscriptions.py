"""Subscriptions: signing up, changing, cancelling, and the courses that they open."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.actors import Role, actor_of
from learnhub_desktop.domain.purchases import PurchaseOutcome, PurchaseRefusal
from learnhub_desktop.domain.subscriptions import BillingOutcome, SubscriptionRefusal
from learnhub_desktop.errors import InvalidInput, NotAllowed, NotFound, RuleRefused
from learnhub_desktop.gateways.moods import Mood
from learnhub_desktop.services import subscriptions
from tests.services import gateways_in_trouble as trouble
from tests.services.desk import Desk
from tests.services.lost_commits import lose_commit
from tests.services.money_rows import change_settings
from tests.services.subscribers import (
    at,
    bills,
    day,
    order,
    place,
    renew,
    row,
    sign_up,
    subscribe,
)


class TestSigningUp:
    def test_the_first_period_is_paid_at_once(self, desk: Desk) -> None:
        paid = sign_up(desk, desk.student())

        assert paid.outcome is PurchaseOutcome.COMPLETED
        assert paid.changes.message == (
            "Ada's subscription is paid: 29.00 USD by card. It runs until 10 April 2026."
        )
        payment = desk.payment(paid.payment_id)
        subscription = row(desk, payment.subscription_id)
        assert (subscription.status, subscription.plan_type) == ("active", "monthly")
        assert subscription.start_date == day("2026-03-10")
        assert subscription.current_period_end == day("2026-04-10")
        assert subscription.next_billing_date == day("2026-04-10")
        assert (payment.amount, payment.status) == (Decimal("29.00"), "completed")
        assert bills(desk, subscription.subscription_id) == [
            ("2026-03-10", "2026-04-10", "completed")
        ]
        assert desk.events(paid.payment_id) == [
            "initiated",
            "payment_gateway_called",
            "payment_gateway_success",
            "access_extended",
            "completion_confirmed",
        ]

    def test_a_reference_that_is_too_long_for_its_column_loses_no_payment(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        charge = desk.gateway.charge
        monkeypatch.setattr(
            desk.gateway, "charge", lambda request: replace(charge(request), reference="r" * 300)
        )

        paid = sign_up(desk, desk.student())

        payment = desk.payment(paid.payment_id)
        assert paid.outcome is PurchaseOutcome.COMPLETED
        assert payment.gateway_reference == payment.transaction_id == "r" * 100

    def test_a_year_costs_the_price_of_a_year(self, desk: Desk) -> None:
        subscription_id = subscribe(desk, "annual")

        assert row(desk, subscription_id).next_billing_date == day("2027-03-10")

    def test_the_day_is_that_of_the_schools_time_zone(self, desk: Desk) -> None:
        desk.make(change_settings, time_zone="Pacific/Auckland")
        desk.clock.now = at("2026-01-30T11:30")

        # It is half past midnight on the 31st there.
        assert row(desk, subscribe(desk)).next_billing_date == day("2026-02-28")

    def test_a_declined_card_opens_nothing(self, desk: Desk) -> None:
        student = desk.student()

        declined = sign_up(desk, student, card="tok_declined")

        assert declined.outcome is PurchaseOutcome.DECLINED
        assert declined.changes.message == (
            "The card was declined. Ada's subscription was not charged."
        )
        subscription = row(desk, desk.payment(declined.payment_id).subscription_id)
        assert (subscription.status, subscription.next_billing_date) == ("expired", None)
        assert (subscription.past_due_since, subscription.next_retry_at) == (None, None)
        # And nothing stands in the way of another card.
        assert sign_up(desk, student).outcome is PurchaseOutcome.COMPLETED

    def test_the_same_key_starts_one(self, desk: Desk) -> None:
        signing = order(desk.student())

        first, again = place(desk, signing), place(desk, signing)

        assert again.replayed and again.payment_id == first.payment_id
        assert again.changes.message == (
            "This was done already. Ada's subscription is paid: 29.00 USD by card. It runs until "
            "10 April 2026."
        )
        assert len(desk.sent()) == 1

    def test_the_same_key_for_another_plan_is_refused(self, desk: Desk) -> None:
        student = desk.student()
        sign_up(desk, student, key="once")

        with pytest.raises(RuleRefused) as refused:
            sign_up(desk, student, "annual", key="once")

        assert refused.value.reason is SubscriptionRefusal.KEY_REUSED
        assert str(refused.value) == (
            "This key was used before with other values: the plan and the amount. Nothing was done."
        )

    def test_a_student_has_one_subscription(self, desk: Desk) -> None:
        student = desk.student()
        sign_up(desk, student)

        with pytest.raises(RuleRefused, match="Ada has a subscription already") as refused:
            sign_up(desk, student, "annual")

        assert refused.value.reason is SubscriptionRefusal.HAS_ONE_ALREADY
        assert len(desk.sent()) == 1

    def test_while_one_charge_is_unknown_another_is_not_begun(self, desk: Desk) -> None:
        student = desk.student()
        unknown = sign_up(desk, student, card="tok_lost_answer")
        assert unknown.changes.message == (
            "The gateway did not answer. It is not known whether Ada's subscription is paid, and "
            "nothing is charged twice. It is asked again soon."
        )

        with pytest.raises(RuleRefused) as refused:
            sign_up(desk, student)

        assert refused.value.reason is SubscriptionRefusal.OPEN_CHARGE
        desk.ask_about(unknown.payment_id)
        assert row(desk, desk.payment(unknown.payment_id).subscription_id).status == "active"

    def test_a_price_that_changed_is_not_charged(self, desk: Desk) -> None:
        with pytest.raises(RuleRefused) as refused:
            sign_up(desk, desk.student(), price=Decimal("19.00"))

        assert refused.value.reason is SubscriptionRefusal.PRICE_CHANGED
        assert str(refused.value) == (
            "The plan “Monthly” now costs 29.00 USD. Nothing was charged; look at the new price "
            "first."
        )

    @pytest.mark.parametrize("offered", [True, False])
    def test_a_plan_that_is_not_offered_is_refused(self, desk: Desk, offered: bool) -> None:
        plans = t.subscription_plans
        desk.make(lambda c: c.execute(plans.update().values(offered=offered)))

        if offered:
            assert sign_up(desk, desk.student()).outcome is PurchaseOutcome.COMPLETED
            return
        with pytest.raises(RuleRefused, match="This plan is not offered any more"):
            sign_up(desk, desk.student())

    def test_an_instructor_does_not_subscribe(self, desk: Desk) -> None:
        with pytest.raises(RuleRefused) as refused:
            sign_up(desk, desk.student(user_type="instructor"))
        assert refused.value.reason is PurchaseRefusal.NO_STUDENT

    def test_a_card_is_needed(self, desk: Desk) -> None:
        with pytest.raises(InvalidInput) as refused:
            sign_up(desk, desk.student(), card="  ")
        assert refused.value.field == "card"

    def test_a_deleted_account_cannot_subscribe(self, desk: Desk) -> None:
        with pytest.raises(NotFound, match="This account was deleted"):
            sign_up(desk, desk.student(deleted_at=desk.clock.now))

    @pytest.mark.parametrize("kept", [True, False])
    def test_a_lost_commit_charges_once(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, kept: bool
    ) -> None:
        student = desk.student()
        lose_commit(monkeypatch, desk, "begin", kept=kept)

        assert sign_up(desk, student).outcome is PurchaseOutcome.COMPLETED
        assert len(desk.sent()) == 1

    def test_an_account_without_the_right_is_refused(self, desk: Desk) -> None:
        desk.database._actor = actor_of("teacher", Role.INSTRUCTOR)
        with pytest.raises(NotAllowed):
            sign_up(desk, desk.student())


class TestChanging:
    def test_another_plan_is_billed_from_the_next_period_on(self, desk: Desk) -> None:
        subscription_id = subscribe(desk)

        changed = desk.write(subscriptions.change_plan, subscription_id, "annual")

        assert changed.message == (
            "Ada is billed for “Annual” from 10 April 2026 on: 290.00 USD a period."
        )
        assert row(desk, subscription_id).plan_type == "monthly"
        desk.clock.now = at("2026-04-10T06:00")
        assert renew(desk, subscription_id).outcome is BillingOutcome.PAID
        subscription = row(desk, subscription_id)
        assert (subscription.plan_type, subscription.next_plan_type) == ("annual", None)
        assert subscription.current_period_end == day("2027-04-10")

    def test_the_plan_it_has_takes_the_change_back(self, desk: Desk) -> None:
        subscription_id = subscribe(desk)
        desk.write(subscriptions.change_plan, subscription_id, "annual")

        desk.write(subscriptions.change_plan, subscription_id, "monthly")

        assert row(desk, subscription_id).next_plan_type is None

    def test_a_plan_chosen_while_the_gateway_is_at_it_is_for_the_period_after(
        self, desk: Desk
    ) -> None:
        subscription_id = subscribe(desk)
        desk.clock.now = at("2026-04-10T06:00")
        desk.gateway.set_mood(Mood.LOST_ANSWER)
        unknown = renew(desk, subscription_id)
        desk.gateway.set_mood(Mood.APPROVE)
        desk.write(subscriptions.change_plan, subscription_id, "annual")

        desk.ask_about(unknown.payment_id)

        subscription = row(desk, subscription_id)
        assert (subscription.plan_type, subscription.next_plan_type) == ("monthly", "annual")
        assert subscription.current_period_end == day("2026-05-10")

    def test_a_new_card_is_charged_for_the_next_period(self, desk: Desk) -> None:
        subscription_id = subscribe(desk)

        changed = desk.write(
            subscriptions.change_card, subscription_id, card="tok_mastercard", fingerprint="fp-2"
        )

        assert changed.message == "Ada's new card is charged on 10 April 2026."
        subscription = row(desk, subscription_id)
        assert (subscription.payment_token, subscription.card_fingerprint) == (
            "tok_mastercard",
            "fp-2",
        )


class TestOpeningCourses:
    def test_a_course_is_open_until_the_periods_end_and_holds_a_seat(self, desk: Desk) -> None:
        subscription_id, course = subscribe(desk), desk.course()
        student = row(desk, subscription_id).user_id

        said = desk.write(subscriptions.open_course, subscription_id, course)

        assert said.message == (
            "Opened “SQL” for Ada, until 10 April 2026 and each time the subscription is paid."
        )
        enrolment = desk.enrolment(student, course)
        assert (enrolment.status, enrolment.source) == ("active", "subscription")
        assert desk.access(student, course).access_expires_at == at("2026-04-10T00:00")
        assert desk.seats(course) == 1

    def test_a_renewal_carries_the_access_on(self, desk: Desk) -> None:
        subscription_id, course = subscribe(desk), desk.course()
        student = row(desk, subscription_id).user_id
        desk.write(subscriptions.open_course, subscription_id, course)

        desk.clock.now = at("2026-04-10T06:00")
        renew(desk, subscription_id)

        assert desk.access(student, course).access_expires_at == at("2026-05-10T00:00")

    def test_a_full_course_stays_closed(self, desk: Desk) -> None:
        course = desk.course(max_students=1)
        desk.buy(desk.student(name="Bo"), course)

        with pytest.raises(RuleRefused, match="full"):
            desk.write(subscriptions.open_course, subscribe(desk), course)

    def test_a_draft_is_not_opened(self, desk: Desk) -> None:
        course = desk.course(status="draft")
        with pytest.raises(RuleRefused, match="“SQL” takes no new enrolments now"):
            desk.write(subscriptions.open_course, subscribe(desk), course)

    def test_a_course_that_the_student_has_is_not_opened_again(self, desk: Desk) -> None:
        subscription_id, course = subscribe(desk), desk.course()
        desk.write(subscriptions.open_course, subscription_id, course)

        with pytest.raises(RuleRefused, match="Ada is in this course already"):
            desk.write(subscriptions.open_course, subscription_id, course)

        assert desk.seats(course) == 1

    def test_nothing_is_opened_past_what_was_paid(self, desk: Desk) -> None:
        subscription_id = subscribe(desk)
        desk.clock.now = at("2026-04-10T00:00")

        with pytest.raises(RuleRefused) as refused:
            desk.write(subscriptions.open_course, subscription_id, desk.course())

        assert refused.value.reason is SubscriptionRefusal.ENDED
        assert str(refused.value) == (
            "What Ada has paid for ended on 10 April 2026. It can open courses again once the "
            "next period is paid."
        )

    def test_a_course_bought_since_stays_when_the_subscription_ends(self, desk: Desk) -> None:
        subscription_id, course = subscribe(desk), desk.course()
        student = row(desk, subscription_id).user_id
        desk.write(subscriptions.open_course, subscription_id, course)
        desk.buy(student, course)

        desk.write(subscriptions.cancel, subscription_id, now=True, reason="Moved")

        assert desk.enrolment(student, course).status == "active"
        assert desk.access(student, course).ended_at is None


def test_a_gateway_that_cannot_void_keeps_the_sign_up_unknown(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        trouble.lose_request(patch, desk)
        unknown = sign_up(desk, desk.student())
    with monkeypatch.context() as patch:
        trouble.lose_void(patch, desk)
        asked = desk.ask_about(unknown.payment_id)

    assert asked.outcome is PurchaseOutcome.UNKNOWN
    desk.pass_time(hours=2)
    given_up = desk.ask_about(unknown.payment_id)
    assert given_up.changes.message == (
        "The gateway knows of no such charge, so it was given up. Ada's subscription was not "
        "charged."
    )
