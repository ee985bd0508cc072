"""What is shown of a subscription: how it stands, what was billed, what it opened and could."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain import money
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.enrolments import CourseFacts, EnrolmentFacts, StudentFacts
from learnhub_desktop.domain.moments import say_date, say_moment
from learnhub_desktop.domain.school import Plan
from learnhub_desktop.domain.states import CourseStatus, UserType
from learnhub_desktop.domain.subscriptions import (
    OpeningPreview,
    PlanOffer,
    SignUpPreview,
    Standing,
    SubscriptionDetail,
    SubscriptionFacts,
    SubscriptionRow,
    next_period_end,
    period_to_bill,
)
from learnhub_desktop.errors import NotFound
from learnhub_desktop.services import lists
from learnhub_desktop.services.periods import period_end_moment, school_day
from learnhub_desktop.services.purchase_checks import full_sentence

# Five years of monthly periods; who wants more has the list of payments.
_MOST_BILLS: Final = 60
_MOST_COURSES: Final = 200


def get_subscription(uow: UnitOfWork, subscription_id: int) -> SubscriptionDetail:
    """The subscription as the side panel shows it; NotFound where there is none."""
    uow.actor.require(Right.VIEW_PAYMENTS)
    row = _row(uow, subscription_id)
    facts = uow.billing.get(subscription_id)
    student = uow.enrolments.find_student(facts.user_id)
    story = uow.subscriptions.story(subscription_id)
    next_plan, next_period = _next(uow, facts)
    return SubscriptionDetail(
        row=row,
        bills=uow.subscriptions.list_bills(subscription_id, limit=_MOST_BILLS),
        courses=uow.subscriptions.list_courses(subscription_id, limit=_MOST_COURSES),
        says=_says(uow, row, next_plan, cancelled_on=_day(uow, story["cancelled_at"])),
        next_plan=next_plan,
        next_period=next_period,
        is_due=facts.is_due(school_day(uow), uow.now()) and row.open_charge_id is None,
        is_over=period_end_moment(uow, facts.current_period_end) <= uow.now(),
        has_card=bool(facts.payment_token),
        gateway=uow.billing.gateway_of(subscription_id),
        method=facts.method,
        country=None if student is None else student.country,
        **story,
    )


def _row(uow: UnitOfWork, subscription_id: int) -> SubscriptionRow:
    found = lists.rows(uow, "subscriptions", (subscription_id,))
    if not found:
        raise NotFound(f"There is no subscription with the number {subscription_id}.")
    row: SubscriptionRow = found[0]
    return row


def _next(
    uow: UnitOfWork, facts: SubscriptionFacts
) -> tuple[Plan | None, tuple[date, date] | None]:
    """What is billed next, and for which period; nothing where it ends or has ended."""
    if not facts.is_running or facts.cancel_at_period_end:
        return None, None
    plan = uow.billing.find_plan(facts.next_plan_type or facts.plan_type)
    assert plan is not None  # a foreign key holds it
    period = period_to_bill(
        facts.start_date, facts.current_period_end, plan.period_months, school_day(uow)
    )
    return plan, period


def _day(uow: UnitOfWork, moment: datetime | None) -> date | None:
    return None if moment is None else moment.astimezone(uow.settings.get().zone).date()


def _says(
    uow: UnitOfWork, row: SubscriptionRow, plan: Plan | None, *, cancelled_on: date | None
) -> str:
    """How it stands in plain words: what is paid, what is charged next, what is open."""
    until = say_date(row.current_period_end)
    match row.standing:
        case Standing.UNSETTLED:
            return (
                f"It is not known yet whether payment {row.open_charge_id} went through. Nothing "
                "is charged twice."
            )
        case Standing.NEVER_PAID:
            return "It never began: its first charge did not succeed, so nothing is open."
        case Standing.CANCELLED:
            when = "" if cancelled_on is None else f" on {say_date(cancelled_on)}"
            return f"It has ended{when}, with the access that it opened. Nothing is charged."
        case Standing.EXPIRED:
            return (
                f"It expired: what was paid ended on {until}, and its charges were declined until "
                "nothing was left to try."
            )
        case Standing.ENDING:
            return f"Paid until {until}, and ends then. Nothing more is charged."
        case Standing.PAST_DUE:
            return _past_due(uow, row, until)
    return _active(uow, row, plan, until)


def _past_due(uow: UnitOfWork, row: SubscriptionRow, until: str) -> str:
    times = "once" if row.retry_count == 1 else f"{row.retry_count} times"
    said = f"What was paid ended on {until}. The charge was declined {times}"
    if row.cancel_at_period_end:
        return f"{said}, and it is not tried again: it ends with the next run."
    if row.next_retry_at is None:
        return f"{said}. Give it another card, or bill it now."
    again = say_moment(row.next_retry_at, uow.settings.get().zone)
    return f"{said}; it is tried again on {again}."


def _active(uow: UnitOfWork, row: SubscriptionRow, plan: Plan | None, until: str) -> str:
    price = "" if plan is None else money.text(plan.price, plan.currency)
    if plan is not None and plan.plan_type != row.plan_type:
        price = f"{price} for “{plan.title}”"
    if row.next_retry_at is not None:
        again = say_moment(row.next_retry_at, uow.settings.get().zone)
        return (
            f"Paid until {until}. The charge of {price} could not be sent to the gateway; it is "
            f"tried again on {again}."
        )
    if row.current_period_end <= school_day(uow):
        return f"What was paid ended on {until}. {price} is due now."
    return f"Paid until {until}; {price} is charged then."


def preview_sign_up(uow: UnitOfWork, student_id: int) -> SignUpPreview:
    """What the student may sign up for today, with the price and first period of each plan."""
    uow.actor.require(Right.TAKE_PAYMENT)
    student = uow.enrolments.find_student(student_id)
    if student is None:
        raise NotFound(f"There is no student with the number {student_id}.")
    today = school_day(uow)
    return SignUpPreview(
        student_id=student_id,
        student_name=student.name,
        country=student.country,
        offers=tuple(
            PlanOffer(plan, (today, next_period_end(today, today, plan.period_months)))
            for plan in uow.settings.plans()
            if plan.offered
        ),
        refusal=_why_not(uow, student),
    )


def _why_not(uow: UnitOfWork, student: StudentFacts) -> str:
    if student.deleted_at is not None:
        return "This account was deleted."
    if student.user_type is not UserType.STUDENT:
        return f"{student.name} is not a student, but {student.user_type}."
    running = uow.billing.find_running(student.user_id)
    if running is not None:
        return (
            f"{student.name} has a subscription already (No. {running.subscription_id}). Change "
            "its plan instead."
        )
    waiting = uow.billing.find_open_charge(user_id=student.user_id)
    if waiting is not None:
        return (
            f"{student.name} has a subscription whose charge is not settled yet (payment "
            f"{waiting}). Ask about that payment first."
        )
    return ""


def preview_opening(uow: UnitOfWork, subscription_id: int, course_id: int) -> OpeningPreview:
    """What opening this course with the subscription would do now."""
    uow.actor.require(Right.ENROL)
    facts = uow.billing.get(subscription_id)
    student = uow.enrolments.find_student(facts.user_id)
    course = uow.enrolments.find_course(course_id)
    if student is None or course is None:
        raise NotFound("This course is gone. Reload and try again.")
    existing = uow.enrolments.find(facts.user_id, course_id)
    return OpeningPreview(
        course_id=course_id,
        course_title=course.title,
        seats_left=course.seats_left,
        until=facts.current_period_end,
        missing=uow.enrolments.missing_prerequisites(facts.user_id, course_id),
        refusal=_why_closed(student, course, existing),
    )


def _why_closed(student: StudentFacts, course: CourseFacts, existing: EnrolmentFacts | None) -> str:
    if existing is not None and existing.holds_a_seat:
        return f"{student.name} is in this course already."
    if course.status is not CourseStatus.ACTIVE:
        return f"“{course.title}” takes no new enrolments now."
    return full_sentence(course) if course.seats_left == 0 else ""


def list_plans(uow: UnitOfWork) -> tuple[Plan, ...]:
    """Every plan, also those that are not offered any more, the shortest period first."""
    uow.actor.require(Right.VIEW_PAYMENTS)
    return uow.settings.plans()
