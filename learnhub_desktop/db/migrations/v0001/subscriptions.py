"""Plans, subscriptions and their periods."""

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
    _subscription_plans()
    _subscriptions()
    _subscription_payments()


def _subscription_plans() -> None:
    ensure_table(
        "subscription_plans",
        sa.Column("plan_type", code(32), nullable=False),
        sa.Column("title", sa.String(100), nullable=False),
        sa.Column("period_months", sa.Integer(), nullable=False),
        sa.Column("price", MONEY, nullable=False),
        sa.Column("currency", code(3), server_default="", nullable=False),
        sa.Column("offered", sa.Boolean(), server_default=sa.text("1"), nullable=False),
        sa.Column("updated_at", MOMENT, server_default=utc_now(), nullable=False),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        primary_key("subscription_plans", "plan_type"),
        check("ck_subscription_plans_period_months", "period_months > 0"),
        check("ck_subscription_plans_price_not_negative", "price >= 0"),
        check(
            "ck_subscription_plans_price_whole",
            "price IS NULL OR typeof(price) = 'integer'",
            only="sqlite",
        ),
        check("ck_subscription_plans_currency", "LENGTH(currency) = 3"),
        check("ck_subscription_plans_offered", "offered IN (0, 1)"),
    )


def _subscriptions() -> None:
    ensure_table(
        "subscriptions",
        key("subscription_id"),
        sa.Column("user_id", BIG, nullable=False),
        sa.Column("plan_type", code(32), nullable=False),
        sa.Column("next_plan_type", code(32)),
        sa.Column("status", code(32), server_default="active", nullable=False),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("current_period_end", sa.Date(), nullable=False),
        sa.Column("next_billing_date", sa.Date()),
        sa.Column(
            "cancel_at_period_end", sa.Boolean(), server_default=sa.text("0"), nullable=False
        ),
        sa.Column("payment_method", code(32)),
        sa.Column("payment_token", code(255)),
        sa.Column("card_fingerprint", code(64)),
        sa.Column("retry_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_retry_at", MOMENT),
        sa.Column("past_due_since", MOMENT),
        sa.Column("cancelled_at", MOMENT),
        sa.Column("cancel_reason", sa.String(500)),
        sa.Column("created_at", MOMENT, server_default=utc_now(), nullable=False),
        sa.Column("updated_at", MOMENT, server_default=utc_now(), nullable=False),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        primary_key("subscriptions", "subscription_id"),
        reference("subscriptions", "user_id", "users.user_id"),
        reference("subscriptions", "plan_type", "subscription_plans.plan_type"),
        reference("subscriptions", "next_plan_type", "subscription_plans.plan_type"),
        words("subscriptions", "status", "active", "cancelled", "expired", "past_due"),
        check("ck_subscriptions_cancel_at_period_end", "cancel_at_period_end IN (0, 1)"),
        words(
            "subscriptions",
            "payment_method",
            "credit_card",
            "paypal",
            "stripe",
            "bank_transfer",
            "account_balance",
            "cash",
        ),
    )
    ensure_indexes(
        "subscriptions",
        ("user_id", "status"),
        ("plan_type",),
        ("next_plan_type",),
        ("status", "next_billing_date"),
        ("status", "next_retry_at"),
        ("next_billing_date",),
    )


def _subscription_payments() -> None:
    ensure_table(
        "subscription_payments",
        key("payment_id"),
        sa.Column("subscription_id", BIG, nullable=False),
        sa.Column("charge_payment_id", BIG),
        sa.Column("amount", MONEY, nullable=False),
        sa.Column("currency", code(3), server_default="", nullable=False),
        sa.Column("billing_period_start", sa.Date()),
        sa.Column("billing_period_end", sa.Date()),
        sa.Column("status", code(32)),
        sa.Column("retry_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", MOMENT, server_default=utc_now(), nullable=False),
        sa.Column("updated_at", MOMENT, server_default=utc_now(), nullable=False),
        primary_key("subscription_payments", "payment_id"),
        unique("subscription_payments", "subscription_id", "billing_period_start"),
        reference("subscription_payments", "subscription_id", "subscriptions.subscription_id"),
        check("ck_subscription_payments_amount_not_negative", "amount >= 0"),
        check(
            "ck_subscription_payments_amount_whole",
            "amount IS NULL OR typeof(amount) = 'integer'",
            only="sqlite",
        ),
        check("ck_subscription_payments_currency", "LENGTH(currency) = 3"),
        words("subscription_payments", "status", "pending", "completed", "failed"),
    )
    ensure_indexes(
        "subscription_payments",
        ("charge_payment_id",),
    )
