"""What is kept of a course that is archived: all that it was, and no person's name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from learnhub_desktop.domain.catalog import CourseDetail, count_of
from learnhub_desktop.domain.states import CourseStatus

FORMAT_VERSION: Final = 1


class ArchiveRefusal(StrEnum):
    ALREADY_ARCHIVED = "already_archived"
    NOT_ARCHIVED = "not_archived"
    NO_INSTRUCTOR = "no_instructor"


@dataclass(frozen=True, slots=True)
class ArchivePreview:
    """What archiving would mean, a sentence each, or the sentence that forbids it."""

    course_id: int
    title: str
    consequences: tuple[str, ...]
    refusal: str | None


def snapshot(detail: CourseDetail) -> dict[str, Any]:
    """The course as JSON. People are ids: what is anonymised once stays so."""
    course = detail.course
    return {
        "format_version": FORMAT_VERSION,
        "course": {
            "course_id": course.course_id,
            "title": course.title,
            "description": course.description,
            "instructor_id": course.instructor_id,
            "price": str(course.price),
            "currency": course.currency,
            "level": None if course.level is None else str(course.level),
            "status": str(course.status),
            "access_months": course.access_months,
            "max_students": course.max_students,
            "seats_taken": course.seats_taken,
            "total_enrolments": course.total_enrolments,
            "thumbnail_url": course.thumbnail_url,
            "external_id": course.external_id,
        },
        "tags": list(detail.tags),
        "lessons": [
            {
                "lesson_id": lesson.lesson_id,
                "position": lesson.position,
                "title": lesson.title,
                "content": lesson.content,
                "video_url": lesson.video_url,
                "duration_minutes": lesson.duration_minutes,
                "quizzes": [
                    {
                        "quiz_id": quiz.quiz_id,
                        "title": quiz.title,
                        "passing_score": quiz.passing_score,
                    }
                    for quiz in lesson.quizzes
                ],
            }
            for lesson in detail.lessons
        ],
        "prerequisites": [
            {"course_id": needed.course_id, "title": needed.title}
            for needed in detail.prerequisites
        ],
    }


def status_before(kept: Mapping[str, Any] | None) -> CourseStatus:
    """What the course was before it was archived.

    A draft where that is not known, as when another program archived it: nobody can enrol
    by surprise, and staff publish it when they have looked.
    """
    course = kept.get("course") if isinstance(kept, Mapping) else None
    word = course.get("status") if isinstance(course, Mapping) else None
    return CourseStatus.ACTIVE if word == CourseStatus.ACTIVE else CourseStatus.DRAFT


def consequences(*, students: int, sales: int, waiting: int) -> tuple[str, ...]:
    """What archiving means, a sentence each.

    ``waiting`` are seats held for payments that are under way: these still go through.
    """
    said = [f"{students_keep(students)}; no new enrolments."]
    if waiting:
        said.append(f"{count_of(waiting, 'enrolment')} waiting for payment can still be paid.")
    if sales:
        said.append(f"{count_of(sales, 'flash sale')} {'ends' if sales == 1 else 'end'} now.")
    return tuple(said)


def students_keep(students: int) -> str:
    """ "42 students keep their access"."""
    if students == 0:
        return "No student has access"
    if students == 1:
        return "1 student keeps access"
    return f"{students:,} students keep their access"
