"""Every list: what its rows hold."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import insert

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.catalog import CourseRow
from learnhub_desktop.domain.fraud import AlertRow
from learnhub_desktop.domain.lists import ListQuery
from learnhub_desktop.domain.payments import PaymentRow
from learnhub_desktop.domain.states import (
    AlertLevel,
    AlertStatus,
    CourseStatus,
    EnrolmentSource,
    EnrolmentStatus,
    Level,
    PaymentKind,
    PaymentMethod,
    PaymentStatus,
    RuleAction,
    UserType,
)
from learnhub_desktop.domain.students import EnrolmentRow, StudentRow
from tests.db.listing import DAY, HOUR, make_alert, make_named, make_titled, shown
from tests.factories import (
    NOW,
    add,
    make_course,
    make_enrolment,
    make_instructor,
    make_lesson,
    make_payment,
    make_student,
)


def test_a_course_row_holds_what_a_list_and_a_side_panel_show(uow: UnitOfWork) -> None:
    ada = make_instructor(uow.connection, name="Ada Lovelace")
    course_id = make_titled(
        uow, "SQL", instructor_id=ada, level="beginner", max_students=10, external_id="41"
    )
    student_id = make_student(uow.connection)
    make_enrolment(uow.connection, student_id, course_id)
    uow.courses.update(course_id, enrolled_students=10)
    uow.courses.add_review(student_id=student_id, course_id=course_id, rating=4)
    version = uow.courses.get(course_id).row_version

    (row,) = shown(uow, ListQuery("courses"))

    assert row == CourseRow(
        course_id=course_id,
        title="SQL",
        instructor_id=ada,
        instructor_name="Ada Lovelace",
        price=Decimal("49.00"),
        currency="USD",
        level=Level.BEGINNER,
        status=CourseStatus.ACTIVE,
        seats_taken=10,
        max_students=10,
        rating=Decimal("4.00"),
        review_count=1,
        total_enrolments=1,
        created_at=NOW,
        external_id="41",
        row_version=version,
    )
    assert (row.seats_left, row.is_full) == (0, True)


def test_every_student_is_listed_also_those_in_no_course(uow: UnitOfWork) -> None:
    ola = make_named(uow, "Ola", country="NO", account_balance=Decimal("5.50"))
    make_named(uow, "Kari")
    for number, (status, percent) in enumerate(
        [("active", "20.00"), ("active", "45.01"), ("completed", "100.00"), ("refunded", "60.00")]
    ):
        make_enrolment(
            uow.connection,
            ola,
            make_course(uow.connection),
            status=status,
            progress_percentage=Decimal(percent),
            last_activity_at=NOW - number * DAY,
        )

    kari, row = shown(uow, ListQuery("students"))

    assert row == StudentRow(
        user_id=ola,
        name="Ola",
        email="ola@example.org",
        user_type=UserType.STUDENT,
        country="NO",
        active_count=2,
        completed_count=1,
        enrolment_count=4,
        progress_percent=Decimal("55.00"),
        last_activity_at=NOW,
        balance=Decimal("5.50"),
        balance_currency="USD",
        created_at=NOW,
        deleted_at=None,
        row_version=1,
    )
    assert (kari.enrolment_count, kari.progress_percent, kari.last_activity_at) == (0, None, None)


def test_a_payment_row_names_its_student_and_course_or_plan(uow: UnitOfWork) -> None:
    ola = make_named(uow, "Ola")
    sql = make_titled(uow, "SQL")
    charge = make_payment(
        uow.connection,
        ola,
        course_id=sql,
        payment_gateway="stripe",
        gateway_reference="ch_1",
        processed_at=NOW + HOUR,
        reason_code="duplicate",
        comment="Twice.",
        refund_due=True,
    )
    subscription_id = add(
        uow.connection,
        t.subscriptions,
        user_id=ola,
        plan_type="monthly",
        start_date=NOW.date(),
        current_period_end=NOW.date(),
    )
    plan = make_payment(uow.connection, ola, subscription_id=subscription_id)

    row, of_plan = shown(uow, ListQuery("payments").with_sort("id", descending=False))

    assert row == PaymentRow(
        payment_id=charge,
        student_id=ola,
        student_name="Ola",
        student_email="ola@example.org",
        kind=PaymentKind.CHARGE,
        course_id=sql,
        subscription_id=None,
        enrollment_id=None,
        title="SQL",
        amount=Decimal("49.00"),
        currency="USD",
        refunded_amount=Decimal("0.00"),
        method=PaymentMethod.CREDIT_CARD,
        status=PaymentStatus.COMPLETED,
        gateway="stripe",
        gateway_reference="ch_1",
        refunds_payment_id=None,
        reason_code="duplicate",
        comment="Twice.",
        refund_due=True,
        hold_expires_at=None,
        created_at=NOW,
        processed_at=NOW + HOUR,
    )
    assert row.left == Decimal("49.00")
    assert (of_plan.payment_id, of_plan.title) == (plan, "Monthly")


def test_an_alert_row_shows_its_payment_also_when_that_is_archived(uow: UnitOfWork) -> None:
    ola, sql = make_named(uow, "Ola"), make_titled(uow, "SQL")
    live = make_payment(uow.connection, ola, status="failed", amount=Decimal("600.00"))
    uow.connection.execute(
        insert(t.payments_archive).values(
            payment_id=9_000,
            user_id=ola,
            amount=Decimal("7.00"),
            currency="EUR",
            status="completed",
            created_at=NOW - 900 * DAY,
        )
    )
    old = make_alert(uow, 10, payment_id=9_000, user_id=ola, alert_level=None)
    new = make_alert(
        uow,
        130,
        payment_id=live,
        user_id=ola,
        course_id=sql,
        alert_level="critical",
        action="block",
        reviewed_at=NOW,
        reviewed_by_account="kari",
        released_at=NOW,
    )

    row, archived = shown(uow, ListQuery("alerts"))

    assert row == AlertRow(
        alert_id=new,
        level=AlertLevel.CRITICAL,
        score=130,
        action=RuleAction.BLOCK,
        status=AlertStatus.PENDING,
        student_id=ola,
        student_name="Ola",
        course_id=sql,
        course_title="SQL",
        payment_id=live,
        payment_status=PaymentStatus.FAILED,
        amount=Decimal("600.00"),
        currency="USD",
        created_at=NOW,
        reviewed_at=NOW,
        reviewed_by="kari",
        released_at=NOW,
        row_version=1,
    )
    assert row.is_released
    assert (archived.alert_id, archived.amount, archived.currency) == (old, Decimal("7.00"), "EUR")
    assert archived.level is AlertLevel.LOW


def test_an_enrolment_row_counts_the_lessons_that_the_course_has(uow: UnitOfWork) -> None:
    ola, sql = make_named(uow, "Ola"), make_titled(uow, "SQL")
    one, two, _ = (make_lesson(uow.connection, sql) for _ in range(3))
    elsewhere = make_lesson(uow.connection, make_course(uow.connection))
    enrolment_id = make_enrolment(uow.connection, ola, sql, progress_percentage=Decimal("33.33"))
    for lesson_id, done in ((one, True), (two, False), (elsewhere, True)):
        uow.connection.execute(
            insert(t.lesson_progress).values(
                student_id=ola, lesson_id=lesson_id, completed=done, completed_at=NOW
            )
        )
    uow.connection.execute(
        insert(t.course_access).values(student_id=ola, course_id=sql, access_expires_at=NOW + DAY)
    )
    query = ListQuery("course_students").with_filter("course", str(sql))
    version = uow.connection.scalar(
        t.enrollments.select().with_only_columns(t.enrollments.c.row_version)
    )

    (row,) = shown(uow, query)

    assert row == EnrolmentRow(
        enrollment_id=enrolment_id,
        student_id=ola,
        student_name="Ola",
        student_email="ola@example.org",
        course_id=sql,
        course_title="SQL",
        course_status=CourseStatus.ACTIVE,
        status=EnrolmentStatus.ACTIVE,
        source=EnrolmentSource.PURCHASE,
        progress_percent=Decimal("33.33"),
        lessons_done=1,
        lessons_total=3,
        enrolled_at=NOW,
        completed_at=None,
        last_activity_at=None,
        hold_expires_at=None,
        has_access=True,
        access_expires_at=NOW + DAY,
        access_ended_at=None,
        row_version=version,
    )
    assert shown(uow, ListQuery("student_courses").with_filter("student", str(ola))) == [row]
