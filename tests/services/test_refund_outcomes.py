"""What a gateway, or a person who pays it out, makes of a refund."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from learnhub_desktop.domain.actors import Role, actor_of
from learnhub_desktop.domain.refunds import RefundTo, Refusal
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.errors import InvalidInput, NotAllowed, RuleRefused
from learnhub_desktop.gateways import EntryKind, VoidOutcome
from learnhub_desktop.gateways.moods import Mood
from learnhub_desktop.services import refund_outcomes, refund_rules, settling
from learnhub_desktop.services.refund_words import Refund, RefundOutcome
from learnhub_desktop.services.refunds import cancel_payout, record_payout
from tests.factories import NOW, make_enrolment, make_payment
from tests.services import gateways_in_trouble as trouble
from tests.services.desk import Desk
from tests.services.lost_commits import lose_commit
from tests.services.money_rows import change_course


def bought(desk: Desk, **values: Any) -> tuple[int, int, int]:
    """A student, a course, and the payment for it."""
    student, course = desk.student(), desk.course(max_students=5)
    payment_id = desk.buy(student, course, **values).payment_id
    assert payment_id is not None
    return student, course, payment_id


def ask(desk: Desk, refund_id: int) -> Refund:
    asked = desk.ask_about(refund_id)
    assert isinstance(asked, Refund)
    return asked


def still_there(desk: Desk, student: int, course: int, payment_id: int) -> None:
    charge = desk.payment(payment_id)
    assert (charge.status, charge.refunded_amount) == ("completed", Decimal(0))
    assert (desk.enrolment(student, course).status, desk.seats(course)) == ("active", 1)


class TestGateways:
    @pytest.mark.parametrize(
        "card, mood, sentence",
        [
            ("tok_refund_declined", None, "The card was declined."),
            ("tok_visa", Mood.UNREACHABLE, "The gateway could not be reached."),
        ],
    )
    def test_a_refused_refund_changes_nothing_and_may_be_asked_for_again(
        self, desk: Desk, card: str, mood: Mood | None, sentence: str
    ) -> None:
        student, course, payment_id = bought(desk, card=card)
        if mood is not None:
            desk.gateway.set_mood(mood, calls=1)

        refused = desk.refund(payment_id)

        assert refused.outcome is RefundOutcome.FAILED
        assert refused.changes.message == (f"{sentence} Nothing went back to Ada; access stays.")
        assert refused.changes.warning
        still_there(desk, student, course, payment_id)
        assert desk.events(refused.refund_id)[-1] == "refund_failed"
        assert desk.refund(payment_id, to=RefundTo.BALANCE).outcome is RefundOutcome.COMPLETED

    def test_a_pending_refund_keeps_the_amount_and_the_access_until_it_is_paid(
        self, desk: Desk
    ) -> None:
        student, course, payment_id = bought(desk, card="tok_refund_pending")

        taken = desk.refund(payment_id)

        assert taken.changes.message == (
            "The gateway has taken the refund of 49.00 USD to Ada and will report when it is paid "
            "out. Access stays until then."
        )
        charge = desk.payment(payment_id)
        assert (charge.status, charge.refunded_amount) == ("completed", Decimal(49))
        assert desk.enrolment(student, course).status == "active"
        assert ask(desk, taken.refund_id).outcome is RefundOutcome.PENDING
        desk.gateway.settle_refund(desk.sent()[-1].key, paid=True)
        assert ask(desk, taken.refund_id).outcome is RefundOutcome.COMPLETED
        assert (desk.enrolment(student, course).status, desk.seats(course)) == ("refunded", 0)

    def test_a_pending_refund_that_fails_later_gives_the_amount_free(self, desk: Desk) -> None:
        student, course, payment_id = bought(desk, card="tok_refund_pending")
        taken = desk.refund(payment_id)

        desk.gateway.settle_refund(desk.sent()[-1].key, paid=False)

        assert ask(desk, taken.refund_id).outcome is RefundOutcome.FAILED
        still_there(desk, student, course, payment_id)

    def test_a_lost_answer_is_asked_about_and_found(self, desk: Desk) -> None:
        student, course, payment_id = bought(desk)
        desk.gateway.set_mood(Mood.LOST_ANSWER, calls=1)

        unknown = desk.refund(payment_id)
        asked = ask(desk, unknown.refund_id)

        assert unknown.changes.message == (
            "The gateway did not answer: it is not known whether 49.00 USD went back to Ada. It "
            "is asked again; nothing goes back twice."
        )
        assert asked.outcome is RefundOutcome.COMPLETED
        refunds = [each for each in desk.sent() if each.kind is EntryKind.REFUND]
        assert len(refunds) == 1
        assert desk.enrolment(student, course).status == "refunded"

    def test_a_request_that_never_arrived_is_voided_before_it_fails(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        student, course, payment_id = bought(desk)
        trouble.lose_request(monkeypatch, desk, "refund")
        unknown = desk.refund(payment_id, key="back-7")

        asked = ask(desk, unknown.refund_id)

        assert asked.changes.message == (
            "The gateway knows of no such refund, so it was given up. Nothing went back to Ada; "
            "access stays."
        )
        assert desk.gateway.lookup("back-7").voided
        still_there(desk, student, course, payment_id)

    def test_a_request_that_arrives_between_the_question_and_the_void_completes(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        student, course, payment_id = bought(desk)
        trouble.arrive_late(monkeypatch, desk, "refund")
        unknown = desk.refund(payment_id)

        assert ask(desk, unknown.refund_id).outcome is RefundOutcome.COMPLETED
        assert desk.enrolment(student, course).status == "refunded"

    @pytest.mark.parametrize("void", ["lost", VoidOutcome.UNKNOWN])
    def test_what_cannot_be_voided_stays_unknown(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, void: str | VoidOutcome
    ) -> None:
        _, _, payment_id = bought(desk)
        trouble.lose_request(monkeypatch, desk, "refund")
        unknown = desk.refund(payment_id)
        if isinstance(void, VoidOutcome):
            trouble.answer_void(monkeypatch, desk, void)
        else:
            trouble.lose_void(monkeypatch, desk)

        assert ask(desk, unknown.refund_id).outcome is RefundOutcome.UNKNOWN
        assert desk.payment(payment_id).refunded_amount == Decimal(49)
        assert desk.payment(unknown.refund_id).next_check_at == NOW + timedelta(hours=1)

    def test_another_act_under_the_key_never_counts_as_this_refund(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        student, course, payment_id = bought(desk)
        trouble.lose_request(monkeypatch, desk, "refund")
        unknown = desk.refund(payment_id)
        [charge] = desk.sent()
        trouble.find(monkeypatch, desk, charge)

        asked = ask(desk, unknown.refund_id)

        assert asked.changes.message == (
            "The gateway knows this refund's key from another act. Nothing went back to Ada; "
            "access stays."
        )
        still_there(desk, student, course, payment_id)

    def test_a_refund_that_another_desk_is_just_sending_is_left_alone(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _, _, payment_id = bought(desk)
        lose_commit(monkeypatch, desk, "settle", kept=False, then_unreachable=True)
        with pytest.raises(Exception, match="could not be written down"):
            desk.refund(payment_id, key="back-3")
        monkeypatch.undo()
        refund_id = max(row.payment_id for row in desk.payments())
        desk.pass_time(minutes=4)

        asked = ask(desk, refund_id)

        assert asked.outcome is RefundOutcome.PENDING
        assert not desk.gateway.lookup("back-3").voided
        desk.pass_time(minutes=1)
        assert ask(desk, refund_id).outcome is RefundOutcome.COMPLETED

    def test_money_back_and_access_kept_is_told_and_tried_again(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        student, course, payment_id = bought(desk)

        def refuse(*args: Any) -> None:
            raise RuleRefused(Refusal.NOT_COMPLETED, "A trigger of another program said no.")

        with monkeypatch.context() as broken:
            broken.setattr(refund_outcomes, "end_what_was_bought", refuse)
            half = desk.refund(payment_id)

        assert half.changes.message == (
            "49.00 USD went back to Ada, but writing it down did not finish, so access is kept. "
            "Press “Try again” on the refund."
        )
        assert half.changes.warning
        assert desk.enrolment(student, course).status == "active"
        assert desk.payment(half.refund_id).status == "pending"
        assert ask(desk, half.refund_id).outcome is RefundOutcome.COMPLETED
        assert desk.enrolment(student, course).status == "refunded"


class TestByHand:
    """What came by transfer, in cash or through another program is paid out by people."""

    def pending(self, desk: Desk) -> tuple[int, int, int, Refund]:
        student, course = desk.student(), desk.course()
        enrolment = desk.make(make_enrolment, student, course)
        desk.make(change_course, course, enrolled_students=1)
        payment_id = desk.make(
            make_payment,
            student,
            enrollment_id=enrolment,
            course_id=course,
            payment_method="bank_transfer",
        )
        return student, course, payment_id, desk.refund(payment_id)

    def test_it_waits_for_a_person_and_no_gateway_is_asked(self, desk: Desk) -> None:
        student, course, payment_id, waiting = self.pending(desk)

        assert waiting.changes.message == (
            "49.00 USD for Ada is to be paid out by hand. Record it when it is done."
        )
        assert desk.read(refund_rules.preview, payment_id).by_hand
        desk.pass_time(days=9)
        assert ask(desk, waiting.refund_id).outcome is RefundOutcome.PENDING
        assert desk.enrolment(student, course).status == "active"

    def test_recording_the_payout_ends_what_was_bought(self, desk: Desk) -> None:
        student, course, payment_id, waiting = self.pending(desk)

        done = desk.write(record_payout, desk.where(waiting.refund_id), reference=" TR-9 ")

        assert done.changes.message == (
            "Refunded 49.00 USD to Ada. Access to “SQL” has ended, and the seat is free."
        )
        assert desk.payment(waiting.refund_id).gateway_reference == "TR-9"
        assert desk.events(waiting.refund_id) == ["refund_requested", "refund_completed"]
        assert (desk.enrolment(student, course).status, desk.seats(course)) == ("refunded", 0)
        again = desk.write(record_payout, desk.where(waiting.refund_id), reference="TR-9")
        assert again.changes.message.startswith("This was done already.")
        assert desk.seats(course) == 0

    def test_a_payout_that_will_not_be_made_is_cancelled(self, desk: Desk) -> None:
        student, course, payment_id, waiting = self.pending(desk)

        cancelled = desk.write(
            cancel_payout, desk.where(waiting.refund_id), comment="The student stays"
        )

        assert cancelled.changes.message == (
            "The payout was cancelled. Nothing went back to Ada; access stays."
        )
        still_there(desk, student, course, payment_id)
        assert desk.refund(payment_id).outcome is RefundOutcome.PENDING

    def test_only_refunds_by_hand_are_recorded(self, desk: Desk) -> None:
        _, _, payment_id = bought(desk)
        back = desk.refund(payment_id)

        for wrong in (payment_id, back.refund_id):
            with pytest.raises(RuleRefused, match="Only refunds that are paid out by hand"):
                desk.write(record_payout, desk.where(wrong), reference="TR-9")

    def test_a_payout_needs_a_reference_and_the_right(self, desk: Desk) -> None:
        _, _, _, waiting = self.pending(desk)
        place = desk.where(waiting.refund_id)

        with pytest.raises(InvalidInput, match=r"^The reference cannot be empty\.$"):
            desk.write(record_payout, place, reference=" ")
        desk.database._actor = actor_of("desk", Role.STAFF)
        with pytest.raises(NotAllowed, match="may not record receipts"):
            desk.write(record_payout, place, reference="TR-9")


def test_a_refund_that_waits_for_its_payout_is_no_hold_that_waits_for_money(desk: Desk) -> None:
    receipt = {"reference": "T-1", "amount": Decimal(49)}
    waiting = desk.buy(desk.student(), desk.course(), method=PaymentMethod.BANK_TRANSFER)
    desk.write(settling.record_receipt, desk.where(waiting.payment_id or 0), **receipt)
    refund = desk.where(desk.refund(waiting.payment_id or 0).refund_id)

    with pytest.raises(RuleRefused) as no_receipt:
        desk.write(settling.record_receipt, refund, **receipt)
    with pytest.raises(RuleRefused) as no_hold:
        desk.write(settling.cancel_hold, refund)

    assert str(no_receipt.value) == (
        "A receipt is recorded for a purchase by transfer or in cash, and this is none."
    )
    assert str(no_hold.value) == (
        "Only a hold that waits for a transfer, for cash or for a reviewer can be cancelled."
    )
    assert desk.payment(refund.payment_id).status == "pending"
    assert desk.payment(waiting.payment_id).refunded_amount == Decimal(49)
