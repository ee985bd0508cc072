"""What a look at a school found: fine, worth knowing, or wrong."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


class Topic(StrEnum):
    """What `learnhub db verify` recounts. The words are shown to people."""

    SEATS = "seats"
    ENROLMENT_COUNTERS = "enrolment counters"
    RATINGS = "ratings"
    PROGRESS = "progress"
    SALES = "flash sales"
    REFUNDS = "refunds"
    PAYMENT_STATES = "payment states"
    LEDGER = "ledger"
    PAID_ENROLMENTS = "paid enrolments"
    HOLDS = "held seats"
    ACCESS = "access"
    BALANCES = "balances"
    SUBSCRIPTIONS = "subscriptions"
    REFERENCES = "references"
    EVENTS = "payment events"
    KEYS = "keys of payments"
    BOOK = "the gateway's book"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found. ``topic`` groups, ``entity_id`` names the row it is about.

    ``can_repair`` tells whether `learnhub db verify --repair` sets it right by itself.
    """

    severity: Severity
    topic: str
    sentence: str
    entity_id: int | None = None
    can_repair: bool = False


def problem(
    topic: Topic, entity_id: int | None, sentence: str, *, can_repair: bool = False
) -> Finding:
    return Finding(Severity.PROBLEM, topic, sentence, entity_id, can_repair)


def warning(
    topic: Topic, entity_id: int | None, sentence: str, *, can_repair: bool = False
) -> Finding:
    return Finding(Severity.WARNING, topic, sentence, entity_id, can_repair)
