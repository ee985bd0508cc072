"""“Ask now”: find out what became of an unsettled payment, be it a charge or a refund."""

from __future__ import annotations

from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.purchases import Purchase
from learnhub_desktop.domain.states import PaymentKind
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.services import refunds, settling
from learnhub_desktop.services.refund_words import Refund


def ask_now(database: Database, payment_id: int, *, gateways: Gateways) -> Purchase | Refund:
    """Look the payment up at its gateway and settle it. Nothing is ever sent again."""
    if database.read(_kind, payment_id) is PaymentKind.REFUND:
        return refunds.resolve(database, payment_id, gateways=gateways)
    return settling.resolve(database, payment_id, gateways=gateways)


def _kind(uow: UnitOfWork, payment_id: int) -> PaymentKind:
    uow.actor.require(Right.VIEW_PAYMENTS)
    return uow.payments.get(payment_id).kind
