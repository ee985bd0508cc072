"""Columns of the payments."""

from __future__ import annotations

from typing import Final

from learnhub_desktop.domain.payments import PaymentRow
from learnhub_desktop.domain.states import PaymentKind, PaymentMethod, PaymentStatus, say
from learnhub_desktop.models import formats
from learnhub_desktop.models.columns import Column, Kind, Tone

PAYMENT_TONES: Final = {
    PaymentStatus.PENDING: Tone.WARN,
    PaymentStatus.UNKNOWN: Tone.WARN,
    PaymentStatus.COMPLETED: Tone.GOOD,
    PaymentStatus.FAILED: Tone.BAD,
    PaymentStatus.PARTIALLY_REFUNDED: Tone.INFO,
    PaymentStatus.REFUNDED: Tone.IDLE,
    PaymentStatus.DISPUTED: Tone.BAD,
}
METHOD_NAMES: Final = {
    PaymentMethod.CREDIT_CARD: "card",
    PaymentMethod.PAYPAL: "PayPal",
    PaymentMethod.STRIPE: "Stripe",
    PaymentMethod.BANK_TRANSFER: "transfer",
    PaymentMethod.ACCOUNT_BALANCE: "balance",
    PaymentMethod.CASH: "cash",
}


def method_name(method: PaymentMethod | None) -> str:
    return formats.NOTHING if method is None else METHOD_NAMES[method]


def status_text(row: PaymentRow) -> str:
    if row.access_kept:
        return "access kept"
    return "refund due" if row.refund_due else say(row.status)


def status_tone(row: PaymentRow) -> Tone:
    return Tone.BAD if row.refund_due or row.access_kept else PAYMENT_TONES[row.status]


def _status_tooltip(row: PaymentRow) -> str:
    if row.access_kept:
        return "The money went back, but access is kept: recording it did not finish."
    return ""


def _amount_text(row: PaymentRow) -> str:
    """A refund's amount is positive in its row; here its sign is shown."""
    shown = formats.money(row.amount)
    return f"−{shown}" if row.kind is PaymentKind.REFUND else shown


PAYMENT_COLUMNS: Final[tuple[Column[PaymentRow], ...]] = (
    Column(
        key="id",
        title="No.",
        value=lambda row: row.payment_id,
        kind=Kind.NUMBER,
        text=lambda row: str(row.payment_id),
        width=64,
    ),
    Column(key="student", title="Student", value=lambda row: row.student_name, width=130, grow=2),
    Column(key="course", title="Course", value=lambda row: row.title, width=130, grow=2),
    Column(
        key="amount",
        title="Amount",
        value=lambda row: -row.amount if row.kind is PaymentKind.REFUND else row.amount,
        kind=Kind.MONEY,
        text=_amount_text,
        tooltip=lambda row: formats.money(row.amount, row.currency),
        currency=lambda row: row.currency,
        width=96,
    ),
    Column(
        key="method",
        title="Method",
        value=lambda row: row.method,
        text=lambda row: method_name(row.method),
        width=84,
    ),
    Column(
        key="status",
        title="Status",
        value=lambda row: row.status,
        kind=Kind.BADGE,
        text=status_text,
        tooltip=_status_tooltip,
        tone=status_tone,
        width=142,
    ),
    Column(
        key="created", title="When", value=lambda row: row.created_at, kind=Kind.MOMENT, width=112
    ),
    Column(
        key="refunded",
        title="Refunded",
        value=lambda row: row.refunded_amount,
        kind=Kind.MONEY,
        currency=lambda row: row.currency,
        hidden=True,
    ),
    Column(
        key="processed",
        title="Settled",
        value=lambda row: row.processed_at,
        kind=Kind.MOMENT,
        hidden=True,
    ),
    Column(
        key="reason",
        title="Reason",
        value=lambda row: row.reason_code,
        text=lambda row: formats.NOTHING if row.reason_code is None else say(row.reason_code),
        sortable=False,
        hidden=True,
    ),
    Column(
        key="reference",
        title="Reference",
        value=lambda row: row.gateway_reference,
        sortable=False,
        hidden=True,
    ),
)
