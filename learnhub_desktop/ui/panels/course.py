"""What the side panel says of a course, and what can be done about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from learnhub_desktop.domain import money
from learnhub_desktop.domain.catalog import CourseDetail, CourseRow, count_of
from learnhub_desktop.domain.progress import CourseProgress
from learnhub_desktop.domain.sales import SaleRow, SaleState
from learnhub_desktop.domain.states import CourseStatus
from learnhub_desktop.domain.students import EnrolmentRow
from learnhub_desktop.models import formats
from learnhub_desktop.models.catalog import COURSE_TONES
from learnhub_desktop.models.columns import Tone
from learnhub_desktop.ui.widgets.side_panel import Fact, Offer, Panel


@dataclass(frozen=True, slots=True)
class CourseView:
    """A course as it was read. ``progress`` and ``students`` are None for who may not see them.

    ``sale`` is the one that runs or comes next; ``now`` is when all this was read.
    """

    row: CourseRow
    detail: CourseDetail
    sale: SaleRow | None
    progress: CourseProgress | None
    students: tuple[EnrolmentRow, ...] | None
    now: datetime


def open_sale(sales: tuple[SaleRow, ...], now: datetime) -> SaleRow | None:
    """The sale that runs, or the next that is planned."""
    # One that was ended by hand ends at that very moment.
    found = [sale for sale in sales if sale.end_time > now]
    return min(found, key=lambda sale: sale.start_time, default=None)


def row_panel(row: CourseRow) -> Panel:
    """What the list's row alone tells, before the rest is read."""
    sentence, tone = _sentence(row)
    return Panel(
        title=row.title,
        subtitle=_subtitle(row),
        amount=_price(row),
        state=row.status,
        state_tone=COURSE_TONES[row.status],
        sentence=sentence,
        sentence_tone=tone,
        facts=(Fact("Rating", _rating(row)),),
        offers=offers(row, None),
    )


def course_panel(view: CourseView, *, zone: tzinfo) -> Panel:
    """All of it, with the sale that runs and why the course was archived."""
    panel = row_panel(view.row)
    return replace(
        panel,
        sentence=f"{panel.sentence} {_archived(view, zone)}".rstrip(),
        facts=_facts(view, zone),
        offers=offers(view.row, view),
    )


def _subtitle(row: CourseRow) -> str:
    level = "all levels" if row.level is None else str(row.level)
    return f"{row.instructor_name} · {level}"


def _price(row: CourseRow) -> str:
    return money.text(row.price, row.currency) if row.price else "Free"


def _sentence(row: CourseRow) -> tuple[str, Tone | None]:
    match row.status:
        case CourseStatus.DRAFT:
            return "A draft: nobody can enrol until it is made active.", None
        case CourseStatus.ARCHIVED:
            return "No new enrolments; students keep their access until it ends.", None
    if row.is_full:
        return f"Full: all {row.max_students:,} seats are taken.", Tone.WARN
    return "Open: students can enrol.", None


def _archived(view: CourseView, zone: tzinfo) -> str:
    """When it was archived and why; empty where it is not."""
    archive = next((each for each in view.detail.archives if each.restored_at is None), None)
    if view.row.status is not CourseStatus.ARCHIVED or archive is None:
        return ""
    return f"Archived {moment_words(archive.archived_at, view.now, zone)}: “{archive.reason}”"


def moment_words(at: datetime, now: datetime, zone: tzinfo) -> str:
    """A moment in the middle of a sentence: ``today 09:42``, ``Sat 17:20``."""
    return formats.inside(formats.moment(at, now=now, zone=zone))


def _facts(view: CourseView, zone: tzinfo) -> tuple[Fact, ...]:
    facts = []
    if view.sale is not None:
        facts.append(Fact("Sale", *_sale_words(view.sale, view.now, zone)))
    facts.append(Fact("Rating", _rating(view.row)))
    months = view.detail.course.access_months
    facts.append(Fact("Access", "for life" if months is None else count_of(months, "month")))
    return tuple(facts)


def _rating(row: CourseRow) -> str:
    if row.rating is None:
        return "no reviews yet"
    return f"{row.rating:.1f} ★ from {count_of(row.review_count, 'review')}"


def _sale_words(sale: SaleRow, now: datetime, zone: tzinfo) -> tuple[str, Tone, str]:
    price = money.text(sale.price, sale.currency)
    ends = moment_words(sale.end_time, now, zone)
    tip = (
        f"{sale.campaign or 'Sale'}: {formats.moment_full(sale.start_time, zone=zone)} to "
        f"{formats.moment_full(sale.end_time, zone=zone)}"
    )
    match sale.state(now):
        case SaleState.PLANNED:
            starts = moment_words(sale.start_time, now, zone)
            return f"{price} from {starts} until {ends}", Tone.INFO, tip
        case SaleState.SOLD_OUT:
            return f"{price}: all {sale.max_seats:,} seats are sold", Tone.WARN, tip
    left = f"{sale.seats_left:,} of {sale.max_seats:,} seats left"
    return f"{price} until {ends}: {left}", Tone.GOOD, tip


def offers(row: CourseRow, view: CourseView | None) -> tuple[Offer, ...]:
    """What makes sense now, the likely one primary; all other actions stand in the menu."""
    match row.status:
        case CourseStatus.DRAFT:
            names = ["course_edit", "course_archive", "course_publish"]
        case CourseStatus.ARCHIVED:
            names = ["course_restore"]
        case _:
            sale = "sale_end" if view is not None and view.sale is not None else "sale_start"
            names = ["course_edit", sale, "course_archive", "course_enrol"]
            if not row.price:
                names.remove(sale)
    return tuple(
        Offer(name, as_reason(refusal(name, row, view)), is_primary=name == names[-1])
        for name in names
    )


def refusal(name: str, row: CourseRow, view: CourseView | None) -> str:
    """Why an action is not possible on this course, in a sentence; empty where it is.

    ``view`` None: only the row is known yet.
    """
    is_archived = row.status is CourseStatus.ARCHIVED
    match name:
        case "course_enrol" | "course_enrol_list":
            return _why_not_enrol(row)
        case "course_publish":
            is_draft = row.status is CourseStatus.DRAFT
            return "" if is_draft else f"It is {_said(row.status)} already."
        case "course_unpublish":
            return _why_not_draft(row)
        case "course_restore":
            return "" if is_archived else "It is not archived."
        case "course_archive":
            return "It is archived already." if is_archived else ""
        case "course_students":
            return ""
    if is_archived:
        return "It is archived. Restore it first."
    return _why_no_sale(name, row, None if view is None else view.sale)


def _why_not_enrol(row: CourseRow) -> str:
    match row.status:
        case CourseStatus.DRAFT:
            return "It is a draft. Make it active first."
        case CourseStatus.ARCHIVED:
            return "It is archived. Restore it first."
    return ""


def _why_not_draft(row: CourseRow) -> str:
    if row.status is not CourseStatus.ACTIVE:
        return f"It is {_said(row.status)}."
    if row.seats_taken:
        seats = count_of(row.seats_taken, "seat is", "seats are")
        return f"{seats} taken. Archive it instead: students keep their access."
    return ""


def _why_no_sale(name: str, row: CourseRow, sale: SaleRow | None) -> str:
    if name == "sale_end":
        return "" if sale is not None else "It is not on sale."
    if name != "sale_start":
        return ""
    if row.status is CourseStatus.DRAFT:
        return "It is a draft. Make it active first."
    if not row.price:
        return "It is free."
    return "It is on sale already. End that sale first." if sale is not None else ""


def as_reason(sentence: str) -> str:
    """The sentence as it goes on after "… is not possible:"."""
    return sentence[:1].lower() + sentence[1:]


def _said(status: CourseStatus) -> str:
    return "a draft" if status is CourseStatus.DRAFT else str(status)
