"""Payments and their events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Select,
    String,
    and_,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import mysql, sqlite

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.prepared import Part, Prepared, together
from learnhub_desktop.db.repositories.base import KEY, one_by
from learnhub_desktop.db.repositories.payment_reads import PaymentReads
from learnhub_desktop.db.types import Moment, UtcNow
from learnhub_desktop.domain.payments import BALANCE
from learnhub_desktop.domain.settlement import PaymentFacts, Place, place_of
from learnhub_desktop.domain.states import (
    EventType,
    GatewayKind,
    PaymentKind,
    PaymentMethod,
    PaymentStatus,
)
from learnhub_desktop.errors import NotFound

Event = tuple[EventType, Mapping[str, Any]]

# What `payment_gateway` says where the money went to or came from the account balance.

_P: Final = t.payments.c
PAYMENT: Final = (
    _P.payment_id,
    _P.user_id,
    _P.enrollment_id,
    _P.subscription_id,
    _P.course_id,
    _P.kind,
    _P.refunds_payment_id,
    _P.amount,
    _P.currency,
    _P.refunded_amount,
    _P.payment_method,
    _P.status,
    _P.idempotency_key,
    _P.payment_gateway,
    _P.gateway_reference,
    _P.card_fingerprint,
    _P.country,
    _P.flash_sale_id,
    _P.reason_code,
    _P.comment,
    _P.access_months,
    _P.hold_expires_at,
    _P.refund_due,
    _P.check_count,
    _P.created_at,
    _P.processed_at,
)
_FACTS: Final = select(*PAYMENT)
_PAYMENT_BY_ID, _LOCK_PAYMENT = one_by(_FACTS, _P.payment_id)
# None is the database's own time.
_SEEN_AT: Final = func.coalesce(bindparam("seen_at", type_=Moment()), UtcNow())
_CARD: Final = {
    "card_fingerprint": bindparam("fingerprint", type_=String()),
    "first_seen_at": _SEEN_AT,
    "last_seen_at": _SEEN_AT,
}
_SEE_CARD: Final = Prepared(
    mysql.insert(t.cards).values(_CARD).on_duplicate_key_update(last_seen_at=_SEEN_AT)
)
_SEE_CARD_IN_FILE: Final = Prepared(
    sqlite.insert(t.cards)
    .values(_CARD)
    .on_conflict_do_update(index_elements=["card_fingerprint"], set_={"last_seen_at": _SEEN_AT})
)


class PaymentRepository(PaymentReads):
    """Payments and their events."""

    def find(self, payment_id: int) -> PaymentFacts | None:
        return self._facts(_PAYMENT_BY_ID, payment_id)

    def get(self, payment_id: int) -> PaymentFacts:
        found = self.find(payment_id)
        if found is None:
            raise NotFound(f"There is no payment with the number {payment_id}.")
        return found

    def lock(self, payment_id: int) -> PaymentFacts:
        found = self._facts(_LOCK_PAYMENT, payment_id)
        if found is None:
            raise NotFound(f"There is no payment with the number {payment_id}.")
        return found

    def find_open(self, enrollment_id: int) -> PaymentFacts | None:
        """The pending or unknown charge that holds the enrolment's seat."""
        return self._facts(
            _FACTS.where(
                _P.enrollment_id == enrollment_id,
                _P.kind == PaymentKind.CHARGE,
                _P.status.in_([PaymentStatus.PENDING, PaymentStatus.UNKNOWN]),
            )
            .order_by(_P.payment_id.desc())
            .limit(1)
        )

    def place(self, payment_id: int) -> Place:
        """The rows that an act on the payment must lock first. Plain read, before BEGIN."""
        payment = self.get(payment_id)
        if payment.refunds_payment_id is None:
            return place_of(payment)
        # A refund undoes what its charge bought, whatever its own row says; it never gives a
        # sale's seat back.
        charge = self.get(payment.refunds_payment_id)
        return replace(
            place_of(charge),
            payment_id=payment_id,
            charge_id=charge.payment_id,
            flash_sale_id=None,
        )

    def add(self, **values: Any) -> int:
        return self.insert(t.payments, **values)

    def update(self, payment_id: int, **values: Any) -> None:
        self.change(t.payments, payment_id, **values)

    def reserve(self, payment_id: int, amount: Decimal, *, seen: Decimal) -> bool:
        """Raise ``refunded_amount`` if it is still what was seen and enough is left."""
        reserved = self.connection.execute(
            update(t.payments)
            .where(
                _P.payment_id == payment_id,
                _P.status.in_([PaymentStatus.COMPLETED, PaymentStatus.PARTIALLY_REFUNDED]),
                _P.refunded_amount == seen,
                _P.refunded_amount + amount <= _P.amount,
            )
            .values(refunded_amount=_P.refunded_amount + amount)
        )
        return reserved.rowcount == 1

    def unreserve(self, payment_id: int, amount: Decimal) -> None:
        """A refund that failed gives back what it had reserved."""
        self.connection.execute(
            update(t.payments)
            .where(_P.payment_id == payment_id, _P.refunded_amount >= amount)
            .values(refunded_amount=_P.refunded_amount - amount)
        )

    def refunded_for_good(self, charge_id: int) -> Decimal:
        """The sum of the charge's completed refunds."""
        total = self.connection.scalar(
            select(func.sum(_P.amount)).where(
                _P.refunds_payment_id == charge_id, _P.status == PaymentStatus.COMPLETED
            )
        )
        return Decimal("0.00") if total is None else Decimal(total)

    def same_refund_since(self, charge_id: int, amount: Decimal, since: datetime) -> bool:
        """Whether the same amount of this charge went back, or is on its way, since then."""
        found = self.connection.scalar(
            select(_P.payment_id)
            .where(
                _P.refunds_payment_id == charge_id,
                _P.amount == amount,
                _P.created_at >= since,
                _P.status != PaymentStatus.FAILED,
            )
            .limit(1)
        )
        return found is not None

    def note(self, payment_id: int, events: Iterable[Event], now: datetime) -> None:
        """Append events, in order, in one statement. Their data are ids and facts only."""
        told = list(events)
        if told:
            together(self.connection, events_part(payment_id, told, now))

    def refund_ids(self, charge_id: int) -> tuple[int, ...]:
        return tuple(
            self.connection.scalars(
                select(_P.payment_id)
                .where(_P.refunds_payment_id == charge_id)
                .order_by(_P.payment_id)
            )
        )

    def events_of(
        self, payment_ids: Iterable[int]
    ) -> list[tuple[int, EventType, dict[str, Any], datetime]]:
        """(payment, type, facts, time) of all events of these payments, oldest first."""
        c = t.payment_events.c
        rows = self.connection.execute(
            select(c.payment_id, c.event_type, c.event_data, c.created_at)
            .where(c.payment_id.in_(list(payment_ids)))
            .order_by(c.event_id)
        )
        return [
            (row.payment_id, EventType(row.event_type), dict(row.event_data or {}), row.created_at)
            for row in rows
        ]

    def next_check_at(self, payment_id: int) -> datetime | None:
        """When the gateway is asked by itself, None where it is not."""
        found: datetime | None = self.connection.scalar(
            select(_P.next_check_at).where(_P.payment_id == payment_id)
        )
        return found

    def list_due_checks(self, now: datetime, *, after_id: int, limit: int) -> list[int]:
        """Unsettled payments that a gateway, or the end of a hold, can say something of now.

        By id; ``after_id`` continues. What people pay out by hand waits for them alone.
        """
        charges = and_(
            _P.kind == PaymentKind.CHARGE,
            or_(_P.status == PaymentStatus.UNKNOWN, _P.hold_expires_at <= now),
        )
        refunds = and_(
            _P.kind == PaymentKind.REFUND,
            _P.payment_gateway.not_in([GatewayKind.MANUAL.value, BALANCE]),
        )
        return list(
            self.connection.scalars(
                select(_P.payment_id)
                .where(
                    _P.status.in_([PaymentStatus.PENDING, PaymentStatus.UNKNOWN]),
                    _P.next_check_at <= now,
                    _P.payment_id > after_id,
                    or_(charges, refunds),
                )
                .order_by(_P.payment_id)
                .limit(limit)
            )
        )

    def see_card(self, fingerprint: str, now: datetime) -> None:
        """Insert or touch the card's row, which locks it until the transaction ends."""
        together(self.connection, card_part(self.connection, fingerprint, now))

    def _facts(self, statement: Select[Any], payment_id: int | None = None) -> PaymentFacts | None:
        row = self.connection.execute(statement, {KEY: payment_id}).one_or_none()
        return None if row is None else payment_of(row)


def card_part(connection: Connection, fingerprint: str, now: datetime | None) -> Part:
    """Insert or touch a card's row; ``now`` None is the database's own time."""
    is_file = connection.dialect.name == "sqlite"
    statement = _SEE_CARD_IN_FILE if is_file else _SEE_CARD
    return Part(statement, {"fingerprint": fingerprint, "seen_at": now})


def events_part(payment_id: int | None, events: Sequence[Event], now: datetime) -> Part:
    """Events, in order, as one statement; ``payment_id`` None is the payment just inserted."""
    values: dict[str, Any] = {"created_at": now}
    if payment_id is not None:
        values["payment_id"] = payment_id
    for number, (event_type, data) in enumerate(events):
        values |= {f"event_type_{number}": event_type, f"event_data_{number}": dict(data)}
    return Part(_note(len(events)), values, None if payment_id is not None else "payment_id")


@cache
def _note(count: int) -> Prepared:
    c = t.payment_events.c
    shared = {name: bindparam(name, type_=c[name].type) for name in ("payment_id", "created_at")}
    return Prepared(
        insert(t.payment_events).values(
            [
                {
                    **shared,
                    "event_type": bindparam(f"event_type_{number}", type_=c.event_type.type),
                    "event_data": bindparam(f"event_data_{number}", type_=c.event_data.type),
                }
                for number in range(count)
            ]
        )
    )


def payment_of(row: Sequence[Any]) -> PaymentFacts:
    """From the columns `PAYMENT`."""
    values = list(row)
    values[5], values[11] = PaymentKind(row[5]), PaymentStatus(row[11])
    values[10] = None if row[10] is None else PaymentMethod(row[10])
    values[22] = bool(row[22])
    return PaymentFacts(*values)
