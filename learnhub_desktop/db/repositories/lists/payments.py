"""The lists of payments: the live ones, and those of closed years."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Table, and_, exists, func, or_, select

from learnhub_desktop.db.repositories.lists import filters
from learnhub_desktop.db.repositories.lists.relations import Relations
from learnhub_desktop.db.repositories.lists.source import (
    Condition,
    Join,
    ListSource,
    Measure,
    Resolve,
    SortKey,
    load_rows,
)
from learnhub_desktop.db.tables import (
    courses,
    payment_events,
    payments,
    payments_archive,
    subscription_plans,
    subscriptions,
    users,
)
from learnhub_desktop.domain.actors import Right
from learnhub_desktop.domain.lists import Sort
from learnhub_desktop.domain.payments import PaymentRow
from learnhub_desktop.domain.search import MeasureKind
from learnhub_desktop.domain.states import EventType, PaymentKind, PaymentMethod, PaymentStatus


def payments_list(see: Relations) -> ListSource[PaymentRow]:
    """The live payments."""
    c = payments.c
    return replace(
        _source("payments", payments),
        sorts={
            "id": SortKey(()),
            "student": SortKey((users.c.search_text,), needs=("student",)),
            "course": SortKey((courses.c.search_text,), nullable=True, needs=("course",)),
            "amount": SortKey((c.amount,)),
            "refunded": SortKey((c.refunded_amount,)),
            # Of one state the oldest, or the newest, first: as the index has them.
            "method": SortKey((c.payment_method, c.created_at), nullable=True),
            "status": SortKey((c.status, c.created_at)),
            "kind": SortKey((c.kind,)),
            "created": SortKey((c.created_at,)),
            "processed": SortKey((c.processed_at,), nullable=True),
            "gateway": SortKey((c.payment_gateway,), nullable=True),
            "reason": SortKey((c.reason_code,), nullable=True),
        },
        default_sort=Sort("created", descending=True),
        more_columns=frozenset({"currency", "comment", "reference", "refund_due"}),
    )


def archived_payments_list(see: Relations) -> ListSource[PaymentRow]:
    """Payments of closed years, to be read. In the order of their numbers, which has an index."""
    return _source("archived_payments", payments_archive)


def _source(name: str, table: Table) -> ListSource[PaymentRow]:
    """What both lists have: the archive has every column of the live payments."""
    c = table.c
    student = Join(users, users.c.user_id == c.user_id)
    course = Join(courses, courses.c.course_id == c.course_id, outer=True)
    measures = {
        "amount": Measure(c.amount, MeasureKind.AMOUNT),
        "refunded": Measure(c.refunded_amount, MeasureKind.AMOUNT),
        "created": Measure(c.created_at, MeasureKind.DAY),
        "processed": Measure(c.processed_at, MeasureKind.DAY),
    }
    return ListSource(
        name=name,
        right=Right.VIEW_PAYMENTS,
        base=table,
        row_id=c.payment_id,
        joins={"student": student, "course": course},
        sorts={"id": SortKey(())},
        default_sort=Sort("id", descending=True),
        more_columns=_COLUMNS,
        measures=measures,
        filters={
            "status": filters.one_of(c.status, PaymentStatus),
            "method": filters.one_of(c.payment_method, PaymentMethod, nothing="none"),
            "kind": filters.one_of(c.kind, PaymentKind),
            "created": filters.between(measures["created"], "created"),
            "processed": filters.between(measures["processed"], "processed"),
            "amount": filters.between(measures["amount"], "amount"),
            "course": filters.ids(c.course_id, "course"),
            "student": filters.ids(c.user_id, "student"),
            "currency": filters.texts(
                lambda codes: c.currency.in_([code.upper() for code in codes])
            ),
            "refund_due": filters.cases(
                {"yes": c.refund_due.is_(True), "no": c.refund_due.is_(False)}
            ),
            "attention": filters.cases(_attention(table)),
        },
        find_word=partial(_find_word, table),
        find_address=lambda email, resolve: c.user_id.in_(
            resolve(select(users.c.user_id).where(filters.begins(users.c.email, email)))
        ),
        load=load_rows(_rows(table, student, course), c.payment_id, _row),
    )


_GIVEN_UP: Final = "cancelled"
# What the page shows of a payment; the archive sorts by none of them but the number.
_COLUMNS: Final = frozenset(
    "student course amount refunded method status kind created processed gateway reason currency"
    " comment reference refund_due".split()
)


def _attention(table: Table) -> dict[str, Any]:
    c = table.c
    unknown = c.status == PaymentStatus.UNKNOWN

    def since(age: timedelta) -> Any:
        return lambda asker: and_(unknown, c.created_at <= asker.now() - age)

    return {
        "unknown": unknown,
        "unknown_hour": since(timedelta(hours=1)),
        "unknown_day": since(timedelta(days=1)),
        "unknown_week": since(timedelta(days=7)),
        "hold_expired": lambda asker: and_(
            c.status == PaymentStatus.PENDING, c.hold_expires_at <= asker.now()
        ),
        "refund_open": _is_open_refund(table),
        "refund_failed": _is_failed_refund(table),
        "access_kept": _is_access_kept(table),
        "refund_due": c.refund_due.is_(True),
    }


def _is_open_refund(table: Table) -> ColumnElement[bool]:
    c = table.c
    is_open = c.status.in_((PaymentStatus.PENDING, PaymentStatus.UNKNOWN))
    return and_(c.kind == PaymentKind.REFUND, is_open)


def _is_access_kept(table: Table) -> ColumnElement[bool]:
    """The gateway has paid it back, but what that ends could not be written down yet."""
    e = payment_events.c
    paid_back = exists().where(
        e.payment_id == table.c.payment_id, e.event_type == EventType.REFUND_GATEWAY_SUCCESS
    )
    return and_(_is_open_refund(table), paid_back)


def _is_failed_refund(table: Table) -> ColumnElement[bool]:
    """It failed, and its charge was not refunded anew since; a payout given up is no failure."""
    c, later = table.c, table.alias("later")
    again = exists().where(
        later.c.refunds_payment_id == c.refunds_payment_id, later.c.payment_id > c.payment_id
    )
    return and_(
        c.kind == PaymentKind.REFUND,
        c.status == PaymentStatus.FAILED,
        c.reason_code.is_distinct_from(_GIVEN_UP),
        ~again,
    )


def _rows(table: Table, student: Join, course: Join) -> Select[Any]:
    c = table.c
    plan = subscription_plans.c.plan_type == subscriptions.c.plan_type
    return select(
        c.payment_id,
        c.user_id,
        users.c.name,
        users.c.email,
        c.kind,
        c.course_id,
        c.subscription_id,
        c.enrollment_id,
        func.coalesce(courses.c.title, subscription_plans.c.title, "").label("title"),
        c.amount,
        c.currency,
        c.refunded_amount,
        c.payment_method,
        c.status,
        c.payment_gateway,
        c.gateway_reference,
        c.refunds_payment_id,
        c.reason_code,
        c.comment,
        c.refund_due,
        c.hold_expires_at,
        c.created_at,
        c.processed_at,
        _is_access_kept(table).label("access_kept"),
    ).select_from(
        table.join(users, student.on)
        .join(courses, course.on, isouter=True)
        .join(subscriptions, subscriptions.c.subscription_id == c.subscription_id, isouter=True)
        .join(subscription_plans, plan, isouter=True)
    )


def _find_word(table: Table, word: str, resolve: Resolve) -> Condition:
    c = table.c
    return or_(
        c.user_id.in_(
            resolve(select(users.c.user_id).where(filters.contains(users.c.search_text, word)))
        ),
        c.course_id.in_(
            resolve(
                select(courses.c.course_id).where(filters.contains(courses.c.search_text, word))
            )
        ),
        # References are looked for as a whole: they come from a clipboard.
        c.gateway_reference == word,
        c.transaction_id == word,
    )


def _row(found: Any) -> PaymentRow:
    return PaymentRow(
        payment_id=found.payment_id,
        student_id=found.user_id,
        student_name=found.name,
        student_email=found.email,
        kind=PaymentKind(found.kind),
        course_id=found.course_id,
        subscription_id=found.subscription_id,
        enrollment_id=found.enrollment_id,
        title=found.title,
        amount=found.amount,
        currency=found.currency,
        refunded_amount=found.refunded_amount,
        method=None if found.payment_method is None else PaymentMethod(found.payment_method),
        status=PaymentStatus(found.status),
        gateway=found.payment_gateway,
        gateway_reference=found.gateway_reference,
        refunds_payment_id=found.refunds_payment_id,
        reason_code=found.reason_code,
        comment=found.comment,
        refund_due=found.refund_due,
        hold_expires_at=found.hold_expires_at,
        created_at=found.created_at,
        processed_at=found.processed_at,
        access_kept=bool(found.access_kept),
    )
