"""What the panel of a payment says and offers in each state, without a window."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from learnhub_desktop.domain.payments import PaymentRow
from learnhub_desktop.domain.states import PaymentKind, PaymentMethod, PaymentStatus
from learnhub_desktop.domain.timeline import PaymentDetail, TimelineEntry
from learnhub_desktop.ui.panels.payment import offers, payment_panel, refusal

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
OSLO = ZoneInfo("Europe/Oslo")


def make_detail(row: dict[str, Any] | None = None, **changed: Any) -> PaymentDetail:
    """A completed card payment; ``row`` and the rest name what differs."""
    paid = PaymentRow(
        payment_id=4819,
        student_id=7,
        student_name="Ada Byron",
        student_email="ada@example.org",
        kind=PaymentKind.CHARGE,
        course_id=3,
        subscription_id=None,
        enrollment_id=5,
        title="SQL",
        amount=Decimal("49.00"),
        currency="USD",
        refunded_amount=Decimal("0.00"),
        method=PaymentMethod.CREDIT_CARD,
        status=PaymentStatus.COMPLETED,
        gateway="simulated",
        gateway_reference="sim_ch_4b4f0000000000000000000000349ea73",
        refunds_payment_id=None,
        reason_code=None,
        comment=None,
        refund_due=False,
        hold_expires_at=None,
        created_at=NOW - timedelta(hours=1),
        processed_at=NOW - timedelta(hours=1),
    )
    detail = PaymentDetail(
        row=replace(paid, **(row or {})),
        refunds=(),
        timeline=(),
        next_check_at=None,
        says="It is as it is.",
        may_refund=False,
        may_ask=False,
        may_record_receipt=False,
        may_record_payout=False,
        may_cancel_hold=False,
        why_no_refund="",
    )
    return replace(detail, **changed)


PENDING = {"status": PaymentStatus.PENDING, "hold_expires_at": NOW + timedelta(minutes=15)}
TRANSFER = {"method": PaymentMethod.BANK_TRANSFER, "gateway": "manual"}
REFUND = {"kind": PaymentKind.REFUND, "refunds_payment_id": 4800}


@pytest.mark.parametrize(
    "detail, offered, primary",
    [
        (make_detail(may_refund=True), ["refund"], "refund"),
        (
            make_detail({"status": PaymentStatus.UNKNOWN}, may_ask=True, why_no_refund="No."),
            ["ask_gateway"],
            "ask_gateway",
        ),
        (
            make_detail({**PENDING, **TRANSFER}, may_record_receipt=True, may_cancel_hold=True),
            ["cancel_hold", "record_receipt"],
            "record_receipt",
        ),
        (
            make_detail(PENDING, may_cancel_hold=True, alert_id=12, why_no_refund="No."),
            ["payment_alert", "cancel_hold"],
            "payment_alert",
        ),
        (
            make_detail(PENDING, may_cancel_hold=True, alert_id=12, may_charge=True),
            ["payment_alert", "cancel_hold", "charge_payment"],
            "charge_payment",
        ),
        (
            make_detail({"status": PaymentStatus.FAILED, **TRANSFER}, may_record_receipt=True),
            ["record_receipt", "refund"],
            "record_receipt",
        ),
        (
            make_detail({**REFUND, **TRANSFER, "status": PaymentStatus.PENDING},
                        may_record_payout=True),
            ["payment_charge", "cancel_payout", "record_payout"],
            "record_payout",
        ),
        (make_detail(REFUND), ["payment_charge"], None),
    ],
    ids=[
        "completed", "unknown", "transfer", "in review", "approved", "late transfer",
        "payout", "refund",
    ],
)  # fmt: skip
def test_what_makes_sense_is_offered_and_the_likely_one_is_primary(detail, offered, primary):
    found = offers(detail, now=NOW, zone=UTC)
    possible = [o.action for o in found if not o.reason and o.action != "payment_student"]
    assert possible == offered
    assert [o.action for o in found if o.is_primary] == ([] if primary is None else [primary])


def test_a_charge_that_may_be_at_it_still_is_not_asked_about():
    detail = make_detail(PENDING, why_no_refund="This payment is not completed yet.")
    said = {offer.action: offer.reason for offer in offers(detail, now=NOW, zone=OSLO)}
    assert said["ask_gateway"] == "the first call may still be at it. Ask at 13:15."
    assert said["refund"] == "this payment is not completed yet."


@pytest.mark.parametrize(
    "name, said",
    [
        ("refund", "this payment is not completed yet."),
        ("ask_gateway", "this payment is settled, or nobody knows more of it than LearnHub."),
        ("record_payout", "only a refund that waits to be paid out by hand is recorded so."),
        ("payment_alert", "this payment raised no fraud alert."),
        ("payment_charge", "this is no refund."),
        ("payment_student", ""),
        ("cancel_hold", ""),
        ("copy_reference", ""),
    ],
)
def test_what_is_not_offered_has_its_reason(name, said):
    detail = make_detail(
        {**PENDING, **TRANSFER},
        may_record_receipt=True,
        may_cancel_hold=True,
        why_no_refund="This payment is not completed yet.",
    )
    assert refusal(name, detail, now=NOW, zone=UTC) == said


def test_a_refund_is_not_refunded():
    assert refusal("refund", make_detail(REFUND), now=NOW, zone=UTC) == "this is a refund itself."


def test_facts_are_those_that_there_are():
    panel = payment_panel(
        make_detail(
            {
                "refunded_amount": Decimal("20.00"),
                "status": PaymentStatus.PARTIALLY_REFUNDED,
                "processed_at": NOW + timedelta(minutes=30),
            }
        ),
        now=NOW,
        zone=OSLO,
    )
    assert [(fact.name, fact.text) for fact in panel.facts] == [
        ("E-mail", "ada@example.org"),
        ("Method", "card, simulated"),
        ("Reference", "sim_ch_4b4…0349ea73"),
        ("Made", "Today 12:00"),
        ("Settled", "Today 13:30"),
        ("Refunded", "20.00 USD"),
        ("Left", "29.00 USD"),
    ]
    assert panel.facts[2].tooltip == "sim_ch_4b4f0000000000000000000000349ea73"
    assert panel.facts[3].tooltip == "Tuesday 10 March 2026, 12:00:00 CET (UTC+01:00)"


def test_money_that_must_go_back_is_called_so():
    panel = payment_panel(make_detail({"refund_due": True}), now=NOW, zone=UTC)
    assert (panel.state, panel.state_tone.value) == ("refund due", "bad")


def test_each_day_of_the_story_stands_once_above_its_own():
    at = datetime(2026, 3, 7, 23, 30, tzinfo=UTC)
    story = (
        TimelineEntry(at, "Purchase started", False),
        TimelineEntry(at + timedelta(minutes=1), "No answer: the outcome is unknown", True),
        TimelineEntry(NOW - timedelta(hours=2), "The gateway was asked again", False),
    )
    panel = payment_panel(make_detail(timeline=story), now=NOW, zone=OSLO)
    assert [(event.when, event.text) for event in panel.events] == [
        ("Sun", ""),
        ("00:30:00", "Purchase started"),
        ("00:31:00", "No answer: the outcome is unknown"),
        ("Today", ""),
        ("11:00:00", "The gateway was asked again"),
    ]
    assert panel.events[2].tone is not None
    assert panel.events[1].tooltip == "Sunday 8 March 2026, 00:30:00 CET (UTC+01:00)"


@pytest.mark.parametrize(
    "next_at, said",
    [
        (NOW + timedelta(minutes=5), "It is as it is. The gateway is asked again at 13:05."),
        (NOW + timedelta(days=1), "It is as it is. The gateway is asked again tomorrow 13:00."),
        (NOW - timedelta(minutes=5), "It is as it is. The gateway is about to be asked again."),
        (None, "It is as it is."),
    ],
)
def test_the_next_question_is_told(next_at, said):
    detail = make_detail({"status": PaymentStatus.UNKNOWN}, may_ask=True, next_check_at=next_at)
    assert payment_panel(detail, now=NOW, zone=OSLO).sentence == said
