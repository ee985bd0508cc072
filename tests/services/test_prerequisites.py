"""Prerequisites: set as a whole, never in a circle."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import insert

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.catalog import MissingPrerequisite
from learnhub_desktop.domain.changes import Touched
from learnhub_desktop.domain.prerequisites import PrerequisiteRefusal
from learnhub_desktop.domain.states import EnrolmentStatus
from learnhub_desktop.errors import InvalidInput, RuleRefused
from learnhub_desktop.services.prerequisites import (
    list_prerequisites,
    missing_prerequisites,
    set_prerequisites,
)
from tests.factories import NOW, make_course, make_enrolment, make_student


def make_titled(uow: UnitOfWork, *titles: str) -> list[int]:
    return [make_course(uow.connection, title=title, search_text=title.lower()) for title in titles]


def test_prerequisites_are_set_as_a_whole(uow: UnitOfWork) -> None:
    sql, databases, python = make_titled(uow, "SQL", "Databases", "Python")

    changes = set_prerequisites(uow, sql, [python, databases])

    assert changes.message == (
        "“SQL” now needs “Databases”, “Python” first. Students who are in it already stay."
    )
    assert [name.title for name in list_prerequisites(uow, sql)] == ["Databases", "Python"]
    changes = set_prerequisites(uow, sql, [python])
    assert [name.title for name in list_prerequisites(uow, sql)] == ["Python"]
    assert set_prerequisites(uow, sql, [python]).touched == Touched.NOTHING
    changes = set_prerequisites(uow, sql, [])
    assert changes.message == "“SQL” needs no other course first now."


def test_a_course_cannot_be_its_own_prerequisite(uow: UnitOfWork) -> None:
    (sql,) = make_titled(uow, "SQL")

    with pytest.raises(RuleRefused) as refused:
        set_prerequisites(uow, sql, [sql])

    assert refused.value.reason is PrerequisiteRefusal.ITSELF
    assert str(refused.value) == "“SQL” cannot be its own prerequisite."


def test_a_cycle_is_refused_and_named(uow: UnitOfWork) -> None:
    a, b, c = make_titled(uow, "A", "B", "C")
    set_prerequisites(uow, b, [c])
    set_prerequisites(uow, c, [a])

    with pytest.raises(RuleRefused) as refused:
        set_prerequisites(uow, a, [b])

    assert refused.value.reason is PrerequisiteRefusal.CYCLE
    assert str(refused.value) == "These courses would wait for each other: A → B → C → A."
    assert list_prerequisites(uow, a) == ()


def test_an_archived_course_is_no_new_prerequisite_but_an_old_one_stays(uow: UnitOfWork) -> None:
    sql, old = make_titled(uow, "SQL", "Old")
    set_prerequisites(uow, sql, [old])
    uow.courses.update(old, status="archived")
    other, gone = make_titled(uow, "Other", "Gone")
    uow.courses.update(gone, status="archived")

    set_prerequisites(uow, sql, [old, other])
    with pytest.raises(RuleRefused, match="“Gone” is archived: nobody new could complete it"):
        set_prerequisites(uow, sql, [old, gone])


def test_a_prerequisite_must_exist(uow: UnitOfWork) -> None:
    (sql,) = make_titled(uow, "SQL")

    with pytest.raises(InvalidInput, match="There is no course with the number 999."):
        set_prerequisites(uow, sql, [999])


def test_prerequisites_set_at_another_desk_make_a_form_stale(uow: UnitOfWork) -> None:
    sql, python = make_titled(uow, "SQL", "Python")
    seen = uow.courses.get(sql).row_version
    set_prerequisites(uow, sql, [python], seen_version=seen)

    with pytest.raises(RuleRefused, match="changed at another desk meanwhile"):
        set_prerequisites(uow, sql, [], seen_version=seen)


@pytest.mark.parametrize(
    "status, completed_at, missing",
    [
        (None, None, True),
        ("pending", None, True),
        ("active", None, True),
        ("completed", NOW, False),
        # A refund once set completed_at, and so opened what comes after.
        ("refunded", NOW, True),
        ("cancelled", NOW, True),
    ],
)
def test_only_a_completed_course_satisfies(
    uow: UnitOfWork, status: str | None, completed_at: object, missing: bool
) -> None:
    sql, basics = make_titled(uow, "SQL", "Basics")
    set_prerequisites(uow, sql, [basics])
    student_id = make_student(uow.connection)
    if status is not None:
        make_enrolment(
            uow.connection,
            student_id,
            basics,
            status=status,
            completed_at=completed_at,
            progress_percentage=Decimal("60.00"),
        )

    found = missing_prerequisites(uow, student_id, sql)

    expected = MissingPrerequisite(
        basics,
        "Basics",
        None if status is None else EnrolmentStatus(status),
        Decimal("0.00") if status is None else Decimal("60.00"),
    )
    assert found == ((expected,) if missing else ())


def test_a_cycle_that_another_program_made_is_seen(uow: UnitOfWork) -> None:
    a, b, c = make_titled(uow, "A", "B", "C")
    for course_id, needed in ((a, b), (b, a)):
        uow.connection.execute(
            insert(t.course_prerequisites).values(
                course_id=course_id, prerequisite_course_id=needed
            )
        )

    set_prerequisites(uow, c, [a])
    set_prerequisites(uow, a, [])
