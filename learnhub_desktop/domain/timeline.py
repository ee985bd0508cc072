"""A payment's events in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from learnhub_desktop.domain import money
from learnhub_desktop.domain.payments import PaymentRow
from learnhub_desktop.domain.states import EventType, GatewayKind, PaymentStatus

# What each event says. ``{name}`` is taken from the event's own facts where it has them.
_WORDS: Final[dict[EventType, str]] = {
    EventType.INITIATED: "Purchase started",
    EventType.PAYMENT_GATEWAY_CALLED: "Charge sent to the gateway",
    EventType.PAYMENT_GATEWAY_SUCCESS: "The money was taken",
    EventType.PAYMENT_GATEWAY_FAILED: "The gateway declined",
    EventType.ENROLLMENT_CREATED: "Enrolled in the course",
    EventType.COMPLETION_CONFIRMED: "Purchase completed",
    EventType.FAILED: "Nothing was charged; the payment failed",
    EventType.BLOCKED: "Blocked: it looked like fraud (score {score})",
    EventType.HOLD_PLACED: "A seat is held",
    EventType.HOLD_RELEASED: "The seat was given back",
    EventType.HOLD_EXPIRED: "The hold ran out unpaid",
    EventType.OUTCOME_UNKNOWN: "No answer: the outcome is unknown",
    EventType.GATEWAY_ASKED: "The gateway was asked again",
    EventType.GATEWAY_FOUND: "The gateway knows of it",
    EventType.GATEWAY_NOT_FOUND: "The gateway knows of no such payment",
    EventType.GATEWAY_UNREACHABLE: "The gateway could not be reached",
    EventType.GATEWAY_PENDING: "The gateway is still at it",
    EventType.VOIDED: "Voided at the gateway: it can never be charged",
    EventType.VOID_FAILED: "It could not be voided, so it stays unknown",
    EventType.RECEIPT_RECORDED: "Receipt recorded ({reference})",
    EventType.REFUND_DUE: "No seat was left: the money must go back",
    EventType.ACCESS_GRANTED: "Access opened",
    EventType.ACCESS_EXTENDED: "Access extended",
    EventType.ACCESS_ENDED: "Access ended",
    EventType.REFUND_REQUESTED: "Refund of {amount} {currency} started",
    EventType.REFUND_GATEWAY_CALLED: "Refund sent to the gateway",
    EventType.REFUND_GATEWAY_SUCCESS: "The gateway paid it back",
    EventType.REFUND_GATEWAY_PENDING: "The gateway has taken the refund and will pay it out",
    EventType.REFUND_GATEWAY_FAILED: "The gateway refused the refund",
    EventType.REFUND_COMPLETED: "Refund of {amount} completed",
    EventType.REFUND_FAILED: "The refund failed; nothing went back",
    EventType.DISPUTE_OPENED: "Disputed at the card's bank",
    EventType.DISPUTE_WON: "The dispute was won",
    EventType.DISPUTE_LOST: "The dispute was lost",
    EventType.VERIFICATION_REQUESTED: "Waits for a reviewer",
    EventType.VERIFICATION_APPROVED: "A reviewer approved it",
    EventType.VERIFICATION_DECLINED: "A reviewer declined it",
}
_TROUBLE: Final = frozenset(
    {
        EventType.PAYMENT_GATEWAY_FAILED,
        EventType.FAILED,
        EventType.BLOCKED,
        EventType.OUTCOME_UNKNOWN,
        EventType.GATEWAY_UNREACHABLE,
        EventType.VOID_FAILED,
        EventType.REFUND_DUE,
        EventType.REFUND_GATEWAY_FAILED,
        EventType.REFUND_FAILED,
        EventType.DISPUTE_OPENED,
        EventType.DISPUTE_LOST,
    }
)


class _Facts(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return "…"


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """``at`` is aware UTC. ``is_trouble`` marks what a person should look at."""

    at: datetime
    text: str
    is_trouble: bool


def entry(event_type: EventType, facts: Mapping[str, Any], at: datetime) -> TimelineEntry:
    """One event in words. Facts that another program left out are shown as "…"."""
    words = _WORDS[event_type].format_map(_Facts(facts))
    return TimelineEntry(at, words.replace(" (…)", ""), event_type in _TROUBLE)


@dataclass(frozen=True, slots=True)
class PaymentDetail:
    """A payment with its refunds and all that happened, oldest first.

    ``says`` is its state in one plain sentence; ``why_no_refund`` is empty where a refund
    may be asked for. The flags say which actions make sense now. ``alert_id`` is the fraud
    alert that the purchase raised; ``may_charge``: a reviewer approved it. ``stuck_refund_id``
    is the refund, this one or one of this charge, whose money went back while access is kept.
    """

    row: PaymentRow
    refunds: tuple[PaymentRow, ...]
    timeline: tuple[TimelineEntry, ...]
    next_check_at: datetime | None
    says: str
    may_refund: bool
    may_ask: bool
    may_record_receipt: bool
    may_record_payout: bool
    may_cancel_hold: bool
    why_no_refund: str
    alert_id: int | None = None
    may_charge: bool = False
    stuck_refund_id: int | None = None


def sentence(
    row: PaymentRow,
    *,
    money_back_access_kept: bool,
    waits_for_review: bool,
    waits_for_charge: bool = False,
) -> str:
    """The payment's state in one plain sentence: what it means for money and access."""
    amount = money.text(row.amount, row.currency)
    if row.kind == "refund":
        return _refund_sentence(row, amount, money_back_access_kept)
    if money_back_access_kept:
        back = money.text(row.refunded_amount, row.currency)
        return f"{back} went back, but access is kept: recording it did not finish. Try again."
    if row.subscription_id is not None and (told := _period_sentence(row, amount)):
        return told
    if row.refund_due:
        return f"{amount} came in, but there was no seat left. The money must go back."
    match row.status:
        case PaymentStatus.PENDING if waits_for_review:
            return "A reviewer has to look at it first. A seat is held, and nothing was charged."
        case PaymentStatus.PENDING if waits_for_charge:
            return "A reviewer approved it. A seat is held; charge it before the hold runs out."
        case PaymentStatus.PENDING:
            return f"{amount} is expected. A seat is held until the hold runs out."
        case PaymentStatus.UNKNOWN:
            return "The gateway did not answer. The seat stays held, and nothing is charged twice."
        case PaymentStatus.COMPLETED if row.refunded_amount > Decimal(0):
            back = money.text(row.refunded_amount, row.currency)
            return f"{amount} is paid. A refund of {back} is on its way."
        case PaymentStatus.COMPLETED:
            return f"{amount} is paid, and the student has what was bought."
        case PaymentStatus.FAILED:
            return "Nothing was charged, and no seat is held."
        case PaymentStatus.PARTIALLY_REFUNDED:
            back = money.text(row.refunded_amount, row.currency)
            return f"{back} of {amount} went back. The student keeps access."
        case PaymentStatus.REFUNDED:
            return f"All {amount} went back, and what it had bought has ended."
    return "The card's bank is looking into it and decides where the money goes."


def _period_sentence(row: PaymentRow, amount: str) -> str | None:
    """What is told otherwise of a subscription's period: no seat is held for it."""
    if row.refund_due:
        return f"{amount} came in for a period that was not to be paid any more. It must go back."
    match row.status:
        case PaymentStatus.PENDING:
            return f"{amount} is being charged for a period of a subscription."
        case PaymentStatus.UNKNOWN:
            return "The gateway did not answer. It is asked again, and nothing is charged twice."
        case PaymentStatus.FAILED:
            return "Nothing was charged for this period of the subscription."
    return None


def _refund_sentence(row: PaymentRow, amount: str, money_back_access_kept: bool) -> str:
    if money_back_access_kept:
        return f"{amount} went back, but access is kept: recording it did not finish. Try again."
    match row.status:
        case PaymentStatus.COMPLETED:
            return f"{amount} went back to the student."
        case PaymentStatus.FAILED:
            return "This refund failed; nothing went back."
        case PaymentStatus.UNKNOWN:
            return "The gateway did not answer. It is asked again; nothing goes back twice."
    if row.gateway == GatewayKind.MANUAL:
        return f"{amount} is to be paid out by hand. Record it when it is done."
    return f"The gateway has taken the refund of {amount} and will report when it is paid out."
