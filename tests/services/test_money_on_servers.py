"""What finance sees and changes, on real servers: one test, since each server costs a second."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from sqlalchemy import insert, select

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.balances import AdjustmentReason
from learnhub_desktop.domain.lists import ListQuery
from learnhub_desktop.domain.states import EventType, PaymentStatus
from learnhub_desktop.jobs.registry import PLANS
from learnhub_desktop.journal import Act, Operation
from learnhub_desktop.services import balances, jobs, lists, revenue, unfinished
from learnhub_desktop.services.unfinished import Stage
from tests.factories import make_course, make_enrolment, make_payment, make_student

DAY = date(2024, 3, 10)
AT = datetime(2024, 3, 10, 9, 0, tzinfo=UTC)


def needing(uow: UnitOfWork, attention: str) -> list[int]:
    query = ListQuery("payments").with_filter("attention", attention)
    rows = lists.page(uow, query, first=0, count=10, anchor=None).rows
    return [row.payment_id for row in rows]


def test_refunds_revenue_balances_and_keys(server_uow: UnitOfWork) -> None:
    uow, c = server_uow, server_uow.connection
    ada, course = make_student(c, name="Ada Byron"), make_course(c)
    enrolment = make_enrolment(c, ada, course)
    paid = make_payment(
        c,
        ada,
        course_id=course,
        enrollment_id=enrolment,
        refunded_amount=Decimal("9.00"),
        created_at=AT,
        processed_at=AT,
    )
    stuck, failed = (
        make_payment(
            *(c, ada),
            kind="refund",
            refunds_payment_id=paid,
            amount=Decimal("9.00"),
            status=status,
            created_at=AT,
        )
        for status in (PaymentStatus.PENDING, PaymentStatus.FAILED)
    )
    uow.payments.note(stuck, [(EventType.REFUND_GATEWAY_SUCCESS, {"reference": "re_1"})], AT)

    assert needing(uow, "access_kept") == [stuck]
    assert needing(uow, "refund_failed") == [failed]
    assert needing(uow, "refund_open") == [stuck]

    # A payment that has left for the archive counts as it did before.
    before = revenue.summarise(uow, DAY)
    assert [(line.revenue, line.transactions, line.enrolments) for line in before] == [
        (Decimal("49.00"), 1, 1)
    ]
    copied = c.execute(select(t.payments).where(t.payments.c.payment_id == paid)).one()._mapping
    names = {column.name for column in t.payments_archive.columns}
    moved = {name: copied[name] for name in names & set(copied)}
    c.execute(insert(t.payments_archive).values({**moved, "payment_id": 9_000_000}))
    assert revenue.summarise(uow, DAY)[0].revenue == Decimal("98.00")

    added = balances.adjust_balance(
        uow, ada, Decimal("5.00"), reason=AdjustmentReason.GOODWILL, seen=Decimal(0)
    )
    assert added.message == (
        "5.00 USD was added to the balance of Ada Byron, which is 5.00 USD now."
    )
    [left] = unfinished.look_up(uow, [Act("buy-9", Operation.PURCHASE, {"student_id": str(ada)})])
    assert left.stage is Stage.NOT_BEGUN
    assert len(jobs.list_jobs(uow, PLANS)) == 5
