"""Payments of closed years."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from learnhub_desktop.db.migrations.steps import ensure_indexes, ensure_table
from learnhub_desktop.db.migrations.v0001.words import (
    BIG,
    MOMENT,
    MONEY,
    check,
    code,
    primary_key,
    utc_now,
    words,
)

PARTITIONS: Final = (
    "RANGE COLUMNS(created_at) (PARTITION p_first VALUES LESS THAN ('2020-01-01'),"
    " PARTITION p_future VALUES LESS THAN (MAXVALUE))"
)


def create() -> None:
    _payments_archive()
    _payment_events_archive()


def _payments_archive() -> None:
    ensure_table(
        "payments_archive",
        sa.Column("payment_id", BIG, nullable=False, autoincrement=False),
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
        sa.Column("created_at", MOMENT, nullable=False, autoincrement=False),
        sa.Column("processed_at", MOMENT),
        sa.Column("updated_at", MOMENT, server_default=utc_now(), nullable=False),
        primary_key("payments_archive", "payment_id", "created_at"),
        words("payments_archive", "kind", "charge", "refund"),
        check(
            "ck_payments_archive_refund_names_charge",
            (
                "(kind = 'refund' AND refunds_payment_id IS NOT NULL)"
                " OR (kind = 'charge' AND refunds_payment_id IS NULL)"
            ),
        ),
        check("ck_payments_archive_amount", "amount > 0"),
        check("ck_payments_archive_amount_not_negative", "amount >= 0"),
        check(
            "ck_payments_archive_amount_whole",
            "amount IS NULL OR typeof(amount) = 'integer'",
            only="sqlite",
        ),
        check("ck_payments_archive_refunded", "refunded_amount <= amount"),
        check("ck_payments_archive_currency", "LENGTH(currency) = 3"),
        check("ck_payments_archive_refunded_amount_not_negative", "refunded_amount >= 0"),
        check(
            "ck_payments_archive_refunded_amount_whole",
            "refunded_amount IS NULL OR typeof(refunded_amount) = 'integer'",
            only="sqlite",
        ),
        words(
            "payments_archive",
            "payment_method",
            "credit_card",
            "paypal",
            "stripe",
            "bank_transfer",
            "account_balance",
            "cash",
        ),
        words(
            "payments_archive",
            "status",
            "pending",
            "unknown",
            "completed",
            "failed",
            "partially_refunded",
            "refunded",
            "disputed",
        ),
        check("ck_payments_archive_refund_due", "refund_due IN (0, 1)"),
        partitions=PARTITIONS,
    )
    ensure_indexes(
        "payments_archive",
        ("user_id", "created_at"),
        ("course_id", "created_at"),
        ("refunds_payment_id",),
        ("transaction_id",),
        ("idempotency_key",),
        ("gateway_reference",),
    )


def _payment_events_archive() -> None:
    ensure_table(
        "payment_events_archive",
        sa.Column("event_id", BIG, nullable=False, autoincrement=False),
        sa.Column("payment_id", BIG, nullable=False),
        sa.Column("event_type", code(32), nullable=False),
        sa.Column("event_data", sa.JSON()),
        sa.Column("created_at", MOMENT, nullable=False, autoincrement=False),
        primary_key("payment_events_archive", "event_id", "created_at"),
        words(
            "payment_events_archive",
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
        partitions=PARTITIONS,
    )
    ensure_indexes(
        "payment_events_archive",
        ("payment_id", "event_id"),
    )
