"""Money that people bring, holds that are cancelled, and money that comes too late."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.actors import Role, actor_of
from learnhub_desktop.domain.purchases import Purchase, PurchaseOutcome, PurchaseRefusal
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.errors import InvalidInput, NotAllowed, RuleRefused
from learnhub_desktop.services import outcomes, settling
from learnhub_desktop.services.refunds import record_payout
from tests.factories import NOW, make_enrolment, make_payment
from tests.services.desk import Desk
from tests.services.money_rows import change_course, change_rule

TRANSFER = PaymentMethod.BANK_TRANSFER


def pay(desk: Desk, payment_id: int | None, **values: Any) -> Purchase:
    chosen = {"reference": "TR-2026-7", "amount": Decimal(49), **values}
    return desk.write(settling.record_receipt, desk.where(payment_id or 0), **chosen)


def run_out(desk: Desk, payment_id: int | None) -> None:
    desk.pass_time(days=8)
    settling.resolve(desk.database, payment_id or 0, gateways=desk.gateways)


def test_a_receipt_completes_the_purchase_that_waited_for_it(desk: Desk) -> None:
    student, course = desk.student(), desk.course()
    waiting = desk.buy(student, course, method=TRANSFER)
    later = desk.pass_time(days=3)

    paid = pay(desk, waiting.payment_id, reference=" TR-2026-7 ")

    payment, enrolment = desk.payment(waiting.payment_id), desk.enrolment(student, course)
    assert paid.changes.message == (
        "Enrolled Ada in “SQL”. 49.00 USD paid by bank transfer. Access until 13 March 2027."
    )
    assert (payment.status, payment.gateway_reference) == ("completed", "TR-2026-7")
    # A bank's reference may repeat, so it is nobody's transaction id.
    assert payment.transaction_id is None
    assert (enrolment.status, enrolment.enrolled_at) == ("active", later)
    assert desk.events(waiting.payment_id) == [
        "initiated",
        "hold_placed",
        "receipt_recorded",
        "enrollment_created",
        "access_granted",
        "completion_confirmed",
    ]


def test_a_receipt_is_recorded_once(desk: Desk) -> None:
    waiting = desk.buy(desk.student(), desk.course(), method=TRANSFER)
    pay(desk, waiting.payment_id)

    with pytest.raises(RuleRefused, match=r"^This payment is settled already\.$"):
        pay(desk, waiting.payment_id)


def test_two_receipts_may_carry_one_reference(desk: Desk) -> None:
    course = desk.course()
    for _ in range(2):
        waiting = desk.buy(desk.student(), course, method=TRANSFER)
        assert pay(desk, waiting.payment_id).outcome is PurchaseOutcome.COMPLETED


@pytest.mark.parametrize(
    "reference, sentence",
    [
        ("", "The reference cannot be empty."),
        ("x" * 10_000, "The reference can have at most 100 characters; this has 10,000."),
        ("two\nlines", "The reference must stand on one line."),
    ],
)
def test_a_receipt_needs_a_reference_that_can_be_kept(
    desk: Desk, reference: str, sentence: str
) -> None:
    waiting = desk.buy(desk.student(), desk.course(), method=TRANSFER)

    with pytest.raises(InvalidInput) as wrong:
        pay(desk, waiting.payment_id, reference=reference)

    assert (wrong.value.field, str(wrong.value)) == ("reference", sentence)


def test_a_receipt_of_another_amount_is_refused(desk: Desk) -> None:
    waiting = desk.buy(desk.student(), desk.course(), method=TRANSFER)

    with pytest.raises(RuleRefused) as refused:
        pay(desk, waiting.payment_id, amount=Decimal("48.00"))

    assert str(refused.value) == (
        "The agreed amount is 49.00 USD. Record a receipt of that amount, or send the money back."
    )


def test_a_card_payment_takes_no_receipt(desk: Desk) -> None:
    bought = desk.buy(desk.student(), desk.course(), card="tok_lost_answer")

    with pytest.raises(RuleRefused) as refused:
        pay(desk, bought.payment_id)

    assert str(refused.value) == (
        "A receipt is recorded for a purchase by transfer or in cash, and this is none."
    )


def test_a_payment_of_another_program_for_no_course_takes_no_receipt(desk: Desk) -> None:
    payment = desk.make(
        make_payment, desk.student(), status="pending", payment_method="bank_transfer"
    )

    with pytest.raises(RuleRefused) as refused:
        pay(desk, payment)

    assert refused.value.reason is PurchaseRefusal.METHOD


def test_only_finance_records_a_receipt(desk: Desk) -> None:
    waiting = desk.buy(desk.student(), desk.course(), method=TRANSFER)
    desk.database._actor = actor_of("desk", Role.STAFF)

    with pytest.raises(NotAllowed, match="may not record receipts"):
        pay(desk, waiting.payment_id)


def test_a_receipt_after_the_hold_claims_a_seat_again_at_the_agreed_price(desk: Desk) -> None:
    student, course = desk.student(), desk.course(max_students=1)
    waiting = desk.buy(student, course, method=TRANSFER)
    run_out(desk, waiting.payment_id)
    assert desk.seats(course) == 0
    desk.make(change_course, course, price=Decimal(99))

    paid = pay(desk, waiting.payment_id)

    assert paid.outcome is PurchaseOutcome.COMPLETED
    assert desk.enrolment(student, course).status == "active"
    assert desk.seats(course) == 1
    payment = desk.payment(waiting.payment_id)
    assert (payment.status, payment.reason_code, payment.refund_due) == ("completed", None, False)


@pytest.mark.parametrize(
    "meanwhile", [{"enrolled_students": 1}, {"status": "archived"}, {"status": "draft"}]
)
def test_a_receipt_for_a_seat_that_is_gone_is_booked_and_due_back(
    desk: Desk, meanwhile: dict[str, Any]
) -> None:
    student, course = desk.student(), desk.course(max_students=1)
    waiting = desk.buy(student, course, method=TRANSFER)
    run_out(desk, waiting.payment_id)
    desk.make(change_course, course, **meanwhile)
    seats = desk.seats(course)

    paid = pay(desk, waiting.payment_id)

    assert paid.changes.warning
    assert paid.changes.message == (
        "49.00 USD of Ada came in, but “SQL” has no seat for it any more. The money must go back: "
        "refund it."
    )
    payment = desk.payment(waiting.payment_id)
    assert (payment.status, payment.refund_due) == ("completed", True)
    assert desk.events(waiting.payment_id)[-2:] == ["receipt_recorded", "refund_due"]
    assert (desk.enrolment(student, course).status, desk.seats(course)) == ("cancelled", seats)
    assert desk.rows(t.course_access) == []


def test_what_is_due_back_is_refunded_whatever_the_policy_says(desk: Desk) -> None:
    student, course = desk.student(), desk.course(max_students=1)
    waiting = desk.buy(student, course, method=TRANSFER)
    run_out(desk, waiting.payment_id)
    desk.make(change_course, course, enrolled_students=1)
    pay(desk, waiting.payment_id)
    desk.pass_time(days=300)

    asked = desk.refund(waiting.payment_id or 0)
    done = desk.write(record_payout, desk.where(asked.refund_id), reference="paid out by hand 3")

    assert asked.changes.message == (
        "49.00 USD for Ada is to be paid out by hand. Record it when it is done."
    )
    assert done.changes.message == "Refunded 49.00 USD to Ada. Access to “SQL” is as it was before."
    payment = desk.payment(waiting.payment_id)
    assert (payment.status, payment.refund_due) == ("refunded", False)
    assert desk.seats(course) == 1


def test_money_due_back_never_ends_what_a_later_purchase_paid_for(desk: Desk) -> None:
    student, course = desk.student(), desk.course(max_students=1)
    waiting = desk.buy(student, course, method=TRANSFER)
    run_out(desk, waiting.payment_id)
    desk.make(change_course, course, enrolled_students=1)
    pay(desk, waiting.payment_id)
    desk.make(change_course, course, enrolled_students=0)
    desk.buy(student, course)

    asked = desk.refund(waiting.payment_id or 0)
    desk.write(record_payout, desk.where(asked.refund_id), reference="3")

    assert desk.enrolment(student, course).status == "active"
    assert desk.access(student, course).ended_at is None
    assert desk.seats(course) == 1


def test_a_hold_of_a_course_that_was_archived_still_settles(desk: Desk) -> None:
    student, course = desk.student(), desk.course()
    waiting = desk.buy(student, course, method=TRANSFER)
    desk.make(change_course, course, status="archived")

    paid = pay(desk, waiting.payment_id)

    assert paid.outcome is PurchaseOutcome.COMPLETED
    assert desk.enrolment(student, course).status == "active"


def test_a_receipt_for_an_old_hold_takes_the_seat_of_the_new_one(desk: Desk) -> None:
    """Both holds are of one student; the seat is one, and the second purchase only extends."""
    student, course = desk.student(), desk.course(max_students=1)
    old = desk.buy(student, course, method=TRANSFER)
    run_out(desk, old.payment_id)
    new = desk.buy(student, course, method=TRANSFER)

    pay(desk, old.payment_id)
    run_out(desk, new.payment_id)

    assert (desk.enrolment(student, course).status, desk.seats(course)) == ("active", 1)
    assert desk.payment(new.payment_id).status == "failed"


def test_an_extension_that_runs_out_leaves_the_seat_of_another_hold(desk: Desk) -> None:
    student, course = desk.student(), desk.course(max_students=1)
    first = desk.buy(student, course)
    extension = desk.buy(student, course, method=TRANSFER)
    desk.refund(first.payment_id or 0)
    assert desk.seats(course) == 0
    # The extension is still open, so the student buys anew once it is cancelled; another
    # program has written the hold meanwhile.
    desk.make(_hold_by_hand, desk.enrolment(student, course).enrollment_id, course)
    desk.made_up = True

    run_out(desk, extension.payment_id)

    assert (desk.enrolment(student, course).status, desk.seats(course)) == ("pending", 1)


def _hold_by_hand(connection: Any, enrollment_id: int, course_id: int) -> None:
    connection.execute(
        t.enrollments.update()
        .where(t.enrollments.c.enrollment_id == enrollment_id)
        .values(status="pending", previous_status="refunded")
    )
    change_course(connection, course_id, enrolled_students=1)


@pytest.mark.parametrize("method", [TRANSFER, PaymentMethod.CASH])
def test_a_hold_is_cancelled_with_its_seat(desk: Desk, method: PaymentMethod) -> None:
    student, course = desk.student(), desk.course()
    waiting = desk.buy(student, course, method=method)

    cancelled = desk.write(settling.cancel_hold, desk.where(waiting.payment_id or 0))

    assert cancelled.changes.message == (
        "The hold was cancelled. Ada is not enrolled in “SQL”; nothing was charged."
    )
    assert desk.events(waiting.payment_id) == [
        "initiated",
        "hold_placed",
        "hold_released",
        "failed",
    ]
    assert (desk.enrolment(student, course).status, desk.seats(course)) == ("cancelled", 0)


def test_a_charge_that_was_sent_cannot_be_cancelled(desk: Desk) -> None:
    bought = desk.buy(desk.student(), desk.course(), card="tok_lost_answer")

    with pytest.raises(RuleRefused) as refused:
        desk.write(settling.cancel_hold, desk.where(bought.payment_id or 0))

    assert str(refused.value) == (
        "Only a hold that waits for a transfer, for cash or for a reviewer can be cancelled."
    )


def test_a_blocked_purchase_takes_no_money(desk: Desk) -> None:
    desk.make(change_rule, "amount", action="block")
    blocked = desk.buy(
        desk.student(), desk.course(price=Decimal(600)), price=Decimal(600), method=TRANSFER
    )

    with pytest.raises(RuleRefused) as refused:
        pay(desk, blocked.payment_id, amount=Decimal(600))

    assert str(refused.value) == "This purchase was blocked. Send the money back."


class TestMoneyThatIsThereAfterAll:
    """The payment failed here, yet the gateway has taken the money: it is booked."""

    def fail(self, desk: Desk, student: int, course: int) -> int:
        bought = desk.buy(student, course, card="tok_lost_answer")
        place = desk.where(bought.payment_id or 0)
        desk.write(outcomes.decline, place, "declined")
        return place.payment_id

    def test_it_takes_a_seat_again(self, desk: Desk) -> None:
        student, course = desk.student(), desk.course(max_students=1)
        payment_id = self.fail(desk, student, course)

        settled = desk.write(outcomes.settle, desk.where(payment_id), "ref-1")

        assert settled.outcome is PurchaseOutcome.COMPLETED
        assert desk.payment(payment_id).transaction_id == "ref-1"
        assert (desk.enrolment(student, course).status, desk.seats(course)) == ("active", 1)

    def test_without_a_seat_it_is_due_back(self, desk: Desk) -> None:
        student, course = desk.student(), desk.course(max_students=1)
        payment_id = self.fail(desk, student, course)
        desk.buy(desk.student(), course)

        settled = desk.write(outcomes.settle, desk.where(payment_id), "ref-1")

        assert settled.changes.warning
        assert desk.payment(payment_id).refund_due
        assert desk.seats(course) == 1

    def test_a_completed_payment_is_not_completed_again(self, desk: Desk) -> None:
        student, course = desk.student(), desk.course()
        bought = desk.buy(student, course)
        before = desk.payment(bought.payment_id), desk.access(student, course)

        told = desk.write(outcomes.settle, desk.where(bought.payment_id or 0), "ref-2")

        assert told.replayed
        assert (desk.payment(bought.payment_id), desk.access(student, course)) == before


def test_a_gateways_reference_that_is_known_already_does_not_lose_the_payment(desk: Desk) -> None:
    student, course = desk.student(), desk.course()
    order = desk.order(student, course)
    known = desk.make(make_payment, desk.student())
    bought = desk.buy(student, course, key=order.key, card="tok_lost_answer")
    [entry] = desk.sent()
    desk.make(_give_transaction_id, known, entry.reference)

    settled = settling.resolve(desk.database, bought.payment_id or 0, gateways=desk.gateways)

    payment = desk.payment(bought.payment_id)
    assert settled.outcome is PurchaseOutcome.COMPLETED
    assert (payment.transaction_id, payment.gateway_reference) == (None, entry.reference)


def _give_transaction_id(connection: Any, payment_id: int, transaction_id: str) -> None:
    connection.execute(
        t.payments.update()
        .where(t.payments.c.payment_id == payment_id)
        .values(transaction_id=transaction_id)
    )


def test_the_end_of_a_hold_is_said_in_the_schools_time(desk: Desk) -> None:
    desk.make(lambda connection: connection.execute(
        t.school_settings.update().values(time_zone="Asia/Tokyo")
    ))  # fmt: skip
    desk.clock.now = datetime(2026, 3, 10, 20, 30, tzinfo=UTC)

    waiting = desk.buy(desk.student(), desk.course(), method=PaymentMethod.CASH)

    assert "until 12 March 2026 at 05:30." in waiting.changes.message


def test_an_enrolment_of_another_program_without_a_hold_is_given_back(desk: Desk) -> None:
    """Half-made by another program: pending, with a payment that has no events."""
    student, course = desk.student(), desk.course(enrolled_students=1)
    enrolment = desk.make(make_enrolment, student, course, status="pending")
    payment = desk.make(
        make_payment,
        student,
        status="pending",
        payment_method="cash",
        enrollment_id=enrolment,
        course_id=course,
        hold_expires_at=NOW,
    )

    settling.resolve(desk.database, payment, gateways=desk.gateways)

    assert (desk.enrolment(student, course).status, desk.seats(course)) == ("cancelled", 0)
