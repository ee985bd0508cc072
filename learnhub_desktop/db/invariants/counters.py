"""Numbers of courses, enrolments and sales against the rows that they count."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Select, func, or_, select
from sqlalchemy.sql.selectable import Subquery

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.invariants.reading import rows
from learnhub_desktop.domain.catalog import count_of
from learnhub_desktop.domain.findings import Finding, Topic, problem, warning
from learnhub_desktop.domain.money import CENT, ZERO
from learnhub_desktop.domain.progress import percentage, say_percent
from learnhub_desktop.domain.states import (
    HOLDS_A_SEAT,
    EventType,
    PaymentKind,
    PaymentStatus,
)

_C: Final = t.courses.c
_E: Final = t.enrollments.c


def seats(connection: Connection) -> Iterator[Finding]:
    """`enrolled_students`: the enrolments that hold a seat."""
    for row in rows(connection, _seats_rows()):
        yield problem(
            Topic.SEATS,
            row.course_id,
            f"{_course(row)} counts {count_of(row.enrolled_students, 'seat', 'seats')} as taken, "
            f"and {count_of(row.held, 'enrolment holds', 'enrolments hold')} one.",
            can_repair=True,
        )


@cache
def _seats_rows() -> Select[Any]:
    held = seats_held()
    taken = func.coalesce(held.c.held, 0)
    return (
        select(_C.course_id, _C.title, _C.enrolled_students, taken.label("held"))
        .outerjoin(held, held.c.course_id == _C.course_id)
        .where(_C.enrolled_students != taken)
        .order_by(_C.course_id)
    )


def seats_held() -> Subquery:
    """How many enrolments hold a seat, by course."""
    return (
        select(_E.course_id, func.count().label("held"))
        .where(_E.status.in_(sorted(HOLDS_A_SEAT)))
        .group_by(_E.course_id)
        .subquery("held")
    )


def enrolment_counters(connection: Connection) -> Iterator[Finding]:
    """`total_enrollments` and `last_enrollment_date`: enrolments that were ever activated."""
    for row in rows(connection, _enrolment_counters_rows()):
        if row.total_enrollments != row.total:
            sentence = (
                f"counts {count_of(row.total_enrollments, 'enrolment', 'enrolments')} in all, "
                f"and {count_of(row.total, 'was', 'were')} ever activated."
            )
        else:
            newest = "none" if row.newest is None else f"{row.newest:%Y-%m-%d %H:%M} UTC"
            sentence = f"has another date for its last enrolment than the last one: {newest}."
        yield problem(
            Topic.ENROLMENT_COUNTERS, row.course_id, f"{_course(row)} {sentence}", can_repair=True
        )


@cache
def _enrolment_counters_rows() -> Select[Any]:
    counted = ever_activated()
    total = func.coalesce(counted.c.total, 0)
    return (
        select(
            _C.course_id,
            _C.title,
            _C.total_enrollments,
            _C.last_enrollment_date,
            total.label("total"),
            counted.c.newest,
        )
        .outerjoin(counted, counted.c.course_id == _C.course_id)
        .where(
            or_(
                _C.total_enrollments != total,
                _C.last_enrollment_date.is_distinct_from(counted.c.newest),
            )
        )
        .order_by(_C.course_id)
    )


def ever_activated() -> Subquery:
    """How many enrolments were ever activated and when the last of them began, by course."""
    return (
        select(
            _E.course_id,
            func.count().label("total"),
            func.max(_E.enrolled_at).label("newest"),
        )
        .where(_E.activated_at.is_not(None))
        .group_by(_E.course_id)
        .subquery("activated")
    )


def ratings(connection: Connection) -> Iterator[Finding]:
    """`rating_sum`, `review_count` and `avg_rating`: the reviews."""
    for row in rows(connection, ratings_kept_and_counted()):
        kept = (row.rating_sum, row.review_count, row.avg_rating)
        counted = (int(row.total), row.number, average(row.total, row.number))
        if kept != counted:
            yield problem(
                Topic.RATINGS,
                row.course_id,
                f"{_course(row)} keeps a rating of {row.avg_rating} from "
                f"{count_of(row.review_count, 'review', 'reviews')}, and its reviews give "
                f"{counted[2]} from {count_of(counted[1], 'review', 'reviews')}.",
                can_repair=True,
            )


@cache
def ratings_kept_and_counted() -> Select[Any]:
    reviews = (
        select(
            t.reviews.c.course_id,
            func.sum(t.reviews.c.rating).label("total"),
            func.count().label("number"),
        )
        .group_by(t.reviews.c.course_id)
        .subquery("counted")
    )
    return (
        select(
            _C.course_id,
            _C.title,
            _C.rating_sum,
            _C.review_count,
            _C.avg_rating,
            func.coalesce(reviews.c.total, 0).label("total"),
            func.coalesce(reviews.c.number, 0).label("number"),
        )
        .outerjoin(reviews, reviews.c.course_id == _C.course_id)
        .order_by(_C.course_id)
    )


def average(total: int, count: int) -> Decimal:
    """The average rating in hundredths, rounded half up as the triggers round it."""
    if not count:
        return ZERO
    return (Decimal(int(total)) / count).quantize(CENT, rounding=ROUND_HALF_UP)


def progress(connection: Connection) -> Iterator[Finding]:
    """`progress_percentage`: the lessons done of those that the course has now."""
    for row in rows(connection, _progress_rows()):
        counted = percentage(row.done, row.total)
        if row.progress_percentage != counted:
            # A marked one is known to wait for its next recount.
            found = warning if row.progress_stale else problem
            yield found(
                Topic.PROGRESS,
                row.enrollment_id,
                f"Enrolment {row.enrollment_id} stands at "
                f"{say_percent(row.progress_percentage)}, and {row.done} of "
                f"{count_of(row.total, 'lesson', 'lessons')} done are {say_percent(counted)}.",
                can_repair=True,
            )


@cache
def _progress_rows() -> Select[Any]:
    lessons = (
        select(t.lessons.c.course_id, func.count().label("total"))
        .group_by(t.lessons.c.course_id)
        .subquery("lessons_of_course")
    )
    done = (
        select(t.lesson_progress.c.student_id, t.lessons.c.course_id, func.count().label("done"))
        .join(t.lessons, t.lessons.c.lesson_id == t.lesson_progress.c.lesson_id)
        .where(t.lesson_progress.c.completed)
        .group_by(t.lesson_progress.c.student_id, t.lessons.c.course_id)
        .subquery("lessons_done")
    )
    return (
        select(
            _E.enrollment_id,
            _E.progress_percentage,
            _E.progress_stale,
            func.coalesce(done.c.done, 0).label("done"),
            func.coalesce(lessons.c.total, 0).label("total"),
        )
        .outerjoin(lessons, lessons.c.course_id == _E.course_id)
        .outerjoin(done, (done.c.course_id == _E.course_id) & (done.c.student_id == _E.student_id))
        .where(or_(_E.progress_percentage != ZERO, done.c.done > 0))
        .order_by(_E.enrollment_id)
    )


def sales(connection: Connection) -> Iterator[Finding]:
    """`seats_taken`: at least the charges that name the sale.

    Other programs sell without naming the sale on the payment, so more seats may be taken
    than charges tell of.
    """
    for row in rows(connection, _sales_rows()):
        taken = count_of(row.seats_taken, "seat", "seats")
        if row.seats_taken < row.sold:
            yield problem(
                Topic.SALES,
                row.sale_id,
                f"Flash sale {row.sale_id} counts {taken} as taken, and "
                f"{count_of(row.sold, 'payment names', 'payments name')} it.",
                can_repair=row.sold <= row.max_seats,
            )
        else:
            yield warning(
                Topic.SALES,
                row.sale_id,
                f"Flash sale {row.sale_id} counts {taken} as taken, and only "
                f"{count_of(row.sold, 'payment names', 'payments name')} it: another program sold "
                "the rest, or a hold did not give its seat back.",
            )


@cache
def _sales_rows() -> Select[Any]:
    sold = sold_in_sales()
    count = func.coalesce(sold.c.sold, 0)
    c = t.flash_sales.c
    return (
        select(c.sale_id, c.seats_taken, c.max_seats, count.label("sold"))
        .outerjoin(sold, sold.c.flash_sale_id == c.sale_id)
        .where(c.seats_taken != count)
        .order_by(c.sale_id)
    )


def sold_in_sales() -> Subquery:
    """How many charges hold a seat of each sale; one that came late for its seat holds none."""
    parts = []
    for payments, events in (
        (t.payments, t.payment_events),
        (t.payments_archive, t.payment_events_archive),
    ):
        c = payments.c
        came_late = (
            select(events.c.event_id)
            .where(
                events.c.payment_id == c.payment_id,
                events.c.event_type == EventType.REFUND_DUE,
            )
            .exists()
        )
        parts.append(
            select(c.flash_sale_id).where(
                c.flash_sale_id.is_not(None),
                c.kind == PaymentKind.CHARGE,
                c.status != PaymentStatus.FAILED,
                ~came_late,
            )
        )
    every = parts[0].union_all(parts[1]).subquery("charges")
    return (
        select(every.c.flash_sale_id, func.count().label("sold"))
        .group_by(every.c.flash_sale_id)
        .subquery("sold")
    )


def _course(row: Any) -> str:
    return f"Course {row.course_id} “{row.title}”"
