"""Students and instructors: who they are, and when an account may go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from learnhub_desktop.domain import money
from learnhub_desktop.domain.states import (
    CourseStatus,
    EnrolmentSource,
    EnrolmentStatus,
    MovementKind,
    PaymentKind,
    PaymentStatus,
    UserType,
    say,
)
from learnhub_desktop.domain.text import check_email
from learnhub_desktop.errors import InvalidInput

# RFC 2606 keeps this name for ever: no message to it arrives, and nobody can register it.
DELETED_DOMAIN: Final = "deleted.invalid"
_LISTED: Final = 5


class PersonRefusal(StrEnum):
    DUPLICATE_EMAIL = "duplicate_email"
    STALE_SCREEN = "stale_screen"
    ACCOUNT_DELETED = "account_deleted"
    TYPE_IN_USE = "type_in_use"


class DeletionRefusal(StrEnum):
    ALREADY_DELETED = "already_deleted"
    STALE_SCREEN = "stale_screen"
    OWN_ACCOUNT = "own_account"
    OPEN_PAYMENTS = "open_payments"
    BALANCE = "balance"
    LIVE_COURSES = "live_courses"


class DeletionReason(StrEnum):
    """From a list and never typed: what is kept of a deleted person must not name them."""

    REQUESTED = "requested"
    DUPLICATE = "duplicate"
    INACTIVE = "inactive"
    TEST_ACCOUNT = "test_account"


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A student, an instructor or an administrator of the school."""

    user_id: int
    name: str
    email: str
    user_type: UserType
    country: str | None
    deleted_at: datetime | None
    row_version: int


@dataclass(frozen=True, slots=True)
class StudentDetail:
    """A person with what the side panel says of them.

    ``balance`` is None where the account that asks may not see payments. Counts of courses:
    ``waiting`` for payment, ``active``, ``completed``, ``ended`` (refunded or cancelled),
    ``taught`` (draft and active ones of an instructor).
    """

    person: PersonRow
    external_id: str | None
    created_at: datetime
    last_activity_at: datetime | None
    last_purchase_at: datetime | None
    balance: Decimal | None
    balance_currency: str
    waiting: int
    active: int
    completed: int
    ended: int
    taught: int

    @property
    def courses(self) -> int:
        return self.waiting + self.active + self.completed + self.ended


@dataclass(frozen=True, slots=True)
class StudentRow:
    """One line of the list of students, or of all accounts.

    ``enrolment_count`` counts every enrolment, also refunded and cancelled ones.
    ``progress_percent`` is the mean over active and completed enrolments, None without any.
    ``balance`` is None where the account that asks may not see payments.
    """

    user_id: int
    name: str
    email: str
    user_type: UserType
    country: str | None
    active_count: int
    completed_count: int
    enrolment_count: int
    progress_percent: Decimal | None
    last_activity_at: datetime | None
    balance: Decimal | None
    balance_currency: str
    created_at: datetime
    deleted_at: datetime | None
    row_version: int

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """What an import compares a line of its file with."""

    user_id: int
    name: str
    email: str
    external_id: str | None
    country: str | None
    user_type: UserType
    is_deleted: bool


@dataclass(frozen=True, slots=True)
class EnrolmentRow:
    """One student in one course: a line of the course's list and of the student's.

    ``access_expires_at`` None is lifetime access, unless ``access_ended_at`` is set or there
    is no access at all (``has_access`` False: other programs enrol without granting it).
    """

    enrollment_id: int
    student_id: int
    student_name: str
    student_email: str
    course_id: int
    course_title: str
    course_status: CourseStatus
    status: EnrolmentStatus
    source: EnrolmentSource
    progress_percent: Decimal
    lessons_done: int
    lessons_total: int
    enrolled_at: datetime
    completed_at: datetime | None
    last_activity_at: datetime | None
    hold_expires_at: datetime | None
    has_access: bool
    access_expires_at: datetime | None
    access_ended_at: datetime | None
    row_version: int


@dataclass(frozen=True, slots=True)
class TaughtCourse:
    course_id: int
    title: str
    status: CourseStatus
    enrolled_students: int


@dataclass(frozen=True, slots=True)
class OpenMoney:
    """A payment that stands in the way of deleting its account."""

    payment_id: int
    kind: PaymentKind
    status: PaymentStatus
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class MovementRow:
    """``amount`` is signed; ``balance_after`` is what the balance was then."""

    movement_id: int
    kind: MovementKind
    amount: Decimal
    currency: str
    balance_after: Decimal
    payment_id: int | None
    reason: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One reason why an account cannot be deleted now, as a sentence with its list."""

    reason: DeletionRefusal
    message: str


@dataclass(frozen=True, slots=True)
class DeletionPreview:
    """What deleting would do, a sentence each, or what stands in its way."""

    person: PersonRow
    obstacles: tuple[Obstacle, ...]
    consequences: tuple[str, ...]


def check_new_email(text: str) -> str:
    """Return the address as it is stored; InvalidInput also for one of a deleted account."""
    email = check_email(text)
    if email.endswith(f"@{DELETED_DOMAIN}"):
        raise InvalidInput("email", f"Addresses at {DELETED_DOMAIN} stand for deleted accounts.")
    return email


def deleted_name(user_type: UserType, user_id: int) -> str:
    return f"Deleted {user_type} {user_id}"


def deleted_email(user_id: int) -> str:
    """The address that takes the place of a deleted account's, so that it can be used again."""
    return f"deleted_{user_id}@{DELETED_DOMAIN}"


def obstacles_to_deletion(
    *,
    balance: Decimal,
    currency: str,
    open_payments: Sequence[OpenMoney],
    live_courses: Sequence[TaughtCourse],
) -> tuple[Obstacle, ...]:
    """Everything that must be settled before an account may be deleted."""
    found = []
    if open_payments:
        named = [
            f"{payment.kind} {payment.payment_id} of "
            f"{money.text(payment.amount, payment.currency)} is {say(payment.status)}"
            for payment in open_payments
        ]
        found.append(
            Obstacle(
                DeletionRefusal.OPEN_PAYMENTS,
                f"The account cannot be deleted while money is under way: {and_list(named)}.",
            )
        )
    if balance > 0:
        found.append(
            Obstacle(
                DeletionRefusal.BALANCE,
                f"The account cannot be deleted while its balance is "
                f"{money.text(balance, currency)}. Pay it out first.",
            )
        )
    if live_courses:
        titles = [
            f"“{course.title}”" + (" (draft)" if course.status is CourseStatus.DRAFT else "")
            for course in live_courses
        ]
        found.append(
            Obstacle(
                DeletionRefusal.LIVE_COURSES,
                f"The account cannot be deleted while it teaches {and_list(titles)}. "
                "Archive these courses or give them to another instructor first.",
            )
        )
    return tuple(found)


def and_list(items: Sequence[str], *, most: int = _LISTED) -> str:
    """``a, b and c``; past ``most`` items ``a, b and 7 more``."""
    if len(items) > most:
        return f"{', '.join(items[: most - 1])} and {len(items) - most + 1} more"
    if len(items) > 1:
        return f"{', '.join(items[:-1])} and {items[-1]}"
    return items[0] if items else ""
