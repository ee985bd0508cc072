from decimal import Decimal

import pytest

from learnhub_desktop.domain.states import CourseStatus, PaymentKind, PaymentStatus, UserType
from learnhub_desktop.domain.students import (
    DeletionRefusal,
    OpenMoney,
    TaughtCourse,
    and_list,
    check_new_email,
    deleted_email,
    deleted_name,
    obstacles_to_deletion,
)
from learnhub_desktop.errors import InvalidInput

PENDING_CHARGE = OpenMoney(7, PaymentKind.CHARGE, PaymentStatus.PENDING, Decimal("49.00"), "USD")
UNKNOWN_REFUND = OpenMoney(9, PaymentKind.REFUND, PaymentStatus.UNKNOWN, Decimal("1250.00"), "EUR")
PYTHON = TaughtCourse(1, "Python Basics", CourseStatus.ACTIVE, 12)
SQL = TaughtCourse(2, "SQL", CourseStatus.DRAFT, 0)


def test_nothing_stands_in_the_way_of_an_account_with_nothing_open() -> None:
    assert not obstacles_to_deletion(
        balance=Decimal("0.00"), currency="USD", open_payments=[], live_courses=[]
    )


@pytest.mark.parametrize(
    ("balance", "payments", "courses", "reason", "sentence"),
    [
        ("0.00", [PENDING_CHARGE, UNKNOWN_REFUND], [], DeletionRefusal.OPEN_PAYMENTS,
         "The account cannot be deleted while money is under way: charge 7 of 49.00 USD is "
         "pending and refund 9 of 1,250.00 EUR is unknown."),
        ("0.01", [], [], DeletionRefusal.BALANCE,
         "The account cannot be deleted while its balance is 0.01 USD. Pay it out first."),
        ("0.00", [], [PYTHON, SQL], DeletionRefusal.LIVE_COURSES,
         "The account cannot be deleted while it teaches “Python Basics” and “SQL” (draft). "
         "Archive these courses or give them to another instructor first."),
    ],
)  # fmt: skip
def test_what_stands_in_the_way_is_listed(
    balance: str,
    payments: list[OpenMoney],
    courses: list[TaughtCourse],
    reason: DeletionRefusal,
    sentence: str,
) -> None:
    (obstacle,) = obstacles_to_deletion(
        balance=Decimal(balance), currency="USD", open_payments=payments, live_courses=courses
    )

    assert (obstacle.reason, obstacle.message) == (reason, sentence)


def test_all_obstacles_are_told_at_once() -> None:
    found = obstacles_to_deletion(
        balance=Decimal("5.00"),
        currency="USD",
        open_payments=[PENDING_CHARGE],
        live_courses=[PYTHON],
    )

    assert [obstacle.reason for obstacle in found] == [
        DeletionRefusal.OPEN_PAYMENTS,
        DeletionRefusal.BALANCE,
        DeletionRefusal.LIVE_COURSES,
    ]


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c", "d", "e"], "a, b, c, d and e"),
        (["a", "b", "c", "d", "e", "f"], "a, b, c, d and 2 more"),
    ],
)
def test_a_long_list_is_cut_with_its_count(items: list[str], said: str) -> None:
    assert and_list(items) == said


def test_a_deleted_person_has_a_name_and_an_address_that_reach_nobody() -> None:
    assert deleted_name(UserType.STUDENT, 12) == "Deleted student 12"
    assert deleted_email(12) == "deleted_12@deleted.invalid"


def test_nobody_can_be_given_the_address_of_a_deleted_account() -> None:
    with pytest.raises(InvalidInput) as refused:
        check_new_email("Deleted_12@Deleted.Invalid")
    assert str(refused.value) == "Addresses at deleted.invalid stand for deleted accounts."
