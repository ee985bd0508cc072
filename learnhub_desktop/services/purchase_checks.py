"""What a purchase is refused for, each in one sentence."""

from __future__ import annotations

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain import money
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.enrolments import CourseFacts, EnrolmentFacts, StudentFacts
from learnhub_desktop.domain.purchases import Order, PurchaseRefusal
from learnhub_desktop.domain.states import CourseStatus, EnrolmentStatus
from learnhub_desktop.domain.text import NOTE_LENGTH, check_text
from learnhub_desktop.errors import RuleRefused


def holds_it(existing: EnrolmentFacts | None) -> bool:
    return existing is not None and existing.status is EnrolmentStatus.PENDING


def held_sentence(uow: UnitOfWork, existing: EnrolmentFacts | None) -> str:
    assert existing is not None
    payment = uow.payments.find_open(existing.enrollment_id)
    number = f" (payment {payment.payment_id})" if payment is not None else ""
    return (
        f"A purchase of this course is waiting already{number}. "
        "Settle it first; nothing was charged now."
    )


def full_sentence(course: CourseFacts) -> str:
    return f"“{course.title}” is full: all {course.max_students} seats are taken."


def check_course(course: CourseFacts | None, order: Order, existing: EnrolmentFacts | None) -> None:
    if course is None:
        raise RuleRefused(
            PurchaseRefusal.NO_COURSE, f"There is no course with the number {order.course_id}."
        )
    if course.status is CourseStatus.ARCHIVED:
        raise RuleRefused(
            PurchaseRefusal.COURSE_NOT_LIVE,
            f"“{course.title}” is archived and takes no new enrolments.",
        )
    if course.status is CourseStatus.DRAFT:
        raise RuleRefused(
            PurchaseRefusal.COURSE_NOT_LIVE,
            f"“{course.title}” is a draft. Make it active before anyone enrols.",
        )
    shown = (order.price, order.currency)
    if order.sale_id is None and shown != (course.price, course.currency):
        raise RuleRefused(
            PurchaseRefusal.PRICE_CHANGED,
            f"“{course.title}” now costs {money.text(course.price, course.currency)}, not "
            f"{money.text(*shown)}. Nothing was charged; look at the new price first.",
        )


def check_sale(uow: UnitOfWork, order: Order) -> None:
    assert order.sale_id is not None
    sale = uow.enrolments.find_sale(order.sale_id)
    if sale is None or sale.course_id != order.course_id:
        raise RuleRefused(PurchaseRefusal.SALE_OVER, "There is no such sale of this course.")
    if sale.seats_left <= 0 or not sale.start_time <= uow.now() <= sale.end_time:
        raise RuleRefused(PurchaseRefusal.SALE_OVER, "The sale is over or sold out.")
    if (order.price, order.currency) != (sale.price, sale.currency):
        raise RuleRefused(
            PurchaseRefusal.PRICE_CHANGED,
            f"The sale's price is {money.text(sale.price, sale.currency)}, not "
            f"{money.text(order.price, order.currency)}. Nothing was charged.",
        )


def check_lifetime(
    uow: UnitOfWork, student: StudentFacts, course: CourseFacts, existing: EnrolmentFacts | None
) -> None:
    if existing is None or not existing.is_open:
        return
    access = uow.enrolments.find_access(student.user_id, course.course_id)
    if access is not None and access.expires_at is None and access.ended_at is None:
        raise RuleRefused(
            PurchaseRefusal.NOTHING_TO_BUY,
            f"{student.name} has lifetime access to “{course.title}” already.",
        )


def check_prerequisites(
    uow: UnitOfWork, order: Order, student: StudentFacts, course: CourseFacts
) -> None:
    missing = uow.enrolments.missing_prerequisites(student.user_id, course.course_id)
    if not missing:
        return
    if order.override_reason is not None:
        uow.actor.require(Right.OVERRIDE_PREREQUISITES)
        check_text(order.override_reason, field="override", label="The reason", longest=NOTE_LENGTH)
        return
    titles = ", ".join(f"“{title}”" for title in missing)
    raise RuleRefused(
        PurchaseRefusal.PREREQUISITES,
        f"{student.name} has to complete {titles} first, or be let in with a reason.",
    )


def check_release(uow: UnitOfWork, order: Order) -> bool:
    if order.released_alert_id is None:
        return False
    alert = uow.fraud.find_alert(order.released_alert_id)
    agreed = (
        alert is not None
        and alert.released_at is not None
        and (alert.user_id, alert.course_id) == (order.student_id, order.course_id)
        and alert.data.get("currency") == order.currency
        and alert.data.get("amount") == str(order.price)
    )
    if not agreed:
        raise RuleRefused(
            PurchaseRefusal.RELEASE_NOT_VALID,
            "This release is for another purchase, or was not given. Nothing was charged.",
        )
    if uow.fraud.release_is_used(order.released_alert_id):
        raise RuleRefused(
            PurchaseRefusal.RELEASE_NOT_VALID,
            "This release was used already: it permits one new payment.",
        )
    return True
