"""Columns of the subscriptions; the tones and words of their states and bills."""

from __future__ import annotations

from typing import Final

from learnhub_desktop.domain.states import BillingStatus, PaymentStatus
from learnhub_desktop.domain.subscriptions import BillRow, Standing, SubscriptionRow
from learnhub_desktop.models import formats
from learnhub_desktop.models.columns import Column, Kind, Tone

STANDING_TONES: Final = {
    Standing.ACTIVE: Tone.GOOD,
    Standing.ENDING: Tone.INFO,
    Standing.UNSETTLED: Tone.WARN,
    Standing.PAST_DUE: Tone.BAD,
    Standing.CANCELLED: Tone.IDLE,
    Standing.EXPIRED: Tone.IDLE,
    Standing.NEVER_PAID: Tone.IDLE,
}
STANDING_WORDS: Final = {
    Standing.ACTIVE: "active",
    Standing.ENDING: "ending",
    Standing.UNSETTLED: "not settled",
    Standing.PAST_DUE: "past due",
    Standing.CANCELLED: "cancelled",
    Standing.EXPIRED: "expired",
    Standing.NEVER_PAID: "never paid",
}


def bill_state(bill: BillRow) -> tuple[str, Tone]:
    """``paid``, ``declined``, ``refunded``, ``not settled``, and what it means."""
    if bill.refund_due:
        return "refund due", Tone.BAD
    match bill.payment_status:
        case PaymentStatus.REFUNDED:
            return "refunded", Tone.IDLE
        case PaymentStatus.PARTIALLY_REFUNDED:
            return "partly refunded", Tone.INFO
        case PaymentStatus.DISPUTED:
            return "disputed", Tone.BAD
        case PaymentStatus.PENDING | PaymentStatus.UNKNOWN:
            return "not settled", Tone.WARN
    match bill.status:
        case BillingStatus.COMPLETED:
            return "paid", Tone.GOOD
        case BillingStatus.FAILED:
            return "not paid", Tone.BAD
    return "open", Tone.WARN


SUBSCRIPTION_COLUMNS: Final[tuple[Column[SubscriptionRow], ...]] = (
    Column(
        key="id",
        title="No.",
        value=lambda row: row.subscription_id,
        kind=Kind.NUMBER,
        text=lambda row: str(row.subscription_id),
        width=64,
        hidden=True,
    ),
    Column(key="student", title="Student", value=lambda row: row.student_name, width=140, grow=2),
    Column(
        key="email",
        title="E-mail",
        value=lambda row: row.student_email,
        width=200,
        grow=2,
        sortable=False,
        hidden=True,
    ),
    Column(key="plan", title="Plan", value=lambda row: row.plan_title, width=96),
    Column(
        key="price",
        title="Price",
        value=lambda row: row.price,
        kind=Kind.MONEY,
        tooltip=lambda row: formats.money(row.price, row.currency),
        currency=lambda row: row.currency,
        width=96,
    ),
    Column(
        key="status",
        title="Status",
        value=lambda row: row.standing,
        kind=Kind.BADGE,
        text=lambda row: STANDING_WORDS[row.standing],
        tone=lambda row: STANDING_TONES[row.standing],
        width=116,
    ),
    Column(
        key="paid_until",
        title="Paid until",
        # The first period of one that never began has no end.
        value=lambda row: None if row.standing is Standing.NEVER_PAID else row.current_period_end,
        kind=Kind.DAY,
        width=100,
    ),
    Column(
        key="bills_on",
        title="Next bill",
        value=lambda row: row.bills_on,
        kind=Kind.DAY,
        width=104,
    ),
    Column(
        key="retry",
        title="Next try",
        value=lambda row: row.next_retry_at,
        kind=Kind.MOMENT,
        width=112,
        hidden=True,
    ),
    Column(
        key="tries",
        title="Declined",
        value=lambda row: row.retry_count,
        kind=Kind.NUMBER,
        text=lambda row: formats.NOTHING if not row.retry_count else str(row.retry_count),
        sortable=False,
        width=84,
        hidden=True,
    ),
    Column(
        key="ends",
        title="Ends then",
        value=lambda row: "yes" if row.cancel_at_period_end and row.is_running else "",
        sortable=False,
        width=90,
        hidden=True,
    ),
    Column(
        key="courses",
        title="Courses",
        value=lambda row: row.open_courses,
        kind=Kind.NUMBER,
        sortable=False,
        width=78,
    ),
    Column(
        key="created",
        title="Since",
        value=lambda row: row.created_at,
        kind=Kind.MOMENT,
        hidden=True,
    ),
)
