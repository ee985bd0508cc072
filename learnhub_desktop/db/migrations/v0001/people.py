"""Users of the school, and the accounts that work on it."""

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
    _users()
    _people()
    _balance_movements()


def _users() -> None:
    ensure_table(
        "users",
        key("user_id"),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("email", code(254), nullable=False),
        sa.Column("user_type", code(32), server_default="student", nullable=False),
        sa.Column("account_balance", MONEY, server_default="0", nullable=False),
        sa.Column("balance_currency", code(3), server_default="", nullable=False),
        sa.Column("country", code(2)),
        sa.Column("external_id", code(100)),
        sa.Column("search_text", sa.String(480), server_default="", nullable=False),
        sa.Column("last_purchase_at", MOMENT),
        sa.Column("created_at", MOMENT, server_default=utc_now(), nullable=False),
        sa.Column("updated_at", MOMENT, server_default=utc_now(), nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.Column("deletion_reason", sa.Text()),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        primary_key("users", "user_id"),
        unique("users", "email"),
        unique("users", "external_id"),
        words("users", "user_type", "student", "instructor", "admin"),
        check("ck_users_account_balance_not_negative", "account_balance >= 0"),
        check(
            "ck_users_account_balance_whole",
            "account_balance IS NULL OR typeof(account_balance) = 'integer'",
            only="sqlite",
        ),
        check("ck_users_balance_currency", "LENGTH(balance_currency) = 3"),
    )
    ensure_indexes(
        "users",
        ("user_type", "search_text"),
        ("user_type", "created_at"),
        ("search_text",),
    )


def _people() -> None:
    ensure_table(
        "people",
        sa.Column("account", code(80), nullable=False),
        sa.Column("user_id", BIG),
        sa.Column("role", code(32), nullable=False),
        sa.Column("disabled", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", MOMENT, server_default=utc_now(), nullable=False),
        sa.Column("updated_at", MOMENT, server_default=utc_now(), nullable=False),
        primary_key("people", "account"),
        reference("people", "user_id", "users.user_id"),
        words("people", "role", "admin", "staff", "finance", "instructor"),
        check("ck_people_disabled", "disabled IN (0, 1)"),
    )


def _balance_movements() -> None:
    ensure_table(
        "balance_movements",
        key("movement_id"),
        sa.Column("user_id", BIG, nullable=False),
        sa.Column("payment_id", BIG),
        sa.Column("kind", code(32), nullable=False),
        sa.Column("amount", MONEY, nullable=False),
        sa.Column("currency", code(3), server_default="", nullable=False),
        sa.Column("balance_after", MONEY, nullable=False),
        sa.Column("reason", sa.String(500)),
        sa.Column("created_at", MOMENT, server_default=utc_now(), nullable=False),
        primary_key("balance_movements", "movement_id"),
        reference("balance_movements", "user_id", "users.user_id"),
        words("balance_movements", "kind", "charge", "refund", "adjustment"),
        check("ck_balance_movements_amount", "amount <> 0"),
        check(
            "ck_balance_movements_amount_whole",
            "amount IS NULL OR typeof(amount) = 'integer'",
            only="sqlite",
        ),
        check("ck_balance_movements_currency", "LENGTH(currency) = 3"),
        check("ck_balance_movements_balance_after_not_negative", "balance_after >= 0"),
        check(
            "ck_balance_movements_balance_after_whole",
            "balance_after IS NULL OR typeof(balance_after) = 'integer'",
            only="sqlite",
        ),
    )
    ensure_indexes(
        "balance_movements",
        ("user_id", "created_at"),
        ("payment_id",),
    )
