"""Courses: read, made, changed and published."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain import money
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.catalog import (
    CatalogRefusal,
    Course,
    CourseDetail,
    CourseDraft,
    check_course,
    check_tags,
    count_of,
    differing,
)
from learnhub_desktop.domain.changes import Changes, Touched, Undo
from learnhub_desktop.domain.states import CourseStatus, UserType, say
from learnhub_desktop.domain.text import search_key
from learnhub_desktop.errors import InvalidInput, NotFound, RuleRefused

_MOST_TAGS_LISTED: Final = 1_000


def get_course(uow: UnitOfWork, course_id: int) -> CourseDetail:
    """The course with its tags, lessons, quizzes, prerequisites, sales and archivings."""
    uow.actor.require(Right.VIEW_CATALOG)
    return CourseDetail(
        course=uow.courses.get(course_id),
        tags=uow.courses.tags(course_id),
        lessons=uow.lessons.list_of(course_id),
        prerequisites=uow.courses.prerequisites(course_id),
        required_by=uow.courses.required_by(course_id),
        sales=uow.courses.sales(course_id),
        archives=uow.archives.list_of(course_id),
    )


def list_tags(uow: UnitOfWork) -> tuple[str, ...]:
    """The tags in use, the most used first, for completion as one types."""
    uow.actor.require(Right.VIEW_CATALOG)
    return uow.courses.list_tags(limit=_MOST_TAGS_LISTED)


def create_course(
    uow: UnitOfWork, draft: CourseDraft, *, status: CourseStatus = CourseStatus.DRAFT
) -> Changes:
    """Add a course, as a draft unless it is to be open at once."""
    uow.actor.require(Right.EDIT_CATALOG)
    checked = check_course(draft)
    if status is CourseStatus.ARCHIVED:
        raise InvalidInput("status", "A new course is a draft or active.")
    hold_instructor(uow, checked.instructor_id)
    course_id = uow.courses.add(
        **_values(checked), status=status, created_at=uow.now(), updated_at=uow.now()
    )
    uow.courses.set_tags(course_id, checked.tags)
    message = f"Created “{checked.title}” as a draft. Publish it to open it for enrolment."
    if status is CourseStatus.ACTIVE:
        message = f"Created “{checked.title}”. Students can enrol now."
    return Changes(Touched.CATALOG, message, subject_id=course_id)


def update_course(
    uow: UnitOfWork, course_id: int, draft: CourseDraft, *, seen_version: int
) -> Changes:
    """Save the course's form. ``seen_version`` is the row version that the form was filled from."""
    uow.actor.require(Right.EDIT_CATALOG)
    checked = check_course(draft)
    if checked.instructor_id != uow.courses.instructor_of(course_id):
        hold_instructor(uow, checked.instructor_id)
    course = lock_editable(uow, course_id, seen_version=seen_version)
    tags = uow.courses.tags(course_id)
    changed = differing(course, tags, checked)
    if not changed:
        return Changes(Touched.NOTHING, "Nothing was changed.", subject_id=course_id)
    if "max_students" in changed:
        _check_seats(course, checked.max_students)
    if "tags" in changed:
        uow.courses.set_tags(course_id, checked.tags)
    values = _values(checked)
    stored = {name: values[name] for name in changed if name != "tags"}
    if "title" in stored:
        stored["search_text"] = values["search_text"]
    if stored:
        uow.courses.update(course_id, **stored, updated_at=uow.now())
    else:
        uow.courses.raise_version(course_id)
    return Changes(Touched.CATALOG, _saved(checked, changed), subject_id=course_id)


def set_tags(
    uow: UnitOfWork, course_id: int, tags: Iterable[str], *, seen_version: int | None = None
) -> Changes:
    """Make these the course's tags. ``seen_version`` None: whatever they are now."""
    uow.actor.require(Right.EDIT_CATALOG)
    wanted = check_tags(tags)
    course = lock_editable(uow, course_id, seen_version=seen_version)
    if not uow.courses.set_tags(course_id, wanted):
        return Changes(Touched.NOTHING, "Nothing was changed.", subject_id=course_id)
    uow.courses.raise_version(course_id)
    said = f"“{course.title}” has no tags now."
    if wanted:
        said = f"“{course.title}” is tagged {', '.join(wanted)}."
    return Changes(Touched.CATALOG, said, subject_id=course_id)


def set_status(uow: UnitOfWork, course_id: int, status: CourseStatus) -> Changes:
    """Publish a draft, or take a course that nobody is in back to a draft."""
    uow.actor.require(Right.EDIT_CATALOG)
    if status is CourseStatus.ARCHIVED:
        raise InvalidInput("status", "A course is archived with a reason.")
    if status is CourseStatus.ACTIVE:
        hold_instructor(uow, uow.courses.instructor_of(course_id))
    course = lock_editable(uow, course_id)
    if course.status is status:
        raise RuleRefused(
            CatalogRefusal.WRONG_STATUS, f"“{course.title}” is {_said(status)} already."
        )
    if status is CourseStatus.DRAFT and course.seats_taken:
        raise RuleRefused(
            CatalogRefusal.STUDENTS_ENROLLED,
            f"{count_of(course.seats_taken, 'seat')} of “{course.title}” "
            f"{'is' if course.seats_taken == 1 else 'are'} taken, so it cannot become a draft. "
            "Archive it instead: students keep their access.",
        )
    uow.courses.update(course_id, status=status, updated_at=uow.now())
    message = f"Published “{course.title}”. Students can enrol now."
    if status is CourseStatus.DRAFT:
        message = f"“{course.title}” is a draft again. Nobody can enrol."
    return Changes(
        Touched.CATALOG,
        message,
        subject_id=course_id,
        undo=Undo("set_status", {"course_id": course_id, "status": course.status}),
    )


def hold_instructor(uow: UnitOfWork, instructor_id: int) -> None:
    """Write the instructor's row, so that the account cannot be deleted meanwhile.

    InvalidInput where it is not a live instructor's. It comes before the course in the
    order of locks.
    """
    if uow.courses.hold_instructor(instructor_id, uow.now()):
        return
    try:
        person = uow.users.get(instructor_id)
    except NotFound:
        raise InvalidInput(
            "instructor_id", f"There is no instructor with the number {instructor_id}."
        ) from None
    if person.user_type is not UserType.INSTRUCTOR:
        raise InvalidInput("instructor_id", f"{person.name} is not an instructor.")
    raise InvalidInput(
        "instructor_id", "The account of this instructor was deleted. Choose another one."
    )


def lock_editable(uow: UnitOfWork, course_id: int, *, seen_version: int | None = None) -> Course:
    """The course, locked; RuleRefused where it is archived or not what the screen shows."""
    course = uow.courses.lock(course_id)
    if course.status is CourseStatus.ARCHIVED:
        raise RuleRefused(
            CatalogRefusal.ARCHIVED,
            f"“{course.title}” is archived. Restore it before you change it.",
        )
    if seen_version is not None and course.row_version != seen_version:
        raise RuleRefused(
            CatalogRefusal.CHANGED_MEANWHILE,
            f"“{course.title}” was changed at another desk meanwhile. "
            "Nothing was saved; reload to see both.",
        )
    return course


def _check_seats(course: Course, max_students: int | None) -> None:
    if max_students is not None and max_students < course.seats_taken:
        raise RuleRefused(
            CatalogRefusal.SEATS_TAKEN,
            f"{count_of(course.seats_taken, 'seat')} of “{course.title}” "
            f"{'is' if course.seats_taken == 1 else 'are'} taken, "
            f"so the limit cannot be {max_students:,}.",
        )


def _values(draft: CourseDraft) -> dict[str, object]:
    return {
        "title": draft.title,
        "search_text": search_key(draft.title),
        "instructor_id": draft.instructor_id,
        "price": draft.price,
        "currency": draft.currency,
        "description": draft.description or None,
        "level": draft.level,
        "access_months": draft.access_months,
        "max_students": draft.max_students,
        "thumbnail_url": draft.thumbnail_url or None,
    }


def _saved(draft: CourseDraft, changed: tuple[str, ...]) -> str:
    """What was saved; a new price is said, since it is what students pay from now on."""
    if "price" in changed or "currency" in changed:
        price = money.text(draft.price, draft.currency) if draft.price else "nothing"
        return f"Saved “{draft.title}”. It costs {price} from now on."
    return f"Saved “{draft.title}”."


def _said(status: CourseStatus) -> str:
    return "a draft" if status is CourseStatus.DRAFT else say(status)
