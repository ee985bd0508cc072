"""How far a student is in a course, and what that makes of the enrolment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from learnhub_desktop.domain.access import AccessAnswer
from learnhub_desktop.domain.states import (
    CourseStatus,
    EnrolmentSource,
    EnrolmentStatus,
    say,
)

NOTHING_DONE: Final = Decimal("0.00")
ALL_DONE: Final = Decimal("100.00")


class ProgressRefusal(StrEnum):
    NOT_ENROLLED = "not_enrolled"
    NOT_ACTIVE = "not_active"
    ACCOUNT_DELETED = "account_deleted"
    OTHER_COURSE = "other_course"


@dataclass(frozen=True, slots=True)
class ProgressPlace:
    """One student in one course, with the rows locked that a change of progress needs."""

    enrolment_id: int
    student_id: int
    student_name: str
    student_deleted: bool
    course_id: int
    course_title: str
    status: EnrolmentStatus
    progress_percent: Decimal


@dataclass(frozen=True, slots=True)
class LessonMark:
    """One lesson of a course as one student has it."""

    lesson_id: int
    title: str
    order_index: int | None
    duration_minutes: int | None
    is_done: bool
    done_at: datetime | None
    minutes_spent: int


@dataclass(frozen=True, slots=True)
class QuizResult:
    """``best_score`` None: never tried. ``is_passed`` None: not tried, or no pass mark is set."""

    quiz_id: int
    title: str
    lesson_title: str
    attempts: int
    best_score: int | None
    passing_score: int | None
    last_attempt_at: datetime | None

    @property
    def is_passed(self) -> bool | None:
        return passed(self.best_score, self.passing_score)


@dataclass(frozen=True, slots=True)
class StudentCourse:
    """One course of one student. ``lessons_done`` counts lessons that the course still has."""

    enrolment_id: int
    course_id: int
    title: str
    course_status: CourseStatus
    status: EnrolmentStatus
    source: EnrolmentSource
    lessons_done: int
    lessons_total: int
    minutes_spent: int
    enrolled_at: datetime
    completed_at: datetime | None
    last_activity_at: datetime | None
    quizzes: tuple[QuizResult, ...]
    access: AccessAnswer

    @property
    def progress_percent(self) -> Decimal:
        """Counted from the lessons, so it is right also where another program changed them."""
        return percentage(self.lessons_done, self.lessons_total)

    @property
    def status_words(self) -> str:
        return status_words(self.status, self.lessons_done)


@dataclass(frozen=True, slots=True)
class CourseProgress:
    """Who is where in one course, as counts.

    ``not_started`` and ``under_way`` are active enrolments without and with progress;
    ``average_percent`` is over active and completed ones. ``stale``: another program changed
    progress, and it has not been counted again yet.
    """

    course_id: int
    title: str
    lessons: int
    waiting: int
    not_started: int
    under_way: int
    completed: int
    ended: int
    average_percent: Decimal
    last_activity_at: datetime | None
    stale: int

    @property
    def enrolled(self) -> int:
        return self.waiting + self.not_started + self.under_way + self.completed


@dataclass(frozen=True, slots=True)
class FinishedStudent:
    """A student who has done every lesson that the course has, and when the last of them."""

    user_id: int
    name: str
    email: str
    finished_at: datetime | None


def percentage(done: int, total: int) -> Decimal:
    """The share of lessons done, 0.00 to 100.00, rounded half up; no lessons are 0 %.

    100.00 means all of them: 19,999 of 20,000 are 99.99. The repository counts whole
    courses by the same rule in SQL.
    """
    if total <= 0 or done <= 0:
        return NOTHING_DONE
    if done >= total:
        return ALL_DONE
    hundredths = (done * 20_000 + total) // (2 * total)
    return Decimal(min(hundredths, 9_999)).scaleb(-2)


def status_after(status: EnrolmentStatus, done: int, total: int) -> EnrolmentStatus:
    """What a new count makes of an enrolment: all lessons done complete an active one.

    Nothing else moves: a lesson added to the course takes nobody's completion away.
    """
    if status is EnrolmentStatus.ACTIVE and 0 < total <= done:
        return EnrolmentStatus.COMPLETED
    return status


def passed(best_score: int | None, passing_score: int | None) -> bool | None:
    """Whether the best result reaches the pass mark, which counts as passed itself."""
    if best_score is None or passing_score is None:
        return None
    return best_score >= passing_score


def status_words(status: EnrolmentStatus, lessons_done: int) -> str:
    """The enrolment's state as people say it."""
    match status:
        case EnrolmentStatus.PENDING:
            return "waiting for payment"
        case EnrolmentStatus.ACTIVE:
            return "under way" if lessons_done else "not started"
    return say(status)


def why_no_progress(place: ProgressPlace) -> str:
    """Why lessons of this enrolment cannot be marked; empty where they can."""
    if place.student_deleted:
        return "This account was deleted; its progress stays as it is."
    match place.status:
        case EnrolmentStatus.PENDING:
            return (
                f"{place.student_name} has not paid for “{place.course_title}” yet, "
                "so no lesson can be marked."
            )
        case EnrolmentStatus.REFUNDED | EnrolmentStatus.CANCELLED:
            return (
                f"The enrolment of {place.student_name} in “{place.course_title}” was "
                f"{say(place.status)}, so no lesson can be marked."
            )
    return ""


def say_percent(percent: Decimal) -> str:
    """``40 %``, ``33.33 %``: never rounded, so that 100 % is said of all lessons only."""
    return f"{percent.normalize() + 0:f} %"
