"""Whether a payment's events tell a story that can have happened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from learnhub_desktop.domain.states import EventType, PaymentKind, PaymentStatus, say

_E: Final = EventType
_S: Final = PaymentStatus

_CHARGE_BEGINS: Final = frozenset({_E.INITIATED})
_REFUND_BEGINS: Final = frozenset({_E.REFUND_REQUESTED, _E.INITIATED})
_CHARGE_SUCCEEDED: Final = frozenset(
    {_E.PAYMENT_GATEWAY_SUCCESS, _E.RECEIPT_RECORDED, _E.COMPLETION_CONFIRMED, _E.GATEWAY_FOUND}
)
_REFUND_SUCCEEDED: Final = frozenset({_E.REFUND_GATEWAY_SUCCESS, _E.REFUND_COMPLETED})
_CHARGE_FAILED: Final = frozenset(
    {
        _E.FAILED,
        _E.PAYMENT_GATEWAY_FAILED,
        _E.BLOCKED,
        _E.HOLD_EXPIRED,
        _E.VOIDED,
        _E.VERIFICATION_DECLINED,
        _E.GATEWAY_NOT_FOUND,
    }
)
_REFUND_FAILED: Final = frozenset({_E.REFUND_FAILED, _E.REFUND_GATEWAY_FAILED, _E.VOIDED})
_ONCE: Final = (_E.INITIATED, _E.PAYMENT_GATEWAY_CALLED, _E.REFUND_GATEWAY_CALLED)
_SETTLED: Final = frozenset({_S.COMPLETED, _S.PARTIALLY_REFUNDED, _S.REFUNDED, _S.DISPUTED})


def impossible(kind: PaymentKind, status: PaymentStatus, events: Sequence[EventType]) -> str | None:
    """What is wrong with a payment's events, oldest first, as the end of a sentence.

    None where they can have happened, and where there are none: other programs write no
    events, or only some.
    """
    if not events:
        return None
    is_charge = kind is PaymentKind.CHARGE
    if events[0] not in (_CHARGE_BEGINS if is_charge else _REFUND_BEGINS):
        return f"begins with “{say(events[0])}”"
    for event in _ONCE:
        if events.count(event) > 1:
            return f"has “{say(event)}” {events.count(event)} times"
    happened = set(events)
    succeeded = happened & (_CHARGE_SUCCEEDED if is_charge else _REFUND_SUCCEEDED)
    failed = happened & (_CHARGE_FAILED if is_charge else _REFUND_FAILED)
    if status in _SETTLED and not succeeded:
        return f"is {say(status)}, but no event tells of its success"
    if status is _S.FAILED and not failed:
        return "is failed, but no event tells why"
    if is_charge and status in (_S.PENDING, _S.FAILED) and succeeded:
        return f"is {say(status)}, but has “{say(min(succeeded))}”"
    if _E.VOIDED in happened and _E.PAYMENT_GATEWAY_SUCCESS in events[events.index(_E.VOIDED) :]:
        return "was charged after it had been voided"
    return None
