"""The school against its gateway's book: whatever one has and the other has not is told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

import pytest
from sqlalchemy import Connection, select, update

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.invariants.book import against_book
from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.findings import Severity, Topic
from tests.db.damaged_money import PAID, DamagedMoney
from tests.factories import make_payment

GATEWAY = "simulated"


@dataclass(frozen=True)
class Written:
    """An entry of the gateway's book."""

    key: str
    payment_id: int
    kind: str = "charge"
    amount: Decimal = Decimal("49.00")
    currency: str = "USD"
    state: str = "approved"
    charge_key: str | None = None


@dataclass
class Both:
    """A school with a charge and a refund of it, and the book that tells the same."""

    connection: Connection
    charge_id: int
    refund_id: int
    charge: Written
    refund: Written

    def told(self, *entries: Written) -> list[tuple[Severity, str]]:
        found = list(against_book(self.connection, GATEWAY, lambda: entries))
        assert all(each.topic is Topic.BOOK for each in found)
        return [(each.severity, each.sentence) for each in found]

    def set(self, payment_id: int, **values: object) -> None:
        self.connection.execute(
            update(t.payments).where(t.payments.c.payment_id == payment_id).values(**values)
        )


@pytest.fixture
def both(uow: UnitOfWork) -> Both:
    school = DamagedMoney(uow.connection)
    charge_id = school.own(PAID, "completed")
    charge = Written(school.key, charge_id)
    refund_id = make_payment(
        uow.connection,
        school.student_id,
        kind="refund",
        refunds_payment_id=charge_id,
        amount=Decimal("9.00"),
        status="pending",
        idempotency_key="refund-1",
        payment_gateway=GATEWAY,
    )
    refund = Written("refund-1", refund_id, "refund", Decimal("9.00"), charge_key=charge.key)
    return Both(uow.connection, charge_id, refund_id, charge, refund)


def test_a_school_and_a_book_that_agree_give_no_finding(both: Both) -> None:
    # The refund is still to be written down here.
    assert both.told(both.charge, both.refund) == []
    both.set(both.refund_id, status="completed")
    assert both.told(both.charge, both.refund) == []


def test_a_charge_that_no_payment_has_is_told(both: Both) -> None:
    stray = Written("stray", 987_654)

    assert both.told(both.charge, both.refund, stray) == [
        (
            Severity.PROBLEM,
            "The gateway has a charge of 49.00 USD, approved, as payment 987654, and no payment "
            "here has its key.",
        )
    ]


def test_a_charge_whose_payment_left_with_its_year_is_worth_knowing(both: Both) -> None:
    gone = Written("gone-with-its-year", 987_654)
    school = DamagedMoney(both.connection)
    school.store_key(gone.key, gone.payment_id, "done")

    [(severity, sentence)] = both.told(both.charge, both.refund, gone)

    assert severity is Severity.WARNING
    assert sentence.endswith(
        "as payment 987654, which is not here any more. It may be of a closed year that was "
        "dropped."
    )


def test_a_payment_in_the_archive_is_still_here(both: Both) -> None:
    both.set(both.refund_id, status="completed")
    for payment_id in (both.refund_id, both.charge_id):
        for live, archive in (
            (t.payment_events, t.payment_events_archive),
            (t.payments, t.payments_archive),
        ):
            here = live.c.payment_id == payment_id
            for row in both.connection.execute(select(live).where(here)).all():
                both.connection.execute(archive.insert().values(**row._mapping))
            both.connection.execute(live.delete().where(here))

    assert both.told(both.charge, both.refund) == []
    assert len(both.told()) == 2


def test_a_completed_payment_that_the_gateway_does_not_know_is_told(both: Both) -> None:
    assert both.told(both.refund) == [
        (Severity.PROBLEM, f"Payment {both.charge_id} is completed, and the gateway has none.")
    ]


def test_a_payment_that_is_under_way_need_not_have_arrived(both: Both) -> None:
    assert both.told(both.charge) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"amount": Decimal("50.00")}, "a charge of 50.00 USD"),
        ({"currency": "EUR"}, "a charge of 49.00 EUR"),
        ({"kind": "refund", "charge_key": "other"}, "a refund of 49.00 USD"),
        ({"payment_id": 7}, "a charge of 49.00 USD as payment 7"),
    ],
)
def test_an_entry_that_is_another_act_is_told(
    both: Both, changes: dict[str, object], said: str
) -> None:
    other = replace(both.charge, **changes)  # type: ignore[arg-type]

    [(severity, sentence)] = both.told(other, both.refund)

    assert severity is Severity.PROBLEM
    assert sentence.startswith(
        f"Payment {both.charge_id} is a charge of 49.00 USD, and the gateway has {said}"
    )


def test_a_refund_of_another_charge_is_told(both: Both) -> None:
    [(_, sentence)] = both.told(both.charge, replace(both.refund, charge_key="other"))

    assert sentence.startswith(f"Payment {both.refund_id} is a refund of 9.00 USD")


@pytest.mark.parametrize("state", ["declined", "pending"])
def test_what_is_completed_here_and_not_there_is_told(both: Both, state: str) -> None:
    assert both.told(replace(both.charge, state=state), both.refund) == [
        (
            Severity.PROBLEM,
            f"Payment {both.charge_id} is completed, and at the gateway it is {state}.",
        )
    ]


def test_what_failed_here_and_moved_there_is_told(both: Both) -> None:
    both.set(both.refund_id, status="failed", reason_code="not_found")

    assert both.told(both.charge, both.refund) == [
        (
            Severity.PROBLEM,
            f"Payment {both.refund_id} is failed, and the gateway moved the money.",
        )
    ]


def test_what_was_declined_there_failed_here(both: Both) -> None:
    both.set(both.refund_id, status="failed", reason_code="declined")

    assert both.told(both.charge, replace(both.refund, state="declined")) == []


def test_a_payment_whose_key_had_served_another_act_is_not_that_act(both: Both) -> None:
    both.set(both.refund_id, status="failed", reason_code="key_reused")

    assert both.told(both.charge, replace(both.refund, amount=Decimal("8.00"))) == []


def test_two_entries_under_one_key_are_told(both: Both) -> None:
    assert both.told(both.charge, both.charge, both.refund) == [
        (Severity.PROBLEM, f"The gateway has 2 entries under the key {both.charge.key}.")
    ]


def test_a_payment_of_another_gateway_is_not_looked_for(both: Both) -> None:
    make_payment(both.connection, 1, idempotency_key="by-hand", payment_gateway="manual")

    assert both.told(both.charge, both.refund) == []


def test_a_charge_that_arrives_while_the_school_is_read_gives_no_alarm(both: Both) -> None:
    """Sent after the first look at the book, and completed before the second."""
    books = iter([[both.charge], [both.charge, both.refund]])
    both.set(both.refund_id, status="completed")

    assert list(against_book(both.connection, GATEWAY, lambda: next(books))) == []
