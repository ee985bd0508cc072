"""Students and instructors: found, shown, changed, and made unknown."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, or_, select, update

from learnhub_desktop.db import tables as t
from learnhub_desktop.db.repositories.base import like
from learnhub_desktop.db.repositories.user_imports import UserImports
from learnhub_desktop.domain.states import (
    OPEN_PAYMENTS,
    RUNNING_SUBSCRIPTIONS,
    CourseStatus,
    EnrolmentStatus,
    MovementKind,
    PaymentKind,
    PaymentStatus,
    UserType,
)
from learnhub_desktop.domain.students import (
    MovementRow,
    OpenMoney,
    PersonRow,
    StudentDetail,
    TaughtCourse,
)
from learnhub_desktop.domain.text import EMAIL_LENGTH, LARGEST_ID, read_whole, search_key
from learnhub_desktop.errors import NotFound

_U: Final = t.users.c
_PERSON: Final = select(
    _U.user_id, _U.name, _U.email, _U.user_type, _U.country, _U.deleted_at, _U.row_version
)
_MOST_WORDS: Final = 8
_LIVE: Final = (CourseStatus.DRAFT, CourseStatus.ACTIVE)

# Whatever staff may have typed about a person, or the person themselves: it can name them,
# and nobody reads each one again. Ratings, amounts, dates and states stay.
_TEXTS: Final = (
    (t.enrollments.c.student_id, t.enrollments.c.reason),
    (t.course_access.c.student_id, t.course_access.c.reason),
    (t.reviews.c.student_id, t.reviews.c.comment),
    (t.payments.c.user_id, t.payments.c.comment),
    (t.payments_archive.c.user_id, t.payments_archive.c.comment),
    (t.fraud_alerts.c.user_id, t.fraud_alerts.c.review_comment),
    (t.subscriptions.c.user_id, t.subscriptions.c.cancel_reason),
    (t.subscriptions.c.user_id, t.subscriptions.c.payment_token),
)


class UserRepository(UserImports):
    """Students and instructors: found, shown, changed, and made unknown."""

    def get(self, user_id: int) -> PersonRow:
        return self._required(_PERSON.where(_U.user_id == user_id), user_id)

    def lock(self, user_id: int) -> PersonRow:
        """The person's row, locked against every other change of it."""
        return self._required(_PERSON.where(_U.user_id == user_id).with_for_update(), user_id)

    def share(self, user_id: int) -> PersonRow:
        """The person's row, held as it is: a new child row would lock it so later anyway."""
        statement = _PERSON.where(_U.user_id == user_id).with_for_update(read=True)
        return self._required(statement, user_id)

    def find_by_email(self, email: str) -> PersonRow | None:
        row = self.connection.execute(_PERSON.where(_U.email == email)).one_or_none()
        return None if row is None else _person(row)

    def add(self, **values: Any) -> int:
        return self.insert(t.users, **values)

    def update(self, user_id: int, **values: Any) -> None:
        self.connection.execute(update(t.users).where(_U.user_id == user_id).values(**values))

    def detail(self, user_id: int) -> StudentDetail:
        taught = (
            select(func.count())
            .where(t.courses.c.instructor_id == _U.user_id, t.courses.c.status.in_(_LIVE))
            .scalar_subquery()
        )
        row = self.connection.execute(
            select(
                *_PERSON.selected_columns,
                _U.external_id,
                _U.created_at,
                _U.last_purchase_at,
                _U.account_balance,
                _U.balance_currency,
                taught.label("taught"),
            ).where(_U.user_id == user_id)
        ).one_or_none()
        if row is None:
            raise NotFound(f"There is no person with the number {user_id}.")
        e = t.enrollments.c
        counts: dict[str, int] = {}
        last_activity_at: datetime | None = None
        for status, count, latest in self.connection.execute(
            select(e.status, func.count(), func.max(e.last_activity_at))
            .where(e.student_id == user_id)
            .group_by(e.status)
        ):
            counts[status] = count
            if latest is not None and (last_activity_at is None or latest > last_activity_at):
                last_activity_at = latest
        return StudentDetail(
            person=_person(row),
            external_id=row.external_id,
            created_at=row.created_at,
            last_activity_at=last_activity_at,
            last_purchase_at=row.last_purchase_at,
            balance=row.account_balance,
            balance_currency=row.balance_currency,
            waiting=counts.get(EnrolmentStatus.PENDING, 0),
            active=counts.get(EnrolmentStatus.ACTIVE, 0),
            completed=counts.get(EnrolmentStatus.COMPLETED, 0),
            ended=counts.get(EnrolmentStatus.REFUNDED, 0)
            + counts.get(EnrolmentStatus.CANCELLED, 0),
            taught=row.taught,
        )

    def search(self, text: str, *, user_type: UserType | None, limit: int) -> list[PersonRow]:
        """People for a picker: an exact number or address first, then names that begin so,
        then those that hold every word in any order. Deleted accounts are never found.

        Each step reads an index in the order it shows, so it ends as soon as it has enough.
        """
        plain = "".join(c for c in text if c != "\x00" and not "\ud800" <= c <= "\udfff").strip()
        key = search_key(plain)
        among: list[ColumnElement[bool]] = [_U.deleted_at.is_(None)]
        if user_type is not None:
            among.append(_U.user_type == user_type)
        steps: list[list[ColumnElement[bool]]] = []
        if plain:
            steps.append([or_(*_exactly(plain))])
            steps.append([_U.search_text.like(like(key)[1:], escape="!")])
            words = key.split()[:_MOST_WORDS]
            steps.append([_U.search_text.like(like(word), escape="!") for word in words])
        else:
            steps.append([])
        found: dict[int, PersonRow] = {}
        for conditions in steps:
            # Whoever typed a whole address or a number with its sign means that one person.
            if len(found) >= limit or (found and ("@" in plain or plain.startswith("#"))):
                break
            statement = (
                _PERSON.where(*among, *conditions).order_by(_U.search_text, _U.user_id).limit(limit)
            )
            for row in self.connection.execute(statement):
                found.setdefault(row.user_id, _person(row))
        return list(found.values())[:limit]

    def list_countries(self) -> list[str]:
        """Codes of the countries that anybody comes from; reads every account."""
        found = self.connection.scalars(
            select(_U.country).where(_U.country.is_not(None)).distinct()
        )
        return sorted(str(code) for code in found)

    def list_taught(self, user_id: int, *, live_only: bool, limit: int) -> list[TaughtCourse]:
        c = t.courses.c
        statement = select(c.course_id, c.title, c.status, c.enrolled_students).where(
            c.instructor_id == user_id
        )
        if live_only:
            statement = statement.where(c.status.in_(_LIVE))
        return [
            TaughtCourse(row[0], row[1], CourseStatus(row[2]), row[3])
            for row in self.connection.execute(statement.order_by(c.course_id).limit(limit))
        ]

    def is_enrolled_somewhere(self, user_id: int) -> bool:
        e = t.enrollments.c
        return (
            self.connection.scalar(select(e.enrollment_id).where(e.student_id == user_id).limit(1))
            is not None
        )

    def balance(self, user_id: int) -> tuple[Decimal, str]:
        row = self.connection.execute(
            select(_U.account_balance, _U.balance_currency).where(_U.user_id == user_id)
        ).one()
        return row[0], row[1]

    def list_movements(
        self, user_id: int, *, limit: int, before_id: int | None
    ) -> list[MovementRow]:
        """Movements of the balance, the latest first; ``before_id`` continues a list."""
        c = t.balance_movements.c
        statement = select(
            c.movement_id,
            c.kind,
            c.amount,
            c.currency,
            c.balance_after,
            c.payment_id,
            c.reason,
            c.created_at,
        ).where(c.user_id == user_id)
        if before_id is not None:
            statement = statement.where(c.movement_id < before_id)
        return [
            MovementRow(row[0], MovementKind(row[1]), *row[2:])
            for row in self.connection.execute(
                statement.order_by(c.movement_id.desc()).limit(limit)
            )
        ]

    def list_open_money(self, user_id: int, *, limit: int) -> list[OpenMoney]:
        """Charges and refunds whose outcome is not known yet."""
        c = t.payments.c
        statement = (
            select(c.payment_id, c.kind, c.status, c.amount, c.currency)
            .where(c.user_id == user_id, c.status.in_(sorted(OPEN_PAYMENTS)))
            .order_by(c.payment_id)
            .limit(limit)
        )
        return [
            OpenMoney(row[0], PaymentKind(row[1]), PaymentStatus(row[2]), row[3], row[4])
            for row in self.connection.execute(statement)
        ]

    def has_refund_due(self, user_id: int) -> bool:
        c = t.payments.c
        statement = select(c.payment_id).where(c.user_id == user_id, c.refund_due)
        return self.connection.scalar(statement.limit(1)) is not None

    def accounts_of(self, user_id: int) -> list[str]:
        """The server's accounts that this person works with."""
        c = t.people.c
        return list(self.connection.scalars(select(c.account).where(c.user_id == user_id)))

    def list_running_subscriptions(self, user_id: int) -> list[int]:
        """The subscriptions that are billed, or would be again."""
        c = t.subscriptions.c
        statement = select(c.subscription_id).where(
            c.user_id == user_id,
            c.status.in_(RUNNING_SUBSCRIPTIONS),
        )
        return list(self.connection.scalars(statement.order_by(c.subscription_id)))

    def forget_texts(self, user_id: int) -> None:
        """Empty every text that was typed about this person or by them, and the card's token."""
        for owner, text in _TEXTS:
            self.connection.execute(
                update(owner.table).where(owner == user_id, text.is_not(None)).values({text: None})
            )

    def disable_accounts(self, user_id: int) -> None:
        self.connection.execute(
            update(t.people).where(t.people.c.user_id == user_id).values(disabled=True)
        )

    def _required(self, statement: Select[Any], user_id: int) -> PersonRow:
        row = self.connection.execute(statement).one_or_none()
        if row is None:
            raise NotFound(f"There is no person with the number {user_id}.")
        return _person(row)


def _exactly(text: str) -> list[ColumnElement[bool]]:
    matches: list[ColumnElement[bool]] = [_U.email == text.lower(), _U.external_id == text]
    number = read_whole(text.removeprefix("#"), most=LARGEST_ID)
    if number is not None:
        matches.append(_U.user_id == number)
    return matches if len(text) <= EMAIL_LENGTH else [_U.user_id == 0]


def _person(row: Any) -> PersonRow:
    return PersonRow(
        row.user_id,
        row.name,
        row.email,
        UserType(row.user_type),
        row.country,
        row.deleted_at,
        row.row_version,
    )
