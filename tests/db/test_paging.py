"""Pages by key: put together they are the list, whatever ties and gaps the sort column has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from learnhub_desktop.db.repositories import lists as engine
from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.lists import Anchor, ListQuery
from learnhub_desktop.services import lists
from tests.factories import NOW, make_payment, make_student

STRIDE = 4
# Few values, so that most of them are equal; None where the column may be empty.
PAYMENTS = st.lists(
    st.fixed_dictionaries(
        {
            "amount": st.sampled_from([Decimal("1.00"), Decimal("49.00"), Decimal("49.01")]),
            "status": st.sampled_from(["completed", "failed", "pending"]),
            "processed_at": st.none() | st.sampled_from([NOW, NOW + timedelta(microseconds=1)]),
            "payment_method": st.none() | st.sampled_from(["cash", "paypal"]),
            "created_at": st.sampled_from([NOW, NOW - timedelta(days=1)]),
        }
    ),
    max_size=30,
)
SORTS = st.sampled_from(["id", "amount", "processed", "status", "method", "created"])
SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def place(row: Any, column: str) -> tuple[Any, ...]:
    """What Python sorts by: an empty value comes first, as in all three databases."""
    values = {
        "id": (),
        "amount": (row.amount,),
        "processed": (row.processed_at,),
        "status": (str(row.status), row.created_at),
        "method": (None if row.method is None else str(row.method), row.created_at),
        "created": (row.created_at,),
    }[column]
    return (*((value is not None, value) for value in values), row.payment_id)


def in_order(rows: list[Any], column: str, *, descending: bool) -> list[int]:
    class Place:
        def __init__(self, row: Any) -> None:
            self.parts = place(row, column)

        def __lt__(self, other: Place) -> bool:
            for mine, theirs in zip(self.parts, other.parts, strict=True):
                if mine != theirs:
                    # (False, None) is never held against another (False, None) here.
                    return bool(mine < theirs)
            return False

    ordered = sorted(rows, key=Place, reverse=descending)
    return [row.payment_id for row in ordered]


@contextmanager
def short_strides() -> Iterator[None]:
    before = engine.ANCHOR_STRIDE
    engine.ANCHOR_STRIDE = STRIDE  # type: ignore[misc]  # Final for the program, short here.
    yield
    engine.ANCHOR_STRIDE = before  # type: ignore[misc]  # as above


def nearest(anchors: tuple[Anchor, ...], first: int) -> Anchor | None:
    return max((a for a in anchors if a.position <= first), key=lambda a: a.position, default=None)


def check_pages(
    uow: UnitOfWork,
    payments: list[dict[str, Any]],
    column: str,
    *,
    descending: bool,
    size: int,
    wanted: list[str],
) -> None:
    undone = uow.connection.begin_nested()
    student_id = make_student(uow.connection)
    made = [make_payment(uow.connection, student_id, **values) for values in payments]
    # Other tests leave payments on the servers.
    query = ListQuery("payments").with_sort(column, descending=descending)
    query = query.with_filter("student", str(student_id))
    if wanted:
        query = query.with_filter("status", *wanted)
    with short_strides():
        rows = [
            row for row in lists.rows(uow, "payments", made) if not wanted or row.status in wanted
        ]
        expected = in_order(rows, column, descending=descending)
        head = lists.head(uow, query, ids=(*made, 999_999_999))

        assert head.total == len(expected)
        assert head.unfiltered >= len(made)
        assert head.positions == {row_id: number for number, row_id in enumerate(expected)}
        assert [(a.position, a.row_id) for a in head.anchors] == [
            (number, expected[number]) for number in range(0, len(expected), STRIDE)
        ]
        for first in range(0, len(expected) + 1, size):
            for anchor in {nearest(head.anchors, first), None}:
                page = lists.page(uow, query, first=first, count=size, anchor=anchor)

                assert page.first == first
                assert [row.payment_id for row in page.rows] == expected[first : first + size]
        walked = [row.payment_id for rows in lists.walk(uow, query, size=size) for row in rows]

        assert walked == expected
    undone.rollback()


CASES = given(
    payments=PAYMENTS,
    column=SORTS,
    descending=st.booleans(),
    size=st.integers(1, 7),
    wanted=st.lists(st.sampled_from(["completed", "failed"]), unique=True),
)


@CASES
@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
def test_pages_put_together_are_the_sorted_list(uow: UnitOfWork, **case: Any) -> None:
    check_pages(uow, **case)


@CASES
@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
def test_pages_put_together_are_the_sorted_list_on_a_server(
    server_uow: UnitOfWork, **case: Any
) -> None:
    check_pages(server_uow, **case)
