"""Which courses must be completed before another."""

from __future__ import annotations

from collections.abc import Iterable

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.catalog import (
    MOST_PREREQUISITES,
    CourseName,
    MissingPrerequisite,
)
from learnhub_desktop.domain.changes import Changes, Touched
from learnhub_desktop.domain.prerequisites import PrerequisiteRefusal, find_cycle, say_cycle
from learnhub_desktop.domain.states import CourseStatus
from learnhub_desktop.errors import InvalidInput, RuleRefused
from learnhub_desktop.services.catalog import lock_editable


def list_prerequisites(uow: UnitOfWork, course_id: int) -> tuple[CourseName, ...]:
    uow.actor.require(Right.VIEW_CATALOG)
    return uow.courses.prerequisites(course_id)


def missing_prerequisites(
    uow: UnitOfWork, student_id: int, course_id: int
) -> tuple[MissingPrerequisite, ...]:
    """What the student must complete before the course, by name; empty where nothing lacks."""
    uow.actor.require(Right.VIEW_CATALOG)
    return uow.courses.missing_prerequisites(student_id, course_id)


def set_prerequisites(
    uow: UnitOfWork,
    course_id: int,
    prerequisite_ids: Iterable[int],
    *,
    seen_version: int | None = None,
) -> Changes:
    """Make these the course's prerequisites; RuleRefused for a cycle, which is named.

    The school's settings row is written first, so that two desks' edits queue: each alone
    may be sound, and both together close a cycle.
    """
    uow.actor.require(Right.EDIT_CATALOG)
    wanted = set(prerequisite_ids)
    if len(wanted) > MOST_PREREQUISITES:
        raise InvalidInput(
            "prerequisites", f"A course can have at most {MOST_PREREQUISITES} prerequisites."
        )
    uow.settings.update({"updated_at": uow.now()})
    uow.courses.lock_all({course_id, *wanted})
    course = lock_editable(uow, course_id, seen_version=seen_version)
    names = uow.courses.names({course_id, *wanted})
    required = uow.courses.all_prerequisites()
    before = set(required.get(course_id, ()))
    _check_targets(names, wanted, before)
    cycle = find_cycle(course_id, sorted(wanted), required)
    if cycle is not None:
        _refuse_cycle(uow, course.title, cycle)
    if wanted == before:
        return Changes(Touched.NOTHING, "Nothing was changed.", subject_id=course_id)
    uow.courses.set_prerequisites(course_id, gone=before - wanted, new=wanted - before)
    uow.courses.raise_version(course_id)
    return Changes(Touched.CATALOG, _said(course.title, wanted, names), subject_id=course_id)


def _check_targets(names: dict[int, CourseName], wanted: set[int], before: set[int]) -> None:
    for needed in sorted(wanted):
        name = names.get(needed)
        if name is None:
            raise InvalidInput("prerequisites", f"There is no course with the number {needed}.")
        if name.status is CourseStatus.ARCHIVED and needed not in before:
            raise RuleRefused(
                PrerequisiteRefusal.ARCHIVED,
                f"“{name.title}” is archived: nobody new could complete it first.",
            )


def _refuse_cycle(uow: UnitOfWork, title: str, cycle: tuple[int, ...]) -> None:
    if len(cycle) == 2:
        raise RuleRefused(PrerequisiteRefusal.ITSELF, f"“{title}” cannot be its own prerequisite.")
    titles = {step: name.title for step, name in uow.courses.names(cycle).items()}
    raise RuleRefused(
        PrerequisiteRefusal.CYCLE,
        f"These courses would wait for each other: {say_cycle(cycle, titles)}.",
    )


def _said(title: str, wanted: set[int], names: dict[int, CourseName]) -> str:
    if not wanted:
        return f"“{title}” needs no other course first now."
    needed = ", ".join(f"“{names[one].title}”" for one in sorted(wanted))
    return f"“{title}” now needs {needed} first. Students who are in it already stay."
