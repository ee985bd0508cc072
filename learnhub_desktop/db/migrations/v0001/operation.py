"""What keeps the school running: settings, audit, the feed of changes, jobs."""

from __future__ import annotations

import sqlalchemy as sa

from learnhub_desktop.db.migrations.steps import ensure_indexes, ensure_table
from learnhub_desktop.db.migrations.v0001.words import (
    BIG,
    MOMENT,
    check,
    code,
    key,
    primary_key,
    unique,
    utc_now,
    words,
)


def create() -> None:
    _school_settings()
    _schema_info()
    _schema_objects()
    _audit_log()
    _changes()
    _job_runs()


def _school_settings() -> None:
    ensure_table(
        "school_settings",
        sa.Column("settings_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("school_name", sa.String(100), nullable=False),
        sa.Column("kind", code(32), nullable=False),
        sa.Column("band_colour", code(7)),
        sa.Column("currency", code(3), server_default="", nullable=False),
        sa.Column("time_zone", code(64), server_default="UTC", nullable=False),
        sa.Column("refund_days", sa.Integer(), server_default=sa.text("30"), nullable=False),
        sa.Column(
            "refund_progress_percent", sa.Integer(), server_default=sa.text("20"), nullable=False
        ),
        sa.Column("hold_minutes_card", sa.Integer(), server_default=sa.text("15"), nullable=False),
        sa.Column(
            "hold_minutes_transfer", sa.Integer(), server_default=sa.text("10080"), nullable=False
        ),
        sa.Column(
            "hold_minutes_cash", sa.Integer(), server_default=sa.text("1440"), nullable=False
        ),
        sa.Column(
            "hold_minutes_verification",
            sa.Integer(),
            server_default=sa.text("2880"),
            nullable=False,
        ),
        sa.Column("block_score", sa.Integer(), server_default=sa.text("100"), nullable=False),
        sa.Column("gateway", code(32), server_default="manual", nullable=False),
        sa.Column("gateway_book_id", code(64)),
        sa.Column("retry_declined_days", code(60), server_default="3,5,7", nullable=False),
        sa.Column(
            "retry_unreachable_minutes", code(60), server_default="5,60,240,1440", nullable=False
        ),
        sa.Column("updated_at", MOMENT, server_default=utc_now(), nullable=False),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        primary_key("school_settings", "settings_id"),
        check("ck_school_settings_one_row", "settings_id = 1"),
        words("school_settings", "kind", "production", "test", "sample"),
        check("ck_school_settings_currency", "LENGTH(currency) = 3"),
        check("ck_school_settings_refund_days", "refund_days BETWEEN 0 AND 3650"),
        check(
            "ck_school_settings_refund_progress_percent",
            "refund_progress_percent BETWEEN 0 AND 100",
        ),
        check("ck_school_settings_hold_minutes_card", "hold_minutes_card > 0"),
        check("ck_school_settings_hold_minutes_transfer", "hold_minutes_transfer > 0"),
        check("ck_school_settings_hold_minutes_cash", "hold_minutes_cash > 0"),
        check("ck_school_settings_hold_minutes_verification", "hold_minutes_verification > 0"),
        check("ck_school_settings_block_score", "block_score > 0"),
        words("school_settings", "gateway", "simulated", "manual"),
    )


def _schema_info() -> None:
    ensure_table(
        "schema_info",
        sa.Column("info_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("oldest_client", sa.Integer(), nullable=False),
        sa.Column("definer", code(160)),
        sa.Column("lease_owner", code(160)),
        sa.Column("lease_until", MOMENT),
        sa.Column("updated_at", MOMENT, server_default=utc_now(), nullable=False),
        primary_key("schema_info", "info_id"),
        check("ck_schema_info_one_row", "info_id = 1"),
    )


def _schema_objects() -> None:
    ensure_table(
        "schema_objects",
        sa.Column("object_name", code(64), nullable=False),
        sa.Column("kind", code(16), nullable=False),
        sa.Column("checksum", code(64), nullable=False),
        primary_key("schema_objects", "object_name"),
    )


def _audit_log() -> None:
    ensure_table(
        "audit_log",
        key("audit_id"),
        sa.Column("created_at", MOMENT, server_default=utc_now(), nullable=False),
        sa.Column("account", code(160), nullable=False),
        sa.Column("operation", code(64)),
        sa.Column("action", code(8), nullable=False),
        sa.Column("entity", code(40), nullable=False),
        sa.Column("entity_id", code(100), nullable=False),
        sa.Column("user_id", BIG),
        sa.Column("course_id", BIG),
        sa.Column("facts", sa.JSON()),
        primary_key("audit_log", "audit_id"),
    )
    ensure_indexes(
        "audit_log",
        ("created_at",),
        ("account", "created_at"),
        ("entity", "entity_id"),
        ("user_id", "created_at"),
        ("course_id", "created_at"),
    )


def _changes() -> None:
    ensure_table(
        "changes",
        key("change_id"),
        sa.Column("entity", code(16), nullable=False),
        sa.Column("entity_id", BIG),
        sa.Column("created_at", MOMENT, server_default=utc_now(), nullable=False),
        primary_key("changes", "change_id"),
    )
    ensure_indexes(
        "changes",
        ("created_at",),
    )


def _job_runs() -> None:
    ensure_table(
        "job_runs",
        key("run_id"),
        sa.Column("job", code(40), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("state", code(32), server_default="due", nullable=False),
        sa.Column("lease_owner", code(160)),
        sa.Column("lease_until", MOMENT),
        sa.Column("started_at", MOMENT),
        sa.Column("finished_at", MOMENT),
        sa.Column("done_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("total_count", sa.Integer()),
        sa.Column("cancel_requested", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("result", sa.JSON()),
        sa.Column("message", sa.String(500)),
        primary_key("job_runs", "run_id"),
        unique("job_runs", "job", "due_at"),
        words("job_runs", "state", "due", "running", "done", "failed", "cancelled"),
        check("ck_job_runs_cancel_requested", "cancel_requested IN (0, 1)"),
    )
    ensure_indexes(
        "job_runs",
        ("state", "due_at"),
    )
