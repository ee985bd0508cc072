"""Who is in a course, and what courses a student is in: two lists of the same rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, func, or_, select

from learnhub_desktop.db.repositories.lists import filters
from learnhub_desktop.db.repositories.lists.relations import Relations
from learnhub_desktop.db.repositories.lists.source import (
    FilterSpec,
    Join,
    ListSource,
    Measure,
    SortKey,
    load_rows,
)
from learnhub_desktop.db.tables import course_access, lesson_progress, lessons
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.lists import Sort
from learnhub_desktop.domain.money import ZERO
from learnhub_desktop.domain.search import MeasureKind
from learnhub_desktop.domain.states import (
    HOLDS_A_SEAT,
    CourseStatus,
    EnrolmentSource,
    EnrolmentStatus,
)
from learnhub_desktop.domain.students import EnrolmentRow


def enrolments_list(see: Relations) -> ListSource[EnrolmentRow]:
    """All enrolments of the school."""
    return _list(see, "enrolments", None, Sort("enrolled", descending=True))


def course_students_list(see: Relations) -> ListSource[EnrolmentRow]:
    """The students of the course that the filter ``course`` names."""
    return _list(see, "course_students", "course", Sort("student"))


def student_courses_list(see: Relations) -> ListSource[EnrolmentRow]:
    """The courses of the student that the filter ``student`` names."""
    return _list(see, "student_courses", "student", Sort("enrolled", descending=True))


def _list(
    see: Relations, name: str, required: str | None, default_sort: Sort
) -> ListSource[EnrolmentRow]:
    e, u, c, a = see.enrolments.c, see.students.c, see.courses.c, course_access.c
    joins = {
        "student": Join(see.students, u.user_id == e.student_id),
        "course": Join(see.courses, c.course_id == e.course_id),
        "access": Join(
            course_access,
            and_(a.student_id == e.student_id, a.course_id == e.course_id),
            outer=True,
        ),
    }
    measures = {
        "progress": Measure(e.progress_percentage, MeasureKind.PERCENT),
        "enrolled": Measure(e.enrolled_at, MeasureKind.DAY),
    }
    return ListSource(
        name=name,
        right=Right.VIEW_STUDENTS,
        base=see.enrolments,
        row_id=e.enrollment_id,
        required=required,
        joins=joins,
        sorts={
            "id": SortKey(()),
            "student": SortKey((u.search_text,), needs=("student",)),
            "email": SortKey((u.email,), needs=("student",)),
            "course": SortKey((c.search_text,), needs=("course",)),
            "status": SortKey((e.status,)),
            "progress": SortKey((e.progress_percentage,)),
            "enrolled": SortKey((e.enrolled_at,)),
            "completed": SortKey((e.completed_at,), nullable=True),
            "last_activity": SortKey((e.last_activity_at,), nullable=True),
            "access": SortKey((a.access_expires_at,), nullable=True, needs=("access",)),
        },
        default_sort=default_sort,
        more_columns=frozenset({"lessons", "source", "access_ended"}),
        measures=measures,
        filters=_filters(see, measures),
        find_word=lambda word, resolve: or_(
            e.student_id.in_(
                resolve(select(u.user_id).where(filters.contains(u.search_text, word)))
            ),
            e.course_id.in_(
                resolve(select(c.course_id).where(filters.contains(c.search_text, word)))
            ),
        ),
        find_address=lambda email, resolve: e.student_id.in_(
            resolve(select(u.user_id).where(filters.begins(u.email, email)))
        ),
        load=_loader(see, joins),
    )


def _filters(see: Relations, measures: dict[str, Measure]) -> dict[str, FilterSpec]:
    e, a = see.enrolments.c, course_access.c
    return {
        "course": filters.ids(e.course_id, "course"),
        "student": filters.ids(e.student_id, "student"),
        "status": filters.one_of(e.status, EnrolmentStatus),
        "source": filters.one_of(e.source, EnrolmentSource),
        "standing": filters.cases(
            {
                "not_started": and_(
                    e.status == EnrolmentStatus.ACTIVE, e.progress_percentage == ZERO
                ),
                "in_progress": and_(
                    e.status == EnrolmentStatus.ACTIVE, e.progress_percentage > ZERO
                ),
                "finished": e.status == EnrolmentStatus.COMPLETED,
                "seat_held": e.status.in_(sorted(HOLDS_A_SEAT)),
            }
        ),
        "access": filters.cases(
            {
                "ended": lambda asker: a.access_expires_at <= asker.now(),
                "open": lambda asker: and_(
                    a.student_id.is_not(None),
                    or_(a.access_expires_at.is_(None), a.access_expires_at > asker.now()),
                ),
                "lifetime": and_(a.student_id.is_not(None), a.access_expires_at.is_(None)),
                "none": a.student_id.is_(None),
            },
            needs=("access",),
        ),
        "progress": filters.between(measures["progress"], "progress"),
        "enrolled": filters.between(measures["enrolled"], "enrolled"),
    }


def _loader(see: Relations, joins: dict[str, Join]) -> Any:
    e, u, c, a = see.enrolments.c, see.students.c, see.courses.c, course_access.c
    total = (
        select(func.count())
        .select_from(lessons)
        .where(lessons.c.course_id == e.course_id)
        .correlate(see.enrolments)
        .scalar_subquery()
    )
    done = (
        select(func.count())
        .select_from(
            lessons.join(
                lesson_progress,
                and_(
                    lesson_progress.c.lesson_id == lessons.c.lesson_id,
                    lesson_progress.c.completed.is_(True),
                ),
            )
        )
        .where(lessons.c.course_id == e.course_id, lesson_progress.c.student_id == e.student_id)
        .correlate(see.enrolments)
        .scalar_subquery()
    )
    statement = select(
        e.enrollment_id,
        e.student_id,
        u.name,
        u.email,
        e.course_id,
        c.title,
        c.status.label("course_status"),
        e.status,
        e.source,
        e.progress_percentage,
        done.label("done"),
        total.label("total"),
        e.enrolled_at,
        e.completed_at,
        e.last_activity_at,
        e.hold_expires_at,
        a.student_id.label("access_of"),
        a.access_expires_at,
        a.ended_at,
        e.row_version,
    ).select_from(
        see.enrolments.join(see.students, joins["student"].on)
        .join(see.courses, joins["course"].on)
        .join(course_access, joins["access"].on, isouter=True)
    )
    return load_rows(statement, e.enrollment_id, _row)


def _row(found: Any) -> EnrolmentRow:
    return EnrolmentRow(
        enrollment_id=found.enrollment_id,
        student_id=found.student_id,
        student_name=found.name,
        student_email=found.email,
        course_id=found.course_id,
        course_title=found.title,
        course_status=CourseStatus(found.course_status),
        status=EnrolmentStatus(found.status),
        source=EnrolmentSource(found.source),
        progress_percent=found.progress_percentage,
        lessons_done=found.done,
        lessons_total=found.total,
        enrolled_at=found.enrolled_at,
        completed_at=found.completed_at,
        last_activity_at=found.last_activity_at,
        hold_expires_at=found.hold_expires_at,
        has_access=found.access_of is not None,
        access_expires_at=found.access_expires_at,
        access_ended_at=found.ended_at,
        row_version=found.row_version,
    )
