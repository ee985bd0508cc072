"""Who is meant by the lines of a pasted list."""

from __future__ import annotations

import pytest

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.states import UserType
from learnhub_desktop.errors import NotAllowed
from learnhub_desktop.exchange.pasted import read_pasted
from learnhub_desktop.services import students
from learnhub_desktop.services.listed_students import find_listed


def add(uow: UnitOfWork, name: str, email: str, user_type: UserType = UserType.STUDENT) -> None:
    students.create_person(uow, user_type=user_type, name=name, email=email)


def found(uow: UnitOfWork, text: str) -> list[tuple[int, str, str]]:
    return [(p.line, p.email, p.problem) for p in find_listed(uow, read_pasted(text))]


@pytest.mark.parametrize("typed", ["Łukasz Zieliński", "lukasz zielinski", "Zieliński, Łukasz"])
def test_a_name_means_the_one_student_who_has_it(uow: UnitOfWork, typed: str) -> None:
    add(uow, "Łukasz Zieliński", "lukasz@example.org")
    add(uow, "Łukasz Zielińska", "other@example.org")

    assert found(uow, typed) == [(1, "lukasz@example.org", "")]


def test_a_part_of_a_name_is_not_enough(uow: UnitOfWork) -> None:
    add(uow, "Ada Byron", "ada@example.org")

    assert found(uow, "Ada") == [
        (1, "", "No student is called Ada. Give the e-mail address."),
    ]


def test_namesakes_need_an_address(uow: UnitOfWork) -> None:
    add(uow, "Ada Byron", "ada@example.org")
    add(uow, "Ada Byron", "ada.two@example.org")

    assert found(uow, "Ada Byron") == [
        (1, "", "2 students are called Ada Byron. Give the e-mail address."),
    ]


def test_an_instructor_of_that_name_is_no_student(uow: UnitOfWork) -> None:
    add(uow, "Ada Byron", "ada@example.org", UserType.INSTRUCTOR)

    assert found(uow, "Ada Byron") == [
        (1, "", "No student is called Ada Byron. Give the e-mail address."),
    ]


def test_a_name_and_an_address_of_one_student_count_once(uow: UnitOfWork) -> None:
    add(uow, "Ada Byron", "ada@example.org")

    assert found(uow, "Ada Byron\nada@example.org\nADA@example.org") == [
        (1, "ada@example.org", ""),
        (2, "", "This student stands in line 1 already."),
        (3, "", "This student stands in line 2 already."),
    ]


def test_what_is_no_address_says_so(uow: UnitOfWork) -> None:
    assert found(uow, "ada@") == [
        (1, "", "“ada@” is not an e-mail address such as ada@example.org."),
    ]


def test_the_list_is_for_those_who_may_view_students(uow: UnitOfWork) -> None:
    uow.actor = type(uow.actor)("reader", "Reader", None, frozenset())

    with pytest.raises(NotAllowed, match="view students"):
        find_listed(uow, read_pasted("ada@example.org"))
