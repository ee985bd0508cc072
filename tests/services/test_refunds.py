"""Refunds: reserved, sent, settled; what each leaves, and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.actors import Role, actor_of
from learnhub_desktop.domain.changes import Touched
from learnhub_desktop.domain.refunds import RefundTo, Refusal
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.errors import InvalidInput, NotAllowed, NotFound, RuleRefused
from learnhub_desktop.gateways import EntryKind
from learnhub_desktop.services import refund_rules
from learnhub_desktop.services.enrolments import cancel_enrolment
from learnhub_desktop.services.refund_words import RefundOutcome
from tests.factories import NOW, make_payment
from tests.services.desk import Desk
from tests.services.money_rows import change_user, do_lessons, set_progress


def bought(desk: Desk, **values: Any) -> tuple[int, int, int]:
    """A student, a course, and the payment for it."""
    student, course = desk.student(), desk.course(max_students=5)
    payment_id = desk.buy(student, course, **values).payment_id
    assert payment_id is not None
    return student, course, payment_id


def test_a_full_refund_ends_access_and_frees_the_seat(desk: Desk) -> None:
    student, course, payment_id = bought(desk)
    later = desk.pass_time(days=10)

    refunded = desk.refund(payment_id, key="back-1", comment=" Bought twice ", reason="duplicate")

    assert refunded.outcome is RefundOutcome.COMPLETED
    assert refunded.changes.message == (
        "Refunded 49.00 USD to Ada. Access to “SQL” has ended, and the seat is free."
    )
    assert refunded.changes.touched & (Touched.PAYMENTS | Touched.ENROLMENTS | Touched.CATALOG)
    charge, row = desk.payment(payment_id), desk.payment(refunded.refund_id)
    assert (charge.status, charge.refunded_amount) == ("refunded", Decimal(49))
    assert (row.kind, row.status, row.amount) == ("refund", "completed", Decimal(49))
    assert (row.refunds_payment_id, row.reason_code, row.comment) == (
        payment_id,
        "duplicate",
        "Bought twice",
    )
    assert (row.processed_at, row.idempotency_key) == (later, "back-1")
    enrolment, access = desk.enrolment(student, course), desk.access(student, course)
    assert (enrolment.status, enrolment.refunded_at, enrolment.completed_at) == (
        "refunded",
        later,
        None,
    )
    assert (access.ended_at, access.access_expires_at, access.end_reason) == (
        later,
        later,
        "refunded",
    )
    assert desk.seats(course) == 0
    sent = desk.sent()[-1]
    assert (sent.kind, sent.amount, sent.key) == (EntryKind.REFUND, Decimal(49), "back-1")
    assert desk.events(refunded.refund_id) == [
        "refund_requested",
        "refund_gateway_called",
        "refund_gateway_success",
        "refund_completed",
    ]
    assert desk.events(payment_id)[-1] == "access_ended"


def test_a_partial_refund_leaves_the_enrolment(desk: Desk) -> None:
    student, course, payment_id = bought(desk)

    refunded = desk.refund(payment_id, amount=Decimal("19.50"))

    assert refunded.changes.message == (
        "Refunded 19.50 USD to Ada. 29.50 USD of the payment is left; access to “SQL” stays."
    )
    charge = desk.payment(payment_id)
    assert (charge.status, charge.refunded_amount) == ("partially_refunded", Decimal("19.50"))
    assert (desk.enrolment(student, course).status, desk.seats(course)) == ("active", 1)


def test_partial_refunds_add_up_to_a_full_one(desk: Desk) -> None:
    student, course, payment_id = bought(desk)
    desk.refund(payment_id, amount=Decimal(20))
    desk.refund(payment_id, amount=Decimal(28))

    last = desk.refund(payment_id)

    assert desk.payment(last.refund_id).amount == Decimal(1)
    assert desk.payment(payment_id).status == "refunded"
    assert (desk.enrolment(student, course).status, desk.seats(course)) == ("refunded", 0)


def test_the_same_amount_twice_in_a_day_is_confirmed_first(desk: Desk) -> None:
    _, _, payment_id = bought(desk)
    desk.refund(payment_id, amount=Decimal(10))
    desk.pass_time(hours=23)

    with pytest.raises(RuleRefused) as refused:
        desk.refund(payment_id, amount=Decimal(10))

    assert refused.value.reason is Refusal.REPEATED
    assert str(refused.value) == (
        "10.00 USD of this payment went back within the last 24 hours already. Confirm once more "
        "if it should go back again."
    )
    desk.refund(payment_id, amount=Decimal(10), confirmed_again=True)
    desk.pass_time(hours=25)
    desk.refund(payment_id, amount=Decimal(10))
    assert desk.payment(payment_id).refunded_amount == Decimal(30)


def test_a_refund_to_the_balance_needs_no_gateway(desk: Desk) -> None:
    student, course, payment_id = bought(desk)

    refunded = desk.refund(payment_id, to=RefundTo.BALANCE)

    assert refunded.changes.message == (
        "Refunded 49.00 USD to the balance of Ada. Access to “SQL” has ended, and the seat is free."
    )
    assert desk.balance(student) == Decimal(49)
    [movement] = desk.rows(t.balance_movements)
    assert (movement.kind, movement.amount, movement.payment_id) == (
        "refund",
        Decimal(49),
        refunded.refund_id,
    )
    row = desk.payment(refunded.refund_id)
    assert (row.payment_method, row.payment_gateway) == ("account_balance", "balance")
    assert len(desk.sent()) == 1


def test_what_the_balance_paid_goes_back_to_it(desk: Desk) -> None:
    student, course = desk.student(account_balance=Decimal(49)), desk.course()
    paid = desk.buy(student, course, method=PaymentMethod.ACCOUNT_BALANCE)

    desk.refund(paid.payment_id or 0)

    assert desk.balance(student) == Decimal(49)
    assert desk.sent() == []


@pytest.mark.parametrize(
    "student, sentence",
    [
        (
            {"balance_currency": "EUR"},
            "The balance of Ada is kept in EUR, and this payment was made in USD. Refund to the "
            "original method instead.",
        ),
        (
            {"deleted_at": NOW},
            "This account was deleted, so nobody could use its balance. Refund to the original "
            "method instead.",
        ),
    ],
)
def test_a_balance_that_cannot_take_it_is_refused(
    desk: Desk, student: dict[str, Any], sentence: str
) -> None:
    student_id, _, payment_id = bought(desk)
    desk.make(change_user, student_id, **student)

    with pytest.raises(RuleRefused) as refused:
        desk.refund(payment_id, to=RefundTo.BALANCE)

    assert (refused.value.reason, str(refused.value)) == (Refusal.NOT_TO_BALANCE, sentence)
    assert not desk.read(refund_rules.preview, payment_id).may_go_to_balance
    assert desk.payment(payment_id).refunded_amount == 0


class TestPolicy:
    """30 calendar days and 20 %, both inside; past that finance decides, with a reason."""

    def test_day_31_is_refused_and_finance_grants_it_with_a_reason(self, desk: Desk) -> None:
        _, _, payment_id = bought(desk)
        desk.pass_time(days=31)

        with pytest.raises(RuleRefused) as refused:
            desk.refund(payment_id)

        assert refused.value.reason is Refusal.TOO_LATE
        assert str(refused.value) == (
            "The 30 days for a refund ended on 9 April 2026. Finance can grant it all the same, "
            "with a reason."
        )
        shown = desk.read(refund_rules.preview, payment_id)
        assert (shown.refusal, shown.is_policy, shown.may_override) == (
            "The 30 days for a refund ended on 9 April 2026.",
            True,
            True,
        )
        granted = desk.refund(payment_id, comment="Was ill.", override="A doctor's letter")
        assert desk.payment(granted.refund_id).comment == (
            "Was ill. Past the policy: A doctor's letter"
        )

    def test_staff_may_not_go_past_the_policy(self, desk: Desk) -> None:
        _, _, payment_id = bought(desk)
        desk.pass_time(days=31)
        desk.database._actor = actor_of("desk", Role.STAFF)

        with pytest.raises(NotAllowed, match="may not refund past the policy"):
            desk.refund(payment_id, override="Please")
        assert not desk.read(refund_rules.preview, payment_id).may_override

    def test_an_instructor_refunds_nothing(self, desk: Desk) -> None:
        _, _, payment_id = bought(desk)
        desk.database._actor = actor_of("desk", Role.INSTRUCTOR)

        with pytest.raises(NotAllowed, match="may not refund payments"):
            desk.refund(payment_id)
        with pytest.raises(NotAllowed):
            desk.read(refund_rules.preview, payment_id)

    def test_progress_that_another_program_wrote_is_counted_first(self, desk: Desk) -> None:
        student, course, payment_id = bought(desk)
        desk.make(do_lessons, student, course, done=1, of=3)
        assert desk.enrolment(student, course).progress_percentage == 0

        shown = desk.read(refund_rules.preview, payment_id)
        with pytest.raises(RuleRefused) as refused:
            desk.refund(payment_id)

        sentence = "33.33 % of the course is done; refunds are granted up to 20 %."
        assert shown.refusal == sentence
        assert str(refused.value) == f"{sentence} Finance can grant it all the same, with a reason."

    @pytest.mark.parametrize("percent, granted", [("20.00", True), ("20.01", False)])
    def test_twenty_per_cent_is_inside(self, desk: Desk, percent: str, granted: bool) -> None:
        student, course, payment_id = bought(desk)
        desk.make(set_progress, student, course, percent)

        shown = desk.read(refund_rules.preview, payment_id)

        assert (shown.refusal == "") is granted

    def test_an_extension_has_its_own_days(self, desk: Desk) -> None:
        student, course, first = bought(desk)
        desk.pass_time(days=100)
        extension = desk.buy(student, course).payment_id

        assert desk.read(refund_rules.preview, first).refusal != ""
        assert desk.read(refund_rules.preview, extension).refusal == ""

    def test_buying_anew_does_not_reopen_the_days_of_what_was_paid_before(self, desk: Desk) -> None:
        student, course, first = bought(desk)
        desk.write(
            cancel_enrolment, desk.enrolment(student, course).enrollment_id, reason="By phone"
        )
        desk.pass_time(days=100)
        second = desk.buy(student, course).payment_id

        assert desk.read(refund_rules.preview, first).refusal == (
            "The 30 days for a refund ended on 9 April 2026."
        )
        assert desk.read(refund_rules.preview, second).refusal == ""


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "pending": (
        {"status": "pending"},
        "This payment is not completed yet, so there is nothing to refund.",
    ),
    "unknown": (
        {"status": "unknown"},
        "It is not known yet whether this payment went through. Ask the gateway first.",
    ),
    "failed": ({"status": "failed"}, "This payment failed, so there is nothing to refund."),
    "disputed": (
        {"status": "disputed"},
        "This payment is disputed at the card's bank, which decides where the money goes.",
    ),
    "refunded": (
        {"status": "refunded", "refunded_amount": Decimal(49)},
        "All of this payment went back already.",
    ),
    "on its way": (
        {"status": "completed", "refunded_amount": Decimal(49)},
        "All of this payment is on its way back.",
    ),
}


@pytest.mark.parametrize("values, sentence", REFUSED.values(), ids=REFUSED.keys())
def test_a_payment_without_money_to_give_back_is_refused(
    desk: Desk, values: dict[str, Any], sentence: str
) -> None:
    payment_id = desk.make(make_payment, desk.student(), **values)

    with pytest.raises(RuleRefused) as refused:
        desk.refund(payment_id, override="All the same")

    assert str(refused.value) == sentence
    shown = desk.read(refund_rules.preview, payment_id)
    assert (shown.refusal, shown.is_policy) == (sentence, False)
    assert len(desk.payments()) == 1


def test_a_refund_itself_is_not_refunded(desk: Desk) -> None:
    _, _, payment_id = bought(desk)
    back = desk.refund(payment_id)

    with pytest.raises(RuleRefused, match=r"^This is a refund itself\.$"):
        desk.refund(back.refund_id)
    assert desk.read(refund_rules.preview, back.refund_id).refusal == "This is a refund itself."


def test_more_than_is_left_is_refused(desk: Desk) -> None:
    _, _, payment_id = bought(desk)
    desk.refund(payment_id, amount=Decimal(40))

    with pytest.raises(RuleRefused) as refused:
        desk.refund(payment_id, amount=Decimal("9.01"))

    assert str(refused.value) == "Only 9.00 USD of this payment is left."


def test_another_desks_refund_meanwhile_is_noticed(desk: Desk) -> None:
    _, _, payment_id = bought(desk)
    order = desk.refund_order(payment_id, amount=Decimal(20))
    desk.refund(payment_id, amount=Decimal(10))

    with pytest.raises(RuleRefused) as refused:
        desk.give_back(order)

    assert refused.value.reason is Refusal.STALE_SCREEN
    assert str(refused.value) == (
        "Meanwhile 10.00 USD of this payment is refunded or on its way back. Reload, look again, "
        "then decide."
    )


@pytest.mark.parametrize(
    "values, field, sentence",
    [
        ({"amount": Decimal(0)}, "amount", "The amount must be above zero."),
        ({"amount": Decimal(-5)}, "amount", "The amount cannot be below zero."),
        ({"amount": Decimal("1.005")}, "amount", "The amount can have at most two decimals."),
        (
            {"comment": "x" * 10_000},
            "comment",
            "The comment can have at most 2,000 characters; this has 10,000.",
        ),
        ({"override": ""}, "override", "The reason cannot be empty."),
        (
            {"override": "x" * 501},
            "override",
            "The reason can have at most 500 characters; this has 501.",
        ),
        ({"key": "\t"}, "key", "A key has 1 to 100 plain letters, digits and signs."),
    ],
)
def test_what_cannot_be_kept_is_said_of_its_field(
    desk: Desk, values: dict[str, Any], field: str, sentence: str
) -> None:
    _, _, payment_id = bought(desk)

    with pytest.raises(InvalidInput) as wrong:
        desk.refund(payment_id, **values)

    assert (wrong.value.field, str(wrong.value)) == (field, sentence)
    assert len(desk.payments()) == 1


def test_a_comment_and_a_reason_must_fit_together(desk: Desk) -> None:
    _, _, payment_id = bought(desk)
    desk.pass_time(days=31)

    with pytest.raises(InvalidInput) as wrong:
        desk.refund(payment_id, comment="x" * 1_990, override="Agreed")

    assert str(wrong.value) == (
        "The comment, with the reason beside it, can have at most 2,000 characters; this has 2,014."
    )
    assert desk.payment(payment_id).refunded_amount == 0


def test_a_payment_that_is_not_there_is_said(desk: Desk) -> None:
    order = replace(desk.refund_order(bought(desk)[2]), payment_id=999)

    with pytest.raises(NotFound, match=r"^There is no payment with the number 999\.$"):
        desk.give_back(order)
