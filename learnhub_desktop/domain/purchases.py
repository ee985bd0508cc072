"""Buying a course: what is asked for, what may come of it, and the words for it."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from learnhub_desktop.domain.changes import Changes
from learnhub_desktop.domain.states import EnrolmentStatus, PaymentMethod

GATEWAY_METHODS: Final = frozenset(
    {PaymentMethod.CREDIT_CARD, PaymentMethod.PAYPAL, PaymentMethod.STRIPE}
)
BY_HAND_METHODS: Final = frozenset({PaymentMethod.BANK_TRANSFER, PaymentMethod.CASH})


class PurchaseRefusal(StrEnum):
    NO_STUDENT = "no_student"
    NO_COURSE = "no_course"
    COURSE_NOT_LIVE = "course_not_live"
    COURSE_FULL = "course_full"
    SALE_OVER = "sale_over"
    SALE_IS_FOR_NEW = "sale_is_for_new"
    STALE_SCREEN = "stale_screen"
    PRICE_CHANGED = "price_changed"
    PREREQUISITES = "prerequisites"
    HELD_ALREADY = "held_already"
    NOTHING_TO_BUY = "nothing_to_buy"
    BALANCE_TOO_LOW = "balance_too_low"
    RELEASE_NOT_VALID = "release_not_valid"
    KEY_REUSED = "key_reused"
    METHOD = "method"
    HOLD_EXPIRED = "hold_expired"
    WRONG_STATE = "wrong_state"


class PurchaseOutcome(StrEnum):
    COMPLETED = "completed"
    WAITING = "waiting"  # for a transfer or for cash
    VERIFICATION = "verification"  # for a reviewer
    DECLINED = "declined"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"
    IN_PROGRESS = "in_progress"  # another call with the same key is still at it


def new_key(operation: str) -> str:
    """A key for one act, made when its dialog opens: ``buy-5f1c...``."""
    return f"{operation}-{uuid.uuid4()}"


@dataclass(frozen=True, slots=True)
class Order:
    """One purchase as it stands on the screen when the button is pressed.

    ``price`` and ``currency`` are what the screen showed. ``card`` is the gateway's token,
    never a number, and is not stored. ``override_reason`` lets the student in without the
    prerequisites. ``released_alert_id`` names the blocked purchase that a reviewer released.
    ``extends`` is what the screen showed: a purchase of a course that the student is in, or
    not; None buys either.
    """

    key: str
    student_id: int
    course_id: int
    price: Decimal
    currency: str
    method: PaymentMethod
    card: str | None = None
    override_reason: str | None = None
    released_alert_id: int | None = None
    sale_id: int | None = None
    extends: bool | None = None

    def parameters(self, card_fingerprint: str | None) -> dict[str, Any]:
        """What the key stands for: another call with the same key must ask for the same."""
        return {
            "student_id": self.student_id,
            "course_id": self.course_id,
            "amount": f"{self.price:.2f}",
            "currency": self.currency,
            "payment_method": str(self.method),
            "card": card_fingerprint,
            "released_alert_id": self.released_alert_id,
            "sale_id": self.sale_id,
        }


def parameters_hash(parameters: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()


_PARAMETER_NAMES: Final = {
    "student_id": "the student",
    "course_id": "the course",
    "plan_type": "the plan",
    "amount": "the amount",
    "currency": "the currency",
    "payment_method": "the payment method",
    "card": "the card",
    "payment_id": "the payment",
    "released_alert_id": "the released alert",
    "sale_id": "the sale",
    "reason_code": "the reason",
    "to": "where the money goes",
}


def differing(first: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Which parameters are not those of the key's first use: "the amount and the card"."""
    names = [
        _PARAMETER_NAMES.get(name, name.replace("_", " "))
        for name in sorted({*first, *now}, key=[*_PARAMETER_NAMES, *first, *now].index)
        if first.get(name) != now.get(name)
    ]
    if len(names) > 1:
        return f"{', '.join(names[:-1])} and {names[-1]}"
    return names[0] if names else "nothing"


@dataclass(frozen=True, slots=True)
class Purchase:
    """What became of an order. ``changes.message`` is the sentence for people.

    ``payment_id`` is None for a free course; ``replayed`` tells that an earlier call with
    the same key did the work.
    """

    outcome: PurchaseOutcome
    changes: Changes
    key: str
    payment_id: int | None = None
    enrollment_id: int | None = None
    alert_id: int | None = None
    replayed: bool = False

    @property
    def is_known(self) -> bool:
        """Whether it is known what became of the money."""
        return self.outcome not in (PurchaseOutcome.UNKNOWN, PurchaseOutcome.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class PurchasePreview:
    """What the dialog shows before the button: for one student and one course.

    ``seats_left`` None: no limit. ``access_until`` is what the purchase would grant (None:
    lifetime). ``refusal`` is the sentence that forbids it. ``refund_note`` says what the
    student's progress means for a later refund, empty where it means nothing.
    """

    student_id: int
    student_name: str
    course_id: int
    course_title: str
    price: Decimal
    currency: str
    balance: Decimal
    balance_currency: str
    seats_left: int | None
    enrolment: EnrolmentStatus | None
    progress_percent: Decimal
    missing_prerequisites: tuple[str, ...]
    access_until: datetime | None
    extends: bool
    refusal: str = ""
    refund_note: str = ""
    sale_id: int | None = None
