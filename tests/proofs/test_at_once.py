"""Many workstations at the same moment, each a process of its own, on real servers."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.gateways import EntryKind, EntryState
from learnhub_desktop.services import refund_outcomes
from tests.proofs import desks
from tests.proofs.broken import is_running
from tests.proofs.crowd import Job, Place, at_once
from tests.proofs.scale import LEVELS
from tests.services.desk import Desk
from tests.services.money_rows import change_rule
from tests.waiting import wait_until

pytestmark = pytest.mark.proof


def test_the_last_seat_goes_to_one_of_fifty(school: Desk, place: Place) -> None:
    course = school.course(max_students=1)
    orders = [school.order(school.student(name=f"Buyer {n}"), course) for n in range(50)]

    told = at_once(place, [Job(desks.buy, {"order": order}) for order in orders])

    assert Counter(each.outcome for each in told) == {"completed": 1, "refused": 49}
    assert {each.sentence for each in told if each.outcome == "refused"} == {
        "“SQL” is full: its only seat is taken."
    }
    assert school.seats(course) == 1
    assert len(school.rows(t.payments, t.payments.c.course_id == course)) == 1


@LEVELS
def test_the_last_seats_are_sold_once_each_at_every_isolation_level(
    school: Desk, place: Place, isolation: str | None
) -> None:
    """Nobody looks before: all twelve go for the seats inside their transactions."""
    course = school.course(max_students=3)
    orders = [school.order(school.student(), course, method=PaymentMethod.CASH) for _ in range(12)]

    told = at_once(
        place, [Job(desks.hold, {"order": order, "isolation": isolation}) for order in orders]
    )

    assert Counter(each.outcome for each in told) == {"waiting": 3, "refused": 9}
    assert school.seats(course) == 3


def test_the_same_key_from_eight_callers_charges_once(school: Desk, place: Place) -> None:
    student, course = school.student(), school.course()
    order = school.order(student, course)

    told = at_once(place, [Job(desks.buy, {"order": order})] * 8)

    assert {each.outcome for each in told} == {"completed"}
    assert len({each.payment_id for each in told}) == 1
    assert Counter(each.replayed for each in told) == {True: 7, False: 1}
    charges = [each for each in school.sent() if each.key == order.key]
    assert [each.state for each in charges] == [EntryState.APPROVED]
    assert school.seats(course) == 1


def test_a_lost_answer_under_one_key_is_asked_about_by_all_and_charged_once(
    school: Desk, place: Place
) -> None:
    student, course = school.student(), school.course()
    order = school.order(student, course, card="tok_lost_answer")

    told = at_once(place, [Job(desks.buy, {"order": order})] * 8)

    assert {each.outcome for each in told} <= {"completed", "unknown"}
    again = at_once(place, [Job(desks.buy, {"order": order})] * 2)
    assert {each.outcome for each in again} == {"completed"}
    assert len([each for each in school.sent() if each.key == order.key]) == 1
    assert school.seats(course) == 1


def test_one_key_for_two_customers_sells_to_one_and_tells_the_other(
    school: Desk, place: Place
) -> None:
    for _ in range(4):
        course = school.course()
        order = school.order(school.student(), course, method=PaymentMethod.CASH, card=None)
        other = replace(order, student_id=school.student(name="Bob"))

        told = at_once(place, [Job(desks.buy, {"order": each}) for each in (order, other)])

        assert Counter(each.outcome for each in told) == {"waiting": 1, "refused": 1}
        [refused] = [each for each in told if each.outcome == "refused"]
        assert (refused.reason, refused.sentence) == (
            "key_reused",
            "This key was used before with other values: the student. Nothing was done.",
        )
        assert school.seats(course) == 1


def test_one_key_for_a_purchase_and_a_refund_does_one_of_them(school: Desk, place: Place) -> None:
    for _ in range(4):
        paid = school.buy(school.student(), school.course())
        student, course = school.student(), school.course()
        back = school.refund_order(paid.payment_id or 0)
        order = school.order(student, course, key=back.key)

        told = at_once(
            place, [Job(desks.buy, {"order": order}), Job(desks.refund, {"order": back})]
        )

        assert Counter(each.outcome for each in told) == {"completed": 1, "refused": 1}
        [refused] = [each for each in told if each.outcome == "refused"]
        other = "refund" if refused is told[0] else "purchase"
        assert refused.sentence == f"This key was used before for a {other}. Nothing was done."


@LEVELS
def test_concurrent_refunds_never_pass_what_is_left(
    school: Desk, place: Place, isolation: str | None
) -> None:
    student, course = school.student(), school.course()
    payment_id = school.buy(student, course).payment_id or 0
    orders = [
        school.refund_order(payment_id, amount=Decimal("30.00") + n, confirmed_again=True)
        for n in range(6)
    ]

    told = at_once(
        place, [Job(desks.refund, {"order": order, "isolation": isolation}) for order in orders]
    )

    assert Counter(each.outcome for each in told) == {"completed": 1, "refused": 5}
    [done] = [each for each in told if each.outcome == "completed"]
    back = [
        e for e in school.sent() if e.kind is EntryKind.REFUND and e.payment_id == done.refund_id
    ]
    assert school.payment(payment_id).refunded_amount == back[0].amount
    assert {each.reason for each in told if each.outcome == "refused"} == {"stale_screen"}


@LEVELS
def test_many_small_refunds_add_up_to_the_payment_and_end_it_once(
    school: Desk, place: Place, isolation: str | None
) -> None:
    student, course = school.student(), school.course()
    school.buy(school.student(), course)
    payment_id = school.buy(student, course).payment_id or 0
    values = {"payment_id": payment_id, "amounts": ["7.00"] * 4, "isolation": isolation}

    told = at_once(place, [Job(desks.refund_again_and_again, values)] * 3)

    assert sum(len(done) for done in told) == 7
    charge = school.payment(payment_id)
    assert (charge.status, charge.refunded_amount) == ("refunded", Decimal(49))
    assert school.enrolment(student, course).status == "refunded"
    assert school.events(payment_id).count("access_ended") == 1
    assert school.seats(course) == 1


@LEVELS
def test_attempts_at_the_same_moment_do_not_slip_below_the_velocity_rule(
    school: Desk, place: Place, isolation: str | None
) -> None:
    school.make(change_rule, "charges", action="block")
    student = school.student()
    orders = [school.order(student, school.course()) for _ in range(10)]

    told = at_once(
        place, [Job(desks.buy, {"order": order, "isolation": isolation}) for order in orders]
    )

    school.make(change_rule, "charges", action="flag")
    # More than five in a day are too many: the seventh finds six before it.
    assert Counter(each.outcome for each in told) == {"completed": 6, "blocked": 4}


@LEVELS
def test_students_who_share_a_card_at_the_same_moment_are_all_counted(
    school: Desk, place: Place, isolation: str | None
) -> None:
    school.make(change_rule, "students_of_card", action="block")
    card = f"tok_visa_{isolation or 'default'}".replace(" ", "").lower()
    orders = [school.order(school.student(), school.course(), card=card) for _ in range(6)]

    told = at_once(
        place, [Job(desks.buy, {"order": order, "isolation": isolation}) for order in orders]
    )

    school.make(change_rule, "students_of_card", action="require_verification")
    assert Counter(each.outcome for each in told) == {"completed": 2, "blocked": 4}


def test_a_balance_pays_only_once_for_courses_bought_at_the_same_moment(
    school: Desk, place: Place
) -> None:
    student = school.student(account_balance=Decimal(100))
    orders = [
        school.order(student, school.course(), method=PaymentMethod.ACCOUNT_BALANCE)
        for _ in range(6)
    ]

    told = at_once(place, [Job(desks.buy, {"order": order}) for order in orders])

    assert Counter(each.outcome for each in told) == {"completed": 2, "refused": 4}
    assert {each.reason for each in told if each.outcome == "refused"} == {"balance_too_low"}
    assert school.balance(student) == Decimal("2.00")


def test_one_student_buys_one_course_once_under_many_keys(school: Desk, place: Place) -> None:
    student, course = school.student(), school.course()
    orders = [
        school.order(student, course, extends=False, method=PaymentMethod.BANK_TRANSFER)
        for _ in range(6)
    ]

    told = at_once(place, [Job(desks.buy, {"order": order}) for order in orders])

    assert Counter(each.outcome for each in told) == {"waiting": 1, "refused": 5}
    assert {each.reason for each in told if each.outcome == "refused"} == {"held_already"}
    assert school.seats(course) == 1


@LEVELS
def test_the_last_of_two_refunds_knows_of_the_first_that_it_waited_for(
    school: Desk, isolation: str | None
) -> None:
    """The snapshot of a settling is taken under its locks, so it holds what they waited for."""
    student, course = school.student(), school.course()
    card = f"tok_refund_pending_{student}"
    payment_id = school.buy(student, course, card=card).payment_id or 0
    halves = [school.refund(payment_id, amount=Decimal(n)).refund_id for n in (20, 29)]
    for refund_id in halves:
        school.gateway.settle_refund(school.payment(refund_id).idempotency_key, paid=True)
    first, second = (school.where(refund_id) for refund_id in halves)

    with ThreadPoolExecutor(1) as pool:

        def settle_first(uow: UnitOfWork) -> Future[Any]:
            uow.enrolments.lock_student(student)
            waiting = pool.submit(
                school.database.write_at, isolation, refund_outcomes.settle, second, "ref-2"
            )
            wait_until(lambda: is_running(school.database, "SELECT %%FROM users%%FOR UPDATE%%"))
            refund_outcomes.settle(uow, first, "ref-1")
            return waiting

        waiting = school.database.write_at(isolation, settle_first)
        waiting.result(timeout=30)

    assert school.payment(payment_id).status == "refunded"
    assert school.enrolment(student, course).status == "refunded"
    assert school.seats(course) == 0
