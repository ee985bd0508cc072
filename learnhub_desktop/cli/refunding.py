"""`learnhub refund`: one payment, in part or in full."""

from __future__ import annotations

from argparse import Namespace
from typing import Final

from learnhub_desktop.cli.announcing import announcing
from learnhub_desktop.cli.choosing import opened
from learnhub_desktop.cli.enrolling import payment_values
from learnhub_desktop.cli.terminal import Done, ExitCode, Terminal
from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.money import parse_amount
from learnhub_desktop.domain.purchases import new_key
from learnhub_desktop.domain.refunds import RefundReason, RefundTo
from learnhub_desktop.domain.settlement import PaymentFacts
from learnhub_desktop.errors import OutcomeUnknown
from learnhub_desktop.opening import School
from learnhub_desktop.services import keys, refunds
from learnhub_desktop.services.refund_rules import RefundOrder
from learnhub_desktop.services.refund_words import Refund, RefundOutcome

_CODES: Final = {
    RefundOutcome.COMPLETED: ExitCode.DONE,
    RefundOutcome.PENDING: ExitCode.DONE,
    RefundOutcome.FAILED: ExitCode.REFUSED,
    RefundOutcome.UNKNOWN: ExitCode.UNKNOWN,
}


def refund(options: Namespace, terminal: Terminal) -> Done:
    amount = None if options.amount is None else parse_amount(options.amount)
    seen = (
        None
        if options.seen_refunded is None
        else parse_amount(options.seen_refunded, field="seen-refunded", allow_zero=True)
    )
    key = keys.check_key(options.key) if options.key is not None else new_key("refund")
    with opened(options) as school:
        payment = school.database.read(_payment, options.payment_id)
        order = RefundOrder(
            key=key,
            payment_id=options.payment_id,
            reason=RefundReason(options.reason),
            seen_refunded=payment.refunded_amount if seen is None else seen,
            amount=amount,
            comment=options.comment,
            to=RefundTo(options.to),
            override=options.override,
            confirmed_again=options.again,
        )
        try:
            made = refunds.refund(
                school.database, order, gateways=announcing(school.gateways, terminal.announce_key)
            )
        except OutcomeUnknown as error:
            raise OutcomeUnknown(str(error), key=key) from error
        return _told(school, made, key, terminal)


def _told(school: School, made: Refund, key: str, terminal: Terminal) -> Done:
    values = {
        **school.database.read(payment_values, made.refund_id),
        "refunds_payment_id": made.payment_id,
        "outcome": made.outcome,
        "message": made.changes.message,
        "idempotency_key": key,
        "replayed": made.replayed,
    }
    code = _CODES[made.outcome]
    problem = made.changes.message
    if code is ExitCode.UNKNOWN:
        problem = terminal.unknown(problem, key)
    if code is not ExitCode.DONE:
        return Done(values, code=code, problem=problem)
    return Done(values, (made.changes.message, f"Refund {made.refund_id}."))


def _payment(uow: UnitOfWork, payment_id: int) -> PaymentFacts:
    return uow.payments.get(payment_id)
