"""Which stories a payment's events can tell."""

from __future__ import annotations

import pytest

from learnhub_desktop.domain import event_paths
from learnhub_desktop.domain.event_paths import doubtful, impossible
from learnhub_desktop.domain.states import EventType, PaymentKind, PaymentStatus

PAID = "payment_gateway_success enrollment_created access_granted completion_confirmed"
OPENED = "enrollment_created access_granted completion_confirmed"
SENT = "initiated hold_placed payment_gateway_called"

POSSIBLE = [
    ("charge", "pending", SENT),
    ("charge", "completed", f"{SENT} {PAID}"),
    ("charge", "disputed", f"{SENT} {PAID} dispute_opened"),
    ("charge", "completed", f"{SENT} {PAID} dispute_opened dispute_won"),
    ("charge", "partially_refunded", f"{SENT} {PAID}"),
    ("charge", "refunded", f"{SENT} {PAID} access_ended"),
    # All went back, and it ended nothing: what it had opened was over before.
    ("charge", "refunded", f"{SENT} {PAID}"),
    ("charge", "failed", f"{SENT} payment_gateway_failed hold_released failed"),
    ("charge", "failed", f"{SENT} gateway_unreachable hold_released failed"),
    ("charge", "unknown", f"{SENT} outcome_unknown"),
    ("charge", "unknown", f"{SENT} gateway_asked void_failed gateway_asked gateway_unreachable"),
    ("charge", "completed", f"{SENT} outcome_unknown gateway_asked gateway_pending {PAID}"),
    ("charge", "failed", f"{SENT} outcome_unknown gateway_not_found voided hold_released failed"),
    # Bought again: access is extended, and no seat is held.
    (
        "charge",
        "completed",
        "initiated payment_gateway_called payment_gateway_success access_extended "
        "completion_confirmed",
    ),
    ("charge", "failed", "initiated payment_gateway_called payment_gateway_failed failed"),
    # From the balance, in one transaction.
    ("charge", "completed", f"initiated hold_placed {OPENED}"),
    ("charge", "failed", "initiated blocked failed"),
    # By transfer: waiting, cancelled, paid, or paid late.
    ("charge", "pending", "initiated hold_placed"),
    ("charge", "failed", "initiated hold_placed hold_released failed"),
    ("charge", "completed", f"initiated hold_placed receipt_recorded {OPENED}"),
    (
        "charge",
        "completed",
        f"initiated hold_placed hold_expired hold_released failed receipt_recorded {OPENED}",
    ),
    (
        "charge",
        "completed",
        "initiated hold_placed hold_expired hold_released failed receipt_recorded refund_due",
    ),
    # A reviewer looks first.
    ("charge", "pending", "initiated hold_placed verification_requested"),
    (
        "charge",
        "failed",
        "initiated hold_placed verification_requested verification_declined hold_released failed",
    ),
    (
        "charge",
        "completed",
        "initiated hold_placed verification_requested verification_approved "
        f"payment_gateway_called {PAID}",
    ),
    ("charge", "failed", "initiated verification_requested hold_expired failed"),
    # The gateway had taken it after all.
    ("charge", "completed", f"{SENT} gateway_unreachable hold_released failed {PAID}"),
    ("refund", "pending", "refund_requested"),
    ("refund", "completed", "refund_requested refund_completed"),
    (
        "refund",
        "completed",
        "refund_requested refund_gateway_called refund_gateway_success refund_completed",
    ),
    (
        "refund",
        "failed",
        "refund_requested refund_gateway_called refund_gateway_failed refund_failed",
    ),
    ("refund", "pending", "refund_requested refund_gateway_called refund_gateway_pending"),
    ("refund", "unknown", "refund_requested refund_gateway_called outcome_unknown void_failed"),
    # Money back, access kept: the settling is still to come, and takes two tries.
    ("refund", "pending", "refund_requested refund_gateway_called refund_gateway_success"),
    (
        "refund",
        "completed",
        "refund_requested refund_gateway_called refund_gateway_success refund_gateway_success "
        "refund_completed",
    ),
    ("refund", "failed", "refund_requested refund_failed"),
]

IMPOSSIBLE = [
    ("charge", "pending", "", "has no events"),
    ("charge", "pending", "hold_placed initiated", "begins with “hold placed”"),
    ("refund", "pending", "refund_gateway_called", "begins with “refund gateway called”"),
    ("charge", "pending", "initiated initiated", "has “initiated” after “initiated”"),
    (
        "charge",
        "completed",
        f"{SENT} payment_gateway_called {PAID}",
        "has “payment gateway called” after “payment gateway called”",
    ),
    (
        "charge",
        "completed",
        f"{SENT} payment_gateway_success {PAID}",
        "has “payment gateway success” after “payment gateway success”",
    ),
    (
        "charge",
        "completed",
        SENT,
        "is completed, but its events end with “payment gateway called”",
    ),
    (
        "charge",
        "completed",
        f"{SENT} payment_gateway_success",
        "is completed, but its events end with “payment gateway success”",
    ),
    (
        "charge",
        "failed",
        "initiated hold_placed",
        "is failed, but its events end with “hold placed”",
    ),
    (
        "charge",
        "pending",
        f"{SENT} {PAID}",
        "is pending, but its events end with “completion confirmed”",
    ),
    (
        "charge",
        "completed",
        f"{SENT} gateway_not_found voided hold_released failed {PAID}",
        "has “payment gateway success” after “failed”",
    ),
    (
        "charge",
        "completed",
        f"initiated hold_placed verification_requested {PAID}",
        "has “payment gateway success” after “verification requested”",
    ),
    (
        "charge",
        "completed",
        f"initiated hold_placed verification_requested receipt_recorded {OPENED}",
        "has “receipt recorded” after “verification requested”",
    ),
    (
        "charge",
        "completed",
        f"initiated blocked failed receipt_recorded {OPENED}",
        "has “receipt recorded” after “failed”",
    ),
    (
        "charge",
        "completed",
        f"{SENT} receipt_recorded {OPENED}",
        "has “receipt recorded” after “payment gateway called”",
    ),
    ("charge", "failed", f"{SENT} hold_released failed", "has “hold released” after “payment "
     "gateway called”"),
    (
        "refund",
        "failed",
        "refund_requested refund_gateway_called refund_gateway_success refund_gateway_failed "
        "refund_failed",
        "has “refund gateway failed” after “refund gateway success”",
    ),
    (
        "refund",
        "completed",
        "refund_requested refund_gateway_called refund_completed",
        "has “refund completed” after “refund gateway called”",
    ),
]  # fmt: skip

PLAUSIBLE = [
    ("charge", "completed", ""),
    (
        "charge",
        "completed",
        "initiated payment_gateway_success enrollment_created completion_confirmed",
    ),
    ("charge", "pending", "initiated"),
    ("charge", "failed", "initiated failed"),
    # What this program adds to a payment of another one.
    ("charge", "refunded", "access_ended"),
    ("charge", "completed", "receipt_recorded access_extended completion_confirmed"),
    ("charge", "completed", "initiated receipt_recorded refund_due"),
]

DOUBTFUL = [
    ("charge", "completed", "initiated", "is completed, but no event tells of its success"),
    ("refund", "completed", "refund_requested", "is completed, but no event tells of its success"),
    ("charge", "pending", "initiated initiated", "has “initiated” 2 times"),
    (
        "charge",
        "failed",
        "initiated payment_gateway_success",
        "is failed, but has “payment gateway success”",
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


@pytest.mark.parametrize(("kind", "status", "words"), PLAUSIBLE)
def test_what_other_programs_leave_out_is_left_alone(kind: str, status: str, words: str) -> None:
    assert doubtful(PaymentKind(kind), PaymentStatus(status), story(words)) is None


@pytest.mark.parametrize(("kind", "status", "words", "wrong"), DOUBTFUL)
def test_what_another_program_contradicts_is_told(
    kind: str, status: str, words: str, wrong: str
) -> None:
    assert doubtful(PaymentKind(kind), PaymentStatus(status), story(words)) == wrong


@pytest.mark.parametrize("moves", [event_paths._CHARGE, event_paths._REFUND])
def test_every_stage_is_reached_from_the_first_and_leads_to_one_where_a_story_may_stop(
    moves: event_paths.Moves,
) -> None:
    reached, new = set(), {event_paths.Stage.NOTHING}
    while new:
        reached |= new
        new = {end for stage in new for end in moves[stage].values()} - reached
    assert reached == set(moves)

    stops = set(event_paths._STATES) & reached
    before: set[event_paths.Stage] = set()
    while stops != before:
        before = set(stops)
        stops |= {stage for stage in moves if stops.intersection(moves[stage].values())}
    assert stops == reached
