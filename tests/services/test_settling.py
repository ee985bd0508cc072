"""What follows a hold: each answer of a gateway, silence, and asking again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from learnhub_desktop.domain.purchases import PurchaseOutcome
from learnhub_desktop.errors import RuleRefused
from learnhub_desktop.gateways import Entry, EntryKind, EntryState, Gateways, VoidOutcome
from learnhub_desktop.gateways.moods import Mood
from learnhub_desktop.gateways.port import ChargeRequest
from learnhub_desktop.services.asking import ask_now
from tests.factories import NOW, make_payment
from tests.services import gateways_in_trouble as trouble
from tests.services.desk import Desk


@pytest.mark.parametrize(
    "card, reason, sentence",
    [
        ("tok_declined", "declined", "The card was declined."),
        (
            "tok_insufficient_funds",
            "insufficient_funds",
            "The card was declined: there is not enough money on it.",
        ),
        ("tok_expired", "expired_card", "The card was declined: it has expired."),
        ("visa", "invalid_card", "The gateway knows no such card."),
        ("tok_unreachable", "gateway_unreachable", "The gateway could not be reached."),
    ],
)
def test_a_refused_charge_says_why_and_gives_the_seat_back(
    desk: Desk, card: str, reason: str, sentence: str
) -> None:
    student, course = desk.student(), desk.course(max_students=1)

    bought = desk.buy(student, course, card=card)

    assert bought.outcome is PurchaseOutcome.DECLINED
    assert bought.changes.message == (
        f"{sentence} Ada is not enrolled in “SQL”; nothing was charged."
    )
    assert bought.changes.warning
    payment, enrolment = desk.payment(bought.payment_id), desk.enrolment(student, course)
    assert (payment.status, payment.reason_code, payment.processed_at) == ("failed", reason, NOW)
    assert (enrolment.status, enrolment.hold_expires_at) == ("cancelled", None)
    assert enrolment.activated_at is None
    assert desk.seats(course) == 0
    refused = "gateway_unreachable" if card == "tok_unreachable" else "payment_gateway_failed"
    assert desk.events(bought.payment_id) == [
        "initiated",
        "hold_placed",
        "payment_gateway_called",
        refused,
        "hold_released",
        "failed",
    ]


@pytest.mark.parametrize(
    "mood, delay_s, outcome, charges",
    [
        (Mood.APPROVE, 0.0, PurchaseOutcome.COMPLETED, 1),
        (Mood.DECLINE, 0.0, PurchaseOutcome.DECLINED, 0),
        (Mood.LATE, 2.0, PurchaseOutcome.COMPLETED, 1),
        (Mood.LATE, 60.0, PurchaseOutcome.UNKNOWN, 1),
        (Mood.LOST_ANSWER, 0.0, PurchaseOutcome.UNKNOWN, 1),
        (Mood.UNREACHABLE, 0.0, PurchaseOutcome.DECLINED, 0),
    ],
)
def test_every_mood_of_a_gateway_ends_in_what_is_known(
    desk: Desk, mood: Mood, delay_s: float, outcome: PurchaseOutcome, charges: int
) -> None:
    desk.gateway.set_mood(mood, delay_s=delay_s)

    bought = desk.buy(desk.student(), desk.course())

    assert bought.outcome is outcome
    taken = [each for each in desk.sent() if each.state is EntryState.APPROVED]
    assert len(taken) == charges


class TestUnknown:
    """Silence is never "failed": the seat stays held and the gateway is asked."""

    def test_a_lost_answer_keeps_the_seat_and_is_asked_about_in_five_minutes(
        self, desk: Desk
    ) -> None:
        student, course = desk.student(), desk.course()

        bought = desk.buy(student, course, card="tok_lost_answer")

        assert bought.changes.message == (
            "The gateway did not answer. Ada's seat in “SQL” stays held, and nothing is charged "
            "twice. It is asked again soon."
        )
        payment = desk.payment(bought.payment_id)
        assert (payment.status, payment.next_check_at) == ("unknown", NOW + timedelta(minutes=5))
        assert (desk.enrolment(student, course).status, desk.seats(course)) == ("pending", 1)
        assert desk.events(bought.payment_id)[-1] == "outcome_unknown"

    def test_what_is_found_completes(self, desk: Desk) -> None:
        student, course = desk.student(), desk.course()
        bought = desk.buy(student, course, card="tok_lost_answer")

        asked = desk.ask_about(bought.payment_id)

        assert asked.changes.message == (
            "Enrolled Ada in “SQL”. 49.00 USD paid by card. Access until 10 March 2027."
        )
        assert desk.enrolment(student, course).status == "active"
        assert len(desk.sent()) == 1

    def test_what_is_found_declined_fails(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bought = desk.buy(desk.student(), desk.course(), card="tok_lost_answer")
        [entry] = desk.sent()
        declined = replace(entry, state=EntryState.DECLINED, reason_code="expired_card")
        trouble.find(monkeypatch, desk, declined)

        assert desk.ask_about(bought.payment_id).outcome is PurchaseOutcome.DECLINED
        assert desk.payment(bought.payment_id).reason_code == "expired_card"

    def test_what_is_not_found_is_voided_before_it_fails(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        student, course = desk.student(), desk.course()
        order = desk.order(student, course)
        with monkeypatch.context() as cut:
            trouble.lose_request(cut, desk)
            bought = desk.place(order)

        asked = desk.ask_about(bought.payment_id)

        assert asked.changes.message == (
            "The gateway knows of no such charge, so it was given up. Ada is not enrolled in "
            "“SQL”; nothing was charged."
        )
        assert desk.events(bought.payment_id)[-4:] == [
            "gateway_not_found",
            "voided",
            "hold_released",
            "failed",
        ]
        assert desk.gateway.lookup(order.key).voided
        assert desk.seats(course) == 0

    @pytest.mark.parametrize("times", [1, 2, 3])
    def test_a_gateway_that_cannot_be_asked_is_asked_later_and_later(
        self, desk: Desk, times: int
    ) -> None:
        student, course = desk.student(), desk.course()
        bought = desk.buy(student, course, card="tok_lost_answer")
        desk.gateway.set_mood(Mood.UNREACHABLE)

        for _ in range(times):
            asked = desk.ask_about(bought.payment_id)

        later = {1: timedelta(hours=1), 2: timedelta(days=1), 3: timedelta(days=1)}
        payment = desk.payment(bought.payment_id)
        assert asked.outcome is PurchaseOutcome.UNKNOWN
        assert payment.next_check_at == NOW + later[times]
        assert desk.events(bought.payment_id)[-2:] == ["gateway_asked", "gateway_unreachable"]
        assert desk.seats(course) == 1

    @pytest.mark.parametrize("void", ["lost", VoidOutcome.UNKNOWN])
    def test_what_cannot_be_voided_stays_unknown(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, void: str | VoidOutcome
    ) -> None:
        student, course = desk.student(), desk.course()
        trouble.lose_request(monkeypatch, desk)
        bought = desk.buy(student, course)
        if isinstance(void, VoidOutcome):
            trouble.answer_void(monkeypatch, desk, void)
        else:
            trouble.lose_void(monkeypatch, desk)

        asked = desk.ask_about(bought.payment_id)

        assert asked.outcome is PurchaseOutcome.UNKNOWN
        assert desk.events(bought.payment_id)[-1] == "void_failed"
        assert (desk.payment(bought.payment_id).status, desk.seats(course)) == ("unknown", 1)

    def test_a_charge_that_arrives_between_the_question_and_the_void_completes(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        student, course = desk.student(), desk.course()
        trouble.arrive_late(monkeypatch, desk, "charge")
        bought = desk.buy(student, course)

        assert desk.ask_about(bought.payment_id).outcome is PurchaseOutcome.COMPLETED
        assert desk.enrolment(student, course).status == "active"

    def test_a_charge_that_the_gateway_is_still_at_stays_unknown(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bought = desk.buy(desk.student(), desk.course(), card="tok_lost_answer")
        [entry] = desk.sent()
        trouble.find(monkeypatch, desk, replace(entry, state=EntryState.PENDING))

        assert desk.ask_about(bought.payment_id).outcome is PurchaseOutcome.UNKNOWN
        assert desk.events(bought.payment_id)[-1] == "gateway_pending"

    @pytest.mark.parametrize(
        "differs",
        [
            {"payment_id": 999},
            {"amount": Decimal("48.00")},
            {"currency": "EUR"},
            {"kind": EntryKind.REFUND},
        ],
        ids=lambda values: next(iter(values)),
    )
    def test_another_customers_charge_under_the_key_never_pays_for_this_one(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, differs: dict[str, object]
    ) -> None:
        bought = desk.buy(desk.student(), desk.course(), card="tok_lost_answer")
        [entry] = desk.sent()
        other: Entry = replace(entry, **differs)  # type: ignore[arg-type]  # one field by name
        trouble.find(monkeypatch, desk, other)

        asked = desk.ask_about(bought.payment_id)

        assert asked.changes.message == (
            "The gateway knows this purchase's key from another payment. Ada is not enrolled in "
            "“SQL”; nothing was charged."
        )

    def test_a_key_that_the_gateway_knows_from_elsewhere_charges_nothing(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        student, course = desk.student(), desk.course()
        trouble.say_reused(monkeypatch, desk, "charge")

        bought = desk.buy(student, course)

        assert bought.outcome is PurchaseOutcome.DECLINED
        assert desk.payment(bought.payment_id).reason_code == "key_reused"
        assert desk.seats(course) == 0

    def test_a_gateway_that_breaks_in_an_unforeseen_way_is_asked_once_the_hold_is_over(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        student, course = desk.student(), desk.course()
        charge = desk.gateway.charge

        def break_after(request: ChargeRequest) -> None:
            charge(request)
            raise ZeroDivisionError

        with monkeypatch.context() as broken:
            broken.setattr(desk.gateway, "charge", break_after)
            with pytest.raises(ZeroDivisionError):
                desk.buy(student, course)
        [payment] = desk.payments()
        assert (payment.status, desk.seats(course)) == ("pending", 1)
        desk.pass_time(minutes=15)

        assert desk.ask_about(payment.payment_id).outcome is PurchaseOutcome.COMPLETED
        assert len(desk.sent()) == 1

    def test_a_reference_that_is_too_long_for_its_column_loses_no_payment(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        charge = desk.gateway.charge
        monkeypatch.setattr(
            desk.gateway, "charge", lambda request: replace(charge(request), reference="r" * 300)
        )

        bought = desk.buy(desk.student(), desk.course())

        payment = desk.payment(bought.payment_id)
        assert bought.outcome is PurchaseOutcome.COMPLETED
        assert payment.gateway_reference == payment.transaction_id == "r" * 100

    def test_a_payment_of_another_program_is_for_that_program_to_explain(self, desk: Desk) -> None:
        payment = desk.make(make_payment, desk.student(), status="unknown")

        with pytest.raises(RuleRefused) as refused:
            desk.ask_about(payment)

        assert str(refused.value) == (
            "This payment was made by another program, and only that program can say what became "
            "of it."
        )

    def test_a_gateway_that_the_school_no_longer_has_cannot_be_asked(self, desk: Desk) -> None:
        bought = desk.buy(desk.student(), desk.course(), card="tok_lost_answer")

        with pytest.raises(RuleRefused) as refused:
            ask_now(desk.database, bought.payment_id or 0, gateways=Gateways(None))

        assert str(refused.value) == (
            "This payment went through the gateway “simulated”, which this school does not have "
            "now."
        )
        assert desk.payment(bought.payment_id).status == "unknown"
