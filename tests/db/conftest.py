"""Schools with a few rows in each list."""

from __future__ import annotations

from decimal import Decimal

import pytest

from learnhub_desktop.db.transactions import UnitOfWork
from tests.db.listing import DAY, HOUR, make_named, make_titled
from tests.factories import NOW, make_payment


@pytest.fixture
def courses(uow: UnitOfWork) -> UnitOfWork:
    ada = make_named(uow, "Ada Lovelace", user_type="instructor")
    grace = make_named(uow, "Grace Hopper", user_type="instructor")
    make_titled(uow, "Algebra", instructor_id=ada, status="draft", price=Decimal("0.00"))
    sql = make_titled(uow, "SQL", instructor_id=grace, level="advanced", max_students=2)
    make_titled(uow, "zebra care", instructor_id=ada, level="beginner", created_at=NOW - 40 * DAY)
    full = make_titled(
        uow, "Full", instructor_id=grace, max_students=2, price=Decimal("99.50"), external_id="x1"
    )
    uow.courses.update(full, enrolled_students=2)
    uow.courses.set_tags(sql, ["databases", "data"])
    uow.courses.set_tags(full, ["data"])
    return uow


@pytest.fixture
def payments(uow: UnitOfWork) -> UnitOfWork:
    ola, kari = make_named(uow, "Ola Nordmann"), make_named(uow, "Kari")
    sql = make_titled(uow, "SQL Mastery")
    charge = make_payment(
        uow.connection, ola, reason_code="a", course_id=sql, amount=Decimal("120.00"),
        created_at=NOW - DAY, gateway_reference="ch_77", refunded_amount=Decimal("20.00"),
    )  # fmt: skip
    for values in (
        {"user_id": ola, "reason_code": "b", "kind": "refund", "refunds_payment_id": charge,
         "status": "pending", "amount": Decimal("20.00"), "created_at": NOW - HOUR},
        {"user_id": kari, "reason_code": "c", "status": "unknown", "payment_method": "paypal",
         "created_at": NOW - 2 * DAY},
        {"user_id": kari, "reason_code": "d", "status": "pending", "payment_method": None,
         "hold_expires_at": NOW - HOUR, "created_at": NOW - 40 * DAY, "currency": "EUR"},
        {"user_id": kari, "reason_code": "e", "status": "failed", "refund_due": True},
    ):  # fmt: skip
        make_payment(uow.connection, **values)
    return uow
