"""Courses, their lessons, quizzes, tags and reviews: what may be stored, and how it is read."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from learnhub_desktop.domain import money
from learnhub_desktop.domain.states import CourseStatus, EnrolmentStatus, Level
from learnhub_desktop.domain.text import (
    LONG_TEXT_LENGTH,
    TAG_LENGTH,
    TITLE_LENGTH,
    check_text,
    search_key,
)
from learnhub_desktop.errors import InvalidInput

URL_LENGTH: Final = 500
MOST_TAGS: Final = 50
MOST_PREREQUISITES: Final = 50
MOST_LESSONS: Final = 2_000
MOST_MONTHS: Final = 1_200
MOST_SEATS: Final = 10_000_000
MOST_MINUTES: Final = 100_000
HIGHEST_SCORE: Final = 10_000
DEFAULT_ACCESS_MONTHS: Final = 12


class CatalogRefusal(StrEnum):
    CHANGED_MEANWHILE = "changed_meanwhile"
    ARCHIVED = "archived"
    NOT_ARCHIVED = "not_archived"
    NO_INSTRUCTOR = "no_instructor"
    WRONG_STATUS = "wrong_status"
    SEATS_TAKEN = "seats_taken"
    STUDENTS_ENROLLED = "students_enrolled"
    LESSON_DONE = "lesson_done"
    QUIZ_ATTEMPTED = "quiz_attempted"
    TOO_MANY = "too_many"
    NOT_ENROLLED = "not_enrolled"
    NOTHING_CHANGED = "nothing_changed"


@dataclass(frozen=True, slots=True)
class CourseRow:
    """One line of the list of courses.

    ``seats_taken`` counts pending, active and completed enrolments, ``total_enrolments``
    all that were ever activated. ``rating`` is None without a review.
    """

    course_id: int
    title: str
    instructor_id: int
    instructor_name: str
    price: Decimal
    currency: str
    level: Level | None
    status: CourseStatus
    seats_taken: int
    max_students: int | None
    rating: Decimal | None
    review_count: int
    total_enrolments: int
    created_at: datetime
    external_id: str | None
    row_version: int

    @property
    def seats_left(self) -> int | None:
        """None: no limit."""
        return None if self.max_students is None else max(0, self.max_students - self.seats_taken)

    @property
    def is_full(self) -> bool:
        return self.seats_left == 0


@dataclass(frozen=True, slots=True)
class Course:
    """One course with all that its form shows. ``access_months`` None: lifetime access."""

    course_id: int
    title: str
    description: str
    instructor_id: int
    instructor_name: str
    price: Decimal
    currency: str
    level: Level | None
    status: CourseStatus
    access_months: int | None
    max_students: int | None
    seats_taken: int
    total_enrolments: int
    rating: Decimal | None
    review_count: int
    last_enrolment_at: datetime | None
    thumbnail_url: str
    external_id: str | None
    created_at: datetime
    updated_at: datetime
    row_version: int


@dataclass(frozen=True, slots=True)
class Quiz:
    """``attempt_count`` above zero: results of students hang on it."""

    quiz_id: int
    lesson_id: int | None
    title: str
    passing_score: int | None
    attempt_count: int


@dataclass(frozen=True, slots=True)
class Lesson:
    """``position`` counts from 1. ``done_count`` students have marked it done."""

    lesson_id: int
    course_id: int
    position: int
    title: str
    content: str
    video_url: str
    duration_minutes: int | None
    done_count: int
    quizzes: tuple[Quiz, ...] = ()


@dataclass(frozen=True, slots=True)
class CourseName:
    """A course by its name, as prerequisites are listed."""

    course_id: int
    title: str
    status: CourseStatus


@dataclass(frozen=True, slots=True)
class KnownCourse:
    """What an import compares a line of its file with."""

    course_id: int
    instructor_id: int
    title: str
    description: str
    price: Decimal
    currency: str
    level: Level | None
    status: CourseStatus


@dataclass(frozen=True, slots=True)
class MissingPrerequisite:
    """``status`` is the student's enrolment in it, None where there is none."""

    course_id: int
    title: str
    status: EnrolmentStatus | None
    progress_percent: Decimal


@dataclass(frozen=True, slots=True)
class SaleRow:
    sale_id: int
    campaign: str | None
    price: Decimal
    currency: str
    max_seats: int
    seats_taken: int
    start_time: datetime
    end_time: datetime


@dataclass(frozen=True, slots=True)
class ArchiveRow:
    """One archiving of a course and, where it came back, its restoring."""

    archive_id: int
    archived_at: datetime
    archived_by: str | None
    reason: str
    restored_at: datetime | None
    restored_by: str | None


@dataclass(frozen=True, slots=True)
class Review:
    """``rating`` is 1 to 5; one review a student and course."""

    review_id: int
    student_id: int
    student_name: str
    course_id: int
    rating: int
    comment: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class CourseDetail:
    """``required_by`` are the courses that ask for this one first."""

    course: Course
    tags: tuple[str, ...]
    lessons: tuple[Lesson, ...]
    prerequisites: tuple[CourseName, ...]
    required_by: tuple[CourseName, ...]
    sales: tuple[SaleRow, ...]
    archives: tuple[ArchiveRow, ...]

    @property
    def duration_minutes(self) -> int:
        return sum(lesson.duration_minutes or 0 for lesson in self.lessons)


@dataclass(frozen=True, slots=True)
class CourseDraft:
    """What the form of a course holds. ``tags`` are the whole set."""

    title: str
    instructor_id: int
    price: Decimal
    currency: str
    description: str = ""
    level: Level | None = None
    access_months: int | None = DEFAULT_ACCESS_MONTHS
    max_students: int | None = None
    thumbnail_url: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LessonDraft:
    title: str
    content: str = ""
    video_url: str = ""
    duration_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class QuizDraft:
    """``passing_score`` None: the quiz is not graded."""

    title: str
    passing_score: int | None = None


@dataclass(frozen=True, slots=True)
class LessonRemoval:
    """What removing a lesson would mean, for the box above the button.

    ``refusal`` is the sentence that forbids it, None where it may go.
    """

    lesson_id: int
    title: str
    done_count: int
    quiz_count: int
    refusal: str | None


def check_course(draft: CourseDraft) -> CourseDraft:
    """Return the draft as it is stored; InvalidInput names the first field that cannot be."""
    return replace(
        draft,
        title=check_text(draft.title, field="title", label="The title", longest=TITLE_LENGTH),
        description=check_text(
            draft.description,
            field="description",
            label="The description",
            longest=LONG_TEXT_LENGTH,
            required=False,
        ),
        price=money.check_amount(draft.price, field="price", allow_zero=True),
        currency=money.check_currency(draft.currency),
        access_months=_whole(
            draft.access_months, 1, MOST_MONTHS, field="access_months", label="Months of access"
        ),
        max_students=_whole(
            draft.max_students, 1, MOST_SEATS, field="max_students", label="The number of seats"
        ),
        thumbnail_url=check_url(draft.thumbnail_url, field="thumbnail_url", label="The picture"),
        tags=check_tags(draft.tags),
    )


def check_lesson(draft: LessonDraft) -> LessonDraft:
    return LessonDraft(
        title=check_text(
            draft.title, field="title", label="The lesson’s title", longest=TITLE_LENGTH
        ),
        content=check_text(
            draft.content,
            field="content",
            label="The lesson’s text",
            longest=LONG_TEXT_LENGTH,
            required=False,
        ),
        video_url=check_url(draft.video_url, field="video_url", label="The video"),
        duration_minutes=_whole(
            draft.duration_minutes, 0, MOST_MINUTES, field="duration_minutes", label="The minutes"
        ),
    )


def check_quiz(draft: QuizDraft) -> QuizDraft:
    return QuizDraft(
        title=check_text(
            draft.title, field="title", label="The quiz’s title", longest=TITLE_LENGTH
        ),
        passing_score=_whole(
            draft.passing_score, 0, HIGHEST_SCORE, field="passing_score", label="The passing score"
        ),
    )


def check_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Return the tags without doubles, in the order given.

    Tags that differ only in case or accents are one: the servers' collation takes them for
    the same key.
    """
    kept: dict[str, str] = {}
    for typed in tags:
        tag = check_text(
            " ".join(typed.split()), field="tags", label="A tag", longest=TAG_LENGTH, required=False
        )
        if tag:
            kept.setdefault(search_key(tag) or tag, unicodedata.normalize("NFC", tag))
    if len(kept) > MOST_TAGS:
        raise InvalidInput("tags", f"A course can have at most {MOST_TAGS} tags.")
    return tuple(kept.values())


def check_url(value: str, *, field: str, label: str) -> str:
    """An address on the web, or nothing."""
    url = check_text(value, field=field, label=label, longest=URL_LENGTH, required=False)
    if url and (not url.lower().startswith(("http://", "https://")) or len(url.split()) > 1):
        raise InvalidInput(field, f"{label} must be a web address such as https://example.org/a.")
    return url


def check_rating(rating: int) -> int:
    if isinstance(rating, bool) or not 1 <= rating <= 5:
        raise InvalidInput("rating", "A rating is a whole number from 1 to 5.")
    return rating


def differing(course: Course, tags: tuple[str, ...], draft: CourseDraft) -> tuple[str, ...]:
    """The names of the form's fields in which the stored course is not what the draft says."""
    stored = CourseDraft(
        title=course.title,
        instructor_id=course.instructor_id,
        price=course.price,
        currency=course.currency,
        description=course.description,
        level=course.level,
        access_months=course.access_months,
        max_students=course.max_students,
        thumbnail_url=course.thumbnail_url,
        tags=tuple(sorted(tags)),
    )
    wanted = replace(draft, tags=tuple(sorted(draft.tags)))
    return tuple(
        name
        for name in CourseDraft.__dataclass_fields__
        if getattr(stored, name) != getattr(wanted, name)
    )


def count_of(number: int, one: str, many: str = "") -> str:
    """``1 student``, ``1,200 students``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _whole(value: int | None, lowest: int, highest: int, *, field: str, label: str) -> int | None:
    if value is not None and not lowest <= value <= highest:
        raise InvalidInput(
            field, f"{label} must be a whole number from {lowest:,} to {highest:,}, or empty."
        )
    return value
