"""The words that the database stores, and the legal moves between them.

The moves are one table that the code, the triggers and the tests share: whoever adds a
state adds it here, and the next `learnhub db upgrade` teaches it to the servers.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from learnhub_desktop.errors import RuleRefused


class UserType(StrEnum):
    STUDENT = "student"
    INSTRUCTOR = "instructor"
    ADMIN = "admin"


class CourseStatus(StrEnum):
    DRAFT = "draft"
    ACTIVE = "active"
    ARCHIVED = "archived"


class Level(StrEnum):
    """A course without a level is open to all levels."""

    BEGINNER = "beginner"
    INTERMEDIATE = "intermediate"
    ADVANCED = "advanced"


class EnrolmentStatus(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    COMPLETED = "completed"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"


class EnrolmentSource(StrEnum):
    """What opened the course to the student."""

    PURCHASE = "purchase"
    STAFF = "staff"
    SUBSCRIPTION = "subscription"
    FREE = "free"


class PaymentKind(StrEnum):
    CHARGE = "charge"
    REFUND = "refund"


class PaymentStatus(StrEnum):
    PENDING = "pending"
    UNKNOWN = "unknown"
    COMPLETED = "completed"
    FAILED = "failed"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    DISPUTED = "disputed"


class PaymentMethod(StrEnum):
    CREDIT_CARD = "credit_card"
    PAYPAL = "paypal"
    STRIPE = "stripe"
    BANK_TRANSFER = "bank_transfer"
    ACCOUNT_BALANCE = "account_balance"
    CASH = "cash"


class EventType(StrEnum):
    INITIATED = "initiated"
    PAYMENT_GATEWAY_CALLED = "payment_gateway_called"
    PAYMENT_GATEWAY_SUCCESS = "payment_gateway_success"
    PAYMENT_GATEWAY_FAILED = "payment_gateway_failed"
    ENROLLMENT_CREATED = "enrollment_created"
    COMPLETION_CONFIRMED = "completion_confirmed"
    FAILED = "failed"
    BLOCKED = "blocked"
    HOLD_PLACED = "hold_placed"
    HOLD_RELEASED = "hold_released"
    HOLD_EXPIRED = "hold_expired"
    OUTCOME_UNKNOWN = "outcome_unknown"
    GATEWAY_ASKED = "gateway_asked"
    GATEWAY_FOUND = "gateway_found"
    GATEWAY_NOT_FOUND = "gateway_not_found"
    GATEWAY_UNREACHABLE = "gateway_unreachable"
    GATEWAY_PENDING = "gateway_pending"
    VOIDED = "voided"
    VOID_FAILED = "void_failed"
    RECEIPT_RECORDED = "receipt_recorded"
    REFUND_DUE = "refund_due"
    ACCESS_GRANTED = "access_granted"
    ACCESS_EXTENDED = "access_extended"
    ACCESS_ENDED = "access_ended"
    REFUND_REQUESTED = "refund_requested"
    REFUND_GATEWAY_CALLED = "refund_gateway_called"
    REFUND_GATEWAY_SUCCESS = "refund_gateway_success"
    REFUND_GATEWAY_PENDING = "refund_gateway_pending"
    REFUND_GATEWAY_FAILED = "refund_gateway_failed"
    REFUND_COMPLETED = "refund_completed"
    REFUND_FAILED = "refund_failed"
    DISPUTE_OPENED = "dispute_opened"
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"
    VERIFICATION_REQUESTED = "verification_requested"
    VERIFICATION_APPROVED = "verification_approved"
    VERIFICATION_DECLINED = "verification_declined"


class AlertLevel(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class AlertStatus(StrEnum):
    PENDING = "pending"
    REVIEWED = "reviewed"
    FALSE_POSITIVE = "false_positive"
    CONFIRMED_FRAUD = "confirmed_fraud"


class RuleType(StrEnum):
    VELOCITY = "velocity"
    AMOUNT = "amount"
    LOCATION = "location"
    PATTERN = "pattern"


class RuleAction(StrEnum):
    FLAG = "flag"
    BLOCK = "block"
    REQUIRE_VERIFICATION = "require_verification"


class RuleState(StrEnum):
    """A rule in shadow is evaluated and recorded, but adds nothing to the score."""

    ON = "on"
    SHADOW = "shadow"
    OFF = "off"


class SubscriptionStatus(StrEnum):
    ACTIVE = "active"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    PAST_DUE = "past_due"


class BillingStatus(StrEnum):
    PENDING = "pending"
    COMPLETED = "completed"
    FAILED = "failed"


class MovementKind(StrEnum):
    CHARGE = "charge"
    REFUND = "refund"
    ADJUSTMENT = "adjustment"


class KeyState(StrEnum):
    IN_PROGRESS = "in_progress"
    DONE = "done"


class SchoolKind(StrEnum):
    PRODUCTION = "production"
    TEST = "test"
    SAMPLE = "sample"


class GatewayKind(StrEnum):
    SIMULATED = "simulated"
    MANUAL = "manual"


class JobState(StrEnum):
    DUE = "due"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


_P: Final = PaymentStatus
PAYMENT_MOVES: Final[dict[PaymentStatus, frozenset[PaymentStatus]]] = {
    _P.PENDING: frozenset({_P.UNKNOWN, _P.COMPLETED, _P.FAILED}),
    _P.UNKNOWN: frozenset({_P.COMPLETED, _P.FAILED}),
    _P.FAILED: frozenset({_P.COMPLETED}),  # a late receipt
    _P.COMPLETED: frozenset({_P.PARTIALLY_REFUNDED, _P.REFUNDED, _P.DISPUTED}),
    _P.PARTIALLY_REFUNDED: frozenset({_P.REFUNDED, _P.DISPUTED}),
    _P.DISPUTED: frozenset({_P.COMPLETED, _P.PARTIALLY_REFUNDED, _P.REFUNDED}),
    _P.REFUNDED: frozenset(),
}

_E: Final = EnrolmentStatus
ENROLMENT_MOVES: Final[dict[EnrolmentStatus, frozenset[EnrolmentStatus]]] = {
    # Back to refunded or cancelled: what a declined hold restores.
    _E.PENDING: frozenset({_E.ACTIVE, _E.CANCELLED, _E.REFUNDED}),
    _E.ACTIVE: frozenset({_E.COMPLETED, _E.REFUNDED, _E.CANCELLED}),
    _E.COMPLETED: frozenset({_E.ACTIVE, _E.REFUNDED, _E.CANCELLED}),
    _E.REFUNDED: frozenset({_E.PENDING, _E.ACTIVE}),
    _E.CANCELLED: frozenset({_E.PENDING, _E.ACTIVE}),
}

HOLDS_A_SEAT: Final = frozenset({_E.PENDING, _E.ACTIVE, _E.COMPLETED})
OPEN_ENROLMENTS: Final = (_E.ACTIVE, _E.COMPLETED)
OPEN_PAYMENTS: Final = frozenset({_P.PENDING, _P.UNKNOWN})
# The money moved, whatever became of it since.
SETTLED_PAYMENTS: Final = (_P.COMPLETED, _P.PARTIALLY_REFUNDED, _P.REFUNDED, _P.DISPUTED)
RUNNING_SUBSCRIPTIONS: Final = (SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE)


class IllegalMove(StrEnum):
    PAYMENT = "illegal_payment_move"
    ENROLMENT = "illegal_enrolment_move"


def move_payment(current: PaymentStatus, target: PaymentStatus) -> PaymentStatus:
    """Return ``target``; RuleRefused where a payment in ``current`` cannot go there."""
    if target not in PAYMENT_MOVES[current]:
        raise RuleRefused(
            IllegalMove.PAYMENT,
            f"A payment that is {say(current)} cannot become {say(target)}.",
        )
    return target


def move_enrolment(current: EnrolmentStatus, target: EnrolmentStatus) -> EnrolmentStatus:
    """Return ``target``; RuleRefused where an enrolment in ``current`` cannot go there."""
    if target not in ENROLMENT_MOVES[current]:
        raise RuleRefused(
            IllegalMove.ENROLMENT,
            f"An enrolment that is {say(current)} cannot become {say(target)}.",
        )
    return target


_SAID: Final = {
    "partially_refunded": "partly refunded",
    "require_verification": "ask for verification",
}


def say(state: StrEnum | str) -> str:
    """The word for people: `partially_refunded` is "partly refunded"."""
    return _SAID.get(str(state), str(state).replace("_", " "))
