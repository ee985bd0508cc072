"""What one student would pay for one course, with all that a person wants to see before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from learnhub_desktop.db.transactions import UnitOfWork
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.purchases import PurchasePreview
from learnhub_desktop.domain.sales import SaleRow
from learnhub_desktop.domain.school import SchoolSettings
from learnhub_desktop.services import enrolments


@dataclass(frozen=True, slots=True)
class Quote:
    """``preview`` says what the purchase would do now.

    ``full_price`` is the course's own price, which a sale lowers; ``sale`` is that sale.
    ``seats`` None: no limit. ``has_access``: the course is open to the student now, until
    ``access_now`` (None: for life). ``settings`` hold how long a seat is held.
    """

    preview: PurchasePreview
    full_price: Decimal
    sale: SaleRow | None
    seats: int | None
    has_access: bool
    access_now: datetime | None
    country: str | None
    settings: SchoolSettings


def get_quote(uow: UnitOfWork, student_id: int, course_id: int) -> Quote:
    """The quote as it stands; NotFound where the student or the course is gone."""
    uow.actor.require(Right.ENROL)
    preview = enrolments.preview(uow, student_id, course_id)
    course = uow.courses.get(course_id)
    access = uow.enrolments.find_access(student_id, course_id)
    is_open = access is not None and access.is_open(uow.now())
    student = uow.enrolments.find_student(student_id)
    return Quote(
        preview=preview,
        full_price=course.price,
        sale=None if preview.sale_id is None else uow.sales.get(preview.sale_id),
        seats=course.max_students,
        has_access=is_open,
        access_now=access.expires_at if access is not None else None,
        country=None if student is None else student.country,
        settings=uow.settings.get(),
    )
