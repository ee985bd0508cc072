"""Same key again: a double click, a retry, a second workstation, a restarted program."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.failures import ServerRefusal
from learnhub_desktop.db.repositories.keys import KeyRepository
from learnhub_desktop.domain.purchases import Order, PurchaseOutcome, PurchaseRefusal
from learnhub_desktop.domain.refunds import RefundReason, RefundTo, Refusal
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.errors import InvalidInput, RuleRefused
from learnhub_desktop.gateways.moods import Mood
from learnhub_desktop.gateways.port import Answer, ChargeRequest
from learnhub_desktop.services import keys, settling
from learnhub_desktop.services.recording import write_once
from tests.factories import NOW
from tests.services.desk import Desk
from tests.services.money_rows import change_rule


def test_a_done_purchase_is_told_again_and_not_made_again(desk: Desk) -> None:
    order = desk.order(desk.student(), desk.course())
    first = desk.place(order)

    again = desk.place(order)

    assert again.replayed and not first.replayed
    assert (again.outcome, again.payment_id, again.enrollment_id) == (
        first.outcome,
        first.payment_id,
        first.enrollment_id,
    )
    assert again.changes.message == f"This was done already. {first.changes.message}"
    assert len(desk.sent()) == len(desk.payments()) == 1


def test_what_became_of_the_money_since_is_told_too(desk: Desk) -> None:
    order = desk.order(desk.student(), desk.course())
    first = desk.place(order)
    desk.refund(first.payment_id or 0, amount=Decimal("9.00"))

    assert desk.place(order).changes.message.endswith(" 9.00 USD of it went back since.")
    desk.refund(first.payment_id or 0)
    assert desk.place(order).changes.message == (
        "This was done already. Enrolled Ada in “SQL”. 49.00 USD paid by card. All of it went "
        "back since."
    )


def test_a_free_course_is_told_again(desk: Desk) -> None:
    student, course = desk.student(), desk.course(price=Decimal(0))
    order = desk.order(student, course, price=Decimal(0))
    first = desk.place(order)
    access = desk.access(student, course)

    again = desk.place(order)

    assert again.changes.message == f"This was done already. {first.changes.message}"
    assert desk.access(student, course) == access
    extended = desk.place(desk.order(student, course, price=Decimal(0), key="more"))
    assert extended.changes.message.startswith("Extended Ada's access to “SQL”. Nothing to pay.")
    assert desk.place(
        desk.order(student, course, price=Decimal(0), key="more")
    ).changes.message.startswith("This was done already. Extended Ada's access")


def test_a_declined_purchase_stays_declined_under_its_key(desk: Desk) -> None:
    order = desk.order(desk.student(), desk.course(), card="tok_declined")
    desk.place(order)

    again = desk.place(order)

    assert again.outcome is PurchaseOutcome.DECLINED
    assert again.changes.message == (
        "This was done already. The card was declined. Ada is not enrolled in “SQL”; nothing was "
        "charged."
    )
    assert len(desk.sent()) == 1


def test_a_blocked_purchase_stays_blocked_under_its_key(desk: Desk) -> None:
    desk.make(change_rule, "amount", action="block")
    course = desk.course(price=Decimal(600))
    order = desk.order(desk.student(), course, price=Decimal(600))
    first = desk.place(order)

    again = desk.place(order)

    assert again.outcome is PurchaseOutcome.BLOCKED
    assert again.alert_id == first.alert_id
    assert len(desk.rows(t.fraud_alerts)) == 1


def test_a_transfer_that_is_awaited_is_told_again_at_once(desk: Desk) -> None:
    order = desk.order(desk.student(), desk.course(), method=PaymentMethod.BANK_TRANSFER)
    first = desk.place(order)

    again = desk.place(order, wait_s=60)  # nobody is at it, so it must not wait

    assert again.outcome is PurchaseOutcome.WAITING
    assert again.changes.message == f"This was done already. {first.changes.message}"


def test_a_late_receipt_changes_what_the_key_tells(desk: Desk) -> None:
    order = desk.order(desk.student(), desk.course(), method=PaymentMethod.CASH)
    waiting = desk.place(order)
    desk.pass_time(days=2)
    expired = desk.place(order)
    desk.write(
        settling.record_receipt,
        desk.where(waiting.payment_id or 0),
        reference="7",
        amount=Decimal(49),
    )

    again = desk.place(order)

    assert expired.changes.message == (
        "The hold ran out before it was paid. Ada is not enrolled in “SQL”; nothing was charged."
    )
    assert again.outcome is PurchaseOutcome.COMPLETED
    assert desk.payment(waiting.payment_id).reason_code is None
    # The key tells it by itself, too, once the payment has left for the archive.
    key = desk.row(t.idempotency, t.idempotency.c.idempotency_key == order.key)
    assert key.result["outcome"] == "completed"


def test_a_lost_answer_is_asked_for_with_the_same_key(desk: Desk) -> None:
    order = desk.order(desk.student(), desk.course())
    desk.gateway.set_mood(Mood.LOST_ANSWER, calls=1)
    first = desk.place(order)

    again = desk.place(order)

    assert first.outcome is PurchaseOutcome.UNKNOWN
    assert again.outcome is PurchaseOutcome.COMPLETED
    assert len(desk.sent()) == 1


def test_spaces_around_a_key_are_no_part_of_it(desk: Desk) -> None:
    order = desk.order(desk.student(), desk.course(), key=" key-1 ")
    desk.place(order)

    assert desk.place(replace(order, key="key-1")).replayed
    assert [entry.key for entry in desk.sent()] == ["key-1"]


def test_the_same_amount_written_shorter_is_the_same(desk: Desk) -> None:
    order = desk.order(desk.student(), desk.course(), price=Decimal("49.00"))
    desk.place(order)

    assert desk.place(replace(order, price=Decimal(49), currency="usd")).replayed


OTHER_VALUES: dict[str, Callable[[Desk, Order], dict[str, Any]]] = {
    "the student": lambda desk, order: {"student_id": desk.student()},
    "the course": lambda desk, order: {"course_id": desk.course()},
    "the amount": lambda desk, order: {"price": Decimal(50)},
    "the currency": lambda desk, order: {"currency": "EUR"},
    "the card": lambda desk, order: {"card": "tok_visa_2"},
    "the payment method": lambda desk, order: {"method": PaymentMethod.PAYPAL},
    "the released alert": lambda desk, order: {"released_alert_id": 7},
    "the sale": lambda desk, order: {"sale_id": 7},
    "the amount and the currency": lambda desk, order: {"price": Decimal(50), "currency": "EUR"},
    "the course, the amount and the card": lambda desk, order: {
        "course_id": desk.course(),
        "price": Decimal(50),
        "card": "tok_visa_2",
    },
}


@pytest.mark.parametrize("differs", OTHER_VALUES)
def test_a_key_with_other_values_is_refused_and_says_which(desk: Desk, differs: str) -> None:
    order = desk.order(desk.student(), desk.course())
    desk.place(order)

    with pytest.raises(RuleRefused) as refused:
        desk.place(replace(order, **OTHER_VALUES[differs](desk, order)))

    assert refused.value.reason is PurchaseRefusal.KEY_REUSED
    assert str(refused.value) == (
        f"This key was used before with other values: {differs}. Nothing was done."
    )
    assert len(desk.payments()) == 1


def test_a_key_of_another_act_is_refused(desk: Desk) -> None:
    bought = desk.place(desk.order(desk.student(), desk.course(), key="one-key"))

    with pytest.raises(RuleRefused) as refused:
        desk.refund(bought.payment_id or 0, key="one-key")

    assert refused.value.reason is Refusal.KEY_REUSED
    assert str(refused.value) == "This key was used before for a purchase. Nothing was done."
    assert desk.payment(bought.payment_id).refunded_amount == 0


def test_a_key_of_a_closed_year_is_refused(desk: Desk) -> None:
    student, course = desk.student(), desk.course()
    desk.make(_archive_payment, student, key="old-key")
    desk.made_up = True

    with pytest.raises(RuleRefused) as refused:
        desk.buy(student, course, key="old-key")

    assert str(refused.value) == (
        "This key was used for a payment of a closed year. Use a new one."
    )


def test_a_purchase_of_a_closed_year_is_told_from_its_key_alone(desk: Desk) -> None:
    student, course = desk.student(), desk.course()
    order = desk.order(student, course)
    first = desk.place(order)
    desk.make(_move_to_archive, first.payment_id)

    again = desk.place(order)

    assert (again.outcome, again.replayed) == (PurchaseOutcome.COMPLETED, True)
    assert again.changes.message.startswith("This was done already. Enrolled Ada in “SQL”.")
    assert len(desk.sent()) == 1


def test_a_purchase_under_way_is_waited_for_and_told(desk: Desk) -> None:
    order = desk.order(desk.student(), desk.course())
    with slow_gateway(desk) as let_go, ThreadPoolExecutor(2) as pool:
        first = pool.submit(desk.place, order)
        let_go.reached.wait(timeout=30)
        busy = desk.place(order)
        second = pool.submit(desk.place, order, wait_s=60)
        let_go.set()
        outcomes = first.result(timeout=60), second.result(timeout=60)

    assert busy.outcome is PurchaseOutcome.IN_PROGRESS
    assert busy.changes.message == (
        "The purchase of “SQL” by Ada is still being made by the first call. Nothing is charged "
        "twice."
    )
    assert [each.outcome for each in outcomes] == [PurchaseOutcome.COMPLETED] * 2
    assert len(desk.sent()) == 1


def test_a_refund_is_told_again_and_refuses_other_values(desk: Desk) -> None:
    bought = desk.buy(desk.student(), desk.course())
    order = desk.refund_order(bought.payment_id or 0, amount=Decimal(10))
    first = desk.give_back(order)

    again = desk.give_back(order)
    with pytest.raises(RuleRefused) as refused:
        desk.give_back(
            replace(order, amount=Decimal(11), reason=RefundReason.FRAUD, to=RefundTo.BALANCE)
        )

    assert again.changes.message == f"This was done already. {first.changes.message}"
    assert str(refused.value) == (
        "This key was used before with other values: the amount, the reason and where the money "
        "goes. Nothing was done."
    )
    assert desk.payment(bought.payment_id).refunded_amount == Decimal(10)


def test_two_acts_that_take_one_key_at_once_end_in_the_right_refusal(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite lets one writer in at a time, so the race is played: the key appears too late."""
    order = desk.order(desk.student(), desk.course(), key="raced", method=PaymentMethod.CASH)
    desk.place(order)
    find, blind = KeyRepository.find, [True]
    monkeypatch.setattr(
        KeyRepository,
        "find",
        lambda self, key: None if blind and blind.pop() else find(self, key),
    )

    with pytest.raises(RuleRefused) as refused:
        write_once(desk.database, None, "raced", _reserve_key, desk.student(), "raced")

    assert str(refused.value).startswith("This key was used before for a purchase.")


def test_a_duplicate_that_is_no_keys_fault_is_refused_as_it_is(desk: Desk) -> None:
    calls = []

    def call(uow: Any) -> None:
        calls.append(uow)
        raise RuleRefused(ServerRefusal.DUPLICATE, "There is one already.")

    with pytest.raises(RuleRefused, match=r"^There is one already\.$"):
        write_once(desk.database, None, "key", call)

    assert len(calls) == 2


@pytest.mark.parametrize("key", ["", " ", "a\nb", "ключ", "x" * 101])
def test_a_key_must_be_plain(key: str) -> None:
    with pytest.raises(InvalidInput, match=r"^A key has 1 to 100 plain letters"):
        keys.check_key(key)


class SlowGateway:
    """Lets a charge through only when it is told to."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.reached, self._go = desk, threading.Event(), threading.Event()
        self._charge = desk.gateway.charge

    def set(self) -> None:
        self._go.set()

    def __enter__(self) -> SlowGateway:
        def charge(request: ChargeRequest) -> Answer:
            self.reached.set()
            assert self._go.wait(timeout=60)
            return self._charge(request)

        self.desk.gateway.charge = charge  # type: ignore[method-assign]
        return self

    def __exit__(self, *rest: object) -> None:
        self._go.set()
        self.desk.gateway.charge = self._charge  # type: ignore[method-assign]


slow_gateway = SlowGateway


def _reserve_key(uow: Any, student: int, key: str) -> None:
    uow.enrolments.lock_student(student)
    keys.find_first(uow, key, "refund", {}, refusal=Refusal.KEY_REUSED)
    uow.keys.add(key, "refund", {}, account="desk", now=uow.now(), payment_id=None)


def _archive_payment(connection: Any, student: int, *, key: str) -> None:
    connection.execute(
        insert(t.payments_archive).values(
            payment_id=900, user_id=student, kind="charge", amount=Decimal(49), currency="USD",
            status="completed", idempotency_key=key, created_at=NOW.replace(year=2020),
        )
    )  # fmt: skip


def _move_to_archive(connection: Any, payment_id: int) -> None:
    row = connection.execute(t.payments.select().where(t.payments.c.payment_id == payment_id)).one()
    connection.execute(insert(t.payments_archive).values(**row._mapping))
    events = connection.execute(t.payment_events.select()).all()
    connection.execute(insert(t.payment_events_archive), [dict(event._mapping) for event in events])
    connection.execute(t.payment_events.delete())
    connection.execute(t.payments.delete().where(t.payments.c.payment_id == payment_id))
