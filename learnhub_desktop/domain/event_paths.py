"""Whether a payment's events tell a story that can have happened.

What this program writes is held to a small automaton: each event leads from one stage to the
next, and the stage where a story stops must be that of the payment's state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum, auto
from typing import Final

from learnhub_desktop.domain.states import (
    SETTLED_PAYMENTS,
    EventType,
    PaymentKind,
    PaymentStatus,
    say,
)


class Stage(Enum):
    """How far a payment has come. A story never stops at one that no state belongs to."""

    NOTHING = auto()
    BEGUN = auto()
    HELD = auto()
    IN_REVIEW = auto()
    APPROVED = auto()  # by a reviewer
    STOPPED = auto()  # by a rule, or by a reviewer
    CALLED_OFF = auto()  # the money did not come, and may still come late
    SENT = auto()
    UNKNOWN = auto()
    ASKED = auto()
    REFUSED = auto()  # by the gateway, or never sent to it
    NOT_FOUND = auto()
    VOIDED = auto()
    PAID = auto()
    ENROLLED = auto()
    OPENED = auto()
    SETTLED = auto()
    DISPUTED = auto()
    ENDED = auto()
    FAILED = auto()  # for good
    FAILED_UNPAID = auto()
    FAILED_AT_GATEWAY = auto()
    BACK = auto()  # a refund whose money is back


_E: Final = EventType
_S: Final = PaymentStatus
Moves = Mapping[Stage, Mapping[EventType, Stage]]

# What can follow where no gateway was called: a call, money by hand, the balance, or the end.
_UNSENT: Final = {
    _E.PAYMENT_GATEWAY_CALLED: Stage.SENT,
    _E.RECEIPT_RECORDED: Stage.PAID,
    _E.ENROLLMENT_CREATED: Stage.ENROLLED,
    _E.ACCESS_EXTENDED: Stage.OPENED,
    _E.REFUND_DUE: Stage.SETTLED,
    _E.HOLD_EXPIRED: Stage.CALLED_OFF,
    _E.HOLD_RELEASED: Stage.CALLED_OFF,
    _E.FAILED: Stage.FAILED_UNPAID,
}
# Only the gateway can say what follows its call.
_AT_GATEWAY: Final = {
    _E.PAYMENT_GATEWAY_SUCCESS: Stage.PAID,
    _E.PAYMENT_GATEWAY_FAILED: Stage.REFUSED,
    _E.GATEWAY_UNREACHABLE: Stage.REFUSED,
    _E.HOLD_EXPIRED: Stage.REFUSED,
    _E.GATEWAY_NOT_FOUND: Stage.NOT_FOUND,
    _E.GATEWAY_ASKED: Stage.ASKED,
}
_CHARGE: Final[Moves] = {
    Stage.NOTHING: {_E.INITIATED: Stage.BEGUN},
    Stage.BEGUN: {
        _E.HOLD_PLACED: Stage.HELD,
        _E.BLOCKED: Stage.STOPPED,
        _E.VERIFICATION_REQUESTED: Stage.IN_REVIEW,
        **_UNSENT,
    },
    Stage.HELD: {_E.VERIFICATION_REQUESTED: Stage.IN_REVIEW, **_UNSENT},
    Stage.IN_REVIEW: {
        _E.VERIFICATION_APPROVED: Stage.APPROVED,
        _E.VERIFICATION_DECLINED: Stage.STOPPED,
        _E.HOLD_EXPIRED: Stage.STOPPED,
        _E.HOLD_RELEASED: Stage.STOPPED,
        _E.FAILED: Stage.FAILED,
    },
    Stage.APPROVED: _UNSENT,
    Stage.STOPPED: {_E.HOLD_RELEASED: Stage.STOPPED, _E.FAILED: Stage.FAILED},
    Stage.CALLED_OFF: {_E.HOLD_RELEASED: Stage.CALLED_OFF, _E.FAILED: Stage.FAILED_UNPAID},
    Stage.SENT: {_E.OUTCOME_UNKNOWN: Stage.UNKNOWN, **_AT_GATEWAY},
    Stage.UNKNOWN: _AT_GATEWAY,
    Stage.ASKED: {
        _E.GATEWAY_UNREACHABLE: Stage.UNKNOWN,
        _E.GATEWAY_PENDING: Stage.UNKNOWN,
        _E.VOID_FAILED: Stage.UNKNOWN,
    },
    Stage.REFUSED: {_E.HOLD_RELEASED: Stage.REFUSED, _E.FAILED: Stage.FAILED_AT_GATEWAY},
    Stage.NOT_FOUND: {_E.VOIDED: Stage.VOIDED},
    Stage.VOIDED: {_E.HOLD_RELEASED: Stage.VOIDED, _E.FAILED: Stage.FAILED},
    # The money came all the same, so it is booked.
    Stage.FAILED_UNPAID: {_E.RECEIPT_RECORDED: Stage.PAID},
    Stage.FAILED_AT_GATEWAY: {_E.PAYMENT_GATEWAY_SUCCESS: Stage.PAID},
    Stage.FAILED: {},
    Stage.PAID: {
        _E.ENROLLMENT_CREATED: Stage.ENROLLED,
        _E.ACCESS_EXTENDED: Stage.OPENED,
        _E.REFUND_DUE: Stage.SETTLED,
    },
    Stage.ENROLLED: {_E.ACCESS_GRANTED: Stage.OPENED},
    Stage.OPENED: {_E.COMPLETION_CONFIRMED: Stage.SETTLED},
    Stage.SETTLED: {_E.ACCESS_ENDED: Stage.ENDED, _E.DISPUTE_OPENED: Stage.DISPUTED},
    Stage.DISPUTED: {
        _E.DISPUTE_WON: Stage.SETTLED,
        _E.DISPUTE_LOST: Stage.SETTLED,
        _E.ACCESS_ENDED: Stage.ENDED,
    },
    Stage.ENDED: {},
}
_REFUND_AT_GATEWAY: Final = {
    _E.REFUND_GATEWAY_SUCCESS: Stage.BACK,
    _E.REFUND_GATEWAY_FAILED: Stage.REFUSED,
    _E.OUTCOME_UNKNOWN: Stage.UNKNOWN,
    _E.GATEWAY_UNREACHABLE: Stage.UNKNOWN,
    _E.VOID_FAILED: Stage.UNKNOWN,
}
_REFUND: Final[Moves] = {
    Stage.NOTHING: {_E.REFUND_REQUESTED: Stage.BEGUN},
    Stage.BEGUN: {
        _E.REFUND_GATEWAY_CALLED: Stage.SENT,
        # By hand, or to the balance.
        _E.REFUND_COMPLETED: Stage.SETTLED,
        _E.REFUND_FAILED: Stage.FAILED,
    },
    Stage.SENT: {_E.REFUND_GATEWAY_PENDING: Stage.SENT, **_REFUND_AT_GATEWAY},
    Stage.UNKNOWN: {_E.REFUND_GATEWAY_PENDING: Stage.UNKNOWN, **_REFUND_AT_GATEWAY},
    Stage.REFUSED: {_E.REFUND_FAILED: Stage.FAILED},
    # Writing it down may take more than one try, and the gateway is asked before each.
    Stage.BACK: {
        _E.REFUND_GATEWAY_SUCCESS: Stage.BACK,
        _E.GATEWAY_UNREACHABLE: Stage.BACK,
        _E.REFUND_COMPLETED: Stage.SETTLED,
    },
    Stage.SETTLED: {},
    Stage.FAILED: {},
}

_PENDING: Final = frozenset({_S.PENDING})
_FAILED: Final = frozenset({_S.FAILED})
_STATES: Final[Mapping[Stage, frozenset[PaymentStatus]]] = {
    **dict.fromkeys(
        (Stage.BEGUN, Stage.HELD, Stage.IN_REVIEW, Stage.APPROVED, Stage.SENT), _PENDING
    ),
    Stage.UNKNOWN: frozenset({_S.UNKNOWN}),
    Stage.BACK: frozenset({_S.PENDING, _S.UNKNOWN}),
    **dict.fromkeys((Stage.FAILED, Stage.FAILED_UNPAID, Stage.FAILED_AT_GATEWAY), _FAILED),
    Stage.SETTLED: frozenset(SETTLED_PAYMENTS),
    Stage.DISPUTED: frozenset({_S.DISPUTED}),
    Stage.ENDED: frozenset({_S.REFUNDED}),
}

_CHARGE_SUCCEEDED: Final = frozenset(
    {_E.PAYMENT_GATEWAY_SUCCESS, _E.RECEIPT_RECORDED, _E.COMPLETION_CONFIRMED, _E.REFUND_DUE}
)
_REFUND_SUCCEEDED: Final = frozenset({_E.REFUND_GATEWAY_SUCCESS, _E.REFUND_COMPLETED})


def impossible(kind: PaymentKind, status: PaymentStatus, events: Sequence[EventType]) -> str | None:
    """What is wrong with the events, oldest first, of a payment that this program made.

    The answer is the end of a sentence, or None where they can have happened.
    """
    if not events:
        return "has no events"
    moves = _CHARGE if kind is PaymentKind.CHARGE else _REFUND
    stage = Stage.NOTHING
    for number, event in enumerate(events):
        following = moves[stage].get(event)
        if following is None and number == 0:
            return f"begins with “{say(event)}”"
        if following is None:
            return f"has “{say(event)}” after “{say(events[number - 1])}”"
        stage = following
    if status not in _STATES.get(stage, ()):
        return f"is {say(status)}, but its events end with “{say(events[-1])}”"
    return None


def doubtful(kind: PaymentKind, status: PaymentStatus, events: Sequence[EventType]) -> str | None:
    """As `impossible`, for a payment of another program, which writes only some events or none."""
    is_charge = kind is PaymentKind.CHARGE
    first = _E.INITIATED if is_charge else _E.REFUND_REQUESTED
    succeeded = (_CHARGE_SUCCEEDED if is_charge else _REFUND_SUCCEEDED).intersection(events)
    if events.count(first) > 1:
        return f"has “{say(first)}” {events.count(first)} times"
    if status in SETTLED_PAYMENTS and first in events and not succeeded:
        return f"is {say(status)}, but no event tells of its success"
    if is_charge and status in (_S.PENDING, _S.FAILED) and succeeded:
        return f"is {say(status)}, but has “{say(min(succeeded))}”"
    return None
