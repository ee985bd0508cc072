"""What an account sees: the tables themselves, or only an instructor's part of them.

This is the one place where a list's source is chosen by role. An instructor's courses,
enrolments and students are filtered by the account's own row in `people`; money and alerts
ask for rights that instructors lack.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import FromClause, select

from learnhub_desktop.db.tables import courses, enrollments, people, users
from learnhub_desktop.domain.actors import Actor, Right, Role


@dataclass(frozen=True, slots=True)
class Relations:
    """``students`` are the users that the account may list; each has its table's columns.

    Without ``money`` no balance is shown, sorted or filtered by.
    """

    courses: FromClause
    enrolments: FromClause
    students: FromClause
    money: bool


def visible_to(actor: Actor) -> Relations:
    if actor.role is not Role.INSTRUCTOR:
        return Relations(courses, enrollments, users, money=actor.may(Right.VIEW_PAYMENTS))
    own_id = (
        select(people.c.user_id)
        .where(people.c.account == actor.account, people.c.disabled.is_(False))
        .scalar_subquery()
    )
    own_courses = select(courses.c.course_id).where(courses.c.instructor_id == own_id)
    own_enrolments = select(enrollments).where(enrollments.c.course_id.in_(own_courses))
    return Relations(
        courses=select(courses).where(courses.c.instructor_id == own_id).subquery("courses"),
        enrolments=own_enrolments.subquery("enrollments"),
        students=select(users)
        .where(users.c.user_id.in_(own_enrolments.with_only_columns(enrollments.c.student_id)))
        .subquery("users"),
        money=actor.may(Right.VIEW_PAYMENTS),
    )
