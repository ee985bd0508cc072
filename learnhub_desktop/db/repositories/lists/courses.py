"""The list of courses."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, or_, select

from learnhub_desktop.db.repositories.lists import filters
from learnhub_desktop.db.repositories.lists.relations import Relations
from learnhub_desktop.db.repositories.lists.source import (
    Condition,
    Join,
    ListSource,
    Measure,
    SortKey,
    load_rows,
)
from learnhub_desktop.db.tables import course_tags, users
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.catalog import CourseRow
from learnhub_desktop.domain.lists import Sort
from learnhub_desktop.domain.search import MeasureKind
from learnhub_desktop.domain.states import CourseStatus, Level, UserType


def courses_list(see: Relations) -> ListSource[CourseRow]:
    c = see.courses.c
    instructor = Join(users, users.c.user_id == c.instructor_id)
    measures = {
        "price": Measure(c.price, MeasureKind.AMOUNT),
        "rating": Measure(c.avg_rating, MeasureKind.PERCENT),
        "students": Measure(c.enrolled_students, MeasureKind.NUMBER),
        "created": Measure(c.created_at, MeasureKind.DAY),
    }
    return ListSource(
        name="courses",
        right=Right.VIEW_CATALOG,
        base=see.courses,
        row_id=c.course_id,
        joins={"instructor": instructor},
        sorts={
            "id": SortKey(()),
            # The folded title, since SQLite sorts "apple" after "Zebra" otherwise.
            "title": SortKey((c.search_text,)),
            "instructor": SortKey((users.c.search_text,), needs=("instructor",)),
            "price": SortKey((c.price,)),
            "level": SortKey((c.level,), nullable=True),
            "status": SortKey((c.status, c.title)),
            "seats": SortKey((c.enrolled_students,)),
            "rating": SortKey((c.avg_rating,)),
            "reviews": SortKey((c.review_count,)),
            "enrolments": SortKey((c.total_enrollments,)),
            "created": SortKey((c.created_at,)),
        },
        default_sort=Sort("title"),
        more_columns=frozenset({"currency", "external_id"}),
        measures=measures,
        filters={
            "status": filters.one_of(c.status, CourseStatus),
            "level": filters.one_of(c.level, Level, nothing="all"),
            "instructor": filters.ids(c.instructor_id, "instructor"),
            "tag": filters.texts(
                lambda tags: c.course_id.in_(
                    select(course_tags.c.course_id).where(course_tags.c.tag.in_(tags))
                )
            ),
            "seats": filters.cases(
                {
                    "free": c.enrolled_students < c.max_students,
                    "full": c.enrolled_students >= c.max_students,
                    "unlimited": c.max_students.is_(None),
                }
            ),
            "price": filters.between(measures["price"], "price"),
            "rating": filters.between(measures["rating"], "rating"),
            "created": filters.between(measures["created"], "created"),
        },
        find_word=lambda word, resolve: or_(
            filters.contains(c.search_text, word),
            c.instructor_id.in_(resolve(_instructors(filters.contains(users.c.search_text, word)))),
            c.external_id == word,
        ),
        find_address=lambda email, resolve: c.instructor_id.in_(
            resolve(_instructors(filters.begins(users.c.email, email)))
        ),
        load=load_rows(
            select(
                c.course_id,
                c.title,
                c.instructor_id,
                users.c.name,
                c.price,
                c.currency,
                c.level,
                c.status,
                c.enrolled_students,
                c.max_students,
                c.avg_rating,
                c.review_count,
                c.total_enrollments,
                c.created_at,
                c.external_id,
                c.row_version,
            ).select_from(see.courses.join(users, instructor.on)),
            c.course_id,
            _row,
        ),
    )


def _instructors(condition: Condition) -> Select[Any]:
    return select(users.c.user_id).where(users.c.user_type == UserType.INSTRUCTOR, condition)


def _row(found: Any) -> CourseRow:
    return CourseRow(
        course_id=found.course_id,
        title=found.title,
        instructor_id=found.instructor_id,
        instructor_name=found.name,
        price=found.price,
        currency=found.currency,
        level=None if found.level is None else Level(found.level),
        status=CourseStatus(found.status),
        seats_taken=found.enrolled_students,
        max_students=found.max_students,
        rating=found.avg_rating if found.review_count else None,
        review_count=found.review_count,
        total_enrolments=found.total_enrollments,
        created_at=found.created_at,
        external_id=found.external_id,
        row_version=found.row_version,
    )
