"""Columns of the catalog."""

from __future__ import annotations

from typing import Final

from learnhub_desktop.domain.catalog import CourseRow
from learnhub_desktop.domain.states import CourseStatus
from learnhub_desktop.models import formats
from learnhub_desktop.models.columns import RIGHT, Column, Kind, Tone

COURSE_TONES: Final = {
    CourseStatus.DRAFT: Tone.WARN,
    CourseStatus.ACTIVE: Tone.GOOD,
    CourseStatus.ARCHIVED: Tone.IDLE,
}


def seats_text(row: CourseRow) -> str:
    """``42 / 50``; without a limit only what is taken."""
    if row.max_students is None:
        return formats.count(row.seats_taken)
    return f"{row.seats_taken:,} / {row.max_students:,}"


def seats_words(row: CourseRow) -> str:
    """How many seats are free, for where there is room for words."""
    if row.max_students is None:
        return "no limit of seats"
    if row.is_full:
        return "full"
    return f"{formats.counted(row.seats_left or 0, 'seat', 'seats')} free"


def _seats_tooltip(row: CourseRow) -> str:
    if row.max_students is None:
        return f"{formats.counted(row.seats_taken, 'seat', 'seats')} taken; there is no limit"
    if row.is_full:
        return f"Full: all {row.max_students:,} seats are taken"
    left = formats.counted(row.seats_left or 0, "seat is", "seats are")
    return f"{left} free"


def _rating_text(row: CourseRow) -> str:
    return formats.NOTHING if row.rating is None else f"{row.rating:.1f} ★"


COURSE_COLUMNS: Final[tuple[Column[CourseRow], ...]] = (
    Column(key="title", title="Course", value=lambda row: row.title, width=190, grow=4),
    Column(
        key="instructor",
        title="Instructor",
        value=lambda row: row.instructor_name,
        width=110,
        grow=1,
    ),
    Column(
        key="price",
        title="Price",
        value=lambda row: row.price,
        kind=Kind.MONEY,
        text=lambda row: "free" if row.price == 0 else formats.money(row.price),
        tooltip=lambda row: formats.money(row.price, row.currency),
        currency=lambda row: row.currency,
        width=84,
    ),
    Column(
        key="level",
        title="Level",
        value=lambda row: row.level,
        text=lambda row: "all levels" if row.level is None else str(row.level),
        width=102,
    ),
    Column(
        key="status",
        title="Status",
        value=lambda row: row.status,
        kind=Kind.BADGE,
        tone=lambda row: COURSE_TONES[row.status],
        width=104,
    ),
    Column(
        key="seats",
        title="Seats",
        value=lambda row: row.seats_taken,
        kind=Kind.NUMBER,
        text=seats_text,
        tooltip=_seats_tooltip,
        align=RIGHT,
        width=90,
    ),
    Column(
        key="rating",
        title="Rating",
        value=lambda row: row.rating,
        kind=Kind.NUMBER,
        text=_rating_text,
        tooltip=lambda row: formats.counted(row.review_count, "review", "reviews"),
        width=84,
    ),
    Column(
        key="enrolments",
        title="Enrolled ever",
        value=lambda row: row.total_enrolments,
        kind=Kind.NUMBER,
        width=110,
        hidden=True,
    ),
    Column(
        key="created",
        title="Added",
        value=lambda row: row.created_at,
        kind=Kind.MOMENT,
        hidden=True,
    ),
    Column(
        key="external_id",
        title="External id",
        value=lambda row: row.external_id,
        sortable=False,
        width=110,
        hidden=True,
    ),
    Column(
        key="id",
        title="No.",
        value=lambda row: row.course_id,
        kind=Kind.NUMBER,
        text=lambda row: str(row.course_id),
        width=70,
        hidden=True,
    ),
)
