"""What a payment's own story and its neighbours say: read by those who hold its locks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, Table, bindparam, func, or_, select

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.repositories.base import KEY, Repository, one_by
from learnhub_desktop.domain.states import EventType, PaymentKind, PaymentStatus

_P: Final = t.payments.c
_E: Final = t.payment_events.c
# Charges whose money the school has, at least in part.
_HAS_MONEY: Final = (
    PaymentStatus.COMPLETED,
    PaymentStatus.PARTIALLY_REFUNDED,
    PaymentStatus.DISPUTED,
)
_LAST_EVENT, _ = one_by(
    select(_E.event_type, _E.event_data)
    .where(_E.event_type.in_(bindparam("event_types", expanding=True)))
    .order_by(_E.event_id.desc())
    .limit(1),
    _E.payment_id,
)


class PaymentReads(Repository):
    """Questions about payments that change nothing."""

    def holder_of(self, enrollment_id: int) -> int | None:
        """The charge that a pending enrolment's seat is held for: the last to place a hold."""
        holder: int | None = self.connection.scalar(
            select(func.max(_P.payment_id))
            .join(t.payment_events, _E.payment_id == _P.payment_id)
            .where(_P.enrollment_id == enrollment_id, _E.event_type == EventType.HOLD_PLACED)
        )
        return holder

    def is_paid_by_another(self, enrollment_id: int, charge_id: int, *, since: datetime) -> bool:
        """Whether another charge, also one of a closed year, pays for the enrolment.

        ``since`` is when the enrolment was last opened: what was paid before that paid for
        something that has ended. Other programs' moments are taken as they come.
        """

        def paying(payments: Table) -> Select[Any]:
            c = payments.c
            return select(c.payment_id).where(
                c.enrollment_id == enrollment_id,
                c.payment_id != charge_id,
                c.kind == PaymentKind.CHARGE,
                c.status.in_(_HAS_MONEY),
                c.refund_due.is_(False),
                or_(c.processed_at >= since, c.idempotency_key.is_(None)),
            )

        return any(
            self.connection.scalar(paying(payments).limit(1)) is not None
            for payments in (t.payments, t.payments_archive)
        )

    def last_event(
        self, payment_id: int, *event_types: EventType
    ) -> tuple[EventType, Mapping[str, Any]] | None:
        """The payment's last event of these types, with its facts."""
        wanted = {KEY: payment_id, "event_types": event_types}
        row = self.connection.execute(_LAST_EVENT, wanted).one_or_none()
        if row is None:
            return None
        facts = row.event_data if isinstance(row.event_data, dict) else {}
        return EventType(row.event_type), facts

    def has_event(self, payment_id: int, *event_types: EventType) -> bool:
        return self.last_event(payment_id, *event_types) is not None

    def is_transaction_id_taken(self, transaction_id: str, payment_id: int) -> bool:
        """Whether another payment has this transaction id."""
        found = self.connection.scalar(
            select(_P.payment_id)
            .where(_P.transaction_id == transaction_id, _P.payment_id != payment_id)
            .limit(1)
        )
        return found is not None
