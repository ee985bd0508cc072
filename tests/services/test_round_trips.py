"""How long a purchase keeps others waiting: the statements while its course is locked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from learnhub_desktop.domain.states import PaymentMethod
from tests.services.desk import Desk


@contextmanager
def statements(desk: Desk) -> Iterator[list[str]]:
    """What is sent to the database to write, COMMIT included, in order."""
    sent: list[str] = []
    engine = desk.database.engines.writer

    def before(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        sent.append(statement)

    def committed(connection: Any) -> None:
        sent.append("COMMIT")

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "commit", committed)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", before)
        event.remove(engine, "commit", committed)


def while_locked(sent: list[str]) -> list[str]:
    """From the claim of the seat to the end of its transaction, each by its first two words.

    SQLite alone keeps who is at work in a table, instead of knowing it.
    """
    first = next(n for n, each in enumerate(sent) if each.startswith("UPDATE courses"))
    last = sent.index("COMMIT", first)
    own = [each for each in sent[first : last + 1] if "audit_context" not in each]
    return [" ".join(each.split()[:3]) for each in own]


def test_six_round_trips_from_the_claim_of_the_seat_to_its_release(desk: Desk) -> None:
    student, course = desk.student(), desk.course(max_students=5)

    with statements(desk) as sent:
        desk.buy(student, course)

    assert while_locked(sent) == [
        "UPDATE courses SET",
        "INSERT INTO enrollments",
        "INSERT INTO payments",
        "INSERT INTO idempotency",
        "INSERT INTO payment_events",
        "COMMIT",
    ]


def test_a_loser_takes_no_lock(desk: Desk) -> None:
    course = desk.course(max_students=1)
    desk.buy(desk.student(), course)
    student = desk.student()

    with statements(desk) as sent:
        try:
            desk.buy(student, course)
        except Exception as refused:  # noqa: BLE001  # looked at below
            said = str(refused)

    assert said == "“SQL” is full: its only seat is taken."
    assert sent == []


def test_two_transactions_make_a_purchase_by_card_and_one_by_transfer(desk: Desk) -> None:
    course, another, student = desk.course(), desk.course(), desk.student()

    with statements(desk) as by_card:
        desk.buy(student, course)
    with statements(desk) as by_transfer:
        desk.buy(student, another, method=PaymentMethod.BANK_TRANSFER)

    assert by_card.count("COMMIT") == 2
    assert by_transfer.count("COMMIT") == 1
