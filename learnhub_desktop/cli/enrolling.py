"""`learnhub enrol`: one student, one course."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from learnhub_desktop.cli.announcing import announcing
from learnhub_desktop.cli.choosing import opened
from learnhub_desktop.cli.terminal import Done, ExitCode, Terminal
from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.enrolments import StudentFacts
from learnhub_desktop.domain.purchases import (
    GATEWAY_METHODS,
    Order,
    PurchaseOutcome,
    PurchaseRefusal,
    new_key,
)
from learnhub_desktop.domain.states import PaymentMethod, UserType
from learnhub_desktop.domain.text import check_email
from learnhub_desktop.errors import InvalidInput, NotFound, OutcomeUnknown, RuleRefused
from learnhub_desktop.opening import School
from learnhub_desktop.services import enrolments, keys, purchases

_CODES: Final = {
    PurchaseOutcome.COMPLETED: ExitCode.DONE,
    PurchaseOutcome.WAITING: ExitCode.DONE,
    PurchaseOutcome.VERIFICATION: ExitCode.REFUSED,
    PurchaseOutcome.DECLINED: ExitCode.REFUSED,
    PurchaseOutcome.BLOCKED: ExitCode.REFUSED,
    PurchaseOutcome.UNKNOWN: ExitCode.UNKNOWN,
    PurchaseOutcome.IN_PROGRESS: ExitCode.UNKNOWN,
}


def enrol(options: Namespace, terminal: Terminal) -> Done:
    """Sell the course at its price, or with ``--free`` enrol by hand."""
    _check_options(options)
    with opened(options) as school:
        if options.free:
            return _by_hand(school, options)
        return _sell(school, options, terminal)


def _check_options(options: Namespace) -> None:
    if options.free:
        for name in ("method", "card", "key", "release"):
            if getattr(options, name) is not None:
                raise InvalidInput(name, f"--free takes no payment, so it goes without --{name}.")
        if options.reason is None:
            raise InvalidInput("reason", "--free needs a --reason.")
    elif options.reason is not None:
        raise InvalidInput("reason", "--reason goes with --free; use --override for prerequisites.")


def _by_hand(school: School, options: Namespace) -> Done:
    student = school.database.read(_find_student, options.student)
    reason = options.reason
    if options.override is not None:
        reason = f"{reason}; without the prerequisites: {options.override}"
    changes = school.database.write(
        enrolments.enrol_by_hand,
        student_id=student.user_id,
        course_id=options.course,
        reason=reason,
        override_prerequisites=options.override is not None,
    )
    assert changes.subject_id is not None
    values = school.database.read(enrolment_values, changes.subject_id)
    return Done({**values, "message": changes.message}, (changes.message,))


def _sell(school: School, options: Namespace, terminal: Terminal) -> Done:
    method = PaymentMethod(options.method or PaymentMethod.CREDIT_CARD)
    key = keys.check_key(options.key) if options.key is not None else new_key("buy")
    offer = school.database.read(_look, options, key)
    if offer.price > 0 and method in GATEWAY_METHODS and not (options.card or "").strip():
        raise InvalidInput("card", f"Paying by {method.value} needs --card TOKEN.")
    order = Order(
        key=key,
        student_id=offer.student.user_id,
        course_id=options.course,
        price=offer.price,
        currency=offer.currency,
        method=method,
        card=options.card,
        override_reason=options.override,
        released_alert_id=options.release,
        sale_id=offer.sale_id,
    )
    try:
        purchase = purchases.buy(
            school.database, order, gateways=announcing(school.gateways, terminal.announce_key)
        )
    except OutcomeUnknown as error:
        raise OutcomeUnknown(str(error), key=key) from error
    values: dict[str, Any] = {"outcome": purchase.outcome, "message": purchase.changes.message}
    if purchase.payment_id is not None:
        values |= school.database.read(payment_values, purchase.payment_id)
    if purchase.enrollment_id is not None:
        values |= school.database.read(enrolment_values, purchase.enrollment_id)
    values |= {"idempotency_key": key, "alert_id": purchase.alert_id, "replayed": purchase.replayed}
    code = _CODES[purchase.outcome]
    problem = purchase.changes.message
    if code is ExitCode.UNKNOWN:
        problem = terminal.unknown(problem, key)
    if code is not ExitCode.DONE:
        return Done(values, code=code, problem=problem)
    lines = [purchase.changes.message]
    if purchase.payment_id is not None:
        lines.append(f"Payment {purchase.payment_id}.")
    return Done(values, tuple(lines))


@dataclass(frozen=True, slots=True)
class _Offer:
    """Who buys at what price: what a dialog would show before its button."""

    student: StudentFacts
    price: Decimal
    currency: str
    sale_id: int | None


def _look(uow: UnitOfWork, options: Namespace, key: str) -> _Offer:
    student = _find_student(uow, options.student)
    if uow.enrolments.find_course(options.course) is None:
        raise NotFound(f"There is no course with the number {options.course}.")
    shown = enrolments.preview(uow, student.user_id, options.course)
    stored = uow.keys.find(key)
    if stored is not None and stored.operation == purchases.OPERATION:
        # The price may have changed since the first call, and this one only settles that.
        first = stored.parameters
        price = Decimal(first["amount"])
        return _Offer(student, price, first["currency"], first["sale_id"])
    return _Offer(student, shown.price, shown.currency, shown.sale_id)


def _find_student(uow: UnitOfWork, email: str) -> StudentFacts:
    address = check_email(email, field="student")
    student = uow.enrolments.find_student_by_email(address)
    if student is None:
        raise NotFound(f"There is no student with the address {address[:80]}.")
    if student.user_type is not UserType.STUDENT:
        raise RuleRefused(
            PurchaseRefusal.NO_STUDENT, f"{student.name} is not a student, but {student.user_type}."
        )
    return student


def payment_values(uow: UnitOfWork, payment_id: int) -> dict[str, Any]:
    """A payment's columns, as ``--json`` gives them."""
    payment = uow.payments.get(payment_id)
    return {
        "payment_id": payment.payment_id,
        "user_id": payment.user_id,
        "course_id": payment.course_id,
        "amount": payment.amount,
        "currency": payment.currency,
        "payment_method": payment.method,
        "status": payment.status,
        "payment_gateway": payment.gateway,
        "gateway_reference": payment.gateway_reference,
        "reason_code": payment.reason_code,
        "hold_expires_at": payment.hold_expires_at,
    }


def enrolment_values(uow: UnitOfWork, enrollment_id: int) -> dict[str, Any]:
    """An enrolment's columns with its access; its status must not hide the payment's."""
    enrolment = uow.enrolments.get(enrollment_id)
    access = uow.enrolments.find_access(enrolment.student_id, enrolment.course_id)
    return {
        "enrollment_id": enrolment.enrollment_id,
        "student_id": enrolment.student_id,
        "course_id": enrolment.course_id,
        "enrollment_status": enrolment.status,
        "enrolled_at": enrolment.enrolled_at,
        "access_expires_at": None if access is None else access.expires_at,
        "has_access": access is not None and access.is_open(uow.now()),
    }
