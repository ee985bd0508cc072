"""Courses: made, changed, published, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.actors import Role, actor_of
from learnhub_desktop.domain.catalog import CatalogRefusal, CourseDraft
from learnhub_desktop.domain.changes import Touched, Undo
from learnhub_desktop.domain.states import CourseStatus, Level
from learnhub_desktop.errors import InvalidInput, NotAllowed, NotFound, RuleRefused
from learnhub_desktop.services import catalog
from tests.factories import NOW, make_course, make_instructor, make_student


def make_draft(instructor_id: int, **changed: Any) -> CourseDraft:
    draft = CourseDraft(
        title="SQL Mastery",
        instructor_id=instructor_id,
        price=Decimal("49.00"),
        currency="USD",
        description="From SELECT to windows.",
        level=Level.BEGINNER,
        max_students=30,
        tags=("sql", "databases"),
    )
    return replace(draft, **changed)


def created(uow: UnitOfWork, **changed: Any) -> int:
    draft = make_draft(make_instructor(uow.connection, name="Ada Lovelace"), **changed)
    course_id = catalog.create_course(uow, draft).subject_id
    assert course_id is not None
    return course_id


def test_a_new_course_is_a_draft_with_all_that_was_typed(uow: UnitOfWork) -> None:
    instructor_id = make_instructor(uow.connection, name="Ada Lovelace")

    changes = catalog.create_course(uow, make_draft(instructor_id, title="  SQL Mästery "))

    assert changes.message == (
        "Created “SQL Mästery” as a draft. Publish it to open it for enrolment."
    )
    assert changes.touched == Touched.CATALOG
    assert changes.subject_id is not None
    detail = catalog.get_course(uow, changes.subject_id)
    assert detail.course.title == "SQL Mästery"
    assert detail.course.status is CourseStatus.DRAFT
    assert detail.course.instructor_name == "Ada Lovelace"
    assert detail.course.price == Decimal("49.00")
    assert detail.course.access_months == 12
    assert detail.course.rating is None
    assert detail.course.created_at == NOW
    assert detail.tags == ("databases", "sql")
    assert detail.lessons == ()
    search_text = uow.connection.scalar(
        select(t.courses.c.search_text).where(t.courses.c.course_id == changes.subject_id)
    )
    assert search_text == "sql mastery"


@pytest.mark.parametrize(
    "changed, field, sentence",
    [
        ({"title": "  "}, "title", "The title cannot be empty."),
        ({"title": "x" * 201}, "title",
         "The title can have at most 200 characters; this has 201."),
        ({"title": "a\x00b"}, "title", "The title holds a character that cannot be stored."),
        ({"title": "a\nb"}, "title", "The title must stand on one line."),
        ({"price": Decimal("-1")}, "price", "The amount cannot be below zero."),
        ({"price": Decimal("1.005")}, "price", "The amount can have at most two decimals."),
        ({"currency": "JPY"}, "currency",
         "JPY is not divided into hundredths, and LearnHub keeps two decimals. "
         "Choose a currency with cents."),
        ({"access_months": 0}, "access_months",
         "Months of access must be a whole number from 1 to 1,200, or empty."),
        ({"max_students": 0}, "max_students",
         "The number of seats must be a whole number from 1 to 10,000,000, or empty."),
        ({"thumbnail_url": "javascript:alert(1)"}, "thumbnail_url",
         "The picture must be a web address such as https://example.org/a."),
        ({"tags": ("x" * 51,)}, "tags", "A tag can have at most 50 characters; this has 51."),
        ({"tags": tuple(f"t{n}" for n in range(51))}, "tags",
         "A course can have at most 50 tags."),
        ({"description": "x" * 16_001}, "description",
         "The description can have at most 16,000 characters; this has 16,001."),
    ],
)  # fmt: skip
def test_what_cannot_be_stored_is_refused_by_its_field(
    uow: UnitOfWork, changed: dict[str, Any], field: str, sentence: str
) -> None:
    instructor_id = make_instructor(uow.connection)

    with pytest.raises(InvalidInput) as refused:
        catalog.create_course(uow, make_draft(instructor_id, **changed))

    assert (refused.value.field, str(refused.value)) == (field, sentence)


@pytest.mark.parametrize(
    "title",
    ["'; DROP TABLE courses; --", "Ω≈ç√ ﷽ 田中さん", "👩‍💻 Ünïcode", "<b>%s</b>", "O'Brien"],
)
def test_a_title_comes_back_as_it_was_typed(uow: UnitOfWork, title: str) -> None:
    assert catalog.get_course(uow, created(uow, title=title)).course.title == title


def test_tags_that_differ_only_in_case_or_accents_are_one(uow: UnitOfWork) -> None:
    course_id = created(uow, tags=("SQL", " sql ", "Café", "cafe", "C#", "C++"))

    assert catalog.get_course(uow, course_id).tags == ("C#", "C++", "Café", "SQL")


@pytest.mark.parametrize(
    "made, sentence",
    [
        ({"user_type": "student", "name": "Ola"}, "Ola is not an instructor."),
        ({"user_type": "instructor", "deleted_at": NOW},
         "The account of this instructor was deleted. Choose another one."),
    ],
)  # fmt: skip
def test_a_course_needs_a_live_instructor(
    uow: UnitOfWork, made: dict[str, Any], sentence: str
) -> None:
    person_id = make_student(uow.connection, **made)

    with pytest.raises(InvalidInput, match=sentence) as refused:
        catalog.create_course(uow, make_draft(person_id))

    assert refused.value.field == "instructor_id"


def test_a_course_needs_an_instructor_that_exists(uow: UnitOfWork) -> None:
    with pytest.raises(InvalidInput, match="There is no instructor with the number 999."):
        catalog.create_course(uow, make_draft(999))


def test_a_change_is_saved_and_a_new_price_is_said(uow: UnitOfWork) -> None:
    course_id = created(uow)
    course = catalog.get_course(uow, course_id).course
    draft = make_draft(course.instructor_id, price=Decimal("59.00"), tags=("sql",), level=None)

    changes = catalog.update_course(uow, course_id, draft, seen_version=course.row_version)

    assert changes.message == "Saved “SQL Mastery”. It costs 59.00 USD from now on."
    detail = catalog.get_course(uow, course_id)
    assert detail.course.price == Decimal("59.00")
    assert detail.course.level is None
    assert detail.tags == ("sql",)
    assert detail.course.row_version == course.row_version + 1


def test_saving_without_a_change_touches_nothing(uow: UnitOfWork) -> None:
    course_id = created(uow)
    course = catalog.get_course(uow, course_id).course

    changes = catalog.update_course(
        uow, course_id, make_draft(course.instructor_id), seen_version=course.row_version
    )

    assert (changes.message, changes.touched) == ("Nothing was changed.", Touched.NOTHING)
    assert catalog.get_course(uow, course_id).course.row_version == course.row_version


def test_a_stale_form_saves_nothing(uow: UnitOfWork) -> None:
    course_id = created(uow)
    course = catalog.get_course(uow, course_id).course
    other_desk = make_draft(course.instructor_id, description="Better.")
    catalog.update_course(uow, course_id, other_desk, seen_version=course.row_version)

    with pytest.raises(RuleRefused) as refused:
        catalog.update_course(
            uow,
            course_id,
            make_draft(course.instructor_id, price=Decimal("1.00")),
            seen_version=course.row_version,
        )

    assert refused.value.reason is CatalogRefusal.CHANGED_MEANWHILE
    assert str(refused.value) == (
        "“SQL Mastery” was changed at another desk meanwhile. "
        "Nothing was saved; reload to see both."
    )
    assert catalog.get_course(uow, course_id).course.description == "Better."


def test_tags_set_at_another_desk_make_a_form_stale(uow: UnitOfWork) -> None:
    course_id = created(uow)
    course = catalog.get_course(uow, course_id).course
    assert catalog.set_tags(uow, course_id, ["new"]).message == "“SQL Mastery” is tagged new."

    with pytest.raises(RuleRefused, match="changed at another desk"):
        catalog.update_course(
            uow, course_id, make_draft(course.instructor_id), seen_version=course.row_version
        )


def test_a_purchase_meanwhile_does_not_make_a_form_stale(uow: UnitOfWork) -> None:
    course_id = created(uow)
    course = catalog.get_course(uow, course_id).course
    uow.courses.update(course_id, enrolled_students=3)

    catalog.update_course(
        uow,
        course_id,
        make_draft(course.instructor_id, title="SQL II"),
        seen_version=course.row_version,
    )

    assert catalog.get_course(uow, course_id).course.title == "SQL II"


@pytest.mark.parametrize("limit, refused", [(None, False), (42, False), (41, True)])
def test_the_limit_cannot_fall_below_the_seats_taken(
    uow: UnitOfWork, limit: int | None, refused: bool
) -> None:
    instructor_id = make_instructor(uow.connection)
    course_id = make_course(
        uow.connection,
        instructor_id=instructor_id,
        title="SQL Mastery",
        max_students=50,
        enrolled_students=42,
    )
    draft = make_draft(instructor_id, max_students=limit)

    if not refused:
        catalog.update_course(uow, course_id, draft, seen_version=1)
        assert catalog.get_course(uow, course_id).course.max_students == limit
        return
    with pytest.raises(RuleRefused) as error:
        catalog.update_course(uow, course_id, draft, seen_version=1)

    assert error.value.reason is CatalogRefusal.SEATS_TAKEN
    assert str(error.value) == ("42 seats of “SQL Mastery” are taken, so the limit cannot be 41.")


def test_a_course_can_be_given_to_another_live_instructor_only(uow: UnitOfWork) -> None:
    course_id = created(uow)
    version = catalog.get_course(uow, course_id).course.row_version
    student_id = make_student(uow.connection, name="Ola")

    with pytest.raises(InvalidInput, match="Ola is not an instructor."):
        catalog.update_course(uow, course_id, make_draft(student_id), seen_version=version)


def test_a_draft_is_published_and_taken_back(uow: UnitOfWork) -> None:
    course_id = created(uow)

    changes = catalog.set_status(uow, course_id, CourseStatus.ACTIVE)

    assert changes.message == "Published “SQL Mastery”. Students can enrol now."
    assert changes.undo == Undo(
        "set_status", {"course_id": course_id, "status": CourseStatus.DRAFT}
    )
    with pytest.raises(RuleRefused, match="“SQL Mastery” is active already."):
        catalog.set_status(uow, course_id, CourseStatus.ACTIVE)
    changes = catalog.set_status(uow, course_id, CourseStatus.DRAFT)
    assert changes.message == "“SQL Mastery” is a draft again. Nobody can enrol."


def test_a_course_with_students_is_archived_and_not_made_a_draft(uow: UnitOfWork) -> None:
    course_id = make_course(uow.connection, title="SQL Mastery", enrolled_students=1)

    with pytest.raises(RuleRefused) as refused:
        catalog.set_status(uow, course_id, CourseStatus.DRAFT)

    assert str(refused.value) == (
        "1 seat of “SQL Mastery” is taken, so it cannot become a draft. "
        "Archive it instead: students keep their access."
    )


def test_an_archived_course_is_not_changed(uow: UnitOfWork) -> None:
    instructor_id = make_instructor(uow.connection)
    course_id = make_course(
        uow.connection, title="SQL Mastery", status="archived", instructor_id=instructor_id
    )

    for attempt in (
        lambda: catalog.update_course(uow, course_id, make_draft(instructor_id), seen_version=1),
        lambda: catalog.set_tags(uow, course_id, ["x"]),
        lambda: catalog.set_status(uow, course_id, CourseStatus.ACTIVE),
    ):
        with pytest.raises(RuleRefused) as refused:
            attempt()
        assert str(refused.value) == ("“SQL Mastery” is archived. Restore it before you change it.")


def test_a_course_that_is_not_there(uow: UnitOfWork) -> None:
    for attempt in (
        lambda: catalog.get_course(uow, 999),
        lambda: catalog.update_course(uow, 999, make_draft(1), seen_version=1),
        lambda: catalog.set_status(uow, 999, CourseStatus.ACTIVE),
        lambda: catalog.set_tags(uow, 999, []),
    ):
        with pytest.raises(NotFound, match="There is no course with the number 999."):
            attempt()


def test_an_instructor_sees_courses_and_changes_none(uow: UnitOfWork) -> None:
    course_id = created(uow)
    uow.actor = actor_of("ada", Role.INSTRUCTOR)

    assert catalog.get_course(uow, course_id).course.title == "SQL Mastery"
    with pytest.raises(NotAllowed, match="The account ada may not change courses."):
        catalog.set_tags(uow, course_id, [])


def test_the_tags_in_use_are_listed_the_most_used_first(uow: UnitOfWork) -> None:
    created(uow, tags=("sql", "python"))
    created(uow, title="Two", tags=("python",))

    assert catalog.list_tags(uow) == ("python", "sql")


def test_what_is_committed_is_audited_under_the_name_of_the_service(database: Database) -> None:
    def add_instructor(uow: UnitOfWork) -> int:
        return make_instructor(uow.connection)

    instructor_id = database.write(add_instructor)
    changes = database.write(catalog.create_course, make_draft(instructor_id))

    def audited(uow: UnitOfWork) -> list[tuple[Any, ...]]:
        a = t.audit_log.c
        found = uow.connection.execute(
            select(a.operation, a.action).where(
                a.entity == "courses", a.entity_id == str(changes.subject_id)
            )
        )
        return [tuple(row) for row in found]

    assert database.read(audited) == [("create_course", "insert")]
