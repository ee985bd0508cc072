"""Flash sales: one course or many at once, at a lower price for a number of seats."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.changes import Changes, Touched
from learnhub_desktop.domain.sales import (
    MOST_COURSES,
    SaleRefusal,
    SaleRow,
    SaleState,
    check_percent,
    check_seats,
    check_times,
    reduced,
)
from learnhub_desktop.domain.text import check_text
from learnhub_desktop.errors import RuleRefused

CAMPAIGN_LENGTH: Final = 100


def start_sale(
    uow: UnitOfWork,
    course_ids: Sequence[int] | None,
    *,
    percent_off: int,
    max_seats: int,
    start_time: datetime,
    end_time: datetime,
    campaign: str = "",
) -> Changes:
    """Open a sale of each course (None: all that are live and cost something), all or none.

    ``max_seats`` is for each course. Times are aware UTC. A course has one sale at a time.
    """
    uow.actor.require(Right.EDIT_CATALOG)
    check_percent(percent_off)
    check_seats(max_seats)
    campaign = check_text(
        campaign,
        field="campaign",
        label="The campaign's name",
        longest=CAMPAIGN_LENGTH,
        required=False,
    )
    courses = uow.sales.live_courses(course_ids)
    check_times(start_time, end_time, uow.now())
    asked = None if course_ids is None else len(set(course_ids))
    if not courses or (asked is not None and len(courses) != asked):
        raise RuleRefused(
            SaleRefusal.NOT_LIVE,
            "A sale needs courses that are active and cost something. Nothing was started.",
        )
    if len(courses) > MOST_COURSES:
        raise RuleRefused(
            SaleRefusal.NO_COURSES, f"A sale can hold at most {MOST_COURSES:,} courses."
        )
    titles = uow.sales.overlapping([row.course_id for row in courses], start_time, end_time)
    if titles:
        named = ", ".join(f"“{title}”" for title in titles)
        raise RuleRefused(
            SaleRefusal.OVERLAPS,
            f"There is a sale of {named} in that time already. Nothing was started.",
        )
    uow.sales.add_many(
        [
            {
                "course_id": row.course_id,
                "campaign": campaign or None,
                "max_seats": max_seats,
                "discount_price": reduced(row.price, percent_off),
                "currency": row.currency,
                "start_time": start_time,
                "end_time": end_time,
                "created_at": uow.now(),
            }
            for row in courses
        ]
    )
    what = f"“{courses[0].title}”" if len(courses) == 1 else f"{len(courses):,} courses"
    return Changes(
        Touched.CATALOG,
        f"Started a sale of {what}: {percent_off} % off for {max_seats:,} seats each.",
        subject_id=courses[0].course_id if len(courses) == 1 else None,
    )


def end_sale(uow: UnitOfWork, sale_id: int) -> Changes:
    """End a sale now, or call it off. Holds that were made at its price keep it."""
    uow.actor.require(Right.EDIT_CATALOG)
    sale = uow.sales.get(sale_id)
    if sale.state(uow.now()) is SaleState.OVER or sale.end_time <= uow.now():
        raise RuleRefused(SaleRefusal.OVER, f"The sale of “{sale.course_title}” is over already.")
    uow.sales.end(sale_id, uow.now())
    return Changes(
        Touched.CATALOG, f"Ended the sale of “{sale.course_title}”.", subject_id=sale.course_id
    )


def list_sales(uow: UnitOfWork, course_id: int) -> tuple[SaleRow, ...]:
    """The course's sales, the latest first."""
    uow.actor.require(Right.VIEW_CATALOG)
    return uow.sales.list_of_course(course_id)
