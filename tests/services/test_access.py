from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.access import AccessState, NextStep
from learnhub_desktop.domain.actors import Role
from learnhub_desktop.errors import NotFound
from learnhub_desktop.services import access
from tests.factories import NOW, make_course, make_enrolment, make_payment, make_student
from tests.services.course_rows import (
    Class,
    acting_as,
    any_uow,
    make_access,
    make_alert,
    make_subscription,
)

__all__ = ["any_uow"]

JUNE = datetime(2026, 6, 30, 10, 0, tzinfo=UTC)


def test_access_that_is_open_is_said_with_its_last_day(any_uow: UnitOfWork) -> None:
    ada = Class(any_uow.connection)
    make_access(any_uow.connection, ada.student_id, ada.course_id, access_expires_at=JUNE)

    found = access.explain_access(any_uow, ada.student_id, ada.course_id)

    assert (found.state, found.sentence) == (AccessState.OPEN, "Open until 30 June 2026.")
    assert found.until == JUNE


def test_days_are_said_in_the_schools_time_zone(uow: UnitOfWork) -> None:
    uow.settings.update({"time_zone": "Asia/Tokyo"})
    ada = Class(uow.connection)
    make_access(
        uow.connection,
        ada.student_id,
        ada.course_id,
        access_expires_at=datetime(2026, 6, 30, 20, 0, tzinfo=UTC),
    )

    found = access.explain_access(uow, ada.student_id, ada.course_id)

    assert found.sentence == "Open until 1 July 2026."


def test_a_student_who_never_enrolled_is_told_so(any_uow: UnitOfWork) -> None:
    student, course = make_student(any_uow.connection), make_course(any_uow.connection)

    found = access.explain_access(any_uow, student, course)

    assert found.state is AccessState.NEVER_ENROLLED
    assert found.steps == (NextStep.ENROL,)


def test_a_purchase_that_waits_names_its_payment_and_its_end(any_uow: UnitOfWork) -> None:
    ada = Class(any_uow.connection, status="pending")
    payment = make_payment(
        any_uow.connection,
        ada.student_id,
        course_id=ada.course_id,
        enrollment_id=ada.enrolment_id,
        status="pending",
        payment_method="bank_transfer",
        hold_expires_at=JUNE,
    )

    found = access.explain_access(any_uow, ada.student_id, ada.course_id)

    assert found.sentence == (
        "Not open yet: 49.00 USD by bank transfer is awaited. "
        "The seat is held until 30 June 2026 at 10:00."
    )
    assert found.payment_id == payment


def test_a_purchase_that_is_verified_names_the_reviewer(any_uow: UnitOfWork) -> None:
    ada = Class(any_uow.connection, status="pending")
    payment = make_payment(
        any_uow.connection,
        ada.student_id,
        course_id=ada.course_id,
        status="pending",
        hold_expires_at=JUNE,
    )
    make_alert(any_uow.connection, ada.student_id, payment, action="flag")
    make_alert(any_uow.connection, ada.student_id, payment, action="require_verification")

    found = access.explain_access(any_uow, ada.student_id, ada.course_id)

    assert found.state is AccessState.WAITING_FOR_VERIFICATION


def test_a_blocked_purchase_is_told_from_a_declined_one(any_uow: UnitOfWork) -> None:
    blocked, declined = Class(any_uow.connection), Class(any_uow.connection)
    for case in (blocked, declined):
        any_uow.enrolments.update(case.enrolment_id, status="cancelled", activated_at=None)
        payment = make_payment(
            any_uow.connection, case.student_id, course_id=case.course_id, status="failed"
        )
        if case is blocked:
            make_alert(any_uow.connection, case.student_id, payment, action="block")

    said = [
        access.explain_access(any_uow, case.student_id, case.course_id).sentence
        for case in (blocked, declined)
    ]

    assert said == [
        "Not open: the fraud check blocked the payment of 10 March 2026, and nothing was charged.",
        "Not open: the payment of 10 March 2026 did not go through, and nothing was charged.",
    ]


def test_a_refund_is_said_with_its_amount_and_day(any_uow: UnitOfWork) -> None:
    ada = Class(any_uow.connection)
    any_uow.enrolments.update(ada.enrolment_id, status="refunded", refunded_at=NOW)
    charge = make_payment(
        any_uow.connection,
        ada.student_id,
        course_id=ada.course_id,
        status="refunded",
        refunded_amount=Decimal("49.00"),
    )
    make_payment(
        any_uow.connection,
        ada.student_id,
        course_id=ada.course_id,
        kind="refund",
        refunds_payment_id=charge,
    )
    make_access(
        any_uow.connection,
        ada.student_id,
        ada.course_id,
        access_expires_at=NOW,
        ended_at=NOW,
        end_reason="refunded",
    )

    found = access.explain_access(any_uow, ada.student_id, ada.course_id)

    assert found.sentence == (
        "Not open: the course was refunded on 10 March 2026. 49.00 USD went back, and access ended."
    )


def test_nobody_without_the_right_to_payments_reads_an_amount(uow: UnitOfWork) -> None:
    ada = Class(uow.connection, status="pending", hold_expires_at=JUNE)
    make_payment(
        uow.connection,
        ada.student_id,
        course_id=ada.course_id,
        status="pending",
        hold_expires_at=JUNE,
    )

    found = access.explain_access(acting_as(uow, Role.INSTRUCTOR), ada.student_id, ada.course_id)

    assert found.sentence == (
        "Not open yet: a seat is held until 30 June 2026 at 10:00, and the payment is awaited."
    )
    assert found.payment_id is None


def test_a_disputed_payment_is_mentioned_beside_open_access(any_uow: UnitOfWork) -> None:
    ada = Class(any_uow.connection)
    make_access(any_uow.connection, ada.student_id, ada.course_id)
    make_payment(any_uow.connection, ada.student_id, course_id=ada.course_id, status="disputed")

    found = access.explain_access(any_uow, ada.student_id, ada.course_id)

    assert found.sentence == (
        "Open for life. The payment is disputed at the card’s bank; access stays until it decides."
    )


def test_access_by_subscription_names_it(any_uow: UnitOfWork) -> None:
    student, course = make_student(any_uow.connection), make_course(any_uow.connection)
    subscription = make_subscription(
        any_uow.connection, student, status="past_due", current_period_end=date(2026, 3, 1)
    )
    make_enrolment(
        any_uow.connection,
        student,
        course,
        source="subscription",
        subscription_id=subscription,
    )
    make_access(any_uow.connection, student, course, access_expires_at=NOW - timedelta(days=9))

    found = access.explain_access(any_uow, student, course)

    assert found.state is AccessState.SUBSCRIPTION_ENDED
    assert found.sentence == (
        "Not open: the subscription’s last payment was declined, "
        "and its access ended on 1 March 2026."
    )


def test_access_of_a_deleted_account_is_nobodys(uow: UnitOfWork) -> None:
    ada = Class(uow.connection)
    uow.users.update(ada.student_id, deleted_at=NOW)

    found = access.explain_access(uow, ada.student_id, ada.course_id)

    assert found.state is AccessState.ACCOUNT_DELETED


def test_an_end_reason_of_another_program_does_no_harm(uow: UnitOfWork) -> None:
    ada = Class(uow.connection)
    make_access(
        uow.connection,
        ada.student_id,
        ada.course_id,
        access_expires_at=NOW,
        ended_at=NOW,
        end_reason="semester over",
    )

    found = access.explain_access(uow, ada.student_id, ada.course_id)

    assert found.sentence == "Not open: access ended on 10 March 2026."


def test_all_courses_of_a_student_are_explained_at_once(uow: UnitOfWork) -> None:
    ada = Class(uow.connection)
    second = make_course(uow.connection)
    make_enrolment(uow.connection, ada.student_id, second, status="cancelled")
    make_access(uow.connection, ada.student_id, ada.course_id)

    found = access.explain_all(uow, ada.student_id)

    assert {course: answer.state for course, answer in found.items()} == {
        ada.course_id: AccessState.LIFETIME,
        second: AccessState.NEVER_ENROLLED,
    }


def test_a_course_or_student_that_is_gone_is_said_to_be(uow: UnitOfWork) -> None:
    student = make_student(uow.connection)

    with pytest.raises(NotFound, match=r"There is no course with the number 4711\."):
        access.explain_access(uow, student, 4711)
    with pytest.raises(NotFound, match=r"There is no person with the number 4711\."):
        access.explain_access(uow, 4711, make_course(uow.connection))
