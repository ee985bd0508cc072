"""Purchases that a rule holds until a reviewer decides."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.actors import Role, actor_of
from learnhub_desktop.domain.alerts import AlertDetail, AlertRefusal
from learnhub_desktop.domain.purchases import Purchase, PurchaseOutcome, PurchaseRefusal
from learnhub_desktop.domain.states import AlertStatus, PaymentMethod
from learnhub_desktop.errors import InvalidInput, NotAllowed, OutcomeUnknown, RuleRefused
from learnhub_desktop.services import alerts, settling
from tests.factories import NOW
from tests.services.desk import Desk
from tests.services.lost_commits import lose_commit
from tests.services.money_rows import change_rule


def held(desk: Desk, **values: Any) -> tuple[int, int, Purchase]:
    """A student, a course, and a purchase that waits for a reviewer."""
    desk.make(change_rule, "amount", action="require_verification", rule_condition=_ABOVE_40)
    student, course = desk.student(account_balance=Decimal(90)), desk.course(max_students=1)
    return student, course, desk.buy(student, course, **values)


_ABOVE_40 = {"measure": "amount", "above": 40}


def detail(desk: Desk, bought: Purchase) -> AlertDetail:
    return desk.read(alerts.get_alert, bought.alert_id or 0)


def decide(desk: Desk, bought: Purchase, service: Any, comment: str = "") -> Any:
    waiting = desk.read(alerts.find_verification, bought.alert_id)
    return desk.write(service, waiting, comment=comment)


def approve(desk: Desk, bought: Purchase) -> Any:
    return decide(desk, bought, alerts.approve_verification)


def charge(desk: Desk, bought: Purchase, card: str | None = "tok_visa_1") -> Purchase:
    return alerts.charge_verified(
        desk.database, bought.alert_id or 0, card=card, gateways=desk.gateways, wait_s=0
    )


def test_it_is_held_for_two_days_and_nothing_is_sent(desk: Desk) -> None:
    student, course, bought = held(desk)

    assert bought.outcome is PurchaseOutcome.VERIFICATION
    assert bought.changes.message == (
        "The purchase of “SQL” by Ada waits for a reviewer. A seat is held until 12 March 2026 at "
        "12:00, and nothing was charged."
    )
    assert desk.events(bought.payment_id) == [
        "initiated",
        "hold_placed",
        "verification_requested",
    ]
    payment, alert = desk.payment(bought.payment_id), desk.alert(bought.alert_id)
    assert (payment.status, payment.hold_expires_at) == ("pending", NOW + timedelta(days=2))
    assert (alert.action, alert.status) == ("require_verification", "pending")
    assert (desk.enrolment(student, course).status, desk.seats(course), desk.sent()) == (
        "pending",
        1,
        [],
    )
    assert detail(desk, bought).may_verify


def test_approved_it_is_charged_with_the_card_under_its_first_key(desk: Desk) -> None:
    student, course, bought = held(desk, key="first-key")
    desk.pass_time(hours=5)

    changes = approve(desk, bought)
    shown = detail(desk, bought)
    done = charge(desk, bought)

    assert changes.message == (
        "Approved the purchase of “SQL” by Ada. Charge it now with the student's card or balance."
    )
    assert (shown.may_verify, shown.may_charge) == (False, True)
    assert desk.alert(bought.alert_id).status == AlertStatus.FALSE_POSITIVE
    assert done.outcome is PurchaseOutcome.COMPLETED
    assert [entry.key for entry in desk.sent()] == ["first-key"]
    assert desk.enrolment(student, course).status == "active"
    assert desk.events(bought.payment_id)[2:6] == [
        "verification_requested",
        "verification_approved",
        "payment_gateway_called",
        "payment_gateway_success",
    ]
    again = charge(desk, bought)
    assert again.replayed and len(desk.sent()) == 1
    assert not detail(desk, bought).may_charge


def test_declined_it_is_over_and_the_seat_is_free(desk: Desk) -> None:
    student, course, bought = held(desk)

    changes = decide(desk, bought, alerts.decline_verification, comment="Stolen card")

    assert changes.message == (
        "Declined the purchase of “SQL” by Ada. Nothing was charged; the seat is free."
    )
    assert desk.alert(bought.alert_id).status == AlertStatus.CONFIRMED_FRAUD
    assert desk.payment(bought.payment_id).reason_code == "verification_declined"
    assert (desk.enrolment(student, course).status, desk.seats(course)) == ("cancelled", 0)
    assert detail(desk, bought).why_not == "A reviewer declined the purchase."
    for service in (alerts.approve_verification, alerts.decline_verification):
        with pytest.raises(RuleRefused, match=r"^A reviewer declined the purchase\.$"):
            decide(desk, bought, service)
    with pytest.raises(RuleRefused, match="A reviewer has to approve this purchase first"):
        charge(desk, bought)


def test_what_nobody_decided_runs_out(desk: Desk) -> None:
    student, course, bought = held(desk)
    desk.pass_time(days=2)

    for service in (alerts.approve_verification, alerts.decline_verification):
        with pytest.raises(RuleRefused) as refused:
            decide(desk, bought, service)
        assert refused.value.reason is AlertRefusal.NOT_WAITING
        assert str(refused.value) == (
            "The hold ran out before a reviewer decided. Nothing was charged."
        )
    desk.ask_about(bought.payment_id)

    assert desk.payment(bought.payment_id).reason_code == "hold_expired"
    assert desk.seats(course) == 0
    shown = detail(desk, bought)
    assert (shown.may_verify, shown.why_not) == (
        False,
        "The hold ran out before a reviewer decided. Nothing was charged.",
    )


def test_an_approved_hold_that_ran_out_is_not_charged(desk: Desk) -> None:
    _, course, bought = held(desk)
    approve(desk, bought)
    desk.pass_time(days=2)

    with pytest.raises(RuleRefused) as refused:
        charge(desk, bought)

    assert refused.value.reason is PurchaseRefusal.HOLD_EXPIRED
    assert str(refused.value) == "The hold has run out. Start the purchase again."
    assert desk.sent() == []


def test_a_late_approval_leaves_time_to_present_the_card(desk: Desk) -> None:
    student, course, bought = held(desk)
    desk.pass_time(days=1, hours=23, minutes=59)

    approve(desk, bought)

    until = desk.clock.now + timedelta(minutes=15)
    assert desk.payment(bought.payment_id).hold_expires_at == until
    assert desk.enrolment(student, course).hold_expires_at == until


def test_an_approved_transfer_is_awaited_as_long_as_a_transfer_takes(desk: Desk) -> None:
    _, _, bought = held(desk, method=PaymentMethod.BANK_TRANSFER)
    place = desk.where(bought.payment_id or 0)
    with pytest.raises(RuleRefused, match=r"^A reviewer has to look at this purchase first\.$"):
        desk.write(settling.record_receipt, place, reference="T", amount=Decimal(49))

    changes = approve(desk, bought)

    assert changes.message.endswith("Record the receipt when the money comes.")
    assert desk.payment(bought.payment_id).hold_expires_at == NOW + timedelta(days=7)
    assert not detail(desk, bought).may_charge
    waiting = charge(desk, bought, card=None)
    assert waiting.outcome is PurchaseOutcome.WAITING
    paid = desk.write(settling.record_receipt, place, reference="T", amount=Decimal(49))
    assert paid.outcome is PurchaseOutcome.COMPLETED


@pytest.mark.parametrize("declined", [True, False], ids=["declined", "run out"])
def test_money_for_what_was_not_approved_is_sent_back(desk: Desk, declined: bool) -> None:
    _, course, bought = held(desk, method=PaymentMethod.BANK_TRANSFER)
    place = desk.where(bought.payment_id or 0)
    if declined:
        decide(desk, bought, alerts.decline_verification)
    else:
        desk.pass_time(days=2)
        desk.ask_about(place.payment_id)

    with pytest.raises(RuleRefused) as refused:
        desk.write(settling.record_receipt, place, reference="T", amount=Decimal(49))

    what = "declined this purchase" if declined else "never approved this purchase"
    assert str(refused.value) == f"A reviewer {what}. Send the money back."
    assert desk.seats(course) == 0


def test_an_approved_balance_is_charged_without_a_card(desk: Desk) -> None:
    student, course, bought = held(desk, method=PaymentMethod.ACCOUNT_BALANCE)
    assert desk.balance(student) == Decimal(90)
    approve(desk, bought)

    done = charge(desk, bought, card=None)

    assert done.outcome is PurchaseOutcome.COMPLETED
    assert (desk.balance(student), desk.seats(course)) == (Decimal(41), 1)


@pytest.mark.parametrize(
    "card, sentence",
    [
        (None, "Present the card again: the token that the gateway gave."),
        ("  ", "Name the card's token, such as tok_visa."),
        ("tok_visa_2", "This is another card than the one that was verified."),
    ],
)
def test_the_verified_card_is_needed(desk: Desk, card: str | None, sentence: str) -> None:
    _, _, bought = held(desk)
    approve(desk, bought)

    with pytest.raises(InvalidInput) as wrong:
        charge(desk, bought, card)

    assert (wrong.value.field, str(wrong.value)) == ("card", sentence)
    assert detail(desk, bought).may_charge


def test_a_declined_card_ends_an_approved_purchase(desk: Desk) -> None:
    student, course, bought = held(desk, card="tok_declined")
    approve(desk, bought)

    done = charge(desk, bought, "tok_declined")

    assert done.outcome is PurchaseOutcome.DECLINED
    assert (desk.enrolment(student, course).status, desk.seats(course)) == ("cancelled", 0)


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "not kept"])
def test_a_charge_whose_commit_went_unanswered_is_sent_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    student, course, bought = held(desk)
    approve(desk, bought)
    lose_commit(monkeypatch, desk, "begin_verified", kept=kept)

    done = charge(desk, bought)

    assert done.outcome is PurchaseOutcome.COMPLETED
    assert len(desk.sent()) == 1
    assert desk.seats(course) == 1


def test_a_second_click_on_charge_waits_for_the_first(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, bought = held(desk)
    approve(desk, bought)
    with monkeypatch.context() as cut:
        lose_commit(cut, desk, "settle", kept=False, times=2)
        with pytest.raises(OutcomeUnknown):
            charge(desk, bought)

    second = charge(desk, bought)

    assert second.outcome is PurchaseOutcome.IN_PROGRESS
    desk.pass_time(minutes=15)
    assert charge(desk, bought).outcome is PurchaseOutcome.COMPLETED
    assert len(desk.sent()) == 1


def test_the_same_key_says_where_it_stands(desk: Desk) -> None:
    order_key = "verified-1"
    student, course, bought = held(desk, key=order_key)

    waits = desk.buy(student, course, key=order_key)
    approve(desk, bought)
    approved = desk.buy(student, course, key=order_key)

    assert waits.outcome is approved.outcome is PurchaseOutcome.VERIFICATION
    assert waits.alert_id == bought.alert_id
    assert waits.changes.message == f"This was done already. {bought.changes.message}"
    assert approved.changes.message == (
        "This was done already. A reviewer approved the purchase of “SQL” by Ada. Charge it until "
        "12 March 2026 at 12:00; nothing was charged yet."
    )


def test_a_held_purchase_can_be_cancelled(desk: Desk) -> None:
    student, course, bought = held(desk)

    desk.write(settling.cancel_hold, desk.where(bought.payment_id or 0))

    assert desk.seats(course) == 0
    assert not detail(desk, bought).may_verify


def test_an_alert_that_holds_a_purchase_is_not_just_closed(desk: Desk) -> None:
    _, _, bought = held(desk)
    version = desk.alert(bought.alert_id).row_version

    with pytest.raises(RuleRefused) as refused:
        desk.write(
            alerts.review_alert,
            bought.alert_id,
            decision=AlertStatus.CONFIRMED_FRAUD,
            seen_version=version,
        )

    assert refused.value.reason is AlertRefusal.HOLDS_A_PURCHASE
    assert str(refused.value) == (
        "This alert holds a purchase: approve or decline it, which closes the alert."
    )


def test_a_held_extension_leaves_access_as_it_was_when_declined(desk: Desk) -> None:
    student, course = desk.student(), desk.course()
    desk.buy(student, course)
    desk.make(change_rule, "amount", action="require_verification", rule_condition=_ABOVE_40)
    bought = desk.buy(student, course)

    changes = decide(desk, bought, alerts.decline_verification)

    assert bought.changes.message == (
        "The purchase of “SQL” by Ada waits for a reviewer. It can be approved until 12 March 2026 "
        "at 12:00, and nothing was charged."
    )
    assert changes.message.endswith("Nothing was charged; access stays as it was.")
    assert (desk.enrolment(student, course).status, desk.seats(course)) == ("active", 1)


def test_only_who_may_release_decides(desk: Desk) -> None:
    _, _, bought = held(desk)
    waiting = desk.read(alerts.find_verification, bought.alert_id)
    desk.database._actor = actor_of("desk", Role.STAFF)

    for service in (alerts.approve_verification, alerts.decline_verification):
        with pytest.raises(NotAllowed, match="may not release blocked purchases"):
            desk.write(service, waiting)


def test_a_flag_holds_nothing(desk: Desk) -> None:
    desk.buy(desk.student(), desk.course(price=Decimal(600)), price=Decimal(600))
    alert_id = desk.rows(t.fraud_alerts)[0].alert_id

    with pytest.raises(RuleRefused, match=r"^This alert holds no purchase\.$"):
        desk.read(alerts.find_verification, alert_id)


def test_many_students_with_one_card_are_held(desk: Desk) -> None:
    course = desk.course()
    outcomes = [desk.buy(desk.student(), course, card="tok_visa_7").outcome for _ in range(3)]
    assert outcomes == [
        PurchaseOutcome.COMPLETED,
        PurchaseOutcome.COMPLETED,
        PurchaseOutcome.VERIFICATION,
    ]
