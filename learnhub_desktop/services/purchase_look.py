"""Before a purchase: looks without a lock, which send most home who come too late."""

from __future__ import annotations

from learnhub_desktop.db.repositories.purchase_glance import Glance
from learnhub_desktop.db.transactions import Database, UnitOfWork
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.purchases import Order, PurchaseOutcome, PurchaseRefusal
from learnhub_desktop.errors import RuleRefused
from learnhub_desktop.gateways import Gateways
from learnhub_desktop.services import purchase_checks as checks
from learnhub_desktop.services import settling


def look_first(database: Database, order: Order, gateways: Gateways) -> bool:
    """Send home, without a lock, most who come too late: in one round trip.

    What is odd about an order outside a sale takes the closer look; False where there was none.
    """
    if order.sale_id is not None:
        # All that a crowd has to be told; the rest is seen by those few who are let through.
        if database.read(is_over, order):
            raise checks.sale_over()
        return False
    if database.read(_glance, order):
        return False
    look_closer(database, order, gateways)
    return True


def look_closer(database: Database, order: Order, gateways: Gateways) -> None:
    """Refuse what is hopeless, by all that can be seen without a lock.

    An earlier purchase of the same course that is overdue is settled before: its hold has
    run out, or the gateway knows by now.
    """
    overdue = database.read(_look_before, order)
    if overdue is None:
        return
    earlier = settling.resolve(database, overdue, gateways=gateways)
    if earlier.outcome is PurchaseOutcome.COMPLETED:
        raise RuleRefused(
            PurchaseRefusal.HELD_ALREADY,
            f"An earlier purchase turned out to be paid (payment {overdue}). Nothing was charged "
            "now; look again first.",
        )
    database.read(_look_before, order)


def is_over(uow: UnitOfWork, order: Order) -> bool:
    """Whether the order's sale is sold out or not open, by one look without a lock."""
    uow.actor.require(Right.ENROL)
    assert order.sale_id is not None
    return uow.purchases.is_over(
        key=order.key, course_id=order.course_id, sale_id=order.sale_id, now=uow.known_now()
    )


def _glance(uow: UnitOfWork, order: Order) -> bool:
    """Whether nothing speaks against the order; what is odd about it takes a closer look.

    RuleRefused where the seats are gone.
    """
    uow.actor.require(Right.ENROL)
    seen = uow.purchases.glance(
        key=order.key,
        student_id=order.student_id,
        course_id=order.course_id,
        price=order.price,
        currency=order.currency,
    )
    if seen is None:
        return False
    if seen.glance is Glance.FULL:
        raise checks.full(seen)
    return seen.glance is Glance.CLEAR


def _look_before(uow: UnitOfWork, order: Order) -> int | None:
    """A plain read that refuses what is hopeless; what it lets through is decided again.

    Returns the student's open payment for this course that must be asked about first.
    """
    uow.actor.require(Right.ENROL)
    if uow.keys.find(order.key) is not None:
        return None
    existing = uow.enrolments.find(order.student_id, order.course_id)
    if existing is not None:
        waiting = uow.payments.find_open(existing.enrollment_id)
        if waiting is not None and settling.is_due(uow, waiting):
            return waiting.payment_id
    course = uow.enrolments.find_course(order.course_id)
    if course is None:
        raise checks.no_course(order.course_id)
    refused = checks.not_live(course) or checks.waiting_already(uow, existing)
    if refused is not None:
        raise refused
    checks.check_price(order, course)
    if order.sale_id is not None:
        checks.check_sale(uow, order)
    if course.seats_left == 0 and not (existing is not None and existing.is_open):
        raise checks.full(course)
    return None
