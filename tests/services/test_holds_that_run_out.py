"""Holds past their time: given back, carried on, or found to be paid."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from learnhub_desktop.domain.purchases import PurchaseOutcome, PurchaseRefusal
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.errors import OutcomeUnknown, RuleRefused
from learnhub_desktop.gateways import EntryState
from learnhub_desktop.services import enrolments, outcomes, purchases, settling
from learnhub_desktop.services.purchases import Card
from tests.services.desk import Desk
from tests.services.lost_commits import lose_commit
from tests.services.money_rows import change_payment

MINUTES_20 = timedelta(minutes=20)


class TestHoldsThatRunOut:
    """`pending` is looked at past its hold, never sooner."""

    def hold(self, desk: Desk, student: int, course: int, **values: object) -> settling.Held:
        """A desk that held a seat and was then switched off."""
        order = desk.order(student, course, **values)
        held = desk.write(purchases.hold, order, Card("card_1", "US"), "simulated")
        assert isinstance(held, settling.Held)
        return held

    def test_a_charge_that_may_be_under_way_is_left_alone(self, desk: Desk) -> None:
        held = self.hold(desk, desk.student(), desk.course())
        desk.pass_time(minutes=14)

        asked = desk.ask_about(held.payment_id)

        assert asked.outcome is PurchaseOutcome.IN_PROGRESS
        assert desk.payment(held.payment_id).status == "pending"
        assert not desk.gateway.lookup(held.key).voided

    def test_a_workstation_that_wakes_up_after_the_janitor_charges_nothing(
        self, desk: Desk
    ) -> None:
        """It slept between hold and charge; meanwhile its seat was given away."""
        student, course = desk.student(), desk.course(max_students=1)
        held = self.hold(desk, student, course)
        desk.pass_time(minutes=15)
        desk.ask_about(held.payment_id)
        other = desk.buy(desk.student(name="Bob"), course)

        woken = settling.charge(desk.database, held, gateways=desk.gateways)

        assert woken.outcome is PurchaseOutcome.DECLINED
        assert other.outcome is PurchaseOutcome.COMPLETED
        assert [each.state for each in desk.sent()] == [EntryState.APPROVED]
        assert (desk.seats(course), desk.enrolment(student, course).status) == (1, "cancelled")

    def test_a_workstation_that_knows_that_it_slept_sends_nothing(self, desk: Desk) -> None:
        student, course = desk.student(), desk.course()
        held = self.hold(desk, student, course)

        slept = replace(held, deadline=0.0)
        told = settling.charge(desk.database, slept, gateways=desk.gateways)

        assert told.changes.message == (
            "The hold ran out before it was paid. Ada is not enrolled in “SQL”; nothing was "
            "charged."
        )
        assert desk.events(held.payment_id)[-3:] == ["hold_expired", "hold_released", "failed"]
        assert list(desk.gateway.attempts()) == []

    def test_a_charge_that_was_sent_is_found_past_its_hold(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        student, course = desk.student(), desk.course()
        order = desk.order(student, course)
        with monkeypatch.context() as cut:
            lose_commit(cut, desk, "settle", kept=False, times=2)
            with pytest.raises(OutcomeUnknown):
                desk.place(order)
        [payment] = desk.payments()
        desk.pass_time(minutes=15)

        assert desk.ask_about(payment.payment_id).outcome is PurchaseOutcome.COMPLETED
        assert desk.seats(course) == 1

    def test_a_transfer_that_never_came_expires_by_itself(self, desk: Desk) -> None:
        student, course = desk.student(), desk.course()
        waiting = desk.buy(student, course, method=PaymentMethod.BANK_TRANSFER)
        desk.pass_time(days=7)

        asked = desk.ask_about(waiting.payment_id)

        assert asked.outcome is PurchaseOutcome.DECLINED
        assert desk.events(waiting.payment_id)[-3:] == ["hold_expired", "hold_released", "failed"]
        assert desk.seats(course) == 0

    def test_a_hold_that_was_carried_on_meanwhile_does_not_expire(self, desk: Desk) -> None:
        """It had run out when it was looked at, and was sent before the lock was there."""
        student, course = desk.student(), desk.course()
        waiting = desk.buy(student, course, method=PaymentMethod.CASH)
        place = desk.where(waiting.payment_id or 0)
        desk.pass_time(days=2)
        later = desk.clock.now + MINUTES_20
        desk.make(change_payment, place.payment_id, hold_expires_at=later)

        told = desk.write(outcomes.expire, place)

        assert told.outcome is PurchaseOutcome.WAITING
        assert (desk.payment(place.payment_id).status, desk.seats(course)) == ("pending", 1)

    def test_an_overdue_hold_of_the_same_student_makes_way_for_a_new_purchase(
        self, desk: Desk
    ) -> None:
        student, course = desk.student(), desk.course(max_students=1)
        waiting = desk.buy(student, course, method=PaymentMethod.CASH)
        desk.pass_time(days=2)

        bought = desk.buy(student, course)

        assert bought.outcome is PurchaseOutcome.COMPLETED
        assert desk.payment(waiting.payment_id).status == "failed"
        assert desk.seats(course) == 1

    def test_a_purchase_that_waits_is_named_to_who_buys_again(self, desk: Desk) -> None:
        student, course = desk.student(), desk.course()
        waiting = desk.buy(student, course, method=PaymentMethod.CASH)

        with pytest.raises(RuleRefused) as refused:
            desk.buy(student, course)

        assert refused.value.reason is PurchaseRefusal.HELD_ALREADY
        assert str(refused.value) == (
            f"A purchase of this course is waiting already (payment {waiting.payment_id}). "
            "Settle it first."
        )
        shown = desk.read(enrolments.preview, student, course)
        assert shown.refusal == str(refused.value)
