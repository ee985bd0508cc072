"""Access given for longer by staff: what may be asked for, and what it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from enum import StrEnum
from typing import Final

from learnhub_desktop.domain.billing import access_until
from learnhub_desktop.domain.enrolments import AccessFacts
from learnhub_desktop.domain.moments import end_of_day, say_last_day
from learnhub_desktop.domain.states import EnrolmentStatus
from learnhub_desktop.errors import InvalidInput

MOST_MONTHS: Final = 120
_LAST_YEAR: Final = 2200  # later than that is "for life"


class ExtendRefusal(StrEnum):
    ACCOUNT_DELETED = "account_deleted"
    NOT_ENROLLED = "not_enrolled"
    WAITING = "waiting"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"
    LIFETIME_ALREADY = "lifetime_already"
    NOT_LATER = "not_later"
    STALE_SCREEN = "stale_screen"


@dataclass(frozen=True, slots=True)
class Extension:
    """Exactly one of them: a last day (which counts whole), months more, or for life."""

    until_on: date | None = None
    months: int | None = None
    lifetime: bool = False


@dataclass(frozen=True, slots=True)
class ExtensionDecision:
    """``refusal`` None grants it; ``expires_at`` None is then lifetime."""

    expires_at: datetime | None = None
    refusal: ExtendRefusal | None = None
    message: str = ""


def decide_extension(
    wanted: Extension,
    *,
    enrolment: EnrolmentStatus | None,
    access: AccessFacts | None,
    now: datetime,
    zone: tzinfo,
) -> ExtensionDecision:
    """Decide what an extension by staff grants. It never shortens what the student has.

    Months are added to what is left of open access, and to now where it has ended.
    InvalidInput where the wish itself makes no sense.
    """
    refused = _not_extendable(enrolment)
    if refused is not None:
        return refused
    is_open = access is not None and access.is_open(now)
    current = access.expires_at if access is not None else None
    if is_open and current is None:
        return ExtensionDecision(
            refusal=ExtendRefusal.LIFETIME_ALREADY,
            message="The student has access for life already.",
        )
    expires_at = _wished(wanted, current=current, is_open=is_open, now=now, zone=zone)
    if expires_at is None:
        return ExtensionDecision()
    if expires_at <= now:
        return ExtensionDecision(
            refusal=ExtendRefusal.NOT_LATER,
            message=f"{say_last_day(expires_at, zone)} is over; choose a later day.",
        )
    if is_open and current is not None and expires_at <= current:
        return ExtensionDecision(
            refusal=ExtendRefusal.NOT_LATER,
            message=f"Access is open until {say_last_day(current, zone)} already; choose a later day.",
        )
    return ExtensionDecision(expires_at)


def _wished(
    wanted: Extension,
    *,
    current: datetime | None,
    is_open: bool,
    now: datetime,
    zone: tzinfo,
) -> datetime | None:
    chosen = [wanted.until_on is not None, wanted.months is not None, wanted.lifetime]
    if sum(chosen) != 1:
        raise InvalidInput("until", "Choose a last day, a number of months, or access for life.")
    if wanted.until_on is not None:
        if wanted.until_on.year > _LAST_YEAR:
            raise InvalidInput(
                "until", f"Choose a day before {_LAST_YEAR + 1}, or access for life."
            )
        return end_of_day(wanted.until_on, zone)
    if wanted.months is not None:
        if not 1 <= wanted.months <= MOST_MONTHS:
            raise InvalidInput("months", f"Choose 1 to {MOST_MONTHS} months, or access for life.")
        return access_until(now=now, current=current, months=wanted.months, is_open=is_open)
    return None


def _not_extendable(enrolment: EnrolmentStatus | None) -> ExtensionDecision | None:
    match enrolment:
        case None:
            return ExtensionDecision(
                refusal=ExtendRefusal.NOT_ENROLLED,
                message="The student is not enrolled in this course; enrol the student instead.",
            )
        case EnrolmentStatus.PENDING:
            return ExtensionDecision(
                refusal=ExtendRefusal.WAITING,
                message="The course is not paid yet; settle the payment first.",
            )
        case EnrolmentStatus.REFUNDED:
            return ExtensionDecision(
                refusal=ExtendRefusal.REFUNDED,
                message="The course was refunded, so there is no access to extend. "
                "Let the student buy it again, or enrol the student by hand.",
            )
        case EnrolmentStatus.CANCELLED:
            return ExtensionDecision(
                refusal=ExtendRefusal.CANCELLED,
                message="The enrolment was cancelled, so there is no access to extend. "
                "Enrol the student again instead.",
            )
    return None
