"""The audit and the feed of changes are written by triggers, whoever writes, and tell no name."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import JSON, Connection, String, delete, func, insert, select, text, update
from sqlalchemy.dialects import mysql

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.objects.watched import WATCHED
from learnhub_desktop.db.tables import audit_log, changes, courses, metadata, users
from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.db.types import KEY_COLLATION
from tests.databases import alone
from tests.factories import (
    NOW,
    make_course,
    make_enrolment,
    make_lesson,
    make_payment,
    make_student,
)

# Text that people type, but of no person: what a course is about, what a school is called.
OF_NO_PERSON = {"course_tags.tag", "flash_sales.campaign", "school_settings.school_name"}


def entries(connection: Connection, entity: str, entity_id: object) -> list[Any]:
    return list(
        connection.execute(
            select(audit_log)
            .where(audit_log.c.entity == entity, audit_log.c.entity_id == str(entity_id))
            .order_by(audit_log.c.audit_id)
        )
    )


@pytest.mark.proof
@pytest.mark.parametrize("watched", WATCHED, ids=lambda watched: watched.table)
def test_the_audit_keeps_no_free_text(watched: Any) -> None:
    table = metadata.tables[watched.table]
    free = {
        f"{table.name}.{name}"
        for name in watched.facts
        if isinstance(table.c[name].type, String)
        and getattr(table.c[name].type.dialect_impl(mysql.dialect()), "collation", None)
        != KEY_COLLATION
    }

    assert free <= OF_NO_PERSON


@pytest.mark.parametrize("table", sorted(metadata.tables))
def test_every_table_is_audited_or_there_is_a_reason(table: str) -> None:
    unaudited = {
        "alembic_version": "",
        "audit_log": "it is the audit",
        "cards": "a fingerprint and when it was seen",
        "changes": "the feed itself",
        "daily_revenue_summary": "can be computed again at any time",
        "idempotency": "its payment is audited",
        "job_runs": "its own story",
        "payment_events": "append-only itself",
        "payment_events_archive": "copies",
        "payments_archive": "copies",
        "schema_info": "written by upgrades only",
        "schema_objects": "written by upgrades only",
    }
    audited = {watched.table for watched in WATCHED if watched.audited}

    assert (table in audited) != (table in unaudited)


def test_each_change_of_a_row_is_told_with_its_values(any_connection: Connection) -> None:
    course_id = make_course(any_connection, price=Decimal("49.50"), max_students=None)
    mine = courses.c.course_id == course_id
    any_connection.execute(
        update(courses).where(mine).values(price=Decimal("0.05"), max_students=10, title="New")
    )
    any_connection.execute(delete(courses).where(mine))
    made, changed, deleted = entries(any_connection, "courses", course_id)

    assert (made.action, changed.action, deleted.action) == ("insert", "update", "delete")
    assert made.course_id == changed.course_id == course_id
    assert Decimal(str(made.facts["price"])) == Decimal("49.5")
    assert made.facts["status"] == "active"
    assert changed.facts["max_students"] == [None, 10]
    assert [Decimal(str(each)) for each in changed.facts["price"]] == [
        Decimal("49.5"),
        Decimal("0.05"),
    ]
    assert changed.facts["title"] == "changed"
    assert set(changed.facts) == {"price", "max_students", "title"}


def test_a_change_that_changes_nothing_is_not_audited(any_connection: Connection) -> None:
    course_id = make_course(any_connection, title="Same")
    mine = courses.c.course_id == course_id
    any_connection.execute(update(courses).where(mine).values(title="Same"))
    any_connection.execute(update(courses).where(mine).values(enrolled_students=1))

    assert len(entries(any_connection, "courses", course_id)) == 1


def test_a_change_of_case_alone_is_audited(any_connection: Connection) -> None:
    course_id = make_course(any_connection, title="sql")
    mine = courses.c.course_id == course_id
    any_connection.execute(update(courses).where(mine).values(title="SQL"))

    assert entries(any_connection, "courses", course_id)[1].facts == {"title": "changed"}


@pytest.mark.proof
def test_a_person_s_name_and_address_never_stand_in_the_audit(any_connection: Connection) -> None:
    name, email = "Zéphyrine Quagga", "zephyrine@quagga.example"
    student_id = make_student(any_connection, name=name, email=email, deletion_reason=name)
    course_id = make_course(any_connection, title=name, description=email)
    lesson_id = make_lesson(any_connection, course_id, title=name, content=email)
    enrolment_id = make_enrolment(any_connection, student_id, course_id, reason=name)
    payment_id = make_payment(any_connection, student_id, comment=f"{name} {email}")
    for table, values in (
        (t.quizzes, {"lesson_id": lesson_id, "title": name}),
        (t.reviews, {"student_id": student_id, "course_id": course_id, "rating": 3,
                     "comment": name}),
        (t.course_access, {"student_id": student_id, "course_id": course_id, "reason": email}),
        (t.fraud_alerts, {"user_id": student_id, "review_comment": name,
                          "alert_data": {"score": 1}}),
        (t.archived_courses, {"course_id": course_id, "course_data": {"title": name},
                              "reason": name}),
        (t.balance_movements, {"user_id": student_id, "kind": "refund", "amount": Decimal(1),
                               "currency": "USD", "balance_after": Decimal(1), "reason": name}),
        (t.subscriptions, {"user_id": student_id, "plan_type": "monthly",
                           "start_date": NOW.date(), "current_period_end": NOW.date(),
                           "payment_token": email, "cancel_reason": name}),
    ):  # fmt: skip
        any_connection.execute(insert(table).values(**values))
    any_connection.execute(
        update(users)
        .where(users.c.user_id == student_id)
        .values(name="Deleted user", email="deleted@deleted.invalid", deleted_at=NOW)
    )
    any_connection.execute(
        update(t.payments).where(t.payments.c.payment_id == payment_id).values(comment=None)
    )
    any_connection.execute(
        update(t.enrollments)
        .where(t.enrollments.c.enrollment_id == enrolment_id)
        .values(reason=None)
    )
    facts = any_connection.scalars(select(audit_log.c.facts)).all()
    told = json.dumps(facts, ensure_ascii=False).lower()

    assert len(facts) > 12
    for part in ("zéphyrine", "quagga", "zephyrine"):
        assert part not in told


def test_the_facts_of_each_table_are_json(any_connection: Connection) -> None:
    course_id, student_id = make_course(any_connection), make_student(any_connection)
    make_payment(any_connection, student_id, course_id=course_id)
    rule = t.fraud_detection_rules
    rule_id = any_connection.scalar(select(func.min(rule.c.rule_id)))
    any_connection.execute(
        update(rule).where(rule.c.rule_id == rule_id).values(rule_condition={"above": 7})
    )
    kinds = {type(each) for each in any_connection.scalars(select(audit_log.c.facts))}
    changed = entries(any_connection, "fraud_detection_rules", rule_id)[-1].facts

    assert isinstance(rule.c.rule_condition.type, JSON)
    assert kinds == {dict}
    # The condition is kept as JSON within JSON, not as text.
    assert changed["rule_condition"][1] == {"above": 7}


def test_the_audit_names_the_account_and_the_operation(any_school: Database) -> None:
    def rename_course(uow: UnitOfWork) -> int:
        return make_course(uow.connection)

    course_id = any_school.write(rename_course)
    with any_school.engines.reader.connect() as connection:
        (entry,) = entries(connection, "courses", course_id)

    account = any_school.actor().account
    assert entry.account.partition("@")[0] == account
    assert entry.operation == "rename_course"


def test_a_program_that_says_nothing_of_itself_is_audited_all_the_same(
    server_school: Database,
) -> None:
    with alone(server_school) as connection:
        course_id = make_course(connection)
        (entry,) = entries(connection, "courses", course_id)

    assert entry.operation is None
    assert entry.account.startswith("root@")


def test_the_word_for_an_operation_does_not_stay_for_the_next_program(database: Database) -> None:
    def rename_course(uow: UnitOfWork) -> int:
        return make_course(uow.connection)

    database.write(rename_course)
    with database.engines.writer.connect() as connection:
        course_id = make_course(connection)
        (entry,) = entries(connection, "courses", course_id)
        connection.rollback()

    assert (entry.account, entry.operation) == ("another program", None)


def announced(connection: Connection, since: int) -> list[tuple[str, int | None]]:
    return [
        (row.entity, row.entity_id)
        for row in connection.execute(
            select(changes).where(changes.c.change_id > since).order_by(changes.c.change_id)
        )
    ]


def test_each_change_is_announced_to_other_desks(any_connection: Connection) -> None:
    student_id, course_id = make_student(any_connection), make_course(any_connection)
    newest = any_connection.scalar(select(func.max(changes.c.change_id))) or 0
    enrolment_id = make_enrolment(any_connection, student_id, course_id)
    payment_id = make_payment(any_connection, student_id, course_id=course_id)
    any_connection.execute(
        update(users).where(users.c.user_id == student_id).values(name="Another")
    )
    told = announced(any_connection, newest)

    assert ("enrolments", enrolment_id) in told
    assert ("payments", payment_id) in told
    assert ("students", student_id) in told
    # A seat counter that moves is a change of the course.
    assert ("catalog", course_id) in told


def test_a_prerequisite_announces_the_course_that_has_it(any_connection: Connection) -> None:
    course_id, needed_id = make_course(any_connection), make_course(any_connection)
    newest = any_connection.scalar(select(func.max(changes.c.change_id))) or 0
    any_connection.execute(
        text("INSERT INTO course_prerequisites VALUES (:course, :needed)"),
        {"course": course_id, "needed": needed_id},
    )

    assert announced(any_connection, newest) == [("catalog", course_id)]
