"""Fraud rules and the alerts that they raise."""

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
    reference,
    utc_now,
    words,
)


def create() -> None:
    _fraud_detection_rules()
    _fraud_alerts()


def _fraud_detection_rules() -> None:
    ensure_table(
        "fraud_detection_rules",
        key("rule_id"),
        sa.Column("rule_name", sa.String(100)),
        sa.Column("rule_type", code(32)),
        sa.Column("rule_condition", sa.JSON()),
        sa.Column("action", code(32), server_default="flag"),
        sa.Column("score", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("alert_level", code(32), server_default="medium", nullable=False),
        sa.Column("state", code(32), server_default="on", nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", MOMENT, server_default=utc_now(), nullable=False),
        sa.Column("updated_at", MOMENT, server_default=utc_now(), nullable=False),
        primary_key("fraud_detection_rules", "rule_id"),
        words("fraud_detection_rules", "rule_type", "velocity", "amount", "location", "pattern"),
        words("fraud_detection_rules", "action", "flag", "block", "require_verification"),
        check("ck_fraud_detection_rules_score", "score BETWEEN 0 AND 1000"),
        words("fraud_detection_rules", "alert_level", "low", "medium", "high", "critical"),
        words("fraud_detection_rules", "state", "on", "shadow", "off"),
    )


def _fraud_alerts() -> None:
    ensure_table(
        "fraud_alerts",
        key("alert_id"),
        sa.Column("payment_id", BIG),
        sa.Column("user_id", BIG),
        sa.Column("course_id", BIG),
        sa.Column("rule_id", BIG),
        sa.Column("rule_version", sa.Integer()),
        sa.Column("alert_level", code(32), server_default="medium"),
        sa.Column(
            "severity",
            sa.Integer(),
            sa.Computed(
                (
                    "CASE alert_level WHEN 'critical' THEN 4 WHEN 'high' THEN 3 WHEN 'medium'"
                    " THEN 2 ELSE 1 END"
                ),
                persisted=True,
            ),
        ),
        sa.Column("score", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("action", code(32)),
        sa.Column("alert_data", sa.JSON()),
        sa.Column("status", code(32), server_default="pending", nullable=False),
        sa.Column("created_at", MOMENT, server_default=utc_now(), nullable=False),
        sa.Column("reviewed_at", MOMENT),
        sa.Column("reviewed_by", BIG),
        sa.Column("reviewed_by_account", code(80)),
        sa.Column("review_comment", sa.String(2000)),
        sa.Column("released_at", MOMENT),
        sa.Column("released_by_account", code(80)),
        sa.Column("updated_at", MOMENT, server_default=utc_now(), nullable=False),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        primary_key("fraud_alerts", "alert_id"),
        reference("fraud_alerts", "user_id", "users.user_id"),
        reference("fraud_alerts", "course_id", "courses.course_id"),
        reference("fraud_alerts", "rule_id", "fraud_detection_rules.rule_id"),
        reference("fraud_alerts", "reviewed_by", "users.user_id"),
        words("fraud_alerts", "alert_level", "low", "medium", "high", "critical"),
        words("fraud_alerts", "action", "flag", "block", "require_verification"),
        words("fraud_alerts", "status", "pending", "reviewed", "false_positive", "confirmed_fraud"),
    )
    ensure_indexes(
        "fraud_alerts",
        ("payment_id",),
        ("user_id", "created_at"),
        ("course_id",),
        ("rule_id",),
        ("severity", "created_at"),
        ("score",),
        ("status", "severity", "created_at"),
        ("created_at",),
        ("reviewed_by",),
    )
