"""Taking a course out of the catalog, and bringing it back."""

from __future__ import annotations

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.archiving import (
    ArchivePreview,
    ArchiveRefusal,
    consequences,
    snapshot,
    status_before,
)
from learnhub_desktop.domain.catalog import Course
from learnhub_desktop.domain.changes import Changes, Touched, Undo
from learnhub_desktop.domain.states import CourseStatus, EnrolmentStatus
from learnhub_desktop.domain.text import NOTE_LENGTH, check_text
from learnhub_desktop.errors import InvalidInput, RuleRefused
from learnhub_desktop.services.catalog import get_course, hold_instructor


def preview_archive(uow: UnitOfWork, course_id: int) -> ArchivePreview:
    """What archiving would mean now, for the box above the button."""
    uow.actor.require(Right.VIEW_CATALOG)
    course = uow.courses.get(course_id)
    refusal = _already(course) if course.status is CourseStatus.ARCHIVED else None
    said = consequences(
        students=uow.courses.count_with_access(course_id, uow.now()),
        sales=uow.courses.count_open_sales(course_id, uow.now()),
        waiting=uow.courses.count_enrolled(course_id, EnrolmentStatus.PENDING),
    )
    return ArchivePreview(course_id, course.title, said, refusal)


def archive_course(uow: UnitOfWork, course_id: int, *, reason: str) -> Changes:
    """Keep a snapshot of the course, close it for enrolment and end its flash sales.

    Students keep their access until it expires; seats held for payments under way stay
    held. RuleRefused where the course is archived already.
    """
    uow.actor.require(Right.ARCHIVE_COURSE)
    why = check_text(reason, field="reason", label="The reason", longest=NOTE_LENGTH)
    now = uow.now()
    # A course's status is in the index of its instructor's key: writing it locks that row too.
    uow.users.share(uow.courses.instructor_of(course_id))
    uow.courses.lock_sales(course_id)
    course = uow.courses.lock(course_id)
    if course.status is CourseStatus.ARCHIVED:
        raise RuleRefused(ArchiveRefusal.ALREADY_ARCHIVED, _already(course))
    # Only now: a sale's end is in the foreign key's index, so writing it shares the course's
    # lock, and two that share it could never both go on to write the course.
    sales = uow.courses.end_sales(course_id, now)
    kept = snapshot(get_course(uow, course_id))
    uow.archives.add(course_id, kept, account=uow.actor.account, reason=why, now=now)
    uow.courses.update(course_id, status=CourseStatus.ARCHIVED, updated_at=now)
    said = consequences(
        students=uow.courses.count_with_access(course_id, now),
        sales=sales,
        waiting=uow.courses.count_enrolled(course_id, EnrolmentStatus.PENDING),
    )
    return Changes(
        Touched.CATALOG,
        f"Archived “{course.title}”. {' '.join(said)}",
        subject_id=course_id,
        undo=Undo("restore_course", {"course_id": course_id}),
    )


def restore_course(uow: UnitOfWork, course_id: int, *, instructor_id: int | None = None) -> Changes:
    """Make the course what it was before it was archived: a draft, or open for enrolment.

    Its instructor may have left since; then ``instructor_id`` names another one. Flash
    sales that ended do not come back.
    """
    uow.actor.require(Right.ARCHIVE_COURSE)
    teacher_id = uow.courses.instructor_of(course_id) if instructor_id is None else instructor_id
    try:
        hold_instructor(uow, teacher_id)
    except InvalidInput as error:
        if instructor_id is not None:
            raise
        raise RuleRefused(
            ArchiveRefusal.NO_INSTRUCTOR,
            "The instructor of this course has left. Name another one to restore it.",
        ) from error
    course = uow.courses.lock(course_id)
    if course.status is not CourseStatus.ARCHIVED:
        raise RuleRefused(ArchiveRefusal.NOT_ARCHIVED, f"“{course.title}” is not archived.")
    now = uow.now()
    archived = uow.archives.find_open(course_id)
    status = status_before(None if archived is None else archived[2])
    uow.archives.mark_restored(course_id, account=uow.actor.account, now=now)
    uow.courses.update(course_id, status=status, instructor_id=teacher_id, updated_at=now)
    message = f"Restored “{course.title}”. Students can enrol now."
    if status is CourseStatus.DRAFT:
        message = f"Restored “{course.title}” as a draft. Publish it to open it for enrolment."
    reason = archived[1] if archived is not None and archived[1] else "Archived again."
    return Changes(
        Touched.CATALOG,
        message,
        subject_id=course_id,
        undo=Undo("archive_course", {"course_id": course_id, "reason": reason}),
    )


def _already(course: Course) -> str:
    return f"“{course.title}” is archived already."
