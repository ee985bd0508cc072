"""What a full refund ends: the enrolment and its access, an extension, a subscription."""

from __future__ import annotations

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.billing import add_months
from learnhub_desktop.domain.states import EnrolmentStatus, EventType, move_enrolment
from learnhub_desktop.services import holds
from learnhub_desktop.services.holds import AccessEnd


def end_what_was_bought(uow: UnitOfWork, locked: holds.Locked) -> None:
    """Undo what the fully refunded charge had opened. The rows are locked by the caller."""
    now, charge, enrolment = uow.now(), locked.payment, locked.enrolment
    if charge.subscription_id is not None:
        end_subscription(uow, charge.subscription_id)
        uow.payments.note(charge.payment_id, [(EventType.ACCESS_ENDED, {})], now)
        return
    if enrolment is None or not enrolment.is_open:
        return
    if uow.payments.has_event(charge.payment_id, EventType.ACCESS_EXTENDED):
        _take_back_extension(uow, locked)
        return
    uow.enrolments.update(
        enrolment.enrollment_id,
        status=move_enrolment(enrolment.status, EnrolmentStatus.REFUNDED),
        refunded_at=now,
    )
    uow.enrolments.end_access(enrolment.student_id, enrolment.course_id, AccessEnd.REFUNDED, now)
    uow.enrolments.free_seat(enrolment.course_id)
    uow.payments.note(
        charge.payment_id,
        [(EventType.ACCESS_ENDED, {"enrollment_id": enrolment.enrollment_id})],
        now,
    )


def end_subscription(uow: UnitOfWork, subscription_id: int) -> None:
    """End a subscription now, with the access and the seats of every course that it opened."""
    now = uow.now()
    uow.subscriptions.end(subscription_id, now)
    for opened in uow.subscriptions.open_enrolments(subscription_id):
        enrolment = uow.enrolments.lock(opened)
        uow.enrolments.update(
            opened,
            status=move_enrolment(enrolment.status, EnrolmentStatus.CANCELLED),
            cancelled_at=now,
        )
        uow.enrolments.end_access(
            enrolment.student_id, enrolment.course_id, AccessEnd.SUBSCRIPTION, now
        )
        uow.enrolments.free_seat(enrolment.course_id)


def _take_back_extension(uow: UnitOfWork, locked: holds.Locked) -> None:
    """The refunded charge had only added months: they go, what was paid before stays."""
    now, charge, enrolment = uow.now(), locked.payment, locked.enrolment
    assert enrolment is not None
    access = uow.enrolments.find_access(enrolment.student_id, enrolment.course_id)
    if access is None or access.expires_at is None or charge.access_months is None:
        return
    until = max(now, add_months(access.expires_at, -charge.access_months))
    uow.enrolments.open_access(enrolment.student_id, enrolment.course_id, until, now)
    uow.payments.note(
        charge.payment_id, [(EventType.ACCESS_ENDED, {"until": until.isoformat()})], now
    )
