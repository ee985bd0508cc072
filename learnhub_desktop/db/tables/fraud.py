"""Fraud rules and the alerts that they raise."""

from __future__ import annotations

from typing import Final

from sqlalchemy import JSON, CheckConstraint, Column, Computed, Index, Integer, String, text

from learnhub_desktop.db.tables.base import key, loose, ref, table
from learnhub_desktop.db.types import choice, code, moment
from learnhub_desktop.domain.states import (
    AlertLevel,
    AlertStatus,
    RuleAction,
    RuleState,
    RuleType,
)

fraud_detection_rules: Final = table(
    "fraud_detection_rules",
    key("rule_id"),
    Column("rule_name", String(100)),
    choice("rule_type", RuleType, nullable=True),
    Column("rule_condition", JSON),
    choice("action", RuleAction, nullable=True, default=RuleAction.FLAG),
    Column("score", Integer, nullable=False, server_default=text("0")),
    choice("alert_level", AlertLevel, default=AlertLevel.MEDIUM),
    choice("state", RuleState, default=RuleState.ON),
    Column("version", Integer, nullable=False, server_default=text("1")),
    moment("created_at", nullable=False, now=True),
    moment("updated_at", nullable=False, now=True),
    CheckConstraint("score BETWEEN 0 AND 1000", "score"),
)

fraud_alerts: Final = table(
    "fraud_alerts",
    key("alert_id"),
    loose("payment_id"),
    ref("user_id", "users.user_id", nullable=True),
    ref("course_id", "courses.course_id", nullable=True),
    # The rule that weighed most; every rule's part is in alert_data.
    ref("rule_id", "fraud_detection_rules.rule_id", nullable=True),
    Column("rule_version", Integer),
    choice("alert_level", AlertLevel, nullable=True, default=AlertLevel.MEDIUM),
    # The queue is sorted by level; words do not sort by meaning.
    Column(
        "severity",
        Integer,
        Computed(
            "CASE alert_level WHEN 'critical' THEN 4 WHEN 'high' THEN 3"
            " WHEN 'medium' THEN 2 ELSE 1 END",
            persisted=True,
        ),
    ),
    Column("score", Integer, nullable=False, server_default=text("0")),
    choice("action", RuleAction, nullable=True),
    Column("alert_data", JSON),
    choice("status", AlertStatus, default=AlertStatus.PENDING),
    moment("created_at", nullable=False, now=True),
    moment("reviewed_at"),
    ref("reviewed_by", "users.user_id", nullable=True),
    Column("reviewed_by_account", code(80)),
    Column("review_comment", String(2000)),
    moment("released_at"),
    Column("released_by_account", code(80)),
    moment("updated_at", nullable=False, now=True),
    Column("row_version", Integer, nullable=False, server_default=text("1")),
    Index(None, "status", "severity", "created_at"),
    Index(None, "severity", "created_at"),
    Index(None, "created_at"),
    Index(None, "score"),
    Index(None, "user_id", "created_at"),
    Index(None, "payment_id"),
    Index(None, "course_id"),
    Index(None, "rule_id"),
    Index(None, "reviewed_by"),
)
