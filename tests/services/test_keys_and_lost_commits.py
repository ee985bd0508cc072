"""A key whose transaction may or may not have been kept: nothing moves twice."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from learnhub_desktop.domain.purchases import PurchaseOutcome
from learnhub_desktop.domain.refunds import RefundTo
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.errors import OutcomeUnknown
from learnhub_desktop.services.refund_words import RefundOutcome
from tests.services.desk import Desk
from tests.services.lost_commits import lose_commit


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "not kept"])
@pytest.mark.parametrize(
    "values", [{}, {"method": PaymentMethod.ACCOUNT_BALANCE}, {"price": Decimal(0)}, {"method": PaymentMethod.CASH}],
    ids=["card", "balance", "free", "cash"],
)  # fmt: skip
def test_a_hold_whose_commit_went_unanswered_is_taken_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, values: dict[str, Any], kept: bool
) -> None:
    student = desk.student(account_balance=Decimal(100))
    course = desk.course(price=values.get("price", Decimal(49)))
    lose_commit(monkeypatch, desk, "hold", kept=kept)

    bought = desk.buy(student, course, **values)

    waits = values.get("method") is PaymentMethod.CASH
    assert bought.outcome is (PurchaseOutcome.WAITING if waits else PurchaseOutcome.COMPLETED)
    assert len(desk.sent()) == (0 if values else 1)
    assert len(desk.payments()) == (0 if "price" in values else 1)
    assert desk.seats(course) == 1
    paid_from_balance = values.get("method") is PaymentMethod.ACCOUNT_BALANCE
    assert desk.balance(student) == (Decimal(51) if paid_from_balance else Decimal(100))


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "not kept"])
def test_an_outcome_whose_commit_went_unanswered_is_written_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    student, course = desk.student(), desk.course()
    begun = lose_commit(monkeypatch, desk, "settle", kept=kept)

    bought = desk.buy(student, course)

    assert begun == ["hold", "settle", "settle"]
    assert bought.outcome is PurchaseOutcome.COMPLETED
    assert desk.events(bought.payment_id).count("completion_confirmed") == 1
    assert desk.seats(course) == 1


@pytest.mark.parametrize("step", ["hold", "settle"])
@pytest.mark.parametrize("then_unreachable", [True, False])
def test_what_cannot_be_found_out_is_said_with_its_key_and_found_out_later(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, step: str, then_unreachable: bool
) -> None:
    student, course = desk.student(), desk.course()
    order = desk.order(student, course, key="key-9")
    with monkeypatch.context() as cut:
        times = 1 if then_unreachable else 2
        lose_commit(cut, desk, step, kept=False, times=times, then_unreachable=then_unreachable)
        with pytest.raises(OutcomeUnknown) as unknown:
            desk.place(order)

    assert unknown.value.key == "key-9"
    assert "the same key" in str(unknown.value) and "twice" in str(unknown.value)
    desk.pass_time(minutes=20)
    assert desk.place(order).outcome is PurchaseOutcome.COMPLETED
    assert len(desk.sent()) == 1
    assert desk.seats(course) == 1


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "not kept"])
@pytest.mark.parametrize("to", list(RefundTo))
def test_a_refund_whose_commit_went_unanswered_goes_back_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, to: RefundTo, kept: bool
) -> None:
    student, course = desk.student(), desk.course()
    bought = desk.buy(student, course)
    lose_commit(monkeypatch, desk, "reserve", kept=kept)

    refunded = desk.refund(bought.payment_id or 0, to=to)

    assert refunded.outcome is RefundOutcome.COMPLETED
    assert desk.payment(bought.payment_id).status == "refunded"
    assert len(desk.sent()) == (2 if to is RefundTo.ORIGINAL else 1)
    assert desk.balance(student) == (Decimal(0) if to is RefundTo.ORIGINAL else Decimal(49))


def test_a_refund_that_cannot_be_written_down_is_finished_with_its_key(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    student, course = desk.student(), desk.course()
    bought = desk.buy(student, course)
    order = desk.refund_order(bought.payment_id or 0, key="back-1")
    with monkeypatch.context() as cut:
        lose_commit(cut, desk, "settle", kept=False, then_unreachable=True)
        with pytest.raises(OutcomeUnknown) as unknown:
            desk.give_back(order)
    assert unknown.value.key == "back-1"
    at_once = desk.give_back(order)
    desk.pass_time(minutes=6)

    later = desk.give_back(order)

    assert at_once.changes.message == (
        "The refund of 49.00 USD to Ada is still being made. Nothing goes back twice."
    )
    assert later.changes.message == (
        "Refunded 49.00 USD to Ada. Access to “SQL” has ended, and the seat is free."
    )
    assert len(desk.sent()) == 2
