"""Money: payments, their events, keys, subscriptions and the daily summary."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    UniqueConstraint,
    text,
)

from learnhub_desktop.db.tables.base import flat, key, loose, ref, table
from learnhub_desktop.db.types import BigId, Moment, amount, choice, code, currency, flag, moment
from learnhub_desktop.domain.states import (
    BillingStatus,
    EventType,
    KeyState,
    PaymentKind,
    PaymentMethod,
    PaymentStatus,
    SubscriptionStatus,
)

cards: Final = table(
    "cards",
    # A one-way fingerprint that the gateway gives: no card number is ever stored.
    Column("card_fingerprint", code(64), primary_key=True),
    moment("first_seen_at", nullable=False, now=True),
    moment("last_seen_at", nullable=False, now=True),
)

subscription_plans: Final = table(
    "subscription_plans",
    Column("plan_type", code(32), primary_key=True),
    Column("title", String(100), nullable=False),
    Column("period_months", Integer, nullable=False),
    amount("price"),
    currency(),
    flag("offered", default=True),
    moment("updated_at", nullable=False, now=True),
    Column("row_version", Integer, nullable=False, server_default=text("1")),
    CheckConstraint("period_months > 0", "period_months"),
)

subscriptions: Final = table(
    "subscriptions",
    key("subscription_id"),
    ref("user_id", "users.user_id"),
    Column(
        "plan_type",
        code(32),
        ForeignKey("subscription_plans.plan_type", ondelete="RESTRICT", onupdate="RESTRICT"),
        nullable=False,
    ),
    # The plan that the next period is billed with, where the student changed it.
    Column(
        "next_plan_type",
        code(32),
        ForeignKey("subscription_plans.plan_type", ondelete="RESTRICT", onupdate="RESTRICT"),
    ),
    choice("status", SubscriptionStatus, default=SubscriptionStatus.ACTIVE),
    # Periods are counted from this day: 31 January, 28 February, 31 March.
    Column("start_date", Date, nullable=False),
    Column("current_period_end", Date, nullable=False),
    Column("next_billing_date", Date),
    flag("cancel_at_period_end"),
    choice("payment_method", PaymentMethod, nullable=True),
    Column("payment_token", code(255)),
    Column("card_fingerprint", code(64)),
    Column("retry_count", Integer, nullable=False, server_default=text("0")),
    moment("next_retry_at"),
    moment("past_due_since"),
    moment("cancelled_at"),
    Column("cancel_reason", String(500)),
    moment("created_at", nullable=False, now=True),
    moment("updated_at", nullable=False, now=True),
    Column("row_version", Integer, nullable=False, server_default=text("1")),
    Index(None, "user_id", "status"),
    Index(None, "status", "next_billing_date"),
    Index(None, "next_billing_date"),
    Index(None, "status", "next_retry_at"),
    Index(None, "plan_type"),
    Index(None, "next_plan_type"),
)

subscription_payments: Final = table(
    "subscription_payments",
    key("payment_id"),
    ref("subscription_id", "subscriptions.subscription_id"),
    loose("charge_payment_id"),
    amount("amount"),
    currency(),
    Column("billing_period_start", Date),
    Column("billing_period_end", Date),
    choice("status", BillingStatus, nullable=True),
    Column("retry_count", Integer, nullable=False, server_default=text("0")),
    moment("created_at", nullable=False, now=True),
    moment("updated_at", nullable=False, now=True),
    UniqueConstraint("subscription_id", "billing_period_start"),
    Index(None, "charge_payment_id"),
)


def _payment_columns() -> tuple[Any, ...]:
    """The columns that `payments` and its archive share, after the key."""
    return (
        Column("enrollment_id", BigId),
        Column("subscription_id", BigId),
        Column("course_id", BigId),
        choice("kind", PaymentKind, default=PaymentKind.CHARGE),
        Column("refunds_payment_id", BigId),
        amount("amount"),
        currency(),
        amount("refunded_amount", default="0"),
        choice("payment_method", PaymentMethod, nullable=True),
        choice("status", PaymentStatus, default=PaymentStatus.PENDING),
        Column("transaction_id", code(100)),
        Column("idempotency_key", code(100)),
        Column("payment_gateway", code(50)),
        Column("gateway_reference", code(100)),
        Column("card_fingerprint", code(64)),
        Column("country", code(2)),
        Column("flash_sale_id", BigId),
        Column("reason_code", code(32)),
        Column("comment", String(2000)),
        # Months of access that were agreed; NULL is lifetime. The course may change later.
        Column("access_months", Integer),
        # The hold's end; for a purchase that extends access there is no enrolment to keep it.
        moment("hold_expires_at"),
        # A receipt came for a purchase that can no longer be kept: the money must go back.
        flag("refund_due"),
        # The blocked purchase that a reviewer released for this payment.
        Column("released_alert_id", BigId),
        Column("check_count", Integer, nullable=False, server_default=text("0")),
        moment("next_check_at"),
        moment("created_at", nullable=False, now=True),
        moment("processed_at"),
        moment("updated_at", nullable=False, now=True),
        CheckConstraint("amount > 0", "amount"),
        CheckConstraint("refunded_amount <= amount", "refunded"),
        CheckConstraint(
            "(kind = 'refund' AND refunds_payment_id IS NOT NULL)"
            " OR (kind = 'charge' AND refunds_payment_id IS NULL)",
            "refund_names_charge",
        ),
    )


def _fk(column: str, target: str) -> Any:

    return ForeignKeyConstraint([column], [target], ondelete="RESTRICT", onupdate="RESTRICT")


payments: Final = table(
    "payments",
    key("payment_id"),
    ref("user_id", "users.user_id"),
    _payment_columns(),
    _fk("enrollment_id", "enrollments.enrollment_id"),
    _fk("subscription_id", "subscriptions.subscription_id"),
    _fk("course_id", "courses.course_id"),
    _fk("refunds_payment_id", "payments.payment_id"),
    _fk("card_fingerprint", "cards.card_fingerprint"),
    _fk("flash_sale_id", "flash_sales.sale_id"),
    UniqueConstraint("transaction_id"),
    UniqueConstraint("idempotency_key"),
    # One release pays for one purchase.
    UniqueConstraint("released_alert_id"),
    Index(None, "user_id", "created_at"),
    Index(None, "status", "created_at"),
    Index(None, "status", "next_check_at"),
    Index(None, "payment_method", "created_at"),
    Index(None, "course_id", "created_at", "amount"),
    Index(None, "created_at"),
    Index(None, "processed_at"),
    Index(None, "amount"),
    Index(None, "enrollment_id"),
    Index(None, "subscription_id"),
    Index(None, "refunds_payment_id"),
    Index(None, "card_fingerprint", "created_at"),
    Index(None, "flash_sale_id"),
    Index(None, "gateway_reference"),
)

payment_events: Final = table(
    "payment_events",
    key("event_id"),
    ref("payment_id", "payments.payment_id"),
    choice("event_type", EventType),
    Column("event_data", JSON),
    moment("created_at", nullable=False, now=True),
    Index(None, "payment_id", "event_id"),
    Index(None, "created_at"),
)

# Closed years. MySQL allows no foreign key on a partitioned table and wants the
# partition's column in every unique key.
_PARTITIONED: Final = {
    "mysql_partition_by": (
        "RANGE COLUMNS(created_at) (PARTITION p_first VALUES LESS THAN ('2020-01-01'),"
        " PARTITION p_future VALUES LESS THAN (MAXVALUE))"
    ),
}

payments_archive: Final = table(
    "payments_archive",
    Column("payment_id", BigId, primary_key=True, autoincrement=False),
    Column("user_id", BigId, nullable=False),
    # The partition's column must be part of the key.
    *(
        Column("created_at", Moment, primary_key=True, autoincrement=False)
        if isinstance(item, Column) and item.name == "created_at"
        else item
        for item in flat(_payment_columns())
    ),
    Index(None, "user_id", "created_at"),
    Index(None, "course_id", "created_at"),
    Index(None, "idempotency_key"),
    Index(None, "transaction_id"),
    Index(None, "refunds_payment_id"),
    Index(None, "gateway_reference"),
    **_PARTITIONED,
)

payment_events_archive: Final = table(
    "payment_events_archive",
    Column("event_id", BigId, primary_key=True, autoincrement=False),
    Column("payment_id", BigId, nullable=False),
    choice("event_type", EventType),
    Column("event_data", JSON),
    Column("created_at", Moment, primary_key=True, autoincrement=False),
    Index(None, "payment_id", "event_id"),
    **_PARTITIONED,
)

idempotency: Final = table(
    "idempotency",
    Column("idempotency_key", code(100), primary_key=True),
    Column("operation", code(32), nullable=False),
    Column("parameters_hash", code(64), nullable=False),
    # Ids and amounts only, so that a refusal can say which of them differ.
    Column("parameters", JSON, nullable=False),
    choice("state", KeyState, default=KeyState.IN_PROGRESS),
    loose("payment_id"),
    Column("result", JSON),
    Column("account", code(80)),
    moment("created_at", nullable=False, now=True),
    moment("finished_at"),
    Index(None, "payment_id"),
    Index(None, "created_at"),
)

daily_revenue_summary: Final = table(
    "daily_revenue_summary",
    Column("summary_date", Date, primary_key=True),
    Column("currency", code(3), primary_key=True),
    amount("total_revenue", default="0"),
    Column("total_transactions", Integer, nullable=False, server_default=text("0")),
    Column("new_enrollments", Integer, nullable=False, server_default=text("0")),
    Column("new_subscriptions", Integer, nullable=False, server_default=text("0")),
    amount("refund_amount", default="0"),
    Column("refund_count", Integer, nullable=False, server_default=text("0")),
    moment("updated_at", nullable=False, now=True),
)
