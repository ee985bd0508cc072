"""What students think of a course: one rating a student and course."""

from __future__ import annotations

from typing import Final

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.catalog import CatalogRefusal, Review, check_rating, count_of
from learnhub_desktop.domain.changes import Changes, Touched
from learnhub_desktop.domain.text import NOTE_LENGTH, check_text
from learnhub_desktop.errors import RuleRefused

_MOST: Final = 200


def find_review(uow: UnitOfWork, student_id: int, course_id: int) -> Review | None:
    """The student's review of the course; None where there is none yet."""
    uow.actor.require(Right.VIEW_STUDENTS)
    return uow.courses.find_review(student_id, course_id)


def list_reviews(uow: UnitOfWork, course_id: int) -> tuple[Review, ...]:
    """The latest reviews of a course, up to 200."""
    uow.actor.require(Right.VIEW_STUDENTS)
    return uow.courses.list_reviews(course_id, limit=_MOST)


def record_review(
    uow: UnitOfWork, student_id: int, course_id: int, *, rating: int, comment: str = ""
) -> Changes:
    """Write down a student's rating, 1 to 5, or change the one that was given.

    A new one needs an enrolment that is active or completed; one that was given may be
    changed for as long as the account is live.
    """
    uow.actor.require(Right.EDIT_STUDENTS)
    stars = check_rating(rating)
    text = check_text(
        comment, field="comment", label="The comment", longest=NOTE_LENGTH, required=False
    )
    student = uow.users.share(student_id)
    course = uow.courses.lock(course_id)
    if student.deleted_at is not None:
        raise RuleRefused(
            CatalogRefusal.NOT_ENROLLED, "This account was deleted, so it gives no reviews."
        )
    known = uow.courses.find_review(student_id, course_id)
    if known is not None:
        uow.courses.update_review(
            known.review_id, rating=stars, comment=text or None, updated_at=uow.now()
        )
        review_id = known.review_id
    else:
        enrolment = uow.enrolments.find(student_id, course_id)
        if enrolment is None or not enrolment.is_open:
            raise RuleRefused(
                CatalogRefusal.NOT_ENROLLED,
                f"{student.name} is not in “{course.title}”, so there is nothing to review.",
            )
        review_id = uow.courses.add_review(
            student_id=student_id,
            course_id=course_id,
            rating=stars,
            comment=text or None,
            created_at=uow.now(),
            updated_at=uow.now(),
        )
    after = uow.courses.get(course_id)
    return Changes(
        Touched.CATALOG | Touched.ENROLMENTS,
        f"{student.name} gives “{course.title}” {stars} of 5. "
        f"Its rating is {after.rating} from {count_of(after.review_count, 'review')}.",
        subject_id=review_id,
    )
