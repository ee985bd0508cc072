"""One small school that is right in every respect, and what other programs do to it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, insert, select, update

from learnhub_desktop.db import tables as t
from learnhub_desktop.domain.findings import Topic
from tests.factories import (
    NOW,
    add,
    make_course,
    make_enrolment,
    make_lesson,
    make_payment,
    make_student,
)


def enrol(connection: Connection, student_id: int, course_id: int, **changed: Any) -> int:
    """An enrolment that is right in every respect: paid, counted, with access."""
    enrolment_id = make_enrolment(connection, student_id, course_id, **changed)
    make_payment(connection, student_id, enrollment_id=enrolment_id, course_id=course_id)
    connection.execute(
        insert(t.course_access).values(student_id=student_id, course_id=course_id, granted_at=NOW)
    )
    connection.execute(
        update(t.courses)
        .where(t.courses.c.course_id == course_id)
        .values(enrolled_students=t.courses.c.enrolled_students + 1)
    )
    return enrolment_id


def refund(connection: Connection, charge_id: int, amount: str, status: str = "completed") -> int:
    """A refund of a charge, as another program might leave it: the charge is not touched."""
    user_id = connection.scalar(
        select(t.payments.c.user_id).where(t.payments.c.payment_id == charge_id)
    )
    return make_payment(
        connection,
        int(user_id or 0),
        kind="refund",
        refunds_payment_id=charge_id,
        amount=Decimal(amount),
        status=status,
    )


def move(connection: Connection, user_id: int, amount: str, after: str) -> None:
    connection.execute(
        insert(t.balance_movements).values(
            user_id=user_id,
            kind="adjustment",
            amount=Decimal(amount),
            currency="USD",
            balance_after=Decimal(after),
        )
    )


class Damage:
    """The rows of one small school, and what other programs do to them."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.student_id = make_student(connection)
        self.course_id = make_course(connection, title="SQL", max_students=1)
        self.lesson_ids = [make_lesson(connection, self.course_id) for _ in range(3)]
        self.enrolment_id = enrol(connection, self.student_id, self.course_id)
        connection.execute(
            insert(t.reviews).values(student_id=self.student_id, course_id=self.course_id, rating=4)
        )
        connection.execute(
            update(t.enrollments)
            .where(t.enrollments.c.enrollment_id == self.enrolment_id)
            .values(progress_stale=False)
        )
        self.charge_id = int(
            connection.scalar(
                select(t.payments.c.payment_id).where(
                    t.payments.c.enrollment_id == self.enrolment_id
                )
            )
            or 0
        )
        self.sale_id = self._sale()

    def _sale(self) -> int:
        return add(
            self.connection,
            t.flash_sales,
            course_id=self.course_id,
            max_seats=5,
            discount_price=Decimal("9.99"),
            currency="USD",
            start_time=NOW,
            end_time=NOW + timedelta(days=1),
        )

    def set(self, table: Any, key: int, **values: Any) -> None:
        (column,) = table.primary_key.columns
        self.connection.execute(update(table).where(column == key).values(**values))

    def seats(self) -> None:
        # A second student, whom no program counted; the course has one seat only.
        other_id = make_student(self.connection)
        enrol(self.connection, other_id, make_course(self.connection))
        enrolment_id = make_enrolment(self.connection, other_id, self.course_id, enrolled_at=NOW)
        make_payment(self.connection, other_id, enrollment_id=enrolment_id,
                     course_id=self.course_id)  # fmt: skip
        self.connection.execute(
            insert(t.course_access).values(student_id=other_id, course_id=self.course_id)
        )

    def total(self) -> None:
        self.set(t.courses, self.course_id, total_enrollments=7)

    def newest(self) -> None:
        self.set(t.courses, self.course_id, last_enrollment_date=NOW + timedelta(days=1))

    def rating(self) -> None:
        self.set(t.courses, self.course_id, avg_rating=Decimal("4.50"))

    def progress(self) -> None:
        self.set(t.enrollments, self.enrolment_id, progress_percentage=Decimal("50.00"))

    def sale(self) -> None:
        for _ in range(2):
            make_payment(self.connection, self.student_id, flash_sale_id=self.sale_id)

    def refunds(self) -> None:
        refund(self.connection, self.charge_id, "5.00", "pending")

    def balance(self) -> None:
        self.set(t.users, self.student_id, account_balance=Decimal("12.50"))

    def state(self) -> None:
        refund(self.connection, self.charge_id, "9.00")
        self.set(t.payments, self.charge_id, refunded_amount=Decimal("9.00"))

    def paid(self) -> None:
        refund(self.connection, self.charge_id, "49.00")
        self.set(t.payments, self.charge_id, refunded_amount=Decimal("49.00"), status="refunded")

    def unpaid(self) -> None:
        other_id, course_id = make_student(self.connection), make_course(self.connection)
        make_enrolment(self.connection, other_id, course_id, enrolled_at=NOW)
        self.set(t.courses, course_id, enrolled_students=1)
        self.connection.execute(
            insert(t.course_access).values(student_id=other_id, course_id=course_id)
        )

    def no_access(self) -> None:
        self.connection.execute(
            update(t.course_access)
            .where(t.course_access.c.student_id == self.student_id)
            .values(ended_at=NOW, access_expires_at=NOW)
        )

    def access_kept(self) -> None:
        self.set(t.enrollments, self.enrolment_id, status="cancelled", cancelled_at=NOW)
        self.set(t.courses, self.course_id, enrolled_students=0)

    def lost_payment(self) -> None:
        self.connection.execute(
            insert(t.fraud_alerts).values(user_id=self.student_id, payment_id=987_654)
        )

    def lost_subscription(self) -> None:
        self.set(t.enrollments, self.enrolment_id, subscription_id=987_654)

    def event(self) -> None:
        self.connection.execute(
            insert(t.payment_events).values(
                payment_id=self.charge_id, event_type="initiated", created_at=NOW
            )
        )


CASES: dict[str, tuple[Topic, str, bool]] = {
    "seats": (
        Topic.SEATS,
        "Course {course_id} “SQL” counts 1 seat as taken, and 2 enrolments hold one.",
        True,
    ),
    "total": (
        Topic.ENROLMENT_COUNTERS,
        "Course {course_id} “SQL” counts 7 enrolments in all, and 1 was ever activated.",
        True,
    ),
    "newest": (
        Topic.ENROLMENT_COUNTERS,
        "Course {course_id} “SQL” has another date for its last enrolment than the last one: "
        "2026-03-10 12:00 UTC.",
        True,
    ),
    "rating": (
        Topic.RATINGS,
        "Course {course_id} “SQL” keeps a rating of 4.50 from 1 review, and its reviews give "
        "4.00 from 1 review.",
        True,
    ),
    "progress": (
        Topic.PROGRESS,
        "Enrolment {enrolment_id} stands at 50 %, and 0 of 3 lessons done are 0 %.",
        True,
    ),
    "sale": (
        Topic.SALES,
        "Flash sale {sale_id} counts 0 seats as taken, and 2 payments name it.",
        True,
    ),
    "refunds": (
        Topic.REFUNDS,
        "Payment {charge_id} says that 0.00 USD went back or is on its way, and its refunds come "
        "to 5.00 USD.",
        True,
    ),
    "balance": (
        Topic.BALANCES,
        "The balance of user {student_id} is 12.50 USD, and its movements come to 0.00 USD.",
        True,
    ),
    "state": (
        Topic.PAYMENT_STATES,
        "Payment {charge_id} is completed, and 9.00 USD of 49.00 USD went back.",
        False,
    ),
    "paid": (
        Topic.PAID_ENROLMENTS,
        "Enrolment {enrolment_id} is open, and no payment for it stands: 1 charge failed, wait "
        "or went back.",
        False,
    ),
    "unpaid": (
        Topic.PAID_ENROLMENTS,
        "is a purchase without any payment. Another program may have made it.",
        False,
    ),
    "no_access": (
        Topic.ACCESS,
        "Enrolment {enrolment_id} is active, and the student has no access.",
        False,
    ),
    "access_kept": (
        Topic.ACCESS,
        "Enrolment {enrolment_id} was cancelled, and its access is still open.",
        False,
    ),
    "lost_payment": (
        Topic.REFERENCES,
        "names payment 987654, which is neither here nor in the archive.",
        False,
    ),
    "lost_subscription": (
        Topic.REFERENCES,
        "Enrolment {enrolment_id} names subscription 987654, which does not exist.",
        False,
    ),
    "event": (
        Topic.EVENTS,
        "Payment {charge_id} is completed, but no event tells of its success.",
        False,
    ),
}
