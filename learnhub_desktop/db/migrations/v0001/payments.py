"""Payments, their events, keys and the daily summary."""

from __future__ import annotations

import sqlalchemy as sa

from learnhub_desktop.db.migrations.steps import ensure_indexes, ensure_table
from learnhub_desktop.db.migrations.v0001.words import (
    BIG,
    MOMENT,
    MONEY,
    check,
    code,
    key,
    primary_key,
    reference,
    unique,
    utc_now,
    words,
)


def create() -> None:
    _cards()
    _payments()
    _payment_events()
    _idempotency()
    _daily_revenue_summary()


def _cards() -> None:
    ensure_table(
        "cards",
        sa.Column("card_fingerprint", code(64), nullable=False),
        sa.Column("first_seen_at", MOMENT, server_default=utc_now(), nullable=False),
        sa.Column("last_seen_at", MOMENT, server_default=utc_now(), nullable=False),
        primary_key("cards", "card_fingerprint"),
    )


def _payments() -> None:
    ensure_table(
        "payments",
        key("payment_id"),
        sa.Column("user_id", BIG, nullable=False),
        sa.Column("enrollment_id", BIG),
        sa.Column("subscription_id", BIG),
        sa.Column("course_id", BIG),
        sa.Column("kind", code(32), server_default="charge", nullable=False),
        sa.Column("refunds_payment_id", BIG),
        sa.Column("amount", MONEY, nullable=False),
        sa.Column("currency", code(3), server_default="", nullable=False),
        sa.Column("refunded_amount", MONEY, server_default="0", nullable=False),
        sa.Column("payment_method", code(32)),
        sa.Column("status", code(32), server_default="pending", nullable=False),
        sa.Column("transaction_id", code(100)),
        sa.Column("idempotency_key", code(100)),
        sa.Column("payment_gateway", code(50)),
        sa.Column("gateway_reference", code(100)),
        sa.Column("card_fingerprint", code(64)),
        sa.Column("country", code(2)),
        sa.Column("flash_sale_id", BIG),
        sa.Column("reason_code", code(32)),
        sa.Column("comment", sa.String(2000)),
        sa.Column("access_months", sa.Integer()),
        sa.Column("hold_expires_at", MOMENT),
        sa.Column("refund_due", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("released_alert_id", BIG),
        sa.Column("check_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_check_at", MOMENT),
        sa.Column("created_at", MOMENT, server_default=utc_now(), nullable=False),
        sa.Column("processed_at", MOMENT),
        sa.Column("updated_at", MOMENT, server_default=utc_now(), nullable=False),
        primary_key("payments", "payment_id"),
        unique("payments", "idempotency_key"),
        unique("payments", "released_alert_id"),
        unique("payments", "transaction_id"),
        reference("payments", "user_id", "users.user_id"),
        reference("payments", "enrollment_id", "enrollments.enrollment_id"),
        reference("payments", "subscription_id", "subscriptions.subscription_id"),
        reference("payments", "course_id", "courses.course_id"),
        reference("payments", "refunds_payment_id", "payments.payment_id"),
        reference("payments", "card_fingerprint", "cards.card_fingerprint"),
        reference("payments", "flash_sale_id", "flash_sales.sale_id"),
        words("payments", "kind", "charge", "refund"),
        check(
            "ck_payments_refund_names_charge",
            (
                "(kind = 'refund' AND refunds_payment_id IS NOT NULL)"
                " OR (kind = 'charge' AND refunds_payment_id IS NULL)"
            ),
        ),
        check("ck_payments_amount", "amount > 0"),
        check("ck_payments_amount_not_negative", "amount >= 0"),
        check(
            "ck_payments_amount_whole",
            "amount IS NULL OR typeof(amount) = 'integer'",
            only="sqlite",
        ),
        check("ck_payments_refunded", "refunded_amount <= amount"),
        check("ck_payments_currency", "LENGTH(currency) = 3"),
        check("ck_payments_refunded_amount_not_negative", "refunded_amount >= 0"),
        check(
            "ck_payments_refunded_amount_whole",
            "refunded_amount IS NULL OR typeof(refunded_amount) = 'integer'",
            only="sqlite",
        ),
        words(
            "payments",
            "payment_method",
            "credit_card",
            "paypal",
            "stripe",
            "bank_transfer",
            "account_balance",
            "cash",
        ),
        words(
            "payments",
            "status",
            "pending",
            "unknown",
            "completed",
            "failed",
            "partially_refunded",
            "refunded",
            "disputed",
        ),
        check("ck_payments_refund_due", "refund_due IN (0, 1)"),
    )
    ensure_indexes(
        "payments",
        ("user_id", "created_at"),
        ("enrollment_id",),
        ("subscription_id",),
        ("course_id", "created_at", "amount"),
        ("refunds_payment_id",),
        ("amount",),
        ("payment_method", "created_at"),
        ("status", "next_check_at"),
        ("status", "created_at"),
        ("gateway_reference",),
        ("card_fingerprint", "created_at"),
        ("flash_sale_id",),
        ("created_at",),
        ("processed_at",),
    )


def _payment_events() -> None:
    ensure_table(
        "payment_events",
        key("event_id"),
        sa.Column("payment_id", BIG, nullable=False),
        sa.Column("event_type", code(32), nullable=False),
        sa.Column("event_data", sa.JSON()),
        sa.Column("created_at", MOMENT, server_default=utc_now(), nullable=False),
        primary_key("payment_events", "event_id"),
        reference("payment_events", "payment_id", "payments.payment_id"),
        words(
            "payment_events",
            "event_type",
            "initiated",
            "payment_gateway_called",
            "payment_gateway_success",
            "payment_gateway_failed",
            "enrollment_created",
            "completion_confirmed",
            "failed",
            "blocked",
            "hold_placed",
            "hold_released",
            "hold_expired",
            "outcome_unknown",
            "gateway_asked",
            "gateway_found",
            "gateway_not_found",
            "gateway_unreachable",
            "gateway_pending",
            "voided",
            "void_failed",
            "receipt_recorded",
            "refund_due",
            "access_granted",
            "access_extended",
            "access_ended",
            "refund_requested",
            "refund_gateway_called",
            "refund_gateway_success",
            "refund_gateway_pending",
            "refund_gateway_failed",
            "refund_completed",
            "refund_failed",
            "dispute_opened",
            "dispute_won",
            "dispute_lost",
            "verification_requested",
            "verification_approved",
            "verification_declined",
        ),
    )
    ensure_indexes(
        "payment_events",
        ("payment_id", "event_id"),
        ("created_at",),
    )


def _idempotency() -> None:
    ensure_table(
        "idempotency",
        sa.Column("idempotency_key", code(100), nullable=False),
        sa.Column("operation", code(32), nullable=False),
        sa.Column("parameters_hash", code(64), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("state", code(32), server_default="in_progress", nullable=False),
        sa.Column("payment_id", BIG),
        sa.Column("result", sa.JSON()),
        sa.Column("account", code(80)),
        sa.Column("created_at", MOMENT, server_default=utc_now(), nullable=False),
        sa.Column("finished_at", MOMENT),
        primary_key("idempotency", "idempotency_key"),
        words("idempotency", "state", "in_progress", "done"),
    )
    ensure_indexes(
        "idempotency",
        ("payment_id",),
        ("created_at",),
    )


def _daily_revenue_summary() -> None:
    ensure_table(
        "daily_revenue_summary",
        sa.Column("summary_date", sa.Date(), nullable=False),
        sa.Column("currency", code(3), nullable=False),
        sa.Column("total_revenue", MONEY, server_default="0", nullable=False),
        sa.Column("total_transactions", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("new_enrollments", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("new_subscriptions", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("refund_amount", MONEY, server_default="0", nullable=False),
        sa.Column("refund_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("updated_at", MOMENT, server_default=utc_now(), nullable=False),
        primary_key("daily_revenue_summary", "summary_date", "currency"),
        check("ck_daily_revenue_summary_total_revenue_not_negative", "total_revenue >= 0"),
        check(
            "ck_daily_revenue_summary_total_revenue_whole",
            "total_revenue IS NULL OR typeof(total_revenue) = 'integer'",
            only="sqlite",
        ),
        check("ck_daily_revenue_summary_refund_amount_not_negative", "refund_amount >= 0"),
        check(
            "ck_daily_revenue_summary_refund_amount_whole",
            "refund_amount IS NULL OR typeof(refund_amount) = 'integer'",
            only="sqlite",
        ),
    )
