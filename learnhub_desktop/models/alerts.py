"""Columns of the queue of fraud alerts."""

from __future__ import annotations

from typing import Final

from learnhub_desktop.domain.fraud import AlertRow
from learnhub_desktop.domain.states import AlertLevel, AlertStatus, RuleAction, say
from learnhub_desktop.models import formats
from learnhub_desktop.models.columns import Column, Kind, Tone

LEVEL_TONES: Final = {
    AlertLevel.LOW: Tone.IDLE,
    AlertLevel.MEDIUM: Tone.INFO,
    AlertLevel.HIGH: Tone.WARN,
    AlertLevel.CRITICAL: Tone.BAD,
}
ALERT_TONES: Final = {
    AlertStatus.PENDING: Tone.WARN,
    AlertStatus.REVIEWED: Tone.IDLE,
    AlertStatus.FALSE_POSITIVE: Tone.GOOD,
    AlertStatus.CONFIRMED_FRAUD: Tone.BAD,
}
_ACTIONS: Final = {
    RuleAction.FLAG: "let through",
    RuleAction.BLOCK: "blocked",
    RuleAction.REQUIRE_VERIFICATION: "waits",
}


def level_text(level: AlertLevel, score: int) -> str:
    """``critical · 100``."""
    return f"{say(level)} · {score}"


def action_text(row: AlertRow) -> str:
    """What the rules did with the purchase."""
    if row.is_released:
        return "released"
    return formats.NOTHING if row.action is None else _ACTIONS[row.action]


ALERT_COLUMNS: Final[tuple[Column[AlertRow], ...]] = (
    Column(
        key="level",
        title="Level",
        value=lambda row: row.level,
        kind=Kind.BADGE,
        text=lambda row: level_text(row.level, row.score),
        tone=lambda row: LEVEL_TONES[row.level],
        width=124,
    ),
    Column(
        key="score",
        title="Score",
        value=lambda row: row.score,
        kind=Kind.NUMBER,
        width=70,
        hidden=True,
    ),
    Column(
        key="student",
        title="Student",
        value=lambda row: row.student_name,
        width=140,
        grow=2,
    ),
    Column(key="course", title="Course", value=lambda row: row.course_title, width=140, grow=2),
    Column(
        key="amount",
        title="Amount",
        value=lambda row: row.amount,
        kind=Kind.MONEY,
        tooltip=lambda row: formats.money(row.amount, row.currency or ""),
        currency=lambda row: row.currency or "",
        width=96,
    ),
    Column(
        key="action",
        title="Purchase",
        value=lambda row: row.action,
        text=action_text,
        width=96,
    ),
    Column(
        key="status",
        title="Status",
        value=lambda row: row.status,
        kind=Kind.BADGE,
        text=lambda row: say(row.status),
        tone=lambda row: ALERT_TONES[row.status],
        width=142,
    ),
    Column(
        key="created", title="When", value=lambda row: row.created_at, kind=Kind.MOMENT, width=112
    ),
    Column(
        key="reviewed",
        title="Reviewed",
        value=lambda row: row.reviewed_at,
        kind=Kind.MOMENT,
        hidden=True,
    ),
    Column(
        key="id",
        title="No.",
        value=lambda row: row.alert_id,
        kind=Kind.NUMBER,
        text=lambda row: str(row.alert_id),
        width=64,
        hidden=True,
    ),
)
