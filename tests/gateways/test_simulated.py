from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from learnhub_desktop.errors import InvalidInput
from learnhub_desktop.gateways.moods import Mood, MoodSetting
from learnhub_desktop.gateways.port import (
    Answer,
    Entry,
    EntryKind,
    EntryState,
    GatewayUnreachable,
    KeyReused,
    Lookup,
    Operation,
    Outcome,
    VoidAnswer,
    VoidOutcome,
)
from learnhub_desktop.gateways.simulated import SimulatedGateway
from tests.gateways.conftest import NOW, Waits
from tests.gateways.making import charge, refund


def test_a_plain_card_is_charged(gateway: SimulatedGateway) -> None:
    answer = gateway.charge(charge())
    assert answer == Answer(
        key="charge-1",
        outcome=Outcome.APPROVED,
        amount=Decimal("49.00"),
        currency="USD",
        reference=answer.reference,
        at=NOW,
    )
    assert answer.reference is not None
    assert answer.reference.startswith("sim_ch_")
    assert gateway.lookup("charge-1") == Lookup(
        "charge-1",
        Entry(
            key="charge-1",
            kind=EntryKind.CHARGE,
            payment_id=7,
            amount=Decimal("49.00"),
            currency="USD",
            state=EntryState.APPROVED,
            reference=answer.reference,
            at=NOW,
        ),
    )


def test_the_same_call_again_gets_the_first_answer_and_charges_once(
    gateway: SimulatedGateway,
) -> None:
    first = gateway.charge(charge())
    again = gateway.charge(charge())
    assert again == first
    assert again.replayed
    assert not first.replayed
    assert len(list(gateway.entries())) == 1


def test_a_decline_is_replayed_too(gateway: SimulatedGateway) -> None:
    gateway.set_mood(Mood.DECLINE, calls=1)
    first = gateway.charge(charge())
    assert first.outcome is Outcome.DECLINED
    assert gateway.charge(charge()) == first


@pytest.mark.parametrize(
    ("other", "differs", "message"),
    [
        (charge(amount="49.01"), ("amount",), "with another amount, so"),
        (charge(currency="EUR"), ("currency",), "with another currency, so"),
        (charge(payment_id=9), ("payment",), "with another payment, so"),
        (charge(card="tok_visa_2"), ("card",), "with another card, so"),
        (
            charge(amount="1", currency="EUR", card="tok_visa_2"),
            ("amount", "currency", "card"),
            "with another amount and currency and card, so",
        ),
    ],
)
def test_a_used_key_with_other_parameters_is_refused_saying_which_differ(
    gateway: SimulatedGateway, other: object, differs: tuple[str, ...], message: str
) -> None:
    gateway.charge(charge())
    with pytest.raises(KeyReused, match=message) as refused:
        gateway.charge(other)  # type: ignore[arg-type]  # the table holds requests only
    assert refused.value.differs == differs
    assert [entry.amount for entry in gateway.entries()] == [Decimal("49.00")]


def test_a_charges_key_cannot_be_a_refunds_key(gateway: SimulatedGateway) -> None:
    gateway.charge(charge())
    with pytest.raises(KeyReused) as refused:
        gateway.refund(refund("charge-1"))
    assert refused.value.differs == ("operation",)


@pytest.mark.parametrize(
    ("card", "reason", "message"),
    [
        ("tok_declined", "declined", "The card was declined."),
        (
            "tok_insufficient_funds",
            "insufficient_funds",
            "The card was declined: there is not enough money on it.",
        ),
        ("tok_expired_de", "expired_card", "The card was declined: it has expired."),
        ("pm_1Mq", "invalid_card", "The gateway knows no such card."),
    ],
)
def test_cards_that_are_always_declined(
    gateway: SimulatedGateway, card: str, reason: str, message: str
) -> None:
    answer = gateway.charge(charge(card=card))
    assert (answer.outcome, answer.reason_code, answer.message) == ("declined", reason, message)
    entry = gateway.lookup("charge-1").entry
    assert entry is not None
    assert (entry.state, entry.reason_code) == ("declined", reason)


def test_a_lost_answer_is_unknown_but_the_charge_was_made(gateway: SimulatedGateway) -> None:
    gateway.set_mood(Mood.LOST_ANSWER)
    answer = gateway.charge(charge())
    assert answer == Answer(
        key="charge-1",
        outcome=Outcome.UNKNOWN,
        amount=Decimal("49.00"),
        currency="USD",
        reason_code="no_answer",
        message="The gateway did not answer, so it is not known whether money moved.",
    )
    entry = gateway.lookup("charge-1").entry
    assert entry is not None
    assert entry.state is EntryState.APPROVED


def test_a_card_loses_only_its_first_answer(gateway: SimulatedGateway) -> None:
    lost = charge(card="tok_lost_answer")
    assert gateway.charge(lost).outcome is Outcome.UNKNOWN
    assert gateway.charge(lost).outcome is Outcome.APPROVED
    assert len(list(gateway.entries())) == 1


def test_a_gateway_in_the_mood_loses_a_replayed_answer_too(gateway: SimulatedGateway) -> None:
    gateway.charge(charge())
    gateway.set_mood(Mood.LOST_ANSWER)
    assert gateway.charge(charge()).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("card", ["tok_visa", "tok_declined"])
def test_an_unreachable_gateway_did_nothing(gateway: SimulatedGateway, card: str) -> None:
    gateway.set_mood(Mood.UNREACHABLE, calls=1)
    with pytest.raises(GatewayUnreachable, match=r"gateway not reachable. Nothing was sent\."):
        gateway.charge(charge(card=card))
    assert list(gateway.entries()) == []
    assert list(gateway.attempts()) == []


def test_an_unreachable_card_did_nothing(gateway: SimulatedGateway) -> None:
    with pytest.raises(GatewayUnreachable):
        gateway.charge(charge(card="tok_unreachable"))
    assert gateway.lookup("charge-1") == Lookup("charge-1", None)


def test_a_late_answer_comes_after_its_delay(gateway: SimulatedGateway, waits: Waits) -> None:
    gateway.set_mood(Mood.LATE, delay_s=7.5)
    assert gateway.charge(charge()).outcome is Outcome.APPROVED
    assert waits == [7.5]


def test_a_late_card_takes_two_seconds_once(gateway: SimulatedGateway, waits: Waits) -> None:
    gateway.charge(charge(card="tok_late"))
    gateway.charge(charge(card="tok_late"))
    assert waits == [2.0]


def test_an_answer_later_than_patience_is_none_but_the_charge_was_made(
    gateway: SimulatedGateway, waits: Waits
) -> None:
    gateway.set_mood(Mood.LATE, delay_s=60)
    assert gateway.charge(charge()).outcome is Outcome.UNKNOWN
    assert waits == [10.0]
    assert [entry.state for entry in gateway.entries()] == [EntryState.APPROVED]


def test_a_mood_lasts_for_its_calls_and_then_passes(gateway: SimulatedGateway) -> None:
    gateway.set_mood(Mood.DECLINE, operation=Operation.CHARGE, calls=2)
    outcomes = [gateway.charge(charge(f"k{n}")).outcome for n in range(3)]
    assert outcomes == [Outcome.DECLINED, Outcome.DECLINED, Outcome.APPROVED]


def test_a_mood_of_one_operation_leaves_the_others_alone(gateway: SimulatedGateway) -> None:
    gateway.set_mood(Mood.UNREACHABLE, operation=Operation.VOID)
    gateway.set_mood(Mood.LATE, operation=Operation.REFUND, delay_s=1.5, calls=4)
    assert gateway.moods() == {
        Operation.VOID: MoodSetting(Mood.UNREACHABLE),
        Operation.REFUND: MoodSetting(Mood.LATE, 4, 1.5),
    }
    assert gateway.charge(charge()).outcome is Outcome.APPROVED
    with pytest.raises(GatewayUnreachable):
        gateway.void("other")
    gateway.set_mood(Mood.APPROVE)
    assert gateway.moods() == {}


def test_a_mood_without_an_operation_leaves_a_way_to_ask(gateway: SimulatedGateway) -> None:
    gateway.set_mood(Mood.UNREACHABLE)
    gateway.set_mood(Mood.LOST_ANSWER)
    assert set(gateway.moods()) == {Operation.CHARGE, Operation.REFUND}


def test_moods_that_make_no_sense_are_refused(gateway: SimulatedGateway) -> None:
    with pytest.raises(ValueError, match="lookup cannot be in the mood decline"):
        gateway.set_mood(Mood.DECLINE, operation=Operation.LOOKUP)
    with pytest.raises(ValueError, match="calls must be at least 1"):
        gateway.set_mood(Mood.DECLINE, calls=0)


def test_a_lookup_without_an_answer_is_unreachable(gateway: SimulatedGateway) -> None:
    gateway.charge(charge())
    gateway.set_mood(Mood.LOST_ANSWER, operation=Operation.LOOKUP)
    with pytest.raises(GatewayUnreachable, match="it gave no answer"):
        gateway.lookup("charge-1")


def test_a_voided_key_can_never_be_charged(gateway: SimulatedGateway) -> None:
    assert gateway.void("charge-1") == VoidAnswer("charge-1", VoidOutcome.VOIDED)
    answer = gateway.charge(charge())
    assert (answer.outcome, answer.reason_code) == (Outcome.DECLINED, "voided")
    assert gateway.charge(charge(amount="5.00")).reason_code == "voided"
    assert gateway.lookup("charge-1") == Lookup("charge-1", None, voided=True)
    assert list(gateway.entries()) == []


def test_voiding_twice_is_as_good_as_once(gateway: SimulatedGateway) -> None:
    gateway.void("charge-1")
    assert gateway.void("charge-1").outcome is VoidOutcome.VOIDED


def test_a_void_after_the_charge_says_so_and_changes_nothing(gateway: SimulatedGateway) -> None:
    gateway.charge(charge())
    answer = gateway.void("charge-1")
    assert answer.outcome is VoidOutcome.ALREADY_DONE
    assert answer.entry == gateway.lookup("charge-1").entry
    assert gateway.lookup("charge-1").voided is False


def test_a_declined_charge_can_be_voided_and_stays_declined(gateway: SimulatedGateway) -> None:
    declined = gateway.charge(charge(card="tok_declined"))
    assert gateway.void("charge-1").outcome is VoidOutcome.VOIDED
    assert gateway.charge(charge(card="tok_declined")) == declined


def test_a_void_whose_answer_is_lost_was_still_made(gateway: SimulatedGateway) -> None:
    gateway.set_mood(Mood.LOST_ANSWER, operation=Operation.VOID, calls=1)
    assert gateway.void("charge-1") == VoidAnswer("charge-1", VoidOutcome.UNKNOWN)
    assert gateway.charge(charge()).reason_code == "voided"


def test_a_voided_refund_key_pays_nothing_out(gateway: SimulatedGateway) -> None:
    gateway.charge(charge())
    gateway.void("refund-1")
    assert gateway.refund(refund()).reason_code == "voided"


def test_refunds_add_up_to_the_charge_and_no_further(gateway: SimulatedGateway) -> None:
    gateway.charge(charge(amount="49.00"))
    assert gateway.refund(refund("r1", amount="20.00")).outcome is Outcome.APPROVED
    too_much = gateway.refund(refund("r2", amount="29.01"))
    assert (too_much.outcome, too_much.reason_code) == (Outcome.DECLINED, "above_what_is_left")
    assert gateway.refund(refund("r3", amount="29.00")).outcome is Outcome.APPROVED
    nothing_left = gateway.refund(refund("r4", amount="0.01"))
    assert nothing_left.reason_code == "already_refunded"
    entry = gateway.lookup("charge-1").entry
    assert entry is not None
    assert entry.refunded == Decimal("49.00")


def test_a_refund_with_the_same_key_goes_out_once(gateway: SimulatedGateway) -> None:
    gateway.charge(charge())
    first = gateway.refund(refund(amount="10.00"))
    assert gateway.refund(refund(amount="10.00")) == first
    with pytest.raises(KeyReused) as refused:
        gateway.refund(refund(amount="11.00"))
    assert refused.value.differs == ("amount",)
    entry = gateway.lookup("charge-1").entry
    assert entry is not None
    assert entry.refunded == Decimal("10.00")


@pytest.mark.parametrize(
    ("card", "request_", "reason"),
    [
        ("tok_visa", refund(charge_key="never"), "no_such_charge"),
        ("tok_visa", refund(currency="EUR"), "other_currency"),
        ("tok_declined", refund(), "charge_not_approved"),
        ("tok_refund_declined", refund(), "declined"),
    ],
)
def test_refunds_that_are_declined(
    gateway: SimulatedGateway, card: str, request_: object, reason: str
) -> None:
    gateway.charge(charge(card=card))
    answer = gateway.refund(request_)  # type: ignore[arg-type]  # the table holds requests only
    assert (answer.outcome, answer.reason_code) == (Outcome.DECLINED, reason)


def test_a_pending_refund_holds_its_part_until_it_fails(gateway: SimulatedGateway) -> None:
    gateway.charge(charge())
    gateway.set_mood(Mood.REFUND_PENDING, calls=1)
    assert gateway.refund(refund("r1", amount="30.00")).outcome is Outcome.PENDING
    assert gateway.refund(refund("r2", amount="30.00")).reason_code == "above_what_is_left"
    failed = gateway.settle_refund("r1", paid=False)
    assert (failed.state, failed.reason_code) == (EntryState.DECLINED, "refund_failed")
    assert gateway.refund(refund("r3", amount="30.00")).outcome is Outcome.APPROVED


def test_a_pending_refund_is_paid_and_its_first_answer_stays(gateway: SimulatedGateway) -> None:
    gateway.charge(charge(card="tok_refund_pending"))
    first = gateway.refund(refund())
    assert first.outcome is Outcome.PENDING
    assert gateway.void("refund-1").outcome is VoidOutcome.ALREADY_DONE
    assert gateway.settle_refund("refund-1", paid=True).state is EntryState.APPROVED
    assert gateway.refund(refund()) == first
    entry = gateway.lookup("refund-1").entry
    assert entry is not None
    assert (entry.kind, entry.state, entry.charge_key) == ("refund", "approved", "charge-1")
    with pytest.raises(ValueError, match="no refund is pending under refund-1"):
        gateway.settle_refund("refund-1", paid=False)


def test_all_entries_are_read_in_order_across_pages(
    gateway: SimulatedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("learnhub_desktop.gateways.simulated._PAGE", 2)
    for n in range(5):
        gateway.charge(charge(f"k{n}", amount=f"{n + 1}.00"))
    assert [entry.key for entry in gateway.entries()] == ["k0", "k1", "k2", "k3", "k4"]


def test_each_attempt_is_a_row(gateway: SimulatedGateway) -> None:
    gateway.charge(charge())
    gateway.charge(charge())
    with pytest.raises(KeyReused):
        gateway.charge(charge(amount="1.00"))
    gateway.lookup("charge-1")
    gateway.lookup("other")
    gateway.void("charge-1")
    gateway.set_mood(Mood.LOST_ANSWER)
    gateway.refund(refund())
    said = [(a.operation, a.key, a.outcome, a.mood) for a in gateway.attempts()]
    assert said == [
        ("charge", "charge-1", "approved", "approve"),
        ("charge", "charge-1", "replayed", "approve"),
        ("charge", "charge-1", "refused", "approve"),
        ("lookup", "charge-1", "found", "approve"),
        ("lookup", "other", "not_found", "approve"),
        ("void", "charge-1", "already_done", "approve"),
        ("refund", "refund-1", "approved", "lost_answer"),
    ]


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (charge(amount="0"), "amount"),
        (charge(amount="-5"), "amount"),
        (charge(amount="1.005"), "amount"),
        (charge(currency="JPY"), "currency"),
        (charge(card=""), "card"),
        (charge(card="4242 4242-4242 4242"), "card"),
        (charge(key=""), "key"),
        (charge(key="k" * 101), "key"),
    ],
)
def test_what_no_gateway_could_take_is_refused_and_burns_no_key(
    gateway: SimulatedGateway, request_: object, field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        gateway.charge(request_)  # type: ignore[arg-type]  # the table holds requests only
    assert refused.value.field == field
    assert list(gateway.attempts()) == []
    assert gateway.charge(charge()).outcome is Outcome.APPROVED


def test_amounts_are_the_same_whether_written_short_or_long(gateway: SimulatedGateway) -> None:
    first = gateway.charge(charge(amount="49"))
    assert gateway.charge(replace(charge(), amount=Decimal("49.00"), currency="usd")) == first
    assert first.amount == Decimal("49.00")


def test_it_says_that_no_real_money_moves(gateway: SimulatedGateway) -> None:
    assert gateway.notice == "Payments are simulated: no real money moves."
    assert (gateway.name, gateway.by_hand) == ("simulated", False)
