"""Who is at work, and what the account may do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from learnhub_desktop.errors import NotAllowed


class Role(StrEnum):
    ADMIN = "admin"
    STAFF = "staff"
    FINANCE = "finance"
    INSTRUCTOR = "instructor"


class Right(StrEnum):
    """One right an action that an account may lack. Services ask for rights, never for roles."""

    VIEW_CATALOG = "view the catalog"
    EDIT_CATALOG = "change courses"
    ARCHIVE_COURSE = "archive courses"
    VIEW_STUDENTS = "view students"
    EDIT_STUDENTS = "change students"
    DELETE_ACCOUNT = "delete accounts"
    ENROL = "enrol students"
    EXTEND_ACCESS = "extend access"
    MARK_PROGRESS = "mark lessons done"
    VIEW_PAYMENTS = "view payments"
    TAKE_PAYMENT = "take payments"
    RECORD_RECEIPT = "record receipts"
    REFUND = "refund payments"
    OVERRIDE_REFUND = "refund past the policy"
    ADJUST_BALANCE = "change balances"
    OVERRIDE_PREREQUISITES = "enrol without prerequisites"
    VIEW_ALERTS = "view fraud alerts"
    REVIEW_ALERT = "review fraud alerts"
    RELEASE_PAYMENT = "release blocked purchases"
    VIEW_SETTINGS = "view the school's settings"
    EDIT_SETTINGS = "change the school's settings"
    RUN_JOBS = "run jobs"
    CLOSE_YEARS = "archive, export or drop closed years"


_STAFF: Final = {
    Right.VIEW_CATALOG,
    Right.EDIT_CATALOG,
    Right.ARCHIVE_COURSE,
    Right.VIEW_STUDENTS,
    Right.EDIT_STUDENTS,
    Right.DELETE_ACCOUNT,
    Right.ENROL,
    Right.EXTEND_ACCESS,
    Right.MARK_PROGRESS,
    Right.VIEW_PAYMENTS,
    Right.TAKE_PAYMENT,
    Right.REFUND,
    Right.OVERRIDE_PREREQUISITES,
    Right.VIEW_ALERTS,
    Right.REVIEW_ALERT,
}
_FINANCE: Final = {
    Right.VIEW_CATALOG,
    Right.VIEW_STUDENTS,
    Right.VIEW_PAYMENTS,
    Right.TAKE_PAYMENT,
    Right.RECORD_RECEIPT,
    Right.REFUND,
    Right.OVERRIDE_REFUND,
    Right.ADJUST_BALANCE,
    Right.VIEW_ALERTS,
    Right.REVIEW_ALERT,
    Right.RELEASE_PAYMENT,
    Right.VIEW_SETTINGS,
    Right.RUN_JOBS,
}
RIGHTS: Final[dict[Role, frozenset[Right]]] = {
    Role.ADMIN: frozenset(Right),
    Role.STAFF: frozenset(_STAFF),
    Role.FINANCE: frozenset(_FINANCE),
    Role.INSTRUCTOR: frozenset(
        {Right.VIEW_CATALOG, Right.VIEW_STUDENTS, Right.MARK_PROGRESS},
    ),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """The account that is connected. ``role`` is None where the school names no role for it."""

    account: str
    name: str
    role: Role | None
    rights: frozenset[Right]

    def may(self, right: Right) -> bool:
        return right in self.rights

    def require(self, right: Right) -> None:
        """Raise NotAllowed, saying which right is missing, unless the account has it."""
        if right not in self.rights:
            raise NotAllowed(
                f"The account {self.account} may not {right.value}. "
                "Ask an administrator of this school."
            )


def actor_of(account: str, role: Role | None, name: str = "") -> Actor:
    rights = RIGHTS[role] if role is not None else frozenset[Right]()
    return Actor(account, name or account, role, rights)
