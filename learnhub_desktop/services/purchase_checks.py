"""What a purchase is refused for, each in one sentence.

The dialog's preview and the purchase itself ask the same functions, so that they agree.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Protocol

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain import money
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.enrolments import CourseFacts, EnrolmentFacts, StudentFacts
from learnhub_desktop.domain.purchases import Order, PurchaseRefusal
from learnhub_desktop.domain.states import (
    AlertStatus,
    CourseStatus,
    EnrolmentStatus,
    UserType,
)
from learnhub_desktop.domain.text import check_text
from learnhub_desktop.errors import RuleRefused
from learnhub_desktop.services import keys

REASON_LENGTH: Final = 500


def clean(order: Order) -> Order:
    """The order as it is stored and compared; InvalidInput names what cannot be."""
    reason = order.override_reason
    if reason is not None:
        reason = check_text(reason, field="override", label="The reason", longest=REASON_LENGTH)
    return replace(
        order,
        key=keys.check_key(order.key),
        price=money.check_amount(order.price, field="price", allow_zero=True),
        currency=money.check_currency(order.currency),
        override_reason=reason,
    )


def why_not(
    uow: UnitOfWork,
    student: StudentFacts,
    course: CourseFacts,
    existing: EnrolmentFacts | None,
) -> RuleRefused | None:
    """Why this student cannot buy this course now, whatever the price; None where they can.

    A full course is refused only when its seat is claimed: `check_seats` is an opinion.
    """
    return (
        not_a_student(student)
        or not_live(course)
        or waiting_already(uow, existing)
        or lifetime_already(uow, student, course, existing)
    )


def not_a_student(student: StudentFacts) -> RuleRefused | None:
    """Lists of students show accounts of students; another's enrolment would be in none."""
    if student.deleted_at is not None:
        return RuleRefused(PurchaseRefusal.NO_STUDENT, "This account was deleted.")
    if student.user_type is UserType.STUDENT:
        return None
    article = "an" if student.user_type[0] in "ai" else "a"
    return RuleRefused(
        PurchaseRefusal.NO_STUDENT,
        f"{student.name} is {article} {student.user_type}, and only students are enrolled.",
    )


def not_live(course: CourseFacts) -> RuleRefused | None:
    if course.status is CourseStatus.ACTIVE:
        return None
    said = (
        f"“{course.title}” is archived and takes no new enrolments."
        if course.status is CourseStatus.ARCHIVED
        else f"“{course.title}” is a draft. Make it active before anyone enrols."
    )
    return RuleRefused(PurchaseRefusal.COURSE_NOT_LIVE, said)


def waiting_already(uow: UnitOfWork, existing: EnrolmentFacts | None) -> RuleRefused | None:
    """An earlier purchase, or one that extends, is not settled: another would be paid twice."""
    if existing is None:
        return None
    payment = uow.payments.find_open(existing.enrollment_id)
    if payment is None and existing.status is not EnrolmentStatus.PENDING:
        return None
    number = f" (payment {payment.payment_id})" if payment is not None else ""
    return RuleRefused(
        PurchaseRefusal.HELD_ALREADY,
        f"A purchase of this course is waiting already{number}. Settle it first.",
    )


def lifetime_already(
    uow: UnitOfWork, student: StudentFacts, course: CourseFacts, existing: EnrolmentFacts | None
) -> RuleRefused | None:
    if existing is None or not existing.is_open:
        return None
    access = uow.enrolments.find_access(student.user_id, course.course_id)
    if access is None or access.expires_at is not None or access.ended_at is not None:
        return None
    return RuleRefused(
        PurchaseRefusal.NOTHING_TO_BUY,
        f"{student.name} has lifetime access to “{course.title}” already.",
    )


class _Seats(Protocol):
    """A course's name and its number of seats."""

    @property
    def title(self) -> str: ...

    @property
    def max_students(self) -> int | None: ...


def full(course: _Seats) -> RuleRefused:
    return RuleRefused(PurchaseRefusal.COURSE_FULL, full_sentence(course))


def full_sentence(course: _Seats) -> str:
    seats = course.max_students
    if not seats:
        return f"“{course.title}” has no seats."
    if seats == 1:
        return f"“{course.title}” is full: its only seat is taken."
    return f"“{course.title}” is full: all {seats:,} seats are taken."


def no_course(course_id: int) -> RuleRefused:
    return RuleRefused(
        PurchaseRefusal.NO_COURSE, f"There is no course with the number {course_id}."
    )


def check_screen(
    order: Order, student: StudentFacts, course: CourseFacts, *, extends: bool
) -> None:
    """Refuse where the screen showed something else than what the purchase would do."""
    if order.extends is not None and order.extends is not extends:
        said = (
            f"{student.name} is in “{course.title}” by now, so buying it again would extend the "
            "access."
            if extends
            else f"{student.name} is not in “{course.title}” any more."
        )
        raise RuleRefused(
            PurchaseRefusal.STALE_SCREEN, f"{said} Nothing was charged; look again first."
        )
    if order.sale_id is not None and extends:
        raise RuleRefused(
            PurchaseRefusal.SALE_IS_FOR_NEW,
            f"The sale is for new students, and {student.name} is in “{course.title}” already. "
            "Nothing was charged.",
        )


def check_price(order: Order, course: CourseFacts) -> None:
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
        raise sale_over()
    if (order.price, order.currency) != (sale.price, sale.currency):
        raise RuleRefused(
            PurchaseRefusal.PRICE_CHANGED,
            f"The sale's price is {money.text(sale.price, sale.currency)}, not "
            f"{money.text(order.price, order.currency)}. Nothing was charged.",
        )


def sale_over() -> RuleRefused:
    return RuleRefused(PurchaseRefusal.SALE_OVER, "The sale is over or sold out.")


def check_prerequisites(
    uow: UnitOfWork, order: Order, student: StudentFacts, course: CourseFacts
) -> bool:
    """Whether the student is let in without prerequisites that are missing."""
    missing = uow.enrolments.missing_prerequisites(student.user_id, course.course_id)
    if not missing:
        return False
    if order.override_reason is None:
        raise RuleRefused(
            PurchaseRefusal.PREREQUISITES,
            f"{student.name} has to complete {listed(missing)} first, or be let in with a reason.",
        )
    uow.actor.require(Right.OVERRIDE_PREREQUISITES)
    return True


def listed(titles: tuple[str, ...]) -> str:
    """``“A”``, ``“A” and “B”``, ``“A”, “B” and “C”``."""
    quoted = [f"“{title}”" for title in titles]
    if len(quoted) < 2:
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def check_release(uow: UnitOfWork, order: Order) -> bool:
    """Whether a reviewer released this very purchase; the rules do not stop it then."""
    if order.released_alert_id is None:
        return False
    alert = uow.fraud.find_alert(order.released_alert_id)
    agreed = (
        alert is not None
        and alert.released_at is not None
        and alert.status is not AlertStatus.CONFIRMED_FRAUD
        and (alert.user_id, alert.course_id) == (order.student_id, order.course_id)
        and alert.data.get("currency") == order.currency
        and alert.data.get("amount") == f"{order.price:.2f}"
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
