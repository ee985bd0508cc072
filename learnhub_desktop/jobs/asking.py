"""Asking the gateway about payments whose outcome is not known yet."""

from __future__ import annotations

from collections import Counter
from typing import Final

from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.jobs import Progress, say_nothing
from learnhub_desktop.domain.purchases import PurchaseOutcome
from learnhub_desktop.errors import DatabaseUnavailable, LearnHubError
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.jobs.results import JobResult
from learnhub_desktop.services import asking
from learnhub_desktop.services.refund_words import RefundOutcome

NAME: Final = "ask-gateway"
_PAGE: Final = 200

_SETTLED: Final = frozenset(
    {
        PurchaseOutcome.COMPLETED,
        PurchaseOutcome.DECLINED,
        PurchaseOutcome.BLOCKED,
        RefundOutcome.COMPLETED,
        RefundOutcome.FAILED,
    }
)


def run(
    database: Database,
    gateways: Gateways,
    progress: Progress = say_nothing,
) -> JobResult:
    """“Ask now” for every payment that may be asked about now, and end holds that ran out.

    Nothing is ever sent again. What cannot be settled for one payment stops no other; a
    database that is lost ends the job, and the next run takes up the rest.
    """
    due = _list_due(database)
    counts = Counter({"asked": len(due), "settled": 0, "still_open": 0, "failed": 0})
    problems = []
    for number, payment_id in enumerate(due):
        progress(number, len(due))
        try:
            outcome = asking.ask_now(database, payment_id, gateways=gateways).outcome
        except DatabaseUnavailable:
            raise
        except LearnHubError as error:
            counts["failed"] += 1
            problems.append(f"Payment {payment_id}: {error}")
        else:
            counts["settled" if outcome in _SETTLED else "still_open"] += 1
    progress(len(due), len(due))
    return JobResult(NAME, _sentence(counts), dict(counts), tuple(problems))


def _list_due(database: Database) -> list[int]:
    """All that is due when the job begins, so that what stays open is asked about once."""
    due: list[int] = []
    while page := database.read(_page, due[-1] if due else 0):
        due += page
    return due


def _page(uow: UnitOfWork, after_id: int) -> list[int]:
    uow.actor.require(Right.RUN_JOBS)
    return uow.payments.list_due_checks(uow.now(), after_id=after_id, limit=_PAGE)


def _sentence(counts: Counter[str]) -> str:
    if not counts["asked"]:
        return "No payment is due to be asked about."
    said = f"Asked about {counts['asked']:,}: {counts['settled']:,} settled"
    if counts["still_open"]:
        said += f", {counts['still_open']:,} still open"
    if counts["failed"]:
        said += f", {counts['failed']:,} could not be asked about"
    return f"{said}."
