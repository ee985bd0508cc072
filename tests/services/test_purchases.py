"""Selling a course: what each way to pay leaves behind, and what is said of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.changes import Touched
from learnhub_desktop.domain.purchases import PurchaseOutcome, PurchaseRefusal
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.errors import RuleRefused
from learnhub_desktop.gateways import EntryState
from learnhub_desktop.gateways.moods import Mood
from learnhub_desktop.services import enrolments, settling
from learnhub_desktop.services.refund_effects import end_subscription
from tests.factories import NOW
from tests.services.desk import Desk
from tests.services.money_rows import change_course, do_lessons, open_by_subscription


def test_a_card_purchase_holds_a_seat_charges_it_and_opens_the_course(desk: Desk) -> None:
    student, course = desk.student(), desk.course(max_students=30)

    bought = desk.buy(student, course, key="buy-1")

    assert bought.outcome is PurchaseOutcome.COMPLETED
    assert bought.changes.message == (
        "Enrolled Ada in “SQL”. 49.00 USD paid by card. Access until 10 March 2027."
    )
    assert not bought.changes.warning
    assert bought.changes.touched & Touched.ENROLMENTS
    payment = desk.payment(bought.payment_id)
    [charge] = desk.sent()
    assert (payment.status, payment.kind, payment.amount) == ("completed", "charge", Decimal(49))
    assert (payment.currency, payment.payment_gateway) == ("USD", "simulated")
    assert payment.transaction_id == payment.gateway_reference == charge.reference
    assert (payment.created_at, payment.processed_at) == (NOW, NOW)
    assert payment.card_fingerprint.startswith("card_")
    assert (charge.key, charge.amount, charge.state) == ("buy-1", Decimal(49), EntryState.APPROVED)
    enrolment = desk.enrolment(student, course)
    assert (enrolment.status, enrolment.source) == ("active", "purchase")
    assert enrolment.enrolled_at == enrolment.activated_at == NOW
    assert enrolment.hold_expires_at is None
    assert desk.access(student, course).access_expires_at == datetime(2027, 3, 10, 12, tzinfo=UTC)
    assert desk.seats(course) == 1
    row = desk.row(t.courses, t.courses.c.course_id == course)
    assert (row.total_enrollments, row.last_enrollment_date) == (1, NOW)
    assert desk.events(bought.payment_id) == [
        "initiated",
        "hold_placed",
        "payment_gateway_called",
        "payment_gateway_success",
        "enrollment_created",
        "access_granted",
        "completion_confirmed",
    ]
    key = desk.row(t.idempotency, t.idempotency.c.idempotency_key == "buy-1")
    assert (key.state, key.result["outcome"]) == ("done", "completed")


def test_events_name_ids_and_amounts_and_never_a_person(desk: Desk) -> None:
    student = desk.student(name="Ada Lovelace", email="ada@example.org")
    bought = desk.buy(student, desk.course())

    facts = desk.rows(t.payment_events, t.payment_events.c.payment_id == bought.payment_id)
    said = " ".join(str(row.event_data) for row in facts)
    assert "Ada" not in said and "example.org" not in said
    assert "tok_visa" not in said and "card_" not in said


def test_a_free_course_has_no_payment_and_no_gateway(desk: Desk) -> None:
    student, course = desk.student(), desk.course(price=Decimal(0))

    bought = desk.buy(student, course, price=Decimal(0))

    assert bought.payment_id is None
    assert bought.changes.message == (
        "Enrolled Ada in “SQL”. Nothing to pay. Access until 10 March 2027."
    )
    assert desk.enrolment(student, course).source == "free"
    assert (desk.payments(), desk.sent(), desk.seats(course)) == ([], [], 1)


def test_the_balance_pays_in_one_transaction(desk: Desk) -> None:
    student, course = desk.student(account_balance=Decimal(60)), desk.course()

    bought = desk.buy(student, course, method=PaymentMethod.ACCOUNT_BALANCE)

    assert bought.changes.message == (
        "Enrolled Ada in “SQL”. 49.00 USD paid from the balance. Access until 10 March 2027."
    )
    assert desk.balance(student) == Decimal("11.00")
    movement = desk.rows(t.balance_movements)[-1]
    assert (movement.kind, movement.amount, movement.balance_after) == (
        "charge",
        Decimal("-49.00"),
        Decimal("11.00"),
    )
    assert movement.payment_id == bought.payment_id
    assert desk.payment(bought.payment_id).transaction_id is None
    assert desk.events(bought.payment_id) == [
        "initiated",
        "hold_placed",
        "enrollment_created",
        "access_granted",
        "completion_confirmed",
    ]
    assert desk.sent() == []


@pytest.mark.parametrize(
    "balance, sentence",
    [
        (
            {"account_balance": Decimal("48.99")},
            "The balance of Ada holds 48.99 USD, and 49.00 USD is needed. Nothing was charged.",
        ),
        (
            {"account_balance": Decimal(100), "balance_currency": "EUR"},
            "The balance of Ada holds 100.00 EUR, and 49.00 USD is needed. Nothing was charged.",
        ),
    ],
)
def test_a_balance_that_does_not_hold_the_price_leaves_nothing(
    desk: Desk, balance: dict[str, Any], sentence: str
) -> None:
    student, course = desk.student(**balance), desk.course()

    with pytest.raises(RuleRefused) as refused:
        desk.buy(student, course, method=PaymentMethod.ACCOUNT_BALANCE)

    assert str(refused.value) == sentence
    assert (desk.payments(), desk.seats(course)) == ([], 0)
    assert desk.rows(t.enrollments) == desk.rows(t.idempotency) == []


@pytest.mark.parametrize(
    "method, until, sentence",
    [
        (
            PaymentMethod.BANK_TRANSFER,
            timedelta(days=7),
            "A seat in “SQL” is held for Ada until 17 March 2026 at 12:00. 49.00 USD by bank "
            "transfer is expected; record the receipt when it comes.",
        ),
        (
            PaymentMethod.CASH,
            timedelta(days=1),
            "A seat in “SQL” is held for Ada until 11 March 2026 at 12:00. 49.00 USD in cash is "
            "expected; record the receipt when it comes.",
        ),
    ],
)
def test_money_that_people_bring_is_awaited_as_long_as_its_method_takes(
    desk: Desk, method: PaymentMethod, until: timedelta, sentence: str
) -> None:
    student, course = desk.student(), desk.course()

    bought = desk.buy(student, course, method=method)

    assert bought.outcome is PurchaseOutcome.WAITING
    assert bought.changes.message == sentence
    payment, enrolment = desk.payment(bought.payment_id), desk.enrolment(student, course)
    assert (payment.status, payment.payment_gateway) == ("pending", "manual")
    assert payment.hold_expires_at == enrolment.hold_expires_at == NOW + until
    assert (enrolment.status, desk.seats(course)) == ("pending", 1)
    assert desk.events(bought.payment_id) == ["initiated", "hold_placed"]
    assert desk.rows(t.course_access) == []


def test_a_course_without_a_term_is_open_for_life(desk: Desk) -> None:
    student, course = desk.student(), desk.course(access_months=None)

    bought = desk.buy(student, course)

    assert bought.changes.message.endswith("Access for life.")
    assert desk.access(student, course).access_expires_at is None


def test_what_was_agreed_counts_and_not_what_the_course_says_later(desk: Desk) -> None:
    student, course = desk.student(), desk.course(access_months=3)
    waiting = desk.buy(student, course, method=PaymentMethod.BANK_TRANSFER)
    desk.make(change_course, course, access_months=12, price=Decimal(99), status="archived")

    settled = desk.write(
        settling.record_receipt,
        desk.where(waiting.payment_id or 0),
        reference="T-1",
        amount=Decimal(49),
    )

    assert settled.changes.message == (
        "Enrolled Ada in “SQL”. 49.00 USD paid by bank transfer. Access until 10 June 2026."
    )


def test_buying_an_active_course_again_extends_it_and_takes_no_seat(desk: Desk) -> None:
    student, course = desk.student(), desk.course(max_students=1)
    desk.buy(student, course)
    before = desk.enrolment(student, course)
    desk.pass_time(days=60)

    again = desk.buy(student, course, extends=True)

    assert again.changes.message == (
        "Extended Ada's access to “SQL”. 49.00 USD paid by card. Access until 10 March 2028."
    )
    assert desk.enrolment(student, course) == before
    assert desk.seats(course) == 1
    assert desk.events(again.payment_id) == [
        "initiated",
        "payment_gateway_called",
        "payment_gateway_success",
        "access_extended",
        "completion_confirmed",
    ]


def test_access_that_has_ended_begins_anew_and_is_not_added_to(desk: Desk) -> None:
    student, course = desk.student(), desk.course(access_months=1)
    desk.buy(student, course)
    desk.pass_time(days=100)

    again = desk.buy(student, course)

    assert again.changes.message.endswith("Access until 18 July 2026.")


def test_a_refused_extension_leaves_access_as_it_was(desk: Desk) -> None:
    student, course = desk.student(), desk.course()
    desk.buy(student, course)

    again = desk.buy(student, course, card="tok_declined")

    assert again.outcome is PurchaseOutcome.DECLINED
    assert again.changes.message == (
        "The card was declined. Ada's access to “SQL” stays as it was; nothing was charged."
    )
    assert desk.enrolment(student, course).status == "active"
    assert desk.seats(course) == 1


def test_an_extension_whose_answer_was_lost_cannot_be_bought_a_second_time(desk: Desk) -> None:
    student, course = desk.student(), desk.course()
    desk.buy(student, course)
    desk.gateway.set_mood(Mood.LOST_ANSWER, calls=1)

    lost = desk.buy(student, course)
    with pytest.raises(RuleRefused) as refused:
        desk.buy(student, course)

    assert lost.changes.message == (
        "The gateway did not answer. It is not known whether Ada's access to “SQL” is extended, "
        "and nothing is charged twice. It is asked again soon."
    )
    assert str(refused.value) == (
        f"An earlier purchase turned out to be paid (payment {lost.payment_id}). Nothing was "
        "charged now; look again first."
    )
    assert len(desk.sent()) == 2
    assert desk.access(student, course).access_expires_at == datetime(2028, 3, 10, 12, tzinfo=UTC)


def test_a_screen_that_showed_a_new_student_does_not_sell_an_extension(desk: Desk) -> None:
    student, course = desk.student(), desk.course()
    desk.buy(student, course, extends=False)

    with pytest.raises(RuleRefused) as refused:
        desk.buy(student, course, extends=False)

    assert refused.value.reason is PurchaseRefusal.STALE_SCREEN
    assert str(refused.value) == (
        "Ada is in “SQL” by now, so buying it again would extend the access. Nothing was charged; "
        "look again first."
    )
    assert len(desk.sent()) == 1


@pytest.mark.parametrize("ended", ["refunded", "cancelled"])
def test_a_course_that_was_given_back_is_bought_anew(desk: Desk, ended: str) -> None:
    student, course = desk.student(), desk.course(max_students=1)
    first = desk.buy(student, course)
    _end(desk, student, course, first.payment_id, ended)
    assert (desk.enrolment(student, course).status, desk.seats(course)) == (ended, 0)
    later = desk.pass_time(days=10)

    again = desk.buy(student, course)

    enrolment = desk.enrolment(student, course)
    assert again.changes.message == (
        "Enrolled Ada in “SQL”. 49.00 USD paid by card. Access until 20 March 2027."
    )
    assert (enrolment.status, enrolment.enrolled_at) == ("active", later)
    assert (enrolment.refunded_at, enrolment.cancelled_at, enrolment.reason) == (None, None, None)
    assert desk.seats(course) == 1
    row = desk.row(t.courses, t.courses.c.course_id == course)
    assert row.total_enrollments == 1


@pytest.mark.parametrize("ended", ["refunded", "cancelled"])
def test_a_declined_second_purchase_leaves_the_enrolment_exactly_as_it_was(
    desk: Desk, ended: str
) -> None:
    student, course = desk.student(), desk.course()
    first = desk.buy(student, course)
    desk.pass_time(days=3)
    _end(desk, student, course, first.payment_id, ended)
    before = desk.enrolment(student, course)._asdict()
    access = desk.access(student, course)
    desk.pass_time(days=10)

    again = desk.buy(student, course, card="tok_insufficient_funds")

    assert again.changes.message == (
        "The card was declined: there is not enough money on it. Ada is not enrolled in “SQL”; "
        "nothing was charged."
    )
    after = desk.enrolment(student, course)._asdict()
    for counted in ("updated_at", "row_version"):
        del before[counted], after[counted]
    assert after == before
    assert desk.access(student, course) == access
    assert desk.seats(course) == 0


def test_a_student_who_had_done_every_lesson_has_completed_the_course_again(desk: Desk) -> None:
    student, course = desk.student(), desk.course()
    first = desk.buy(student, course)
    desk.make(do_lessons, student, course, done=3, of=3)
    desk.refund(first.payment_id or 0, override="Agreed on the phone")

    desk.buy(student, course)

    assert desk.enrolment(student, course).status == "completed"


def test_buying_what_a_subscription_had_opened_keeps_it_when_the_subscription_ends(
    desk: Desk,
) -> None:
    student, course = desk.student(), desk.course()
    subscription = desk.make(open_by_subscription, student, course)

    bought = desk.buy(student, course)
    desk.write(end_subscription, subscription)

    assert bought.outcome is PurchaseOutcome.COMPLETED
    enrolment = desk.enrolment(student, course)
    assert (enrolment.status, enrolment.source, enrolment.subscription_id) == (
        "active",
        "purchase",
        None,
    )


def _end(desk: Desk, student: int, course: int, payment_id: int | None, ended: str) -> None:
    if ended == "refunded":
        desk.refund(payment_id or 0)
    else:
        enrollment_id = desk.enrolment(student, course).enrollment_id
        desk.write(enrolments.cancel_enrolment, enrollment_id, reason="Asked for by phone")


def test_an_extension_that_is_awaited_is_not_sold_a_second_time(desk: Desk) -> None:
    student, course = desk.student(), desk.course()
    desk.buy(student, course)
    waiting = desk.buy(student, course, method=PaymentMethod.BANK_TRANSFER)

    with pytest.raises(RuleRefused) as refused:
        desk.buy(student, course)

    assert waiting.changes.message == (
        "49.00 USD by bank transfer is expected by 17 March 2026 at 12:00 to extend Ada's access "
        "to “SQL”; record the receipt when it comes."
    )
    assert refused.value.reason is PurchaseRefusal.HELD_ALREADY
    assert len(desk.payments()) == 2
