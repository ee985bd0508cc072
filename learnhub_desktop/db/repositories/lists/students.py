"""The list of students; with a filter of the type, also of instructors and administrators."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import FromClause, case, func, null, select

from learnhub_desktop.db.repositories.lists import filters
from learnhub_desktop.db.repositories.lists.relations import Relations
from learnhub_desktop.db.repositories.lists.source import (
    Condition,
    FilterSpec,
    Join,
    ListSource,
    Measure,
    SortKey,
    load_rows,
    mean_percent,
)
from learnhub_desktop.db.tables import course_access
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.lists import Sort
from learnhub_desktop.domain.money import ZERO
from learnhub_desktop.domain.search import MeasureKind
from learnhub_desktop.domain.states import OPEN_ENROLMENTS, EnrolmentStatus, UserType
from learnhub_desktop.domain.students import StudentRow


def students_list(see: Relations) -> ListSource[StudentRow]:
    user_type = see.students.c.user_type
    return _list(
        see,
        "students",
        always=(user_type == UserType.STUDENT,),
        unindexed=(user_type.concat("") == UserType.STUDENT,),
    )


def accounts_list(see: Relations) -> ListSource[StudentRow]:
    """Everybody: students, instructors and administrators."""
    return _list(see, "accounts", always=(), unindexed=())


def _list(
    see: Relations, name: str, *, always: tuple[Condition, ...], unindexed: tuple[Condition, ...]
) -> ListSource[StudentRow]:
    u = see.students.c
    counts = _by_student(see, _counts(see), "counts")
    standing = _by_student(see, _standing(see), "standing")
    courses = func.coalesce(counts.c.counted, 0)
    active = func.coalesce(counts.c.active, 0)
    completed = func.coalesce(counts.c.completed, 0)
    measures = {
        "balance": Measure(u.account_balance, MeasureKind.AMOUNT),
        "created": Measure(u.created_at, MeasureKind.DAY),
        "courses": Measure(courses, MeasureKind.NUMBER, ("counts",)),
        "progress": Measure(standing.c.progress, MeasureKind.PERCENT, ("standing",)),
    }
    sorts = {
        "id": SortKey((), always=unindexed),
        "name": SortKey((u.search_text,)),
        "email": SortKey((u.email,), always=unindexed, unique=True),
        "type": SortKey((u.user_type, u.created_at)),
        "country": SortKey((u.country,), nullable=True),
        "courses": SortKey((courses,), needs=("counts",), of_row=attrgetter("enrolment_count")),
        "active": SortKey((active,), needs=("counts",), of_row=attrgetter("active_count")),
        "completed": SortKey((completed,), needs=("counts",), of_row=attrgetter("completed_count")),
        "progress": SortKey(
            (standing.c.progress,),
            nullable=True,
            needs=("standing",),
            of_row=attrgetter("progress_percent"),
        ),
        "last_activity": SortKey(
            (standing.c.last_activity,),
            nullable=True,
            needs=("standing",),
            of_row=attrgetter("last_activity_at"),
        ),
        "balance": SortKey((u.account_balance,)),
        "created": SortKey((u.created_at,)),
        "deleted": SortKey((u.deleted_at,), nullable=True),
    }
    chips = _filters(see, measures)
    if not see.money:
        del measures["balance"], sorts["balance"], chips["balance"]
    return ListSource(
        name=name,
        right=Right.VIEW_STUDENTS,
        base=see.students,
        row_id=u.user_id,
        always=always,
        joins={
            "counts": Join(counts, counts.c.student_id == u.user_id, outer=True),
            "standing": Join(standing, standing.c.student_id == u.user_id, outer=True),
        },
        sorts=sorts,
        default_sort=Sort("name"),
        measures=measures,
        filters=chips,
        find_word=lambda word, resolve: filters.contains(u.search_text, word),
        find_address=lambda email, resolve: filters.begins(u.email, email),
        load=_loader(see),
    )


def _filters(see: Relations, measures: dict[str, Measure]) -> dict[str, FilterSpec]:
    u, e, a = see.students.c, see.enrolments.c, course_access.c
    # Said by NOT IN a list of ids: the servers make it an anti-join over the index.
    enrolled = u.user_id.in_(select(e.student_id))
    return {
        "type": filters.one_of(u.user_type, UserType),
        "enrolments": filters.cases({"with": enrolled, "without": ~enrolled}),
        "deleted": filters.cases({"yes": u.deleted_at.is_not(None), "no": u.deleted_at.is_(None)}),
        "access": filters.cases(
            {
                "ended": lambda asker: u.user_id.in_(
                    select(a.student_id).where(a.access_expires_at <= asker.now())
                ),
                "open": lambda asker: u.user_id.in_(
                    select(a.student_id).where(
                        (a.access_expires_at > asker.now()) | a.access_expires_at.is_(None)
                    )
                ),
            }
        ),
        "status": FilterSpec(
            lambda values, asker: u.user_id.in_(select(e.student_id).where(e.status.in_(values))),
            filters.one_of(e.status, EnrolmentStatus).words,
            in_search=True,
        ),
        "standing": filters.cases(
            {
                standing: u.user_id.in_(select(e.student_id).where(*conditions))
                for standing, conditions in {
                    "not_started": (
                        e.status == EnrolmentStatus.ACTIVE,
                        e.progress_percentage == ZERO,
                    ),
                    "in_progress": (
                        e.status == EnrolmentStatus.ACTIVE,
                        e.progress_percentage > ZERO,
                    ),
                    "finished": (e.status == EnrolmentStatus.COMPLETED,),
                    "waiting": (e.status == EnrolmentStatus.PENDING,),
                }.items()
            }
        ),
        "country": filters.texts(lambda codes: u.country.in_([code.upper() for code in codes])),
        "created": filters.between(measures["created"], "created"),
        "balance": filters.between(measures["balance"], "balance"),
        "progress": filters.between(measures["progress"], "progress"),
    }


def _counts(see: Relations) -> tuple[Any, ...]:
    e = see.enrolments.c
    return (
        func.count(e.enrollment_id).label("counted"),
        func.count(case((e.status == EnrolmentStatus.ACTIVE, 1))).label("active"),
        func.count(case((e.status == EnrolmentStatus.COMPLETED, 1))).label("completed"),
    )


def _standing(see: Relations) -> tuple[Any, ...]:
    e = see.enrolments.c
    return (
        mean_percent(case((e.status.in_(OPEN_ENROLMENTS), e.progress_percentage))).label(
            "progress"
        ),
        func.max(e.last_activity_at).label("last_activity"),
    )


def _by_student(see: Relations, sums: tuple[Any, ...], name: str) -> FromClause:
    """What the enrolments of each student add up to. Counts alone are read from an index."""
    student_id = see.enrolments.c.student_id
    return select(student_id, *sums).group_by(student_id).subquery(name)


def _loader(see: Relations) -> Any:
    """Rows of a few students: their enrolments alone are added up, not everybody's."""
    u, e = see.students.c, see.enrolments.c
    people = see.students.join(see.enrolments, e.student_id == u.user_id, isouter=True)
    columns = (
        u.user_id,
        u.name,
        u.email,
        u.user_type,
        u.country,
        u.account_balance if see.money else null().label("account_balance"),
        u.balance_currency,
        u.created_at,
        u.deleted_at,
        u.row_version,
    )
    statement = (
        select(*columns, *_counts(see), *_standing(see)).select_from(people).group_by(u.user_id)
    )
    return load_rows(statement, u.user_id, _row)


def _row(found: Any) -> StudentRow:
    return StudentRow(
        user_id=found.user_id,
        name=found.name,
        email=found.email,
        user_type=UserType(found.user_type),
        country=found.country,
        active_count=found.active,
        completed_count=found.completed,
        enrolment_count=found.counted,
        progress_percent=found.progress,
        last_activity_at=found.last_activity,
        balance=found.account_balance,
        balance_currency=found.balance_currency,
        created_at=found.created_at,
        deleted_at=found.deleted_at,
        row_version=found.row_version,
    )
