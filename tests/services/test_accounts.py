from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert, select

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.extensions import Extension
from learnhub_desktop.domain.lists import ListQuery
from learnhub_desktop.domain.states import UserType
from learnhub_desktop.domain.students import DeletionReason
from learnhub_desktop.services import access, accounts, lists, students
from tests.factories import (
    NOW,
    make_course,
    make_enrolment,
    make_instructor,
    make_payment,
    make_student,
)
from tests.services.course_rows import (
    any_uow,
    make_access,
    make_alert,
    make_subscription,
)

__all__ = ["any_uow"]


def delete(
    uow: UnitOfWork,
    user_id: int,
    *,
    row_version: int | None = None,
    reason: DeletionReason = DeletionReason.REQUESTED,
) -> str:
    seen = uow.users.get(user_id).row_version if row_version is None else row_version
    return accounts.delete_account(uow, user_id, reason=reason, row_version=seen).message


def test_a_deleted_student_keeps_a_number_and_no_name(any_uow: UnitOfWork) -> None:
    ada = make_student(any_uow.connection, name="Ada Lovelace", country="GB", external_id="S-ada-1")

    message = delete(any_uow, ada)

    assert message == (
        f"The account of student {ada} was deleted. Its payments and enrolments stay, "
        "and its e-mail address can be used again."
    )
    person = any_uow.users.get(ada)
    assert person.name == f"Deleted student {ada}"
    assert person.email == f"deleted_{ada}@deleted.invalid"
    assert person.deleted_at == NOW
    assert person.country == "GB"
    row = any_uow.connection.execute(
        select(t.users.c.external_id, t.users.c.deletion_reason, t.users.c.search_text).where(
            t.users.c.user_id == ada
        )
    ).one()
    assert row == (
        None,
        "requested",
        f"deleted student {ada} deleted_{ada}@deleted.invalid",
    )


def test_active_users_are_those_who_were_not_deleted(any_uow: UnitOfWork) -> None:
    ada, bob = make_student(any_uow.connection), make_student(any_uow.connection)
    delete(any_uow, ada)

    found = any_uow.connection.exec_driver_sql("SELECT user_id FROM active_users")

    ids = {row[0] for row in found}
    assert bob in ids and ada not in ids


def test_the_address_of_a_deleted_account_can_be_used_again(any_uow: UnitOfWork) -> None:
    ada = make_student(any_uow.connection, email="ada.again@example.org")
    delete(any_uow, ada)

    changes = students.create_person(
        any_uow, user_type=UserType.STUDENT, name="Ada", email="ada.again@example.org"
    )

    assert changes.subject_id not in (None, ada)


def everything(uow: UnitOfWork) -> str:
    """The whole database as text: every row of every table."""
    rows = (
        (name, tuple(row))
        for name, table in t.metadata.tables.items()
        for row in uow.connection.execute(select(table))
    )
    return "\n".join(map(repr, rows)).casefold()


def write_about(uow: UnitOfWork, name: str, email: str) -> int:
    """A student of whom staff wrote in every place where they can."""
    ada = students.create_person(
        uow, user_type=UserType.STUDENT, name=name, email=email, country="GB"
    ).subject_id
    assert ada is not None
    connection, course = uow.connection, make_course(uow.connection)
    note = f"{name} wrote from {email}"
    make_enrolment(connection, ada, course, reason=note)
    make_access(connection, ada, course, access_expires_at=NOW, reason=note)
    connection.execute(
        insert(t.reviews).values(student_id=ada, course_id=course, rating=4, comment=note)
    )
    payment = make_payment(connection, ada, course_id=course, comment=note)
    make_payment(
        connection, ada, course_id=course, kind="refund", refunds_payment_id=payment,
        amount=Decimal("9.00"), comment=note,
    )  # fmt: skip
    make_alert(connection, ada, payment, status="reviewed", review_comment=note)
    make_subscription(connection, ada, status="expired", cancel_reason=note, payment_token="tok_1")
    connection.execute(
        insert(t.payments_archive).values(
            payment_id=payment + 1_000_000,
            user_id=ada,
            amount=Decimal("5.00"),
            currency="USD",
            status="completed",
            kind="charge",
            created_at=NOW,
            comment=note,
        )
    )
    access.extend_access(
        uow, ada, course, extension=Extension(months=2), reason=note, seen_until=NOW
    )
    students.update_person(
        uow,
        ada,
        name=f"{name} Byron",
        email=email,
        country="IT",
        user_type=UserType.STUDENT,
        row_version=1,
    )
    return ada


def test_nothing_in_the_database_names_a_deleted_person(any_uow: UnitOfWork) -> None:
    ada = write_about(any_uow, "Ada Qvortrup", "qvortrup@somewhere.example")
    assert "qvortrup" in everything(any_uow)

    delete(any_uow, ada)

    assert "qvortrup" not in everything(any_uow)


def test_money_ratings_and_enrolments_of_a_deleted_person_stay(any_uow: UnitOfWork) -> None:
    ada = write_about(any_uow, "Ada Kept", "ada.kept@somewhere.example")

    delete(any_uow, ada)

    connection = any_uow.connection
    amounts = connection.scalars(
        select(t.payments.c.amount).where(t.payments.c.user_id == ada).order_by("amount")
    )
    assert list(amounts) == [Decimal("9.00"), Decimal("49.00")]
    rating = select(t.reviews.c.rating).where(t.reviews.c.student_id == ada)
    assert connection.scalar(rating) == 4
    status = select(t.enrollments.c.status).where(t.enrollments.c.student_id == ada)
    assert connection.scalar(status) == "active"
    assert connection.scalar(
        select(t.course_access.c.access_expires_at).where(t.course_access.c.student_id == ada)
    )


def test_no_picker_finds_a_deleted_person(any_uow: UnitOfWork) -> None:
    ada = write_about(any_uow, "Ada Qvortrup", "qvortrup@somewhere.example")

    delete(any_uow, ada)

    for typed in ("qvortrup", "qvortrup@somewhere.example", f"#{ada}", f"Deleted student {ada}"):
        assert ada not in [person.user_id for person in students.search_people(any_uow, typed)]


@pytest.mark.parametrize("source", ["students", "accounts", "enrolments", "payments", "alerts"])
def test_no_list_finds_a_deleted_person_by_name(any_uow: UnitOfWork, source: str) -> None:
    ada = write_about(any_uow, "Ada Qvortrup", "qvortrup@somewhere.example")
    by_name = ListQuery(source, text="qvortrup")
    assert lists.head(any_uow, by_name).total > 0

    delete(any_uow, ada)

    assert lists.head(any_uow, by_name).total == 0
    assert lists.head(any_uow, ListQuery(source, text="qvortrup@somewhere.example")).total == 0


def test_the_reason_is_a_word_from_a_list(uow: UnitOfWork) -> None:
    ada = make_student(uow.connection)

    delete(uow, ada, reason=DeletionReason.DUPLICATE)

    reason = select(t.users.c.deletion_reason).where(t.users.c.user_id == ada)
    assert uow.connection.scalar(reason) == "duplicate"


@pytest.mark.parametrize("status", ["active", "past_due"])
def test_a_subscription_ends_and_is_not_billed_again(any_uow: UnitOfWork, status: str) -> None:
    ada = make_student(any_uow.connection)
    subscription = make_subscription(
        any_uow.connection, ada, status=status, payment_token="tok_1", next_retry_at=NOW
    )

    message = delete(any_uow, ada)

    assert message.endswith(
        "The subscription has ended, with the courses it opened; it is not billed again."
    )
    c = t.subscriptions.c
    row = any_uow.connection.execute(
        select(
            c.status, c.cancelled_at, c.next_billing_date, c.next_retry_at, c.payment_token,
            c.current_period_end,
        ).where(c.subscription_id == subscription)
    ).one()  # fmt: skip
    assert row == ("cancelled", NOW, None, None, None, date(2026, 4, 1))


def test_what_a_subscription_opened_ends_with_it_and_what_was_bought_stays(
    any_uow: UnitOfWork,
) -> None:
    connection = any_uow.connection
    ada = make_student(connection)
    subscription = make_subscription(connection, ada)
    bought, opened = (make_course(connection, enrolled_students=1) for _ in range(2))
    make_enrolment(connection, ada, bought)
    make_enrolment(connection, ada, opened, source="subscription", subscription_id=subscription)
    for course in (bought, opened):
        make_access(connection, ada, course, access_expires_at=NOW + timedelta(days=20))

    delete(any_uow, ada)

    e, c, a = t.enrollments.c, t.courses.c, t.course_access.c
    found = connection.execute(
        select(e.course_id, e.status, c.enrolled_students, a.end_reason)
        .join(t.courses, c.course_id == e.course_id)
        .join(t.course_access, (a.course_id == e.course_id) & (a.student_id == e.student_id))
        .where(e.student_id == ada)
    )
    assert {tuple(row) for row in found} == {
        (bought, "active", 1, None),
        (opened, "cancelled", 0, "subscription_ended"),
    }


def test_a_subscription_that_had_ended_keeps_its_state(uow: UnitOfWork) -> None:
    ada = make_student(uow.connection)
    make_subscription(uow.connection, ada, status="expired")

    message = delete(uow, ada)

    assert "subscription" not in message
    assert uow.connection.scalar(select(t.subscriptions.c.status)) == "expired"


def test_the_persons_account_on_the_server_is_disabled(uow: UnitOfWork) -> None:
    grace = make_instructor(uow.connection)
    uow.connection.execute(
        insert(t.people).values(account="grace", user_id=grace, role="instructor")
    )

    delete(uow, grace)

    assert uow.connection.scalar(select(t.people.c.disabled)) is True


def test_money_that_is_due_back_is_warned_of(uow: UnitOfWork) -> None:
    ada = make_student(uow.connection)
    make_payment(uow.connection, ada, refund_due=True)

    changes = accounts.delete_account(uow, ada, reason=DeletionReason.REQUESTED, row_version=1)

    assert changes.warning
    assert changes.message.endswith("A payment of this account is still due back.")


def test_a_deletion_is_audited_without_a_name(database: Database) -> None:
    with database.engines.writer.connect() as connection:
        ada = make_student(connection, name="Ada Lovelace")
        connection.commit()

    database.write(accounts.delete_account, ada, reason=DeletionReason.REQUESTED, row_version=1)

    def audited(uow: UnitOfWork) -> Any:
        a = t.audit_log.c
        return uow.connection.execute(
            select(a.action, a.user_id, a.facts).where(a.operation == "delete_account")
        ).one()

    action, user_id, facts = database.read(audited)
    assert (action, user_id) == ("update", ada)
    assert set(facts) == {"name", "email", "deletion_reason", "deleted_at"}
    assert facts["name"] == "changed"
