"""Every number that is kept beside the rows it counts can be counted again and set right."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, select, text, update

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.invariants import QUESTIONS, invariants
from learnhub_desktop.db.school import create
from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.db.verify import verify_school
from learnhub_desktop.domain.findings import Finding, Severity, Topic
from tests.databases import TEST_SCHOOL, opened
from tests.db.damage import CASES, Damage, move, refund
from tests.db.damaged_money import MONEY_CASES, DamagedMoney
from tests.factories import (
    NOW,
    make_course,
    make_enrolment,
    make_student,
)

ALL_CASES = CASES | MONEY_CASES
_NAMES = (
    *("student_id", "course_id", "enrolment_id", "charge_id", "sale_id"),
    *("own_id", "other_id", "subscription_id", "key"),
)


@pytest.mark.proof
@pytest.mark.parametrize("case", ALL_CASES)
def test_the_recount_finds(case: str, any_connection: Connection) -> None:
    school = DamagedMoney(any_connection)
    before = invariants(any_connection)
    getattr(school, case)()
    found = [finding for finding in invariants(any_connection) if finding not in before]
    topic, sentence, can_repair = ALL_CASES[case]

    assert [(each.topic, each.can_repair) for each in found] == [(topic, can_repair)]
    names = {name: getattr(school, name) for name in _NAMES if f"{{{name}}}" in sentence}
    assert sentence.format(**names) in found[0].sentence


def test_every_question_is_asked_and_every_topic_has_one_but_the_book() -> None:
    assert set(QUESTIONS) == set(Topic) - {Topic.BOOK}
    # Each is shown to find something by a case of its own, the ledger below.
    assert {topic for topic, _, _ in ALL_CASES.values()} == set(QUESTIONS) - {Topic.LEDGER}


def test_a_ledger_that_takes_refunds_for_income_is_told(uow: UnitOfWork) -> None:
    school = Damage(uow.connection)
    refund(uow.connection, school.charge_id, "9.00")
    school.set(
        t.payments, school.charge_id, refunded_amount=Decimal("9.00"), status="partially_refunded"
    )
    assert invariants(uow.connection) == []
    uow.connection.exec_driver_sql("DROP VIEW ledger")
    uow.connection.exec_driver_sql(
        "CREATE VIEW ledger AS SELECT currency, amount AS signed_amount FROM payments"
    )
    (found,) = invariants(uow.connection)

    assert (found.topic, found.sentence) == (
        Topic.LEDGER,
        "The ledger comes to 58.00 USD, and charges less refunds to 40.00 USD.",
    )


def test_a_whole_school_gives_no_finding(new_url: str) -> None:
    create(new_url, TEST_SCHOOL)
    with opened(new_url, "whole") as database, database.engines.writer.connect() as connection:
        Damage(connection)
        found = invariants(connection)
        connection.rollback()

    assert found == []


@pytest.mark.proof
def test_a_repair_sets_right_what_can_be_and_leaves_the_rest_to_people(new_url: str) -> None:
    create(new_url, TEST_SCHOOL)
    with opened(new_url, "damaged") as database:
        schools = {}
        with database.engines.writer.connect() as connection:
            for case in ALL_CASES:
                schools[case] = DamagedMoney(connection)
                getattr(schools[case], case)()
            connection.commit()
        looked_at: list[Topic] = []
        found = verify_school(database, told=looked_at.append)
        done = verify_school(database, repair=True)
        again = verify_school(database)
        with database.engines.reader.connect() as connection:
            checks = numbers(connection, schools)
            operations = set(
                connection.scalars(
                    text(
                        "SELECT operation FROM audit_log WHERE entity IN ('users', 'payments',"
                        " 'balance_movements') AND operation IS NOT NULL"
                    )
                )
            )

    repairable = {case for case, (_, _, can_repair) in ALL_CASES.items() if can_repair}
    assert looked_at == list(QUESTIONS)
    assert found.repaired == ()
    assert len(found.findings) == len(ALL_CASES)
    assert {each.topic for each in done.repaired} == {ALL_CASES[case][0] for case in repairable}
    assert len(done.repaired) == len(repairable)
    assert again.findings == done.findings
    assert {each.topic for each in again.findings} == {
        topic for topic, _, can_repair in ALL_CASES.values() if not can_repair
    }
    assert checks == {
        "seats": 2,
        "total": 1,
        "newest": NOW,
        "rating": Decimal("4.00"),
        "progress": Decimal("0.00"),
        "sale": 2,
        "refunds": Decimal("5.00"),
        "balance": Decimal("12.50"),
        "movements": Decimal("12.50"),
    }
    assert operations == {"verify"}


def numbers(connection: Connection, schools: dict[str, DamagedMoney]) -> dict[str, Any]:
    def value(column: Any, key: int) -> Any:
        (primary,) = column.table.primary_key.columns
        return connection.scalar(select(column).where(primary == key))

    c = t.courses.c
    return {
        "seats": value(c.enrolled_students, schools["seats"].course_id),
        "total": value(c.total_enrollments, schools["total"].course_id),
        "newest": value(c.last_enrollment_date, schools["newest"].course_id),
        "rating": value(c.avg_rating, schools["rating"].course_id),
        "progress": value(t.enrollments.c.progress_percentage, schools["progress"].enrolment_id),
        "sale": value(t.flash_sales.c.seats_taken, schools["sale"].sale_id),
        "refunds": value(t.payments.c.refunded_amount, schools["refunds"].charge_id),
        # The student's money stays what it was; a movement tells where it came from.
        "balance": value(t.users.c.account_balance, schools["balance"].student_id),
        "movements": connection.scalar(
            select(func.sum(t.balance_movements.c.amount)).where(
                t.balance_movements.c.user_id == schools["balance"].student_id
            )
        ),
    }


def test_more_refunds_than_were_paid_are_left_to_people(database: Database) -> None:
    with database.engines.writer.connect() as connection:
        charge_id = Damage(connection).charge_id
        refund(connection, charge_id, "30.00", "pending")
        refund(connection, charge_id, "30.00", "pending")
        connection.commit()
    done = verify_school(database, repair=True)

    assert [each.topic for each in done.findings] == [Topic.REFUNDS]
    assert done.repaired == ()


def test_an_enrolment_that_waits_for_its_recount_is_only_a_warning(uow: UnitOfWork) -> None:
    school = Damage(uow.connection)
    uow.connection.execute(
        insert(t.lesson_progress).values(
            student_id=school.student_id, lesson_id=school.lesson_ids[0], completed=True
        )
    )
    (found,) = invariants(uow.connection)

    assert (found.topic, found.severity) == (Topic.PROGRESS, Severity.WARNING)


def test_a_sale_of_another_program_is_only_a_warning(uow: UnitOfWork) -> None:
    school = Damage(uow.connection)
    school.set(t.flash_sales, school.sale_id, seats_taken=3)
    (found,) = invariants(uow.connection)

    assert (found.topic, found.severity) == (Topic.SALES, Severity.WARNING)
    assert not found.can_repair


def test_a_payment_in_the_archive_still_stands(uow: UnitOfWork) -> None:
    school = Damage(uow.connection)
    uow.connection.execute(insert(t.fraud_alerts).values(payment_id=school.charge_id))
    row = uow.connection.execute(
        select(t.payments).where(t.payments.c.payment_id == school.charge_id)
    ).one()
    uow.connection.execute(insert(t.payments_archive).values(**row._mapping))
    uow.connection.execute(t.payments.delete().where(t.payments.c.payment_id == school.charge_id))

    assert invariants(uow.connection) == []


def test_a_movement_in_another_currency_is_told(uow: UnitOfWork) -> None:
    school = Damage(uow.connection)
    move(uow.connection, school.student_id, "5.00", "5.00")
    school.set(t.users, school.student_id, balance_currency="EUR")
    found: list[Finding] = invariants(uow.connection)

    assert "is in USD, and the balance is not." in found[0].sentence


@pytest.mark.proof
def test_a_repair_while_others_enrol_loses_no_seat(new_server_url: str) -> None:
    create(new_server_url, TEST_SCHOOL)
    with opened(new_server_url, "busy") as database:
        with database.engines.writer.connect() as connection:
            course_ids = [make_course(connection) for _ in range(3)]
            for course_id in course_ids:
                connection.execute(
                    update(t.courses)
                    .where(t.courses.c.course_id == course_id)
                    .values(enrolled_students=1_000, total_enrollments=5)
                )
            connection.commit()
        stop = threading.Event()

        def take_seat(uow: UnitOfWork, course_id: int) -> None:
            student_id = make_student(uow.connection)
            uow.connection.execute(
                update(t.courses)
                .where(t.courses.c.course_id == course_id)
                .values(enrolled_students=t.courses.c.enrolled_students + 1)
            )
            make_enrolment(uow.connection, student_id, course_id, source="staff")
            uow.connection.execute(
                insert(t.course_access).values(student_id=student_id, course_id=course_id)
            )

        def keep_enrolling(turn: int) -> None:
            with opened(new_server_url, "another desk") as desk:
                while not stop.is_set():
                    desk.write(take_seat, course_ids[turn])

        clerks = [threading.Thread(target=keep_enrolling, args=(n,)) for n in range(3)]
        for clerk in clerks:
            clerk.start()
        try:
            done = verify_school(database, repair=True)
        finally:
            stop.set()
            for clerk in clerks:
                clerk.join()
        after = verify_school(database)

    assert {each.topic for each in done.repaired} == {Topic.SEATS, Topic.ENROLMENT_COUNTERS}
    assert after.findings == ()
