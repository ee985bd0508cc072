"""The lists by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from learnhub_desktop.db.repositories.lists.alerts import alerts_list
from learnhub_desktop.db.repositories.lists.courses import courses_list
from learnhub_desktop.db.repositories.lists.enrolments import (
    course_students_list,
    enrolments_list,
    student_courses_list,
)
from learnhub_desktop.db.repositories.lists.payments import archived_payments_list, payments_list
from learnhub_desktop.db.repositories.lists.relations import Relations, visible_to
from learnhub_desktop.db.repositories.lists.source import ListSource
from learnhub_desktop.db.repositories.lists.students import accounts_list, students_list
from learnhub_desktop.db.repositories.lists.subscriptions import subscriptions_list
from learnhub_desktop.domain.actors import Actor
from learnhub_desktop.errors import InvalidInput

LISTS: Final[dict[str, Callable[[Relations], ListSource[Any]]]] = {
    "courses": courses_list,
    "students": students_list,
    "accounts": accounts_list,
    "payments": payments_list,
    "archived_payments": archived_payments_list,
    "alerts": alerts_list,
    "subscriptions": subscriptions_list,
    "enrolments": enrolments_list,
    "course_students": course_students_list,
    "student_courses": student_courses_list,
}


@lru_cache(maxsize=64)
def source_of(name: str, actor: Actor) -> ListSource[Any]:
    """The list as this account sees it; InvalidInput where there is none of that name."""
    make = LISTS.get(name)
    if make is None:
        raise InvalidInput("source", f"There is no list “{name[:40]}”, only {', '.join(LISTS)}.")
    return make(visible_to(actor))
