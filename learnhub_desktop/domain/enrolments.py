"""What services look at when they lock a student, a course and the enrolment between them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from learnhub_desktop.domain.changes import Changes
from learnhub_desktop.domain.states import (
    HOLDS_A_SEAT,
    OPEN_ENROLMENTS,
    CourseStatus,
    EnrolmentSource,
    EnrolmentStatus,
    UserType,
)


@dataclass(frozen=True, slots=True)
class StudentFacts:
    user_id: int
    name: str
    email: str
    user_type: UserType
    country: str | None
    balance: Decimal
    balance_currency: str
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class CourseFacts:
    """``max_students`` None: no limit. ``access_months`` None: lifetime."""

    course_id: int
    title: str
    status: CourseStatus
    price: Decimal
    currency: str
    access_months: int | None
    max_students: int | None
    enrolled_students: int

    @property
    def seats_left(self) -> int | None:
        if self.max_students is None:
            return None
        return max(0, self.max_students - self.enrolled_students)


@dataclass(frozen=True, slots=True)
class EnrolmentFacts:
    enrollment_id: int
    student_id: int
    course_id: int
    status: EnrolmentStatus
    source: EnrolmentSource
    subscription_id: int | None
    enrolled_at: datetime
    activated_at: datetime | None
    hold_expires_at: datetime | None
    progress_percent: Decimal
    progress_stale: bool
    previous_status: EnrolmentStatus | None
    previous_enrolled_at: datetime | None

    @property
    def holds_a_seat(self) -> bool:
        return self.status in HOLDS_A_SEAT

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_ENROLMENTS


@dataclass(frozen=True, slots=True)
class AccessFacts:
    """``expires_at`` None is lifetime access, unless it ``ended_at`` some time."""

    expires_at: datetime | None
    ended_at: datetime | None

    def is_open(self, now: datetime) -> bool:
        return self.ended_at is None and (self.expires_at is None or self.expires_at > now)


@dataclass(frozen=True, slots=True)
class SaleFacts:
    sale_id: int
    course_id: int
    price: Decimal
    currency: str
    seats_left: int
    start_time: datetime
    end_time: datetime


@dataclass(frozen=True, slots=True)
class EnrolLine:
    """The result of one line of a pasted list. ``message`` is a sentence."""

    line: int
    email: str
    done: bool
    message: str


@dataclass(frozen=True, slots=True)
class EnrolManyReport:
    lines: tuple[EnrolLine, ...]
    changes: Changes

    @property
    def done_count(self) -> int:
        return sum(line.done for line in self.lines)
