"""Changing a balance by hand: the right, the reason, the movement, and every refusal."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.actors import Role, actor_of
from learnhub_desktop.domain.balances import AdjustmentReason, BalanceRefusal
from learnhub_desktop.domain.students import DeletionReason
from learnhub_desktop.errors import InvalidInput, NotAllowed, NotFound, RuleRefused
from learnhub_desktop.services import accounts, balances
from tests.factories import make_instructor
from tests.services.desk import Desk

GOODWILL, PAID_IN, PAID_OUT, CORRECTION = AdjustmentReason


def adjust(desk: Desk, student: int, amount: str, reason: Any = GOODWILL, seen: str = "0") -> Any:
    return desk.write(
        balances.adjust_balance, student, Decimal(amount), reason=reason, seen=Decimal(seen)
    )


def movements(desk: Desk) -> list[tuple[Any, ...]]:
    return [
        (row.kind, row.amount, row.balance_after, row.reason)
        for row in desk.rows(t.balance_movements)
    ]


def test_each_change_is_a_movement_with_its_reason(desk: Desk) -> None:
    ada = desk.student()

    added = adjust(desk, ada, "20", PAID_IN)
    assert added.message == "20.00 USD was added to the balance of Ada, which is 20.00 USD now."
    taken = adjust(desk, ada, "-7.50", PAID_OUT, seen="20")
    assert taken.message == "7.50 USD was taken from the balance of Ada, which is 12.50 USD now."

    assert movements(desk) == [
        ("adjustment", Decimal("20.00"), Decimal("20.00"), "paid_in"),
        ("adjustment", Decimal("-7.50"), Decimal("12.50"), "paid_out"),
    ]
    [audited] = desk.rows(t.audit_log, t.audit_log.c.entity == "balance_movements")[-1:]
    assert audited.operation == "adjust_balance"


def test_a_second_press_changes_nothing_more(desk: Desk) -> None:
    ada = desk.student()
    adjust(desk, ada, "20")

    with pytest.raises(RuleRefused, match=r"^The balance of Ada is 20\.00 USD by now\.") as again:
        adjust(desk, ada, "20")

    assert again.value.reason is BalanceRefusal.STALE_SCREEN
    assert len(movements(desk)) == 1


@pytest.mark.parametrize(
    "amount, reason, field, sentence",
    [
        ("0", GOODWILL, "amount", "The amount must be above zero."),
        ("1.001", GOODWILL, "amount", "The amount can have at most two decimals."),
        ("9999999999.99", GOODWILL, "amount", "The amount cannot be above 9,999,999,999.99."),
        ("-5.01", PAID_OUT, "amount", "Only 5.00 USD can be taken away."),
        ("-1", GOODWILL, "reason", "Nothing is taken away as “goodwill”."),
        ("1", PAID_OUT, "reason", "Nothing is added as “paid out”."),
    ],
)
def test_what_cannot_be_is_refused(
    desk: Desk, amount: str, reason: AdjustmentReason, field: str, sentence: str
) -> None:
    ada = desk.student(account_balance=Decimal(5))

    with pytest.raises(InvalidInput) as refused:
        adjust(desk, ada, amount, reason, seen="5")

    assert (refused.value.field, str(refused.value)) == (field, sentence)
    assert len(movements(desk)) == 1  # the one that explains the five


def test_only_a_living_student_has_a_balance(desk: Desk) -> None:
    gone = desk.student()
    version = desk.read(lambda uow: uow.users.get(gone).row_version)
    desk.write(accounts.delete_account, gone, reason=DeletionReason.REQUESTED, row_version=version)
    with pytest.raises(RuleRefused, match="^This account was deleted"):
        adjust(desk, gone, "1")
    teacher = desk.make(make_instructor)
    with pytest.raises(RuleRefused, match="^Only students have a balance"):
        adjust(desk, teacher, "1")
    with pytest.raises(NotFound):
        adjust(desk, 999, "1")


def test_it_takes_a_right_of_its_own(desk: Desk) -> None:
    ada = desk.student()
    desk.database._actor = actor_of("desk", Role.STAFF)
    with pytest.raises(NotAllowed, match="may not change balances"):
        adjust(desk, ada, "1")
    desk.database._actor = actor_of("desk", Role.FINANCE)
    adjust(desk, ada, "1")
    assert len(movements(desk)) == 1
