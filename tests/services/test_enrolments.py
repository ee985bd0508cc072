"""Enrolling by hand, one and many, and cancelling without a refund."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.actors import Role, actor_of
from learnhub_desktop.domain.purchases import PurchaseRefusal
from learnhub_desktop.domain.states import PaymentMethod
from learnhub_desktop.errors import (
    InvalidInput,
    NotAllowed,
    NotFound,
    RuleRefused,
)
from learnhub_desktop.services import enrolments, settling
from learnhub_desktop.services.enrolments import EnrolRefusal
from tests.factories import NOW, make_enrolment
from tests.services.desk import Desk
from tests.services.money_rows import change_course, require_course, set_progress


def by_hand(desk: Desk, student: int, course: int, **values: Any) -> Any:
    chosen = {"reason": "Won a prize", **values}
    return desk.write(enrolments.enrol_by_hand, student_id=student, course_id=course, **chosen)


def cancel(desk: Desk, student: int, course: int, reason: str = "Asked for by phone") -> Any:
    enrollment_id = desk.enrolment(student, course).enrollment_id
    return desk.write(enrolments.cancel_enrolment, enrollment_id, reason=reason)


def test_enrolling_by_hand_takes_a_seat_and_no_money(desk: Desk) -> None:
    student, course = desk.student(), desk.course(max_students=1)

    changes = by_hand(desk, student, course, reason=" Won a prize ")

    enrolment = desk.enrolment(student, course)
    assert changes.message == (
        "Enrolled Ada in “SQL” without a payment. Access until 10 March 2027."
    )
    assert changes.subject_id == enrolment.enrollment_id
    assert (enrolment.status, enrolment.source, enrolment.reason) == (
        "active",
        "staff",
        "Won a prize",
    )
    assert enrolment.enrolled_at == enrolment.activated_at == NOW
    assert desk.access(student, course).access_expires_at == datetime(2027, 3, 10, 12, tzinfo=UTC)
    assert (desk.seats(course), desk.payments()) == (1, [])


def test_a_cancelled_student_is_enrolled_again(desk: Desk) -> None:
    student, course = desk.student(), desk.course()
    desk.buy(student, course)
    cancel(desk, student, course)
    later = desk.pass_time(days=5)

    by_hand(desk, student, course)

    enrolment = desk.enrolment(student, course)
    assert (enrolment.status, enrolment.source, enrolment.enrolled_at) == ("active", "staff", later)
    assert (enrolment.cancelled_at, enrolment.reason) == (None, "Won a prize")
    assert desk.seats(course) == 1


REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], Any, str]] = {
    "deleted": (
        {"deleted_at": NOW},
        {},
        PurchaseRefusal.NO_STUDENT,
        "This account was deleted.",
    ),
    "instructor": (
        {"user_type": "instructor"},
        {},
        PurchaseRefusal.NO_STUDENT,
        "Ada is an instructor, and only students are enrolled.",
    ),
    "full": (
        {},
        {"max_students": 2, "enrolled_students": 2},
        PurchaseRefusal.COURSE_FULL,
        "“SQL” is full: all 2 seats are taken.",
    ),
    "archived": (
        {},
        {"status": "archived"},
        PurchaseRefusal.COURSE_NOT_LIVE,
        "“SQL” is archived and takes no new enrolments.",
    ),
    "draft": (
        {},
        {"status": "draft"},
        PurchaseRefusal.COURSE_NOT_LIVE,
        "“SQL” is a draft. Make it active before anyone enrols.",
    ),
}


@pytest.mark.parametrize("student, course, reason, sentence", REFUSED.values(), ids=REFUSED.keys())
def test_enrolling_by_hand_is_refused_for_the_same_reasons_as_a_purchase(
    desk: Desk, student: dict[str, Any], course: dict[str, Any], reason: Any, sentence: str
) -> None:
    student_id, course_id = desk.student(**student), desk.course(**course)
    seats = desk.seats(course_id)

    with pytest.raises(RuleRefused) as refused:
        by_hand(desk, student_id, course_id)

    assert (refused.value.reason, str(refused.value)) == (reason, sentence)
    assert (desk.rows(t.enrollments), desk.seats(course_id)) == ([], seats)


def test_who_is_enrolled_already_is_not_enrolled_again(desk: Desk) -> None:
    student, course = desk.student(), desk.course()
    by_hand(desk, student, course)
    access = desk.access(student, course)

    with pytest.raises(RuleRefused, match=r"^Ada is enrolled in “SQL” already\.$"):
        by_hand(desk, student, course)

    assert desk.access(student, course) == access


def test_a_purchase_that_waits_comes_first(desk: Desk) -> None:
    student, course = desk.student(), desk.course()
    waiting = desk.buy(student, course, method=PaymentMethod.CASH)

    with pytest.raises(RuleRefused) as refused:
        by_hand(desk, student, course)

    assert str(refused.value) == (
        f"A purchase of this course is waiting already (payment {waiting.payment_id}). "
        "Settle it first."
    )


def test_missing_prerequisites_are_named_and_may_be_overridden(desk: Desk) -> None:
    student, course = desk.student(), desk.course()
    for title in ("Logic", "Basics"):
        desk.make(require_course, course, desk.course(title=title))

    with pytest.raises(RuleRefused) as refused:
        by_hand(desk, student, course)

    assert str(refused.value) == "Ada has to complete “Basics” and “Logic” first."
    by_hand(desk, student, course, override_prerequisites=True)
    assert desk.enrolment(student, course).status == "active"


@pytest.mark.parametrize(
    "reason, sentence",
    [
        ("", "The reason cannot be empty."),
        ("x" * 10_000, "The reason can have at most 500 characters; this has 10,000."),
    ],
)
def test_a_reason_is_needed_and_must_fit(desk: Desk, reason: str, sentence: str) -> None:
    student, course = desk.student(), desk.course()

    with pytest.raises(InvalidInput) as wrong:
        by_hand(desk, student, course, reason=reason)

    assert str(wrong.value) == sentence


def test_a_missing_student_or_course_is_said(desk: Desk) -> None:
    with pytest.raises(NotFound, match=r"^There is no student with the number 999\.$"):
        by_hand(desk, 999, desk.course())
    with pytest.raises(NotFound, match=r"^There is no course with the number 999\.$"):
        by_hand(desk, desk.student(), 999)


class TestCancelling:
    """Staff end an enrolment; what was paid stays paid."""

    def test_access_ends_the_seat_is_free_and_no_money_moves(self, desk: Desk) -> None:
        student, course = desk.student(), desk.course()
        bought = desk.buy(student, course)
        later = desk.pass_time(days=40)

        changes = cancel(desk, student, course)

        enrolment, access = desk.enrolment(student, course), desk.access(student, course)
        assert changes.message == (
            "Cancelled Ada's enrolment in “SQL”. Access has ended and the seat is free; no money "
            "went back."
        )
        assert (enrolment.status, enrolment.cancelled_at, enrolment.reason) == (
            "cancelled",
            later,
            "Asked for by phone",
        )
        assert (access.ended_at, access.access_expires_at, access.end_reason) == (
            later,
            later,
            "cancelled",
        )
        assert desk.seats(course) == 0
        assert desk.payment(bought.payment_id).status == "completed"

    def test_it_is_done_once(self, desk: Desk) -> None:
        student, course = desk.student(), desk.course()
        desk.buy(student, course)
        desk.buy(desk.student(), course)
        cancel(desk, student, course)

        with pytest.raises(RuleRefused) as refused:
            cancel(desk, student, course)

        assert refused.value.reason is EnrolRefusal.NOT_ENROLLED
        assert str(refused.value) == "Ada is not in “SQL” any more."
        assert desk.seats(course) == 1

    @pytest.mark.parametrize("extends", [False, True])
    def test_not_while_a_payment_for_it_is_open(self, desk: Desk, extends: bool) -> None:
        student, course = desk.student(), desk.course()
        if extends:
            desk.buy(student, course)
        waiting = desk.buy(student, course, method=PaymentMethod.BANK_TRANSFER)

        with pytest.raises(RuleRefused) as refused:
            cancel(desk, student, course)

        assert str(refused.value) == (
            f"A purchase of “SQL” by Ada is not settled yet (payment {waiting.payment_id}). Settle "
            "or cancel the payment first."
        )
        desk.write(settling.cancel_hold, desk.where(waiting.payment_id or 0))
        if extends:
            cancel(desk, student, course)
        assert desk.enrolment(student, course).status == "cancelled"

    def test_what_another_program_left_half_made_can_be_cancelled(self, desk: Desk) -> None:
        student, course = desk.student(), desk.course(enrolled_students=1)
        desk.make(make_enrolment, student, course, status="pending")

        cancel(desk, student, course)

        assert (desk.enrolment(student, course).status, desk.seats(course)) == ("cancelled", 0)

    def test_an_instructor_cancels_nothing(self, desk: Desk) -> None:
        student, course = desk.student(), desk.course()
        desk.buy(student, course)
        desk.database._actor = actor_of("desk", Role.INSTRUCTOR)

        with pytest.raises(NotAllowed, match="may not enrol students"):
            cancel(desk, student, course)


class TestPreview:
    """What the dialog shows before its button."""

    def test_progress_that_stays_is_told_with_what_it_means_for_a_refund(self, desk: Desk) -> None:
        student, course = desk.student(), desk.course()
        first = desk.buy(student, course)
        desk.make(set_progress, student, course, "20.00")
        assert desk.read(enrolments.preview, student, course).refund_note == ""
        desk.make(set_progress, student, course, "35.50")
        desk.refund(first.payment_id or 0, override="Agreed")

        shown = desk.read(enrolments.preview, student, course)

        assert shown.refund_note == (
            "Ada has done 35.5 % of this course. Progress stays, so a refund (granted up to 20 %) "
            "will be refused."
        )
        assert (shown.enrolment, shown.extends, shown.progress_percent) == (
            "refunded",
            False,
            Decimal("35.50"),
        )

    def test_it_shows_price_balance_and_seats(self, desk: Desk) -> None:
        student = desk.student(account_balance=Decimal(12))
        course = desk.course(max_students=3, enrolled_students=1)

        shown = desk.read(enrolments.preview, student, course)

        assert (shown.price, shown.currency, shown.seats_left) == (Decimal(49), "USD", 2)
        assert (shown.balance, shown.balance_currency) == (Decimal(12), "USD")
        assert shown.access_until == datetime(2027, 3, 10, 12, tzinfo=UTC)
        desk.make(change_course, course, max_students=None)
        assert desk.read(enrolments.preview, student, course).seats_left is None

    def test_what_is_gone_is_said(self, desk: Desk) -> None:
        with pytest.raises(NotFound, match=r"^This student or course is gone\. Reload and try"):
            desk.read(enrolments.preview, desk.student(), 999)
