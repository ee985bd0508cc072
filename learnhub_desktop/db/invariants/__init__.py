"""What must hold in every school at every moment, each as one question to the database.

A number that is kept beside the rows it counts is compared with a count of those rows. The
questions only read; on one snapshot they give no false alarm while others work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from sqlalchemy import Connection

from learnhub_desktop.db.invariants import counters, payments, traces
from learnhub_desktop.db.invariants.holds import holds
from learnhub_desktop.db.invariants.subscriptions import subscriptions
from learnhub_desktop.domain.findings import Finding, Topic

Question = Callable[[Connection], Iterator[Finding]]

QUESTIONS: Final[dict[Topic, Question]] = {
    Topic.SEATS: counters.seats,
    Topic.ENROLMENT_COUNTERS: counters.enrolment_counters,
    Topic.RATINGS: counters.ratings,
    Topic.PROGRESS: counters.progress,
    Topic.SALES: counters.sales,
    Topic.REFUNDS: payments.refunds,
    Topic.PAYMENT_STATES: payments.states,
    Topic.LEDGER: payments.ledger,
    Topic.PAID_ENROLMENTS: payments.paid_enrolments,
    Topic.HOLDS: holds,
    Topic.ACCESS: payments.access,
    Topic.BALANCES: payments.balances,
    Topic.SUBSCRIPTIONS: subscriptions,
    Topic.REFERENCES: traces.references,
    Topic.EVENTS: traces.events,
    Topic.KEYS: traces.keys,
}


def invariants(connection: Connection) -> list[Finding]:
    """Everything that is wrong with the school; an empty list where all holds."""
    return [finding for question in QUESTIONS.values() for finding in question(connection)]
