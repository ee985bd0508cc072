"""Billing the next period of subscriptions, and trying again where a charge did not succeed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.jobs import Progress, say_nothing
from learnhub_desktop.domain.subscriptions import BillingOutcome
from learnhub_desktop.errors import LearnHubError, is_lost
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.jobs.results import JobResult
from learnhub_desktop.services import renewals
from learnhub_desktop.services.periods import school_day

NAME: Final = "renewals"
RETRIES: Final = "retry-renewals"
_PAGE: Final = 200

Page = Callable[[UnitOfWork, int], list[int]]

_SAID: Final = {
    BillingOutcome.PAID: "paid",
    BillingOutcome.DECLINED: "declined",
    BillingOutcome.NOT_SENT: "not sent",
    BillingOutcome.UNKNOWN: "without an answer yet",
    BillingOutcome.ENDED: "ended",
}


def run(database: Database, gateways: Gateways, progress: Progress = say_nothing) -> JobResult:
    """Bill every subscription whose next period has begun, one after the other."""
    return _bill(NAME, _due, database, gateways, progress)


def run_retries(
    database: Database, gateways: Gateways, progress: Progress = say_nothing
) -> JobResult:
    """Bill those whose time to be tried again has come."""
    return _bill(RETRIES, _due_again, database, gateways, progress)


def _bill(
    name: str, page: Page, database: Database, gateways: Gateways, progress: Progress
) -> JobResult:
    """What goes wrong with one subscription stops no other; a lost database stops the job.

    A subscription that two desks fight for is left as it is: the next run takes it up.
    """
    due = _list(database, page)
    counts: Counter[str] = Counter({"due": len(due), "failed": 0})
    counts.update({outcome.value: 0 for outcome in _SAID})
    problems = []
    for number, subscription_id in enumerate(due):
        progress(number, len(due))
        try:
            billed = renewals.renew(database, subscription_id, gateways=gateways)
        except LearnHubError as error:
            if is_lost(error):
                raise
            counts["failed"] += 1
            problems.append(f"Subscription {subscription_id}: {error}")
        else:
            if billed.outcome in _SAID:
                counts[billed.outcome.value] += 1
    progress(len(due), len(due))
    return JobResult(name, _sentence(counts), dict(counts), tuple(problems))


def _list(database: Database, page: Page) -> list[int]:
    """All that is due when the job begins, so that what stays due is billed once."""
    due: list[int] = []
    while found := database.read(page, due[-1] if due else 0):
        due += found
    return due


def count_due(uow: UnitOfWork, name: str) -> int:
    """How many subscriptions the job of that name would bill or end now."""
    page = _due if name == NAME else _due_again
    count, last = 0, 0
    while found := page(uow, last):
        count, last = count + len(found), found[-1]
    return count


def _due(uow: UnitOfWork, after_id: int) -> list[int]:
    uow.actor.require(Right.RUN_JOBS)
    return uow.billing.due(school_day(uow), uow.now(), limit=_PAGE, after=after_id)


def _due_again(uow: UnitOfWork, after_id: int) -> list[int]:
    uow.actor.require(Right.RUN_JOBS)
    return uow.billing.due_again(uow.now(), limit=_PAGE, after=after_id)


def _sentence(counts: Counter[str]) -> str:
    if not counts["due"]:
        return "No subscription is due."
    said = [f"{counts[each.value]:,} {word}" for each, word in _SAID.items() if counts[each.value]]
    if counts["failed"]:
        said.append(f"{counts['failed']:,} could not be billed")
    told = sum(counts[each.value] for each in _SAID) + counts["failed"]
    if counts["due"] > told:
        said.append(f"{counts['due'] - told:,} billed by another desk or still being charged")
    what = "1 subscription was due" if counts["due"] == 1 else f"{counts['due']:,} were due"
    return f"{what}: {', '.join(said)}."
