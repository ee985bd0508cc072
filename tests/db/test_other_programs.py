"""Other programs share the server: their plain statements work, and money stays safe.

The statements are those of a shop that knows nothing of this program: it names few columns,
writes NOW() and counts seats itself, or forgets to.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pymysql
import pytest
from sqlalchemy import Connection, select, text

from learnhub_desktop.db.tables import courses, enrollments, payment_events, payments
from learnhub_desktop.db.transactions import Database
from tests.databases import alone
from tests.factories import make_course, make_student


@pytest.fixture
def shop(server_school: Database) -> Iterator[Connection]:
    with alone(server_school) as connection:
        yield connection
        connection.rollback()


def run(connection: Connection, statement: str, **values: Any) -> Any:
    return connection.execute(text(statement), values)


def test_an_enrolment_with_its_payment_seat_and_access(shop: Connection) -> None:
    student_id, course_id = make_student(shop), make_course(shop, currency="EUR")
    run(
        shop,
        "INSERT INTO enrollments (student_id, course_id, enrolled_at)"
        " VALUES (:student, :course, NOW())",
        student=student_id,
        course=course_id,
    )
    run(shop, "SET @enrollment_id = LAST_INSERT_ID()")
    run(
        shop,
        "INSERT INTO payments (user_id, enrollment_id, amount, payment_method, status,"
        " transaction_id) VALUES (:student, @enrollment_id, 99.99, 'credit_card', 'completed',"
        " 'txn_abc123')",
        student=student_id,
    )
    run(
        shop,
        "UPDATE courses SET enrolled_students = enrolled_students + 1 WHERE course_id = :course",
        course=course_id,
    )
    run(
        shop,
        "INSERT INTO course_access (student_id, course_id, access_expires_at)"
        " VALUES (:student, :course, DATE_ADD(NOW(), INTERVAL 1 YEAR))",
        student=student_id,
        course=course_id,
    )
    payment = shop.execute(select(payments).where(payments.c.user_id == student_id)).one()
    enrolment = shop.execute(
        select(enrollments).where(enrollments.c.student_id == student_id)
    ).one()
    course = shop.execute(select(courses).where(courses.c.course_id == course_id)).one()

    # What the statements leave out is filled in.
    assert payment.course_id == course_id
    assert payment.currency == "EUR"
    assert payment.processed_at is not None
    assert (payment.kind, payment.refunded_amount) == ("charge", Decimal("0.00"))
    assert (enrolment.status, enrolment.source) == ("active", "purchase")
    assert enrolment.activated_at == enrolment.enrolled_at
    assert (course.enrolled_students, course.total_enrollments) == (1, 1)


def purchase(shop: Connection, student_id: int, course_id: int, transaction_id: str) -> int:
    """A purchase as another program's procedure makes it, statement by statement."""
    price = run(
        shop, "SELECT price FROM courses WHERE course_id = :id FOR UPDATE", id=course_id
    ).scalar()
    run(
        shop,
        "INSERT INTO payments (user_id, amount, payment_method, status, transaction_id,"
        " created_at) VALUES (:student, :amount, 'stripe', 'pending', :txn, NOW())",
        student=student_id,
        amount=price,
        txn=transaction_id,
    )
    payment_id = int(run(shop, "SELECT LAST_INSERT_ID()").scalar())
    event = (
        "INSERT INTO payment_events (payment_id, event_type, event_data)"
        " VALUES (:id, '{}', JSON_OBJECT('course_id', :course))"
    )
    for kind in ("initiated", "payment_gateway_success"):
        run(shop, event.format(kind), id=payment_id, course=course_id)
    run(
        shop,
        "UPDATE payments SET status = 'completed', processed_at = NOW() WHERE payment_id = :id",
        id=payment_id,
    )
    run(
        shop,
        "INSERT INTO enrollments (student_id, course_id, enrolled_at)"
        " VALUES (:student, :course, NOW())",
        student=student_id,
        course=course_id,
    )
    run(
        shop,
        "UPDATE payments SET enrollment_id = LAST_INSERT_ID() WHERE payment_id = :id",
        id=payment_id,
    )
    for kind in ("enrollment_created", "completion_confirmed"):
        run(shop, event.format(kind), id=payment_id, course=course_id)
    return payment_id


def test_a_purchase_as_a_procedure_makes_it(shop: Connection) -> None:
    student_id, course_id = make_student(shop), make_course(shop)
    payment_id = purchase(shop, student_id, course_id, "txn_xyz")
    payment = shop.execute(select(payments).where(payments.c.payment_id == payment_id)).one()
    events = shop.scalars(
        select(payment_events.c.event_type)
        .where(payment_events.c.payment_id == payment_id)
        .order_by(payment_events.c.event_id)
    ).all()

    assert (payment.status, payment.course_id, payment.currency) == ("completed", course_id, "USD")
    assert events == [
        "initiated",
        "payment_gateway_success",
        "enrollment_created",
        "completion_confirmed",
    ]


def test_a_place_in_a_flash_sale(shop: Connection) -> None:
    student_id, course_id = make_student(shop), make_course(shop)
    run(
        shop,
        "INSERT INTO flash_sales (course_id, max_seats, discount_price, start_time, end_time)"
        " VALUES (:course, 100, 9.99, NOW() - INTERVAL 1 DAY, NOW() + INTERVAL 1 DAY)",
        course=course_id,
    )
    run(
        shop,
        "INSERT INTO enrollments (student_id, course_id) VALUES (:student, :course)",
        student=student_id,
        course=course_id,
    )
    run(
        shop,
        "INSERT INTO payments (user_id, enrollment_id, amount, status)"
        " VALUES (:student, LAST_INSERT_ID(), 9.99, 'completed')",
        student=student_id,
    )
    run(
        shop,
        "UPDATE flash_sales SET seats_taken = seats_taken + 1 WHERE course_id = :course"
        " AND start_time <= NOW() AND end_time >= NOW()",
        course=course_id,
    )
    sale = run(
        shop, "SELECT seats_taken, currency FROM flash_sales WHERE course_id = :id", id=course_id
    ).one()
    payment = shop.execute(select(payments).where(payments.c.user_id == student_id)).one()

    assert tuple(sale) == (1, "USD")
    assert (payment.course_id, payment.payment_method) == (course_id, None)


def test_a_renewed_subscription(shop: Connection) -> None:
    student_id = make_student(shop)
    run(
        shop,
        "INSERT INTO subscriptions (user_id, plan_type, status, start_date, current_period_end,"
        " next_billing_date) VALUES (:student, 'monthly', 'active', '2026-01-31', '2026-02-28',"
        " '2026-02-28')",
        student=student_id,
    )
    subscription_id = int(run(shop, "SELECT LAST_INSERT_ID()").scalar())
    run(
        shop,
        "INSERT INTO subscription_payments (subscription_id, amount, billing_period_start,"
        " billing_period_end, status) VALUES (:id, 29.00, '2026-02-28',"
        " DATE_ADD('2026-02-28', INTERVAL 1 MONTH), 'completed')",
        id=subscription_id,
    )
    run(
        shop,
        "UPDATE subscriptions SET current_period_end = DATE_ADD('2026-02-28', INTERVAL 1 MONTH),"
        " next_billing_date = DATE_ADD('2026-02-28', INTERVAL 1 MONTH), status = 'active'"
        " WHERE subscription_id = :id",
        id=subscription_id,
    )
    billed = run(
        shop,
        "SELECT currency, status, retry_count FROM subscription_payments"
        " WHERE subscription_id = :id",
        id=subscription_id,
    ).one()

    assert tuple(billed) == ("USD", "completed", 0)


def test_a_prerequisite_without_naming_columns(shop: Connection) -> None:
    course_id, needed_id = make_course(shop), make_course(shop)
    run(
        shop,
        "INSERT INTO course_prerequisites VALUES (:course, :needed)",
        course=course_id,
        needed=needed_id,
    )


def test_a_fraud_alert_with_a_rule_and_data_only(shop: Connection) -> None:
    student_id = make_student(shop)
    run(
        shop,
        "INSERT INTO fraud_alerts (user_id, rule_id, alert_level, alert_data)"
        " VALUES (:student, 1, 'high', JSON_OBJECT('payment_count', 6, 'period', '24h'))",
        student=student_id,
    )
    alert = run(
        shop, "SELECT status, severity FROM fraud_alerts WHERE user_id = :id", id=student_id
    ).one()

    # Pending, so that the queue shows it.
    assert tuple(alert) == ("pending", 3)


def test_a_course_is_archived_in_one_statement_each(shop: Connection) -> None:
    course_id = make_course(shop)
    run(
        shop,
        "INSERT INTO archived_courses (course_id, course_data, reason)"
        " SELECT c.course_id, JSON_OBJECT('title', c.title, 'lessons', (SELECT JSON_ARRAYAGG("
        " JSON_OBJECT('title', l.title)) FROM lessons l WHERE l.course_id = c.course_id)),"
        " 'No longer taught' FROM courses c WHERE c.course_id = :id",
        id=course_id,
    )
    run(
        shop,
        "UPDATE courses SET status = 'archived', updated_at = NOW() WHERE course_id = :id",
        id=course_id,
    )
    assert run(shop, "SELECT status FROM courses WHERE course_id = :id", id=course_id).scalar() == (
        "archived"
    )


def test_an_account_is_anonymised(shop: Connection) -> None:
    student_id = make_student(shop)
    run(
        shop,
        "UPDATE users SET deleted_at = NOW(), deletion_reason = 'Asked for it',"
        " email = CONCAT('deleted_', user_id, '@deleted.com') WHERE user_id = :id",
        id=student_id,
    )
    active = run(shop, "SELECT COUNT(*) FROM active_users WHERE user_id = :id", id=student_id)

    assert active.scalar() == 0


# What goes wrong in a shop's procedures, and what the database makes of it. In each case the
# raw statements are tried as they stand; the services' own answers are tested with them.


@pytest.mark.proof
def test_a_refund_is_never_a_negative_payment(shop: Connection) -> None:
    student_id, course_id = make_student(shop), make_course(shop)
    payment_id = purchase(shop, student_id, course_id, "txn_r")
    with pytest.raises(Exception, match="ck_payments_amount"):
        run(
            shop,
            "INSERT INTO payments (user_id, enrollment_id, amount, payment_method, status,"
            " transaction_id) SELECT user_id, enrollment_id, -amount, payment_method, 'refunded',"
            " CONCAT('refund_', transaction_id) FROM payments WHERE payment_id = :id",
            id=payment_id,
        )


@pytest.mark.proof
def test_a_payment_is_not_called_refunded_while_its_money_is_here(shop: Connection) -> None:
    payment_id = purchase(shop, make_student(shop), make_course(shop), "txn_r")
    with pytest.raises(Exception, match="only when all of it went back"):
        run(shop, "UPDATE payments SET status = 'refunded' WHERE payment_id = :id", id=payment_id)


@pytest.mark.proof
def test_a_fourth_seat_of_three_is_refused_to_any_program(shop: Connection) -> None:
    course_id = make_course(shop, max_students=3)
    count = "UPDATE courses SET enrolled_students = enrolled_students + 1 WHERE course_id = :course"
    for _ in range(3):
        run(shop, count, course=course_id)
    with pytest.raises(Exception, match="This course is full"):
        run(shop, count, course=course_id)


@pytest.mark.proof
def test_a_period_is_not_billed_twice(shop: Connection) -> None:
    student_id = make_student(shop)
    run(
        shop,
        "INSERT INTO subscriptions (user_id, plan_type, start_date, current_period_end)"
        " VALUES (:student, 'annual', '2026-01-01', '2027-01-01')",
        student=student_id,
    )
    bill = (
        "INSERT INTO subscription_payments (subscription_id, amount, billing_period_start, status)"
        " SELECT subscription_id, 290.00, '2027-01-01', 'completed' FROM subscriptions"
        " WHERE user_id = :student"
    )
    run(shop, bill, student=student_id)
    with pytest.raises(Exception, match="uq_subscription_payments_subscription_id"):
        run(shop, bill, student=student_id)


@pytest.mark.proof
def test_a_second_payment_under_one_transaction_id_is_refused(shop: Connection) -> None:
    course_id = make_course(shop)
    purchase(shop, make_student(shop), course_id, "txn_one")
    with pytest.raises(Exception, match="uq_payments_transaction_id"):
        purchase(shop, make_student(shop), course_id, "txn_one")


@pytest.mark.proof
def test_what_a_broken_transaction_left_open_is_not_committed_by_the_next(
    server_school: Database,
) -> None:
    """A failed statement leaves its transaction open; the next BEGIN would commit it."""
    with server_school.engines.writer.connect() as connection:
        student_id, course_id = make_student(connection), make_course(connection)
        connection.commit()

    def enrol_without_payment(uow: Any) -> None:
        run(
            uow.connection,
            "INSERT INTO enrollments (student_id, course_id) VALUES (:student, :course)",
            student=student_id,
            course=course_id,
        )
        run(
            uow.connection,
            "INSERT INTO payments (user_id, amount) VALUES (:student, -1)",
            student=student_id,
        )

    def look(uow: Any) -> int:
        found = run(
            uow.connection, "SELECT COUNT(*) FROM enrollments WHERE student_id = :id", id=student_id
        )
        return int(found.scalar())

    with pytest.raises(Exception, match="value that is not allowed"):
        server_school.write(enrol_without_payment)
    server_school.write(lambda uow: run(uow.connection, "START TRANSACTION"))

    assert server_school.read(look) == 0


def test_a_school_on_the_server_is_readable_by_a_plain_driver(server_school: Database) -> None:
    url = server_school.engines.writer.url
    plain = pymysql.connect(
        host=url.host,
        port=url.port or 3306,
        user=url.username,
        password=url.password or "",
        database=url.database,
    )
    with plain, plain.cursor() as cursor:
        cursor.execute("SELECT c.title, u.name FROM courses c JOIN users u"
                       " ON c.instructor_id = u.user_id WHERE u.user_type = 'instructor'")  # fmt: skip
        cursor.execute("SELECT COUNT(*) FROM ledger")
        assert cursor.fetchone() is not None
