"""Which stories a payment's events can tell."""

from __future__ import annotations

import pytest

from learnhub_desktop.domain.event_paths import impossible
from learnhub_desktop.domain.states import EventType, PaymentKind, PaymentStatus

POSSIBLE = [
    ("charge", "completed", ""),
    (
        "charge",
        "completed",
        "initiated hold_placed payment_gateway_called payment_gateway_success "
        "enrollment_created access_granted completion_confirmed",
    ),
    # As another program writes them.
    (
        "charge",
        "completed",
        "initiated payment_gateway_success enrollment_created completion_confirmed",
    ),
    ("charge", "pending", "initiated hold_placed"),
    ("charge", "unknown", "initiated hold_placed payment_gateway_called outcome_unknown"),
    (
        "charge",
        "failed",
        "initiated hold_placed payment_gateway_called outcome_unknown gateway_asked "
        "gateway_not_found voided hold_released failed",
    ),
    ("charge", "failed", "initiated blocked"),
    # A late receipt.
    ("charge", "completed", "initiated hold_placed hold_expired failed receipt_recorded"),
    (
        "charge",
        "refunded",
        "initiated payment_gateway_called payment_gateway_success completion_confirmed",
    ),
    ("refund", "completed", "refund_requested refund_gateway_called refund_gateway_success "
                            "refund_completed"),
    ("refund", "failed", "refund_requested refund_gateway_called refund_gateway_failed "
                         "refund_failed"),
    # Money back, access kept: the settle is still to come.
    ("refund", "pending", "refund_requested refund_gateway_called refund_gateway_success"),
]  # fmt: skip

IMPOSSIBLE = [
    ("charge", "pending", "hold_placed initiated", "begins with “hold placed”"),
    ("refund", "pending", "refund_gateway_called", "begins with “refund gateway called”"),
    ("charge", "pending", "initiated initiated", "has “initiated” 2 times"),
    (
        "charge",
        "completed",
        "initiated payment_gateway_called payment_gateway_called payment_gateway_success",
        "has “payment gateway called” 2 times",
    ),
    (
        "charge",
        "completed",
        "initiated payment_gateway_called",
        "is completed, but no event tells of its success",
    ),
    ("charge", "failed", "initiated hold_placed", "is failed, but no event tells why"),
    (
        "charge",
        "pending",
        "initiated payment_gateway_called payment_gateway_success",
        "is pending, but has “payment gateway success”",
    ),
    (
        "charge",
        "completed",
        "initiated payment_gateway_called voided payment_gateway_success",
        "was charged after it had been voided",
    ),
]


def story(words: str) -> list[EventType]:
    return [EventType(word) for word in words.split()]


@pytest.mark.parametrize(("kind", "status", "words"), POSSIBLE)
def test_a_story_that_can_have_happened_is_left_alone(kind: str, status: str, words: str) -> None:
    assert impossible(PaymentKind(kind), PaymentStatus(status), story(words)) is None


@pytest.mark.parametrize(("kind", "status", "words", "wrong"), IMPOSSIBLE)
def test_a_story_that_cannot_have_happened_is_told(
    kind: str, status: str, words: str, wrong: str
) -> None:
    assert impossible(PaymentKind(kind), PaymentStatus(status), story(words)) == wrong
