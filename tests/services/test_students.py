from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.actors import Role
from learnhub_desktop.domain.states import CourseStatus, MovementKind, UserType
from learnhub_desktop.domain.students import PersonRefusal
from learnhub_desktop.domain.text import search_key
from learnhub_desktop.errors import InvalidInput, NotAllowed, NotFound, RuleRefused
from learnhub_desktop.services import students
from tests.factories import (
    NOW,
    make_course,
    make_enrolment,
    make_instructor,
    make_student,
)
from tests.services.course_rows import acting_as, any_uow
from tests.shared_data import shared_data

__all__ = ["any_uow"]


def enter(
    uow: UnitOfWork,
    name: str,
    email: str,
    user_type: UserType = UserType.STUDENT,
    country: str | None = None,
) -> int:
    changes = students.create_person(
        uow, user_type=user_type, name=name, email=email, country=country
    )
    assert changes.subject_id is not None
    return changes.subject_id


def found_names(uow: UnitOfWork, text: str, user_type: UserType | None = None) -> list[str]:
    return [person.name for person in students.search_people(uow, text, user_type=user_type)]


def test_a_student_is_entered_as_typed_and_told(any_uow: UnitOfWork) -> None:
    changes = students.create_person(
        any_uow,
        user_type=UserType.STUDENT,
        name="  Łukasz Zieliński ",
        email=" Lukasz.Entered@Example.ORG ",
        country="pl",
    )

    assert changes.subject_id is not None
    assert changes.message == f"Łukasz Zieliński was added as student {changes.subject_id}."
    person = students.get_student(any_uow, changes.subject_id).person
    assert (person.name, person.email) == ("Łukasz Zieliński", "lukasz.entered@example.org")
    assert (person.country, person.user_type) == ("PL", UserType.STUDENT)
    assert person.row_version == 1


def test_a_new_student_has_an_empty_balance_in_the_schools_currency(uow: UnitOfWork) -> None:
    uow.settings.update({"currency": "EUR"})

    detail = students.get_student(uow, enter(uow, "Ada", "ada@example.org"))

    assert (detail.balance, detail.balance_currency) == (Decimal("0.00"), "EUR")
    assert detail.created_at == NOW


def test_an_instructor_is_entered_too(uow: UnitOfWork) -> None:
    changes = students.create_person(
        uow, user_type=UserType.INSTRUCTOR, name="Grace Hopper", email="grace@example.org"
    )

    assert changes.message == f"Grace Hopper was added as instructor {changes.subject_id}."


def test_an_e_mail_in_use_is_refused_with_the_person_named(any_uow: UnitOfWork) -> None:
    ada = enter(any_uow, "Ada Lovelace", "ada.duplicate@example.org", UserType.INSTRUCTOR)

    with pytest.raises(RuleRefused) as refused:
        enter(any_uow, "Somebody Else", "ADA.Duplicate@example.org")

    assert refused.value.reason is PersonRefusal.DUPLICATE_EMAIL
    assert str(refused.value) == (
        f"ada.duplicate@example.org is the address of Ada Lovelace (instructor {ada}) already."
    )


@pytest.mark.parametrize(
    ("changed", "field", "message"),
    [
        ({"name": " "}, "name", "The name cannot be empty."),
        ({"name": "x" * 10_000}, "name",
         "The name can have at most 200 characters; this has 10,000."),
        ({"name": "two\nlines"}, "name", "The name must stand on one line."),
        ({"name": "a\ud800b"}, "name", "The name holds a character that cannot be stored."),
        ({"email": "nobody"}, "email",
         "“nobody” is not an e-mail address such as ada@example.org."),
        ({"email": "a" * 260 + "@example.org"}, "email",
         "An e-mail address can have at most 254 characters."),
        ({"email": "deleted_7@deleted.invalid"}, "email",
         "Addresses at deleted.invalid stand for deleted accounts."),
        ({"country": "Poland"}, "country", "“Poland” is not a country code such as DE."),
        ({"user_type": UserType.ADMIN}, "user_type",
         "Choose whether the person is a student or an instructor."),
    ],
)  # fmt: skip
def test_what_cannot_be_stored_is_refused_by_its_field(
    uow: UnitOfWork, changed: dict[str, Any], field: str, message: str
) -> None:
    typed: dict[str, Any] = {
        "user_type": UserType.STUDENT,
        "name": "Ada",
        "email": "ada@example.org",
        "country": "",
    }

    with pytest.raises(InvalidInput) as refused:
        students.create_person(uow, **{**typed, **changed})

    assert (refused.value.field, str(refused.value)) == (field, message)
    assert found_names(uow, "ada@example.org") == []


def test_a_change_can_be_undone(any_uow: UnitOfWork) -> None:
    ada = enter(any_uow, "Ada Undone", "ada.undone@example.org")
    changes = students.update_person(
        any_uow,
        ada,
        name="Ada Typo",
        email="ada.typo@example.org",
        country=None,
        user_type=UserType.STUDENT,
        row_version=1,
    )

    assert changes.undo is not None and changes.undo.action == "update_person"
    arguments: dict[str, Any] = changes.undo.arguments
    students.update_person(any_uow, **arguments)

    person = students.get_student(any_uow, ada).person
    assert (person.name, person.email) == ("Ada Undone", "ada.undone@example.org")


def test_a_change_on_a_stale_screen_is_refused(uow: UnitOfWork) -> None:
    ada = enter(uow, "Ada", "ada@example.org")

    def rename(name: str) -> None:
        students.update_person(
            uow,
            ada,
            name=name,
            email="ada@example.org",
            country=None,
            user_type=UserType.STUDENT,
            row_version=1,
        )

    rename("Ada Lovelace")
    with pytest.raises(RuleRefused) as refused:
        rename("Ada Byron")

    assert refused.value.reason is PersonRefusal.STALE_SCREEN
    assert str(refused.value) == (
        "Another desk changed Ada Lovelace meanwhile. Look at it again, then change it."
    )


def test_saving_without_a_change_is_no_change(uow: UnitOfWork) -> None:
    ada = enter(uow, "Ada", "ada@example.org")

    changes = students.update_person(
        uow,
        ada,
        name="Ada ",
        email="ADA@example.org",
        country=" ",
        user_type=UserType.STUDENT,
        row_version=99,
    )

    assert changes.message == "Nothing was changed."


def test_an_address_cannot_be_changed_to_somebody_elses(uow: UnitOfWork) -> None:
    ada = enter(uow, "Ada", "ada@example.org")
    bob = enter(uow, "Bob", "bob@example.org")

    with pytest.raises(RuleRefused) as refused:
        students.update_person(
            uow,
            ada,
            name="Ada",
            email="bob@example.org",
            country=None,
            user_type=UserType.STUDENT,
            row_version=1,
        )
    assert str(refused.value) == f"bob@example.org is the address of Bob (student {bob}) already."


def change_type(uow: UnitOfWork, user_id: int, user_type: UserType) -> None:
    person = students.get_student(uow, user_id).person
    students.update_person(
        uow,
        user_id,
        name=person.name,
        email=person.email,
        country=person.country,
        user_type=user_type,
        row_version=person.row_version,
    )


def test_a_student_without_enrolments_may_become_an_instructor(uow: UnitOfWork) -> None:
    ada = enter(uow, "Ada", "ada@example.org")

    change_type(uow, ada, UserType.INSTRUCTOR)

    assert found_names(uow, "ada", UserType.INSTRUCTOR) == ["Ada"]


def test_a_student_with_enrolments_stays_a_student(uow: UnitOfWork) -> None:
    ada = enter(uow, "Ada", "ada@example.org")
    make_enrolment(uow.connection, ada, make_course(uow.connection), status="cancelled")

    with pytest.raises(RuleRefused) as refused:
        change_type(uow, ada, UserType.INSTRUCTOR)

    assert refused.value.reason is PersonRefusal.TYPE_IN_USE
    assert str(refused.value) == (
        "Ada has enrolments as a student, so the account stays a student’s. "
        "Enter a second account for teaching."
    )


def test_an_instructor_with_courses_stays_an_instructor(uow: UnitOfWork) -> None:
    ada = enter(uow, "Ada", "ada@example.org", UserType.INSTRUCTOR)
    make_course(uow.connection, instructor_id=ada, status="archived")

    with pytest.raises(RuleRefused) as refused:
        change_type(uow, ada, UserType.STUDENT)

    assert str(refused.value) == (
        "Ada has courses as an instructor. "
        "Give them to another instructor first, or enter a second account."
    )


def test_nobody_becomes_an_administrator_here(uow: UnitOfWork) -> None:
    with pytest.raises(InvalidInput, match=r"Administrators are neither made nor changed here\."):
        change_type(uow, enter(uow, "Ada", "ada@example.org"), UserType.ADMIN)


def test_a_deleted_account_cannot_be_changed(uow: UnitOfWork) -> None:
    ada = enter(uow, "Ada", "ada@example.org")
    uow.users.update(ada, deleted_at=NOW)

    with pytest.raises(RuleRefused, match=r"This account was deleted and cannot be changed\."):
        change_type(uow, ada, UserType.INSTRUCTOR)


def test_a_person_is_shown_with_counts(any_uow: UnitOfWork) -> None:
    connection = any_uow.connection
    ada = make_student(connection, last_purchase_at=NOW)
    for status, days in (
        ("pending", 3),
        ("active", 1),
        ("active", 2),
        ("completed", 4),
        ("refunded", 5),
        ("cancelled", 6),
    ):
        make_enrolment(
            connection,
            ada,
            make_course(connection),
            status=status,
            last_activity_at=NOW - timedelta(days=days),
        )

    detail = students.get_student(any_uow, ada)

    assert (detail.waiting, detail.active, detail.completed, detail.ended) == (1, 2, 1, 2)
    assert (detail.courses, detail.taught) == (6, 0)
    assert detail.last_activity_at == NOW - timedelta(days=1)
    assert detail.last_purchase_at == NOW


def test_an_instructor_is_shown_with_live_courses(any_uow: UnitOfWork) -> None:
    grace = make_instructor(any_uow.connection)
    draft, live, _archived = (
        make_course(any_uow.connection, instructor_id=grace, title=status, status=status)
        for status in ("draft", "active", "archived")
    )

    assert students.get_student(any_uow, grace).taught == 2
    taught = students.list_taught(any_uow, grace, live_only=True)
    assert [(course.course_id, course.status) for course in taught] == [
        (draft, CourseStatus.DRAFT),
        (live, CourseStatus.ACTIVE),
    ]
    assert len(students.list_taught(any_uow, grace)) == 3


def test_a_person_who_does_not_exist_is_not_found(uow: UnitOfWork) -> None:
    with pytest.raises(NotFound, match=r"There is no person with the number 4711\."):
        students.get_student(uow, 4711)


def test_movements_of_the_balance_are_listed_the_latest_first(any_uow: UnitOfWork) -> None:
    ada = make_student(any_uow.connection)
    for amount in ("20.00", "-5.50", "1.00"):
        any_uow.balances.move(
            ada,
            Decimal(amount),
            "USD",
            kind=MovementKind.ADJUSTMENT,
            payment_id=None,
            now=NOW,
        )

    latest, middle, first = students.list_movements(any_uow, ada)

    assert [m.amount for m in (latest, middle, first)] == [
        Decimal("1.00"), Decimal("-5.50"), Decimal("20.00"),
    ]  # fmt: skip
    assert latest.balance_after == Decimal("15.50")
    assert students.list_movements(any_uow, ada, before_id=middle.movement_id) == [first]
    assert students.get_student(any_uow, ada).balance == Decimal("15.50")


def test_the_balance_is_for_those_who_may_see_payments(uow: UnitOfWork) -> None:
    ada = make_student(uow.connection)
    instructor = acting_as(uow, Role.INSTRUCTOR)

    assert students.get_student(instructor, ada).balance is None
    with pytest.raises(NotAllowed):
        students.list_movements(instructor, ada)


def test_entering_and_changing_need_the_right(uow: UnitOfWork) -> None:
    with pytest.raises(NotAllowed, match="may not change students"):
        enter(acting_as(uow, Role.FINANCE), "Ada", "ada@example.org")
    with pytest.raises(NotAllowed, match="may not view students"):
        students.search_people(acting_as(uow, None), "ada")


def test_two_desks_that_enter_one_address_at_once_make_one_person(database: Database) -> None:
    database.write(
        students.create_person, user_type=UserType.STUDENT, name="Ada", email="ada@example.org"
    )

    def enter_unseen(uow: UnitOfWork) -> None:
        # What the second desk does whose look-up came before the first one's commit.
        uow.users.add(
            name="Ada",
            email="ada@example.org",
            user_type=UserType.STUDENT,
            balance_currency="USD",
            search_text=search_key("Ada"),
        )

    with pytest.raises(RuleRefused) as refused:
        database.write(enter_unseen)
    assert str(refused.value) == "There is already an account with this e-mail address."


def test_naughty_strings_come_back_equal_or_are_refused_in_words(any_uow: UnitOfWork) -> None:
    typed: list[str] = json.loads(
        shared_data("06-strings-blns", "blns.json").read_text(encoding="utf-8")
    )
    kept = {}
    for number, name in enumerate(typed):
        try:
            kept[enter(any_uow, name, f"naughty{number}@example.org")] = name.strip()
        except InvalidInput as refused:
            assert str(refused).startswith("The name ") and str(refused).endswith(".")

    assert len(kept) > 400
    for user_id, name in kept.items():
        assert any_uow.users.get(user_id).name == name
