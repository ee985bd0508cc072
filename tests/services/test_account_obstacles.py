from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.actors import Role
from learnhub_desktop.domain.states import MovementKind
from learnhub_desktop.domain.students import DeletionReason, DeletionRefusal
from learnhub_desktop.errors import NotAllowed, NotFound, RuleRefused
from learnhub_desktop.services import accounts
from tests.factories import (
    NOW,
    make_course,
    make_instructor,
    make_payment,
    make_student,
)
from tests.services.course_rows import (
    Class,
    acting_as,
    any_uow,
    make_subscription,
)

__all__ = ["any_uow"]


def delete(
    uow: UnitOfWork,
    user_id: int,
    *,
    row_version: int | None = None,
    reason: DeletionReason = DeletionReason.REQUESTED,
) -> str:
    seen = uow.users.get(user_id).row_version if row_version is None else row_version
    return accounts.delete_account(uow, user_id, reason=reason, row_version=seen).message


def refusal(uow: UnitOfWork, user_id: int) -> tuple[object, str]:
    with pytest.raises(RuleRefused) as refused:
        delete(uow, user_id)
    return refused.value.reason, str(refused.value)


def test_nobody_deletes_the_account_they_work_with(uow: UnitOfWork) -> None:
    own = make_student(uow.connection, user_type="admin")
    uow.connection.execute(insert(t.people).values(account="tester", user_id=own, role="admin"))

    assert refusal(uow, own) == (
        DeletionRefusal.OWN_ACCOUNT,
        "This is the account that you work with. Ask another administrator to delete it.",
    )


@pytest.mark.parametrize("status", ["pending", "unknown"])
def test_money_under_way_keeps_the_account(any_uow: UnitOfWork, status: str) -> None:
    ada = make_student(any_uow.connection)
    payment = make_payment(any_uow.connection, ada, status=status)

    assert refusal(any_uow, ada) == (
        DeletionRefusal.OPEN_PAYMENTS,
        "The account cannot be deleted while money is under way: "
        f"charge {payment} of 49.00 USD is {status}.",
    )


def test_a_refund_on_its_way_keeps_the_account(uow: UnitOfWork) -> None:
    ada = make_student(uow.connection)
    charge = make_payment(uow.connection, ada)
    refund = make_payment(
        uow.connection, ada, kind="refund", refunds_payment_id=charge, status="pending"
    )

    assert refusal(uow, ada)[1] == (
        "The account cannot be deleted while money is under way: "
        f"refund {refund} of 49.00 USD is pending."
    )


def test_a_balance_keeps_the_account_until_it_is_paid_out(any_uow: UnitOfWork) -> None:
    ada = make_student(any_uow.connection)

    def move(amount: str) -> None:
        any_uow.balances.move(
            ada,
            Decimal(amount),
            "USD",
            kind=MovementKind.ADJUSTMENT,
            payment_id=None,
            now=NOW,
        )

    move("12.00")
    assert refusal(any_uow, ada) == (
        DeletionRefusal.BALANCE,
        "The account cannot be deleted while its balance is 12.00 USD. Pay it out first.",
    )
    move("-12.00")
    delete(any_uow, ada)


def test_an_instructor_with_live_courses_stays(any_uow: UnitOfWork) -> None:
    grace = make_instructor(any_uow.connection)
    for title, status in (("Python", "active"), ("SQL", "draft"), ("Old", "archived")):
        make_course(any_uow.connection, instructor_id=grace, title=title, status=status)

    assert refusal(any_uow, grace) == (
        DeletionRefusal.LIVE_COURSES,
        "The account cannot be deleted while it teaches “Python” and “SQL” (draft). "
        "Archive these courses or give them to another instructor first.",
    )


def test_an_instructor_whose_courses_are_archived_may_go(uow: UnitOfWork) -> None:
    grace = make_instructor(uow.connection, name="Grace Hopper")
    make_course(uow.connection, instructor_id=grace, status="archived")

    delete(uow, grace)

    assert uow.users.get(grace).name == f"Deleted instructor {grace}"


def test_all_that_stands_in_the_way_is_told_at_once(uow: UnitOfWork) -> None:
    grace = make_instructor(uow.connection, account_balance=Decimal("3.00"))
    make_payment(uow.connection, grace, status="unknown")
    make_course(uow.connection, instructor_id=grace)

    reason, sentence = refusal(uow, grace)

    assert reason is DeletionRefusal.OPEN_PAYMENTS
    assert sentence.count("The account cannot be deleted while") == 3


def test_a_stale_screen_deletes_nobody(uow: UnitOfWork) -> None:
    ada = make_student(uow.connection, name="Ada")
    uow.users.update(ada, name="Ada Lovelace")

    with pytest.raises(RuleRefused) as refused:
        delete(uow, ada, row_version=1)

    assert refused.value.reason is DeletionRefusal.STALE_SCREEN
    assert str(refused.value) == (
        "Another desk changed Ada Lovelace meanwhile. Look at it again before deleting."
    )


def test_an_account_is_deleted_once(uow: UnitOfWork) -> None:
    ada = make_student(uow.connection)
    delete(uow, ada)

    assert refusal(uow, ada) == (
        DeletionRefusal.ALREADY_DELETED,
        "This account was deleted already.",
    )


def test_deleting_needs_the_right_and_a_person(uow: UnitOfWork) -> None:
    ada = make_student(uow.connection)

    with pytest.raises(NotAllowed, match="may not delete accounts"):
        delete(acting_as(uow, Role.FINANCE), ada)
    with pytest.raises(NotFound):
        delete(uow, 4711, row_version=1)


def test_the_dialog_says_what_deleting_does(any_uow: UnitOfWork) -> None:
    ada = Class(any_uow.connection)
    make_subscription(any_uow.connection, ada.student_id)

    seen = accounts.preview_deletion(any_uow, ada.student_id)

    assert seen.obstacles == ()
    assert seen.consequences == (
        "The name, the e-mail address and every note about the person are removed for good.",
        "Nobody can log in with the account any more.",
        f"Payments and enrolments stay, under the name “Deleted student {ada.student_id}”.",
        "1 enrolment keeps its seat; cancel it first to free the seat.",
        "The subscription ends, with the courses it opened; it is not billed again.",
    )
    assert seen.person.row_version == 1


def test_the_dialog_says_what_stands_in_the_way(uow: UnitOfWork) -> None:
    ada = make_student(uow.connection)
    make_payment(uow.connection, ada, status="pending")

    (obstacle,) = accounts.preview_deletion(uow, ada).obstacles

    assert obstacle.reason is DeletionRefusal.OPEN_PAYMENTS


def test_a_refused_deletion_leaves_everything_as_it_was(database: Database) -> None:
    with database.engines.writer.connect() as connection:
        ada = make_student(connection, name="Ada Lovelace")
        make_subscription(connection, ada)
        make_payment(connection, ada, status="unknown")
        connection.commit()

    with pytest.raises(RuleRefused):
        database.write(accounts.delete_account, ada, reason=DeletionReason.REQUESTED, row_version=1)

    def kept(uow: UnitOfWork) -> tuple[Any, ...]:
        return uow.users.get(ada).name, len(uow.users.list_running_subscriptions(ada))

    assert database.read(kept) == ("Ada Lovelace", 1)
