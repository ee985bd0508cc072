"""Writes whose outcome must be known: an act under a key, and what happened at a gateway."""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from learnhub_desktop.db.failures import ServerRefusal
from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.errors import (
    DatabaseUnavailable,
    LearnHubError,
    OutcomeUnknown,
    RuleRefused,
)

P = ParamSpec("P")
T = TypeVar("T")


def write_once(
    database: Database,
    isolation: str | None,
    key: str,
    call: Callable[Concatenate[UnitOfWork, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """`Database.write_at` for an act that a key stands for: ``call`` finds its own work again.

    Where the answer to COMMIT was lost it runs once more, and finds the key or does the
    work. Where another act took the key at the same moment it runs once more too, and then
    says what that act was. OutcomeUnknown, with the key, where nothing can be found out.
    """
    was_kept: OutcomeUnknown | None = None
    taken: RuleRefused | None = None
    while True:
        try:
            return database.write_at(isolation, call, *args, **kwargs)
        except OutcomeUnknown as error:
            if was_kept is not None:
                raise _unknown(database, key) from error
            was_kept = error
        except DatabaseUnavailable as error:
            if was_kept is None:
                raise
            raise _unknown(database, key) from error
        except RuleRefused as error:
            if error.reason is not ServerRefusal.DUPLICATE or taken is not None:
                raise
            taken = error


def record(
    database: Database,
    isolation: str | None,
    key: str,
    call: Callable[Concatenate[UnitOfWork, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Write down what has happened at a gateway.

    OutcomeUnknown, with the key, where that cannot be done now: money may have moved, so no
    other error would be true. The same key, or asking the gateway later, finishes it.
    """
    try:
        return write_once(database, isolation, key, call, *args, **kwargs)
    except (DatabaseUnavailable, OutcomeUnknown) as error:
        raise OutcomeUnknown(
            f"What became of this payment could not be written down: {database.label} cannot be "
            "reached. Nothing is lost and nothing moves twice: use the same key again, or ask the "
            "gateway about this payment.",
            key=key,
        ) from error
    except LearnHubError as error:
        raise OutcomeUnknown(
            f"What became of this payment could not be written down: {error} Nothing is lost and "
            "nothing moves twice: look at the payment, then ask the gateway about it.",
            key=key,
        ) from error


def _unknown(database: Database, key: str) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"The connection to {database.label} broke while the change was being saved, and it is "
        "not known whether it was kept. Use the same key again: nothing is done twice.",
        key=key,
    )
