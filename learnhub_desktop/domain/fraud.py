"""Fraud alerts as the lists show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from learnhub_desktop.domain.states import AlertLevel, AlertStatus, PaymentStatus, RuleAction


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One line of the alert queue. Amount and currency are those of the alert's payment."""

    alert_id: int
    level: AlertLevel
    score: int
    action: RuleAction | None
    status: AlertStatus
    student_id: int | None
    student_name: str | None
    course_id: int | None
    course_title: str | None
    payment_id: int | None
    payment_status: PaymentStatus | None
    amount: Decimal | None
    currency: str | None
    created_at: datetime
    reviewed_at: datetime | None
    reviewed_by: str | None
    released_at: datetime | None
    row_version: int

    @property
    def is_released(self) -> bool:
        return self.released_at is not None
