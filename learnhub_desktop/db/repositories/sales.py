"""Flash sales of courses."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import case, insert, select, update

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.repositories.base import Repository
from learnhub_desktop.domain.money import ZERO
from learnhub_desktop.domain.sales import SaleRow
from learnhub_desktop.domain.states import CourseStatus
from learnhub_desktop.errors import NotFound

_F: Final = t.flash_sales.c
_C: Final = t.courses.c
_ROW: Final = select(
    _F.sale_id,
    _F.course_id,
    _C.title,
    _F.campaign,
    _F.discount_price,
    _C.price,
    _F.currency,
    _F.max_seats,
    _F.seats_taken,
    _F.start_time,
    _F.end_time,
).join(t.courses, _C.course_id == _F.course_id)


class SaleRepository(Repository):
    """Flash sales of courses."""

    def get(self, sale_id: int) -> SaleRow:
        row = self.connection.execute(_ROW.where(_F.sale_id == sale_id)).one_or_none()
        if row is None:
            raise NotFound(f"There is no sale with the number {sale_id}.")
        return SaleRow(*row)

    def list_of_course(self, course_id: int, *, limit: int = 20) -> tuple[SaleRow, ...]:
        rows = self.connection.execute(
            _ROW.where(_F.course_id == course_id).order_by(_F.end_time.desc()).limit(limit)
        )
        return tuple(SaleRow(*row) for row in rows)

    def live_courses(self, course_ids: Iterable[int] | None) -> list[Any]:
        """(course, title, price, currency) of live, priced courses by ascending id, locked.

        None is every live course of the school.
        """
        statement = (
            select(_C.course_id, _C.title, _C.price, _C.currency)
            .where(_C.status == CourseStatus.ACTIVE, _C.price > ZERO)
            .order_by(_C.course_id)
            .with_for_update()
        )
        if course_ids is not None:
            statement = statement.where(_C.course_id.in_(sorted(set(course_ids))))
        return list(self.connection.execute(statement))

    def overlapping(self, course_ids: Iterable[int], start: datetime, end: datetime) -> list[str]:
        """Titles of courses that have a sale in that time already."""
        return list(
            self.connection.scalars(
                select(_C.title)
                .join(t.flash_sales, _F.course_id == _C.course_id)
                .where(
                    _C.course_id.in_(sorted(set(course_ids))),
                    _F.start_time < end,
                    _F.end_time > start,
                    # One that was called off before it began has no length.
                    _F.end_time > _F.start_time,
                )
                .distinct()
                .order_by(_C.title)
                .limit(5)
            )
        )

    def add_many(self, rows: list[dict[str, Any]]) -> None:
        self.connection.execute(insert(t.flash_sales), rows)

    def end(self, sale_id: int, now: datetime) -> None:
        """End a sale now; one that has not begun is left without length."""
        end = case((_F.start_time > now, _F.start_time), else_=now)
        self.connection.execute(
            update(t.flash_sales)
            .where(_F.sale_id == sale_id, _F.end_time > now)
            .values(end_time=end)
        )
