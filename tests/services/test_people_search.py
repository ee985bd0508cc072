from __future__ import annotations

import csv

import pytest

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.states import UserType
from learnhub_desktop.services import students
from tests.factories import (
    NOW,
)
from tests.services.course_rows import any_uow
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


@pytest.mark.parametrize(
    "name",
    ["Jürgen Müller", "Ольга", "王小明", "محمد", "O'Brien; DROP TABLE users", "Ada 🦋", "%_!"],
)
def test_a_name_in_any_script_comes_back_equal_and_is_found(any_uow: UnitOfWork, name: str) -> None:
    user_id = enter(any_uow, name, f"script{hash(name) & 0xFFFF}@example.org")

    assert students.get_student(any_uow, user_id).person.name == name
    assert name in found_names(any_uow, name)


@pytest.mark.parametrize(
    "typed",
    ["zieli łuk", "ZIELIŃSKI", "lukasz zielinski", "łukasz", "  uka   ski ", "zielinski@find"],
)
def test_people_are_found_by_parts_of_words_in_any_order_and_accent(
    any_uow: UnitOfWork, typed: str
) -> None:
    enter(any_uow, "Łukasz Zieliński", "l.zielinski@find.example.org")
    enter(any_uow, "Anna Zaremba", "anna.zaremba@find.example.org")

    assert "Łukasz Zieliński" in found_names(any_uow, typed)
    assert "Anna Zaremba" not in found_names(any_uow, typed)


def test_signs_of_a_pattern_are_searched_as_they_are(uow: UnitOfWork) -> None:
    enter(uow, "100% Ada", "percent@example.org")
    enter(uow, "100 Ada", "plain@example.org")

    assert found_names(uow, "100%") == ["100% Ada"]
    assert found_names(uow, "_") == []


def test_an_exact_address_or_number_comes_first(any_uow: UnitOfWork) -> None:
    ada = enter(any_uow, "Zoe Exact", "zoe.exact@example.org")
    enter(any_uow, "Aaron", "aaron.zoe.exact@example.org")
    any_uow.users.update(ada, external_id="S-900-exact")

    for typed in ("Zoe.Exact@example.org", str(ada), f"#{ada}", "S-900-exact"):
        assert found_names(any_uow, typed)[0] == "Zoe Exact"


def test_names_that_begin_with_the_text_come_before_those_that_hold_it(uow: UnitOfWork) -> None:
    enter(uow, "Mary Anne", "mary@example.org")
    enter(uow, "Anne Young", "young@example.org")

    assert found_names(uow, "anne") == ["Anne Young", "Mary Anne"]


def test_only_the_wanted_kind_of_person_is_found(uow: UnitOfWork) -> None:
    enter(uow, "Ada Student", "s@example.org")
    enter(uow, "Ada Teacher", "t@example.org", UserType.INSTRUCTOR)

    assert found_names(uow, "ada", UserType.STUDENT) == ["Ada Student"]
    assert found_names(uow, "ada", UserType.INSTRUCTOR) == ["Ada Teacher"]
    assert found_names(uow, "ada") == ["Ada Student", "Ada Teacher"]


def test_deleted_accounts_are_never_found(uow: UnitOfWork) -> None:
    ada = enter(uow, "Ada", "ada@example.org")
    uow.users.update(ada, deleted_at=NOW)

    assert found_names(uow, "ada") == []
    assert found_names(uow, str(ada)) == []


def test_a_search_gives_no_more_than_asked_for_and_nobody_twice(uow: UnitOfWork) -> None:
    for number in range(30):
        enter(uow, f"Ada {number:02}", f"ada{number}@example.org")

    assert len(found_names(uow, "ada")) == 20
    assert len(set(found_names(uow, ""))) == 20
    people = students.search_people(uow, "ada", limit=2)
    assert [person.name for person in people] == ["Ada 00", "Ada 01"]


@pytest.mark.parametrize(
    "typed", ["x" * 10_000, "\x00", "\ud800", "😀" * 300, "' OR 1=1 --", "9" * 5_000]
)
def test_whatever_is_typed_into_a_search_does_no_harm(any_uow: UnitOfWork, typed: str) -> None:
    students.search_people(any_uow, typed)


def test_a_person_is_changed_and_found_by_the_new_name_only(any_uow: UnitOfWork) -> None:
    ada = enter(any_uow, "Ada Byronic", "ada.byronic@example.org")

    changes = students.update_person(
        any_uow,
        ada,
        name="Ada Wed",
        email="ada.wed@example.org",
        country="GB",
        user_type=UserType.STUDENT,
        row_version=1,
    )

    assert changes.message == "Ada Wed was changed."
    assert found_names(any_uow, "byronic") == []
    assert found_names(any_uow, "ada.wed@example.org") == ["Ada Wed"]
    assert students.get_student(any_uow, ada).person.row_version == 2


def test_names_of_fifteen_countries_are_found_by_first_and_last_name(any_uow: UnitOfWork) -> None:
    path = shared_data("06-names-multiscript", "students_a.csv")
    with path.open(encoding="utf-8", newline="") as lines:
        typed = list(csv.DictReader(lines))[::10]
    for row in typed:
        enter(any_uow, f"{row['first_name']} {row['last_name']}", f"many.{row['email']}")

    for row in typed:
        name = f"{row['first_name']} {row['last_name']}"
        assert name in found_names(any_uow, f"{row['last_name']} {row['first_name']}")


def test_countries_are_those_that_people_come_from(uow: UnitOfWork) -> None:
    assert students.list_countries(uow) == []
    enter(uow, "Ola", "ola@example.org", country="NO")
    enter(uow, "Kari", "kari@example.org", country="NO")
    enter(uow, "Ada", "ada@example.org", country="GB")
    enter(uow, "Nobody", "nobody@example.org")

    assert students.list_countries(uow) == ["GB", "NO"]
