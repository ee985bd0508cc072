"""A refund ends what its own charge pays for, and nothing that another one does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from learnhub_desktop.domain.purchases import PurchaseOutcome
from learnhub_desktop.services import refund_rules
from learnhub_desktop.services.enrolments import cancel_enrolment, enrol_by_hand
from learnhub_desktop.services.refund_words import RefundOutcome
from learnhub_desktop.services.refunds import record_payout
from tests.factories import NOW, make_enrolment, make_payment
from tests.services.desk import Desk
from tests.services.money_rows import change_course, change_payment


def bought(desk: Desk, **values: Any) -> tuple[int, int, int]:
    """A student, a course, and the payment for it."""
    student, course = desk.student(), desk.course(max_students=5)
    payment_id = desk.buy(student, course, **values).payment_id
    assert payment_id is not None
    return student, course, payment_id


def _cancel(desk: Desk, student: int, course: int) -> None:
    enrollment_id = desk.enrolment(student, course).enrollment_id
    desk.write(cancel_enrolment, enrollment_id, reason="By phone")


def at(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 12, tzinfo=UTC)


def test_an_extension_goes_and_the_first_purchase_stays(desk: Desk) -> None:
    student, course, _ = bought(desk)
    desk.pass_time(days=1)
    extension = desk.buy(student, course).payment_id or 0
    assert desk.access(student, course).access_expires_at == at(2028, 3, 10)

    shown = desk.read(refund_rules.preview, extension)
    refunded = desk.refund(extension)

    assert (shown.effect, shown.holds_seat) == (
        "Access to “SQL” then ends on 10 March 2027.",
        False,
    )
    assert refunded.changes.message == (
        "Refunded 49.00 USD to Ada. Access to “SQL” now ends on 10 March 2027."
    )
    assert desk.access(student, course).access_expires_at == at(2027, 3, 10)
    assert (desk.enrolment(student, course).status, desk.seats(course)) == ("active", 1)


def test_the_first_purchase_goes_and_the_extension_stays(desk: Desk) -> None:
    student, course, first = bought(desk)
    desk.buy(student, course)

    refunded = desk.refund(first)

    # The second year has 366 days, and all of them are paid.
    assert refunded.changes.message == (
        "Refunded 49.00 USD to Ada. Access to “SQL” now ends on 11 March 2027."
    )
    assert (desk.enrolment(student, course).status, desk.seats(course)) == ("active", 1)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_last_of_both_ends_the_enrolment(desk: Desk, order: tuple[int, int]) -> None:
    student, course, first = bought(desk)
    payments = [first, desk.buy(student, course).payment_id or 0]

    for number in order:
        desk.refund(payments[number])

    assert (desk.enrolment(student, course).status, desk.seats(course)) == ("refunded", 0)
    assert desk.access(student, course).end_reason == "refunded"


def test_an_extension_to_lifetime_is_taken_back(desk: Desk) -> None:
    student, course, _ = bought(desk)
    desk.make(change_course, course, access_months=None)
    lifetime = desk.buy(student, course).payment_id or 0
    assert desk.access(student, course).access_expires_at is None

    desk.refund(lifetime)

    assert desk.access(student, course).access_expires_at == at(2027, 3, 10)


def test_an_extension_of_access_that_had_ended_ends_now(desk: Desk) -> None:
    student, course, _ = bought(desk)
    desk.pass_time(days=400)
    extension = desk.buy(student, course).payment_id or 0
    later = desk.pass_time(days=2)

    desk.refund(extension)

    assert desk.access(student, course).access_expires_at == later
    assert desk.enrolment(student, course).status == "active"


def test_an_extension_of_what_staff_opened_leaves_that(desk: Desk) -> None:
    student, course = desk.student(), desk.course()
    desk.write(enrol_by_hand, student_id=student, course_id=course, reason="Prize")
    extension = desk.buy(student, course).payment_id or 0

    desk.refund(extension)

    enrolment = desk.enrolment(student, course)
    assert (enrolment.status, enrolment.source) == ("active", "staff")
    assert desk.access(student, course).access_expires_at == at(2027, 3, 10)
    assert desk.seats(course) == 1


def test_a_charge_of_an_earlier_life_leaves_the_new_one(desk: Desk) -> None:
    student, course, first = bought(desk)
    _cancel(desk, student, course)
    desk.pass_time(days=1)
    desk.buy(student, course)
    access = desk.access(student, course)

    shown = desk.read(refund_rules.preview, first)
    refunded = desk.refund(first)

    assert shown.effect == "Access to “SQL” stays as it was before."
    assert refunded.changes.message == (
        "Refunded 49.00 USD to Ada. Access to “SQL” is as it was before."
    )
    assert (desk.enrolment(student, course).status, desk.seats(course)) == ("active", 1)
    assert desk.access(student, course) == access


def test_the_charge_of_an_enrolment_that_was_cancelled_frees_no_second_seat(desk: Desk) -> None:
    student, course, payment_id = bought(desk)
    desk.buy(desk.student(), course)
    _cancel(desk, student, course)
    assert desk.seats(course) == 1

    refunded = desk.refund(payment_id)

    assert refunded.changes.message == (
        "Refunded 49.00 USD to Ada. Access to “SQL” is as it was before."
    )
    assert desk.seats(course) == 1
    assert desk.enrolment(student, course).status == "cancelled"


def test_an_enrolment_cancelled_while_its_refund_is_on_the_way_frees_one_seat(desk: Desk) -> None:
    student, course, payment_id = bought(desk, card="tok_refund_pending")
    desk.buy(desk.student(), course)
    pending = desk.refund(payment_id)
    _cancel(desk, student, course)

    desk.gateway.settle_refund(desk.sent()[-1].key, paid=True)
    desk.ask_about(pending.refund_id)

    assert desk.payment(payment_id).status == "refunded"
    assert desk.seats(course) == 1


def test_a_charge_of_another_program_ends_its_enrolment(desk: Desk) -> None:
    student, course = desk.student(), desk.course()
    payment_id = desk.make(make_payment, student, processed_at=NOW)
    # Written a moment later, as the seed's procedure does.
    enrolment = desk.make(make_enrolment, student, course, enrolled_at=NOW + timedelta(seconds=1))
    desk.make(change_course, course, enrolled_students=1)
    desk.make(change_payment, payment_id, enrollment_id=enrolment, course_id=course)
    desk.pass_time(minutes=1)

    shown = desk.read(refund_rules.preview, payment_id)
    waiting = desk.refund(payment_id)
    desk.write(record_payout, desk.where(waiting.refund_id), reference="9")

    assert (shown.by_hand, shown.holds_seat) == (True, True)
    assert (desk.enrolment(student, course).status, desk.seats(course)) == ("refunded", 0)


def test_the_second_purchase_is_refunded_after_a_refund_and_a_purchase(desk: Desk) -> None:
    student, course, first = bought(desk)
    desk.refund(first)
    desk.pass_time(days=2)
    second = desk.buy(student, course)

    refunded = desk.refund(second.payment_id or 0)

    assert second.outcome is PurchaseOutcome.COMPLETED
    assert refunded.outcome is RefundOutcome.COMPLETED
    assert (desk.enrolment(student, course).status, desk.seats(course)) == ("refunded", 0)
