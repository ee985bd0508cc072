"""What the database itself refuses, whoever writes: illegal moves, rewriting, deleting."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from learnhub_desktop.db.failures import ServerRefusal, told
from learnhub_desktop.db.tables import (
    audit_log,
    balance_movements,
    courses,
    enrollments,
    payment_events,
    payment_events_archive,
    payments,
    payments_archive,
    reviews,
    school_settings,
)
from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.states import (
    ENROLMENT_MOVES,
    PAYMENT_MOVES,
    EnrolmentStatus,
    PaymentStatus,
    say,
)
from learnhub_desktop.errors import RuleRefused
from tests.factories import NOW, add, make_course, make_enrolment, make_payment, make_student


def refusal(connection: Connection, statement: Any) -> str:
    """Run a statement that a trigger refuses; return its sentence."""
    with pytest.raises(RuleRefused) as refused, told("school"):
        connection.execute(statement)
    assert refused.value.reason is ServerRefusal.TRIGGER
    return str(refused.value)


@pytest.mark.parametrize(("old", "new"), list(product(PaymentStatus, PaymentStatus)))
def test_a_payment_moves_only_as_the_table_says(
    any_connection: Connection, old: PaymentStatus, new: PaymentStatus
) -> None:
    payment_id = make_payment(
        any_connection,
        make_student(any_connection),
        status=old,
        refunded_amount=Decimal("49.00"),
    )
    move = update(payments).where(payments.c.payment_id == payment_id).values(status=new)
    if old == new or new in PAYMENT_MOVES[old]:
        any_connection.execute(move)
        assert (
            any_connection.scalar(
                select(payments.c.status).where(payments.c.payment_id == payment_id)
            )
            == new
        )
    else:
        assert refusal(any_connection, move) == (
            f"A payment that is {say(old)} cannot become {say(new)}."
        )


@pytest.mark.parametrize(("old", "new"), list(product(EnrolmentStatus, EnrolmentStatus)))
def test_an_enrolment_moves_only_as_the_table_says(
    any_connection: Connection, old: EnrolmentStatus, new: EnrolmentStatus
) -> None:
    enrolment_id = make_enrolment(
        any_connection, make_student(any_connection), make_course(any_connection), status=old
    )
    mine = enrollments.c.enrollment_id == enrolment_id
    move = update(enrollments).where(mine).values(status=new)
    if old == new or new in ENROLMENT_MOVES[old]:
        any_connection.execute(move)
        assert any_connection.scalar(select(enrollments.c.status).where(mine)) == new
    else:
        assert refusal(any_connection, move) == (
            f"An enrolment that is {say(old)} cannot become {say(new)}."
        )


def test_the_table_of_moves_is_the_one_of_the_rules() -> None:
    """Written out once more, so that a slip in the shared table shows."""
    assert {str(old): sorted(map(str, new)) for old, new in PAYMENT_MOVES.items()} == {
        "pending": ["completed", "failed", "unknown"],
        "unknown": ["completed", "failed"],
        "failed": ["completed"],
        "completed": ["disputed", "partially_refunded", "refunded"],
        "partially_refunded": ["disputed", "refunded"],
        "disputed": ["completed", "partially_refunded", "refunded"],
        "refunded": [],
    }
    assert {str(old): sorted(map(str, new)) for old, new in ENROLMENT_MOVES.items()} == {
        "pending": ["active", "cancelled", "refunded"],
        "active": ["cancelled", "completed", "refunded"],
        "completed": ["active", "cancelled", "refunded"],
        "refunded": ["active", "pending"],
        "cancelled": ["active", "pending"],
    }


def test_a_payment_is_refunded_only_when_all_of_it_went_back(any_connection: Connection) -> None:
    payment_id = make_payment(
        any_connection, make_student(any_connection), refunded_amount=Decimal("48.99")
    )
    assert (
        refusal(
            any_connection,
            update(payments).where(payments.c.payment_id == payment_id).values(status="refunded"),
        )
        == "A payment is refunded only when all of it went back."
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": Decimal("48.00")},
        {"kind": "refund", "refunds_payment_id": 1},
        {"currency": "EUR"},
        {"idempotency_key": "another"},
        {"idempotency_key": None},
    ],
)
def test_what_was_paid_stays_as_it_was(
    any_connection: Connection, changed: dict[str, object]
) -> None:
    payment_id = make_payment(
        any_connection, make_student(any_connection), idempotency_key="the key"
    )
    assert (
        refusal(
            any_connection,
            update(payments).where(payments.c.payment_id == payment_id).values(**changed),
        )
        == "What was paid, by whom and under which key cannot be changed."
    )


def test_nobody_else_becomes_the_payer(any_connection: Connection) -> None:
    payment_id = make_payment(any_connection, make_student(any_connection))
    other_id = make_student(any_connection)
    assert "cannot be changed" in refusal(
        any_connection,
        update(payments).where(payments.c.payment_id == payment_id).values(user_id=other_id),
    )


@pytest.mark.parametrize("status", ["pending", "unknown"])
def test_the_amount_of_an_open_payment_may_change(any_connection: Connection, status: str) -> None:
    payment_id = make_payment(any_connection, make_student(any_connection), status=status)
    mine = payments.c.payment_id == payment_id
    any_connection.execute(update(payments).where(mine).values(amount=Decimal("48.00")))

    assert any_connection.scalar(select(payments.c.amount).where(mine)) == Decimal("48.00")


def make_event(connection: Connection, payment_id: int) -> int:
    return add(
        connection, payment_events, payment_id=payment_id, event_type="initiated", created_at=NOW
    )


def test_events_are_append_only(any_connection: Connection) -> None:
    make_event(any_connection, make_payment(any_connection, make_student(any_connection)))

    changed = refusal(any_connection, update(payment_events).values(event_type="failed"))
    deleted = refusal(any_connection, delete(payment_events))

    assert changed == "Payment events are never changed."
    assert deleted == "A payment event leaves only once it stands in the archive."


def test_the_audit_is_append_only(any_connection: Connection) -> None:
    make_student(any_connection)

    assert refusal(any_connection, update(audit_log).values(account="me")) == (
        "The audit is never changed."
    )
    assert refusal(any_connection, delete(audit_log)) == "The audit is never changed."


def test_movements_of_a_balance_are_append_only(any_connection: Connection) -> None:
    any_connection.execute(
        insert(balance_movements).values(
            user_id=make_student(any_connection),
            kind="refund",
            amount=Decimal("5.00"),
            currency="USD",
            balance_after=Decimal("5.00"),
        )
    )
    sentence = "Movements of a balance are never changed."

    assert refusal(any_connection, update(balance_movements).values(reason="x")) == sentence
    assert refusal(any_connection, delete(balance_movements)) == sentence


def test_the_settings_cannot_be_deleted(any_connection: Connection) -> None:
    assert refusal(any_connection, delete(school_settings)) == (
        "The school’s settings cannot be deleted."
    )


def archive(connection: Connection, payment_id: int, **changed: object) -> None:
    """Put a copy of the payment into the archive, with some values changed."""
    row = connection.execute(select(payments).where(payments.c.payment_id == payment_id)).one()
    connection.execute(insert(payments_archive).values(**{**row._mapping, **changed}))


def test_a_payment_leaves_only_for_the_archive(any_connection: Connection) -> None:
    payment_id = make_payment(any_connection, make_student(any_connection))
    leave = delete(payments).where(payments.c.payment_id == payment_id)

    assert refusal(any_connection, leave) == (
        "A payment leaves only once it stands in the archive."
    )
    archive(any_connection, payment_id)
    assert any_connection.execute(leave).rowcount == 1


@pytest.mark.parametrize(
    "differing",
    [{"amount": Decimal("50.00")}, {"status": "failed"}, {"refunded_amount": Decimal("1.00")}],
)
def test_an_archived_row_that_differs_is_not_enough(
    any_connection: Connection, differing: dict[str, object]
) -> None:
    payment_id = make_payment(any_connection, make_student(any_connection))
    archive(any_connection, payment_id, **differing)

    assert "only once it stands" in refusal(
        any_connection, delete(payments).where(payments.c.payment_id == payment_id)
    )


def test_an_archived_event_may_leave(any_connection: Connection) -> None:
    payment_id = make_payment(any_connection, make_student(any_connection))
    event_id = make_event(any_connection, payment_id)
    any_connection.execute(
        insert(payment_events_archive).values(
            event_id=event_id, payment_id=payment_id, event_type="initiated", created_at=NOW
        )
    )
    leave = delete(payment_events).where(payment_events.c.event_id == event_id)

    assert any_connection.execute(leave).rowcount == 1


@pytest.mark.parametrize(("table", "noun"), [(enrollments, "An enrolment"), (reviews, "A review")])
def test_rows_stay_with_their_student_and_course(
    any_connection: Connection, table: Any, noun: str
) -> None:
    student_id, course_id = make_student(any_connection), make_course(any_connection)
    any_connection.execute(
        insert(table).values(
            student_id=student_id,
            course_id=course_id,
            **({"rating": 5} if table is reviews else {}),
        )
    )
    for column, value in (
        ("student_id", make_student(any_connection)),
        ("course_id", make_course(any_connection)),
    ):
        move = update(table).where(table.c.student_id == student_id).values(**{column: value})
        assert refusal(any_connection, move) == (
            f"{noun} cannot be moved to another student or course."
        )


@pytest.mark.proof
def test_no_seat_is_counted_beyond_the_limit(any_connection: Connection) -> None:
    course_id = make_course(any_connection, max_students=2, enrolled_students=1)
    mine = courses.c.course_id == course_id
    claim = update(courses).where(mine).values(enrolled_students=courses.c.enrolled_students + 1)
    any_connection.execute(claim)

    assert refusal(any_connection, claim) == "This course is full."


def test_a_limit_may_be_lowered_below_the_seats_that_are_taken(any_connection: Connection) -> None:
    course_id = make_course(any_connection, max_students=9, enrolled_students=5)
    mine = courses.c.course_id == course_id
    any_connection.execute(update(courses).where(mine).values(max_students=3))
    any_connection.execute(update(courses).where(mine).values(enrolled_students=4))

    assert any_connection.scalar(select(courses.c.enrolled_students).where(mine)) == 4


@pytest.mark.parametrize(
    ("table", "values"),
    [
        ("payments", {"amount": Decimal("0.00")}),
        ("payments", {"refunded_amount": Decimal("49.01")}),
        ("payments", {"kind": "refund"}),
        ("payments", {"status": "paid"}),
        ("payments", {"status": "Completed"}),
        ("payments", {"currency": "US"}),
        ("courses", {"price": Decimal("-0.01")}),
        ("courses", {"level": "expert"}),
        ("courses", {"max_students": -1}),
        ("courses", {"access_months": 0}),
        ("users", {"account_balance": Decimal("-0.01")}),
        ("users", {"user_type": "guest"}),
        ("enrollments", {"progress_percentage": Decimal("100.01")}),
        ("enrollments", {"progress_percentage": Decimal("-0.01")}),
        ("enrollments", {"status": "paused"}),
    ],
)
def test_a_value_out_of_its_range_is_refused(
    any_connection: Connection, table: str, values: dict[str, object]
) -> None:
    with pytest.raises(RuleRefused) as refused, told("school"):
        match table:
            case "payments":
                make_payment(any_connection, make_student(any_connection), **values)
            case "courses":
                make_course(any_connection, **values)
            case "users":
                make_student(any_connection, **values)
            case "enrollments":
                make_enrolment(
                    any_connection,
                    make_student(any_connection),
                    make_course(any_connection),
                    **values,
                )

    assert refused.value.reason is ServerRefusal.CHECK


def test_a_file_refuses_half_a_cent(uow: UnitOfWork) -> None:
    connection = uow.connection
    payment_id = make_payment(connection, make_student(connection))
    with pytest.raises(DBAPIError, match="refunded_amount_whole"):
        connection.exec_driver_sql(
            f"UPDATE payments SET refunded_amount = 0.5 WHERE payment_id = {payment_id}"
        )
